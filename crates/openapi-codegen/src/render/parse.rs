//! Parses a lowered document with `openapiv3` and locates errors.

use crate::Pointer;
use openapiv3::{OpenAPI, Operation, Parameter, ReferenceOr, RequestBody, Response, Schema};
use serde::Deserialize;
use serde_json::Value;

/// Parses a document. An error begins with its location.
pub(super) fn parse(document: &Value) -> Result<OpenAPI, String> {
    OpenAPI::deserialize(document).map_err(|e| {
        let (pointer, reason) =
            locate(document).unwrap_or_else(|| (Pointer::root(), e.to_string()));
        format!("{pointer}: not valid OpenAPI 3.0: {reason}")
    })
}

type LocatedError = (Pointer, String);

/// Parses the parts of the document one by one, inner ones first, because `openapiv3` does not report a
/// location.
fn locate(document: &Value) -> Option<LocatedError> {
    let root = Pointer::root();
    let schemas = members(document.pointer("/components/schemas"));
    let pointer = root.join("components").join("schemas");
    for (name, schema) in schemas {
        if let Some(error) = schema_error(schema, &pointer.join(name)) {
            return Some(error);
        }
    }
    for (path, item) in members(document.get("paths")) {
        for (method, operation) in members(Some(item)) {
            let pointer = root.join("paths").join(path).join(method);
            if let Some(error) = operation_error(operation, &pointer) {
                return Some(error);
            }
        }
    }
    None
}

fn operation_error(operation: &Value, pointer: &Pointer) -> Option<LocatedError> {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for (index, parameter) in parameters.into_iter().flatten().enumerate() {
        let pointer = pointer.join("parameters").join(index);
        if let Some(schema) = parameter.get("schema")
            && let Some(error) = schema_error(schema, &pointer.join("schema"))
        {
            return Some(error);
        }
        if let Some(error) = find_error::<ReferenceOr<Parameter>>(parameter, &pointer) {
            return Some(error);
        }
    }
    for (status, response) in members(operation.get("responses")) {
        let pointer = pointer.join("responses").join(status);
        if let Some(error) = find_error::<ReferenceOr<Response>>(response, &pointer) {
            return Some(error);
        }
    }
    if let Some(body) = operation.get("requestBody")
        && let Some(error) =
            find_error::<ReferenceOr<RequestBody>>(body, &pointer.join("requestBody"))
    {
        return Some(error);
    }
    // Parameters shared by all operations of a path are an array, not an operation.
    operation
        .is_object()
        .then(|| find_error::<Operation>(operation, pointer))?
}

fn schema_error(schema: &Value, pointer: &Pointer) -> Option<LocatedError> {
    for (name, property) in members(schema.get("properties")) {
        if let Some(error) = schema_error(property, &pointer.join("properties").join(name)) {
            return Some(error);
        }
    }
    if let Some(items) = schema.get("items")
        && let Some(error) = schema_error(items, &pointer.join("items"))
    {
        return Some(error);
    }
    find_error::<ReferenceOr<Schema>>(schema, pointer)
}

fn find_error<'a, T: Deserialize<'a>>(value: &'a Value, pointer: &Pointer) -> Option<LocatedError> {
    let error = T::deserialize(value).err()?;
    Some((pointer.clone(), error.to_string()))
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
