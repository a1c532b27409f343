//! A chunk as it lies in the buffer of its event.
//!
//! It is what [`ChatCompletionChunk`] is, with its texts lent: whoever asks for nothing but the text pays
//! for nothing but the text. What is kept of a stream is taken from it by `Assembly`. That it says the
//! same as the generated type of the same JSON, and has the same fields, is tested below.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use pinference_api::types::{
    ChatCompletionChunk, ChatCompletionChunkChoice, ChatCompletionDelta, FinishReason, Role,
    ToolCallDelta, Usage,
};
use prime_runtime::TextOrParts;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A type that is read from a JSON object: its fields, and in `extra` what it does not list.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> {
            $(pub(crate) $field: Option<$type>,)*
            pub(crate) extra: Map<String, Value>,
        }

        impl $name<'_> {
            #[cfg(test)]
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields<'a>(PhantomData<&'a ()>);

                impl<'de: 'a, 'a> Visitor<'de> for Fields<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<$name<'a>, M::Error> {
                        let mut read = $name::default();
                        while let Some(Text(key)) = map.next_key()? {
                            match &*key {
                                $(stringify!($field) => {
                                    if read.$field.is_some() {
                                        return Err(M::Error::duplicate_field(stringify!($field)));
                                    }
                                    read.$field = map.next_value()?;
                                })*
                                _ => {
                                    read.extra.insert(key.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        Ok(read)
                    }
                }

                deserializer.deserialize_map(Fields(PhantomData))
            }
        }
    };
}

object! {
    /// An event of a stream.
    Chunk {
        choices: Choices<'a>,
        created: Number,
        error: Value,
        id: Text<'a>,
        model: Text<'a>,
        object: Text<'a>,
        service_tier: Text<'a>,
        system_fingerprint: Text<'a>,
        usage: Usage,
    }
}

object! {
    /// What it adds to one of the answers.
    Choice {
        delta: Delta<'a>,
        error: Value,
        finish_reason: Text<'a>,
        index: i64,
        logprobs: Value,
    }
}

object! {
    /// The piece of a message.
    Delta {
        content: Content<'a>,
        reasoning: Text<'a>,
        reasoning_content: Text<'a>,
        reasoning_details: Vec<Value>,
        refusal: Text<'a>,
        role: Text<'a>,
        tool_calls: Vec<ToolCallDelta>,
    }
}

/// A text, lent if it lies in the buffer as it is.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// A text, or parts of which some are texts.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Value>),
}

/// Nearly always one, which then takes no allocation.
#[derive(Debug, Default)]
pub(crate) struct Choices<'a> {
    first: Option<Choice<'a>>,
    more: Vec<Choice<'a>>,
}

/// A number, leniently read.
#[derive(Debug)]
pub(crate) struct Number(Option<i64>);

impl<'a> Chunk<'a> {
    pub(crate) fn choices(&self) -> impl Iterator<Item = &Choice<'a>> {
        let choices = self.choices.iter();
        choices.flat_map(|choices| choices.first.iter().chain(&choices.more))
    }

    pub(crate) fn into_choices(self) -> impl Iterator<Item = Choice<'a>> {
        let choices = self.choices.into_iter();
        choices.flat_map(|choices| choices.first.into_iter().chain(choices.more))
    }

    pub(crate) fn created(&self) -> Option<i64> {
        self.created.as_ref()?.0
    }

    /// Whether it says that something went wrong.
    pub(crate) fn says_error(&self) -> bool {
        self.error.is_some() || self.choices().any(|choice| choice.error.is_some())
    }

    /// Whether it has nothing that a chunk has.
    pub(crate) fn says_nothing(&self) -> bool {
        self.choices().next().is_none()
            && self.usage.is_none()
            && self.id.is_none()
            && self.model.is_none()
    }

    /// The text of the first answer in it; nothing if it is empty.
    pub(crate) fn into_text(self) -> Option<String> {
        let mut pieces = self
            .into_choices()
            .filter(|choice| choice.index.unwrap_or(0) == 0)
            .filter_map(|choice| match choice.delta?.content? {
                Content::Text(text) => Some(text.into_owned()),
                Content::Parts(parts) => Some(TextOrParts::from(parts).text().into_owned()),
            })
            .filter(|text| !text.is_empty());
        let first = pieces.next()?;
        Some(pieces.fold(first, |text, more| text + &more))
    }

    /// The generated type of it.
    pub(crate) fn into_owned(mut self) -> ChatCompletionChunk {
        let mut chunk = ChatCompletionChunk::default();
        chunk.created = self.created();
        chunk.error = self.error.take();
        chunk.id = owned(self.id.take());
        chunk.model = owned(self.model.take());
        chunk.object = owned(self.object.take());
        chunk.service_tier = owned(self.service_tier.take());
        chunk.system_fingerprint = owned(self.system_fingerprint.take());
        chunk.usage = self.usage.take();
        chunk.extra = std::mem::take(&mut self.extra);
        if let Some(Choices { first, more }) = self.choices {
            chunk
                .choices
                .reserve_exact(usize::from(first.is_some()) + more.len());
            let choices = first.into_iter().chain(more);
            chunk.choices.extend(choices.map(Choice::into_owned));
        }
        chunk
    }
}

impl Choice<'_> {
    pub(crate) fn finish_reason(&self) -> Option<FinishReason> {
        let reason = self.finish_reason.as_ref();
        reason.map(|reason| FinishReason::from(&*reason.0))
    }

    fn into_owned(self) -> ChatCompletionChunkChoice {
        let mut choice = ChatCompletionChunkChoice::default();
        choice.finish_reason = self.finish_reason();
        choice.delta = self.delta.map(Delta::into_owned);
        choice.error = self.error;
        choice.index = self.index;
        choice.logprobs = self.logprobs;
        choice.extra = self.extra;
        choice
    }
}

impl Delta<'_> {
    pub(crate) fn role(&self) -> Option<Role> {
        self.role.as_ref().map(|role| Role::from(&*role.0))
    }

    fn into_owned(self) -> ChatCompletionDelta {
        let mut delta = ChatCompletionDelta::default();
        delta.role = self.role();
        delta.content = self.content.map(Content::into_owned);
        delta.reasoning = owned(self.reasoning);
        delta.reasoning_content = owned(self.reasoning_content);
        delta.reasoning_details = self.reasoning_details;
        delta.refusal = owned(self.refusal);
        delta.tool_calls = self.tool_calls;
        delta.extra = self.extra;
        delta
    }
}

impl Content<'_> {
    fn into_owned(self) -> TextOrParts {
        match self {
            Self::Text(text) => TextOrParts::Text(text.into_owned()),
            Self::Parts(parts) => TextOrParts::Parts(parts),
        }
    }
}

fn owned(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.0.into_owned())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lent;

        impl<'de> Visitor<'de> for Lent {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Lent)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrList;

        impl<'de> Visitor<'de> for TextOrList {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of parts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Content<'de>, S::Error> {
                let mut parts = Vec::new();
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }

        deserializer.deserialize_any(TextOrList)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for List<'a> {
            type Value = Choices<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Choices<'a>, S::Error> {
                let first = list.next_element()?;
                let mut more = Vec::new();
                if first.is_some() {
                    while let Some(choice) = list.next_element()? {
                        more.push(choice);
                    }
                }
                Ok(Choices { first, more })
            }
        }

        deserializer.deserialize_seq(List(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?;
        if let Ok(number) = raw.get().parse() {
            return Ok(Self(Some(number)));
        }
        // Rare: the way in which the generated type reads it.
        prime_runtime::lenient(raw)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_fields_of_the_generated_types() {
        assert_eq!(Chunk::FIELDS, ChatCompletionChunk::FIELDS);
        assert_eq!(Choice::FIELDS, ChatCompletionChunkChoice::FIELDS);
        assert_eq!(Delta::FIELDS, ChatCompletionDelta::FIELDS);
    }

    #[test]
    fn it_says_what_the_generated_types_say() {
        for json in [
            r#"{}"#,
            r#"{"id":null,"choices":null,"created":null,"usage":null,"error":null}"#,
            r#"{"id":"a\n\u00e4","object":"o","model":"ä","created":17,"service_tier":"t",
                "system_fingerprint":"f","choices":[],"error":{"message":"no"},"provider":"p"}"#,
            r#"{"created":"17.5","choices":[{}]}"#,
            r#"{"created":1e30,"choices":[{"delta":null,"finish_reason":null}]}"#,
            r#"{"created":[1],"choices":[{"index":1,"delta":{"role":"developer","content":[{"text":"x"}],
                "new":[1]},"finish_reason":"abort","logprobs":{"content":[]},"native":null},
                {"index":2,"delta":{"role":"assistant","content":"\"","reasoning":"r",
                "reasoning_content":"s","reasoning_details":[1],"refusal":"no","tool_calls":
                [{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":{"a":1}},
                "more":1}]},"finish_reason":"stop","error":"e"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1,"cost":"0.10","cost_details":{"a":1},
                "prompt_tokens_details":{"cached_tokens":1,"audio_tokens":2}}}"#,
        ] {
            let lent: Chunk<'_> = serde_json::from_str(json).unwrap();
            let generated: ChatCompletionChunk = serde_json::from_str(json).unwrap();
            assert_eq!(
                format!("{:?}", lent.into_owned()),
                format!("{generated:?}"),
                "{json}"
            );
        }
    }

    #[test]
    fn it_refuses_what_the_generated_types_refuse() {
        for json in [
            "7",
            "[]",
            r#""a""#,
            r#"{"choices":7}"#,
            r#"{"choices":[7]}"#,
            r#"{"id":7}"#,
            r#"{"choices":[{"delta":{"content":7}}]}"#,
            r#"{"choices":[{"index":"0"}]}"#,
            r#"{"choices":[{"delta":{"content":"a","content":"b"}}]}"#,
            r#"{"a":"#,
        ] {
            assert!(serde_json::from_str::<Chunk<'_>>(json).is_err(), "{json}");
            assert!(
                serde_json::from_str::<ChatCompletionChunk>(json).is_err(),
                "{json}"
            );
        }
    }
}
