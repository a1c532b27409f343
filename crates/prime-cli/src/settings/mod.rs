//! The settings of the official client: `~/.prime/config.json`, the contexts in `~/.prime/environments` and the
//! environment.
//!
//! `prime_ext` reads the settings that a client needs. This module reads all of them, to show and to change them.
//!
//! | module | contents |
//! |---|---|
//! | `file` | reads a file, and replaces it as a whole |
//! | `setting` | [`Setting`]: the settings, their variables and their defaults |

mod file;
mod setting;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub(crate) use file::replace_bytes;
pub(crate) use setting::{SETTINGS, Setting, default_of};

use crate::exit::Failure;
use crate::output::Out;

/// The context without a file of its own.
pub(crate) const PRODUCTION: &str = "production";

/// The settings that a context has.
const OF_CONTEXT: [&str; 10] = [
    "api_key",
    "team_id",
    "team_name",
    "team_role",
    "user_id",
    "user_name",
    "base_url",
    "frontend_url",
    "inference_url",
    "traces_url",
];

/// The settings, as they are stored and as they apply.
#[derive(Debug)]
pub(crate) struct Settings {
    directory: PathBuf,
    /// `config.json`, with keys that this program does not know.
    config: Map<String, Value>,
    /// The temporary context and its settings.
    context: Option<(String, Map<String, Value>)>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Variable(&'static str),
    File(PathBuf),
    Default,
}

impl Settings {
    /// Reads the settings. The temporary context is `context`, or else that of `PRIME_CONTEXT`.
    pub(crate) fn read(context: Option<&str>) -> Result<Self, Failure> {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        let home = home.ok_or_else(|| Failure::other("the home directory was not found"))?;
        let directory = home.join(".prime");
        let config = file::read(&directory.join("config.json"))?.unwrap_or_default();
        let variable = std::env::var("PRIME_CONTEXT")
            .ok()
            .filter(|name| !name.is_empty());
        let name = context.map(str::to_owned).or(variable);
        let mut this = Self {
            directory,
            config,
            context: None,
        };
        if let Some(name) = name {
            let settings = this.context_file(&name)?;
            this.context = Some((name, settings));
        }
        Ok(this)
    }

    /// Returns whether `--context` or `PRIME_CONTEXT` names the context that applies.
    pub(crate) fn is_temporary(&self) -> bool {
        self.context.is_some()
    }

    /// Returns the directory of all files.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Shortens the path of a settings file, for a table.
    pub(crate) fn shortened<'a>(&self, source: &'a str) -> &'a str {
        let path = Path::new(source).strip_prefix(&self.directory);
        path.ok().and_then(Path::to_str).unwrap_or(source)
    }

    /// Says where the files with the shortened paths are.
    pub(crate) fn note_directory(&self, out: &Out) {
        if self.config_path().exists() {
            out.note(&format!("\nThe files are in {}.", self.directory.display()));
        }
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.directory.join("config.json")
    }

    /// Returns the path of a context's file, or a failure if the name is not valid.
    fn context_path(&self, name: &str) -> Result<PathBuf, Failure> {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(is_valid) {
            let message = format!(
                "{name:?} is not the name of a context: only letters, digits, hyphens and underscores are allowed"
            );
            return Err(Failure::usage(message));
        }
        Ok(self
            .directory
            .join("environments")
            .join(format!("{name}.json")))
    }

    /// Returns the settings of a context.
    fn context_file(&self, name: &str) -> Result<Map<String, Value>, Failure> {
        if name.eq_ignore_ascii_case(PRODUCTION) {
            return Ok(Map::new());
        }
        file::read(&self.context_path(name)?)?.ok_or_else(|| {
            let message = format!(
                "unknown context {name:?}; there are: {}",
                self.contexts().join(", ")
            );
            Failure::usage(message)
        })
    }

    /// Returns the names of all contexts.
    pub(crate) fn contexts(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.directory.join("environments"));
        let paths = files
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        let mut names: Vec<String> = paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| !name.eq_ignore_ascii_case(PRODUCTION))
            .collect();
        names.sort();
        names.insert(0, PRODUCTION.to_owned());
        names
    }

    /// Returns the name of the context that applies.
    pub(crate) fn context_name(&self) -> &str {
        match &self.context {
            Some((name, _)) => name,
            None => self.stored_context(),
        }
    }

    /// Returns the name of the context that `config use` selected last.
    fn stored_context(&self) -> &str {
        let name = self
            .config
            .get("current_environment")
            .and_then(Value::as_str);
        name.unwrap_or(PRODUCTION)
    }

    /// Returns a value of a file, and the path of the file. A temporary context replaces the settings of `config.json`,
    /// even if it does not set them. Only the key, and the user in `production`, are kept.
    fn stored(&self, name: &str) -> Option<(&Value, PathBuf)> {
        if let Some((context, settings)) = &self.context
            && OF_CONTEXT.contains(&name)
        {
            if let Some(value) = settings.get(name) {
                return Some((value, self.context_path(context).ok()?));
            }
            let is_production = context.eq_ignore_ascii_case(PRODUCTION);
            let is_kept = name == "api_key" || is_production && name.starts_with("user_");
            if !is_kept {
                return None;
            }
        }
        Some((self.config.get(name)?, self.config_path()))
    }

    /// Returns a setting that is not blank, and its source.
    pub(crate) fn text(&self, setting: &Setting) -> (Option<String>, Source) {
        for name in setting.variables {
            let value = std::env::var(name)
                .ok()
                .map(|value| value.trim().to_owned());
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                return (Some(setting.normal(&value)), Source::Variable(name));
            }
        }
        if let Some((value, path)) = self.stored(setting.name) {
            let text = match value {
                Value::String(text) => text.trim().to_owned(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            if !text.is_empty() {
                return (Some(setting.normal(&text)), Source::File(path));
            }
        }
        (setting.default_value(), Source::Default)
    }

    /// Returns the API key, as it is set.
    pub(crate) fn key(&self) -> Option<String> {
        self.text(setting::API_KEY).0
    }

    /// Returns a text of the files that has no variable, such as the name of the team.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        let (value, _) = self.stored(name)?;
        value.as_str().filter(|text| !text.is_empty())
    }

    /// Returns the name of a team, if the files have it.
    pub(crate) fn team_name(&self, id: &str) -> Option<&str> {
        self.label("team_name")
            .filter(|_| self.label("team_id") == Some(id))
    }

    /// Changes `config.json`, and the file of the context that `config use` selected. Unknown keys are kept.
    pub(crate) fn change(
        &mut self,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), Failure> {
        self.check_writable()?;
        change(&mut self.config);
        file::replace(&self.config_path(), &self.config)?;
        let name = self.stored_context().to_owned();
        if name.eq_ignore_ascii_case(PRODUCTION) {
            return Ok(());
        }
        let path = self.context_path(&name)?;
        match file::read(&path)? {
            Some(context) => file::replace(&path, &self.of_context(context)),
            None => Ok(()),
        }
    }

    /// Copies the settings of a context from `config.json`.
    fn of_context(&self, mut context: Map<String, Value>) -> Map<String, Value> {
        for name in OF_CONTEXT {
            let value = self.config.get(name).cloned().unwrap_or(Value::Null);
            context.insert(name.to_owned(), value);
        }
        context
    }

    /// A temporary context is read-only, as in the official client.
    /// Rejects changes while a temporary context applies.
    pub(crate) fn check_writable(&self) -> Result<(), Failure> {
        match &self.context {
            None => Ok(()),
            Some((name, _)) => Err(Failure::usage(format!(
                "the temporary context {name:?} is read-only: run `prime-rs config use {name}` first, and then this \
                 command without --context and PRIME_CONTEXT"
            ))),
        }
    }

    /// Makes a context the current one, by copying its settings to `config.json`.
    pub(crate) fn use_context(&mut self, name: &str) -> Result<(), Failure> {
        self.check_writable()?;
        let context = self.context_file(name)?;
        let is_production = name.eq_ignore_ascii_case(PRODUCTION);
        for setting in OF_CONTEXT {
            let is_kept = is_production && (setting == "api_key" || setting.starts_with("user_"));
            match context.get(setting) {
                Some(value) => drop(self.config.insert(setting.to_owned(), value.clone())),
                None if is_kept || setting == "api_key" => {}
                None => drop(self.config.insert(setting.to_owned(), default_of(setting))),
            }
        }
        let name = if is_production { PRODUCTION } else { name };
        self.config
            .insert("current_environment".to_owned(), name.into());
        file::replace(&self.config_path(), &self.config)
    }

    /// Saves the settings that apply, including those of the environment, as a context.
    pub(crate) fn save_context(&self, name: &str) -> Result<(), Failure> {
        self.check_writable()?;
        if name.eq_ignore_ascii_case(PRODUCTION) {
            return Err(Failure::usage("the context \"production\" cannot be saved"));
        }
        let mut context = Map::new();
        for name in OF_CONTEXT {
            let known = SETTINGS.iter().find(|setting| setting.name == name);
            let (value, source) = match known {
                Some(setting) => self.text(setting),
                None => (self.label(name).map(str::to_owned), Source::Default),
            };
            let value = match source {
                Source::Default if name == "traces_url" => None,
                _ => value,
            };
            context.insert(name.to_owned(), value.map_or(Value::Null, Value::String));
        }
        // A name belongs to the id of the file, not to that of a variable.
        for (id, labels) in [
            ("team_id", &["team_name", "team_role"][..]),
            ("user_id", &["user_name"]),
        ] {
            let known = SETTINGS.iter().find(|setting| setting.name == id);
            if known.is_some_and(|setting| matches!(self.text(setting).1, Source::Variable(_))) {
                for label in labels {
                    context.insert((*label).to_owned(), Value::Null);
                }
            }
        }
        file::replace(&self.context_path(name)?, &context)
    }

    /// Deletes the file of a context that is not the current one.
    pub(crate) fn delete_context(&self, name: &str) -> Result<(), Failure> {
        self.check_writable()?;
        if name.eq_ignore_ascii_case(PRODUCTION) {
            return Err(Failure::usage(
                "the context \"production\" cannot be deleted",
            ));
        }
        if name.eq_ignore_ascii_case(self.stored_context()) {
            let message = format!(
                "{name:?} is the current context: select another with `prime-rs config use` first"
            );
            return Err(Failure::usage(message));
        }
        self.context_file(name)?;
        let path = self.context_path(name)?;
        std::fs::remove_file(&path)
            .map_err(|error| Failure::other(format!("cannot delete {}: {error}", path.display())))
    }
}
