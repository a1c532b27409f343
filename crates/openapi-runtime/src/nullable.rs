//! Values that differ from `null` and from an omitted property.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::lenient::{Lenient, Normalized, Normalizer, RawValue};
use crate::limits::Limited;

/// A value or `null`.
///
/// In the body of an update, `null` often removes a value, and an omitted property leaves it unchanged. The generated
/// field of such a property is an `Option<Nullable<T>>`: `None` is omitted, and `Some(Nullable::Null)` is sent as
/// `null`.
///
/// ```
/// use openapi_runtime::Nullable;
///
/// let unchanged: Option<Nullable<String>> = None;
/// let removed: Option<Nullable<String>> = Some(Nullable::Null);
/// let changed: Option<Nullable<String>> = Some(Nullable::Value("name".to_owned()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nullable<T> {
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Returns a reference to the value. `None` if it is `null`.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Returns the value. `None` if it is `null`.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    /// `None` becomes `null`.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

/// Deserializes a property that is present. serde would read `null` as `None`, which is an omitted property.
///
/// # Errors
/// If the value is neither `null` nor a `T`.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Nullable<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Nullable::deserialize(deserializer).map(Some)
}

impl<T: Lenient> Lenient for Nullable<T> {
    const SIZE: usize = size_of::<Self>();

    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        Option::<T>::normalize(json, out)
    }
}

impl<T: Limited> Limited for Nullable<T> {
    fn number(&self) -> Option<f64> {
        self.value().and_then(Limited::number)
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Update {
        #[serde(
            default,
            deserialize_with = "nullable",
            skip_serializing_if = "Option::is_none"
        )]
        name: Option<Nullable<String>>,
    }

    #[test]
    fn absent_null_and_value_differ() {
        for (name, json) in [
            (None, "{}"),
            (Some(Nullable::Null), r#"{"name":null}"#),
            (Some("a".to_owned().into()), r#"{"name":"a"}"#),
        ] {
            let update = Update { name };
            assert_eq!(serde_json::to_string(&update).unwrap(), json);
            assert_eq!(serde_json::from_str::<Update>(json).unwrap(), update);
        }
        assert!(serde_json::from_str::<Update>(r#"{"name":1}"#).is_err());
    }

    #[test]
    fn options_convert_to_null() {
        assert_eq!(Nullable::<u8>::from(None), Nullable::Null);
        assert_eq!(Nullable::<u8>::from(Some(1)), Nullable::Value(1));
        assert_eq!(Nullable::Value(1).into_value(), Some(1));
    }

    #[test]
    fn limits_hold_for_values_only() {
        assert_eq!(Some(Nullable::Value(5_i64)).number(), Some(5.0));
        assert_eq!(Some(Nullable::<i64>::Null).number(), None);
    }
}
