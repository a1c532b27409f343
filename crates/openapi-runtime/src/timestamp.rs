//! Points in time.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, with the OpenAPI format `date-time`.
///
/// Deserializes from RFC 3339, and from common variants: a space instead of the `T`, a comma instead of the decimal
/// point, and an offset such as `+0000` or `+00`, which may follow a space. A time without an offset is in UTC. Digits
/// after the ninth decimal place are dropped. A leap second (`:60`) is accepted, `24:00` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Returns the point in time as a `chrono::DateTime`.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl From<std::time::SystemTime> for Timestamp {
    fn from(time: std::time::SystemTime) -> Self {
        Self(time.into())
    }
}

/// The error returned for text that is not a valid date and time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid date and time")]
pub struct ParseTimestampError(());

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The usual format is parsed fastest.
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self(time.to_utc()));
        }
        let invalid = ParseTimestampError(());
        let (date, time) = text.split_once(['T', 't', ' ']).ok_or(invalid.clone())?;
        let text = format!("{date}T{}", time.replace(',', "."));
        DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%#z")
            .map(|time| time.to_utc())
            .or_else(|_| {
                Ok(NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f")?.and_utc())
            })
            .map(Self)
            .map_err(|_: chrono::ParseError| invalid)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parses_times_with_and_without_offset() {
        let expected = "2026-01-31T12:00:00.5Z".parse::<Timestamp>().unwrap();
        for text in [
            "2026-01-31T14:00:00.5+02:00",
            "2026-01-31T12:00:00.500000",
            "2026-01-31 12:00:00.5",
            "2026-01-31t12:00:00,5z",
            "2026-01-31T12:00:00.5-0000",
            "2026-01-31 12:00:00.5+00",
            "2026-01-31 12:00:00.5 +00:00",
            "2026-01-31T06:30:00.5-05:30",
            "2026-01-31 06:30:00,5 -0530",
            "2026-01-31T06:30:00.5\u{2212}05:30",
            "2026-02-01T11:59:00.5+2359",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "2026-01-31T12:00:00.500Z");
        for text in [
            "yesterday",
            "2026-01-31",
            "2026-01-31T12:00:00+5",
            "2026-01-31T12:00:00+053",
            "2026-01-31T12:00:00+05:60",
            "2026-01-31T12:00:00+24:00",
            "2026-01-31T12:00:00 CET",
            "2026-01-31T12:00:00Z+01",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:61Z",
            "2026-02-30T12:00:00",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_digit_of_a_time_is_changed() {
        for (text, expected) in [
            (
                "2026-01-31T12:00:00.123456789+00",
                "2026-01-31T12:00:00.123456789Z",
            ),
            (
                "2026-01-31T12:00:00.9999999999Z",
                "2026-01-31T12:00:00.999999999Z",
            ),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"),
            ("2017-01-01 00:59:60,25 +0100", "2016-12-31T23:59:60.250Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), expected);
        }
    }
}
