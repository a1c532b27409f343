//! Locates the mismatch between a body and its type.

use serde::de::DeserializeOwned;

/// Describes where and how JSON does not match its type. Contains no values, because a misplaced value may be a secret.
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
                let path = e.path().to_string();
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
        let text = text.split(" at line ").next().unwrap_or(&text);
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
