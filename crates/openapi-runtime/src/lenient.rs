//! Fields that servers write in more ways than one, and for whose sake no answer is lost.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Usd;

/// A type that can be read from more than its own form.
pub trait Lenient: Sized {
    /// Reads a JSON text of whatever form; nothing if it makes no sense.
    fn read(json: &str) -> Option<Self>;
}

/// A number, or a string of one; a fraction is cut off.
impl Lenient for i64 {
    fn read(json: &str) -> Option<Self> {
        let text = json.trim_matches('"').trim();
        text.parse().ok().or_else(|| {
            let number: f64 = text.parse().ok()?;
            #[allow(clippy::cast_possible_truncation, reason = "a fraction is cut off")]
            (number.is_finite() && number.abs() < 9e18).then_some(number as Self)
        })
    }
}

/// A string, or the JSON text of anything else.
impl Lenient for String {
    fn read(json: &str) -> Option<Self> {
        if json.starts_with('"') {
            serde_json::from_str(json).ok()
        } else {
            Some(json.to_owned())
        }
    }
}

/// A number, a string of one, or an object that says `total_cost`.
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

/// Reads a field leniently: what makes no sense is nothing.
///
/// # Errors
/// If it is no JSON at all.
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

/// A text, or a list of parts of which some are texts.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum TextOrParts {
    /// A text.
    Text(String),
    /// Parts, such as `{"type":"text","text":"…"}`.
    Parts(Vec<Value>),
}

impl TextOrParts {
    /// The text, or the texts of the parts that are texts, one after the other.
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
    fn whatever_way_it_is_written() {
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
        for nonsense in ["null", "[]", "\"soon\"", "true"] {
            let all = read(&format!("{{\"created\":{nonsense},\"cost\":{nonsense}}}"));
            assert_eq!((all.created, all.cost), (None, None), "{nonsense}");
        }
    }

    #[test]
    fn texts_of_parts() {
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
