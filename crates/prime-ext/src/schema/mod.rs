//! JSON Schemas of answers and of the arguments of tools.
//!
//! [`to_strict`] decides whether a service can guarantee that an answer matches a schema, and adapts the schema to it.
//! With the feature `schemars`, `of` returns the schema of a type.
//!
//! ```
//! use prime_ext::schema::{self, StrictVerdict};
//! use serde_json::json;
//!
//! let schema = json!({ "type": "object", "properties": { "city": { "type": "string", "minLength": 1 } } });
//! let StrictVerdict::Impossible(reasons) = schema::to_strict(&schema) else {
//!     panic!("strict mode has no `minLength`");
//! };
//! assert_eq!(reasons[0].to_string(), "/properties/city: `minLength` is not supported in strict mode");
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `generate` | `of`: the schema of a type |
//! | `strict` | [`to_strict`]: adapts a schema to strict mode |
//! | `keywords` | the keywords of JSON Schema, and what strict mode makes of them |
//! | `meaning` | what a schema accepts: references, `null`, schemas without a common value |
//! | `limits` | the limits of strict mode |

#[cfg(feature = "schemars")]
mod generate;
mod keywords;
mod limits;
mod meaning;
mod strict;

use std::fmt;

use serde_json::Value;

#[cfg(feature = "schemars")]
pub use generate::of;
#[cfg(feature = "schemars")]
pub(crate) use generate::parts_of;
pub use strict::to_strict;

/// Whether a schema can be used in strict mode. Returned by [`to_strict`].
#[derive(Debug, Clone, PartialEq)]
pub enum StrictVerdict {
    /// The schema can be used in strict mode, after these changes.
    Possible {
        /// The adapted schema. What it accepts, the original schema accepts too.
        schema: Value,
        /// What was changed.
        changes: Vec<SchemaNote>,
    },
    /// The schema is valid, but strict mode cannot express it. It can be sent without `strict`.
    Impossible(Vec<SchemaNote>),
    /// The schema cannot be sent: it is not a valid schema, or not one of an object.
    Unsupported(Vec<SchemaNote>),
}

/// A remark about a part of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaNote {
    /// The JSON pointer of the part in the original schema, such as `/properties/city`. Empty for the root.
    pub pointer: String,
    /// What was changed, or what is wrong.
    pub reason: String,
}

/// Writes the pointer and the reason.
impl fmt::Display for SchemaNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "the root: {}", self.reason),
            pointer => write!(f, "{pointer}: {}", self.reason),
        }
    }
}

/// Joins remarks to one line. Names the first ones only if there are many.
pub(crate) fn join(notes: &[SchemaNote]) -> String {
    const SHOWN: usize = 5;
    let mut text: Vec<String> = notes
        .iter()
        .take(SHOWN)
        .map(SchemaNote::to_string)
        .collect();
    if notes.len() > SHOWN {
        text.push(format!("and {} more", notes.len() - SHOWN));
    }
    text.join("; ")
}
