//! Reads settings from the environment and from files.

use std::path::{Path, PathBuf};

use openapi_runtime::Secret;
use serde::{Deserialize, Deserializer};

use super::{Setting, Source};
use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::file;

/// Settings that may still be incomplete. The first source that sets a value wins.
#[derive(Debug, Default, Clone)]
pub(crate) struct PartialConfig {
    pub(crate) api_key: Option<Setting<Secret>>,
    pub(crate) account: Option<Setting<Account>>,
    pub(crate) inference_url: Option<Setting<String>>,
    pub(crate) platform_url: Option<Setting<String>>,
    /// The context that is used instead of that of `PRIME_CONTEXT`.
    pub(crate) context: Option<String>,
    /// The places without an API key, for the error message.
    pub(crate) no_key_in: Vec<String>,
}

/// The environment variables and the home directory. Tests provide their own.
pub(crate) struct EnvSource<'a> {
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) home: Option<PathBuf>,
}

/// `~/.prime/config.json` and `~/.prime/environments/*.json`. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
struct File {
    /// `Some(None)` if the field is `null`. Even an unusable key of a context replaces the key of `config.json`.
    #[serde(default, deserialize_with = "present")]
    api_key: Option<Option<Secret>>,
    team_id: Option<String>,
    base_url: Option<String>,
    inference_url: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<Secret>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A value and the file that sets it.
type FileValue<T> = Option<(T, PathBuf)>;

/// The combined settings of the files.
#[derive(Default)]
struct Files {
    api_key: FileValue<Secret>,
    team: FileValue<String>,
    platform_url: FileValue<String>,
    inference_url: FileValue<String>,
}

impl EnvSource<'_> {
    /// Returns a variable without surrounding whitespace, or `None` if it is unset or blank.
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    fn setting(&self, name: &'static str) -> Option<Setting<String>> {
        let value = self.text(name)?;
        Some(Setting::new(value, Source::Variable(name)))
    }
}

impl PartialConfig {
    /// Fills unset values from the environment, and from the files if any are still unset.
    pub(crate) fn or(mut self, env: &EnvSource<'_>) -> Result<Self, Error> {
        self = self.or_variables(env);
        let directory = env.home.as_ref().map(|home| home.join(".prime"));
        let mut files = Files::default();
        match &directory {
            // Nothing is needed from the file, so it may be unreadable, for example because another user owns it.
            _ if self.is_complete() => {}
            Some(directory) => {
                files.read_config(&directory.join("config.json"), &mut self.no_key_in)?
            }
            None => self
                .no_key_in
                .push("the home directory (not found)".to_owned()),
        }
        // Not trimmed: silently ignoring an invalid context could bill the wrong account.
        let variable = (env.variable)("PRIME_CONTEXT").filter(|name| !name.is_empty());
        let place = match &self.context {
            Some(name) => format!("context {name}"),
            None => format!("PRIME_CONTEXT={}", variable.as_deref().unwrap_or_default()),
        };
        let context = self.context.clone().or(variable);
        if let Some(context) = context {
            let no_key_in = &mut self.no_key_in;
            files.apply_context(&context, &place, directory.as_deref(), no_key_in)?;
        }
        let team = from_file(files.team);
        let team = team.map(|s| Setting::new(Account::Team(s.value), s.source));
        self.api_key = self.api_key.or_else(|| from_file(files.api_key));
        self.account = self.account.or(team);
        self.inference_url = self
            .inference_url
            .or_else(|| from_file(files.inference_url));
        self.platform_url = self.platform_url.or_else(|| from_file(files.platform_url));
        Ok(self)
    }

    fn or_variables(mut self, env: &EnvSource<'_>) -> Self {
        let variable = |name| env.setting(name);
        let key = variable("PRIME_API_KEY").map(|s| Setting::new(s.value.into(), s.source));
        let team = variable("PRIME_TEAM_ID");
        let team = team.map(|s| Setting::new(Account::Team(s.value), s.source));
        let platform_url = || variable("PRIME_API_BASE_URL").or_else(|| variable("PRIME_BASE_URL"));
        if key.is_none() {
            self.no_key_in.push("PRIME_API_KEY (not set)".to_owned());
        }
        self.api_key = self.api_key.or(key);
        self.account = self.account.or(team);
        self.inference_url = self
            .inference_url
            .or_else(|| variable("PRIME_INFERENCE_URL"));
        self.platform_url = self.platform_url.or_else(platform_url);
        self
    }

    fn is_complete(&self) -> bool {
        self.api_key.is_some()
            && self.account.is_some()
            && self.inference_url.is_some()
            && self.platform_url.is_some()
    }
}

fn from_file<T>(value: FileValue<T>) -> Option<Setting<T>> {
    value.map(|(value, path)| Setting::new(value, Source::File(path)))
}

impl Files {
    fn read_config(&mut self, path: &Path, no_key_in: &mut Vec<String>) -> Result<(), Error> {
        let Some(file) = read(path)? else {
            no_key_in.push(format!("{} (no such file)", path.display()));
            return Ok(());
        };
        *self = Self::new(file, path);
        if self.api_key.is_none() {
            no_key_in.push(format!("{} (no api_key)", path.display()));
        }
        Ok(())
    }

    fn new(file: File, path: &Path) -> Self {
        let text = |text: Option<String>| {
            let text = text.map(|text| text.trim().to_owned());
            Some((text.filter(|text| !text.is_empty())?, path.to_owned()))
        };
        let key = file.api_key.flatten();
        let key = key.filter(|key| !key.expose().trim().is_empty());
        Self {
            api_key: key.map(|key| (key, path.to_owned())),
            team: text(file.team_id),
            platform_url: text(file.base_url),
            inference_url: text(file.inference_url),
        }
    }

    /// Applies a context. The team and the URLs of `config.json` are dropped even if the context sets none, so that no
    /// team but the context's is billed. The key of `config.json` is kept unless the context has an `api_key` field.
    /// `place` names the context in errors.
    fn apply_context(
        &mut self,
        context: &str,
        place: &str,
        directory: Option<&Path>,
        no_key_in: &mut Vec<String>,
    ) -> Result<(), Error> {
        let key = self.api_key.take();
        if context.eq_ignore_ascii_case("production") {
            *self = Self::default();
            self.api_key = key;
            return Ok(());
        }
        let invalid = |reason: String| {
            let message = format!("{place}: {reason}");
            Error::new(ErrorKind::Settings, message)
        };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if context.len() > MAX_CONTEXT {
            let message = format!("the name of a context is longer than {MAX_CONTEXT} bytes");
            return Err(Error::new(ErrorKind::Settings, message));
        }
        if !context.chars().all(is_allowed) {
            let reason = "a context name may contain only letters, digits, `_` and `-`";
            return Err(invalid(reason.to_owned()));
        }
        let no_home = || invalid("no home directory found".to_owned());
        let directory = directory.ok_or_else(no_home)?;
        let path = directory
            .join("environments")
            .join(format!("{context}.json"));
        let missing = || invalid(format!("{} does not exist", path.display()));
        let file = read(&path)?.ok_or_else(missing)?;
        let has_key_field = file.api_key.is_some();
        *self = Self::new(file, &path);
        if !has_key_field {
            self.api_key = key;
        }
        if self.api_key.is_none() {
            no_key_in.push(format!("{} (no api_key)", path.display()));
        }
        Ok(())
    }
}

/// The maximum length of a context name, in bytes. File systems limit file names to 255 bytes.
const MAX_CONTEXT: usize = 250;

/// The maximum size of a settings file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads a settings file. Returns `None` if it does not exist.
fn read(path: &Path) -> Result<Option<File>, Error> {
    let failed =
        |reason: String| Error::new(ErrorKind::Settings, format!("{}: {reason}", path.display()));
    let bytes = match file::read(path, MAX_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(e)
            if matches!(
                e.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(e) => return Err(failed(e.to_string())),
    };
    parse(&bytes).map(Some).map_err(failed)
}

fn parse(bytes: &[u8]) -> Result<File, String> {
    // Some Windows editors write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if std::str::from_utf8(bytes).is_err() {
        return Err("not UTF-8 text".to_owned());
    }
    // serde would also accept an array.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    // Only the position, because serde's message may contain the key.
    serde_json::from_slice(bytes).map_err(|e| {
        format!(
            "invalid JSON settings at line {} column {}",
            e.line(),
            e.column()
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn load(
        home: Option<&Path>,
        variables: &[(&'static str, &'static str)],
    ) -> Result<PartialConfig, Error> {
        let variables: Vec<_> = variables.to_vec();
        let variable = move |name: &str| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        };
        PartialConfig::default().or(&EnvSource {
            variable: &variable,
            home: home.map(Path::to_owned),
        })
    }

    fn value<T: Clone>(setting: &Option<Setting<T>>) -> Option<T> {
        setting.as_ref().map(|setting| setting.value.clone())
    }

    #[test]
    fn variables_are_read() {
        let settings = load(
            None,
            &[
                ("PRIME_API_KEY", " from_env "),
                ("PRIME_TEAM_ID", "  "),
                ("PRIME_BASE_URL", "http://second"),
            ],
        )
        .unwrap();
        let key = settings.api_key.unwrap();
        assert_eq!(key.value.expose(), "from_env");
        assert_eq!(key.source, Source::Variable("PRIME_API_KEY"));
        assert_eq!(settings.account, None, "blank counts as unset");
        assert_eq!(
            value(&settings.platform_url).as_deref(),
            Some("http://second")
        );
    }

    #[test]
    fn files_and_contexts_are_read() {
        let home = std::env::temp_dir().join(format!("prime-ext-settings-{}", std::process::id()));
        let directory = home.join(".prime");
        let config = directory.join("config.json");
        std::fs::create_dir_all(directory.join("environments")).unwrap();
        let text = r#"{"api_key": "filed", "team_id": "team_file", "base_url": "http://file", "other": 1}"#;
        std::fs::write(&config, text).unwrap();
        let lab = directory.join("environments/lab.json");
        std::fs::write(&lab, r#"{"team_id": "team_lab"}"#).unwrap();
        let team = |id: &str, path: &Path| {
            Setting::new(Account::Team(id.to_owned()), Source::File(path.to_owned()))
        };

        let plain = load(Some(&home), &[]).unwrap();
        assert_eq!(plain.account, Some(team("team_file", &config)));
        let in_lab = load(Some(&home), &[("PRIME_CONTEXT", "lab")]).unwrap();
        assert_eq!(in_lab.account, Some(team("team_lab", &lab)));
        assert_eq!(in_lab.platform_url, None, "only the key is inherited");
        assert_eq!(value(&in_lab.api_key).unwrap().expose(), "filed");
        let production = load(Some(&home), &[("PRIME_CONTEXT", "Production")]).unwrap();
        assert_eq!((production.account, production.platform_url), (None, None));
        assert_eq!(value(&production.api_key).unwrap().expose(), "filed");
        // The program's context replaces that of the environment.
        let in_context = |name: &str| {
            let config = PartialConfig {
                context: Some(name.to_owned()),
                ..PartialConfig::default()
            };
            config.or(&EnvSource {
                variable: &|name| (name == "PRIME_CONTEXT").then(|| "nowhere".to_owned()),
                home: Some(home.clone()),
            })
        };
        assert_eq!(
            in_context("lab").unwrap().account,
            Some(team("team_lab", &lab))
        );
        let error = in_context("other").unwrap_err().to_string();
        assert!(error.starts_with("context other: "), "{error}");
        for invalid in ["nowhere", "../config", " lab"] {
            let error = load(Some(&home), &[("PRIME_CONTEXT", invalid)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.to_string().contains(invalid), "{error}");
        }
        let long = "x".repeat(MAX_CONTEXT + 1);
        let long: &'static str = Box::leak(long.into_boxed_str());
        let error = load(Some(&home), &[("PRIME_CONTEXT", long)]).unwrap_err();
        assert!(error.to_string().contains("longer than 250"), "{error}");
        std::fs::write(&config, r#"{"api_key": "filed" "#).unwrap();
        let error = load(Some(&home), &[]).unwrap_err().to_string();
        assert!(
            error.contains("config.json") && !error.contains("filed"),
            "{error}"
        );
        let large = format!("{{\"other\": \"{}\"}}", "x".repeat(1 << 20));
        std::fs::write(&config, large).unwrap();
        let error = load(Some(&home), &[]).unwrap_err().to_string();
        assert!(
            error.ends_with("config.json: larger than 1048576 bytes"),
            "{error}"
        );
        std::fs::remove_file(&config).unwrap();
        std::fs::create_dir(&config).unwrap();
        let error = load(Some(&home), &[]).unwrap_err().to_string();
        assert!(
            error.ends_with("config.json: not a regular file"),
            "{error}"
        );
        std::fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn files_of_any_editor_are_read() {
        for text in [
            "{\"api_key\": \"pit_1\"}",
            "\u{feff}{\"api_key\": \"pit_1\"}\n",
            "\r\n {\r\n\t\"api_key\": \"pit_1\"\r\n}\r\n\r\n",
            "\u{feff}\n{\"api_key\": \"pit_1\"} \t\n",
        ] {
            let file = parse(text.as_bytes()).unwrap();
            assert_eq!(
                file.api_key.flatten().unwrap().expose(),
                "pit_1",
                "{text:?}"
            );
        }
        let utf16: Vec<u8> = "\u{feff}{}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, reason) in [
            (&utf16[..], "not UTF-8 text"),
            (b"", "not a JSON object"),
            (b"[]", "not a JSON object"),
            (b"{} {}", "invalid JSON settings at line 1 column 4"),
        ] {
            assert_eq!(parse(bytes).unwrap_err(), reason);
        }
    }

    /// A file that cannot be read is an error only if a setting is still missing.
    #[test]
    fn a_file_that_is_not_needed_is_not_read() {
        let home = std::env::temp_dir().join(format!("prime-ext-needed-{}", std::process::id()));
        let directory = home.join(".prime");
        let config = directory.join("config.json");
        std::fs::create_dir_all(directory.join("environments")).unwrap();
        let all = [
            ("PRIME_API_KEY", "k"),
            ("PRIME_TEAM_ID", "t"),
            ("PRIME_BASE_URL", "https://api.example.com"),
            ("PRIME_INFERENCE_URL", "https://inference.example.com/v1"),
        ];
        let check = |reason: &str| {
            load(Some(&home), &all).unwrap();
            for missing in 0..all.len() {
                let mut some = all.to_vec();
                let (name, _) = some.remove(missing);
                let error = load(Some(&home), &some).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Settings);
                let error = error.to_string();
                let expected = format!("{}: {reason}", config.display());
                assert!(error.contains(&expected), "without {name}: {error}");
            }
            // What the program sets is not needed either.
            let set = PartialConfig {
                account: Some(Setting::new(Account::Personal, Source::Program)),
                ..PartialConfig::default()
            };
            let without_team = |name: &str| {
                let (_, value) = all.iter().find(|(known, _)| *known == name)?;
                (name != "PRIME_TEAM_ID").then(|| (*value).to_owned())
            };
            let loaded = set.or(&EnvSource {
                variable: &without_team,
                home: Some(home.clone()),
            });
            assert_eq!(value(&loaded.unwrap().account), Some(Account::Personal));
        };
        std::fs::create_dir(&config).unwrap();
        check("not a regular file");
        std::fs::remove_dir(&config).unwrap();
        std::fs::write(&config, "api_key = k").unwrap();
        check("not a JSON object");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let no_one = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(&config, no_one).unwrap();
            // The superuser can read it.
            if std::fs::read(&config).is_err() {
                check("Permission denied");
            }
        }
        // The file of a context must exist even if no setting is missing. The context `production` has no file.
        let in_context = |name: &'static str| {
            let mut variables = all.to_vec();
            variables.push(("PRIME_CONTEXT", name));
            load(Some(&home), &variables)
        };
        in_context("production").unwrap();
        let error = in_context("lab").unwrap_err().to_string();
        assert!(error.contains("lab.json does not exist"), "{error}");
        std::fs::write(directory.join("environments/lab.json"), "{}").unwrap();
        in_context("lab").unwrap();
        std::fs::remove_dir_all(home).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_read() {
        let directory = std::env::temp_dir().join(format!("prime-ext-fifo-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let fifo = directory.join("fifo");
        let status = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(status.unwrap().success());
        for path in [&fifo, Path::new("/dev/zero")] {
            let error = read(path).unwrap_err().to_string();
            assert!(error.ends_with("not a regular file"), "{error}");
        }
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn places_without_a_key_are_listed() {
        let home = std::env::temp_dir().join("prime-ext-no-such-home");
        let config = load(Some(&home), &[]).unwrap();
        assert_eq!(config.no_key_in[0], "PRIME_API_KEY (not set)");
        assert!(config.no_key_in[1].ends_with("config.json (no such file)"));
    }
}
