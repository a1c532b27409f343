//! The runtime's call options, checked against the operations of all APIs.

pub use openapi_runtime::CallOptions;

/// Rejects headers that are parameters of operations. A team whose id is set in such a header would be billed instead
/// of the client's account.
pub(crate) fn checked(options: CallOptions) -> CallOptions {
    let reason = "it is a parameter of operations; use `Client::team` to select a team";
    options
        .refuse_headers(pinference_api::operations::HEADERS, reason)
        .refuse_headers(prime_training_api::operations::HEADERS, reason)
        .refuse_headers(prime_platform_api::operations::HEADERS, reason)
}
