//! Serializes query parameters.

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;

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
        let values = match serde_json::to_value(self.value).map_err(S::Error::custom)? {
            Value::Null => Vec::new(),
            Value::Array(values) => values,
            scalar => vec![scalar],
        };
        let mut pairs = serializer.serialize_seq(Some(values.len()))?;
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(truth) => truth.to_string(),
                _ => {
                    return Err(S::Error::custom(
                        "query parameters must be scalars or lists of scalars",
                    ));
                }
            };
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
        assert_eq!(query("a b&c"), "q=a+b%26c");
        assert_eq!(query(vec!["a", "b"]), "q=a&q=b");
        assert_eq!(query(None::<i64>), "");
        assert!(
            serde_urlencoded::to_string(QueryParam::new("q", &serde_json::json!({"a": 1})))
                .is_err()
        );
    }
}
