//! A run that was created.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::ops::Deref;
use std::path::Path;

use prime_training_api::types::CreateDedicatedRunResponse;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};

/// A run that was created. Everything that the service said of it is in the
/// [`CreateDedicatedRunResponse`] to which it dereferences; `token_value` is shown this one time.
#[derive(Clone)]
pub struct CreatedRun {
    response: CreateDedicatedRunResponse,
    extra: Map<String, Value>,
}

impl CreatedRun {
    pub(super) fn new(response: CreateDedicatedRunResponse, body: &[u8]) -> Self {
        // What the specification lists is what the type gives back, and nulls say nothing.
        let mut extra: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        if let Ok(Value::Object(listed)) = serde_json::to_value(&response) {
            extra.retain(|field, value| !value.is_null() && !listed.contains_key(field));
        }
        Self { response, extra }
    }

    /// Fields of the answer that the specification does not have. A newer server may put a secret there:
    /// `Debug` shows their names alone.
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// Writes the run's token to a new file that only its owner can read. The file is created with mode 0600; on
    /// Windows it has the permissions of its directory.
    ///
    /// # Errors
    /// If the token is empty, or the file exists, so that no other token is lost, or the file cannot be written.
    /// The token is still in `token_value` then.
    pub fn save_token(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        if self.token_value.expose().trim().is_empty() {
            let message = format!(
                "the run's token is not in {}: the service answered with an empty token",
                path.display()
            );
            return Err(Error::new(ErrorKind::UnexpectedResponse, message));
        }
        write_new(path, self.token_value.expose()).map_err(|source| {
            let why = match source.kind() {
                io::ErrorKind::AlreadyExists => "it is there already, and is left as it is",
                _ => "it cannot be written",
            };
            let message = format!("the run's token is not in {}: {why}", path.display());
            Error::new(ErrorKind::Request, message).with_source(source)
        })
    }

    /// What the service said, as the specification has it.
    pub fn into_response(self) -> CreateDedicatedRunResponse {
        self.response
    }
}

fn write_new(path: &Path, secret: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file
        .write_all(secret.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a token is of no use, and would be in the way of the next try.
        drop(std::fs::remove_file(path));
    }
    written
}

impl Deref for CreatedRun {
    type Target = CreateDedicatedRunResponse;

    fn deref(&self) -> &CreateDedicatedRunResponse {
        &self.response
    }
}

impl fmt::Debug for CreatedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra: Vec<&String> = self.extra.keys().collect();
        f.debug_struct("CreatedRun")
            .field("response", &self.response)
            .field("extra", &extra)
            .finish()
    }
}
