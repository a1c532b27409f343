//! Renders the properties of each operation as constants that `openapi_runtime::Caller` reads.

use std::collections::BTreeSet;

use crate::lower::{
    BRACKETS, CONTENT_TYPE, LIMITS, Lowered, METHOD, OperationFacts, RAW_SLASHES, RetrySafety,
    TeamLocation,
};
use openapiv3::{OpenAPI, Parameter, ReferenceOr, Schema, SchemaKind};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;
use syn::parse_quote;

use super::input::WIRE_NAME;
use super::limits::Limits;
use super::names::constant_name;

/// An operation of a document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// The method, if progenitor generates a POST request instead.
    pub(super) other_method: Option<String>,
    /// The path template, without the fragment that distinguishes a streaming operation from its counterpart.
    pub(super) path: String,
    pub(super) summary: Option<String>,
    pub(super) documentation: Option<String>,
    /// Whether a successful response has a body that is not JSON, such as an event stream, and is not read as
    /// a whole.
    pub(super) streams: bool,
    /// Whether a successful response is an event stream.
    pub(super) is_event_stream: bool,
    /// The path parameters whose slashes are not percent-encoded.
    pub(super) raw_slashes: Vec<String>,
    /// The limits of parameters: Rust name, wire name and limits.
    pub(super) limits: Vec<(String, String, Limits)>,
    /// The renamed parameters: Rust name and wire name.
    pub(super) renamed: Vec<(String, String)>,
    /// The media type of the request body, if progenitor generates a different one.
    pub(super) body_type: Option<String>,
    /// The form properties that are written with brackets.
    pub(super) brackets: Vec<String>,
    /// Whether the caller sets the media type of the request body.
    pub(super) has_custom_body_type: bool,
    /// The media type of the response, if progenitor generates a different one.
    pub(super) accept: Option<String>,
    /// The media types of a successful response that is returned as bytes. progenitor asks only for JSON.
    pub(super) raw_accept: Option<String>,
    /// The header parameters.
    pub(super) headers: Vec<String>,
    /// The component schema of the request body.
    pub(super) body_schema: Option<String>,
    /// The parameter that names the team.
    pub(super) team_parameter: Option<String>,
    /// Retry safety, timeout, team and secrets.
    pub(super) facts: OperationFacts,
}

/// Returns the reference of a schema that is one, or one with annotations. A nullable schema is another type.
fn reference_of(schema: &ReferenceOr<Schema>) -> Option<&str> {
    match schema {
        ReferenceOr::Reference { reference } => Some(reference),
        ReferenceOr::Item(schema) => match &schema.schema_kind {
            SchemaKind::AllOf { all_of } => match all_of.as_slice() {
                [only] if !schema.schema_data.nullable => reference_of(only),
                _ => None,
            },
            _ => None,
        },
    }
}

/// Returns the operations of a document, in document order.
pub(super) fn list(document: &OpenAPI, lowered: &Lowered) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, method, operation) in document.operations() {
        let raw_slashes = operation
            .parameters
            .iter()
            .filter_map(|parameter| match parameter {
                ReferenceOr::Item(Parameter::Path { parameter_data, .. }) => Some(parameter_data),
                _ => None,
            })
            .filter(|data| data.extensions.get(RAW_SLASHES).is_some_and(|v| v == true))
            .map(|data| data.name.clone())
            .collect();
        let streams = operation
            .responses
            .responses
            .iter()
            .any(|(status, response)| {
                status.to_string().starts_with('2')
                    && response.as_item().is_some_and(|response| {
                        let json = response
                            .content
                            .keys()
                            .any(|media| media.starts_with("application/json"));
                        !response.content.is_empty() && !json
                    })
            });
        let is_event_stream = streams
            && operation.responses.responses.values().any(|response| {
                let mut media = response
                    .as_item()
                    .into_iter()
                    .flat_map(|r| r.content.keys());
                media.any(|media| media.starts_with("text/event-stream"))
            });
        let successes = operation.responses.responses.iter();
        let successes = successes.filter(|(status, _)| status.to_string().starts_with('2'));
        let raw: BTreeSet<&str> = successes
            .filter_map(|(_, response)| response.as_item())
            .flat_map(|response| response.content.keys().map(String::as_str))
            .collect();
        let raw = raw.into_iter().collect::<Vec<_>>().join(", ");
        let is_header = raw.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let raw_accept = (streams && is_header && !raw.contains("*/*")).then_some(raw);
        let parameters = operation.parameters.iter().filter_map(ReferenceOr::as_item);
        let parameters = parameters.map(Parameter::parameter_data_ref);
        let wire = |data: &openapiv3::ParameterData| {
            data.extensions
                .get(WIRE_NAME)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let limits = parameters.clone().filter_map(|data| {
            let wire_name = wire(data).unwrap_or_else(|| data.name.clone());
            Some((
                data.name.clone(),
                wire_name,
                data.extensions.get(LIMITS).map(Limits::of)?,
            ))
        });
        let limits = limits.collect();
        let renamed: Vec<(String, String)> = parameters
            .clone()
            .filter_map(|data| Some((data.name.clone(), wire(data)?)))
            .collect();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let body = operation
            .request_body
            .as_ref()
            .and_then(ReferenceOr::as_item);
        let body_type = body
            .and_then(|body| body.extensions.get(CONTENT_TYPE))
            .and_then(text);
        let brackets = body.and_then(|body| body.extensions.get(BRACKETS)?.as_array());
        let brackets = brackets.into_iter().flatten().filter_map(text).collect();
        let with_bodies = operation
            .responses
            .responses
            .values()
            .filter_map(ReferenceOr::as_item);
        let accept = with_bodies
            .filter_map(|response| response.extensions.get(CONTENT_TYPE))
            .find_map(text);
        let mut wire_path = path.split('#').next().unwrap_or(path).to_owned();
        for (name, wire) in &renamed {
            wire_path = wire_path.replace(&format!("{{{name}}}"), &format!("{{{wire}}}"));
        }
        let headers = operation.parameters.iter().filter_map(ReferenceOr::as_item);
        let headers = headers.filter_map(|parameter| match parameter {
            Parameter::Header { parameter_data, .. } => {
                Some(wire(parameter_data).unwrap_or_else(|| parameter_data.name.clone()))
            }
            _ => None,
        });
        let headers = headers.collect();
        let has_custom_body_type = parameters
            .clone()
            .any(|data| data.extensions.contains_key(CONTENT_TYPE));
        let id = operation.operation_id.clone().unwrap_or_default();
        let other_method = operation.extensions.get(METHOD).and_then(text);
        let facts = lowered.facts.get(&id).cloned().unwrap_or_default();
        let mut all = operation.parameters.iter().filter_map(ReferenceOr::as_item);
        let team_parameter = all.find_map(|parameter| {
            let (data, team) = match (parameter, facts.team.as_ref()?) {
                (Parameter::Header { parameter_data, .. }, TeamLocation::Header(team))
                | (Parameter::Query { parameter_data, .. }, TeamLocation::Query(team)) => {
                    (parameter_data, team)
                }
                _ => return None,
            };
            let matches = wire(data).as_ref().unwrap_or(&data.name) == team;
            matches.then(|| data.name.clone())
        });
        let body_schema = body.and_then(|body| {
            let (_, media) = body.content.first()?;
            let reference = reference_of(media.schema.as_ref()?)?;
            reference.rsplit('/').next().map(str::to_owned)
        });
        operations.push(Operation {
            facts,
            team_parameter,
            body_schema,
            id,
            method: other_method
                .clone()
                .unwrap_or_else(|| method.to_uppercase()),
            other_method,
            path: wire_path,
            summary: operation
                .summary
                .clone()
                .filter(|text| !text.trim().is_empty()),
            documentation: operation
                .external_docs
                .as_ref()
                .map(|docs| docs.url.clone())
                .filter(|url| url.contains("://")),
            streams,
            is_event_stream,
            raw_slashes,
            limits,
            renamed,
            body_type,
            brackets,
            has_custom_body_type,
            accept,
            raw_accept,
            headers,
        });
    }
    operations
}

/// Renders the constants.
pub(super) fn render(operations: &[Operation]) -> Result<syn::File, String> {
    let mut constants = Vec::new();
    let mut definitions: Vec<syn::Item> = Vec::new();
    for operation in operations {
        let Operation {
            id, method, path, ..
        } = operation;
        let facts = facts(operation);
        let constant = constant_name(id)?;
        let summary = operation.summary.as_deref().unwrap_or(id);
        let doc = format!(" {summary}: `{method} {path}`.");
        definitions.push(parse_quote! {
            #[doc = #doc]
            pub const #constant: Operation = Operation::new(#id, #method, #path) #facts;
        });
        constants.push(constant);
    }
    let mut headers: Vec<&String> = Vec::new();
    for header in operations.iter().flat_map(|operation| &operation.headers) {
        if !headers.contains(&header) {
            headers.push(header);
        }
    }
    Ok(parse_quote! {
        //! Properties of each operation, from the specification.

        pub use openapi_runtime::{Operation, RetrySafety, TeamLocation};

        /// Every operation, in the order of the specification.
        pub const ALL: &[Operation] = &[#(#constants),*];

        /// The header parameters of all operations.
        pub const HEADERS: &[&str] = &[#(#headers),*];

        #(#definitions)*
    })
}

/// Renders the builder calls for properties that differ from the default.
fn facts(operation: &Operation) -> TokenStream {
    let Operation { facts, streams, .. } = operation;
    let mut calls = TokenStream::new();
    if *streams {
        calls.extend(quote!(.streaming()));
    }
    if let Some(safety) = facts.retry_safety {
        let safety = match safety {
            RetrySafety::Idempotent => quote!(Idempotent),
            RetrySafety::Billable => quote!(Billable),
            RetrySafety::Never => quote!(Never),
        };
        calls.extend(quote!(.with_retry_safety(RetrySafety::#safety)));
    }
    if let Some(timeout) = facts.timeout {
        let seconds = Literal::u64_unsuffixed(timeout.as_secs());
        calls.extend(quote!(.with_timeout(::std::time::Duration::from_secs(#seconds))));
    }
    if let Some(team) = &facts.team {
        let team = match team {
            TeamLocation::Header(name) => quote!(Header(#name)),
            TeamLocation::Query(name) => quote!(Query(#name)),
            TeamLocation::Body(name) => quote!(Body(#name)),
        };
        calls.extend(quote!(.with_team(TeamLocation::#team)));
    }
    let names = &facts.request_secrets;
    if !names.is_empty() {
        let names = names.iter();
        calls.extend(quote!(.with_request_secrets(&[#(#names),*])));
    }
    let names = &facts.response_secrets;
    if !names.is_empty() {
        let names = names.iter();
        calls.extend(quote!(.with_response_secrets(&[#(#names),*])));
    }
    calls
}
