//! Serializes query parameters.

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::scalar::{Kind, kind, text};

/// A query parameter. A scalar becomes one pair, a list one pair for each item, and `None` is omitted.
#[derive(Debug)]
pub struct QueryParam<'a, T> {
    name: &'a str,
    value: &'a T,
}

impl<'a, T> QueryParam<'a, T> {
    /// Creates a query parameter.
    pub fn new(name: &'a str, value: &'a T) -> Self {
        Self { name, value }
    }
}

impl<T: Serialize> Serialize for QueryParam<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A `Value` would lose digits of numbers.
        let json = to_raw_value(self.value).map_err(S::Error::custom)?;
        let values: Vec<&RawValue> = match kind(&json) {
            Kind::Null => Vec::new(),
            Kind::List => serde_json::from_str(json.get()).map_err(S::Error::custom)?,
            Kind::Object | Kind::Scalar => vec![&json],
        };
        let mut pairs = serializer.serialize_seq(Some(values.len()))?;
        for value in values {
            let text = text(value).ok_or_else(|| {
                S::Error::custom("query parameters must be scalars or lists of scalars")
            })?;
            pairs.serialize_element(&(self.name, text))?;
        }
        pairs.end()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn query<T: Serialize>(value: T) -> String {
        serde_urlencoded::to_string(QueryParam::new("q", &value)).unwrap()
    }

    #[test]
    fn scalars_lists_and_none() {
        assert_eq!(query(Some(5)), "q=5");
        assert_eq!(query(2.0), "q=2");
        assert_eq!(query("a b&c"), "q=a+b%26c");
        let large: crate::Number = "12345678901234567890.10".parse().unwrap();
        assert_eq!(query(vec![large]), "q=12345678901234567890.10");
        assert_eq!(query(vec!["a", "b"]), "q=a&q=b");
        assert_eq!(query(None::<i64>), "");
        assert!(
            serde_urlencoded::to_string(QueryParam::new("q", &serde_json::json!({"a": 1})))
                .is_err()
        );
    }
}
