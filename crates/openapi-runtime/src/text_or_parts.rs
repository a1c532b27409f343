//! Texts that may be split into parts.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

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
    pub fn text(&self) -> Cow<'_, str> {
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

impl From<&String> for TextOrParts {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Cow<'_, str>> for TextOrParts {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<Box<str>> for TextOrParts {
    fn from(text: Box<str>) -> Self {
        Self::Text(text.into())
    }
}

/// Content parts, as JSON or as a type that becomes JSON.
impl<P: Into<Value>> From<Vec<P>> for TextOrParts {
    fn from(parts: Vec<P>) -> Self {
        Self::Parts(parts.into_iter().map(Into::into).collect())
    }
}

/// Content parts, as JSON or as a type that becomes JSON.
impl<P: Into<Value>, const N: usize> From<[P; N]> for TextOrParts {
    fn from(parts: [P; N]) -> Self {
        Self::Parts(parts.map(Into::into).into())
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

    #[test]
    fn it_is_created_from_every_kind_of_text_and_from_lists_of_parts() {
        let text = "a".to_owned();
        for content in [
            TextOrParts::from(&text),
            Cow::Borrowed("a").into(),
            Box::<str>::from("a").into(),
            text.clone().into(),
        ] {
            assert_eq!(content, "a".into());
        }
        let part = serde_json::json!({"type": "text", "text": "a"});
        let object = part.as_object().unwrap().clone();
        let parts = TextOrParts::Parts(vec![part.clone()]);
        assert_eq!(TextOrParts::from([part.clone()]), parts);
        assert_eq!(TextOrParts::from(vec![part]), parts);
        assert_eq!(TextOrParts::from([object]), parts);
    }
}
