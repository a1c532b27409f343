//! Moves string enumerations into named components.
//!
//! A closed enum would make a response with an unlisted value unreadable. The generator therefore renders
//! open enums from the list that this pass returns, and the document declares them as plain strings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::defaults::without_default;
use super::names::pascal;
use super::parameters::place_of;
use super::resolve::is_method;
use super::updates::HAS_DEFAULT;
use super::walk::members;
use crate::Pointer;

/// An open string enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenEnum {
    /// The name of the component schema.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The listed values, without duplicates, in document order.
    pub values: Vec<String>,
}

/// Moves every string enumeration into a component and removes its values from the document.
///
/// An inline enumeration is named by its `title`, or by the path that leads to it. A single-valued
/// enumeration in an alternative is a discriminator and stays.
pub(super) fn name_enums(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<Vec<OpenEnum>, LowerError> {
    let root = Pointer::root();
    let components = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut);
    let mut schemas = components.map(std::mem::take).unwrap_or_default();
    let mut namer = Namer {
        taken: schemas.keys().cloned().collect(),
        keys: schemas.keys().map(|name| key(name)).collect(),
        found: BTreeMap::new(),
        with_values: BTreeMap::new(),
        numbers: BTreeMap::new(),
        cx,
    };
    let place = root.join("components").join("schemas");
    for (name, schema) in &mut schemas {
        let place = place.join(name);
        match string_values(schema) {
            Some(values) => {
                take_values(schema);
                let description = description_of(schema);
                let open = OpenEnum {
                    name: name.clone(),
                    description,
                    values,
                };
                namer.add(open);
            }
            None => namer.below(schema, name, &place)?,
        }
    }
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            namer.in_operation(
                operation,
                method,
                &root.join("paths").join(path).join(method),
            )?;
        }
    }
    for (name, open) in &namer.found {
        schemas
            .entry(name.clone())
            .or_insert_with(|| match &open.description {
                Some(description) => json!({"type": "string", "description": description}),
                None => json!({"type": "string"}),
            });
    }
    if !schemas.is_empty()
        && let Value::Object(document) = document
        && let Value::Object(components) = document.entry("components").or_insert_with(|| json!({}))
    {
        components.insert("schemas".to_owned(), Value::Object(schemas));
    }
    Ok(namer.found.into_values().collect())
}

struct Namer<'a, 'b> {
    /// The names of components.
    taken: BTreeSet<String>,
    /// The names, normalized as Rust compares them.
    keys: BTreeSet<String>,
    found: BTreeMap<String, OpenEnum>,
    /// The names in `found`, by values.
    with_values: BTreeMap<Vec<String>, Vec<String>>,
    /// The numeric suffix up to which all numbers of a name are taken.
    numbers: BTreeMap<String, usize>,
    cx: &'a mut Context<'b>,
}

impl Namer<'_, '_> {
    fn in_operation(
        &mut self,
        operation: &mut Value,
        method: &str,
        place: &Pointer,
    ) -> Result<(), LowerError> {
        let id = operation
            .get("operationId")
            .and_then(Value::as_str)
            .unwrap_or(method);
        let owner = pascal(id);
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let list = place.join("parameters");
            let place = place_of(parameter, &list).join("schema");
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = format!("{owner}{}", pascal(name));
            if let Some(schema) = parameter.get_mut("schema") {
                self.name_enum(schema, &name, &place)?;
            }
        }
        if let Some(body) = operation.get_mut("requestBody") {
            self.in_content(body, &format!("{owner}Body"), &place.join("requestBody"))?;
        }
        for (status, response) in members(operation.get_mut("responses")) {
            let place = place.join("responses").join(status);
            self.in_content(response, &format!("{owner}Response"), &place)?;
        }
        Ok(())
    }

    fn in_content(
        &mut self,
        holder: &mut Value,
        name: &str,
        place: &Pointer,
    ) -> Result<(), LowerError> {
        for (media, content) in members(holder.get_mut("content")) {
            if let Some(schema) = content.get_mut("schema") {
                self.name_enum(
                    schema,
                    name,
                    &place.join("content").join(media).join("schema"),
                )?;
            }
        }
        Ok(())
    }

    /// Names the enumerations in a schema named `owner`.
    fn below(
        &mut self,
        schema: &mut Value,
        owner: &str,
        place: &Pointer,
    ) -> Result<(), LowerError> {
        let owner = pascal(owner);
        for (property, schema) in members(schema.get_mut("properties")) {
            let name = format!("{owner}{}", pascal(property));
            self.name_enum(schema, &name, &place.join("properties").join(property))?;
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(inner @ Value::Object(_)) = schema.get_mut(keyword) {
                self.name_enum(inner, &format!("{owner}Item"), &place.join(keyword))?;
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let parts = schema.get_mut(keyword).and_then(Value::as_array_mut);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                let name = format!("{owner}{}", index + 1);
                let place = place.join(keyword).join(index);
                let tags = if keyword == "allOf" {
                    Map::new()
                } else {
                    take_tags(part)
                };
                self.name_enum(part, &name, &place)?;
                if let Some(Value::Object(properties)) = part.get_mut("properties") {
                    properties.extend(tags);
                }
            }
        }
        Ok(())
    }

    fn name_enum(
        &mut self,
        schema: &mut Value,
        name: &str,
        place: &Pointer,
    ) -> Result<(), LowerError> {
        let Some(values) = string_values(schema) else {
            return self.below(schema, name, place);
        };
        let titled = schema.get("title").and_then(Value::as_str).map(pascal);
        // Generated titles may be ambiguous.
        let titled = titled.filter(|title| !title.is_empty() && !self.taken.contains(title));
        let name = titled.unwrap_or_else(|| name.to_owned());
        // The default is that of the property.
        let description = description_of(schema)
            .map(|text| without_default(&text).to_owned())
            .filter(|text| !text.is_empty());
        let name = self.free_name(name, &values, place)?;
        let new = OpenEnum {
            name: name.clone(),
            description,
            values,
        };
        if !self.found.contains_key(&name) {
            self.keys.insert(key(&name));
            self.add(new);
        }
        let mut replacement = Map::new();
        for kept in [
            "description",
            "default",
            "nullable",
            super::SEND_DEFAULT,
            HAS_DEFAULT,
        ] {
            if let Some(value) = schema.get(kept) {
                replacement.insert(kept.to_owned(), value.clone());
            }
        }
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        *schema = if replacement.is_empty() {
            reference
        } else {
            replacement.insert("allOf".to_owned(), json!([reference]));
            Value::Object(replacement)
        };
        Ok(())
    }
}

impl Namer<'_, '_> {
    fn add(&mut self, open: OpenEnum) {
        let names = self.with_values.entry(open.values.clone()).or_default();
        names.push(open.name.clone());
        self.found.insert(open.name.clone(), open);
    }

    /// Returns the name of an enumeration: the wanted one, unless it is taken by a different type.
    fn free_name(
        &mut self,
        wanted: String,
        values: &[String],
        place: &Pointer,
    ) -> Result<String, LowerError> {
        let mut number = self.numbers.get(&wanted).copied().unwrap_or(1);
        while self.keys.contains(&key(&numbered(&wanted, number))) {
            number += 1;
        }
        self.numbers.insert(wanted.clone(), number);
        // Reuse an enumeration with the same values, or take the first free number.
        let same = self.with_values.get(values).into_iter().flatten();
        let same = same.filter(|name| !self.taken.contains(*name));
        let same = same.filter_map(|name| number_of(name, &wanted)).min();
        if let Some(same) = same.filter(|same| *same < number) {
            return Ok(numbered(&wanted, same));
        }
        let name = numbered(&wanted, number);
        if name != wanted {
            let other = match self.taken.contains(&wanted) {
                true => "a schema",
                false => "another enumeration",
            };
            let reason = format!("the name {wanted:?}, which {other} has; give it another `title`");
            if self.cx.options.strict {
                return Err(LowerError::new(place, reason));
            }
            self.cx
                .note_loss(place, format!("{reason}; this one is {name:?}"));
        }
        Ok(name)
    }
}

/// Appends a number to a name, except for the first.
fn numbered(wanted: &str, number: usize) -> String {
    match number {
        1 => wanted.to_owned(),
        number => format!("{wanted}{number}"),
    }
}

/// Returns the numeric suffix of a name that is otherwise `wanted`.
fn number_of(name: &str, wanted: &str) -> Option<usize> {
    let digits = name.strip_prefix(wanted)?;
    let number = match digits {
        "" => 1,
        digits => digits.parse().ok().filter(|number| *number > 1)?,
    };
    (numbered(wanted, number) == name).then_some(number)
}

fn key(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Removes the single-valued properties of an alternative, which are discriminators.
fn take_tags(alternative: &mut Value) -> Map<String, Value> {
    let Some(Value::Object(properties)) = alternative.get_mut("properties") else {
        return Map::new();
    };
    let is_tag = |schema: &Value| string_values(schema).is_some_and(|values| values.len() == 1);
    let (tags, others) = std::mem::take(properties)
        .into_iter()
        .partition(|(_, schema)| is_tag(schema));
    *properties = others;
    tags
}

/// Returns the values of a string enumeration without duplicates. `None` for other schemas.
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Map, Value, json};

    use crate::lower::lower;

    #[test]
    fn numbers_different_enums_of_one_name_and_reuses_equal_ones() {
        // Enough that searching the numbers from 1 each time would take minutes.
        const COUNT: usize = 20_000;
        let status = |value: String| json!({"title": "Status", "type": "string", "enum": [value]});
        let property = |index: usize| {
            let schema = status(format!("v{}", index % (COUNT / 2)));
            (format!("p{index}"), schema)
        };
        let properties: Map<String, Value> = (0..COUNT).map(property).collect();
        let document = json!({
            "openapi": "3.0.3",
            "info": {"title": "T", "version": "1"},
            "paths": {},
            "components": {"schemas": {"Thing": {"type": "object", "properties": properties}}},
        });
        let lowered = lower(&document).unwrap();
        assert_eq!(lowered.enums.len(), COUNT / 2);
        let place = |index: usize| {
            let property = &lowered.document["components"]["schemas"]["Thing"]["properties"];
            property[format!("p{index}")]["$ref"].as_str().unwrap()
        };
        assert_eq!(place(0), "#/components/schemas/Status");
        assert_eq!(place(2), "#/components/schemas/Status3");
        assert_eq!(place(COUNT / 2 + 2), "#/components/schemas/Status3");
    }
}
