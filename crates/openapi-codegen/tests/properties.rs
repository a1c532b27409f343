//! Properties that hold for every document, including invalid ones.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use openapi_codegen::lower::{Options, lower, lower_with};
use openapi_codegen::{document, overlay, wire};
use serde_json::{Value, json};

const SPECIFICATIONS: [&str; 2] = [
    include_str!("../../../specs/training.yml"),
    include_str!("../../../specs/inference.yml"),
];

/// A deterministic random number generator.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

/// Returns documents with many constructs, some of them invalid.
fn samples() -> Vec<Value> {
    let mut samples: Vec<Value> = SPECIFICATIONS
        .iter()
        .map(|text| document::parse("s.yml", text).unwrap())
        .collect();
    samples.push(json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {
            "/a/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": ["string", "null"]}}],
                "post": {
                    "parameters": [{"name": "f", "in": "query", "style": "deepObject", "schema": {"$ref": "#/components/schemas/Tree"}}],
                    "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object"}}, "application/json": {"schema": {"$ref": "#/components/schemas/Union"}}}},
                    "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]}}}}, "204": {"description": ""}, "default": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}
                }
            }
        },
        "components": {"schemas": {
            "Tree": {"type": "object", "allOf": [{"$ref": "#/components/schemas/Base"}], "properties": {"left": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]}, "kind": {"const": "tree"}}},
            "Base": {"type": "object", "properties": {"kind": {"type": "string"}, "n": {"type": "integer", "exclusiveMinimum": 0}}},
            "Leaf": {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["leaf"]}, "v": {"type": "number", "default": "many"}}},
            "Union": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"$ref": "#/components/schemas/Leaf"}, {"type": "array", "prefixItems": [{"type": "string"}]}]}
        }}
    }));
    samples
}

/// Replaces a random value in a document.
fn mutate(value: &mut Value, random: &mut Random) {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!("x"),
        json!([]),
        json!({}),
        json!({"$ref": "#/nowhere"}),
        json!({"$ref": "#"}),
        json!({"$ref": "#/components/schemas/Tree"}),
        json!({"type": "null"}),
        json!([{}]),
        json!({"allOf": [{"$ref": "#/components/schemas/Tree"}, {"$ref": "#/components/schemas/Union"}]}),
        json!({"anyOf": []}),
    ];
    let mut node = value;
    loop {
        let count = match &*node {
            Value::Object(map) => map.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if count == 0 || random.below(6) == 0 {
            break;
        }
        let index = random.below(count);
        node = match node {
            Value::Object(map) => map.values_mut().nth(index).unwrap(),
            Value::Array(items) => &mut items[index],
            _ => break,
        };
    }
    *node = odd[random.below(odd.len())].clone();
}

#[test]
fn lowering_is_idempotent() {
    for sample in samples() {
        let once = lower(&sample).unwrap().document;
        let twice = lower(&once).unwrap();
        assert_eq!(once, twice.document);
        assert!(twice.notes.is_empty(), "{:?}", twice.notes);
    }
}

#[test]
fn mutated_documents_are_lowered_or_rejected_with_location() {
    let mut random = Random(7);
    let samples = samples();
    let (mut lowered, mut rejected) = (0, 0);
    for round in 0..900 {
        let mut sample = samples[round % samples.len()].clone();
        let original = sample.clone();
        for _ in 0..=random.below(4) {
            mutate(&mut sample, &mut random);
        }
        let start = Instant::now();
        match lower_with(&sample, &Options::new().skip_unsupported(round % 2 == 0)) {
            Ok(result) => {
                lowered += 1;
                if let Ok(again) = lower(&result.document) {
                    assert_eq!(result.document, again.document, "round {round}");
                }
            }
            Err(error) => {
                rejected += 1;
                assert!(error.to_string().starts_with('#'), "{error}");
            }
        }
        let _ = wire::compare(&original, &sample);
        assert!(start.elapsed() < Duration::from_secs(5), "round {round}");
    }
    assert!(
        lowered > 100 && rejected > 10,
        "{lowered} lowered, {rejected} rejected"
    );
}

#[test]
fn truncated_documents_do_not_panic() {
    for text in SPECIFICATIONS {
        for part in 0..100 {
            let mut end = text.len() * part / 100;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            if let Ok(value) = document::parse("t.yml", &text[..end]) {
                let _ = lower(&value);
            }
        }
    }
}

#[test]
fn rejects_deep_nesting_and_terminates_on_cycles() {
    let wrap =
        |inner: Value, _| Value::Object(serde_json::Map::from_iter([("items".to_owned(), inner)]));
    let deep = (0..10_000).fold(json!({"type": "string"}), wrap);
    let mut document = samples().remove(2);
    document["components"]["schemas"]["Deep"] = deep;
    let result = lower(&document).map(|_| ());
    let error = result.unwrap_err().to_string();
    assert!(error.contains("nested deeper"), "{error}");
    // Dropping the document would overflow the stack.
    std::mem::forget(document);

    let schemas = "
openapi: 3.1.0
info: {title: T, version: '1'}
paths: {}
components:
  schemas:
    A: {$ref: '#/components/schemas/B'}
    B: {$ref: '#/components/schemas/A'}
    C: {allOf: [{$ref: '#/components/schemas/C'}, {type: object, properties: {n: {type: integer}}}]}
    D: {anyOf: [{$ref: '#/components/schemas/D'}, {$ref: '#/components/schemas/E'}]}
    E: {oneOf: [{$ref: '#/components/schemas/D'}, {type: array, items: {$ref: '#/components/schemas/E'}}]}
    F: {type: object, properties: {f: {allOf: [{$ref: '#/components/schemas/F'}, {properties: {g: {type: string}}}]}}}
";
    let lowered = lower(&document::parse("t.yml", schemas).unwrap()).unwrap();
    assert!(
        lowered
            .notes
            .iter()
            .any(|note| note.what.contains("cyclic"))
    );
}

#[test]
fn overlays_conform_to_the_standard() {
    let head = "overlay: 1.1.0\ninfo: {title: T, version: '1'}\nactions:\n";
    let cases = [
        (
            "- {target: '$.tags[?@ == \"b\"]', remove: true}",
            json!({"tags": ["a", "c"], "a": {"x": 1}}),
        ),
        (
            "- {target: $.tags, update: d}",
            json!({"tags": ["a", "b", "c", "d"], "a": {"x": 1}}),
        ),
        (
            "- {target: $.tags, update: [d, e]}",
            json!({"tags": ["a", "b", "c", "d", "e"], "a": {"x": 1}}),
        ),
        (
            "- {target: $.a.x, update: 2}",
            json!({"tags": ["a", "b", "c"], "a": {"x": 2}}),
        ),
        (
            "- {target: $, update: {b: {}}}\n- {target: $.b, copy: $.a}",
            json!({"tags": ["a", "b", "c"], "a": {"x": 1}, "b": {"x": 1}}),
        ),
        (
            "- {target: '$.tags[0,1]', remove: true}",
            json!({"tags": ["c"], "a": {"x": 1}}),
        ),
        (
            "- {target: $.nowhere, update: {b: 1}}",
            json!({"tags": ["a", "b", "c"], "a": {"x": 1}}),
        ),
    ];
    for (action, expected) in cases {
        let mut value = json!({"tags": ["a", "b", "c"], "a": {"x": 1}});
        overlay::apply_leniently(&mut value, "o.yml", &format!("{head}{action}\n")).unwrap();
        assert_eq!(value, expected, "{action}");
    }
}

/// Returns a document with one operation and one schema.
fn small(responses: Value, schema: Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": {"responses": responses}}},
        "components": {"schemas": {"A": schema}}
    })
}

#[test]
fn lowers_the_remaining_alternative_of_a_nullable_schema() {
    let other =
        json!({"type": "object", "propertyNames": {"maxLength": 3}, "x-own": 1, "min_items": 1});
    let field = json!({"anyOf": [other, {"type": "null"}], "$recursiveAnchor": true});
    let schema = json!({"type": "object", "properties": {"b": field}});
    let ok = json!({"200": {"description": "OK"}});
    let lowered = lower(&small(ok, schema)).unwrap();
    let expected = json!({"type": "object", "x-own": 1, "nullable": true});
    assert_eq!(
        lowered.document["components"]["schemas"]["A"]["properties"]["b"],
        expected
    );
    let lost = |keyword: &str| {
        lowered
            .notes
            .iter()
            .any(|note| note.to_string().contains(keyword))
    };
    assert!(lost("propertyNames") && lost("min_items"));
}

#[test]
fn adds_a_success_to_an_operation_that_only_redirects() {
    let redirect = json!({"302": {"description": "Elsewhere."}});
    let lowered = lower(&small(redirect, json!({}))).unwrap();
    let responses = &lowered.document["paths"]["/a"]["get"]["responses"];
    assert_eq!(responses["2XX"]["content"], json!({"*/*": {"schema": {}}}));
}

#[test]
fn success_added_to_head_has_no_body() {
    let redirect = json!({"302": {"description": "Elsewhere."}});
    let mut document = small(redirect, json!({}));
    let get = document["paths"]["/a"]["get"].take();
    document["paths"]["/a"] = json!({"head": get});
    let once = lower(&document).unwrap();
    let response = &once.document["paths"]["/a"]["head"]["responses"]["2XX"];
    assert_eq!(*response, json!({"description": "Any response."}));
    let twice = lower(&once.document).unwrap();
    assert_eq!(twice.document, once.document);
}

/// A discriminator is sent even if responses contain it; the default of an optional property is not.
#[test]
fn keeps_a_default_that_is_the_only_value() {
    let reference = json!({"$ref": "#/components/schemas/A"});
    let body = json!({"content": {"application/json": {"schema": reference}}});
    let kind = json!({"const": "cat", "default": "cat", "type": "string"});
    let age = json!({"type": "integer", "default": 1});
    let schema = json!({"type": "object", "properties": {"kind": kind, "age": age}});
    let mut response = body.clone();
    response["description"] = json!("OK");
    let mut document = small(json!({"200": response}), schema);
    let mut operation = document["paths"]["/a"]["get"].take();
    operation["requestBody"] = body;
    document["paths"]["/a"] = json!({"post": operation});
    let lowered = lower(&document).unwrap();
    let properties = &lowered.document["components"]["schemas"]["A"]["properties"];
    assert_eq!(properties["kind"]["default"], "cat");
    assert_eq!(properties["age"].get("default"), None);
}

/// A list whose items are lists again, without end, has no form in a query.
#[test]
fn a_parameter_that_contains_itself() {
    let reference = json!({"$ref": "#/components/schemas/List"});
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": {
            "parameters": [{"name": "list", "in": "query", "schema": reference}],
            "responses": {"204": {"description": ""}}
        }}},
        "components": {"schemas": {"List": {"type": "array", "items": reference}}}
    });
    match lower(&document) {
        Ok(lowered) => assert!(lowered.document["paths"]["/a"]["get"].is_object()),
        Err(error) => assert!(error.to_string().contains("/a"), "{error}"),
    }
}
