//! Reads the requests of a file.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Input`]: a file, its format, and the part of it that is read |
//! | `chunk` | [`Chunk`]: a part of an input that a worker asks |
//! | `lines` | reads lines, with bounded memory |
//! | `parquet`, `blocks` | reads the prompts of a Parquet file (feature `parquet`) |
//! | `line` | reads a line of JSON |
//! | `template` | makes a body from a prompt |
//! | `shard` | [`Shard`]: a part of an input |
//! | `check` | checks a whole input before anything is paid |

#[cfg(feature = "parquet")]
mod blocks;
mod check;
#[cfg(feature = "postgres")]
mod chunk;
mod line;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod shard;
mod template;

use std::io;
use std::ops::Range;
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
    columns: Option<Columns>,
    shard: Option<Shard>,
}

/// The columns of a Parquet file.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "parquet"),
    allow(dead_code, reason = "only the ledger of a job has them")
)]
struct Columns {
    prompt: String,
    id: Option<String>,
}

impl Input {
    /// Reads a file of JSON Lines. A line is a request of OpenAI's batch format, with `custom_id` and `body`, or a body
    /// itself, with `model` and `messages`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            template: None,
            columns: None,
            shard: None,
        }
    }

    /// Reads a Parquet file: each row has a prompt in a column, which the template makes a body of. The id of a request is
    /// its row, such as `row-12`, counted from 1, if no [`id_column`](Self::id_column) is set. Lines in errors are rows.
    #[cfg(feature = "parquet")]
    pub fn parquet(
        path: impl Into<PathBuf>,
        prompt_column: impl Into<String>,
        template: Template,
    ) -> Self {
        let columns = Columns {
            prompt: prompt_column.into(),
            id: None,
        };
        Self {
            columns: Some(columns),
            ..Self::new(path).template(template)
        }
    }

    /// Sets the column of a Parquet file that has the ids of the requests: texts or integers.
    #[cfg(feature = "parquet")]
    #[must_use]
    pub fn id_column(mut self, name: impl Into<String>) -> Self {
        if let Some(columns) = &mut self.columns {
            columns.id = Some(name.into());
        }
        self
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
        self.part(None).map_err(|e| Error::file(&self.path, e))
    }

    /// Opens a part of the file: some bytes, with the number of their first line, or some rows.
    fn part(&self, part: Option<(Range<u64>, u64)>) -> io::Result<Requests> {
        let reading = match &self.columns {
            None => {
                let source = Source::open(&self.path)?;
                let (bytes, first) = part.unwrap_or((0..source.size(), 1));
                Reading::Lines(Lines::new(source.read(bytes.clone())?, bytes.start, first))
            }
            #[cfg(feature = "parquet")]
            Some(columns) => {
                let rows = part.map(|(rows, _)| rows);
                Reading::Rows(Box::new(parquet::Rows::open(&self.path, columns, rows)?))
            }
            #[cfg(not(feature = "parquet"))]
            Some(_) => {
                let reason = "this program was built without Parquet (feature `parquet`)";
                return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
            }
        };
        Ok(Requests {
            input: self.clone(),
            reading,
        })
    }
}

/// The requests of a file, in order.
pub(crate) struct Requests {
    input: Input,
    reading: Reading,
}

/// What a file consists of.
enum Reading {
    Lines(Lines),
    #[cfg(feature = "parquet")]
    Rows(Box<parquet::Rows>),
}

/// A request, or the error of its line.
pub(crate) type Read = Result<Request, Fault>;

impl Requests {
    /// Reads the next request. Requests of other shards are read and left out.
    pub(crate) fn next(&mut self) -> Result<Option<Read>, Error> {
        loop {
            let read = self.read();
            let Some((number, request)) = read.map_err(|e| Error::file(&self.input.path, e))?
            else {
                return Ok(None);
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

    /// Reads the next line that is not empty, or the next row.
    fn read(&mut self) -> io::Result<Option<(u64, Result<Request, String>)>> {
        let template = self.input.template.as_ref();
        match &mut self.reading {
            Reading::Lines(lines) => {
                while let Some((number, line)) = lines.next()? {
                    if line.trim_ascii().is_empty() {
                        continue;
                    }
                    let request = match template {
                        Some(template) => template.request(format!("line-{number}"), line),
                        None => line::request(number, line),
                    };
                    return Ok(Some((number, request)));
                }
                Ok(None)
            }
            #[cfg(feature = "parquet")]
            Reading::Rows(rows) => {
                let Some((number, row)) = rows.next()? else {
                    return Ok(None);
                };
                let request = row.and_then(|(id, prompt)| match template {
                    Some(template) => template.request(id, prompt.as_bytes()),
                    None => Err("a Parquet file needs a template".to_owned()),
                });
                Ok(Some((number, request)))
            }
        }
    }

    /// Returns where the request that was read last is in the file: its bytes, or its row.
    pub(crate) fn place(&self) -> Range<u64> {
        match &self.reading {
            Reading::Lines(lines) => lines.bytes(),
            #[cfg(feature = "parquet")]
            Reading::Rows(rows) => rows.place(),
        }
    }

    fn is_in_shard(&self, request: &Request) -> bool {
        let shard = self.input.shard;
        shard.is_none_or(|shard| shard.contains(&request.key().id))
    }

    /// Returns a SHA-256 hash of what was read so far, and of the template: another template makes other requests.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let digest = match &self.reading {
            Reading::Lines(lines) => lines.digest(),
            #[cfg(feature = "parquet")]
            Reading::Rows(rows) => rows.digest(),
        };
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
