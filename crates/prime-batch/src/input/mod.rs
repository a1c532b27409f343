//! Reads the requests of a file.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Input`]: a file, its format, and the part of it that is read |
//! | `chunk` | [`Chunk`]: a part of an input that a worker asks |
//! | `lines` | reads lines, with bounded memory |
//! | `line` | reads a line of JSON |
//! | `template` | makes a body from a prompt |
//! | `shard` | [`Shard`]: a part of an input |
//! | `check` | checks a whole input before anything is paid |

mod check;
#[cfg(feature = "postgres")]
mod chunk;
mod line;
mod lines;
mod shard;
mod template;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Fault};
use crate::request::Request;
use crate::store::Source;

pub use check::Checked;
pub(crate) use check::check;
#[cfg(feature = "postgres")]
pub(crate) use check::check_each;
#[cfg(feature = "postgres")]
pub(crate) use chunk::{Chunk, Chunks};
pub use shard::{ParseShardError, Shard};
pub use template::{InvalidTemplate, Template};

use lines::Lines;

/// A file of requests.
#[derive(Debug, Clone)]
pub struct Input {
    path: PathBuf,
    template: Option<Template>,
    shard: Option<Shard>,
}

impl Input {
    /// Reads a file of JSON Lines. A line is a request of OpenAI's batch format, with `custom_id` and `body`, or a body
    /// itself, with `model` and `messages`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            template: None,
            shard: None,
        }
    }

    /// Reads a text file instead: each line that is not empty is a prompt, which the template makes a body of.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.template = Some(template);
        self
    }

    /// Reads only a part of the file.
    #[must_use]
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = Some(shard);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the path absolute, unless it is a URL.
    #[cfg(feature = "postgres")]
    pub(crate) fn make_absolute(&mut self) -> Result<(), Error> {
        if !crate::store::is_url(&self.path) {
            let path = std::path::absolute(&self.path);
            self.path = path.map_err(|e| Error::file(&self.path, e))?;
        }
        Ok(())
    }

    pub(crate) fn get_shard(&self) -> Option<Shard> {
        self.shard
    }

    /// Opens the file.
    pub(crate) fn requests(&self) -> Result<Requests, Error> {
        let source = Source::open(&self.path).map_err(|e| Error::file(&self.path, e))?;
        let reader = source.read(0..source.size());
        let reader = reader.map_err(|e| Error::file(&self.path, e))?;
        Ok(Requests {
            input: self.clone(),
            lines: Lines::new(reader, 0, 1),
        })
    }
}

/// The requests of a file, in order.
pub(crate) struct Requests {
    input: Input,
    lines: Lines,
}

/// A request, or the error of its line.
pub(crate) type Read = Result<Request, Fault>;

impl Requests {
    /// Reads the next request. Requests of other shards are read and left out.
    pub(crate) fn next(&mut self) -> Result<Option<Read>, Error> {
        loop {
            let path = &self.input.path;
            let line = self.lines.next().map_err(|e| Error::file(path, e))?;
            let Some((number, line)) = line else {
                return Ok(None);
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            let request = match &self.input.template {
                Some(template) => template.request(number, line),
                None => line::request(number, line),
            };
            match request {
                Ok(request) if !self.is_in_shard(&request) => {}
                Ok(request) => return Ok(Some(Ok(request.at_line(number)))),
                Err(reason) => {
                    return Ok(Some(Err(Fault {
                        line: number,
                        reason,
                    })));
                }
            }
        }
    }

    /// Returns where the request that was read last is in the file.
    pub(crate) fn place(&self) -> std::ops::Range<u64> {
        self.lines.bytes()
    }

    fn is_in_shard(&self, request: &Request) -> bool {
        let shard = self.input.shard;
        shard.is_none_or(|shard| shard.contains(&request.key().id))
    }

    /// Returns a SHA-256 hash of what was read so far, and of the template: another template makes other requests.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let digest = self.lines.digest();
        match &self.input.template {
            None => digest,
            Some(template) => {
                let hasher = Sha256::new().chain_update(digest);
                hasher.chain_update(template.to_string()).finalize().into()
            }
        }
    }
}

impl<P: Into<PathBuf>> From<P> for Input {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}
