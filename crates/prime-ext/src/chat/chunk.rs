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
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
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

/// Declares a type that is deserialized from a JSON object, and the type of its rare fields.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty,)* }
        $rare:ident { $($rare_field:ident: $rare_type:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> {
            $(pub(crate) $field: Option<$type>,)*
            /// `None` if none of them is set.
            pub(crate) rare: Option<Box<$rare>>,
        }

        #[doc = concat!("The fields of [`", stringify!($name), "`] that few chunks have.")]
        #[derive(Debug, Default)]
        pub(crate) struct $rare {
            $(pub(crate) $rare_field: Option<$rare_type>,)*
            /// The fields that the types do not declare.
            pub(crate) extra: Map<String, Value>,
        }

        impl $name<'_> {
            const FIELDS: &'static [&'static str] =
                &[$(stringify!($field),)* $(stringify!($rare_field)),*];
        }

        impl<'de: 'a, 'a> Visitor<'de> for &mut $name<'a> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
                #[allow(non_camel_case_types, reason = "the names of the fields")]
                #[derive(Clone, Copy)]
                enum Field { $($field,)* $($rare_field),* }

                struct FieldSeed<'p, 'a>(&'p mut $name<'a>, Field);

                // A single call reads all fields, which keeps the code small enough for the instruction cache.
                impl<'de: 'a, 'a> DeserializeSeed<'de> for FieldSeed<'_, 'a> {
                    type Value = ();

                    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
                        let Self(object, field) = self;
                        match field {
                            $(Field::$field => object.$field.read(value),)*
                            $(Field::$rare_field => {
                                if let value @ Some(_) = Option::deserialize(value)? {
                                    object.rare.get_or_insert_default().$rare_field = value;
                                }
                                Ok(())
                            })*
                        }
                    }
                }

                // Duplicates are rejected even if the first value is `null`.
                let mut seen = 0_u16;
                while let Some(Text(key)) = map.next_key()? {
                    let field = match &*key {
                        $(stringify!($field) => Field::$field,)*
                        $(stringify!($rare_field) => Field::$rare_field,)*
                        _ => {
                            let rare = self.rare.get_or_insert_default();
                            rare.extra.insert(key.into_owned(), map.next_value()?);
                            continue;
                        }
                    };
                    let bit = 1 << field as u16;
                    if seen & bit != 0 {
                        return Err(M::Error::duplicate_field($name::FIELDS[field as usize]));
                    }
                    seen |= bit;
                    map.next_value_seed(FieldSeed(self, field))?;
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
        id: Text<'a>,
        model: Text<'a>,
        object: Text<'a>,
        service_tier: Text<'a>,
        system_fingerprint: Text<'a>,
    }
    RareOfChunk {
        error: Value,
        usage: Usage,
    }
}

object! {
    /// What a chunk adds to one choice.
    Choice {
        delta: Delta<'a>,
        finish_reason: Text<'a>,
        index: i64,
    }
    RareOfChoice {
        error: Value,
        logprobs: Logprobs,
    }
}

object! {
    /// What a chunk adds to a message.
    Delta {
        content: Content<'a>,
        reasoning: Text<'a>,
        reasoning_content: Text<'a>,
        role: Text<'a>,
    }
    RareOfDelta {
        reasoning_details: Vec<Value>,
        refusal: String,
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
        match self.read_json(json) {
            Ok(()) if self.is_plain() => Ok(Vec::new()),
            strict => self.rewrite(strict, json, rewritten),
        }
    }

    /// Returns whether it has one choice with a delta, and no field that asks for more checks. Most chunks are plain.
    pub(crate) fn is_plain(&self) -> bool {
        let Some(Choices { first, more, .. }) = &self.choices else {
            return false;
        };
        let first = first.as_ref();
        first.is_some_and(|choice| choice.delta.is_some() && choice.rare.is_none())
            && more.is_empty()
            && self.rare.is_none()
    }

    /// Rewrites a chunk, of which `strict` is the result of parsing, if it does not match the specification. Out of line, to
    /// keep the path of most chunks short.
    #[inline(never)]
    fn rewrite(
        &mut self,
        strict: serde_json::Result<()>,
        json: &'a str,
        rewritten: &'a OnceCell<String>,
    ) -> serde_json::Result<Vec<Warning>> {
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
        let has = |extra: Option<&Map<String, Value>>, names: &[&str]| {
            extra.is_some_and(|extra| names.iter().any(|name| extra.contains_key(*name)))
        };
        let extra = self.rare.as_ref().map(|rare| &rare.extra);
        let mut choices = self.choices().peekable();
        choices.peek().is_none() && has(extra, &["message", "delta", "text"])
            || choices.any(|choice| {
                let extra = choice.rare.as_ref().map(|rare| &rare.extra);
                choice.delta.is_none() && has(extra, &["message", "text"])
                    || has(extra, &["usage"]) && self.usage().is_none_or(is_empty_usage)
            })
    }

    /// Returns the usage, if the chunk has one.
    fn usage(&self) -> Option<&Usage> {
        self.rare.as_ref()?.usage.as_ref()
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
        let is_error = |error: &Option<Value>| is_error_value(error.as_ref());
        let mut rare_of_choices = self.choices().filter_map(|choice| choice.rare.as_ref());
        self.rare.as_ref().is_some_and(|rare| is_error(&rare.error))
            || rare_of_choices.any(|rare| is_error(&rare.error))
    }

    /// Returns whether it has no choice, usage, id or model. The event is then possibly not a chunk.
    pub(crate) fn is_empty(&self) -> bool {
        self.choices().next().is_none()
            && self.usage().is_none()
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
        chunk.id = owned(&mut self.id);
        chunk.model = owned(&mut self.model);
        chunk.object = owned(&mut self.object);
        chunk.service_tier = owned(&mut self.service_tier).map(ServiceTier::from);
        chunk.system_fingerprint = owned(&mut self.system_fingerprint);
        if let Some(rare) = self.rare.take() {
            chunk.error = rare.error;
            chunk.usage = rare.usage;
            chunk.extra = rare.extra;
        }
        if let Some(Choices { first, more, .. }) = &mut self.choices {
            chunk.choices = first.iter_mut().map(Choice::take).collect();
            if !more.is_empty() {
                chunk.choices.extend(more.iter_mut().map(Choice::take));
            }
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
        choice.index = self.index;
        if let Some(rare) = self.rare.take() {
            choice.error = rare.error;
            choice.logprobs = rare.logprobs;
            choice.extra = rare.extra;
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
        if let Some(rare) = self.rare.take() {
            delta.reasoning_details = rare.reasoning_details;
            delta.refusal = rare.refusal;
            delta.tool_calls = rare.tool_calls;
            delta.extra = rare.extra;
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
        struct NumberVisitor;

        impl<'de> Visitor<'de> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Some(number)))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                match i64::try_from(number) {
                    Ok(number) => self.visit_i64(number),
                    Err(_) => number_of(number.into()),
                }
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
                number_of(number.into())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                number_of(text.into())
            }

            /// Numbers, if the feature `arbitrary_precision` of serde_json is on.
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Number, M::Error> {
                number_of(Value::deserialize(MapAccessDeserializer::new(map))?)
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

/// Reads a rare form of an integer, as the generated type does.
#[cold]
fn number_of<E: de::Error>(value: Value) -> Result<Number, E> {
    lenient(value).map(Number).map_err(E::custom)
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
        let sorted = |fields: &[&'static str]| {
            let mut fields = fields.to_vec();
            fields.sort_unstable();
            fields
        };
        assert_eq!(sorted(Chunk::FIELDS), ChatCompletionChunk::FIELDS);
        assert_eq!(sorted(Choice::FIELDS), ChatCompletionChunkChoice::FIELDS);
        assert_eq!(sorted(Delta::FIELDS), ChatCompletionDelta::FIELDS);
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
