//! Renders open enumerations: listed values are variants, and other values are preserved.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::lower::OpenEnum;
use quote::format_ident;
use syn::Ident;

use super::names::{type_name, variant_name};

/// Renders all enumerations of an API as text. Documents of thousands of enumerations exist, and syntax trees of all
/// of them are slow.
pub(super) fn render(enums: &[OpenEnum]) -> Result<String, String> {
    let mut text = "use ::openapi_runtime::lenient;\n".to_owned();
    for open in enums {
        let name = type_name(&open.name)?.to_string();
        let variants = variants(&open.values)?;
        let is_taken = variants.iter().any(|(ident, _)| ident == "Other");
        let other = if is_taken { "Unlisted" } else { "Other" };
        text.push('\n');
        let description = open.description.as_deref();
        document(&mut text, "", description.unwrap_or("An open enumeration."));
        text.push_str(HEAD);
        let _ = writeln!(text, "pub enum {name} {{");
        for (ident, value) in &variants {
            document(&mut text, "    ", &format!("`{value}`."));
            let _ = writeln!(text, "    {ident},");
        }
        let mut implementation = |template: &str, arm: &dyn Fn(&Ident, &str) -> String| {
            let mut arms = String::new();
            for (ident, value) in &variants {
                arms.push_str(&arm(ident, &format!("{value:?}")));
            }
            let template = template.replace("$name", &name).replace("$other", other);
            text.push_str(&template.replace("$arms", &arms));
        };
        implementation(LISTED, &|ident, _| format!("        Self::{ident},\n"));
        implementation(AS_STR, &|ident, value| {
            format!("            Self::{ident} => {value},\n")
        });
        implementation(FROM_STR, &|ident, value| {
            format!("            {value} => Some(Self::{ident}),\n")
        });
        implementation(TRAITS, &|_, value| format!("{value}, "));
    }
    Ok(text)
}

/// Writes a doc comment.
fn document(text: &mut String, indent: &str, documentation: &str) {
    for line in documentation.lines() {
        // A carriage return is not allowed in a doc comment.
        let line = line.replace('\r', " ");
        let _ = match line.trim_end() {
            "" => writeln!(text, "{indent}///"),
            line => writeln!(text, "{indent}/// {line}"),
        };
    }
}

const HEAD: &str = "///
/// Unlisted values are preserved and serialized unchanged. Values are compared and ordered by their string
/// representation.
#[derive(Clone, Debug)]
#[non_exhaustive]
";

const LISTED: &str = "    /// An unlisted value.
    $other(String),
}

impl $name {
    /// The listed values.
    pub const LISTED: &'static [Self] = &[
$arms    ];
";

const AS_STR: &str = "    /// Returns the value as serialized.
    pub fn as_str(&self) -> &str {
        match self {
$arms            Self::$other(value) => value,
        }
    }
";

const FROM_STR: &str = "    fn listed(value: &str) -> Option<Self> {
        match value {
$arms            _ => None,
        }
    }
}
";

/// Values are compared as serialized, so that listing a value later changes neither equality nor order.
const TRAITS: &str = r#"
impl From<&str> for $name {
    fn from(value: &str) -> Self {
        Self::listed(value).unwrap_or_else(|| Self::$other(value.to_owned()))
    }
}

impl From<String> for $name {
    fn from(value: String) -> Self {
        Self::listed(&value).unwrap_or(Self::$other(value))
    }
}

impl ::std::str::FromStr for $name {
    type Err = ::std::convert::Infallible;
    fn from_str(value: &str) -> Result<Self, ::std::convert::Infallible> {
        Ok(value.into())
    }
}

impl ::std::fmt::Display for $name {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl PartialEq for $name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for $name {}

impl ::std::hash::Hash for $name {
    fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for $name {
    fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for $name {
    fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialEq<str> for $name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for $name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(feature = "schemars")]
impl ::schemars::JsonSchema for $name {
    fn schema_name() -> ::std::borrow::Cow<'static, str> {
        stringify!($name).into()
    }
    fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
        ::schemars::json_schema!({ "type": "string", "examples": [$arms] })
    }
}

impl ::serde::Serialize for $name {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> ::serde::Deserialize<'de> for $name {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl ::serde::de::Visitor<'_> for Visitor {
            type Value = $name;
            fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(value.into())
            }
            fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
                Ok(value.into())
            }
        }
        deserializer.deserialize_string(Visitor)
    }
}

impl lenient::Lenient for $name {
    fn normalize(json: &lenient::RawValue, out: &mut lenient::Normalizer) -> lenient::Normalized {
        <::std::string::String as lenient::Lenient>::normalize(json, out)
    }
}
"#;

/// Returns a variant for each value. Colliding names get a numeric suffix.
fn variants(values: &[String]) -> Result<Vec<(Ident, &str)>, String> {
    let mut variants: Vec<(Ident, &str)> = Vec::new();
    let mut taken = BTreeSet::new();
    for value in values {
        let name = variant_name(value)?;
        let mut unique = name.clone();
        let mut number = 2;
        while !taken.insert(unique.to_string()) {
            unique = format_ident!("{name}{number}");
            number += 1;
        }
        variants.push((unique, value.as_str()));
    }
    Ok(variants)
}
