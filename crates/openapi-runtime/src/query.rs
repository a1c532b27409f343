//! Serializes query parameters.

use std::collections::BTreeMap;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::scalar::{Kind, kind, text};

/// A query parameter. A scalar becomes one pair, a list one pair for each item, and `None` is omitted.
///
/// An object becomes one pair for each member: `name[key]` if the name of the parameter ends with `[]`, and `key` otherwise.
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
        let mut pairs = Vec::new();
        match (kind(&json), self.name.strip_suffix("[]")) {
            (Kind::Object, Some(name)) => add_members(name, &json, &mut pairs),
            (Kind::Object, None) => members(&json).and_then(|members| {
                let mut members = members.into_iter();
                members.try_for_each(|(key, value)| add(key, value, &mut pairs))
            }),
            _ => add(self.name.to_owned(), &json, &mut pairs),
        }
        .map_err(S::Error::custom)?;
        serializer.collect_seq(pairs)
    }
}

type Pairs = Vec<(String, String)>;

/// Adds a pair for a scalar, or one for each item of a list.
fn add(name: String, value: &RawValue, pairs: &mut Pairs) -> serde_json::Result<()> {
    let values: Vec<&RawValue> = match kind(value) {
        Kind::Null => Vec::new(),
        Kind::List => serde_json::from_str(value.get())?,
        Kind::Object | Kind::Scalar => vec![value],
    };
    for value in values {
        let text = text(value).ok_or_else(|| {
            serde_json::Error::custom(
                "query parameters must be scalars, or lists or objects of them",
            )
        })?;
        pairs.push((name.clone(), text));
    }
    Ok(())
}

/// Adds pairs with names in brackets for the members of an object, at any depth.
fn add_members(name: &str, object: &RawValue, pairs: &mut Pairs) -> serde_json::Result<()> {
    for (key, value) in members(object)? {
        let name = format!("{name}[{key}]");
        match kind(value) {
            Kind::Object => add_members(&name, value, pairs)?,
            Kind::List => add(format!("{name}[]"), value, pairs)?,
            Kind::Null | Kind::Scalar => add(name, value, pairs)?,
        }
    }
    Ok(())
}

fn members(object: &RawValue) -> serde_json::Result<BTreeMap<String, &RawValue>> {
    serde_json::from_str(object.get())
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
        assert!(serde_urlencoded::to_string(QueryParam::new("q", &[[1]])).is_err());
    }

    #[test]
    fn objects() {
        let value = serde_json::json!({"a": 1.0, "b": ["x", "y"], "c": null});
        assert_eq!(query(&value), "a=1&b=x&b=y");
        let value = serde_json::json!({"id": {"gt": 5, "in": ["x", "y"]}, "name": "z"});
        assert!(serde_urlencoded::to_string(QueryParam::new("q", &value)).is_err());
        assert_eq!(
            serde_urlencoded::to_string(QueryParam::new("q[]", &value)).unwrap(),
            "q%5Bid%5D%5Bgt%5D=5&q%5Bid%5D%5Bin%5D%5B%5D=x&q%5Bid%5D%5Bin%5D%5B%5D=y&q%5Bname%5D=z"
        );
    }
}
