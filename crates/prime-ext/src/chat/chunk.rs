//! A chunk that borrows from the buffer of its event.
//!
//! It has the fields of [`ChatCompletionChunk`], but borrows the texts, so that a caller who needs only the text pays
//! only for the text. [`ChatAccumulator`](super::ChatAccumulator) copies what it keeps. The tests below compare it with
//! the generated type.
//!
//! It is deserialized in place, because moving its large structs took most of the time.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use openapi_runtime::{TextOrParts, Warning, lenient};
use pinference_api::types::{
    ChatCompletionChunk, ChatCompletionChunkChoice, ChatCompletionDelta, FinishReason, Logprobs,
    Role, ServiceTier, ToolCallDelta, Usage,
};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use openapi_runtime::error::is_error_value;

use super::accumulator::is_empty_usage;
use super::shapes::{self, Part};

/// A type that is deserialized into an existing value, which must be empty.
pub(super) trait DeserializeInPlace<'de> {
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error>;
}

impl<'de, T: Deserialize<'de>> DeserializeInPlace<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        *self = Self::deserialize(deserializer)?;
        Ok(())
    }
}

/// Deserializes into the referenced value.
struct InPlaceSeed<'p, P>(&'p mut P);

impl<'de, P: DeserializeInPlace<'de>> DeserializeSeed<'de> for InPlaceSeed<'_, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.read(deserializer)
    }
}

/// Deserializes an optional value in place; `null` becomes `None`.
struct Nullable<'p, T>(&'p mut Option<T>);

impl<'de, T: Default + DeserializeInPlace<'de>> Visitor<'de> for Nullable<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or a value")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        *self.0 = None;
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.get_or_insert_default().read(deserializer)
    }
}

/// Declares a type that is deserialized from a JSON object. `extra` has the fields that the type does not declare.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> {
            $(pub(crate) $field: Option<$type>,)*
            /// Boxed, because dropping an empty map takes longer than checking for `None`.
            pub(crate) extra: Option<Box<Map<String, Value>>>,
        }

        #[cfg(test)]
        impl $name<'_> {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
        }

        impl<'de: 'a, 'a> Visitor<'de> for &mut $name<'a> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
                // Duplicates are rejected even if the first value is `null`.
                $(let mut $field = false;)*
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        $(stringify!($field) => {
                            if std::mem::replace(&mut $field, true) {
                                return Err(M::Error::duplicate_field(stringify!($field)));
                            }
                            map.next_value_seed(InPlaceSeed(&mut self.$field))?;
                        })*
                        _ => {
                            let extra = self.extra.get_or_insert_default();
                            extra.insert(key.into_owned(), map.next_value()?);
                        }
                    }
                }
                Ok(())
            }
        }

        impl<'de: 'a, 'a> DeserializeInPlace<'de> for $name<'a> {
            fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_map(self)
            }
        }

        impl<'de: 'a, 'a> DeserializeInPlace<'de> for Option<$name<'a>> {
            fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_option(Nullable(self))
            }
        }
    };
}

object! {
    /// One chunk of a stream.
    Chunk {
        choices: Choices<'a>,
        created: Number,
        error: Value,
        id: Text<'a>,
        model: Text<'a>,
        object: Text<'a>,
        service_tier: Text<'a>,
        system_fingerprint: Text<'a>,
        usage: Box<Usage>,
    }
}

object! {
    /// What a chunk adds to one choice.
    Choice {
        delta: Delta<'a>,
        error: Value,
        finish_reason: Text<'a>,
        index: i64,
        logprobs: Box<Logprobs>,
    }
}

object! {
    /// What a chunk adds to a message.
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

/// A string, borrowed unless it has escapes.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// A text, or a list of content parts.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Value>),
}

/// The maximum number of choices in a response or a chunk. OpenAI's API returns at most 128.
pub(crate) const MAX_CHOICES: u32 = 2048;

/// The choices of a chunk. A single choice, the usual case, needs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Choices<'a> {
    first: Option<Choice<'a>>,
    more: Vec<Choice<'a>>,
    /// Whether there were more than [`MAX_CHOICES`]; the excess is dropped.
    too_many: bool,
}

/// An integer, parsed leniently.
#[derive(Debug)]
pub(crate) struct Number(Option<i64>);

impl<'a> Chunk<'a> {
    /// Parses a chunk into `self`, which must be empty.
    pub(crate) fn read_json(&mut self, json: &'a str) -> serde_json::Result<()> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        self.read(&mut deserializer)?;
        deserializer.end()
    }

    /// Parses a chunk into `self`, which must be empty. A chunk that does not match the specification is rewritten, and
    /// each change is a warning. `rewritten` keeps the rewritten JSON, from which the chunk then borrows.
    pub(crate) fn read_lenient(
        &mut self,
        json: &'a str,
        rewritten: &'a OnceCell<String>,
    ) -> serde_json::Result<Vec<Warning>> {
        let strict = self.read_json(json);
        if strict.is_ok() && !self.has_other_shape() {
            return Ok(Vec::new());
        }
        let shaped = shapes::rewrite(json.as_bytes(), Part::Delta);
        let (shaped, mut warnings) = shaped.unwrap_or_else(|| (json.to_owned(), Vec::new()));
        match lenient::rewrite::<ChatCompletionChunk>(shaped.as_bytes()) {
            Ok((json, more)) => {
                warnings.extend(more);
                *self = Self::default();
                self.read_json(rewritten.get_or_init(|| json))?;
                Ok(warnings)
            }
            Err(error) => strict.map(|()| Vec::new()).map_err(|_| error),
        }
    }

    /// Returns whether its contents or its usage may be where the specification does not expect them.
    fn has_other_shape(&self) -> bool {
        let has = |extra: &Option<Box<Map<String, Value>>>, names: &[&str]| {
            let extra = extra.as_ref();
            extra.is_some_and(|extra| names.iter().any(|name| extra.contains_key(*name)))
        };
        let mut choices = self.choices().peekable();
        choices.peek().is_none() && has(&self.extra, &["message", "delta", "text"])
            || choices.any(|choice| {
                choice.delta.is_none() && has(&choice.extra, &["message", "text"])
                    || has(&choice.extra, &["usage"])
                        && self
                            .usage
                            .as_ref()
                            .is_none_or(|usage| is_empty_usage(usage))
            })
    }

    pub(crate) fn choices(&self) -> impl Iterator<Item = &Choice<'a>> {
        let (first, more) = match &self.choices {
            Some(Choices { first, more, .. }) => (first.as_ref(), &more[..]),
            None => (None, &[][..]),
        };
        first.into_iter().chain(more)
    }

    /// Returns whether it had more than [`MAX_CHOICES`] choices.
    pub(crate) fn has_too_many_choices(&self) -> bool {
        self.choices
            .as_ref()
            .is_some_and(|choices| choices.too_many)
    }

    pub(crate) fn created(&self) -> Option<i64> {
        self.created.as_ref()?.0
    }

    /// Returns which metadata fields of the response are present, as one bit each. An empty text or 0 counts as missing:
    /// some servers send such placeholders.
    pub(crate) fn metadata(&self) -> u8 {
        let has = |text: &Option<Text<'_>>| text.as_ref().is_some_and(|text| !text.0.is_empty());
        u8::from(self.created().is_some_and(|created| created != 0))
            | u8::from(has(&self.id)) << 1
            | u8::from(has(&self.model)) << 2
            | u8::from(has(&self.service_tier)) << 3
            | u8::from(has(&self.system_fingerprint)) << 4
    }

    /// Returns whether the chunk or one of its choices reports an error.
    pub(crate) fn reports_error(&self) -> bool {
        let mut errors = self.choices().map(|choice| &choice.error);
        is_error_value(self.error.as_ref()) || errors.any(|error| is_error_value(error.as_ref()))
    }

    /// Returns whether it has no choice, usage, id or model. The event is then possibly not a chunk.
    pub(crate) fn is_empty(&self) -> bool {
        self.choices().next().is_none()
            && self.usage.is_none()
            && self.id.is_none()
            && self.model.is_none()
    }

    /// Returns the text of a choice, or `None` if it is empty.
    pub(crate) fn text(&self, index: i64) -> Option<String> {
        let mut texts = self
            .choices()
            .filter(|choice| choice.index.unwrap_or(0) == index)
            .filter_map(|choice| match choice.delta.as_ref()?.content.as_ref()? {
                Content::Text(text) => Some(Cow::Borrowed(&**text)),
                Content::Parts(parts) => Some(texts_of(parts)),
            })
            .filter(|text| !text.is_empty());
        let first = texts.next()?.into_owned();
        Some(texts.fold(first, |text, more| text + &more))
    }

    /// Moves the contents into the generated type.
    pub(crate) fn take(&mut self) -> ChatCompletionChunk {
        let mut chunk = ChatCompletionChunk::default();
        chunk.created = self.created();
        chunk.error = self.error.take();
        chunk.id = owned(&mut self.id);
        chunk.model = owned(&mut self.model);
        chunk.object = owned(&mut self.object);
        chunk.service_tier = owned(&mut self.service_tier).map(ServiceTier::from);
        chunk.system_fingerprint = owned(&mut self.system_fingerprint);
        chunk.usage = self.usage.take().map(|usage| *usage);
        if let Some(extra) = self.extra.take() {
            chunk.extra = *extra;
        }
        if let Some(Choices { first, more, .. }) = &mut self.choices {
            if let Some(first) = first {
                chunk.choices.reserve_exact(1 + more.len());
                chunk.choices.push(first.take());
            }
            chunk.choices.extend(more.iter_mut().map(Choice::take));
        }
        chunk
    }
}

/// Returns the joined texts of content parts.
fn texts_of(parts: &[Value]) -> Cow<'_, str> {
    TextOrParts::from(parts.to_vec()).text().into_owned().into()
}

impl Choice<'_> {
    pub(crate) fn finish_reason(&self) -> Option<FinishReason> {
        let reason = self.finish_reason.as_ref();
        reason.map(|reason| FinishReason::from(&*reason.0))
    }

    fn take(&mut self) -> ChatCompletionChunkChoice {
        let mut choice = ChatCompletionChunkChoice::default();
        choice.finish_reason = self.finish_reason();
        choice.delta = self.delta.as_mut().map(Delta::take);
        choice.error = self.error.take();
        choice.index = self.index;
        choice.logprobs = self.logprobs.take().map(|logprobs| *logprobs);
        if let Some(extra) = self.extra.take() {
            choice.extra = *extra;
        }
        choice
    }
}

impl Delta<'_> {
    pub(crate) fn role(&self) -> Option<Role> {
        self.role.as_ref().map(|role| Role::from(&*role.0))
    }

    fn take(&mut self) -> ChatCompletionDelta {
        let mut delta = ChatCompletionDelta::default();
        delta.role = self.role();
        delta.content = self.content.take().map(|content| match content {
            Content::Text(text) => TextOrParts::Text(text.into_owned()),
            Content::Parts(parts) => TextOrParts::Parts(parts),
        });
        delta.reasoning = owned(&mut self.reasoning);
        delta.reasoning_content = owned(&mut self.reasoning_content);
        delta.reasoning_details = self.reasoning_details.take();
        delta.refusal = owned(&mut self.refusal);
        delta.tool_calls = self.tool_calls.take();
        if let Some(extra) = self.extra.take() {
            delta.extra = *extra;
        }
        delta
    }
}

fn owned(text: &mut Option<Text<'_>>) -> Option<String> {
    text.take().map(|text| text.0.into_owned())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
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

        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;

        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of parts")
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

        deserializer.deserialize_any(ContentVisitor)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for &mut Choices<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        let first = self.first.get_or_insert_default();
        if list.next_element_seed(InPlaceSeed(first))?.is_none() {
            self.first = None;
            return Ok(());
        }
        let mut next = Choice::default();
        while list.next_element_seed(InPlaceSeed(&mut next))?.is_some() {
            if self.more.len() + 1 >= MAX_CHOICES as usize {
                self.too_many = true;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
            self.more.push(std::mem::take(&mut next));
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> DeserializeInPlace<'de> for Choices<'a> {
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de: 'a, 'a> DeserializeInPlace<'de> for Option<Choices<'a>> {
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(Nullable(self))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if let Ok(number) = raw.get().parse() {
            return Ok(Self(Some(number)));
        }
        // Rare, so the slower parser of the generated type is acceptable.
        lenient(raw).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(json: &str) -> serde_json::Result<Chunk<'_>> {
        let mut chunk = Chunk::default();
        chunk.read_json(json)?;
        Ok(chunk)
    }

    #[test]
    fn it_has_the_fields_of_the_generated_types() {
        assert_eq!(Chunk::FIELDS, ChatCompletionChunk::FIELDS);
        assert_eq!(Choice::FIELDS, ChatCompletionChunkChoice::FIELDS);
        assert_eq!(Delta::FIELDS, ChatCompletionDelta::FIELDS);
    }

    #[test]
    fn it_reads_what_the_generated_types_read() {
        for json in [
            r#"{}"#,
            r#"{"id":null,"choices":null,"created":null,"usage":null,"error":null}"#,
            r#"{"id":"a\n\u00e4","object":"o","model":"ä","created":17,"service_tier":"t",
                "system_fingerprint":"f","choices":[],"error":{"message":"no"},"provider":"p"}"#,
            r#"{"created":"17","choices":[{}]}"#,
            r#"{"created":17.0,"choices":[{"delta":null,"finish_reason":null}]}"#,
            r#"{"created":1.7e1,"choices":[{"index":1,"delta":{"role":"developer","content":[{"text":"x"}],
                "new":[1]},"finish_reason":"abort","logprobs":{"content":[{"token":"a","logprob":-1,"bytes":[97]}]},"native":null},
                {"index":2,"delta":{"role":"assistant","content":"\"","reasoning":"r",
                "reasoning_content":"s","reasoning_details":[1],"refusal":"no","tool_calls":
                [{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":{"a":1}},
                "more":1}]},"finish_reason":"stop","error":"e"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1,"cost":"0.10","cost_details":{"a":1},
                "prompt_tokens_details":{"cached_tokens":1,"audio_tokens":2}}}"#,
        ] {
            let mut chunk = read(json).unwrap();
            let generated: ChatCompletionChunk = serde_json::from_str(json).unwrap();
            assert_eq!(
                format!("{:?}", chunk.take()),
                format!("{generated:?}"),
                "{json}"
            );
        }
    }

    #[test]
    fn it_rejects_what_the_generated_types_reject() {
        for json in [
            "7",
            "[]",
            r#""a""#,
            r#"{"choices":7}"#,
            r#"{"choices":[7]}"#,
            r#"{"id":7}"#,
            r#"{"choices":[{"delta":{"content":7}}]}"#,
            r#"{"choices":[{"index":"0"}]}"#,
            r#"{"created":17.5}"#,
            r#"{"created":[1]}"#,
            r#"{"choices":[{"delta":{"content":"a","content":"b"}}]}"#,
            r#"{"choices":null,"choices":[]}"#,
            r#"{"a":"#,
        ] {
            assert!(read(json).is_err(), "{json}");
            assert!(
                serde_json::from_str::<ChatCompletionChunk>(json).is_err(),
                "{json}"
            );
        }
    }
}
