//! Runs progenitor.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, UnwindSafe};
use std::sync::Once;

use crate::lower::{Lowered, RUNTIME_TYPE};
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use serde_json::{Value, json};

use super::names::type_name;
use super::{Failure, parse};

/// Schemas that map to types of the runtime: the schema, the Rust type, and the traits that progenitor may
/// rely on.
fn conversions() -> [(Value, &'static str, &'static [TypeImpl]); 5] {
    [
        (
            json!({"type": "string", "format": "password"}),
            "::openapi_runtime::Secret",
            &[],
        ),
        (
            json!({"type": "number", "format": "decimal"}),
            "::openapi_runtime::Number",
            &[TypeImpl::Display, TypeImpl::FromStr],
        ),
        (
            json!({"type": "number", "format": "decimal128"}),
            "::openapi_runtime::Number",
            &[TypeImpl::Display, TypeImpl::FromStr],
        ),
        (
            json!({"type": "number", "format": "usd"}),
            "::openapi_runtime::Usd",
            &[TypeImpl::Display, TypeImpl::FromStr, TypeImpl::Default],
        ),
        (
            json!({"type": "string", "format": "date-time"}),
            "::openapi_runtime::Timestamp",
            &[TypeImpl::Display, TypeImpl::FromStr],
        ),
    ]
}

/// Runs progenitor on a document prepared by [`input::prepare`].
///
/// With `Positional`, types have no builders. Panics of progenitor are caught and returned as errors.
///
/// # Errors
/// [`Failure::Progenitor`] if progenitor rejects the document.
pub(super) fn generate(
    mut document: Value,
    lowered: &Lowered,
    style: InterfaceStyle,
) -> Result<TokenStream, Failure> {
    let rejected = |reason: String| Failure::Progenitor(format!("progenitor: {reason}"));
    let generate = move || -> Result<TokenStream, Failure> {
        let mut settings = GenerationSettings::default();
        settings
            .with_interface(style)
            .with_tag(TagStyle::Merged)
            .with_inner_type(quote!(openapi_runtime::Caller));
        for (schema, rust, traits) in conversions() {
            let schema = serde_json::from_value(schema).map_err(|e| e.to_string())?;
            settings.with_conversion(schema, rust, traits.iter().copied());
        }
        let schemas = document.pointer("/components/schemas");
        let is_used = |name: &str| schemas.is_some_and(|schemas| schemas.get(name).is_some());
        for open in lowered.enums.iter().filter(|open| is_used(&open.name)) {
            let traits = [TypeImpl::Display, TypeImpl::FromStr];
            let name = type_name(&open.name)?;
            let rust = format!("crate::types::{name}");
            settings.with_replacement(&name, rust, traits.into_iter());
        }
        for union in lowered.unions.iter().filter(|union| is_used(&union.name)) {
            let name = type_name(&union.name)?;
            let rust = format!("crate::types::{name}");
            settings.with_replacement(&name, rust, std::iter::empty());
        }
        for (name, runtime_type) in runtime_types(&document) {
            let name = type_name(name)?;
            let rust = format!("::openapi_runtime::{runtime_type}");
            settings.with_replacement(&name, rust, std::iter::empty());
        }
        // Remove extensions: progenitor treats schemas that differ only in an extension as different schemas.
        strip_extensions(&mut document);
        let document = parse::parse(&document)?;
        Generator::new(&settings)
            .generate_tokens(&document)
            .map_err(|e| rejected(e.to_string()))
    };
    catch_panic(AssertUnwindSafe(generate)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        Err(rejected(format!("panicked: {text}")))
    })
}

/// Runs a function that may panic, without printing the panic message. The hook of the process, which prints it, is
/// replaced once by one that is silent in this function.
fn catch_panic<T>(run: impl FnOnce() -> T + UnwindSafe) -> std::thread::Result<T> {
    thread_local! {
        static IS_SILENT: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_SILENT.get() {
                print(panic);
            }
        }));
    });
    IS_SILENT.set(true);
    let result = panic::catch_unwind(run);
    IS_SILENT.set(false);
    result
}

/// Returns the component schemas that are types of the runtime, with the names of both.
fn runtime_types(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    let schemas = document.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object).into_iter().flatten();
    schemas.filter_map(|(name, schema)| Some((name.as_str(), schema.get(RUNTIME_TYPE)?.as_str()?)))
}

fn strip_extensions(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("x-"));
            for (key, member) in map {
                match member {
                    // These are names, which may begin with `x-`.
                    Value::Object(named) if key == "properties" || key == "schemas" => {
                        named.values_mut().for_each(strip_extensions);
                    }
                    member => strip_extensions(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip_extensions),
        _ => {}
    }
}
