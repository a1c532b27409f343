//! A created run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use openapi_runtime::lenient::{self, RawValue};
use openapi_runtime::{Response, Secret, Warning};
use prime_training_api::types::CreateDedicatedRunResponse;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, mismatched_body};

/// A created run. The service returns its [`token`](Self::token) only this once.
#[derive(Clone)]
pub struct CreatedRun {
    response: CreateDedicatedRunResponse,
    extra: Map<String, Value>,
}

impl CreatedRun {
    pub(super) fn new(response: CreateDedicatedRunResponse, body: &[u8]) -> Self {
        // The generated type serializes every field of the specification.
        let mut extra: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        if let Ok(Value::Object(listed)) = serde_json::to_value(&response) {
            extra.retain(|field, value| !value.is_null() && !listed.contains_key(field));
        }
        Self { response, extra }
    }

    /// Reads a run that is wrapped in a list or in other objects, so that its token is not lost.
    pub(super) fn within(error: &openapi_runtime::Error) -> Option<Response<Self>> {
        let (meta, body) = mismatched_body(error)?;
        let (json, _) = lenient::sanitize_json(body);
        let mut runs = Vec::new();
        find_runs(serde_json::from_str(&json).ok()?, MAX_DEPTH, &mut runs);
        // Which of several runs was created is unknown.
        let [run] = runs[..] else { return None };
        let json = run.get();
        let (response, warnings) = lenient::from_json(json.as_bytes()).ok()?;
        let wrapped = Warning::new(
            "",
            "the run is not the complete response; read from within it",
        );
        let meta = meta
            .clone()
            .with_warnings([wrapped])
            .with_warnings(warnings);
        let run = Self::new(response, json.as_bytes());
        Some(Response::new(run, meta, body.clone()))
    }

    /// Returns the run's id, for [`Runs::watch`](super::Runs::watch) and the other calls.
    pub fn run_id(&self) -> &str {
        &self.response.run_id
    }

    /// Returns the run's token. [`save_token`](Self::save_token) writes it to a file.
    pub fn token(&self) -> &Secret {
        &self.response.token_value
    }

    /// Returns the generated type, with every field of the specification.
    pub fn raw(&self) -> &CreateDedicatedRunResponse {
        &self.response
    }

    /// Returns the fields that the specification does not list. `Debug` shows only their names, because a newer server
    /// may return a secret here.
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// Writes the run's token to a new file that only its owner can read. The file is created with mode 0600; on
    /// Windows it has the permissions of its directory.
    ///
    /// # Errors
    /// If the token is empty, the file exists already, or the file cannot be written. An existing file is left
    /// as it is, so that no other token is lost. The token is still available from [`token`](Self::token).
    pub fn save_token(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        if self.token().expose().trim().is_empty() {
            let message = format!(
                "the run's token was not saved to {}: the service returned an empty token",
                path.display()
            );
            return Err(Error::new(ErrorKind::UnexpectedResponse, message));
        }
        write_new(path, self.token().expose()).map_err(|source| {
            let why = match source.kind() {
                io::ErrorKind::AlreadyExists => "the file exists already",
                _ => "the file cannot be written",
            };
            let message = format!("the run's token was not saved to {}: {why}", path.display());
            Error::new(ErrorKind::Request, message).with_source(source)
        })
    }

    /// Converts this run into the generated type.
    pub fn into_raw(self) -> CreateDedicatedRunResponse {
        self.response
    }
}

/// The maximum depth of a run within a response.
const MAX_DEPTH: u32 = 4;

/// Finds the objects that have an id and a token. Their JSON is kept, so that amounts keep their digits.
fn find_runs<'a>(json: &'a RawValue, depth: u32, runs: &mut Vec<&'a RawValue>) {
    let values: Vec<&RawValue> =
        if let Ok(fields) = serde_json::from_str::<HashMap<Cow<'_, str>, &RawValue>>(json.get()) {
            if fields.contains_key("runId") && fields.contains_key("tokenValue") {
                runs.push(json);
                return;
            }
            fields.into_values().collect()
        } else {
            serde_json::from_str(json.get()).unwrap_or_default()
        };
    if depth > 0 {
        for value in values {
            find_runs(value, depth - 1, runs);
        }
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
        // A partial file would make the next attempt fail.
        drop(std::fs::remove_file(path));
    }
    written
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
