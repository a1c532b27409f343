//! What the environment and the files say.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use openapi_runtime::Secret;
use serde::{Deserialize, Deserializer};

use super::{Setting, Source};
use crate::account::Account;
use crate::error::{Error, ErrorKind};

/// What was found so far; the first to say something is the one that counts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Found {
    pub(crate) api_key: Option<Setting<Secret>>,
    pub(crate) account: Option<Setting<Account>>,
    pub(crate) inference_url: Option<Setting<String>>,
    pub(crate) platform_url: Option<Setting<String>>,
    /// Where a key was looked for in vain.
    pub(crate) no_key_in: Vec<String>,
}

/// The environment and the home folder. A type of its own, so that tests can say what is in them.
pub(crate) struct Surroundings<'a> {
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) home: Option<PathBuf>,
}

/// `~/.prime/config.json` and `~/.prime/environments/*.json`. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
struct File {
    /// A key that is none (`null`, empty) is said all the same.
    #[serde(default, deserialize_with = "there")]
    api_key: Option<Option<Secret>>,
    team_id: Option<String>,
    base_url: Option<String>,
    inference_url: Option<String>,
}

fn there<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<Secret>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// What a file says of a setting, and the file.
type Said<T> = Option<(T, PathBuf)>;

/// What the files say together.
#[derive(Default)]
struct Files {
    api_key: Said<Secret>,
    team: Said<String>,
    platform_url: Said<String>,
    inference_url: Said<String>,
}

impl Surroundings<'_> {
    /// The variable without white space around it, if there is more to it.
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

impl Found {
    /// Fills what is not set from the surroundings.
    pub(crate) fn or(mut self, surroundings: &Surroundings<'_>) -> Result<Self, Error> {
        let folder = surroundings.home.as_ref().map(|home| home.join(".prime"));
        let mut files = Files::default();
        match &folder {
            Some(folder) => files.read_config(&folder.join("config.json"), &mut self.no_key_in)?,
            None => self
                .no_key_in
                .push("a home folder (there is none)".to_owned()),
        }
        // As it is: the wrong context, quietly taken for none, would bill somebody else.
        let context = (surroundings.variable)("PRIME_CONTEXT").filter(|name| !name.is_empty());
        if let Some(context) = context {
            files.enter(&context, folder.as_deref(), &mut self.no_key_in)?;
        }
        let variable = |name| surroundings.setting(name);
        let key = variable("PRIME_API_KEY").map(|s| Setting::new(s.value.into(), s.source));
        let team = variable("PRIME_TEAM_ID").or_else(|| from_file(files.team));
        let team = team.map(|s| Setting::new(Account::Team(s.value), s.source));
        let platform_url = variable("PRIME_API_BASE_URL").or_else(|| variable("PRIME_BASE_URL"));
        let inference_url = variable("PRIME_INFERENCE_URL");
        if key.is_none() {
            self.no_key_in
                .insert(0, "PRIME_API_KEY (not set)".to_owned());
        }
        self.api_key = self.api_key.or(key).or_else(|| from_file(files.api_key));
        self.account = self.account.or(team);
        self.inference_url = self
            .inference_url
            .or(inference_url)
            .or_else(|| from_file(files.inference_url));
        self.platform_url = self
            .platform_url
            .or(platform_url)
            .or_else(|| from_file(files.platform_url));
        Ok(self)
    }
}

fn from_file<T>(said: Said<T>) -> Option<Setting<T>> {
    said.map(|(value, path)| Setting::new(value, Source::File(path)))
}

impl Files {
    fn read_config(&mut self, path: &Path, no_key_in: &mut Vec<String>) -> Result<(), Error> {
        let Some(file) = read(path)? else {
            no_key_in.push(format!("{} (no such file)", path.display()));
            return Ok(());
        };
        *self = Self::of(file, path);
        if self.api_key.is_none() {
            no_key_in.push(format!("{} (has no api_key)", path.display()));
        }
        Ok(())
    }

    fn of(file: File, path: &Path) -> Self {
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

    /// What a context says in the file's place. Its team and addresses replace the file's also where it
    /// has none, so that nothing is billed to the team of another context; only the key is kept.
    fn enter(
        &mut self,
        context: &str,
        folder: Option<&Path>,
        no_key_in: &mut Vec<String>,
    ) -> Result<(), Error> {
        let key = self.api_key.take();
        if context.eq_ignore_ascii_case("production") {
            *self = Self::default();
            self.api_key = key;
            return Ok(());
        }
        let wrong = |reason: String| {
            let message = format!("PRIME_CONTEXT={context}: {reason}");
            Error::new(ErrorKind::Settings, message)
        };
        let name_of_file = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if context.len() > MAX_CONTEXT {
            let message = format!("PRIME_CONTEXT is longer than {MAX_CONTEXT} bytes");
            return Err(Error::new(ErrorKind::Settings, message));
        }
        if !context.chars().all(name_of_file) {
            let reason = "a context's name has letters, digits, `_` and `-` only";
            return Err(wrong(reason.to_owned()));
        }
        let no_home = || wrong("there is no home folder to look for it in".to_owned());
        let folder = folder.ok_or_else(no_home)?;
        let path = folder.join("environments").join(format!("{context}.json"));
        let missing = || wrong(format!("there is no {}", path.display()));
        let file = read(&path)?.ok_or_else(missing)?;
        let says_key = file.api_key.is_some();
        *self = Self::of(file, &path);
        if !says_key {
            self.api_key = key;
        }
        if self.api_key.is_none() {
            no_key_in.push(format!("{} (has no api_key)", path.display()));
        }
        Ok(())
    }
}

/// The longest name of a context, in bytes: file systems allow no longer names.
const MAX_CONTEXT: usize = 250;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Reads a file; `None` if it does not exist.
fn read(path: &Path) -> Result<Option<File>, Error> {
    let failed =
        |reason: String| Error::new(ErrorKind::Settings, format!("{}: {reason}", path.display()));
    let bytes = match read_bytes(path) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(reason)) => return Err(failed(reason)),
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

/// Reads a regular file. The inner error is the reason why it is not read: opening a FIFO blocks, and a device may
/// have no end.
fn read_bytes(path: &Path) -> std::io::Result<Result<Vec<u8>, String>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(Err("not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Ok(Err(format!("larger than {MAX_FILE} bytes")));
    }
    Ok(Ok(bytes))
}

fn parse(bytes: &[u8]) -> Result<File, String> {
    // The parser would also accept an array.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    // Only the place: the parser's message may quote a key.
    serde_json::from_slice(bytes).map_err(|e| {
        format!(
            "not valid JSON settings, line {} column {}",
            e.line(),
            e.column()
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn found(
        home: Option<&Path>,
        variables: &[(&'static str, &'static str)],
    ) -> Result<Found, Error> {
        let variables: Vec<_> = variables.to_vec();
        let variable = move |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        };
        Found::default().or(&Surroundings {
            variable: &variable,
            home: home.map(Path::to_owned),
        })
    }

    fn value<T: Clone>(setting: &Option<Setting<T>>) -> Option<T> {
        setting.as_ref().map(|setting| setting.value.clone())
    }

    #[test]
    fn the_environment() {
        let settings = found(
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
    fn files_and_contexts() {
        let home = std::env::temp_dir().join(format!("prime-ext-settings-{}", std::process::id()));
        let folder = home.join(".prime");
        let config = folder.join("config.json");
        std::fs::create_dir_all(folder.join("environments")).unwrap();
        let text = r#"{"api_key": "filed", "team_id": "team_file", "base_url": "http://file", "other": 1}"#;
        std::fs::write(&config, text).unwrap();
        let lab = folder.join("environments/lab.json");
        std::fs::write(&lab, r#"{"team_id": "team_lab"}"#).unwrap();
        let team = |id: &str, path: &Path| {
            Setting::new(Account::Team(id.to_owned()), Source::File(path.to_owned()))
        };

        let plain = found(Some(&home), &[]).unwrap();
        assert_eq!(plain.account, Some(team("team_file", &config)));
        let in_lab = found(Some(&home), &[("PRIME_CONTEXT", "lab")]).unwrap();
        assert_eq!(in_lab.account, Some(team("team_lab", &lab)));
        let without = "a context without an address has the service's own";
        assert_eq!(in_lab.platform_url, None, "{without}");
        assert_eq!(value(&in_lab.api_key).unwrap().expose(), "filed");
        let production = found(Some(&home), &[("PRIME_CONTEXT", "Production")]).unwrap();
        assert_eq!((production.account, production.platform_url), (None, None));
        assert_eq!(value(&production.api_key).unwrap().expose(), "filed");
        for wrong in ["nowhere", "../config", " lab"] {
            let error = found(Some(&home), &[("PRIME_CONTEXT", wrong)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.to_string().contains(wrong), "{error}");
        }
        let long = "x".repeat(MAX_CONTEXT + 1);
        let long: &'static str = Box::leak(long.into_boxed_str());
        let error = found(Some(&home), &[("PRIME_CONTEXT", long)]).unwrap_err();
        assert!(error.to_string().contains("longer than 250"), "{error}");
        std::fs::write(&config, r#"{"api_key": "filed" "#).unwrap();
        let error = found(Some(&home), &[]).unwrap_err().to_string();
        assert!(
            error.contains("config.json") && !error.contains("filed"),
            "{error}"
        );
        let large = format!("{{\"other\": \"{}\"}}", "x".repeat(1 << 20));
        std::fs::write(&config, large).unwrap();
        let error = found(Some(&home), &[]).unwrap_err().to_string();
        assert!(
            error.ends_with("config.json: larger than 1048576 bytes"),
            "{error}"
        );
        std::fs::remove_file(&config).unwrap();
        std::fs::create_dir(&config).unwrap();
        let error = found(Some(&home), &[]).unwrap_err().to_string();
        assert!(
            error.ends_with("config.json: not a regular file"),
            "{error}"
        );
        std::fs::remove_dir_all(home).unwrap();
    }

    /// Opening a FIFO would block, and a device has no end.
    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_read() {
        let folder = std::env::temp_dir().join(format!("prime-ext-fifo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let fifo = folder.join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for path in [&fifo, Path::new("/dev/zero")] {
            let error = read(path).unwrap_err().to_string();
            assert!(error.ends_with("not a regular file"), "{error}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn where_no_key_was() {
        let home = std::env::temp_dir().join("prime-ext-no-such-home");
        let found = found(Some(&home), &[]).unwrap();
        assert_eq!(found.no_key_in[0], "PRIME_API_KEY (not set)");
        assert!(found.no_key_in[1].ends_with("config.json (no such file)"));
    }
}
