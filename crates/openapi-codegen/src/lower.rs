//! Lowers OpenAPI 3.1 and 3.2 to the subset of OpenAPI 3.0.3 that progenitor supports.
//!
//! Each pass is a module; [`lower`] runs them in order:
//!
//! | pass | purpose |
//! |---|---|
//! | `resources` | converts references that are relative to an `$id` |
//! | `shared` | names the schemas of shared parameters, bodies and responses |
//! | `structure` | converts everything outside of paths and schemas |
//! | `methods` | moves operations with methods that 3.0 lacks |
//! | `security` | documents what operations require, and notes what the client does not do for security schemes |
//! | `resolve` | inlines shared parameters, bodies and responses into operations |
//! | `ids` | assigns unique operation ids |
//! | `facts`, `properties` | reads retry safety, timeout, team and secrets of operations |
//! | `parameters`, `bodies`, `responses`, `response_media`, `statuses` | rewrites parts of operations that progenitor does not support |
//! | `bases` | makes a union of a base schema whose children refer to it |
//! | `references`, `names` | makes every reference point to a component schema with a valid Rust name |
//! | `schema`, `constants`, `repair`, `unsupported` | converts 3.1 schemas to 3.0 |
//! | `shape`, `ambiguity`, `cycles`, `flatten`, `merge`, `nullable`, `scalars`, `unions`, `union_types` | normalizes schemas to a few supported shapes |
//! | `access` | makes read-only properties optional in requests, and write-only ones in responses |
//! | `annotations` | documents `deprecated`, `readOnly` and `writeOnly` |
//! | `styles` | converts parameter serialization |
//! | `defaults` | moves defaults of request schemas into descriptions |
//! | `unsendable` | documents what a form cannot contain |
//! | `limits` | moves numeric limits into descriptions and extensions |
//! | `enums` | moves string enumerations into named components, which are generated as open enums |
//! | `inner` | copies the descriptions of parameters' schemas, items and values to where they are rendered |
//! | `updates` | marks where requests can send `null` |
//! | `streams` | splits operations that return JSON or an event stream |
//!
//! Passes share `walk` (what the keys of an object are), `descriptions` (Markdown), `untyped` (schemas without a type in the
//! crate), `media` (media types) and `context` (what a pass reports).

mod access;
mod ambiguity;
mod annotations;
mod bases;
mod bodies;
mod constants;
mod context;
mod cycles;
mod defaults;
pub(crate) mod descriptions;
mod enums;
mod facts;
mod flatten;
mod ids;
mod inner;
mod limits;
mod media;
mod merge;
mod methods;
mod names;
mod nullable;
mod parameters;
mod properties;
pub(crate) mod references;
mod repair;
pub(crate) mod resolve;
mod resources;
mod response_media;
mod responses;
mod scalars;
mod schema;
mod security;
mod shape;
mod shared;
mod skip;
mod statuses;
mod streams;
mod structure;
mod styles;
mod union_types;
mod unions;
mod unsendable;
mod unsupported;
mod untyped;
mod updates;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Pointer;

use context::Context;

pub use context::{Note, NoteKind};
pub(crate) use defaults::collect_references;
pub use defaults::sent_schemas;
pub use enums::OpenEnum;
pub use facts::{
    OperationFacts, RETRY_SAFETY, RetrySafety, SECRET, TEAM, TIMEOUT_SECONDS, TeamLocation,
};
pub(crate) use scalars::runtime_type;
pub use skip::without;
pub use union_types::{Alternative, AlternativeKind, Union};

/// On a request or response body: its media type, if it differs from the one in the lowered document. On a
/// parameter: the value of the parameter is the media type of the request body.
pub const CONTENT_TYPE: &str = "x-content-type";

/// On a form body: the names of the properties that are serialized with brackets, such as `owner[name]=…` and
/// `tags[]=…`. In OpenAPI this is `style: deepObject`.
pub const BRACKETS: &str = "x-brackets";

/// On the document: how operations are authorized, unless their descriptions differ.
pub const AUTHORIZATION: &str = "x-authorization";

/// On an operation: its HTTP method, if OpenAPI 3.0 has no field for it.
pub const METHOD: &str = "x-method";

/// On a path parameter: slashes in its value are not percent-encoded, as in a model id `owner/name`.
pub const RAW_SLASHES: &str = "x-raw-slashes";

/// On a property: a value that does not match its schema is accepted and read as missing.
pub const LENIENT: &str = "x-lenient";

/// On a property: requests send its default, and responses may omit it.
pub const SEND_DEFAULT: &str = "x-send-default";

/// On an optional property of the body of an update: `null` differs from an omitted property.
pub const SEND_NULL: &str = "x-send-null";

/// On a component schema: the type of the runtime that represents it.
pub const RUNTIME_TYPE: &str = "x-runtime-type";

/// On a lowered schema or parameter: the limits of its number (`minimum`, `maximum` and whether they are
/// exclusive, as in OpenAPI 3.0).
pub const LIMITS: &str = "x-limits";

/// A lowered document, and the information that the document cannot express.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Lowered {
    /// The OpenAPI 3.0.3 document.
    pub document: Value,
    /// The string enumerations, sorted by name. The document declares them as plain strings, because responses
    /// may contain unlisted values.
    pub enums: Vec<OpenEnum>,
    /// The unions, in the order of the document's schemas, except those of plain scalars and lists.
    pub unions: Vec<Union>,
    /// Facts about operations that determine how a call is made, by operation id.
    pub facts: BTreeMap<String, OperationFacts>,
    /// What was repaired, lost or dropped, and the constraints that are not checked, with locations.
    pub notes: Vec<Note>,
}

/// How to handle invalid documents and unsupported constructs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Reject an invalid document instead of repairing it and adding a note. Examples are an unresolved
    /// reference and an enumeration value of the wrong type.
    pub strict: bool,
    /// Drop unsupported operations and add a note, instead of rejecting the document.
    pub skip_unsupported: bool,
}

impl Options {
    /// Creates the default options: repair invalid parts, reject unsupported constructs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether an invalid document is rejected.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sets whether unsupported operations are dropped.
    pub fn skip_unsupported(mut self, skip: bool) -> Self {
        self.skip_unsupported = skip;
        self
    }
}

/// The error of a document that cannot be lowered.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
#[non_exhaustive]
pub struct LowerError {
    /// The location in the document.
    pub place: Pointer,
    /// The reason.
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

/// Lowers a document with default options: repairs invalid parts, rejects unsupported constructs.
///
/// # Errors
/// Returns an error, with its location, if the document is not OpenAPI 3.0, 3.1 or 3.2, or uses a construct
/// that cannot be expressed in 3.0.
pub fn lower(document: &Value) -> Result<Lowered, LowerError> {
    lower_with(document, &Options::new())
}

/// Lowers a document with the given options.
///
/// # Errors
/// As [`lower`], depending on the options.
pub fn lower_with(document: &Value, options: &Options) -> Result<Lowered, LowerError> {
    structure::check_depth(document)?;
    if options.skip_unsupported {
        return skip::lower(document, options);
    }
    once(document, options)
}

fn once(document: &Value, options: &Options) -> Result<Lowered, LowerError> {
    check_version(document)?;
    let mut cx = Context::new(options);
    let version = document["openapi"].as_str();
    cx.ignores_siblings = version.is_some_and(|version| version.starts_with("3.0"));
    passes(document, &mut cx).map_err(|error| LowerError {
        place: cx.original(&error.place),
        ..error
    })
}

fn check_version(document: &Value) -> Result<(), LowerError> {
    let root = Pointer::root();
    match document.get("openapi") {
        Some(Value::String(version))
            if ["3.0.", "3.1.", "3.2."]
                .iter()
                .any(|known| version.starts_with(known)) =>
        {
            Ok(())
        }
        // `openapi: 3.1` is a number in YAML.
        Some(version)
            if matches!(
                version.to_string().trim_matches('"'),
                "3.0" | "3.1" | "3.2" | "3"
            ) =>
        {
            Ok(())
        }
        Some(version) => {
            let reason =
                format!("unsupported version {version}; supported versions: 3.0, 3.1 and 3.2");
            Err(LowerError::new(&root.join("openapi"), reason))
        }
        None if document.get("swagger").is_some() => {
            let reason = "Swagger 2.0 is not supported; convert the document to OpenAPI 3";
            Err(LowerError::new(&root.join("swagger"), reason))
        }
        None => Err(LowerError::new(
            &root,
            "not an OpenAPI document: missing `openapi` field",
        )),
    }
}

fn passes(published: &Value, cx: &mut Context<'_>) -> Result<Lowered, LowerError> {
    let located = resources::by_document(published);
    let original = &*shared::name_schemas(&located, cx);
    let mut document = original.clone();
    document["openapi"] = "3.0.3".into();
    structure::lower_structure(&mut document, cx)?;
    resolve::resolve_operations(&mut document, cx)?;
    ids::lower_ids(&mut document, cx)?;
    let mut facts = facts::read(&document, original)?;
    parameters::lower_parameters(&mut document, cx)?;
    bodies::lower_bodies(&mut document, original, cx)?;
    responses::lower_responses(&mut document, cx)?;
    references::lower_references(&mut document, original, cx)?;
    bases::split_bases(&mut document, cx);
    names::rename_schemas(&mut document, cx)?;
    schema::lower_schemas(&mut document, cx)?;
    shape::shape_schemas(&mut document, cx)?;
    statuses::name_error_bodies(&mut document);
    access::relax_required(&mut document);
    annotations::document_annotations(&mut document);
    parameters::shape_parameters(&mut document, cx)?;
    defaults::document_request_defaults(&mut document);
    unsendable::document_unsendable(&mut document, cx);
    limits::document_limits(&mut document, cx);
    let enums = enums::name_enums(&mut document, cx)?;
    inner::document_inner(&mut document);
    updates::mark_nulls(&mut document);
    streams::split_streams(&mut document, &mut facts)?;
    parameters::forget_places(&mut document);
    if let Some(text) = security::authorization(&document) {
        document[AUTHORIZATION] = text.into();
    }
    Ok(Lowered {
        facts,
        unions: union_types::list(&document),
        document,
        enums,
        notes: cx.take_notes(published),
    })
}
