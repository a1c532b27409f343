//! Locates the mismatch between a body and its type.

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::redact::MAX_NAME_LEN;

/// Describes where and how JSON does not match its type. Contains no values, because a misplaced value may be a secret.
/// Contains keys of the JSON, but only those that could be the name of a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}, line {line} column {column}")]
#[non_exhaustive]
pub struct PayloadFault {
    /// The path of the field in the JSON, such as `recent_billings[3].amount_usd`. `.` is the root.
    pub path: String,
    /// What is wrong, such as `missing field `id`` or `invalid type: string, expected i64`.
    pub what: String,
    /// The line, starting at 1. 0 if it is unknown.
    pub line: usize,
    /// The column, starting at 1. 0 if it is unknown.
    pub column: usize,
}

impl PayloadFault {
    /// Returns why `json` cannot be deserialized as a `T`. Parses `json` again to find the path.
    pub fn of<T: DeserializeOwned>(json: &[u8]) -> Self {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(e) => {
                let path = path(e.path());
                Self::at(path, e.inner())
            }
            // The value is valid, but something follows it.
            Ok(_) => Self {
                path: ".".to_owned(),
                what: "trailing characters".to_owned(),
                line: 0,
                column: 0,
            },
        }
    }

    fn at(path: String, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // The location stands at the end. The same words may be part of the value.
        let (text, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
        // serde quotes the value: `invalid type: string "…", expected i64`.
        let what = match text.split_once(": ") {
            Some((fault @ ("invalid type" | "invalid value"), found)) => {
                let kind: String = found
                    .chars()
                    .take_while(|c| c.is_alphabetic() || *c == ' ')
                    .collect();
                let expected = found
                    .rsplit_once(", expected ")
                    .map_or("", |(_, expected)| expected);
                format!("{fault}: {}, expected {expected}", kind.trim())
            }
            _ if error.is_data() && !text.starts_with("missing field") => {
                "invalid value".to_owned()
            }
            _ => text.to_owned(),
        };
        Self {
            path,
            what,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Returns the path as text. A key that cannot be the name of a field is replaced with `…`: it may be a value.
fn path(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path.iter() {
        let name = match segment {
            Segment::Seq { index } => {
                text.push_str(&format!("[{index}]"));
                continue;
            }
            Segment::Map { key } => key,
            Segment::Enum { variant } => variant,
            Segment::Unknown => "?",
        };
        if !text.is_empty() {
            text.push('.');
        }
        let is_name = name.len() <= MAX_NAME_LEN
            && !name.contains(|c: char| c.is_control() || c.is_whitespace());
        text.push_str(if is_name { name } else { "…" });
    }
    match text.is_empty() {
        true => ".".to_owned(),
        false => text,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "the fields are only deserialized")]
    struct Answer {
        choices: Vec<BTreeMap<String, u8>>,
    }

    fn fault(json: &str) -> String {
        PayloadFault::of::<Answer>(json.as_bytes()).to_string()
    }

    #[test]
    fn faults_contain_no_values() {
        assert_eq!(
            fault(r#"{"choices": "x, expected key at line 1"}"#),
            "choices: invalid type: string, expected a sequence, line 1 column 39"
        );
        assert_eq!(
            fault(r#"{"choices": [{"first": 1}, {"second": "key"}]}"#),
            "choices[1].second: invalid type: string, expected u8, line 1 column 43"
        );
    }

    #[test]
    fn keys_that_are_no_names_are_not_shown() {
        for key in [r"two\nlines", "two words", &"k".repeat(100)] {
            let shown = fault(&format!(r#"{{"choices": [{{"{key}": ""}}]}}"#));
            let expected = "choices[0].…: invalid type: string, expected u8, ";
            assert!(shown.starts_with(expected), "{shown}");
        }
    }
}
