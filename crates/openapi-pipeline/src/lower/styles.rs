//! How a parameter's value is written, and what a generated client can write: a scalar anywhere, a list
//! of scalars in a query.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::names::target;
use super::walk;
use crate::Pointer;

/// How deep the properties of a parameter become parameters of their own.
const MOST_LEVELS: usize = 3;

/// A parameter as those that can be written.
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
    let written = match (style.as_str(), explode) {
        ("form", true) => Written::Pairs,
        ("deepObject", _) => Written::Brackets,
        ("spaceDelimited", _) => Written::Joined("a space"),
        ("pipeDelimited", _) => Written::Joined("`|`"),
        ("label", _) => Written::Joined("`.`"),
        ("matrix", _) => Written::Joined("`;`"),
        _ => Written::Joined("`,`"),
    };
    if !in_query && style != "simple" {
        cx.lose(
            place,
            format!("the style {style:?}; the caller writes the value"),
        );
    }
    let Some(map) = super::parameters::plain(&mut parameter) else {
        return Vec::new();
    };
    if map.shift_remove("style").is_some() && style == default {
        map.insert("style".to_owned(), style.clone().into());
    }
    let schema = parameter.get("schema").cloned().unwrap_or_default();
    let shape = Shape::of(&schema, schemas);
    if in_query
        && matches!((&shape, written), (Shape::Other, Written::Brackets))
        && let Some(each) = each_alternative(&parameter, schemas, place, cx)
    {
        return each;
    }
    match shape {
        Shape::Scalar => {}
        Shape::List if in_query && matches!(written, Written::Pairs) => {}
        Shape::List if in_query && matches!(written, Written::Brackets) => {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !name.ends_with(']') {
                parameter["name"] = format!("{name}[]").into();
            }
        }
        Shape::Object(properties, required)
            if in_query && !matches!(written, Written::Joined(_)) =>
        {
            let brackets = matches!(written, Written::Brackets);
            return spread(
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
        Shape::List => as_text(&mut parameter, written, "a list"),
        Shape::Object(..) => {
            cx.lose(place, "an object that the caller writes");
            as_text(&mut parameter, written, "an object");
        }
        Shape::Other => {
            let is_map = resolved(&schema, schemas)
                .get("type")
                .is_some_and(|ty| ty == "object");
            let what = if is_map && in_query {
                "properties that nobody lists cannot be parameters; it is one, which the caller writes"
            } else {
                "a value that the caller writes"
            };
            cx.lose(place, what);
            parameter["schema"] = json!({"type": "string"});
        }
    }
    if !in_query && let Some(Value::Object(schema)) = parameter.get_mut("schema") {
        schema.shift_remove("nullable");
    }
    vec![parameter]
}

#[derive(Clone, Copy)]
enum Written {
    Pairs,
    Brackets,
    Joined(&'static str),
}

fn as_text(parameter: &mut Value, written: Written, what: &str) {
    let separator = match written {
        Written::Joined(separator) => separator,
        _ => "`,`",
    };
    parameter["schema"] = json!({"type": "string"});
    walk::describe(
        parameter,
        &format!("This is {what}, joined by {separator}."),
    );
}

/// What a parameter's schema is, as far as writing it goes.
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

/// A parameter that is a scalar or an object: one parameter for the scalar, one for each property. The
/// caller sets those of one alternative.
fn each_alternative(
    parameter: &Value,
    schemas: &Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Option<Vec<Value>> {
    let alternatives = resolved(&parameter["schema"], schemas)
        .get("oneOf")?
        .as_array()?;
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
                spread(&optional, &properties, &[], true, schemas, place, cx, 0)
            }
            Shape::List | Shape::Other => return None,
        };
        for parameter in new {
            let same_name = |other: &&mut Value| other["name"] == parameter["name"];
            match each.iter_mut().find(same_name) {
                None => each.push(parameter),
                // Each of what it may be can be written as a text.
                Some(other) if other["schema"] != parameter["schema"] => {
                    other["schema"] = json!({"type": "string"});
                }
                Some(_) => {}
            }
        }
    }
    cx.lose(
        place,
        "that only one of the alternatives is sent is up to the caller",
    );
    Some(each)
}

/// A schema without the references before it.
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

/// The properties of an object as parameters: `page[size]`, or `size` where the style has no brackets.
#[allow(
    clippy::too_many_arguments,
    reason = "what it says of each property comes from all of these"
)]
fn spread(
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
    let mut spread_out = Vec::new();
    for (property, schema) in properties {
        let wire = if brackets {
            format!("{name}[{property}]")
        } else {
            property.clone()
        };
        let mut one = json!({
            "name": wire,
            "in": "query",
            "required": is_required && required.contains(property),
            "schema": schema,
        });
        if let Some(description) = schema.get("description") {
            one["description"] = description.clone();
        }
        match Shape::of(schema, schemas) {
            Shape::Scalar => spread_out.push(one),
            Shape::List => {
                if brackets {
                    one["name"] = format!("{wire}[]").into();
                }
                spread_out.push(one);
            }
            Shape::Object(inner, inner_required) if brackets && level < MOST_LEVELS => {
                spread_out.extend(spread(
                    &one,
                    &inner,
                    &inner_required,
                    brackets,
                    schemas,
                    place,
                    cx,
                    level + 1,
                ));
            }
            _ => {
                cx.lose(place, format!("{wire:?}, a value that the caller writes"));
                one["schema"] = json!({"type": "string"});
                spread_out.push(one);
            }
        }
    }
    spread_out
}
