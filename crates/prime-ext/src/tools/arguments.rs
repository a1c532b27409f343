//! Reads the arguments of a call.

use serde_json::{Map, Value};

use super::Tool;

/// Reads the arguments of a call of `tool`, as the model wrote them.
///
/// - Missing arguments (empty, or `null`) are `{}` if the schema of the tool requires no property. Otherwise they are
///   an error: the model has not stated them.
/// - A JSON string that contains a JSON object is that object: some servers encode the arguments twice.
///
/// # Errors
/// Returns a message for the model if the arguments are not a JSON object, or lack a required property.
pub(super) fn read(tool: &Tool, arguments: Option<&str>) -> Result<Value, String> {
    let text = arguments.unwrap_or_default().trim();
    let value = match text {
        "" => Value::Null,
        text => serde_json::from_str(text)
            .map_err(|error| format!("the arguments are not valid JSON ({error}): {text}"))?,
    };
    let object = match value {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|_| "the arguments are a string, not a JSON object".to_owned())?,
        _ => return Err("the arguments are not a JSON object".to_owned()),
    };
    let required = tool
        .schema()
        .and_then(|schema| schema.get("required")?.as_array());
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let missing: Vec<&str> = required
        .filter(|name| !object.contains_key(*name))
        .collect();
    if missing.is_empty() {
        Ok(object.into())
    } else {
        Err(format!(
            "required arguments are missing: {}",
            missing.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(schema: Value) -> Tool {
        Tool::with_schema("tool", schema, |_: Value| async {})
    }

    #[test]
    fn missing_arguments_are_an_empty_object_if_nothing_is_required() {
        let free = tool(json!({ "type": "object", "properties": { "city": {} } }));
        let strict = tool(json!({ "type": "object", "required": ["city", "day"] }));
        for arguments in [
            None,
            Some(""),
            Some(" \n"),
            Some("null"),
            Some("{}"),
            Some("\"{}\""),
        ] {
            assert_eq!(read(&free, arguments), Ok(json!({})), "{arguments:?}");
            let expected = "required arguments are missing: city, day".to_owned();
            assert_eq!(read(&strict, arguments), Err(expected), "{arguments:?}");
        }
    }

    #[test]
    fn arguments_are_an_object() {
        let tool = tool(json!({ "type": "object", "required": ["city"] }));
        let paris = json!({ "city": "Paris", "day": 1 });
        for arguments in [
            "{\"city\": \"Paris\", \"day\": 1}".to_owned(),
            json!("{\"city\": \"Paris\", \"day\": 1}").to_string(),
        ] {
            assert_eq!(
                read(&tool, Some(&arguments)),
                Ok(paris.clone()),
                "{arguments}"
            );
        }
        for (arguments, expected) in [
            ("{\"city\": \"Par", "not valid JSON (EOF"),
            ("{\"city\": 1} {}", "not valid JSON (trailing"),
            ("[\"Paris\"]", "not a JSON object"),
            ("\"Paris\"", "a string, not a JSON object"),
            ("7", "not a JSON object"),
            ("{\"day\": 1}", "missing: city"),
        ] {
            let error = read(&tool, Some(arguments));
            assert!(
                error.as_ref().is_err_and(|error| error.contains(expected)),
                "{error:?}"
            );
        }
    }
}
