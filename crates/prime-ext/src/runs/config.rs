//! The configuration of a run.

use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use super::{secrets, toml_json};
use crate::error::{Error, ErrorKind};
use crate::file;

/// The configuration of a run: a complete `rl.toml` of prime-rl. It is sent unchanged, except for a few keys.
///
/// These keys belong to the `prime train` command, not to prime-rl (source: the provider's own client, prime 0.18.0):
///
/// - `image_tag`, `gpu_type`, `volume` and `source_ref` become fields of the request.
///   [`CreateRun`](super::CreateRun) can override them.
/// - `name` is copied to the request.
/// - `type` is removed.
/// - `env_file`, `env_files` and `volume_size` are errors. Only the command reads secret files and creates volumes.
///
/// ```
/// use prime_ext::RunConfig;
///
/// let config = RunConfig::from_toml(r#"
///     max_steps = 20
///     image_tag = "v0.4.0"
///     [model]
///     name = "Qwen/Qwen3-0.6B"
/// "#)?;
/// assert_eq!(config.as_json()["model"]["name"], "Qwen/Qwen3-0.6B");
/// assert!(!config.as_json().contains_key("image_tag"));
/// # Ok::<(), prime_ext::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RunConfig {
    config: Map<String, Value>,
    request: Map<String, Value>,
}

/// Keys of `prime train` and the request fields they become.
const REQUEST_FIELDS: [(&str, &str); 4] = [
    ("image_tag", "imageTag"),
    ("gpu_type", "gpuType"),
    ("volume", "volume"),
    ("source_ref", "sourceRef"),
];

/// Unsupported keys of `prime train`, and what to do instead.
const UNSUPPORTED: [(&str, &str); 3] = [
    ("env_file", SECRET_FILES),
    ("env_files", SECRET_FILES),
    (
        "volume_size",
        "volumes are not created automatically; create the volume first and remove this key",
    ),
];

/// The maximum size of a file, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

const SECRET_FILES: &str = "secret files are not read; remove this key and use `CreateRun::wandb_api_key` and \
                            `CreateRun::hf_token`";

impl RunConfig {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or [`from_toml`](Self::from_toml) fails. The message contains the
    /// path.
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let invalid = |reason: String| {
            let message = format!("{}: {reason}", path.display());
            Error::new(ErrorKind::Request, message)
        };
        let text = file::read(path, MAX_FILE_BYTES).and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not valid UTF-8"))
        });
        let text = text.map_err(|e| {
            let message = format!("{} cannot be read: {e}", path.display());
            Error::new(ErrorKind::Request, message)
        })?;
        let config = toml_json::read(&text).map_err(invalid)?;
        Self::from_table(config).map_err(invalid)
    }

    /// Parses TOML. Dates and times become strings; numbers keep their value.
    ///
    /// # Errors
    /// Returns an error if the text is not valid TOML, or contains a value that JSON cannot represent (`inf`, `nan`,
    /// integers beyond 64 bits), an unsupported key or a secret. Secrets are refused because the service stores and
    /// displays configurations. The message contains the location of the value, not the value of a secret.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let invalid = |reason| Error::new(ErrorKind::Request, reason);
        let config = toml_json::read(text).map_err(invalid)?;
        Self::from_table(config).map_err(invalid)
    }

    /// Returns the configuration as it is sent.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.config
    }

    /// Returns the request fields that were set in the file, by their JSON names.
    pub fn request_fields(&self) -> &Map<String, Value> {
        &self.request
    }

    pub(crate) fn into_parts(self) -> (Map<String, Value>, Map<String, Value>) {
        (self.config, self.request)
    }

    fn from_table(mut config: Map<String, Value>) -> Result<Self, String> {
        if let Some((key, advice)) = UNSUPPORTED
            .iter()
            .find(|(key, _)| config.contains_key(*key))
        {
            return Err(format!("{key}: {advice}"));
        }
        secrets::reject(&config)?;
        config.remove("type");
        let mut request = Map::new();
        if let Some(Value::String(name)) = config.get("name") {
            request.insert("name".to_owned(), Value::String(name.clone()));
        }
        for (key, field) in REQUEST_FIELDS {
            match config.remove(key) {
                None => {}
                Some(Value::String(text)) => {
                    request.insert(field.to_owned(), Value::String(text));
                }
                Some(_) => return Err(format!("{key} must be a string")),
            }
        }
        // Source: the provider's own client omits empty fields.
        request.retain(|_, value| value != "");
        Ok(Self { config, request })
    }
}

/// Uses a JSON value unchanged, including keys of `prime train`.
impl From<Map<String, Value>> for RunConfig {
    fn from(config: Map<String, Value>) -> Self {
        Self {
            config,
            request: Map::new(),
        }
    }
}

/// Uses a JSON value unchanged, including keys of `prime train`.
impl TryFrom<Value> for RunConfig {
    type Error = Error;

    fn try_from(config: Value) -> Result<Self, Error> {
        match config {
            Value::Object(config) => Ok(config.into()),
            _ => {
                let message = "the configuration of a run must be a JSON object";
                Err(Error::new(ErrorKind::Request, message))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(text: &str) -> String {
        RunConfig::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn command_keys_become_request_fields() {
        let config = RunConfig::from_toml(
            "name = 'first'\nimage_tag = 'v1'\ngpu_type = 'H200_141GB'\nvolume = 'data'\n\
             source_ref = 'main'\ntype = 'full_finetune'\nmax_steps = 1\n[model]\ntype = 'stays'",
        )
        .unwrap();
        assert_eq!(
            Value::Object(config.as_json().clone()),
            json!({"name": "first", "max_steps": 1, "model": {"type": "stays"}})
        );
        assert_eq!(
            Value::Object(config.request_fields().clone()),
            json!({"name": "first", "imageTag": "v1", "gpuType": "H200_141GB", "volume": "data",
                   "sourceRef": "main"})
        );
        let empty = RunConfig::from_toml("name = ''\nimage_tag = ''").unwrap();
        assert!(empty.request_fields().is_empty());
        assert_eq!(error("image_tag = 1"), "image_tag must be a string");
        assert!(error("env_files = ['.env']").contains("CreateRun::hf_token"));
        assert!(error("volume_size = '1Ti'").starts_with("volume_size: "));
    }

    #[test]
    fn secrets_are_refused_and_not_shown() {
        for (text, place, advice) in [
            (
                "wandbApiKey = 'hidden'",
                "wandbApiKey",
                "CreateRun::wandb_api_key",
            ),
            ("hf_token = 'hidden'", "hf_token", "CreateRun::hf_token"),
            (
                "[trainer.env_vars]\nWANDB_API_KEY = 'hidden'",
                "trainer.env_vars.WANDB_API_KEY",
                "wandb_api_key",
            ),
            ("[[a]]\nhf-token = 'hidden'", "a[0].hf-token", "hf_token"),
            (
                "[[a]]\nb = 1\n[[a]]\nhf_token = 'hidden'",
                "a[1].hf_token",
                "hf_token",
            ),
            (
                "x = {HUGGING_FACE_HUB_TOKEN = 'hidden'}",
                "x.HUGGING_FACE_HUB_TOKEN",
                "hf_token",
            ),
            ("PRIME_API_KEY = 'hidden'", "PRIME_API_KEY", "its own key"),
            (
                "[wandb]\napi_key = 'hidden'",
                "wandb.api_key",
                "CreateRun::wandb_api_key",
            ),
            (
                "[client]\napi_key = 'hidden'",
                "client.api_key",
                "remove it",
            ),
            (
                "env = ['A=1', 'HF_TOKEN=hidden']",
                "HF_TOKEN in env[1]",
                "CreateRun::hf_token",
            ),
            (
                "env = 'A=1 \"OPENAI_API_KEY=hidden\"'",
                "OPENAI_API_KEY in env",
                "remove it",
            ),
            (
                "env = [{name = 'HF_TOKEN', value = 'hidden'}]",
                "env[0].value (of HF_TOKEN)",
                "hf_token",
            ),
            (
                "env = [{key = 'db_password', value = 'hidden'}]",
                "env[0].value",
                "remove it",
            ),
            (
                "args = ['--wandb-api-key', 'hidden']",
                "args[0]",
                "wandb_api_key",
            ),
            (
                "args = ['--hf-token=hidden']",
                "--hf-token in args[0]",
                "hf_token",
            ),
            (
                "[env]\nOPENAI_API_KEY = 'hidden'",
                "env.OPENAI_API_KEY",
                "remove it",
            ),
            (
                "[env]\nAWS_SECRET_ACCESS_KEY = 'hidden'",
                "env.AWS_SECRET_ACCESS_KEY",
                "remove it",
            ),
            (
                "[env]\nGITHUB_TOKEN = 'hidden'",
                "env.GITHUB_TOKEN",
                "remove it",
            ),
            ("db.password = 'hidden'", "db.password", "remove it"),
        ] {
            let error = error(text);
            assert!(!error.contains("hidden"), "{error}");
            assert!(
                error.contains(place) && error.contains(advice),
                "{text}: {error}"
            );
        }
        for text in [
            "hf_token = ''",
            "hf_token_var = 'HF_TOKEN'",
            "api_key_var = 'OPENAI_API_KEY'",
            "forward_env = ['HF_TOKEN']",
            "env = ['HF_TOKEN=', 'HF_TOKEN=$HF_TOKEN', 'STEPS=1']",
            "env = [{name = 'HF_TOKEN', value = ''}, {name = 'STEPS', value = '1'}]",
            "wandb_api_key = false",
            "[client]\napi_key = 'EMPTY'",
            "[model]\npad_token = '<pad>'\neos_token = '</s>'\ntokenizer = 'x'\nmax_tokens = 5",
            "[data]\nkey = 'prompt'\nname = 'x'\nvalue = 'y'",
        ] {
            assert!(RunConfig::from_toml(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn errors_name_the_missing_file() {
        let error = RunConfig::from_toml_file("/nowhere/rl.toml")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/nowhere/rl.toml cannot be read"),
            "{error}"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_device_or_directory_is_not_read() {
        for path in ["/dev/zero", "/"] {
            let error = RunConfig::from_toml_file(path).unwrap_err().to_string();
            assert!(error.contains("not a regular file"), "{path}: {error}");
        }
    }

    #[test]
    fn json_values_are_unchanged() {
        let value = json!({"image_tag": "v1", "a": [1, null]});
        let config = RunConfig::try_from(value.clone()).unwrap();
        assert_eq!(Value::Object(config.as_json().clone()), value);
        assert!(RunConfig::try_from(json!([])).is_err());
    }
}
