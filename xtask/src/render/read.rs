//! A lowered document as `openapiv3` has it, and the place of what it cannot read.

use openapi_pipeline::Pointer;
use openapiv3::{OpenAPI, Operation, Parameter, ReferenceOr, RequestBody, Response, Schema};
use serde::Deserialize;
use serde_json::Value;

/// Reads a document; an error begins with the place of what is wrong.
pub(super) fn read(document: &Value) -> Result<OpenAPI, String> {
    OpenAPI::deserialize(document).map_err(|e| {
        let (place, reason) = locate(document).unwrap_or_else(|| (Pointer::root(), e.to_string()));
        format!("{place}: not valid OpenAPI 3.0: {reason}")
    })
}

type Fault = (Pointer, String);

/// `openapiv3` does not say where it stopped. So its parts are tried one by one, the inner ones first.
fn locate(document: &Value) -> Option<Fault> {
    let root = Pointer::root();
    let schemas = members(document.pointer("/components/schemas"));
    let place = root.join("components").join("schemas");
    for (name, schema) in schemas {
        if let Some(fault) = schema_fault(schema, &place.join(name)) {
            return Some(fault);
        }
    }
    for (path, item) in members(document.get("paths")) {
        for (method, operation) in members(Some(item)) {
            let place = root.join("paths").join(path).join(method);
            if let Some(fault) = operation_fault(operation, &place) {
                return Some(fault);
            }
        }
    }
    None
}

fn operation_fault(operation: &Value, place: &Pointer) -> Option<Fault> {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for (index, parameter) in parameters.into_iter().flatten().enumerate() {
        let place = place.join("parameters").join(index);
        if let Some(schema) = parameter.get("schema")
            && let Some(fault) = schema_fault(schema, &place.join("schema"))
        {
            return Some(fault);
        }
        if let Some(fault) = fault::<ReferenceOr<Parameter>>(parameter, &place) {
            return Some(fault);
        }
    }
    for (status, response) in members(operation.get("responses")) {
        let place = place.join("responses").join(status);
        if let Some(fault) = fault::<ReferenceOr<Response>>(response, &place) {
            return Some(fault);
        }
    }
    if let Some(body) = operation.get("requestBody")
        && let Some(fault) = fault::<ReferenceOr<RequestBody>>(body, &place.join("requestBody"))
    {
        return Some(fault);
    }
    // A list of parameters of the whole path is no operation.
    operation
        .is_object()
        .then(|| fault::<Operation>(operation, place))?
}

fn schema_fault(schema: &Value, place: &Pointer) -> Option<Fault> {
    for (name, property) in members(schema.get("properties")) {
        if let Some(fault) = schema_fault(property, &place.join("properties").join(name)) {
            return Some(fault);
        }
    }
    if let Some(items) = schema.get("items")
        && let Some(fault) = schema_fault(items, &place.join("items"))
    {
        return Some(fault);
    }
    fault::<ReferenceOr<Schema>>(schema, place)
}

fn fault<'a, T: Deserialize<'a>>(value: &'a Value, place: &Pointer) -> Option<Fault> {
    let error = T::deserialize(value).err()?;
    Some((place.clone(), error.to_string()))
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
