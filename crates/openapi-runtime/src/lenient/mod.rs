//! Reads JSON that does not match the specification.
//!
//! Servers send floats for integers, numbers for strings, `null` for lists, duplicate keys, or `NaN`. A response that
//! was paid for must not be lost because of that. [`from_json`] first deserializes as usual. If that fails, or if the
//! value could take too much memory, it rewrites the JSON to match the type, and deserializes the result. Each
//! [`Warning`] describes a part of the JSON that does not match.
//!
//! | file | what it contains |
//! |---|---|
//! | `formats` | [`Formats`]: fields that servers send in several formats |
//! | `normalize` | [`Normalizer`]: rewrites JSON to match a type |
//! | `types` | [`Lenient`] for the types that generated code uses |
//! | `integer` | parses integers exactly |
//! | `unlisted` | counts unlisted values, by which unions select an alternative |
//! | `syntax` | replaces invalid tokens, such as `NaN` |

mod formats;
mod integer;
mod normalize;
mod syntax;
mod types;
mod unlisted;

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
#[doc(no_inline)]
pub use serde_json::value::RawValue;

pub use formats::{Formats, lenient};
pub use normalize::{Field, Mismatch, Normalized, Normalizer};
pub use types::{AnyFormat, Strict};
pub use unlisted::{add_unlisted, count_unlisted};

/// A type that can be read from JSON that does not match the type exactly.
///
/// Generated code implements this trait for the types of the specification.
pub trait Lenient: Sized {
    /// The memory that a value of this type takes in a list or map, in bytes.
    const SIZE: usize = size_of::<Self>();

    /// Rewrites `json` to match this type, and writes the result to `out`.
    ///
    /// # Errors
    /// If `json` cannot be rewritten. The caller then discards the incomplete output.
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized;
}

/// A part of a response that does not match the specification. It was read in another way, or omitted.
///
/// A warning contains no values, because a misplaced value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The path in the JSON, such as `choices[0].index`. Empty for the complete response.
    pub path: String,
    /// What is wrong, and how the part was read instead, such as `expected an integer, got a string; read as missing`.
    pub reason: String,
}

impl Warning {
    /// Creates a warning about a part of a response.
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.reason),
            path => write!(f, "{path}: {}", self.reason),
        }
    }
}

/// The maximum size of JSON, in bytes, that is deserialized without an estimate of the memory of its value.
const SMALL_BODY: usize = 1 << 20;

/// The maximum memory of a value, as a multiple of the size of its JSON. The JSON itself and the rewritten JSON
/// take additional memory.
const MAX_EXPANSION: usize = 9;

/// Deserializes JSON. If the JSON does not match the type, it is first rewritten, and the warnings describe what does
/// not match.
///
/// If the JSON is larger than 1 MiB, the memory of the value is limited to about 9 times the size of the JSON. List
/// items, map entries and undeclared fields that exceed the limit are omitted.
///
/// # Errors
/// If the JSON cannot be read as a `T` at all.
pub fn from_json<T>(json: &[u8]) -> Result<(T, Vec<Warning>), serde_json::Error>
where
    T: DeserializeOwned + Lenient,
{
    let is_bounded = json.len() <= SMALL_BODY || !normalize::may_expand(json, MAX_EXPANSION);
    let error = if is_bounded {
        match serde_json::from_slice(json) {
            Ok(value) => return Ok((value, Vec::new())),
            Err(error) => Some(error),
        }
    } else {
        None
    };
    let (normalized, warnings) = match rewrite::<T>(json) {
        Ok(rewritten) => rewritten,
        Err(reason) => return Err(error.unwrap_or(reason)),
    };
    match serde_json::from_str(&normalized) {
        Ok(value) => Ok((value, warnings)),
        Err(reason) => Err(error.unwrap_or(reason)),
    }
}

/// Replaces tokens that JSON does not allow, or that cannot be represented. `NaN`, infinities and numbers beyond the
/// range of `f64` become `null`. Lone surrogates and invalid UTF-8 become U+FFFD. A byte order mark is removed.
///
/// The syntax is not checked otherwise, so the result may be invalid JSON. The text may consist of several values.
pub fn sanitize_json(json: &[u8]) -> (Cow<'_, str>, Vec<Warning>) {
    let mut warnings = normalize::Warnings::default();
    let sanitized = syntax::replace_invalid(json, &mut warnings);
    (sanitized, warnings.into_list())
}

/// Deserializes a value in which integers may be written as floats without a fractional part, such as `5.0`. Generated
/// code uses this function for unions.
///
/// # Errors
/// If the value cannot be read as a `T`.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    // What an attempt that fails has read does not count.
    let (read, unlisted) = count_unlisted(|| T::deserialize(value));
    match read {
        Ok(read) => {
            add_unlisted(unlisted);
            Ok(read)
        }
        Err(error) => match formats::with_integers(value) {
            Some(integers) => T::deserialize(&integers),
            None => Err(error),
        },
    }
}

/// Rewrites JSON to match a type.
///
/// # Errors
/// If the JSON is invalid, or cannot be rewritten to match the type.
pub fn rewrite<T: Lenient>(json: &[u8]) -> Result<(String, Vec<Warning>), serde_json::Error> {
    let mut warnings = normalize::Warnings::default();
    let json = syntax::replace_invalid(json, &mut warnings);
    let raw: &RawValue = serde_json::from_str(&json)?;
    let budget = json.len().max(SMALL_BODY).saturating_mul(MAX_EXPANSION);
    let mut normalizer = Normalizer::new(json.len(), budget, warnings);
    T::normalize(raw, &mut normalizer).map_err(serde::de::Error::custom)?;
    Ok(normalizer.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
