//! OpenAPI 3.1 down to the 3.0.3 that progenitor reads.
//!
//! Each step is a file; [`lower`] runs them in order:
//!
//! | step | what it does |
//! |---|---|
//! | `structure` | what stands around paths and schemas |
//! | `resolve` | what operations share is copied into them |
//! | `ids` | a name for each operation, and none twice |
//! | `facts`, `properties` | retry safety, timeout, team and secrets of operations |
//! | `parameters`, `bodies`, `answers` | what progenitor cannot take of operations, although it is legal |
//! | `references`, `names` | every reference leads to a component schema whose name Rust can take |
//! | `schema`, `faults`, `inexpressible` | what 3.1 schemas say in their own way, said as 3.0 says it |
//! | `shape`, `circles`, `flat`, `merge`, `nullable`, `scalars`, `unions`, `alternatives` | every schema as one of few shapes that become types that work |
//! | `styles` | how the value of a parameter is written |
//! | `defaults` | a default that a request need not send is documented instead of sent |
//! | `unsaid` | what a request cannot say, is told |
//! | `limits` | limits of numbers, for people and for checks of what is sent |
//! | `enums` | string enumerations get a name of their own, so that they can be generated as open ones |
//! | `streams` | JSON and event stream as two operations |

mod alternatives;
mod answers;
mod bodies;
mod circles;
mod context;
mod defaults;
mod enums;
mod facts;
mod faults;
mod flat;
mod ids;
mod inexpressible;
mod limits;
mod media;
mod merge;
mod names;
mod nullable;
mod parameters;
mod properties;
mod references;
mod resolve;
mod scalars;
mod schema;
mod shape;
mod skip;
mod streams;
mod structure;
mod styles;
mod unions;
mod unsaid;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Pointer;

use context::Context;

pub use alternatives::{Alternative, AlternativeKind, Union};
pub use context::{Note, NoteKind};
pub use defaults::sent_schemas;
pub use enums::OpenEnum;
pub use facts::{
    OperationFacts, RETRY_SAFETY, RetrySafety, SECRET, TEAM, TIMEOUT_SECONDS, TeamLocation,
};
pub use skip::without;

/// Names the media type of a body or an answer where it is not the one that the lowered document gives;
/// on a parameter, that its value is the media type of the body.
pub const CONTENT_TYPE: &str = "x-content-type";

/// On the body of a form, the names of the properties that are written with brackets: `owner[name]=…`,
/// `tags[]=…`. OpenAPI calls that `style: deepObject`.
pub const BRACKETS: &str = "x-brackets";

/// Where in a path a parameter marked so keeps its slashes: a model id is `owner/name`.
pub const RAW_SLASHES: &str = "x-raw-slashes";

/// Marks a property that servers write in more ways than its type says.
pub const LENIENT: &str = "x-lenient";

/// Marks a property whose default a request states, and an answer may leave out.
pub const SEND_DEFAULT: &str = "x-send-default";

/// Names the type of the runtime that a component schema is read and written by.
pub const RUNTIME_TYPE: &str = "x-runtime-type";

/// Where a lowered schema or parameter keeps the limits of its number: `minimum`, `maximum`, and whether
/// they are exclusive, as OpenAPI 3.0 has them.
pub const LIMITS: &str = "x-limits";

/// A document that progenitor can read, and what cannot be said in it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Lowered {
    /// An OpenAPI 3.0.3 document.
    pub document: Value,
    /// The string enumerations of the document, in the order of their names. Their schemas in the
    /// document are plain strings, since a value that nobody listed is still an answer.
    pub enums: Vec<OpenEnum>,
    /// The alternatives of the document, in the order of its schemas, but for those of plain scalars and
    /// lists.
    pub unions: Vec<Union>,
    /// What the document says of its operations beyond their requests and responses, by their ids.
    pub facts: BTreeMap<String, OperationFacts>,
    /// What was repaired, lost or dropped on the way, each with its place.
    pub notes: Vec<Note>,
}

/// How to treat what is wrong with a document, or more than OpenAPI 3.0 and the generator can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Refuse a document that breaks its own standard, instead of repairing it with a note: a reference
    /// that leads nowhere, an enumeration whose values are not of its type.
    pub strict: bool,
    /// Drop an operation that cannot be expressed, with a note, instead of refusing the document.
    pub skip_unsupported: bool,
}

impl Options {
    /// Repairs what is wrong, refuses what cannot be expressed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses a document that breaks its own standard.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Drops operations that cannot be expressed.
    pub fn skip_unsupported(mut self, skip: bool) -> Self {
        self.skip_unsupported = skip;
        self
    }
}

/// A document that cannot be lowered.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
#[non_exhaustive]
pub struct LowerError {
    /// Where in the document.
    pub place: Pointer,
    /// Why it cannot be lowered.
    pub reason: String,
}

impl LowerError {
    fn new(place: &Pointer, reason: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            reason: reason.into(),
        }
    }
}

/// Lowers a document: repairs what is wrong with it, refuses what cannot be expressed.
///
/// # Errors
/// If the document is neither OpenAPI 3.0 nor 3.1, or says what 3.0 cannot say. The error names the
/// place.
pub fn lower(document: &Value) -> Result<Lowered, LowerError> {
    lower_with(document, &Options::new())
}

/// Lowers a document as the options say.
///
/// # Errors
/// As [`lower`], and as the options say.
pub fn lower_with(document: &Value, options: &Options) -> Result<Lowered, LowerError> {
    structure::check_depth(document)?;
    if options.skip_unsupported {
        return skip::lower(document, options);
    }
    once(document, options)
}

fn once(document: &Value, options: &Options) -> Result<Lowered, LowerError> {
    let root = Pointer::root();
    match document.get("openapi") {
        Some(Value::String(version))
            if version.starts_with("3.0.") || version.starts_with("3.1.") => {}
        // `openapi: 3.1` is a number in YAML.
        Some(version) if matches!(version.to_string().trim_matches('"'), "3.0" | "3.1" | "3") => {}
        Some(version) => {
            let reason = format!("version {version} is not supported, only 3.0 and 3.1");
            return Err(LowerError::new(&root.join("openapi"), reason));
        }
        None => {
            return Err(LowerError::new(
                &root,
                "not an OpenAPI document: no `openapi` field",
            ));
        }
    }
    let mut document = document.clone();
    let mut cx = Context {
        options,
        notes: Vec::new(),
    };
    let cx = &mut cx;
    document["openapi"] = "3.0.3".into();
    structure::lower_structure(&mut document, cx)?;
    resolve::resolve_operations(&mut document, cx)?;
    ids::lower_ids(&mut document, cx)?;
    let mut facts = facts::read(&document)?;
    parameters::lower_parameters(&mut document, cx)?;
    bodies::lower_bodies(&mut document, cx)?;
    answers::lower_answers(&mut document, cx)?;
    references::lower_references(&mut document, cx)?;
    names::rename_schemas(&mut document, cx)?;
    schema::lower_schemas(&mut document, cx)?;
    shape::shape_schemas(&mut document, cx)?;
    parameters::shape_parameters(&mut document, cx)?;
    defaults::document_request_defaults(&mut document);
    unsaid::tell(&mut document, cx);
    limits::document_limits(&mut document);
    let enums = enums::name_enums(&mut document, cx)?;
    streams::split_streams(&mut document, &mut facts)?;
    Ok(Lowered {
        facts,
        unions: alternatives::list(&document),
        document,
        enums,
        notes: std::mem::take(&mut cx.notes),
    })
}
