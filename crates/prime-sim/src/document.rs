//! The specifications themselves: what requests are checked against.
//!
//! `src/documents` has each with its overlays, as `cargo xtask generate` writes them.

use std::collections::HashMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};

use crate::operation::{Api, Operation};

const INFERENCE: &str = include_str!("documents/inference.json");
const TRAINING: &str = include_str!("documents/training.json");

/// What is wrong with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where: `messages[0].role`. Empty for a body as a whole.
    pub(crate) param: String,
    pub(crate) message: String,
}

/// What a specification says of an operation's request.
struct Checks {
    body: Option<Validator>,
    /// Name, whether it is a number, and what it has to be.
    query: Vec<(String, bool, Validator)>,
}

/// What is wrong with the body of an operation's request.
pub(crate) fn body(operation: Operation, body: &Value) -> Vec<Problem> {
    let Some(validator) = checks(operation).and_then(|checks| checks.body.as_ref()) else {
        return Vec::new();
    };
    if validator.is_valid(body) {
        return Vec::new();
    }
    validator.iter_errors(body).map(problem).collect()
}

/// What is wrong with the query of an operation's request.
pub(crate) fn query(operation: Operation, query: &HashMap<String, String>) -> Vec<Problem> {
    let checks = checks(operation).map_or(&[][..], |checks| &checks.query);
    let mut problems = Vec::new();
    for (name, is_number, validator) in checks {
        let Some(text) = query.get(name) else {
            continue;
        };
        let value = match text.parse::<i64>() {
            Ok(number) if *is_number => number.into(),
            _ => Value::from(text.as_str()),
        };
        for error in validator.iter_errors(&value).take(1) {
            problems.push(Problem {
                param: name.clone(),
                message: error.masked().to_string(),
            });
        }
    }
    problems
}

fn problem(error: jsonschema::ValidationError<'_>) -> Problem {
    let mut param = String::new();
    let mut join = |part: &str| {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            param.push_str(&format!("[{part}]"));
        } else {
            let dot = if param.is_empty() { "" } else { "." };
            param.push_str(&format!("{dot}{part}"));
        }
    };
    for part in error.instance_path().as_str().split('/').skip(1) {
        join(&part.replace("~1", "/").replace("~0", "~"));
    }
    if let ValidationErrorKind::Required { property } = error.kind() {
        join(property.as_str().unwrap_or_default());
        return Problem {
            param,
            message: "is required".to_owned(),
        };
    }
    Problem {
        param,
        // Values stay out of it: there are secrets among them.
        message: error.masked().to_string(),
    }
}

/// The checks of an operation, made when they are asked for first.
fn checks(operation: Operation) -> Option<&'static Checks> {
    static CHECKS: OnceLock<HashMap<Operation, Checks>> = OnceLock::new();
    let all = CHECKS.get_or_init(|| {
        let documents = [(Api::Inference, INFERENCE), (Api::Training, TRAINING)];
        let documents = documents.map(|(api, text)| {
            // The files are ours, and a test says that they can be read.
            (api, serde_json::from_str::<Value>(text).unwrap_or_default())
        });
        Operation::ALL
            .into_iter()
            .filter_map(|operation| {
                let (_, document) = documents.iter().find(|(api, _)| *api == operation.api())?;
                Some((operation, read(document, operation.id())?))
            })
            .collect()
    });
    all.get(&operation)
}

fn read(document: &Value, id: &str) -> Option<Checks> {
    let paths = document.get("paths")?.as_object()?.values();
    let mut operations = paths.filter_map(Value::as_object).flat_map(Map::values);
    let operation = operations.find(|one| one.get("operationId").is_some_and(|one| one == id))?;
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let query = parameters.into_iter().flatten().filter_map(|parameter| {
        let schema = parameter.get("schema")?;
        let name = parameter.get("name")?.as_str()?.to_owned();
        let number = schema.get("type").is_some_and(|kind| kind == "integer");
        (parameter.get("in")? == "query")
            .then(|| Some((name, number, validator(document, schema)?)))?
    });
    Some(Checks {
        body: body.and_then(|schema| validator(document, schema)),
        query: query.collect(),
    })
}

/// A schema of a document, which refers to others of the document.
fn validator(document: &Value, schema: &Value) -> Option<Validator> {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": document.get("components"),
    });
    jsonschema::validator_for(&schema).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_body_and_query_has_its_checks() {
        for (operation, has_body, queries) in [
            (Operation::CreateChatCompletion, true, 0),
            (Operation::CreateRun, true, 0),
            (Operation::GetWallet, false, 3),
            (Operation::DeleteRun, false, 0),
        ] {
            let checks = checks(operation).unwrap();
            assert_eq!(
                (checks.body.is_some(), checks.query.len()),
                (has_body, queries)
            );
        }
    }

    #[test]
    fn problems_name_their_place_and_no_value() {
        let wrong = json!({ "config": {}, "hfToken": ["hf_secret"], "name": 7 });
        let mut problems = body(Operation::CreateRun, &wrong);
        problems.sort_by(|one, other| one.param.cmp(&other.param));
        let params: Vec<_> = problems
            .iter()
            .map(|problem| problem.param.as_str())
            .collect();
        assert_eq!(params, ["hfToken", "name"]);
        assert!(!format!("{problems:?}").contains("hf_secret"));

        let wrong = json!({ "model": "m", "messages": [{ "role": "pope" }] });
        let problems = body(Operation::CreateChatCompletion, &wrong);
        assert_eq!(problems[0].param, "messages[0].role");
        let missing = body(Operation::CreateChatCompletion, &json!({ "messages": [] }));
        assert_eq!(missing[0].param, "model");
        assert_eq!(body(Operation::CreateRun, &json!([]))[0].param, "");
    }
}
