//! Options of calls, as the runtime has them, checked against the operations of both APIs.

pub use openapi_runtime::CallOptions;

/// The options, of which headers that are parameters of operations are an error: a team that is named there would be
/// billed in the place of the client's.
pub(crate) fn checked(options: CallOptions) -> CallOptions {
    let reason = "it is a parameter of operations; `Client::team` names a team";
    options
        .refuse_headers(pinference_api::operations::HEADERS, reason)
        .refuse_headers(prime_training_api::operations::HEADERS, reason)
}
