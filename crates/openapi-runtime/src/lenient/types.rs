//! The types that generated code uses.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Formats, Lenient, Mismatch, Normalized, Normalizer, formats, integer};
use crate::{Number, Secret, TextOrParts, Timestamp, Usd};

/// Reads a `T` only from JSON that matches, apart from integers that are written as floats, such as `5.0`.
#[derive(Debug)]
pub struct Strict<T>(PhantomData<T>);

impl<T: DeserializeOwned> Lenient for Strict<T> {
    const SIZE: usize = size_of::<T>();

    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        let strict = unchanged::<T>("another type", json, out);
        if strict.is_ok() {
            return strict;
        }
        let value: Option<Value> = serde_json::from_str(json.get()).ok();
        match value.as_ref().and_then(formats::with_integers) {
            Some(integers) if T::deserialize(&integers).is_ok() => {
                out.any_text(&integers.to_string())
            }
            _ => strict,
        }
    }
}

/// Writes JSON unchanged if it can be deserialized as a `T`.
fn unchanged<T: DeserializeOwned>(
    expected: &str,
    json: &RawValue,
    out: &mut Normalizer,
) -> Normalized {
    match serde_json::from_str::<T>(json.get()) {
        Ok(_) => out.any(json),
        Err(_) => Err(Mismatch::expected(expected, json)),
    }
}

/// Reads a `T` that servers send in several formats.
#[derive(Debug)]
pub struct AnyFormat<T>(PhantomData<T>);

impl<T: Formats> Lenient for AnyFormat<T> {
    const SIZE: usize = size_of::<T>();

    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        match T::deserialize(&mut serde_json::Deserializer::from_str(json.get())) {
            Ok(_) => out.any(json),
            Err(_) => Err(Mismatch::expected(T::EXPECTED, json)),
        }
    }
}

impl<T: Lenient> Lenient for Option<T> {
    const SIZE: usize = size_of::<T>();

    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        out.optional::<T>(json);
        Ok(())
    }
}

impl<T: Lenient> Lenient for Box<T> {
    const SIZE: usize = size_of::<Self>() + T::SIZE;

    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        T::normalize(json, out)
    }
}

impl<T: Lenient> Lenient for Vec<T> {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        out.list::<T>(json)
    }
}

impl<T: Lenient, S: BuildHasher> Lenient for HashMap<String, T, S> {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        out.map::<T>(json)
    }
}

impl<T: Lenient> Lenient for BTreeMap<String, T> {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        out.map::<T>(json)
    }
}

impl Lenient for Map<String, Value> {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        out.map::<Value>(json)
    }
}

impl Lenient for Value {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        out.any(json)
    }
}

impl Lenient for () {
    const SIZE: usize = 0;

    fn normalize(_: &RawValue, out: &mut Normalizer) -> Normalized {
        out.write("null");
        Ok(())
    }
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        /// A float or a string with the same value is read as an integer.
        impl Lenient for $type {
            fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
                let integer = integer::parse(number(json)).and_then(|integer| $type::try_from(integer).ok());
                let integer = integer.ok_or_else(|| Mismatch::expected("an integer", json))?;
                warn_of_text(json, "an integer", out);
                out.write(&integer.to_string());
                Ok(())
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

/// A string that contains a number is read as a number.
impl Lenient for f64 {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        let text = number(json);
        // Validates the syntax, which is stricter than that of `str::parse`.
        match serde_json::from_str::<Self>(text) {
            Ok(float) if float.is_finite() => {
                warn_of_text(json, "a number", out);
                out.write(text);
                Ok(())
            }
            _ => Err(Mismatch::expected("a number", json)),
        }
    }
}

impl Lenient for f32 {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        f64::normalize(json, out)
    }
}

/// Returns the text of a number, or of a string that may contain one.
fn number(json: &RawValue) -> &str {
    let text = json.get();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.map_or(text, str::trim)
}

fn warn_of_text(json: &RawValue, expected: &str, out: &mut Normalizer) {
    if json.get().starts_with('"') {
        out.warn(&format!(
            "expected {expected}, got a string; read as {expected}"
        ));
    }
}

impl Lenient for bool {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        unchanged::<Self>("a boolean", json, out)
    }
}

/// A number or a boolean is read as its text.
impl Lenient for String {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        match json.get().as_bytes().first() {
            Some(b'"') => out.write(json.get()),
            Some(b'{' | b'[' | b'n') | None => return Err(Mismatch::expected("a string", json)),
            Some(_) => {
                out.warn(&format!(
                    "{}; read as its text",
                    Mismatch::expected("a string", json)
                ));
                out.write_string(json.get());
            }
        }
        Ok(())
    }
}

impl Lenient for Number {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        unchanged::<Self>("a number", json, out)
    }
}

impl Lenient for Usd {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        unchanged::<Self>("an amount of money", json, out)
    }
}

impl Lenient for Timestamp {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        unchanged::<Self>("a date and time", json, out)
    }
}

impl Lenient for Secret {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        String::normalize(json, out)
    }
}

/// A single part is read as a list of parts, any other object as its JSON, and a number or a boolean as its text.
impl Lenient for TextOrParts {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        match json.get().as_bytes().first() {
            // Some servers parse the JSON that the model was asked for.
            Some(b'{') if !is_part(json) => {
                out.warn("expected a string, got an object; read as its JSON");
                out.write_string(json.get());
                Ok(())
            }
            Some(b'[' | b'{') => Vec::<Value>::normalize(json, out),
            _ => String::normalize(json, out),
        }
    }
}

/// Returns whether an object is a content part.
fn is_part(json: &RawValue) -> bool {
    let object = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(json.get());
    object.is_ok_and(|object| object.contains_key("type") || object.contains_key("text"))
}
