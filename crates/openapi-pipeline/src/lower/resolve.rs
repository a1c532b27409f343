//! Operations that say everything themselves.
//!
//! A document may keep parameters, request bodies and answers in `components`, and parameters of a whole
//! path beside its operations. Every step after this one looks at operations alone, so all of that is
//! copied to where it is used.

use serde_json::{Map, Value};

use super::LowerError;
use crate::Pointer;

/// The members of a path item that are operations.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// How many references may lead from one to the next.
const MOST_REFERENCES: usize = 16;

/// Whether a member of a path item is an operation.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

/// Copies what operations refer to into them.
pub(super) fn resolve_operations(document: &mut Value) -> Result<(), LowerError> {
    let whole = document.clone();
    let place = Pointer::root().join("paths");
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return Err(LowerError::new(&Pointer::root(), "no `paths`"));
    };
    for (path, item) in paths {
        let place = place.join(path);
        resolve(&whole, item, &place)?;
        let Value::Object(members) = item else {
            return Err(LowerError::new(&place, "not a path item"));
        };
        let shared = members.shift_remove("parameters");
        for (name, operation) in members.iter_mut().filter(|(name, _)| is_method(name)) {
            let place = place.join(name);
            let Value::Object(operation) = operation else {
                return Err(LowerError::new(&place, "not an operation"));
            };
            share_parameters(&whole, operation, shared.as_ref(), &place)?;
            if let Some(body) = operation.get_mut("requestBody") {
                resolve(&whole, body, &place.join("requestBody"))?;
            }
            if let Some(Value::Object(responses)) = operation.get_mut("responses") {
                for (status, response) in responses {
                    resolve(&whole, response, &place.join("responses").join(status))?;
                }
            }
        }
    }
    if let Some(Value::Object(components)) = document.get_mut("components") {
        for copied in ["parameters", "requestBodies", "responses", "pathItems"] {
            components.shift_remove(copied);
        }
    }
    Ok(())
}

/// Gives an operation the parameters of its path, unless it has its own of that name and place.
fn share_parameters(
    whole: &Value,
    operation: &mut Map<String, Value>,
    shared: Option<&Value>,
    place: &Pointer,
) -> Result<(), LowerError> {
    let place = place.join("parameters");
    let mut parameters = match operation.shift_remove("parameters") {
        Some(Value::Array(parameters)) => parameters,
        Some(_) => return Err(LowerError::new(&place, "not a list of parameters")),
        None => Vec::new(),
    };
    for (index, parameter) in parameters.iter_mut().enumerate() {
        resolve(whole, parameter, &place.join(index))?;
    }
    for parameter in shared.and_then(Value::as_array).into_iter().flatten() {
        let mut parameter = parameter.clone();
        resolve(whole, &mut parameter, &place)?;
        let same = |own: &Value| own["name"] == parameter["name"] && own["in"] == parameter["in"];
        if !parameters.iter().any(same) {
            parameters.push(parameter);
        }
    }
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    Ok(())
}

/// Replaces a reference by what it leads to.
fn resolve(whole: &Value, value: &mut Value, place: &Pointer) -> Result<(), LowerError> {
    for _ in 0..MOST_REFERENCES {
        let Some(Value::String(reference)) = value.get("$ref") else {
            return Ok(());
        };
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| whole.pointer(pointer));
        *value = target
            .ok_or_else(|| LowerError::new(place, format!("{reference:?} leads nowhere")))?
            .clone();
    }
    Err(LowerError::new(place, "references that lead in a circle"))
}
