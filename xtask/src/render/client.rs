//! progenitor, with our settings.

use std::panic::{self, AssertUnwindSafe, UnwindSafe};
use std::sync::{Mutex, PoisonError};

use openapi_pipeline::lower::{Lowered, RUNTIME_TYPE};
use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use serde_json::{Value, json};

use super::names::type_name;

/// Schemas that are read and written by types of the runtime: what they are in the document, what
/// they are in Rust, and what the generator may take for granted of them.
fn conversions() -> [(Value, &'static str, &'static [TypeImpl]); 5] {
    [
        (
            json!({"type": "string", "format": "password"}),
            "::openapi_runtime::Secret",
            &[],
        ),
        (
            json!({"type": "number", "format": "decimal"}),
            "::openapi_runtime::Usd",
            &[TypeImpl::Display, TypeImpl::FromStr, TypeImpl::Default],
        ),
        (
            json!({"type": "string", "format": "date-time"}),
            "::openapi_runtime::Timestamp",
            &[TypeImpl::Display, TypeImpl::FromStr],
        ),
        // Texts whose form a server may get wrong, and for whose sake no answer is lost.
        (
            json!({"type": "string", "format": "uuid"}),
            "::std::string::String",
            &[TypeImpl::Display, TypeImpl::FromStr],
        ),
        (
            json!({"type": "string", "format": "date"}),
            "::std::string::String",
            &[TypeImpl::Display, TypeImpl::FromStr],
        ),
    ]
}

/// Runs progenitor over a document, as [`reading::copy`] makes it.
///
/// Some of what it cannot read makes it panic. That is caught here and comes back as an error.
pub(super) fn generate(mut copy: Value, lowered: &Lowered) -> Result<TokenStream, String> {
    let generate = move || -> Result<TokenStream, String> {
        let mut settings = GenerationSettings::default();
        settings
            .with_interface(InterfaceStyle::Builder)
            .with_tag(TagStyle::Merged)
            .with_inner_type(quote!(openapi_runtime::Caller));
        for (schema, rust, traits) in conversions() {
            let schema = serde_json::from_value(schema).map_err(|e| e.to_string())?;
            settings.with_conversion(schema, rust, traits.iter().copied());
        }
        for open in &lowered.enums {
            let traits = [TypeImpl::Display, TypeImpl::FromStr];
            let name = type_name(&open.name)?;
            let rust = format!("crate::types::{name}");
            settings.with_replacement(&name, rust, traits.into_iter());
        }
        for union in &lowered.unions {
            let name = type_name(&union.name)?;
            let rust = format!("crate::types::{name}");
            settings.with_replacement(&name, rust, std::iter::empty());
        }
        for (name, runtime_type) in runtime_types(&copy) {
            let name = type_name(name)?;
            let rust = format!("::openapi_runtime::{runtime_type}");
            settings.with_replacement(&name, rust, std::iter::empty());
        }
        // Words that are not of OpenAPI, ours and others': progenitor takes a schema that has one for
        // another schema.
        strip(&mut copy);
        let document: OpenAPI = serde_json::from_value(copy).map_err(|e| e.to_string())?;
        Generator::new(&settings)
            .generate_tokens(&document)
            .map_err(|e| e.to_string())
    };
    quietly(AssertUnwindSafe(generate))
        .unwrap_or_else(|payload| {
            let text = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .unwrap_or("no reason given");
            Err(format!("panicked: {text}"))
        })
        .map_err(|reason| format!("progenitor: {reason}"))
}

/// Runs what may panic, without a word on the terminal. The hook is the whole process's, so one at a
/// time.
fn quietly<T>(run: impl FnOnce() -> T + UnwindSafe) -> std::thread::Result<T> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(run);
    panic::set_hook(hook);
    result
}

/// The component schemas that are types of the runtime, with the names of both.
fn runtime_types(copy: &Value) -> impl Iterator<Item = (&str, &str)> {
    let schemas = copy.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object).into_iter().flatten();
    schemas.filter_map(|(name, schema)| Some((name.as_str(), schema.get(RUNTIME_TYPE)?.as_str()?)))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("x-"));
            for (key, member) in map {
                match member {
                    // These are names, whatever they begin with.
                    Value::Object(named) if key == "properties" || key == "schemas" => {
                        named.values_mut().for_each(strip);
                    }
                    member => strip(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
