//! The examples of the specifications and the documentation.

use serde_json::Value;

use super::documents::documents;
use super::generate::{Random, instance};
use super::json::{Json, Step};
use super::same::same;
use super::types::types;

/// Each example belongs to a field. The test inserts it into an instance of the schema.
#[test]
fn examples_of_the_specifications_survive_a_round_trip() {
    for document in documents() {
        let mut found = Vec::new();
        collect(&document.root, &mut Vec::new(), &mut found);
        for (path, example) in found {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let ["components", "schemas", schema, "properties", field] = &path[..] else {
                panic!("{}: no test reads the example at {path:?}", document.name);
            };
            let (_, round_trip) = types(document.api)
                .iter()
                .find(|(name, _)| name == schema)
                .unwrap();
            let mut json = instance(&document, document.schema(schema), &mut Random::new(1));
            let example = Json::read(&example.to_string());
            json.put(&[Step::Field((*field).to_owned())], Some(example));
            let written = Json::read(&round_trip(&json.write(false)).unwrap());
            same(&document, document.schema(schema), &json, &written).unwrap();
        }
    }
}

fn collect(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "example" {
                    found.push((path.clone(), value.clone()));
                } else {
                    assert_ne!(key, "examples", "no test reads the examples at {path:?}");
                    path.push(key.clone());
                    collect(value, path, found);
                    path.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push(index.to_string());
                collect(value, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The examples of the documentation and their schemas.
const DOCUMENTATION: &[(&str, &str)] = &[
    // Models API page, section "List Models".
    (
        "ModelList",
        r#"{
          "object": "list",
          "data": [
            {
              "id": "meta-llama/llama-3.1-70b-instruct",
              "object": "model",
              "owned_by": "meta",
              "created": 1693721698
            },
            {
              "id": "anthropic/claude-3-5-sonnet-20241022",
              "object": "model",
              "owned_by": "anthropic",
              "created": 1693721698
            }
          ]
        }"#,
    ),
    // Models API page, section "Get Model Details".
    (
        "Model",
        r#"{
          "id": "meta-llama/llama-3.1-70b-instruct",
          "object": "model",
          "owned_by": "meta",
          "created": 1693721698
        }"#,
    ),
    // Models API page, section "Error Responses".
    (
        "ErrorBody",
        r#"{
          "error": {
            "message": "The model 'invalid-model' does not exist",
            "type": "invalid_request_error",
            "code": "model_not_found"
          }
        }"#,
    ),
    (
        "ErrorBody",
        r#"{
          "error": {
            "message": "Invalid API key",
            "type": "authentication_error",
            "code": "invalid_api_key"
          }
        }"#,
    ),
    // Inference API page, section "POST Chat Completions".
    (
        "ChatCompletionRequest",
        r#"{
          "model": "meta-llama/llama-3.1-70b-instruct",
          "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "What is the capital of France?"}
          ],
          "max_tokens": 1000,
          "temperature": 0.7,
          "stream": false,
          "stop": ["END"]
        }"#,
    ),
    (
        "ChatCompletionResponse",
        r#"{
          "id": "chatcmpl-123",
          "object": "chat.completion",
          "created": 1693721698,
          "model": "meta-llama/llama-3.1-70b-instruct",
          "choices": [{
            "index": 0,
            "message": {
              "role": "assistant",
              "content": "The capital of France is Paris."
            },
            "finish_reason": "stop"
          }],
          "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 8,
            "total_tokens": 20
          }
        }"#,
    ),
];

#[test]
fn examples_of_the_documentation_survive_a_round_trip() {
    let documents = documents();
    let inference = documents
        .iter()
        .find(|document| document.api == "inference")
        .unwrap();
    for (schema, text) in DOCUMENTATION {
        let (_, round_trip) = types("inference")
            .iter()
            .find(|(name, _)| name == schema)
            .unwrap();
        let written = Json::read(&round_trip(text).unwrap());
        same(
            inference,
            inference.schema(schema),
            &Json::read(text),
            &written,
        )
        .unwrap();
        // No field is unknown.
        let sorted = |json: &Json| serde_json::from_str::<Value>(&json.write(false)).unwrap();
        assert_eq!(sorted(&Json::read(text)), sorted(&written));
    }
}
