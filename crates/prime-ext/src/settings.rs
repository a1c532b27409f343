//! Where key, team and addresses come from, by the rules of the provider's own client.
//!
//! What the caller says comes first, then the environment, then the context that `PRIME_CONTEXT`
//! names, then `~/.prime/config.json`, then the addresses that the specifications state. Files are
//! only read.

use std::path::{Path, PathBuf};

use prime_runtime::Secret;
use serde::Deserialize;

use crate::account::Account;
use crate::error::{Error, ErrorKind};

/// What a client is built from.
#[derive(Debug, Default, Clone)]
pub(crate) struct Settings {
    pub(crate) api_key: Option<Secret>,
    pub(crate) account: Option<Account>,
    pub(crate) inference_url: Option<String>,
    pub(crate) platform_url: Option<String>,
}

/// What the environment and the files say. A type of its own, so that tests can say it.
pub(crate) struct Surroundings {
    pub(crate) variable: fn(&str) -> Option<String>,
    pub(crate) home: Option<PathBuf>,
}

/// `~/.prime/config.json` and `~/.prime/environments/*.json`. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
struct File {
    api_key: Option<Secret>,
    team_id: Option<String>,
    base_url: Option<String>,
    inference_url: Option<String>,
}

impl Surroundings {
    pub(crate) fn real() -> Self {
        Self {
            variable: |name| std::env::var(name).ok(),
            home: std::env::home_dir(),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    }
}

impl Settings {
    /// Fills what is not set from the surroundings.
    pub(crate) fn or(self, surroundings: &Surroundings) -> Result<Self, Error> {
        let folder = surroundings.home.as_ref().map(|home| home.join(".prime"));
        let mut file = match &folder {
            Some(folder) => read(&folder.join("config.json"))?.unwrap_or_default(),
            None => File::default(),
        };
        if let Some(context) = surroundings.text("PRIME_CONTEXT") {
            file = in_context(file, &context, folder.as_deref())?;
        }
        let team = surroundings
            .text("PRIME_TEAM_ID")
            .or(nonempty(file.team_id));
        let platform_url = surroundings
            .text("PRIME_API_BASE_URL")
            .or_else(|| surroundings.text("PRIME_BASE_URL"));
        let inference_url = surroundings.text("PRIME_INFERENCE_URL");
        let key = surroundings.text("PRIME_API_KEY").map(Secret::from);
        let key_in_file = file.api_key.filter(|key| !key.expose().trim().is_empty());
        Ok(Self {
            api_key: self.api_key.or(key).or(key_in_file),
            account: self.account.or(team.map(Account::Team)),
            inference_url: self
                .inference_url
                .or(inference_url)
                .or(nonempty(file.inference_url)),
            platform_url: self
                .platform_url
                .or(platform_url)
                .or(nonempty(file.base_url)),
        })
    }
}

fn nonempty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// What a context says in the file's place. Its team and addresses replace the file's also where it has
/// none, so that nothing is billed to the team of another context; only the key is kept.
fn in_context(file: File, context: &str, folder: Option<&Path>) -> Result<File, Error> {
    if context.eq_ignore_ascii_case("production") {
        return Ok(File {
            api_key: file.api_key,
            ..File::default()
        });
    }
    let wrong = |reason: &str| {
        let message = format!("PRIME_CONTEXT={context}: {reason}");
        Error::new(ErrorKind::Settings, message)
    };
    if !context
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        return Err(wrong(
            "a context's name has letters, digits, `_` and `-` only",
        ));
    }
    let folder = folder.ok_or_else(|| wrong("there is no home folder to look for it in"))?;
    let path = folder.join("environments").join(format!("{context}.json"));
    let context = read(&path)?.ok_or_else(|| wrong(&format!("there is no {}", path.display())))?;
    Ok(File {
        api_key: context.api_key.or(file.api_key),
        ..context
    })
}

/// Reads a file; nothing if there is none.
fn read(path: &Path) -> Result<Option<File>, Error> {
    let failed =
        |reason: String| Error::new(ErrorKind::Settings, format!("{}: {reason}", path.display()));
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e.to_string())),
    };
    // Only the place: the parser's own words may quote a key.
    serde_json::from_slice(&bytes).map(Some).map_err(|e| {
        failed(format!(
            "not valid JSON settings, line {} column {}",
            e.line(),
            e.column()
        ))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_before_the_environment() {
        let surroundings = Surroundings {
            variable: |name| match name {
                "PRIME_API_KEY" => Some(" from_env ".to_owned()),
                "PRIME_TEAM_ID" => Some("  ".to_owned()),
                "PRIME_BASE_URL" => Some("http://second".to_owned()),
                _ => None,
            },
            home: None,
        };
        let said = Settings {
            api_key: Some("said".into()),
            ..Settings::default()
        };
        assert_eq!(
            said.or(&surroundings).unwrap().api_key.unwrap().expose(),
            "said"
        );
        let settings = Settings::default().or(&surroundings).unwrap();
        assert_eq!(settings.api_key.unwrap().expose(), "from_env");
        assert_eq!(settings.account, None, "blank counts as unset");
        assert_eq!(settings.platform_url.as_deref(), Some("http://second"));
    }

    #[test]
    fn files_and_contexts() {
        let home = std::env::temp_dir().join(format!("prime-ext-settings-{}", std::process::id()));
        let folder = home.join(".prime");
        std::fs::create_dir_all(folder.join("environments")).unwrap();
        std::fs::write(
            folder.join("config.json"),
            r#"{"api_key": "filed", "team_id": "team_file", "base_url": "http://file", "other": 1}"#,
        )
        .unwrap();
        std::fs::write(
            folder.join("environments/lab.json"),
            r#"{"team_id": "team_lab"}"#,
        )
        .unwrap();
        let with = |variable| {
            Settings::default().or(&Surroundings {
                variable,
                home: Some(home.clone()),
            })
        };

        let plain = with(|_| None).unwrap();
        assert_eq!(plain.account, Some(Account::Team("team_file".to_owned())));
        let lab = with(|name| (name == "PRIME_CONTEXT").then(|| "lab".to_owned())).unwrap();
        assert_eq!(lab.account, Some(Account::Team("team_lab".to_owned())));
        assert_eq!(
            lab.platform_url, None,
            "a context without an address has the service's own"
        );
        assert_eq!(lab.api_key.unwrap().expose(), "filed");
        let production =
            with(|name| (name == "PRIME_CONTEXT").then(|| "production".to_owned())).unwrap();
        assert_eq!((production.account, production.platform_url), (None, None));
        assert_eq!(production.api_key.unwrap().expose(), "filed");
        for wrong in ["nowhere", "../config"] {
            let variable = match wrong {
                "nowhere" => |name: &str| (name == "PRIME_CONTEXT").then(|| "nowhere".to_owned()),
                _ => |name: &str| (name == "PRIME_CONTEXT").then(|| "../config".to_owned()),
            };
            let error = with(variable).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.to_string().contains(wrong), "{error}");
        }
        std::fs::write(folder.join("config.json"), r#"{"api_key": "filed" "#).unwrap();
        let error = with(|_| None).unwrap_err().to_string();
        assert!(
            error.contains("config.json") && !error.contains("filed"),
            "{error}"
        );
        std::fs::remove_dir_all(home).unwrap();
    }
}
