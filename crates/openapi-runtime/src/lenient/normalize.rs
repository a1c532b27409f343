//! Rewrites JSON to match a type.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr2;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Lenient, Warning};

/// The maximum number of warnings that are kept.
const MAX_WARNINGS: usize = 100;

/// The maximum nesting of declared types.
const MAX_DEPTH: usize = 128;

/// The estimated memory of a `serde_json::Value` in a growing list, which may reserve twice the size of its items.
const VALUE_SIZE: usize = 2 * size_of::<serde_json::Value>();
/// The estimated memory of an object. It is a `BTreeMap`.
const OBJECT_SIZE: usize = NODE_ENTRIES * (size_of::<String>() + size_of::<serde_json::Value>());

/// The number of entries for which a node of a `BTreeMap` has space.
const NODE_ENTRIES: usize = 11;

/// The number of items for which a `Vec` reserves space when the first item is added.
const FIRST_ITEMS: usize = 4;

/// Why a value cannot be read as a type.
#[derive(Debug)]
pub struct Mismatch(Cow<'static, str>);

impl Mismatch {
    /// Creates the reason for a value of another type. `expected` is the expected type, such as `an integer`.
    pub fn expected(expected: &str, json: &RawValue) -> Self {
        Self(format!("expected {expected}, got {}", kind(json)).into())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The result of writing a value.
pub type Normalized = Result<(), Mismatch>;

/// Returns the type of a JSON value, for messages.
fn kind(json: &RawValue) -> &'static str {
    match json.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ if json.get().contains(['.', 'e', 'E']) => "a floating-point number",
        _ => "a number",
    }
}

/// A step of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

/// A list of warnings of limited length.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    list: Vec<Warning>,
    omitted: usize,
}

impl Warnings {
    pub(super) fn push(&mut self, path: &[Segment<'_>], reason: &str) {
        if self.list.len() == MAX_WARNINGS {
            self.omitted += 1;
            return;
        }
        let mut text = String::new();
        for segment in path {
            match segment {
                Segment::Index(index) => text.push_str(&format!("[{index}]")),
                Segment::Key(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                }
            }
        }
        self.list.push(Warning::new(text, reason));
    }

    pub(super) fn into_list(mut self) -> Vec<Warning> {
        if self.omitted > 0 {
            let reason = format!("{} more warnings were omitted", self.omitted);
            self.list.push(Warning::new("", reason));
        }
        self.list
    }
}

/// A declared field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    name: &'static str,
    normalize: fn(&RawValue, &mut Normalizer) -> Normalized,
    presence: Presence,
}

/// What happens if a field is missing or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// The field may be missing. If its value cannot be read, it is read as missing.
    Optional,
    /// The field may be missing. If its value cannot be read, the object cannot be read.
    Exact,
    /// If the field is missing or its value cannot be read, the object cannot be read.
    Required,
}

impl Field {
    /// Creates a field that may be missing. If its value cannot be read, it is read as missing.
    pub const fn optional<T: Lenient>(name: &'static str) -> Self {
        Self {
            name,
            normalize: T::normalize,
            presence: Presence::Optional,
        }
    }

    /// Creates a field that may be missing. If its value cannot be read, the object cannot be read, because the default
    /// of the field would be a guess.
    pub const fn exact<T: Lenient>(name: &'static str) -> Self {
        Self {
            presence: Presence::Exact,
            ..Self::optional::<T>(name)
        }
    }

    /// Creates a field without which the object cannot be read.
    pub const fn required<T: Lenient>(name: &'static str) -> Self {
        Self {
            presence: Presence::Required,
            ..Self::optional::<T>(name)
        }
    }
}

/// Writes JSON that matches a type.
#[derive(Debug)]
pub struct Normalizer {
    out: String,
    path: Vec<PathSegment>,
    warnings: Warnings,
    /// The memory that the rest of the value may take, in bytes.
    budget: usize,
}

#[derive(Debug)]
enum PathSegment {
    Field(&'static str),
    Key(String),
    Index(usize),
}

impl Normalizer {
    pub(super) fn new(capacity: usize, budget: usize, warnings: Warnings) -> Self {
        Self {
            out: String::with_capacity(capacity),
            path: Vec::new(),
            warnings,
            budget,
        }
    }

    pub(super) fn finish(self) -> (String, Vec<Warning>) {
        (self.out, self.warnings.into_list())
    }

    /// Adds a warning about the current value.
    pub(super) fn warn(&mut self, reason: &str) {
        let path = self.path.iter().map(|segment| match segment {
            PathSegment::Field(name) => Segment::Key(name),
            PathSegment::Key(key) => Segment::Key(key),
            PathSegment::Index(index) => Segment::Index(*index),
        });
        let path: Vec<Segment<'_>> = path.collect();
        self.warnings.push(&path, reason);
    }

    /// Writes JSON, which must be valid and match the type.
    pub(super) fn write(&mut self, json: &str) {
        self.out.push_str(json);
    }

    pub(super) fn write_string(&mut self, text: &str) {
        // Serializing a string does not fail.
        self.out
            .push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    /// Writes any JSON unchanged, if its value does not exceed the budget.
    pub(super) fn any(&mut self, json: &RawValue) -> Normalized {
        self.any_text(json.get())
    }

    /// Like [`any`](Self::any), for text, which must be valid.
    pub(super) fn any_text(&mut self, json: &str) -> Normalized {
        self.spend(size_of_values(json.as_bytes(), usize::MAX))?;
        self.write(json);
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Normalized {
        match self.budget.checked_sub(bytes) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => Err(Mismatch("too large".into())),
        }
    }

    /// Writes a member or an item. If its value does not match, nothing is written. A warning then ends with
    /// `fallback`, which says how the value is read instead. Without a `fallback`, there is no warning.
    fn attempt(
        &mut self,
        segment: PathSegment,
        write: impl FnOnce(&mut Self) -> Normalized,
        fallback: Option<&str>,
    ) -> Normalized {
        self.path.push(segment);
        let start = self.out.len();
        let outcome = if self.path.len() > MAX_DEPTH {
            Err(Mismatch("nested too deeply".into()))
        } else {
            write(self)
        };
        if let Err(mismatch) = &outcome {
            self.out.truncate(start);
            if let Some(fallback) = fallback {
                self.warn(&format!("{mismatch}; {fallback}"));
            }
        }
        self.path.pop();
        outcome
    }

    /// Writes a value that may be missing. A value that does not match becomes `null`.
    pub(super) fn optional<T: Lenient>(&mut self, json: &RawValue) {
        let start = self.out.len();
        if json.get() == "null" {
            self.write("null");
        } else if let Err(mismatch) = T::normalize(json, self) {
            self.out.truncate(start);
            self.warn(&format!("{mismatch}; read as missing"));
            self.write("null");
        }
    }

    /// Writes a list. Items that do not match are omitted. `null` is an empty list.
    pub(super) fn list<T: Lenient>(&mut self, json: &RawValue) -> Normalized {
        self.write("[");
        if json.get().starts_with('[') {
            let mut deserializer = serde_json::Deserializer::from_str(json.get());
            let items = Items::<T>(self, std::marker::PhantomData);
            // This cannot fail, because the JSON is valid.
            let _ = items.deserialize(&mut deserializer);
        } else if json.get().starts_with('{') {
            T::normalize(json, self)?;
            self.warn("expected a list, got an object; read as a list with one item");
        } else if json.get() == "null" {
            self.warn("expected a list, got null; read as an empty list");
        } else {
            return Err(Mismatch::expected("a list", json));
        }
        self.write("]");
        Ok(())
    }

    /// Writes an object with any keys. Values that do not match are omitted.
    pub(super) fn map<T: Lenient>(&mut self, json: &RawValue) -> Normalized {
        self.write("{");
        let mut is_first = true;
        for_each_member(json, |key, value| {
            let write = |out: &mut Self| {
                out.spend(size_of_entry::<T>(is_first))?;
                out.begin_member(&key, is_first);
                T::normalize(value, out)
            };
            let segment = PathSegment::Key(key.clone().into_owned());
            is_first &= self.attempt(segment, write, Some("omitted")).is_err();
        })?;
        self.write("}");
        Ok(())
    }

    /// Writes an object with declared fields. If an [optional](Field::optional) field does not match, it is omitted. If
    /// any other declared field does not match, the object does not match. Undeclared fields are omitted.
    pub fn object(&mut self, json: &RawValue, fields: &'static [Field]) -> Normalized {
        self.members(
            json,
            fields,
            None::<fn(&RawValue, bool, &mut Self) -> Normalized>,
        )
    }

    /// Writes an object like [`object`](Self::object), and its undeclared fields as values of type `T`. Those that are
    /// `null` or do not match are omitted.
    pub fn object_with_extra<T: Lenient>(
        &mut self,
        json: &RawValue,
        fields: &'static [Field],
    ) -> Normalized {
        let extra = |value: &RawValue, is_first, out: &mut Self| {
            out.spend(size_of_entry::<T>(is_first))?;
            T::normalize(value, out)
        };
        self.members(json, fields, Some(extra))
    }

    /// Writes the declared fields of an object, and the others with `extra`.
    fn members(
        &mut self,
        json: &RawValue,
        fields: &'static [Field],
        extra: Option<impl Fn(&RawValue, bool, &mut Self) -> Normalized>,
    ) -> Normalized {
        let mut declared: Vec<Option<&RawValue>> = vec![None; fields.len()];
        self.write("{");
        let mut is_first = true;
        for_each_member(json, |key, value| {
            let is_null = value.get() == "null";
            if let Some(at) = fields.iter().position(|field| field.name == key) {
                if declared[at].is_some() {
                    self.path.push(PathSegment::Field(fields[at].name));
                    self.warn("duplicate key; the last value that is not null is used");
                    self.path.pop();
                }
                if declared[at].is_none() || !is_null {
                    declared[at] = Some(value);
                }
            } else if let Some(extra) = &extra
                && !is_null
            {
                let write = |out: &mut Self| {
                    out.begin_member(&key, is_first);
                    extra(value, is_first, out)
                };
                let segment = PathSegment::Key(key.clone().into_owned());
                is_first &= self.attempt(segment, write, Some("omitted")).is_err();
            }
        })?;
        for (field, value) in fields.iter().zip(declared) {
            let outcome = match value {
                Some(value) => {
                    let write = |out: &mut Self| {
                        out.begin_member(field.name, is_first);
                        (field.normalize)(value, out)
                    };
                    let is_optional = field.presence == Presence::Optional;
                    let fallback = is_optional.then_some("read as missing");
                    self.attempt(PathSegment::Field(field.name), write, fallback)
                }
                None if field.presence == Presence::Required => Err(Mismatch("missing".into())),
                None => continue,
            };
            match outcome {
                Ok(()) => is_first = false,
                Err(_) if field.presence == Presence::Optional => {}
                Err(mismatch) => {
                    return Err(Mismatch(format!("`{}`: {mismatch}", field.name).into()));
                }
            }
        }
        self.write("}");
        Ok(())
    }

    fn begin_member(&mut self, key: &str, is_first: bool) {
        if !is_first {
            self.out.push(',');
        }
        self.write_string(key);
        self.out.push(':');
    }
}

/// Calls a function for each member of an object.
fn for_each_member<'a>(
    json: &'a RawValue,
    each: impl FnMut(Cow<'a, str>, &'a RawValue),
) -> Normalized {
    struct Members<F>(F);

    impl<'de, F: FnMut(Cow<'de, str>, &'de RawValue)> Visitor<'de> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
            while let Some(Key(key)) = map.next_key()? {
                (self.0)(key, map.next_value()?);
            }
            Ok(())
        }
    }

    #[derive(serde::Deserialize)]
    #[serde(transparent)]
    struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

    let mut deserializer = serde_json::Deserializer::from_str(json.get());
    let read = deserializer.deserialize_map(Members(each));
    read.map_err(|_| Mismatch::expected("an object", json))
}

/// Writes the items of a list.
struct Items<'n, T>(&'n mut Normalizer, std::marker::PhantomData<T>);

impl<'de, T: Lenient> DeserializeSeed<'de> for Items<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Lenient> Visitor<'de> for Items<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        let out = self.0;
        let mut is_first = true;
        let mut index = 0;
        while let Some(item) = list.next_element::<&RawValue>()? {
            // A growing `Vec` may reserve twice the size of its items, and reserves at least the size of four items.
            let reserved = if index == 0 { FIRST_ITEMS } else { 2 };
            if out.spend(reserved * T::SIZE).is_err() {
                let reason = format!("too large from index {index} on; these items are omitted");
                out.warn(&reason);
                while list.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            let write = |out: &mut Normalizer| {
                if !is_first {
                    out.write(",");
                }
                T::normalize(item, out)
            };
            let written = out.attempt(PathSegment::Index(index), write, Some("omitted"));
            is_first &= written.is_err();
            index += 1;
        }
        Ok(())
    }
}

/// Estimates the memory of an entry of a map. The first entry allocates a node, and a full node becomes two.
fn size_of_entry<T: Lenient>(is_first: bool) -> usize {
    let entries = if is_first { NODE_ENTRIES } else { 2 };
    entries * (size_of::<String>() + T::SIZE)
}

/// Returns whether the deserialized value may take more memory than `factor` times the size of its JSON.
pub(super) fn may_expand(json: &[u8], factor: usize) -> bool {
    let limit = json.len().saturating_mul(factor);
    // A declared type may take more memory than a `serde_json::Value`. Assume at most twice as much.
    size_of_values(json, limit / 2) > limit / 2
}

/// Estimates the memory of JSON that is deserialized as a `serde_json::Value`. Stops when the estimate exceeds `limit`.
fn size_of_values(json: &[u8], limit: usize) -> usize {
    let mut size = VALUE_SIZE;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b',' => size += VALUE_SIZE,
            // The first item or member reserves space for several.
            b'[' if json.get(at + 1) != Some(&b']') => size += FIRST_ITEMS * VALUE_SIZE / 2,
            b'{' if json.get(at + 1) != Some(&b'}') => size += OBJECT_SIZE,
            b'"' => at = end_of_string(json, at + 1),
            _ => {}
        }
        if size > limit {
            return size;
        }
        at += 1;
    }
    size
}

/// Returns the position of the quotation mark that ends a string.
fn end_of_string(json: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}
