//! Identifies a request.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// Identifies a request: its id, and a hash of its body.
///
/// Two requests with the same body and different ids are two samples, and each is asked. A request whose body was edited
/// has another key, and is asked again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The `custom_id`, or `line-12` for line 12 of an input that has no ids.
    pub id: String,
    /// The hash of the body.
    pub hash: BodyHash,
}

/// The SHA-256 hash of a body. White space between values, the order of the properties and the escapes of a string make
/// no difference: a file that was only formatted anew is not asked again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyHash(pub [u8; 32]);

impl BodyHash {
    /// Hashes a body.
    ///
    /// # Errors
    /// Returns an error if the body is not JSON, or names a property twice.
    pub fn of(body: &[u8]) -> Result<Self, serde_json::Error> {
        let value: &RawValue = serde_json::from_slice(body)?;
        let mut hasher = Sha256::new();
        hash(value, &mut hasher)?;
        Ok(Self(hasher.finalize().into()))
    }
}

/// Writes the hash as 64 hexadecimal digits.
impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns a hash of an id that is the same on every machine and in every version.
pub(crate) fn id_hash(id: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Hashes a value in a canonical form. Numbers are hashed as they are written, so that none is rounded.
fn hash(value: &RawValue, hasher: &mut Sha256) -> Result<(), serde_json::Error> {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'{') => {
            let properties: Properties = serde_json::from_str(json)?;
            hasher.update(b"{");
            for (name, value) in properties.0 {
                hash_text(&name, hasher);
                hash(value, hasher)?;
            }
            hasher.update(b"}");
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json)?;
            hasher.update(b"[");
            items.into_iter().try_for_each(|item| hash(item, hasher))?;
            hasher.update(b"]");
        }
        Some(b'"') => hash_text(&serde_json::from_str::<String>(json)?, hasher),
        _ => {
            hasher.update(json.as_bytes());
            // Separates two numbers of a list.
            hasher.update(b",");
        }
    }
    Ok(())
}

fn hash_text(text: &str, hasher: &mut Sha256) {
    hasher.update(b"\"");
    // The length separates a text from what follows.
    hasher.update((text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// The properties of an object, by name.
struct Properties<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Properties<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut properties = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if properties.contains_key(&name) {
                        // It is undefined which of the two a service reads.
                        let message = format!("the property {name:?} occurs twice");
                        return Err(serde::de::Error::custom(message));
                    }
                    properties.insert(name, value);
                }
                Ok(properties)
            }
        }

        deserializer.deserialize_map(Visitor).map(Self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(body: &str) -> BodyHash {
        BodyHash::of(body.as_bytes()).unwrap()
    }

    #[test]
    fn only_the_form_makes_no_difference() {
        let body = r#"{"model":"m","n":[1,2,{"a":"é"}],"x":null}"#;
        for same in [
            "{ \"x\": null,\t\"n\": [1, 2, {\"a\": \"\\u00e9\"}], \"model\": \"m\" }\n",
            body,
        ] {
            assert_eq!(of(body), of(same), "{same}");
        }
        for other in [
            r#"{"model":"m","n":[2,1,{"a":"é"}],"x":null}"#,
            r#"{"model":"m","n":[12,{"a":"é"}],"x":null}"#,
            r#"{"model":"m","n":[1,2,{"a":"e"}],"x":null}"#,
            r#"{"model":"m","n":[1,2,{"a":"é"}]}"#,
            r#"{"model":"m","n":[1,2,{"a":"é"}],"x":"null"}"#,
            r#"{"model":"m","n":[1,2,{"a":"é","x":null}]}"#,
        ] {
            assert_ne!(of(body), of(other), "{other}");
        }
        // Numbers that a 64-bit float cannot tell apart.
        assert_ne!(
            of("[12345678901234567890123]"),
            of("[12345678901234567890124]")
        );
        assert_ne!(of(r#"["a","b"]"#), of(r#"["ab",""]"#));
        assert_ne!(of(r#"{"a":"b"}"#), of(r#"["a","b"]"#));
    }

    #[test]
    fn ambiguous_bodies_are_rejected() {
        for body in [
            "",
            "{",
            r#"{"a":1,"a":2}"#,
            r#"[{"a":1,"\u0061":2}]"#,
            "{} {}",
            "\"\\ud800\"",
        ] {
            assert!(BodyHash::of(body.as_bytes()).is_err(), "{body}");
        }
    }
}
