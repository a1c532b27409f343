//! What a comparison of two documents reports on the wire.

#![allow(clippy::unwrap_used, missing_docs)]

use openapi_codegen::{document, wire};
use serde_json::Value;

fn parse(text: &str) -> Value {
    let head = "openapi: 3.1.0\ninfo: {title: A, version: '1'}\n";
    document::parse("document", &format!("{head}{text}")).unwrap()
}

/// Returns the findings between two documents as text, without the reasons.
fn findings(old: &str, new: &str) -> Vec<String> {
    let findings = wire::compare(&parse(old), &parse(new));
    let text = |finding: wire::Finding| {
        let mark = if finding.breaking { "!" } else { "+" };
        format!("{mark} {}: {}", finding.place, finding.what)
    };
    findings.into_iter().map(text).collect()
}

/// Returns a document with an operation that sends and receives a schema, and the given components.
fn sent(schema: &str, schemas: &str) -> String {
    let content = format!("content: {{application/json: {{schema: {schema}}}}}");
    format!(
        "paths: {{/a: {{post: {{requestBody: {{{content}}}, responses: {{'200': {{{content}}}}}}}}}}}\n\
         components: {{schemas: {{{schemas}}}}}\n"
    )
}

const REQUEST: &str = "#/paths/~1a/post/requestBody/content/application~1json/schema";
const RESPONSE: &str = "#/paths/~1a/post/responses/200/content/application~1json/schema";

#[test]
fn paths_that_differ_in_parameter_names_are_not_confused() {
    let item = |name: &str, ty: &str| {
        format!(
            "get: {{operationId: by_{name}, parameters: [{{name: {name}, in: path, required: true, \
             schema: {{type: {ty}}}}}], responses: {{}}}}"
        )
    };
    let both = format!(
        "paths: {{'/a/{{id}}': {{{}}}, '/a/{{name}}': {{{}}}}}",
        item("id", "integer"),
        item("name", "string")
    );
    assert!(findings(&both, &both).is_empty());
    let one = format!("paths: {{'/a/{{id}}': {{{}}}}}", item("id", "integer"));
    assert_eq!(
        findings(&both, &one),
        ["! #/paths/~1a~1{name}/get: operation removed"]
    );
    assert_eq!(
        findings(&one, &both),
        ["+ #/paths/~1a~1{name}/get: operation added"]
    );
}

#[test]
fn path_parameters_are_compared_by_position() {
    let path = |path: &str, first: &str, second: &str| {
        let parameter = |name: &str, ty: &str| {
            format!("{{name: {name}, in: path, required: true, schema: {{type: {ty}}}}}")
        };
        format!(
            "paths: {{'{path}': {{get: {{parameters: [{}, {}], responses: {{}}}}}}}}",
            parameter(first, "integer"),
            parameter(second, "string")
        )
    };
    let renamed = "path parameter renamed";
    assert_eq!(
        findings(&path("/{a}/{b}", "a", "b"), &path("/{b}/{a}", "b", "a")),
        [format!("+ #/paths/~1{{a}}~1{{b}}/get: {renamed}")]
    );
    // The list of parameters has another order than the path.
    assert_eq!(
        findings(&path("/{a}/{b}", "b", "a"), &path("/{c}/{d}", "d", "c")),
        [format!("+ #/paths/~1{{a}}~1{{b}}/get: {renamed}")]
    );
    assert_eq!(
        findings(&path("/{a}/{b}", "a", "b"), &path("/{a}/{b}", "b", "a")),
        [
            "! #/paths/~1{a}~1{b}/get/parameters/a/schema/type: integer -> string",
            "! #/paths/~1{a}~1{b}/get/parameters/b/schema/type: string -> integer",
        ]
    );
}

#[test]
fn an_object_that_becomes_one_of_several_is_compared_with_it() {
    let schemas = "A: {type: object, properties: {a: {type: string}}}, \
                   B: {type: object, properties: {b: {type: string}}}";
    let one = sent("{$ref: '#/components/schemas/A'}", schemas);
    let both = "{oneOf: [{$ref: '#/components/schemas/B'}, {$ref: '#/components/schemas/A'}]}";
    let both = sent(both, schemas);
    assert_eq!(
        findings(&one, &both),
        [
            format!("+ {REQUEST}/oneOf: alternative B added"),
            format!("! {RESPONSE}/oneOf: alternative B added"),
        ]
    );
    assert_eq!(
        findings(&both, &one),
        [
            format!("! {REQUEST}/oneOf: alternative B removed"),
            format!("+ {RESPONSE}/oneOf: alternative B removed"),
        ]
    );
    // An alternative that extends the object.
    let extended = sent(
        "{oneOf: [{type: integer}, {allOf: [{$ref: '#/components/schemas/A'}, {type: object, \
         required: [k], properties: {k: {type: string}}}]}]}",
        schemas,
    );
    assert_eq!(
        findings(&one, &extended),
        [
            format!("+ {REQUEST}/type: object -> integer or object"),
            format!("+ {REQUEST}/oneOf: alternative integer added"),
            format!("! {REQUEST}/oneOf/A/properties/k: added, required"),
            format!("! {RESPONSE}/type: object -> integer or object"),
            format!("! {RESPONSE}/oneOf: alternative integer added"),
            format!("+ {RESPONSE}/oneOf/A/properties/k: added"),
        ]
    );
}

#[test]
fn unnamed_alternatives_are_paired_by_their_contents() {
    let values = |values: &[&str]| {
        let values = values
            .iter()
            .map(|v| format!("{{type: string, enum: [{v}]}}"));
        sent(
            &format!("{{oneOf: [{}]}}", values.collect::<Vec<_>>().join(", ")),
            "",
        )
    };
    assert_eq!(
        findings(&values(&["a", "b", "c"]), &values(&["a", "c"])),
        [
            format!("! {REQUEST}/oneOf: alternative \"b\" removed"),
            format!("+ {RESPONSE}/oneOf: alternative \"b\" removed"),
        ]
    );
    let objects = |objects: &[&str]| sent(&format!("{{oneOf: [{}]}}", objects.join(", ")), "");
    let cat = "{type: object, properties: {kind: {const: cat}, lives: {type: integer}}}";
    let dog = "{type: object, properties: {kind: {const: dog}, lives: {type: integer}}}";
    let old_dog = "{type: object, properties: {kind: {const: dog}, lives: {type: string}}}";
    assert_eq!(
        findings(&objects(&[cat, dog]), &objects(&[old_dog, cat])),
        [
            format!("! {REQUEST}/oneOf/object/properties/lives/type: integer -> string"),
            format!("! {RESPONSE}/oneOf/object/properties/lives/type: integer -> string"),
        ]
    );
}

#[test]
fn keywords_next_to_references_are_compared_at_every_use() {
    let schema = |default: &str| {
        let reference = "$ref: '#/components/schemas/A'";
        sent(
            &format!(
                "{{type: object, properties: {{a: {{{reference}}}, b: {{{reference}, default: {default}}}}}}}"
            ),
            "A: {type: string}",
        )
    };
    assert_eq!(
        findings(&schema("x"), &schema("y")),
        [format!("! {REQUEST}/properties/b/default: default changed")]
    );
}

#[test]
fn a_change_is_reported_where_the_schema_is_first_used() {
    let schemas = |ty: &str| format!("A: {{type: object, properties: {{a: {{type: {ty}}}}}}}");
    let base = "{allOf: [{$ref: '#/components/schemas/A'}]}";
    let schema = format!("{{type: object, properties: {{x: {base}, y: {base}}}}}");
    assert_eq!(
        findings(
            &sent(&schema, &schemas("string")),
            &sent(&schema, &schemas("integer"))
        ),
        [
            format!("! {REQUEST}/properties/x/properties/a/type: string -> integer"),
            format!("! {RESPONSE}/properties/x/properties/a/type: string -> integer"),
        ]
    );
}

#[test]
fn changes_at_any_depth_are_found() {
    let document = |ty: &str| {
        let mut schemas = format!("S40: {{type: {ty}}}");
        for index in 0..40 {
            let next = format!("{{$ref: '#/components/schemas/S{}'}}", index + 1);
            schemas += &format!(", S{index}: {{type: object, properties: {{a: {next}}}}}");
        }
        sent("{$ref: '#/components/schemas/S0'}", &schemas)
    };
    assert_eq!(findings(&document("string"), &document("integer")).len(), 2);
}

#[test]
fn recursive_schemas_without_plain_references_end() {
    let schemas = |ty: &str| {
        let base = "allOf: [{$ref: '#/components/schemas/A'}]";
        format!(
            "A: {{type: object, properties: {{l: {{{base}}}, m: {{{base}, nullable: true}}, r: {{oneOf: \
             [{{{base}}}, {{type: {ty}}}]}}}}}}, L: {{type: array, items: {{oneOf: [{{$ref: \
             '#/components/schemas/L'}}, {{type: {ty}}}]}}}}"
        )
    };
    let schema = "{type: object, properties: {a: {$ref: '#/components/schemas/A'}, l: {oneOf: [{$ref: \
                  '#/components/schemas/L'}, {type: boolean}]}}}";
    let (old, new) = (
        sent(schema, &schemas("string")),
        sent(schema, &schemas("integer")),
    );
    assert!(findings(&old, &old).is_empty());
    assert!(
        findings(&old, &new)
            .iter()
            .any(|finding| finding.starts_with('!'))
    );
}

#[test]
fn encoded_references_are_followed() {
    let schemas = |ty: &str| format!("'A b': {{type: object, properties: {{a: {{type: {ty}}}}}}}");
    let schema = "{$ref: '#/components/schemas/A%20b'}";
    assert_eq!(
        findings(
            &sent(schema, &schemas("string")),
            &sent(schema, &schemas("integer"))
        )
        .len(),
        2
    );
}

#[test]
fn null_is_not_an_alternative_in_any_notation() {
    let old = sent("{type: [string, 'null']}", "N: {type: 'null'}");
    for null in [
        "{type: 'null'}",
        "{type: ['null']}",
        "{const: null}",
        "{enum: [null]}",
        "{$ref: '#/components/schemas/N'}",
    ] {
        let new = sent(
            &format!("{{anyOf: [{{type: string}}, {null}]}}"),
            "N: {type: 'null'}",
        );
        assert!(findings(&old, &new).is_empty(), "{null}");
    }
}

#[test]
fn callbacks_are_compared_like_webhooks() {
    let with = |callbacks: &str| {
        format!("paths: {{/a: {{post: {{callbacks: {{{callbacks}}}, responses: {{}}}}}}}}")
    };
    let done = |schema: &str| {
        with(&format!(
            "done: {{'{{$url}}': {{post: {{requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}, \
             responses: {{}}}}}}}}"
        ))
    };
    let place = "#/paths/~1a/post/callbacks/done/{$url}/post";
    let old = done("{type: integer}");
    assert_eq!(
        findings(&old, &with("")),
        [format!("! {place}: callback removed")]
    );
    assert_eq!(
        findings(&with(""), &old),
        [format!("+ {place}: callback added")]
    );
    assert_eq!(
        findings(&old, &done("{type: number}")),
        [format!(
            "! {place}/requestBody/content/application~1json/schema/type: integer -> number"
        )]
    );
}

#[test]
fn responses_to_webhooks_are_compared_like_requests() {
    let with = |status: &str, schema: &str| {
        format!(
            "paths: {{}}\nwebhooks: {{done: {{post: {{responses: {{'{status}': {{content: {{application/json: {{schema: {schema}}}}}}}}}}}}}}}"
        )
    };
    let old = with("200", "{type: number}");
    let place = "#/webhooks/done/post/responses";
    assert_eq!(
        findings(&old, &with("200", "{type: integer}")),
        [format!(
            "! {place}/200/content/application~1json/schema/type: number -> integer"
        )]
    );
    assert_eq!(
        findings(&old, &with("202", "{type: number}")),
        [
            format!("! {place}/200: no longer accepted"),
            format!("+ {place}/202: added")
        ]
    );
}

#[test]
fn references_to_anchors_are_followed() {
    let with = |ty: &str| {
        sent(
            "{$ref: '#the-a'}",
            &format!("A: {{$anchor: the-a, type: {ty}}}"),
        )
    };
    let found = findings(&with("integer"), &with("string"));
    assert_eq!(
        found,
        [
            format!("! {REQUEST}/type: integer -> string"),
            format!("! {RESPONSE}/type: integer -> string")
        ]
    );
}

#[test]
fn parts_of_forms_and_items_of_streams_are_compared() {
    let form = |encoding: &str| {
        format!(
            "paths: {{/a: {{post: {{requestBody: {{content: {{multipart/form-data: {{schema: {{type: object}}, \
             encoding: {{{encoding}}}}}}}}}, responses: {{}}}}}}}}"
        )
    };
    let place = "#/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/image";
    assert_eq!(
        findings(
            &form("image: {contentType: image/png}"),
            &form("image: {contentType: image/jpeg}")
        ),
        [format!("! {place}: encoding changed")]
    );
    assert!(
        findings(
            &form("image: {style: form}"),
            &form("image: {explode: true}")
        )
        .is_empty()
    );
    let stream = |ty: &str| {
        format!(
            "paths: {{/a: {{get: {{responses: {{'200': {{content: {{application/jsonl: {{itemSchema: \
             {{type: {ty}}}}}}}}}}}}}}}}}"
        )
    };
    assert_eq!(
        findings(&stream("integer"), &stream("string")),
        [
            "! #/paths/~1a/get/responses/200/content/application~1jsonl/itemSchema/type: integer -> string"
        ]
    );
}

#[test]
fn a_missing_schema_allows_everything() {
    let list = |items: &str| sent(&format!("{{type: array{items}}}"), "");
    let (untyped, typed) = (list(""), list(", items: {type: string}"));
    assert_eq!(
        findings(&untyped, &typed),
        [
            format!("! {REQUEST}/items: item type added"),
            format!("+ {RESPONSE}/items: item type added"),
        ]
    );
    assert_eq!(
        findings(&typed, &untyped),
        [
            format!("+ {REQUEST}/items: item type removed"),
            format!("! {RESPONSE}/items: item type removed"),
        ]
    );
}

#[test]
fn a_default_of_the_standard_is_no_change() {
    let document = |operation: &str, parameter: &str, schema: &str| {
        format!(
            "paths: {{/a: {{post: {{{operation}parameters: [{{name: a, in: query, schema: \
             {{type: string}}{parameter}}}], requestBody: {{content: {{application/json: {{schema: \
             {{type: array, items: {{type: object{schema}}}}}}}}}}}, responses: {{}}}}}}}}"
        )
    };
    let implicit = document("", "", "");
    let explicit = document(
        "deprecated: false, ",
        ", deprecated: false, required: false, style: form, explode: true",
        ", minProperties: 0, deprecated: false, additionalProperties: true, required: []",
    );
    assert!(findings(&implicit, &explicit).is_empty());
    assert!(findings(&explicit, &implicit).is_empty());
}
