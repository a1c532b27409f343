//! Secrets from arguments and `.env` files, by the rules of the official client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prime_ext::Secret;

use crate::context::Context;
use crate::exit::Failure;

/// The secrets that a run can be given. Source: the official client.
const NAMES: [&str; 2] = ["WANDB_API_KEY", "HF_TOKEN"];

/// The maximum size of a `.env` file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The secrets of a run.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub(super) wandb_api_key: Option<Secret>,
    pub(super) hf_token: Option<Secret>,
}

impl Secrets {
    /// Reads files and then arguments. A later value replaces an earlier one.
    pub(super) fn collect(
        files: &[PathBuf],
        arguments: &[String],
        context: &Context,
    ) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        for path in files {
            read_file(path, &mut values, context)?;
        }
        for argument in arguments {
            read_argument(argument, &mut values, context)?;
        }
        let unknown: Vec<&str> = values
            .keys()
            .map(String::as_str)
            .filter(|name| !NAMES.contains(name))
            .collect();
        if !unknown.is_empty() {
            return Err(Failure::usage(format!(
                "a run can only be given {}; remove {}",
                NAMES.join(" and "),
                unknown.join(", ")
            )));
        }
        let mut take = |name: &str| {
            values
                .remove(name)
                .filter(|secret: &Secret| !secret.expose().is_empty())
        };
        Ok(Self {
            wandb_api_key: take(NAMES[0]),
            hf_token: take(NAMES[1]),
        })
    }
}

/// Reads `KEY=VALUE`, `KEY` from the environment, or a `.env` file.
fn read_argument(
    argument: &str,
    values: &mut BTreeMap<String, Secret>,
    context: &Context,
) -> Result<(), Failure> {
    let path = Path::new(argument);
    if path.is_file() {
        return read_file(path, values, context);
    }
    let (name, value) = match argument.split_once('=') {
        Some((name, value)) => (name.trim(), unquoted(value.trim()).0.to_owned()),
        None => (argument.trim(), variable(argument.trim(), "--env-var")?),
    };
    if !is_name(name) {
        // Only the name is shown: the rest is a secret.
        return Err(Failure::usage(format!(
            "{name:?} is not the name of a variable"
        )));
    }
    values.insert(name.to_owned(), value.into());
    Ok(())
}

fn read_file(
    path: &Path,
    values: &mut BTreeMap<String, Secret>,
    context: &Context,
) -> Result<(), Failure> {
    let unreadable = |reason: &str| Failure::usage(format!("{}: {reason}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| unreadable(&error.to_string()))?;
    if !size.is_file() || size.len() > MAX_BYTES {
        return Err(unreadable("not a regular file, or larger than 1 MiB"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{}:{number}", path.display());
        let Some((name, value)) = line.split_once('=') else {
            context
                .out
                .warn(&format!("{place}: skipped, because it has no ="));
            continue;
        };
        let name = name.trim();
        if !is_name(name) {
            context.out.warn(&format!(
                "{place}: skipped, because {name:?} is not the name of a variable"
            ));
            continue;
        }
        let (value, is_literal) = unquoted(value.trim());
        let value = if is_literal {
            value.to_owned()
        } else {
            expand(value, &place)?
        };
        values.insert(name.to_owned(), value.into());
    }
    Ok(())
}

/// Removes quotation marks. Also returns whether the marks were single ones, between which nothing is expanded.
fn unquoted(value: &str) -> (&str, bool) {
    let within = |mark: char| value.strip_prefix(mark)?.strip_suffix(mark);
    match (within('\''), within('"')) {
        (Some(text), _) => (text, true),
        (_, Some(text)) => (text, false),
        _ => (value, false),
    }
}

fn is_name(name: &str) -> bool {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_valid) && name.starts_with(|c: char| !c.is_ascii_digit())
}

/// Replaces `${NAME}` with the variable of that name.
fn expand(value: &str, place: &str) -> Result<String, Failure> {
    let (mut text, mut rest) = (String::new(), value);
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').map(|end| start + end);
        let name = end
            .map(|end| &rest[start + 2..end])
            .filter(|name| is_name(name));
        let (Some(end), Some(name)) = (end, name) else {
            text.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        text.push_str(&rest[..start]);
        text.push_str(&variable(name, place)?);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

fn variable(name: &str, place: &str) -> Result<String, Failure> {
    let value = if is_name(name) {
        std::env::var(name).ok()
    } else {
        None
    };
    value.ok_or_else(|| {
        Failure::usage(format!(
            "{place}: the environment variable {name:?} is not set"
        ))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn quotation_marks_and_variables() {
        assert_eq!(unquoted("\"a b\""), ("a b", false));
        assert_eq!(unquoted("'${A}'"), ("${A}", true));
        assert_eq!(unquoted("'"), ("'", false));
        assert!(is_name("HF_TOKEN") && !is_name("1A") && !is_name("") && !is_name("A-B"));
        let path = std::env::var("PATH").unwrap();
        assert_eq!(expand("a${PATH}b${", "x").unwrap(), format!("a{path}b${{"));
        assert!(
            expand("${PRIME_NO_SUCH_VARIABLE}", "x:1")
                .unwrap_err()
                .to_string()
                .starts_with("x:1")
        );
    }
}
