//! String enumerations, each under a name of its own.
//!
//! A closed enum fails on the first value that nobody listed, and one answer is then lost. So the
//! generator writes open ones, from the list that this step makes; the document itself then says
//! that they are strings.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::LowerError;
use crate::Pointer;

/// A string enumeration that may hold other values too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenEnum {
    /// Its name in `#/components/schemas`.
    pub name: String,
    /// What the document says of it.
    pub description: Option<String>,
    /// The listed values, each once, in their order.
    pub values: Vec<String>,
}

/// Gives every string enumeration a component of its own and takes its values out of the document.
///
/// An inline enumeration is named by its `title`, or else by the places that lead to it.
pub(super) fn name_enums(document: &mut Value) -> Result<Vec<OpenEnum>, LowerError> {
    let mut found = BTreeMap::new();
    let root = Pointer::root();
    let place = root.join("components").join("schemas");
    let names: Vec<String> = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .map(|schemas| schemas.keys().cloned().collect())
        .unwrap_or_default();
    for name in names {
        let Some(schema) = document
            .pointer_mut("/components/schemas")
            .and_then(|s| s.get_mut(&name))
        else {
            continue;
        };
        if let Some(values) = string_values(schema) {
            take_values(schema);
            let description = description_of(schema);
            insert(
                &mut found,
                OpenEnum {
                    name: name.clone(),
                    description,
                    values,
                },
                &place.join(&name),
            )?;
        } else {
            name_inline(schema, &name, &place.join(&name), &mut found)?;
        }
    }
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths {
            name_inline_in_operations(item, &root.join("paths").join(path), &mut found)?;
        }
    }
    if !found.is_empty() {
        let schemas = document
            .as_object_mut()
            .and_then(|document| {
                document
                    .entry("components")
                    .or_insert_with(|| json!({}))
                    .as_object_mut()
            })
            .and_then(|components| {
                components
                    .entry("schemas")
                    .or_insert_with(|| json!({}))
                    .as_object_mut()
            });
        if let Some(schemas) = schemas {
            for (name, found) in &found {
                schemas
                    .entry(name.clone())
                    .or_insert_with(|| match &found.description {
                        Some(description) => json!({"type": "string", "description": description}),
                        None => json!({"type": "string"}),
                    });
            }
        }
    }
    Ok(found.into_values().collect())
}

fn name_inline_in_operations(
    item: &mut Value,
    place: &Pointer,
    found: &mut BTreeMap<String, OpenEnum>,
) -> Result<(), LowerError> {
    let Value::Object(methods) = item else {
        return Ok(());
    };
    for (method, operation) in methods {
        let name = operation
            .get("operationId")
            .and_then(Value::as_str)
            .unwrap_or(method)
            .to_owned();
        let place = place.join(method);
        let Some(Value::Array(parameters)) = operation.get_mut("parameters") else {
            continue;
        };
        for (index, parameter) in parameters.iter_mut().enumerate() {
            let parameter_name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if let Some(schema) = parameter.get_mut("schema") {
                let place = place.join("parameters").join(index).join("schema");
                name_one(
                    schema,
                    &format!("{}{}", pascal(&name), pascal(&parameter_name)),
                    &place,
                    found,
                )?;
            }
        }
    }
    Ok(())
}

/// Names the enumerations below a schema whose name is `owner`.
fn name_inline(
    schema: &mut Value,
    owner: &str,
    place: &Pointer,
    found: &mut BTreeMap<String, OpenEnum>,
) -> Result<(), LowerError> {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (property, schema) in properties {
            let name = format!("{}{}", pascal(owner), pascal(property));
            name_one(
                schema,
                &name,
                &place.join("properties").join(property),
                found,
            )?;
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner @ Value::Object(_)) = schema.get_mut(keyword) {
            name_one(inner, owner, &place.join(keyword), found)?;
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(parts)) = schema.get_mut(keyword) {
            for (index, part) in parts.iter_mut().enumerate() {
                let name = format!("{}{}", pascal(owner), index + 1);
                name_one(part, &name, &place.join(keyword).join(index), found)?;
            }
        }
    }
    Ok(())
}

fn name_one(
    schema: &mut Value,
    name: &str,
    place: &Pointer,
    found: &mut BTreeMap<String, OpenEnum>,
) -> Result<(), LowerError> {
    let Some(values) = string_values(schema) else {
        return name_inline(schema, name, place, found);
    };
    let titled = schema.get("title").and_then(Value::as_str).map(pascal);
    let name = titled
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| name.to_owned());
    let description = description_of(schema);
    let nullable = schema.get("nullable") == Some(&Value::Bool(true));
    insert(
        found,
        OpenEnum {
            name: name.clone(),
            description: description.clone(),
            values,
        },
        place,
    )?;
    let mut replacement = Map::new();
    if let Some(description) = description {
        replacement.insert("description".to_owned(), description.into());
    }
    if let Some(default) = schema.get("default") {
        replacement.insert("default".to_owned(), default.clone());
    }
    let reference = json!({"$ref": format!("#/components/schemas/{name}")});
    if nullable {
        replacement.insert("nullable".to_owned(), Value::Bool(true));
    }
    *schema = if replacement.is_empty() {
        reference
    } else {
        replacement.insert("allOf".to_owned(), json!([reference]));
        Value::Object(replacement)
    };
    Ok(())
}

fn insert(
    found: &mut BTreeMap<String, OpenEnum>,
    new: OpenEnum,
    place: &Pointer,
) -> Result<(), LowerError> {
    match found.get(&new.name) {
        Some(old) if old.values != new.values => Err(LowerError::new(
            place,
            format!(
                "two different enumerations would be named {:?}; give one a `title`",
                new.name
            ),
        )),
        Some(_) => Ok(()),
        None => {
            found.insert(new.name.clone(), new);
            Ok(())
        }
    }
}

/// The values of a string enumeration, each once; nothing if the schema is something else.
fn string_values(schema: &Value) -> Option<Vec<String>> {
    if !matches!(
        schema.get("type").and_then(Value::as_str),
        None | Some("string")
    ) {
        return None;
    }
    let mut values = Vec::new();
    for value in schema.get("enum")?.as_array()? {
        let value = value.as_str()?.to_owned();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Some(values)
}

fn take_values(schema: &mut Value) {
    if let Value::Object(map) = schema {
        map.shift_remove("enum");
        map.insert("type".to_owned(), "string".into());
    }
}

fn description_of(schema: &Value) -> Option<String> {
    schema
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .map(|first| first.to_uppercase().chain(chars).collect())
                .unwrap_or_default()
        })
        .collect::<Vec<String>>()
        .concat()
}
