//! Converts parameter serialization to what a generated client supports: scalars everywhere, lists of scalars
//! in the query.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::defaults::describe_default;
use super::descriptions;
use super::names::target;
use super::parameters::RESERVED;
use crate::Pointer;

/// The maximum depth at which properties of a parameter become parameters.
const MAX_DEPTH: usize = 3;

/// Splits a parameter into supported ones.
pub(super) fn shape(
    mut parameter: Value,
    schemas: &Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Vec<Value> {
    let in_query = parameter["in"] == "query";
    let default = if in_query { "form" } else { "simple" };
    let style = parameter
        .get("style")
        .and_then(Value::as_str)
        .unwrap_or(default)
        .to_owned();
    let explode = parameter
        .get("explode")
        .and_then(Value::as_bool)
        .unwrap_or(style == "form" || style == "deepObject");
    let serialization = match (style.as_str(), explode) {
        ("form" | "spaceDelimited" | "pipeDelimited", true) => Serialization::Pairs,
        ("deepObject", _) => Serialization::Brackets,
        _ => Serialization::Text,
    };
    let schema = parameter.get("schema").cloned().unwrap_or_default();
    let is_set = |keyword: &str| parameter.get(keyword) == Some(&Value::Bool(true));
    if is_set("allowReserved") {
        cx.note_loss(&place.join("allowReserved"), RESERVED);
    }
    if is_set("allowEmptyValue") && resolved(&schema, schemas)["type"] != "string" {
        let what = "the parameter without a value cannot be sent";
        cx.note_loss(&place.join("allowEmptyValue"), what);
    }
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let Some(map) = super::parameters::plain(&mut parameter) else {
        return Vec::new();
    };
    if map.shift_remove("style").is_some() && style == default {
        map.insert("style".to_owned(), style.clone().into());
    }
    let shape = Shape::of(&schema, schemas);
    let brackets = matches!(serialization, Serialization::Brackets);
    if in_query
        && matches!(shape, Shape::Other)
        && !matches!(serialization, Serialization::Text)
        && let Some(each) = each_alternative(&parameter, brackets, schemas, place, cx)
    {
        return each;
    }
    let is_prefixed = style == "label" || style == "matrix";
    match shape {
        Shape::Scalar if !is_prefixed => {
            if !in_query && style != default {
                cx.note_loss(place, format!("style `{style}`, which is ignored"));
            }
        }
        Shape::List if in_query && matches!(serialization, Serialization::Pairs) => {}
        Shape::List if in_query && matches!(serialization, Serialization::Brackets) => {
            if !name.ends_with(']') {
                parameter["name"] = format!("{name}[]").into();
            }
        }
        Shape::Object(properties, required)
            if in_query && !matches!(serialization, Serialization::Text) =>
        {
            return property_parameters(
                &parameter,
                &properties,
                &required,
                brackets,
                schemas,
                place,
                cx,
                0,
            );
        }
        Shape::Other if in_query && is_map(&schema, schemas) => match serialization {
            Serialization::Pairs => {}
            // The runtime writes `name[key]` for each member.
            Serialization::Brackets => parameter["name"] = format!("{name}[]").into(),
            Serialization::Text => {
                cx.note_loss(place, "the caller serializes the value");
                parameter["schema"] = json!({"type": "string"});
            }
        },
        Shape::Other => {
            cx.note_loss(place, "the caller serializes the value");
            parameter["schema"] = json!({"type": "string"});
        }
        shape => {
            let written = written(&style, explode, &name, &shape);
            let what = match shape {
                Shape::List => "the type of the items; the caller serializes the list",
                Shape::Object(..) => "object parameter; the caller serializes the value",
                _ => "the type; the caller serializes the value",
            };
            cx.note_loss(place, format!("{what} as `{written}`"));
            parameter["schema"] = json!({"type": "string"});
            describe_list(&mut parameter, resolved(&schema, schemas), schemas);
            descriptions::describe(&mut parameter, &format!("Serialized as `{written}`."));
        }
    }
    if !in_query && let Some(Value::Object(schema)) = parameter.get_mut("schema") {
        schema.shift_remove("nullable");
    }
    vec![parameter]
}

/// Returns whether a schema is an object without listed properties.
fn is_map(schema: &Value, schemas: &Map<String, Value>) -> bool {
    resolved(schema, schemas)
        .get("type")
        .is_some_and(|ty| ty == "object")
}

/// Adds what a list's schema says to the parameter, whose type is text: the limits, the default, and the values of items.
fn describe_list(parameter: &mut Value, list: &Value, schemas: &Map<String, Value>) {
    let mut sentences = Vec::new();
    let description = |schema: &Value| {
        let text = schema.get("description")?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    sentences.extend(description(list));
    if let Some(items) = list.get("items").map(|items| resolved(items, schemas)) {
        sentences.extend(description(items).map(|text| format!("Items: {text}")));
        let values = items.get("enum").and_then(Value::as_array);
        let values: Vec<String> = values
            .into_iter()
            .flatten()
            .map(descriptions::code_of)
            .collect();
        if !values.is_empty() {
            sentences.push(format!("Items are {}.", values.join(", ")));
        }
    }
    if let Value::Object(parameter) = parameter {
        for sentence in sentences {
            descriptions::describe_once(parameter, &sentence);
        }
    }
    if let Some(default) = list.get("default") {
        let is_required = parameter["required"] == true;
        describe_default(parameter, default, is_required);
    }
}

/// How a list or an object is written.
#[derive(Clone, Copy)]
enum Serialization {
    /// A pair of name and value for each item or property.
    Pairs,
    /// As pairs, with brackets in the names.
    Brackets,
    /// One text.
    Text,
}

/// Returns the serialization of the scalar `a`, the list of `a` and `b`, or the object with the properties `a` and `b`.
fn written(style: &str, explode: bool, name: &str, shape: &Shape) -> String {
    let separator = match style {
        "label" if explode => ".",
        "matrix" if explode => ";",
        "pipeDelimited" => "|",
        "spaceDelimited" => " ",
        _ => ",",
    };
    let prefix = match (style, shape) {
        ("label", _) => ".".to_owned(),
        ("matrix", Shape::Object(..)) if explode => ";".to_owned(),
        ("matrix", _) => format!(";{name}="),
        _ => String::new(),
    };
    let items = match shape {
        Shape::List if style == "matrix" && explode => vec!["a".to_owned(), format!("{name}=b")],
        Shape::List => vec!["a".to_owned(), "b".to_owned()],
        Shape::Object(..) if explode => vec!["a=1".to_owned(), "b=2".to_owned()],
        Shape::Object(..) => ["a", "1", "b", "2"].map(str::to_owned).to_vec(),
        Shape::Scalar | Shape::Other => vec!["a".to_owned()],
    };
    format!("{prefix}{}", items.join(separator))
}

/// The shape of a parameter's schema, as far as serialization is concerned.
enum Shape {
    Scalar,
    List,
    Object(Map<String, Value>, Vec<String>),
    Other,
}

fn is_scalar(schema: &Value) -> bool {
    let kind = schema.get("type").and_then(Value::as_str);
    matches!(kind, Some("string" | "number" | "integer" | "boolean"))
}

impl Shape {
    fn of(schema: &Value, schemas: &Map<String, Value>) -> Self {
        let schema = resolved(schema, schemas);
        match schema.get("type").and_then(Value::as_str) {
            _ if is_scalar(schema) => Self::Scalar,
            Some("array") => {
                let items = schema.get("items").cloned().unwrap_or_default();
                match is_scalar(resolved(&items, schemas)) {
                    true => Self::List,
                    false => Self::Other,
                }
            }
            Some("object") => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let required = schema.get("required").and_then(Value::as_array);
                let required = required.into_iter().flatten().filter_map(Value::as_str);
                match properties {
                    Some(properties) => {
                        Self::Object(properties.clone(), required.map(str::to_owned).collect())
                    }
                    None => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }
}

/// Converts a union of scalars and objects to one parameter for the scalar and one for each property. The caller sets
/// the parameters of one alternative. A list that repeats the parameter includes a scalar.
fn each_alternative(
    parameter: &Value,
    brackets: bool,
    schemas: &Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Option<Vec<Value>> {
    let alternatives = resolved(&parameter["schema"], schemas)
        .get("oneOf")?
        .as_array()?;
    let shapes = || alternatives.iter().map(|one| Shape::of(one, schemas));
    if !brackets && shapes().all(|shape| matches!(shape, Shape::Scalar | Shape::List)) {
        let mut lists = alternatives.iter().zip(shapes());
        let (list, _) = lists.find(|(_, shape)| matches!(shape, Shape::List))?;
        let mut parameter = parameter.clone();
        parameter["schema"] = list.clone();
        return Some(vec![parameter]);
    }
    let mut optional = parameter.clone();
    optional["required"] = false.into();
    let mut each: Vec<Value> = Vec::new();
    for alternative in alternatives {
        let new = match Shape::of(alternative, schemas) {
            Shape::Scalar => {
                let mut scalar = optional.clone();
                scalar["schema"] = alternative.clone();
                vec![scalar]
            }
            Shape::Object(properties, _) => {
                property_parameters(&optional, &properties, &[], brackets, schemas, place, cx, 0)
            }
            Shape::List | Shape::Other => return None,
        };
        for parameter in new {
            let same_name = |other: &&mut Value| other["name"] == parameter["name"];
            match each.iter_mut().find(same_name) {
                None => each.push(parameter),
                // All alternatives can be written as strings.
                Some(other) if other["schema"] != parameter["schema"] => {
                    other["schema"] = json!({"type": "string"});
                }
                Some(_) => {}
            }
        }
    }
    cx.note_loss(
        place,
        "the caller must set the parameters of only one alternative",
    );
    Some(each)
}

/// Follows references.
fn resolved<'a>(schema: &'a Value, schemas: &'a Map<String, Value>) -> &'a Value {
    let mut schema = schema;
    for _ in 0..16 {
        let only = schema
            .get("allOf")
            .and_then(Value::as_array)
            .and_then(|list| list.first());
        let reference = only.unwrap_or(schema).get("$ref").and_then(Value::as_str);
        let found = reference
            .and_then(target)
            .and_then(|name| schemas.get(&name));
        match found {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// Converts the properties of an object to parameters: `page[size]`, or `size` if the style has no brackets.
#[allow(
    clippy::too_many_arguments,
    reason = "the description of each property depends on all of these"
)]
fn property_parameters(
    parameter: &Value,
    properties: &Map<String, Value>,
    required: &[String],
    brackets: bool,
    schemas: &Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
    level: usize,
) -> Vec<Value> {
    let name = parameter["name"].as_str().unwrap_or_default();
    let is_required = parameter.get("required") == Some(&Value::Bool(true));
    let mut parameters = Vec::new();
    let others = resolved(&parameter["schema"], schemas).get("additionalProperties");
    if others.is_some_and(|others| *others != Value::Bool(false)) {
        let what = format!("unlisted properties of {name:?}, which cannot be sent");
        cx.note_loss(place, what);
    }
    let schema = &parameter["schema"];
    let holders = [parameter, schema, resolved(schema, schemas)].into_iter();
    let mut whole: Vec<String> = holders.filter_map(descriptions::line).collect();
    whole.dedup();
    let whole = whole.join(" ");
    for (property, schema) in properties {
        let wire = if brackets {
            format!("{name}[{property}]")
        } else {
            property.clone()
        };
        let mut property_parameter = json!({
            "name": wire,
            "in": "query",
            "required": is_required && required.contains(property),
            "schema": schema,
        });
        super::parameters::set_place(&mut property_parameter, place);
        if let Some(description) = schema.get("description") {
            property_parameter["description"] = description.clone();
        }
        if !whole.is_empty() {
            descriptions::describe(
                &mut property_parameter,
                &format!("Part of `{name}`: {whole}"),
            );
        }
        match Shape::of(schema, schemas) {
            Shape::Scalar => parameters.push(property_parameter),
            Shape::List => {
                if brackets {
                    property_parameter["name"] = format!("{wire}[]").into();
                }
                parameters.push(property_parameter);
            }
            Shape::Object(inner, inner_required) if brackets && level < MAX_DEPTH => {
                parameters.extend(property_parameters(
                    &property_parameter,
                    &inner,
                    &inner_required,
                    brackets,
                    schemas,
                    place,
                    cx,
                    level + 1,
                ));
            }
            Shape::Other if brackets && is_map(schema, schemas) => {
                property_parameter["name"] = format!("{wire}[]").into();
                parameters.push(property_parameter);
            }
            _ => {
                cx.note_loss(
                    place,
                    format!("property {wire:?}; the caller serializes the value"),
                );
                property_parameter["schema"] = json!({"type": "string"});
                parameters.push(property_parameter);
            }
        }
    }
    parameters
}
