//! Numbers of any size and precision.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;

/// A JSON number of any size and precision, which keeps the digits of its JSON.
///
/// Deserializes from a JSON number, or from a string that contains one. Serializes to a number.
///
/// Numbers are equal if they are written in the same way: `1.5` and `1.50` are not. To calculate, parse the text into a
/// type that has the required size and precision.
///
/// JSON text keeps all digits. A float loses digits. It is read from a `serde_json::Value`, as in an enum of alternatives,
/// and from a property that the specification does not list, as in a field `extra`.
///
/// ```
/// use openapi_runtime::Number;
///
/// let share: Number = serde_json::from_str("0.1000000000000000000000000000001")?;
/// assert_eq!(share.as_str(), "0.1000000000000000000000000000001");
/// assert_eq!(share.to_f64(), 0.1);
///
/// let supply: Number = serde_json::from_str("340282366920938463463374607431768211455")?;
/// assert_eq!(supply.as_str().parse(), Ok(u128::MAX));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Box<str>);

impl Number {
    /// Returns the number as it is written in JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the nearest float. Infinite if the number is too large for a float.
    pub fn to_f64(&self) -> f64 {
        // Every JSON number is a valid float.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

/// The error of a text that is not a JSON number, or of a float that is not finite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid JSON number")]
pub struct ParseNumberError(());

impl FromStr for Number {
    type Err = ParseNumberError;

    /// Parses a JSON number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let begins_like_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) if begins_like_number && raw.get() == text => Ok(Self(text.into())),
            _ => Err(ParseNumberError(())),
        }
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(number: $integer) -> Self {
                Self(number.to_string().into())
            }
        }
    )*};
}

from_integers!(
    i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, isize, usize
);

/// Writes the shortest decimal number that is read as the same float.
impl TryFrom<f64> for Number {
    type Error = ParseNumberError;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        number.to_string().parse()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = number_text(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Deserializes the text of a number, or of a string that contains one. In buffered input, such as that of a field with
/// `#[serde(flatten)]`, a number is a float and has lost digits.
pub(crate) fn number_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_newtype_struct(RAW_VALUE, TextVisitor)
}

/// The name that `RawValue` passes to the deserializer. `RawValue` itself cannot be read from buffered input.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    /// The JSON, as the value of a property with the name of `RawValue`.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        match map.next_entry::<String, String>()? {
            Some((key, json)) if key == RAW_VALUE && json.starts_with('"') => {
                let text: String = serde_json::from_str(&json).map_err(de::Error::custom)?;
                Ok(text.trim().to_owned())
            }
            Some((key, json)) if key == RAW_VALUE => Ok(json),
            _ => Err(de::Error::invalid_type(Unexpected::Map, &self)),
        }
    }

    /// Input that is buffered, or that is not JSON.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, input: D) -> Result<String, D::Error> {
        input.deserialize_any(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.trim().to_owned())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
        let number = serde_json::Number::from_f64(number);
        let text = number.map(|number| number.to_string());
        text.ok_or_else(|| E::custom("the number is not finite"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_digits_are_kept() {
        for text in [
            "0",
            "-0.0",
            "1e400",
            "1.50",
            "100000000000000000000000000000001",
            "1E-400",
        ] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
            let number: Number = serde_json::from_str(&format!("\" {text} \"")).unwrap();
            assert_eq!(number.to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_errors() {
        for text in [
            "", " 1", "1 ", "01", "+1", "1.", ".5", "1_000", "NaN", "null", "\"1\"", "[1]",
        ] {
            assert_eq!(
                text.parse::<Number>(),
                Err(ParseNumberError(())),
                "{text:?}"
            );
        }
        for json in ["null", "true", "\"one\"", "[1]", "{}"] {
            assert!(serde_json::from_str::<Number>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn buffered_input_is_read() {
        #[derive(Deserialize)]
        struct Prices {
            name: String,
            #[serde(flatten)]
            others: std::collections::BTreeMap<String, Number>,
        }
        let prices = r#"{"a": 0.10, "name": "x", "b": "0.10", "c": 18446744073709551615, "d": -1}"#;
        let prices: Prices = serde_json::from_str(prices).unwrap();
        let texts: Vec<&str> = prices.others.values().map(Number::as_str).collect();
        assert_eq!(texts, ["0.1", "0.10", "18446744073709551615", "-1"]);
        assert_eq!(prices.name, "x");
        for invalid in [r#"{"name": "", "a": {}}"#, r#"{"name": "", "a": null}"#] {
            assert!(serde_json::from_str::<Prices>(invalid).is_err());
        }
    }

    #[test]
    fn numbers_become_text() {
        assert_eq!(Number::from(-5).as_str(), "-5");
        assert_eq!(Number::from(u128::MAX).as_str(), u128::MAX.to_string());
        assert_eq!(Number::try_from(0.1).unwrap().as_str(), "0.1");
        let large = Number::try_from(1e300).unwrap();
        assert_eq!(large.to_f64(), 1e300);
        assert!(Number::try_from(f64::NAN).is_err());
        assert!(Number::try_from(f64::INFINITY).is_err());
        assert_eq!("1e999".parse::<Number>().unwrap().to_f64(), f64::INFINITY);
    }
}
