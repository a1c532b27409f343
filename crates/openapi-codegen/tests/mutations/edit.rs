//! Helpers that modify a specification.

use std::fs;
use std::path::{Path, PathBuf};

use openapi_codegen::{document, overlay};
use serde_json::Value;

/// Returns the root of this repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns a specification with its overlays, before lowering.
pub(crate) fn specification(api: &str) -> Value {
    let read = |file: &str| fs::read_to_string(root().join("specs").join(file)).unwrap();
    let apis: toml::Table = toml::from_str(&read("apis.toml")).unwrap();
    let mut apis = apis["api"].as_array().unwrap().iter();
    let api = apis
        .find(|entry| entry["name"].as_str() == Some(api))
        .unwrap();
    let text = read(api["specification"].as_str().unwrap());
    let mut value = document::parse("specification", &text).unwrap();
    for file in api["overlays"].as_array().unwrap() {
        let file = file.as_str().unwrap();
        overlay::apply(&mut value, file, &read(file)).unwrap();
    }
    value
}

pub(crate) fn at<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Value {
    value
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("no value at {pointer}"))
}

pub(crate) fn remove(value: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/");
    at(value, parent)
        .as_object_mut()
        .unwrap()
        .shift_remove(&last)
        .unwrap_or_else(|| panic!("no value at {pointer}"));
}

/// Returns a schema by name.
pub(crate) fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    at(document, &format!("/components/schemas/{name}"))
}

/// Returns the schema of a property, which is created if missing.
pub(crate) fn property<'a>(document: &'a mut Value, schema: &str, name: &str) -> &'a mut Value {
    let properties = at(
        document,
        &format!("/components/schemas/{schema}/properties"),
    );
    &mut properties[name]
}

/// Returns a parameter of an operation by name.
pub(crate) fn parameter<'a>(document: &'a mut Value, operation: &str, name: &str) -> &'a mut Value {
    at(document, operation)["parameters"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|p| p["name"] == name)
        .unwrap()
}

pub(crate) fn require(document: &mut Value, name: &str, property: &str) {
    push(&mut schema(document, name)["required"], property);
}

pub(crate) fn unrequire(document: &mut Value, name: &str, property: &str) {
    let required = schema(document, name)["required"].as_array_mut().unwrap();
    required.retain(|one| one != property);
}

/// Appends to a list, which is created if missing.
pub(crate) fn push(list: &mut Value, value: impl Into<Value>) {
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    list.as_array_mut().unwrap().push(value.into());
}

/// Reverses the order of the keys.
pub(crate) fn reverse_keys(map: &mut Value) {
    let map = map.as_object_mut().unwrap();
    *map = std::mem::take(map).into_iter().rev().collect();
}

/// Renames a schema in all places.
pub(crate) fn rename(document: &mut Value, old: &str, new: &str) {
    *document = serde_json::from_str(&document.to_string().replace(old, new)).unwrap();
}
