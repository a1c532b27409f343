//! Reads JSON that does not match the specification.
//!
//! Servers send floats for integers, numbers for strings, `null` for lists, a key twice, or `NaN`. A response that was
//! paid for must not be lost because of that. [`from_json`] first deserializes as usual. Only if that fails, it rewrites
//! the JSON so that it matches the type, reports each change as a [`Warning`], and deserializes the result.
//!
//! | file | what it contains |
//! |---|---|
//! | `formats` | [`Formats`]: fields that servers send in several formats |
//! | `normalize` | [`Normalizer`]: rewrites JSON to match a type |
//! | `types` | [`Lenient`] for the types that generated code uses |
//! | `integer` | parses integers exactly |
//! | `syntax` | replaces what is not valid JSON |

mod formats;
mod integer;
mod normalize;
mod syntax;
mod types;

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
#[doc(no_inline)]
pub use serde_json::value::RawValue;

pub use formats::{Formats, lenient};
pub use normalize::{Field, Mismatch, Normalized, Normalizer};
pub use types::{AnyFormat, Strict};

/// A type that can be read from JSON that does not match it.
///
/// Generated code implements it for the types of the specification.
pub trait Lenient: Sized {
    /// The memory that an item of a list takes, in bytes.
    const SIZE: usize = size_of::<Self>();

    /// Writes `json` to `out` such that it matches this type.
    ///
    /// # Errors
    /// If that is not possible. What was written is discarded.
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized;
}

/// A part of a response that was not read as the specification says: it has another type, or it was omitted.
///
/// It contains no values, because a misplaced value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The path on the wire, such as `choices[0].index`. Empty for the complete response.
    pub path: String,
    /// What is wrong, and what was done about it, such as `expected an integer, got a string; read as missing`.
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

/// Bodies up to this size are deserialized without estimating their memory first.
const SMALL_BODY: usize = 1 << 20;

/// The maximum memory of a value, as a multiple of the size of its JSON. The body itself and the rewritten JSON come on
/// top.
const MAX_EXPANSION: usize = 9;

/// Deserializes JSON. If it does not match the type, it is rewritten, and each change is a warning.
///
/// The memory of the value is bounded: beyond 1 MiB of JSON, fields that the type does not declare and items of lists
/// are omitted once the value takes more than 9 times the size of its JSON.
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

/// Replaces tokens that JSON does not allow, or that cannot be represented: `NaN`, infinities and numbers beyond `f64` with
/// `null`, and lone surrogates and invalid UTF-8 with U+FFFD. Does
/// not check the syntax otherwise. The text may consist of several values.
pub fn valid_json(json: &[u8]) -> (Cow<'_, str>, Vec<Warning>) {
    let mut warnings = normalize::Warnings::default();
    let valid = syntax::replace_invalid(json, &mut warnings);
    (valid, warnings.into_list())
}

/// Rewrites JSON such that it matches a type.
///
/// # Errors
/// If that is not possible.
pub fn rewrite<T: Lenient>(json: &[u8]) -> Result<(String, Vec<Warning>), serde_json::Error> {
    let mut warnings = normalize::Warnings::default();
    let valid = syntax::replace_invalid(json, &mut warnings);
    let raw: &RawValue = serde_json::from_str(&valid)?;
    let budget = valid.len().max(SMALL_BODY).saturating_mul(MAX_EXPANSION);
    let mut normalizer = Normalizer::new(valid.len(), budget, warnings);
    T::normalize(raw, &mut normalizer).map_err(serde::de::Error::custom)?;
    Ok(normalizer.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
