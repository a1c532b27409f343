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

/// The memory of a `serde_json::Value`, and of an entry of a growing list of them.
const VALUE_SIZE: usize = 2 * size_of::<serde_json::Value>();
/// The memory of an object, which is a tree of nodes with eleven entries.
const OBJECT_SIZE: usize = 11 * (size_of::<String>() + size_of::<serde_json::Value>());

/// The number of items that a `Vec` reserves for the first one.
const FIRST_ITEMS: usize = 4;

/// Why a value cannot be read as a type.
#[derive(Debug)]
pub struct Mismatch(Cow<'static, str>);

impl Mismatch {
    /// Creates the reason for a value of another type. `expected` is what the type expects, such as `an integer`.
    pub fn expected(expected: &str, json: &RawValue) -> Self {
        Self(format!("expected {expected}, got {}", kind(json)).into())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a value was written.
pub type Normalized = Result<(), Mismatch>;

/// What a JSON value is, for errors.
fn kind(json: &RawValue) -> &'static str {
    match json.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ if json.get().contains(['.', 'e', 'E']) => "a fraction",
        _ => "a number",
    }
}

/// A step of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

/// Warnings, up to a maximum number.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    list: Vec<Warning>,
    dropped: usize,
}

impl Warnings {
    pub(super) fn push(&mut self, path: &[Segment<'_>], reason: &str) {
        if self.list.len() == MAX_WARNINGS {
            self.dropped += 1;
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
        if self.dropped > 0 {
            let reason = format!("{} more warnings were omitted", self.dropped);
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
    /// It is read as missing.
    Optional,
    /// It may be missing. If it cannot be read, the object cannot be read.
    Exact,
    /// The object cannot be read.
    Required,
}

impl Field {
    /// Creates a field that may be missing.
    pub const fn optional<T: Lenient>(name: &'static str) -> Self {
        Self {
            name,
            normalize: T::normalize,
            presence: Presence::Optional,
        }
    }

    /// Creates a field that may be missing, but is never read as missing: its default would be a guess.
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
    /// How many bytes of memory the value may still take.
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

    /// Writes valid JSON that matches the type.
    pub(super) fn write(&mut self, json: &str) {
        self.out.push_str(json);
    }

    pub(super) fn write_string(&mut self, text: &str) {
        // Serializing a string does not fail.
        self.out
            .push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    /// Writes any JSON unchanged, within the budget.
    pub(super) fn any(&mut self, json: &RawValue) -> Normalized {
        self.spend(size_of_values(json.get().as_bytes(), usize::MAX))?;
        self.write(json.get());
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Normalized {
        match self.budget.checked_sub(bytes) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => Err(Mismatch("it takes too much memory".into())),
        }
    }

    /// Writes the value of a member or item. If it does not match, nothing is written, and `otherwise` says in a
    /// warning what happens instead.
    fn attempt(
        &mut self,
        segment: PathSegment,
        write: impl FnOnce(&mut Self) -> Normalized,
        otherwise: Option<&str>,
    ) -> Normalized {
        if self.path.len() >= MAX_DEPTH {
            return Err(Mismatch("it is nested too deeply".into()));
        }
        self.path.push(segment);
        let start = self.out.len();
        let outcome = write(self);
        if let Err(mismatch) = &outcome {
            self.out.truncate(start);
            if let Some(otherwise) = otherwise {
                self.warn(&format!("{mismatch}; {otherwise}"));
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
            // The JSON is valid, so that this cannot fail.
            let _ = items.deserialize(&mut deserializer);
        } else if json.get().starts_with('{') {
            T::normalize(json, self)?;
            self.warn("expected a list, got an object; read as its only item");
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
                out.spend(T::SIZE + OBJECT_SIZE)?;
                out.begin_member(&key, is_first);
                T::normalize(value, out)
            };
            let segment = PathSegment::Key(key.clone().into_owned());
            is_first &= self.attempt(segment, write, Some("omitted")).is_err();
        })?;
        self.write("}");
        Ok(())
    }

    /// Writes an object with declared fields. Fields that do not match are omitted, unless they are required. If
    /// `keeps_others`, other fields are written unchanged.
    pub fn object(
        &mut self,
        json: &RawValue,
        fields: &'static [Field],
        keeps_others: bool,
    ) -> Normalized {
        let mut declared: Vec<Option<&RawValue>> = vec![None; fields.len()];
        self.write("{");
        let mut is_first = true;
        for_each_member(json, |key, value| {
            let is_null = value.get() == "null";
            if let Some(at) = fields.iter().position(|field| field.name == key) {
                if declared[at].is_some() {
                    self.path.push(PathSegment::Field(fields[at].name));
                    self.warn("the key occurs twice; the last value that is not null is read");
                    self.path.pop();
                }
                if declared[at].is_none() || !is_null {
                    declared[at] = Some(value);
                }
            } else if keeps_others && !is_null {
                let write = |out: &mut Self| {
                    out.begin_member(&key, is_first);
                    out.any(value)
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
                    let otherwise = is_optional.then_some("read as missing");
                    self.attempt(PathSegment::Field(field.name), write, otherwise)
                }
                None if field.presence == Presence::Required => {
                    Err(Mismatch("it is missing".into()))
                }
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
            // A growing `Vec` may reserve twice the size of its items, and at least that of four.
            let reserved = if index == 0 { FIRST_ITEMS } else { 2 };
            if out.spend(reserved * T::SIZE).is_err() {
                let reason =
                    format!("the items from number {index} on take too much memory; omitted");
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

/// Returns whether deserializing JSON may take more than `factor` times its size.
pub(super) fn may_expand(json: &[u8], factor: usize) -> bool {
    let limit = json.len().saturating_mul(factor);
    // Declared types may take more memory than values: assume twice as much.
    size_of_values(json, limit / 2) > limit / 2
}

/// Estimates the memory of JSON as `serde_json::Value`s. Stops counting above `limit`.
fn size_of_values(json: &[u8], limit: usize) -> usize {
    let mut size = VALUE_SIZE;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b',' => size += VALUE_SIZE,
            // The first item or member allocates space for several.
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
