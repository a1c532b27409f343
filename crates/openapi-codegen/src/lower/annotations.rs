//! Documents annotations that Rust types do not express: `deprecated`, `readOnly` and `writeOnly`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::defaults;
use super::descriptions::{describe_schema, line};
use super::names::target;
use super::resolve::is_method;
use super::scalars::runtime_type;
use super::walk::members;

/// What a component says about the properties and parameters that refer to it.
struct Annotations {
    /// The description of a component that is not a type in the generated code.
    description: Option<String>,
    /// Those of [`ACCESS`] that are set.
    access: Vec<&'static str>,
}

const ACCESS: [&str; 2] = ["readOnly", "writeOnly"];

/// Documents the annotations of operations, parameters, component schemas and their properties.
pub(super) fn document_annotations(document: &mut Value) {
    let (sent, received) = (
        defaults::sent_schemas(document),
        defaults::received_schemas(document),
    );
    let schemas = members(document.pointer_mut("/components/schemas"));
    let annotations = schemas.map(|(name, schema)| {
        document_deprecated(schema);
        document_links(schema);
        (name.clone(), annotations_of(schema))
    });
    let annotations: BTreeMap<String, Annotations> = annotations.collect();
    for (name, schema) in members(document.pointer_mut("/components/schemas")) {
        for (_, property) in members(schema.get_mut("properties")) {
            document_deprecated(property);
            document_links(property);
            let target = document_target(property, &annotations);
            // A type of responses only says by itself that its properties are read.
            let sentences = [
                "Read-only: set in responses.",
                "Write-only: set in requests.",
            ];
            let users = [&sent, &received].into_iter().zip(sentences);
            for (annotation, (users, sentence)) in ACCESS.into_iter().zip(users) {
                let is_set = is_set(property, annotation)
                    || target.is_some_and(|target| target.access.contains(&annotation));
                if users.contains(name) && is_set {
                    describe_schema(property, sentence);
                }
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
                    document_target(schema, &annotations);
                }
            }
        }
    }
}

fn annotations_of(schema: &Value) -> Annotations {
    let access = ACCESS.into_iter();
    Annotations {
        description: runtime_type(schema).and_then(|_| line(schema)),
        access: access.filter(|name| is_set(schema, name)).collect(),
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
