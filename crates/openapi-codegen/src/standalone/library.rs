//! Renders `src/lib.rs`.

/// Returns the root of a crate with a module `generated`. `embedded` is whether it has a module `runtime` as well.
pub fn library(title: &str, embedded: bool) -> String {
    let runtime = if embedded {
        r#"// Generated code refers to the runtime module by this name.
extern crate self as openapi_runtime;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a copy, not all of which is used")]
#[allow(clippy::all, rustdoc::all, reason = "a copy")]
mod runtime;

#[doc(inline)]
pub use runtime::*;
"#
    } else {
        r"pub use openapi_runtime::{
    ByteStream, CallContext, CallOptions, Caller, Error, IntoRequest, Operation, Response, Secret,
    Nullable, Number, TextOrParts, Timestamp, Transport, Usd, WithTeam,
};
"
    };
    format!(
        r#"//! Client of the {title}, generated from its specification.
//!
//! | module | contents |
//! |---|---|
//! | [`Client`] | one method per operation, which returns its builder |
//! | [`builder`] | the operations' builders: parameters, body, `send` |
//! | [`types`] | request and response types |
//! | [`operations`] | properties of each operation, from the specification |
//!
//! JSON mapping: a field that is `None` is not serialized; `null` is sent only for a required field, and for a field
//! of type `Option<Nullable<T>>`, as in the body of a PATCH or PUT operation that distinguishes the two.
//! Properties that the specification does not list are dropped, unless it allows additional properties; the
//! field `extra` then holds them. Defaults of texts, numbers and booleans are filled into responses; in requests
//! they are left to the service. Times keep their instant, not their offset.

// Types that refer to each other in a long chain need a higher limit than the default of 128.
#![recursion_limit = "1024"]

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, unused_imports, unused_mut, unused_qualifications, reason = "generated")]
#[allow(dead_code, non_camel_case_types, non_snake_case, reason = "generated")]
#[allow(clippy::all, clippy::unwrap_used, rustdoc::all, reason = "generated")]
mod generated;

#[doc(inline)]
pub use generated::{{Client, builder, operations, types}};
pub use reqwest;
{runtime}"#
    )
}
