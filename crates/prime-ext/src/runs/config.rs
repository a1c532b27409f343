//! An `rl.toml` as JSON.

use std::path::Path;

use serde_json::{Map, Number, Value};

use crate::error::{Error, ErrorKind};

/// The configuration of a run: a whole prime-rl `rl.toml`, passed through as it is.
///
/// ```
/// use prime_ext::RunConfig;
///
/// let config = RunConfig::from_toml(r#"
///     max_steps = 20
///     [model]
///     name = "Qwen/Qwen3-0.6B"
/// "#)?;
/// assert_eq!(config.as_json()["model"]["name"], "Qwen/Qwen3-0.6B");
/// # Ok::<(), prime_ext::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RunConfig(Map<String, Value>);

impl RunConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or as [`from_toml`](Self::from_toml); the error names the file.
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::new(
                ErrorKind::Request,
                format!("{} cannot be read: {e}", path.display()),
            )
        })?;
        read(&text).map_err(|reason| {
            Error::new(ErrorKind::Request, format!("{}: {reason}", path.display()))
        })
    }

    /// Reads a text. Dates become their text; numbers stay what they are.
    ///
    /// # Errors
    /// If it is not TOML, or holds what JSON cannot say: `inf` and `nan`, with their place.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        read(text).map_err(|reason| Error::new(ErrorKind::Request, reason))
    }

    /// The configuration as it is sent.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(crate) fn into_json(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for RunConfig {
    fn from(config: Map<String, Value>) -> Self {
        Self(config)
    }
}

fn read(text: &str) -> Result<RunConfig, String> {
    // What stands on a line may be a secret: only its place is told.
    let table: toml::Table = toml::from_str(text).map_err(|e| {
        let line = e.span().map(|span| {
            text.get(..span.start)
                .map_or(0, |before| before.matches('\n').count())
                + 1
        });
        match line {
            Some(line) => format!("line {line} is not valid TOML: {}", e.message()),
            None => format!("not valid TOML: {}", e.message()),
        }
    })?;
    match json(toml::Value::Table(table), "")? {
        Value::Object(config) => Ok(RunConfig(config)),
        _ => Err("not a table".to_owned()),
    }
}

fn json(value: toml::Value, place: &str) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Float(number) => Value::Number(
            Number::from_f64(number)
                .ok_or_else(|| format!("{place} is {number}, which JSON cannot say"))?,
        ),
        toml::Value::Array(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| json(item, &format!("{place}[{index}]")))
                .collect::<Result<_, _>>()?,
        ),
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| {
                    let place = if place.is_empty() {
                        key.clone()
                    } else {
                        format!("{place}.{key}")
                    };
                    Ok((key, json(value, &place)?))
                })
                .collect::<Result<_, String>>()?,
        ),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_json_can_say() {
        let config = RunConfig::from_toml(
            "a = 9223372036854775807\nb = 1.5\nc = 1979-05-27T07:32:00Z\nd = [1, 'x']\n[e.f]\ng = true",
        )
        .unwrap();
        assert_eq!(
            Value::Object(config.into_json()),
            json!({"a": i64::MAX, "b": 1.5, "c": "1979-05-27T07:32:00Z", "d": [1, "x"],
                   "e": {"f": {"g": true}}})
        );
    }

    #[test]
    fn what_json_cannot_say_is_refused_with_its_place() {
        let error = RunConfig::from_toml("[a]\nb = [1.0, inf]")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "a.b[1] is inf, which JSON cannot say");
        assert!(RunConfig::from_toml("a = nan").is_err());
    }

    #[test]
    fn mistakes_name_their_line_and_show_no_secret() {
        let error = RunConfig::from_toml("a = 1\nkey = hf_secret\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("line 2") && !error.contains("hf_secret"),
            "{error}"
        );
        let error = RunConfig::from_toml_file("/nowhere/rl.toml")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/nowhere/rl.toml cannot be read"),
            "{error}"
        );
    }
}
