//! The configuration of a run.

use std::path::Path;

use serde_json::{Map, Value};

use super::{secrets, toml_json};
use crate::error::{Error, ErrorKind};

/// The configuration of a run: a whole prime-rl `rl.toml`, passed through as it is.
///
/// A file may also hold a few keys that are not prime-rl's but `prime train`'s. They are treated as it
/// treats them (source: the provider's own client, prime 0.18.0): `image_tag`, `gpu_type`, `volume` and
/// `source_ref` become fields of the request, which [`CreateRun`](super::CreateRun) may set otherwise;
/// `name` becomes one and stays; `type` is dropped. `env_file`, `env_files` and `volume_size`, which make
/// `prime train` read files and create volumes, are refused.
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

/// Keys of `prime train`, and the fields of the request that they are.
const OF_THE_REQUEST: [(&str, &str); 4] = [
    ("image_tag", "imageTag"),
    ("gpu_type", "gpuType"),
    ("volume", "volume"),
    ("source_ref", "sourceRef"),
];

/// Keys of `prime train` that nothing here acts on, and what to do instead.
const REFUSED: [(&str, &str); 3] = [
    ("env_file", FILES_OF_SECRETS),
    ("env_files", FILES_OF_SECRETS),
    (
        "volume_size",
        "no volume is created here: create it first, and take this out",
    ),
];

const FILES_OF_SECRETS: &str = "files of secrets are not read: take this out, and give them to \
                                `CreateRun::wandb_api_key` and `CreateRun::hf_token`";

impl RunConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or as [`from_toml`](Self::from_toml); the error names the file.
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let named = |reason: String| {
            let message = format!("{}: {reason}", path.display());
            Error::new(ErrorKind::Request, message)
        };
        let text = std::fs::read_to_string(path).map_err(|e| {
            let message = format!("{} cannot be read: {e}", path.display());
            Error::new(ErrorKind::Request, message)
        })?;
        let config = toml_json::read(&text).map_err(named)?;
        Self::of_file(config).map_err(named)
    }

    /// Reads a text. Dates become their text; numbers stay what they are.
    ///
    /// # Errors
    /// If it is not TOML, or holds what JSON cannot say: `inf`, `nan` and integers beyond 64 bits, with
    /// their place. If it holds a secret, which would be stored with the run.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let refused = |reason| Error::new(ErrorKind::Request, reason);
        let config = toml_json::read(text).map_err(refused)?;
        Self::of_file(config).map_err(refused)
    }

    /// The configuration as it is sent.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.config
    }

    /// Fields of the request that stood in the file, by their names on the wire.
    pub fn request_fields(&self) -> &Map<String, Value> {
        &self.request
    }

    pub(crate) fn into_parts(self) -> (Map<String, Value>, Map<String, Value>) {
        (self.config, self.request)
    }

    fn of_file(mut config: Map<String, Value>) -> Result<Self, String> {
        if let Some((key, advice)) = REFUSED.iter().find(|(key, _)| config.contains_key(*key)) {
            return Err(format!("{key}: {advice}"));
        }
        secrets::refuse(&config)?;
        config.remove("type");
        let mut request = Map::new();
        if let Some(Value::String(name)) = config.get("name") {
            request.insert("name".to_owned(), Value::String(name.clone()));
        }
        for (key, field) in OF_THE_REQUEST {
            match config.remove(key) {
                None => {}
                Some(Value::String(text)) => {
                    request.insert(field.to_owned(), Value::String(text));
                }
                Some(_) => return Err(format!("{key} must be a string")),
            }
        }
        // The official client leaves out what is empty.
        request.retain(|_, value| value != "");
        Ok(Self { config, request })
    }
}

/// A value that is there already. It is sent as it is, also keys that `prime train` would take out.
impl From<Map<String, Value>> for RunConfig {
    fn from(config: Map<String, Value>) -> Self {
        Self {
            config,
            request: Map::new(),
        }
    }
}

/// A value that is there already. It is sent as it is, also keys that `prime train` would take out.
impl TryFrom<Value> for RunConfig {
    type Error = Error;

    fn try_from(config: Value) -> Result<Self, Error> {
        match config {
            Value::Object(config) => Ok(config.into()),
            _ => {
                let message = "the configuration of a run is a table";
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
    fn keys_of_the_command_become_fields_of_the_request() {
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
    fn secrets_are_refused_with_their_place_and_without_their_value() {
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
            ("PRIME_API_KEY = 'hidden'", "PRIME_API_KEY", "of its own"),
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
    fn a_file_that_is_not_there_is_named() {
        let error = RunConfig::from_toml_file("/nowhere/rl.toml")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/nowhere/rl.toml cannot be read"),
            "{error}"
        );
    }

    #[test]
    fn a_value_is_taken_as_it_is() {
        let value = json!({"image_tag": "v1", "a": [1, null]});
        let config = RunConfig::try_from(value.clone()).unwrap();
        assert_eq!(Value::Object(config.as_json().clone()), value);
        assert!(RunConfig::try_from(json!([])).is_err());
    }
}
