//! What the document says of each operation, as constants that a transport can branch on.

use openapi_pipeline::lower::RAW_SLASHES;
use openapiv3::{OpenAPI, Parameter, ReferenceOr};
use syn::parse_quote;

use super::limits::Limits;
use super::names::constant_name;

/// An operation of a document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// Its path template, without the fragment that tells a stream from its twin.
    pub(super) path: String,
    pub(super) summary: Option<String>,
    pub(super) documentation: Option<String>,
    /// Whether a success is an event stream or some other body that is not read whole.
    pub(super) streams: bool,
    /// The path parameters that keep their slashes.
    pub(super) raw_slashes: Vec<String>,
    /// The limits of parameters, by their names on the wire.
    pub(super) limits: Vec<(String, Limits)>,
}

/// The operations of a document, in its order.
pub(super) fn list(document: &OpenAPI) -> Vec<Operation> {
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
        let parameters = operation.parameters.iter().filter_map(ReferenceOr::as_item);
        let limits = parameters
            .map(Parameter::parameter_data_ref)
            .filter_map(|data| Some((data.name.clone(), Limits::of(&data.extensions)?)))
            .collect();
        operations.push(Operation {
            id: operation.operation_id.clone().unwrap_or_default(),
            method: method.to_uppercase(),
            path: path.split('#').next().unwrap_or(path).to_owned(),
            summary: operation.summary.clone(),
            documentation: operation
                .external_docs
                .as_ref()
                .map(|docs| docs.url.clone()),
            streams,
            raw_slashes,
            limits,
        });
    }
    operations
}

/// The Rust of the constants.
pub(super) fn render(operations: &[Operation]) -> Result<syn::File, String> {
    let mut constants = Vec::new();
    let mut definitions: Vec<syn::Item> = Vec::new();
    for operation in operations {
        let Operation {
            id,
            method,
            path,
            streams,
            ..
        } = operation;
        let constant = constant_name(id)?;
        let summary = operation.summary.as_deref().unwrap_or(id);
        let doc = format!(" {summary}: `{method} {path}`.");
        definitions.push(parse_quote! {
            #[doc = #doc]
            pub const #constant: Operation = Operation::new(#id, #method, #path, #streams);
        });
        constants.push(constant);
    }
    Ok(parse_quote! {
        //! What the specification says of each operation.

        pub use progenitor_client::Operation;

        /// Every operation, in the order of the specification.
        pub const ALL: &[Operation] = &[#(#constants),*];

        #(#definitions)*
    })
}
