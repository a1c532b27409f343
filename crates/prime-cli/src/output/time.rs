//! Times in JSON, as the official client writes them.

use prime_ext::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A time in the format of Python's `str`: `2026-01-02 03:04:05.678900+00:00`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[schemars(inline, with = "String")]
pub(crate) struct PythonTime(Timestamp);

/// A time in the format of RFC 3339: `2026-01-02T03:04:05.678900Z`.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(inline, with = "Timestamp")]
pub(crate) struct IsoTime(pub(crate) Timestamp);

impl Serialize for PythonTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(self.0, ' ', "+00:00"))
    }
}

impl Serialize for IsoTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(self.0, 'T', "Z"))
    }
}

/// Formats a time, with microseconds unless they are zero.
fn text(time: Timestamp, separator: char, zone: &str) -> String {
    let time = time.utc();
    let fraction = time.format("%.6f").to_string();
    let fraction = if fraction == ".000000" { "" } else { &fraction };
    let (date, time) = (time.format("%Y-%m-%d"), time.format("%H:%M:%S"));
    format!("{date}{separator}{time}{fraction}{zone}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_official_client_does() {
        for (time, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500000Z"),
            (
                "2026-01-02T03:04:05.678901234Z",
                "2026-01-02T03:04:05.678901Z",
            ),
        ] {
            let time: Timestamp = time.parse().unwrap();
            assert_eq!(serde_json::to_value(IsoTime(time)).unwrap(), expected);
            let python = expected.replace('T', " ").replace('Z', "+00:00");
            assert_eq!(serde_json::to_value(PythonTime(time)).unwrap(), python);
        }
    }
}
