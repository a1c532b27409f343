//! Lenient deserialization of fields that servers send in several formats.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Usd;

/// A type that can be parsed from several JSON formats.
pub trait Lenient: Sized {
    /// Parses JSON. Returns `None` if the format is not supported.
    fn read(json: &str) -> Option<Self>;
}

/// Parses a number, or a string that contains one. Fractions are truncated.
impl Lenient for i64 {
    fn read(json: &str) -> Option<Self> {
        let text = json.trim_matches('"').trim();
        text.parse().ok().or_else(|| {
            let number: f64 = text.parse().ok()?;
            #[allow(clippy::cast_possible_truncation, reason = "fractions are truncated")]
            (number.is_finite() && number.abs() < 9e18).then_some(number as Self)
        })
    }
}

/// Returns a string, or the JSON text of any other value.
impl Lenient for String {
    fn read(json: &str) -> Option<Self> {
        if json.starts_with('"') {
            serde_json::from_str(json).ok()
        } else {
            Some(json.to_owned())
        }
    }
}

/// Parses a number, a string that contains one, or an object with a `total_cost`.
impl Lenient for Usd {
    fn read(json: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Total {
            total_cost: Usd,
        }
        serde_json::from_str(json)
            .or_else(|_| serde_json::from_str(json).map(|total: Total| total.total_cost))
            .ok()
    }
}

/// Deserializes a field leniently. A value in an unsupported format becomes `None`.
///
/// # Errors
/// If the input is not valid JSON.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Lenient,
{
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(if raw.get() == "null" {
        None
    } else {
        T::read(raw.get())
    })
}

/// A text, or a list of content parts.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum TextOrParts {
    /// A text.
    Text(String),
    /// Content parts, such as `{"type":"text","text":"…"}`.
    Parts(Vec<Value>),
}

impl TextOrParts {
    /// Returns the text, or the concatenated text of all text parts.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Parts(parts) => {
                let is_text = |part: &&Value| part["type"] == "text" || part["type"].is_null();
                let texts = parts
                    .iter()
                    .filter(is_text)
                    .filter_map(|part| part["text"].as_str());
                texts.collect::<String>().into()
            }
        }
    }
}

impl From<String> for TextOrParts {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for TextOrParts {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<Value>> for TextOrParts {
    fn from(parts: Vec<Value>) -> Self {
        Self::Parts(parts)
    }
}

impl<'de> Deserialize<'de> for TextOrParts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = TextOrParts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of parts")
            }

            fn visit_str<E>(self, text: &str) -> Result<TextOrParts, E> {
                Ok(text.into())
            }

            fn visit_string<E>(self, text: String) -> Result<TextOrParts, E> {
                Ok(TextOrParts::Text(text))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut parts: A,
            ) -> Result<TextOrParts, A::Error> {
                let mut list = Vec::new();
                while let Some(part) = parts.next_element()? {
                    list.push(part);
                }
                Ok(TextOrParts::Parts(list))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_formats_are_parsed() {
        #[derive(Deserialize)]
        struct All {
            #[serde(default, deserialize_with = "lenient")]
            created: Option<i64>,
            #[serde(default, deserialize_with = "lenient")]
            arguments: Option<String>,
            #[serde(default, deserialize_with = "lenient")]
            cost: Option<Usd>,
        }
        let read = |text: &str| serde_json::from_str::<All>(text).unwrap();
        for created in ["17", "\"17\"", "17.9", "\"17.5\""] {
            assert_eq!(
                read(&format!("{{\"created\":{created}}}")).created,
                Some(17),
                "{created}"
            );
        }
        for cost in [
            "0.10",
            "\"0.10\"",
            "{\"total_cost\":0.10,\"request_cost\":0}",
        ] {
            let cost = read(&format!("{{\"cost\":{cost}}}")).cost.unwrap();
            assert_eq!(cost.to_string(), "0.10");
        }
        assert_eq!(
            read(r#"{"arguments":{"a": 1}}"#).arguments.as_deref(),
            Some(r#"{"a": 1}"#)
        );
        assert_eq!(
            read(r#"{"arguments":"{\"a\"}"}"#).arguments.as_deref(),
            Some(r#"{"a"}"#)
        );
        for invalid in ["null", "[]", "\"soon\"", "true"] {
            let all = read(&format!("{{\"created\":{invalid},\"cost\":{invalid}}}"));
            assert_eq!((all.created, all.cost), (None, None), "{invalid}");
        }
    }

    #[test]
    fn text_parts_are_concatenated() {
        let content: TextOrParts = serde_json::from_str(
            r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"},{"type":"text","text":"b"}]"#,
        )
        .unwrap();
        assert_eq!(content.text(), "ab");
        assert_eq!(
            serde_json::from_str::<TextOrParts>("\"a\"").unwrap(),
            "a".into()
        );
        assert!(serde_json::from_str::<TextOrParts>("7").is_err());
    }
}
