//! The keys of a configuration that are for this program, and not for prime-rl.

use std::path::{Path, PathBuf};

use prime_ext::RunConfig;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::exit::Failure;

/// The maximum size of a configuration, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The keys that name files with secrets, in the order in which the files are read. Source: the official client.
const FILE_KEYS: [&str; 2] = ["env_file", "env_files"];

/// A configuration, and what is not part of it.
pub(super) struct ConfigFile {
    pub(super) config: RunConfig,
    /// The files with secrets, relative to the working directory.
    pub(super) secret_files: Vec<PathBuf>,
    /// The kind of run that the configuration is for.
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reinforcement,
    FineTuning,
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let invalid = |reason: &str| Failure::usage(format!("{}: {reason}", path.display()));
        let size = std::fs::metadata(path).map_err(|error| invalid(&error.to_string()))?;
        if !size.is_file() || size.len() > MAX_BYTES {
            return Err(invalid("not a regular file, or larger than 16 MiB"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| invalid(&error.to_string()))?;
        let table = DeTable::parse(&text).map_err(|error| invalid(error.to_string().trim()))?;
        let table = table.get_ref();
        if is_lora(table) {
            return Err(invalid(
                "this is a configuration of shared LoRA training (`model = \"…\"` or `[[env]]`), which accepts no new \
                 runs; runs have configurations of prime-rl",
            ));
        }
        if table.contains_key("volume_size") {
            return Err(invalid(
                "volume_size: this program creates no volumes; create the volume first and remove this key",
            ));
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        let (mut secret_files, mut rest) = (Vec::new(), text.clone());
        for key in FILE_KEYS {
            let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == key) else {
                continue;
            };
            let files = paths(value.get_ref());
            let files = files
                .ok_or_else(|| invalid(&format!("{key} must be a path or a list of paths")))?;
            secret_files.extend(files.into_iter().map(|file| directory.join(file)));
            remove(&mut rest, name.span().start, value.span().end);
        }
        let config = RunConfig::from_toml(&rest);
        let config =
            config.map_err(|error| Failure::from(error).within(&path.display().to_string()))?;
        let has = |key: &str| table.contains_key(key);
        let kind = match has("data") && !has("trainer") && !has("orchestrator") {
            true => Kind::FineTuning,
            false => Kind::Reinforcement,
        };
        Ok(Self {
            config,
            secret_files,
            kind,
        })
    }
}

/// Reads a path or a list of paths.
fn paths<'a>(value: &'a DeValue<'_>) -> Option<Vec<&'a str>> {
    match value {
        DeValue::String(path) => Some(vec![path]),
        DeValue::Array(paths) => paths.iter().map(|path| path.get_ref().as_str()).collect(),
        _ => None,
    }
}

/// Source: the official client.
fn is_lora(table: &DeTable<'_>) -> bool {
    let value = |key: &str| table.get(key).map(Spanned::get_ref);
    matches!(value("model"), Some(DeValue::String(_)))
        || matches!(value("env"), Some(DeValue::Array(_)))
}

/// Replaces a part of the text with blanks of the same length. Line feeds are kept, so that errors name the right line.
fn remove(text: &mut String, start: usize, end: usize) {
    let Some(part) = text.get(start..end) else {
        return;
    };
    let blank = part
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect::<String>();
    text.replace_range(start..end, &blank);
}
