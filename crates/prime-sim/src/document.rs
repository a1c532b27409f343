//! Validates requests against the specifications.
//!
//! `src/documents` contains the specifications with their overlays applied. `cargo xtask generate`
//! writes them.

use std::collections::HashMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};

use crate::operation::{Api, Operation};

const INFERENCE: &str = include_str!("documents/inference.json");
const TRAINING: &str = include_str!("documents/training.json");
const PLATFORM: &str = include_str!("documents/platform.json");

/// A validation error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The path of the field, such as `messages[0].role`. Empty for the whole body.
    pub(crate) param: String,
    pub(crate) message: String,
}

/// The validators of an operation.
struct Validators {
    body: Option<Validator>,
    /// The name, whether it is a number or a Boolean, and the validator.
    query: Vec<(String, bool, Validator)>,
}

/// Validates a request body.
pub(crate) fn body(operation: Operation, body: &Value) -> Vec<Problem> {
    let Some(validator) = validators(operation).and_then(|validators| validators.body.as_ref())
    else {
        return Vec::new();
    };
    if validator.is_valid(body) {
        return Vec::new();
    }
    validator.iter_errors(body).map(problem).collect()
}

/// Validates a query.
pub(crate) fn query(operation: Operation, query: &HashMap<String, String>) -> Vec<Problem> {
    let validators = validators(operation).map_or(&[][..], |validators| &validators.query);
    let mut problems = Vec::new();
    for (name, is_typed, validator) in validators {
        let Some(text) = query.get(name) else {
            continue;
        };
        let number = text.parse::<i64>().map(Value::from).ok();
        let typed = number.or_else(|| text.parse::<bool>().map(Value::from).ok());
        let typed = typed.filter(|_| *is_typed);
        let value = typed.unwrap_or_else(|| Value::from(text.as_str()));
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
        // Values are masked because they may be secrets.
        message: error.masked().to_string(),
    }
}

/// Returns the validators of an operation. They are built on first use.
fn validators(operation: Operation) -> Option<&'static Validators> {
    static VALIDATORS: OnceLock<HashMap<Operation, Validators>> = OnceLock::new();
    let all = VALIDATORS.get_or_init(|| {
        let documents = [
            (Api::Inference, INFERENCE),
            (Api::Training, TRAINING),
            (Api::Platform, PLATFORM),
        ];
        let documents = documents.map(|(api, text)| {
            // The embedded files are valid, which a test checks.
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

fn read(document: &Value, id: &str) -> Option<Validators> {
    let paths = document.get("paths")?.as_object()?.values();
    let mut operations = paths.filter_map(Value::as_object).flat_map(Map::values);
    let operation = operations.find(|one| one.get("operationId").is_some_and(|one| one == id))?;
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let query = parameters.into_iter().flatten().filter_map(|parameter| {
        let schema = parameter.get("schema")?;
        let name = parameter.get("name")?.as_str()?.to_owned();
        let kind = schema.get("type");
        let typed = kind.is_some_and(|kind| kind == "integer" || kind == "boolean");
        (parameter.get("in")? == "query")
            .then(|| Some((name, typed, validator(document, schema)?)))?
    });
    Some(Validators {
        body: body.and_then(|schema| validator(document, schema)),
        query: query.collect(),
    })
}

/// Compiles a schema that may refer to other schemas of the document.
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
    fn all_bodies_and_queries_have_validators() {
        for (operation, has_body, queries) in [
            (Operation::CreateChatCompletion, true, 0),
            (Operation::CreateRun, true, 0),
            (Operation::GetWallet, false, 3),
            (Operation::DeleteRun, false, 0),
            (Operation::ListRuns, false, 4),
            (Operation::ResumeRun, true, 0),
        ] {
            let validators = validators(operation).unwrap();
            assert_eq!(
                (validators.body.is_some(), validators.query.len()),
                (has_body, queries)
            );
        }
    }

    #[test]
    fn problems_name_the_field_but_not_its_value() {
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
