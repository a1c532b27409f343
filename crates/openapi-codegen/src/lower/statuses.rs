//! Documents the statuses of an operation.

use serde_json::{Map, Value};

use super::media::{json_schema, quoted};
use super::names::target;
use super::resolve::is_method;
use super::walk::members;
use super::{descriptions, untyped};

pub(super) fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

pub(super) fn is_error(status: &str) -> bool {
    status.starts_with('4') || status.starts_with('5')
}

/// What the documentation says about several bodies.
pub(super) const BY_SHAPE: &str =
    "\n\nThe variant is the one that fits the body best, whatever the status.";

/// In the description of an operation: the name of the error body, which is not known yet.
const UNNAMED: &str = "`x-error-body`";

/// Returns the sentence about an error body without a name. `is_common` is whether all errors have it.
pub(super) fn unnamed_body(is_common: bool) -> String {
    let holder = if is_common { "The" } else { "The JSON" };
    format!("\n\n{holder} body is {UNNAMED}.")
}

/// Writes the names of the types of error bodies, which components have got, in the descriptions of operations.
pub(super) fn name_error_bodies(document: &mut Value) {
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let description = operation.get("description").and_then(Value::as_str);
            let Some(description) = description.filter(|text| text.contains(UNNAMED)) else {
                continue;
            };
            let schema = operation["responses"].get("4XX").and_then(json_schema);
            let schema = schema.map(|schema| schema.pointer("/allOf/0").unwrap_or(schema));
            let named = match schema.and_then(name_of) {
                Some(name) => description.replacen(UNNAMED, &name, 1),
                None => [true, false]
                    .into_iter()
                    .fold(description.to_owned(), |text, is_common| {
                        text.replace(&unnamed_body(is_common), "")
                    }),
            };
            operation["description"] = named.into();
        }
    }
}

/// Returns a list of statuses, and whether all of them have the same body. If not, each line says what its body is.
pub(super) fn list_statuses(responses: &[(&str, &Value)]) -> (String, bool) {
    let bodies: Vec<String> = responses.iter().map(|(_, one)| body_of(one)).collect();
    let have_same_body = bodies.windows(2).all(|two| two[0] == two[1]);
    let lines = responses.iter().zip(&bodies);
    let lines = lines.map(|((status, response), body)| match body.as_str() {
        "" => status_line(status, "", response),
        _ if have_same_body => status_line(status, "", response),
        body => status_line(status, &format!(" ({body})"), response),
    });
    (lines.collect(), have_same_body)
}

/// Returns what the body of a response is: a type or media types. Empty if its type has no name.
fn body_of(response: &Value) -> String {
    let content = response.get("content").and_then(Value::as_object);
    match (json_schema(response), content) {
        (Some(schema), _) => name_of(schema).unwrap_or_default(),
        (None, None) => "no body".to_owned(),
        (None, Some(content)) => {
            let names = quoted(content.keys());
            names.join(" or ")
        }
    }
}

/// Returns the name of the component that a schema refers to.
pub(super) fn name_of(schema: &Value) -> Option<String> {
    let name = target(schema.get("$ref")?.as_str()?)?;
    Some(format!("`{name}`"))
}

/// Returns the line about a status in a list, with the descriptions of the response and of schemas without a name.
fn status_line(status: &str, body: &str, response: &Value) -> String {
    let mut described = Map::new();
    let description = response.get("description").and_then(Value::as_str);
    let description = description.map(str::trim).filter(|text| !text.is_empty());
    described.extend(description.map(|text| ("description".to_owned(), text.into())));
    untyped::describe(&mut described, &unnamed_texts(response));
    match described.get("description").and_then(Value::as_str) {
        None => format!("\n- `{status}`{body}"),
        Some(text) => format!("\n- `{status}`{body}: {}", descriptions::in_list(text)),
    }
}

/// Describes the schemas of a response that have no name.
fn unnamed_texts(response: &Value) -> Vec<String> {
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        return Vec::new();
    };
    let texts = content.iter().flat_map(|(media, body)| {
        let schema = body
            .get("schema")
            .filter(|schema| schema.get("$ref").is_none());
        match schema {
            None => Vec::new(),
            Some(schema) if content.len() == 1 => untyped::texts(schema),
            Some(schema) => untyped::text_of(media, schema).into_iter().collect(),
        }
    });
    texts.collect()
}

/// Adds the list of statuses to the description, unless it is there already: a lowered document may be lowered again.
pub(super) fn describe_statuses(operation: &mut Value, heading: &str, statuses: &str) {
    let description = operation.get("description").and_then(Value::as_str);
    let description = description.unwrap_or_default();
    if !statuses.is_empty() && !description.contains(statuses) {
        let description = format!("{description}\n\n# {heading}\n{statuses}");
        operation["description"] = description.trim_start().into();
    }
}

/// Returns whether a status says something by itself, such as 202 (Accepted).
fn is_unusual(status: &str) -> bool {
    status.parse::<u16>().is_ok() && !["200", "201", "204"].contains(&status)
}

/// Lists the successes of an operation. Empty if there is only one, whose description says nothing.
pub(super) fn describe_successes(successes: &[(String, Value)]) -> String {
    const NOTHING: [&str; 13] = [
        "",
        "accepted",
        "any response",
        "created",
        "default response",
        "no content",
        "ok",
        "response",
        "success",
        "success response",
        "successful",
        "successful operation",
        "successful response",
    ];
    let description = |response: &Value| {
        let text = response.get("description").and_then(Value::as_str);
        text.unwrap_or_default().trim_end().to_owned()
    };
    if let [(status, only)] = successes
        && !is_unusual(status)
        && unnamed_texts(only).is_empty()
    {
        let text = description(only).to_lowercase();
        if NOTHING.contains(&text.trim_end_matches(['.', '!'])) {
            return String::new();
        }
    }
    let successes: Vec<(&str, &Value)> = successes
        .iter()
        .map(|(status, response)| (status.as_str(), response))
        .collect();
    list_statuses(&successes).0
}
