//! Documents annotations that Rust types do not express: `deprecated`, `readOnly` and `writeOnly`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::defaults;
use super::descriptions::{describe_schema, line};
use super::names::target;
use super::resolve::is_method;
use super::scalars::runtime_type;
use super::walk::members;

const READ_ONLY: &str = "readOnly";
const WRITE_ONLY: &str = "writeOnly";

/// What a component says about the properties and parameters that refer to it.
struct Annotations {
    /// The description of a component that is not a type in the generated code.
    description: Option<String>,
    is_read_only: bool,
    is_write_only: bool,
}

/// Documents the annotations of operations, parameters, component schemas and their properties.
pub(super) fn document_annotations(document: &mut Value) {
    let (sent, received) = (
        defaults::sent_schemas(document),
        defaults::received_schemas(document),
    );
    let schemas = members(document.pointer_mut("/components/schemas"));
    let annotations = schemas.map(|(name, schema)| {
        document_schema(schema);
        (name.clone(), annotations_of(schema))
    });
    let annotations: BTreeMap<String, Annotations> = annotations.collect();
    for (name, schema) in members(document.pointer_mut("/components/schemas")) {
        for (_, property) in members(schema.get_mut("properties")) {
            document_schema(property);
            let target = document_target(property, &annotations);
            let read_only = is_set(property, READ_ONLY) || target.is_some_and(|to| to.is_read_only);
            let write_only =
                is_set(property, WRITE_ONLY) || target.is_some_and(|to| to.is_write_only);
            // A type of responses only says by itself that its properties are read.
            if read_only && sent.contains(name) {
                describe_schema(property, "Read-only: set in responses.");
            }
            if write_only && received.contains(name) {
                describe_schema(property, "Write-only: set in requests.");
            }
        }
    }
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            document_deprecated(operation);
            let parameters = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                document_deprecated(parameter);
                if let Some(schema) = parameter.get_mut("schema") {
                    document_schema(schema);
                    document_target(schema, &annotations);
                }
            }
        }
    }
}

fn annotations_of(schema: &Value) -> Annotations {
    Annotations {
        description: runtime_type(schema).and_then(|_| line(schema)),
        is_read_only: is_set(schema, READ_ONLY),
        is_write_only: is_set(schema, WRITE_ONLY),
    }
}

fn is_set(schema: &Value, annotation: &str) -> bool {
    schema.get(annotation) == Some(&Value::Bool(true))
}

/// Adds the description of the component that a schema refers to. Returns the annotations of the component.
fn document_target<'a>(
    schema: &mut Value,
    annotations: &'a BTreeMap<String, Annotations>,
) -> Option<&'a Annotations> {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let target = annotations.get(&reference.and_then(target)?)?;
    if let Some(description) = &target.description {
        describe_schema(schema, description);
    }
    Some(target)
}

/// Documents whether a schema and the items or values in it are deprecated, and where they are documented.
fn document_schema(schema: &mut Value) {
    document_deprecated(schema);
    document_links(schema);
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(keyword) {
            document_schema(inner);
        }
    }
}

/// Documents where a schema is documented.
fn document_links(schema: &mut Value) {
    let url = schema.get("externalDocs").and_then(|docs| docs.get("url"));
    if let Some(url) = url
        .and_then(Value::as_str)
        .filter(|url| url.contains("://"))
    {
        describe_schema(schema, &format!("See <{url}>."));
    }
}

/// Documents that a part is deprecated, unless its description begins with that.
fn document_deprecated(holder: &mut Value) {
    let description = holder.get("description").and_then(Value::as_str);
    let beginning = description.and_then(|text| text.trim_start().get(.."deprecated".len()));
    let is_documented = beginning.is_some_and(|word| word.eq_ignore_ascii_case("deprecated"));
    if holder.get("deprecated") == Some(&Value::Bool(true)) && !is_documented {
        describe_schema(holder, "Deprecated.");
    }
}
