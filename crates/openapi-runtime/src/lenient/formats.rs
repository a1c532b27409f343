//! Fields that servers send in several formats.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::integer;
use crate::Usd;

/// A type that can be read from several JSON formats.
pub trait Formats: Sized {
    /// The expected formats, for error messages.
    const EXPECTED: &'static str;

    /// Deserializes a value in any of the formats. Deserializes `null` as `None`.
    ///
    /// # Errors
    /// If the value has none of the formats.
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;
}

/// Deserializes a field from several formats. Generated code uses this function for fields with `x-lenient`.
///
/// # Errors
/// If the value has none of the formats.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Formats,
{
    T::deserialize(deserializer)
}

/// An integer, or a float or a string with the same value.
impl Formats for i64 {
    const EXPECTED: &'static str = "an integer";

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

struct IntegerVisitor;

impl<'de> Visitor<'de> for IntegerVisitor {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(i64::EXPECTED)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Self::Value, E> {
        Ok(Some(integer))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Self::Value, E> {
        i64::try_from(integer).map(Some).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<Self::Value, E> {
        match exact(float) {
            Some(integer) => Ok(Some(integer)),
            None => Err(E::custom("expected an integer")),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let integer = integer::parse(text.trim()).and_then(|integer| integer.try_into().ok());
        integer
            .map(Some)
            .ok_or_else(|| E::custom("expected an integer"))
    }
}

/// Returns the integer that a float is written for. `None` if it has a fractional part, or is too large to be exact.
fn exact(float: f64) -> Option<i64> {
    /// Floats below this limit (2⁵³) are exact integers if they have no fractional part.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the float has no fractional part and is in range"
    )]
    (float.fract() == 0.0 && float.abs() < MAX_EXACT).then_some(float as i64)
}

/// Returns whether a value contains floats that are exact integers.
fn has_integral_floats(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64() && number.as_f64().and_then(exact).is_some(),
        Value::Array(items) => items.iter().any(has_integral_floats),
        Value::Object(map) => map.values().any(has_integral_floats),
        _ => false,
    }
}

/// Returns a value whose floats that are exact integers are integers. `None` if there are none.
pub(super) fn with_integers(value: &Value) -> Option<Value> {
    has_integral_floats(value).then(|| {
        let mut integers = value.clone();
        write_integers(&mut integers);
        integers
    })
}

/// Replaces the floats that are exact integers by integers.
fn write_integers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(integer) = number.as_f64().and_then(exact) {
                *value = integer.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_integers),
        Value::Object(map) => map.values_mut().for_each(write_integers),
        _ => {}
    }
}

/// A string, or the JSON text of any other value.
impl Formats for String {
    const EXPECTED: &'static str = "a string or JSON";

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" => Ok(None),
            string if string.starts_with('"') => serde_json::from_str(string)
                .map(Some)
                .map_err(D::Error::custom),
            other => Ok(Some(other.to_owned())),
        }
    }
}

/// A number, a string that contains one, or an object with a `total_cost`.
impl Formats for Usd {
    const EXPECTED: &'static str = "an amount of money";

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        #[derive(serde::Deserialize)]
        struct Total {
            total_cost: Usd,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" => Ok(None),
            object if object.starts_with('{') => serde_json::from_str(object)
                .map(|total: Total| Some(total.total_cost))
                .map_err(D::Error::custom),
            amount => serde_json::from_str(amount)
                .map(Some)
                .map_err(D::Error::custom),
        }
    }
}
