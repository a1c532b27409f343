//! Lowers and renders a small document for each construct. The snapshots contain the notes, the lowered document and
//! the generated public Rust items.

#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use openapi_codegen::{document, lower};
use openapi_codegen::{render, surface};

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: Fixture, version: '1'}\n";
const PATHS: &str = "paths:
  /things/{id}:
    get:
      operationId: get_thing
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}}
";

/// Returns the lowered form of a document and the public items generated from it.
fn lower_and_render(text: &str) -> Result<String, String> {
    let document = document::parse("fixture.yml", text).map_err(|e| e.to_string())?;
    let options = lower::Options::new().strict(true);
    let lowered = lower::lower_with(&document, &options).map_err(|e| e.to_string())?;
    let again = lower::lower(&lowered.document).map_err(|e| e.to_string())?;
    assert_eq!(
        again.document, lowered.document,
        "lowering is not idempotent"
    );
    let files = render::render("specs/fixture.yml", &lowered).map_err(|e| e.to_string())?;
    let files: Vec<_> = files
        .into_iter()
        .filter(|(path, _)| path != "mod.rs")
        .collect();
    let surface = surface::surface(&files).map_err(|e| e.to_string())?;
    let yaml = document::to_yaml(&lowered.document).unwrap();
    let notes: String = lowered
        .notes
        .iter()
        .map(|note| format!("note: {note}\n"))
        .collect();
    Ok(format!("{notes}{yaml}--- Rust{surface}"))
}

/// Returns a document with a schema named Thing.
fn schema(text: &str) -> String {
    let indented: String = text.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "{HEAD}{PATHS}components:\n  schemas:\n    Other: {{type: object, properties: {{n: {{type: integer}}}}}}\n    Thing:\n{indented}"
    )
}

/// Returns a document with the given paths.
fn paths(text: &str) -> String {
    format!("{HEAD}paths:\n{text}\n")
}

#[test]
fn lowers_and_renders_schemas() {
    let object = |properties: &str| {
        let properties: String = properties
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect();
        schema(&format!("type: object\nproperties:\n{properties}"))
    };
    let cases = [
        (
            "schema_type_and_null",
            object("a: {type: [string, 'null']}"),
        ),
        (
            "schema_any_of_null",
            object("a: {anyOf: [{type: integer}, {type: 'null'}], title: A}"),
        ),
        (
            "schema_any_of_reference_and_null",
            object(
                "a: {anyOf: [{$ref: '#/components/schemas/Thing'}, {type: 'null'}], description: Another.}",
            ),
        ),
        ("schema_enum_with_null", object("a: {enum: [x, y, null]}")),
        (
            "schema_several_types",
            object("a: {type: [string, array], items: {type: integer}}"),
        ),
        ("schema_const", object("a: {const: x}\nb: {type: string}")),
        (
            "schema_exclusive_bounds",
            object("a: {type: number, exclusiveMinimum: 0, maximum: 9, exclusiveMaximum: 10}"),
        ),
        (
            "schema_examples",
            object("a: {type: string, examples: [x, y]}"),
        ),
        (
            "schema_content_encoding",
            object(
                "a: {type: string, contentEncoding: base64}\nb: {type: string, contentMediaType: text/html}",
            ),
        ),
        (
            "schema_reference_with_description",
            object("a: {$ref: '#/components/schemas/Thing', description: Another.}"),
        ),
        (
            "schema_reference_and_all_of",
            object(
                "a: {$ref: '#/components/schemas/Other', allOf: [{type: object, properties: {b: {type: string}}}]}",
            ),
        ),
        ("schema_true_and_empty", object("a: true\nb: {}")),
        (
            "schema_runtime_formats",
            object(
                "key: {type: string, format: password}\nprice: {type: [number, 'null'], format: decimal}\nat: {type: string, format: date-time}",
            ),
        ),
        (
            "enum_inline",
            object("status: {type: string, enum: [ON, off-line, '', on]}"),
        ),
        (
            "enum_same_title",
            object(
                "a: {type: string, title: Switch, enum: [on, off]}\nb: {type: string, title: Switch, enum: [on, off]}",
            ),
        ),
        (
            "enum_titled_like_schema",
            object("a: {type: string, title: Thing, enum: [on, off]}"),
        ),
        (
            "enum_in_list",
            object("a: {type: array, items: {type: string, enum: [on, off]}}"),
        ),
        (
            "union_with_const_properties",
            object(
                "a: {oneOf: [{type: object, required: [kind], properties: {kind: {const: x}, n: {type: integer}}}, {type: object, required: [kind], properties: {kind: {const: y}, s: {type: string}}}]}",
            ),
        ),
        (
            "schema_tuple",
            object(
                "a: {type: array, prefixItems: [{type: string}, {type: integer}], items: false}",
            ),
        ),
        (
            "schema_if_then",
            object(
                "a: {type: object, if: {required: [b]}, then: {required: [c]}, properties: {b: {type: string}}}",
            ),
        ),
        ("schema_false", object("a: false\nb: {type: string}")),
        (
            "schema_local_definitions",
            schema(
                "type: object\nproperties:\n  a: {$ref: '#/components/schemas/Thing/$defs/Inner'}\n$defs:\n  Inner: {type: object, properties: {n: {type: integer}}}",
            ),
        ),
        (
            "schema_all_of",
            object(
                "a: {allOf: [{$ref: '#/components/schemas/Other'}, {type: object, required: [s], properties: {s: {type: string}}}]}",
            ),
        ),
        (
            "schema_any_of_several",
            object(
                "a: {anyOf: [{$ref: '#/components/schemas/Other'}, {$ref: '#/components/schemas/Thing'}, {type: string}, {type: 'null'}]}",
            ),
        ),
        (
            "schema_one_of_with_properties",
            object(
                "a: {type: object, properties: {id: {type: string}}, required: [id], oneOf: [{properties: {x: {type: integer}}}, {properties: {y: {type: string}}}]}",
            ),
        ),
        (
            "schema_reserved_names",
            object(
                "a: {type: object, title: Option, properties: {type: {type: string}, 'self': {type: string}}}",
            ),
        ),
        (
            "schema_additional_properties",
            schema("type: object\nadditionalProperties: {}\nproperties: {a: {type: string}}"),
        ),
        (
            "schema_required_undeclared",
            schema("type: object\nrequired: [a, b]\nproperties: {a: {type: string}}"),
        ),
        (
            "schema_all_of_nullable",
            format!(
                "{}    Names: {{type: [array, 'null'], items: {{type: string}}}}\n",
                object(
                    "a: {allOf: [{$ref: '#/components/schemas/Names'}, {description: These.}]}\nb: {allOf: [{$ref: '#/components/schemas/Names'}, {type: array, maxItems: 3}]}"
                )
            ),
        ),
        (
            "schema_base_with_children",
            schema(
                "type: object\nrequired: [kind]\nproperties: {kind: {type: string}}\ndiscriminator: {propertyName: kind, mapping: {cat: Cat}}",
            ) + "    Cat: {allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, properties: {lives: {type: integer}}}]}\n",
        ),
        (
            "schema_conditional_properties",
            schema(
                "type: object\nproperties: {kind: {type: string}}\nif: {properties: {kind: {const: card}}}\nthen: {required: [number], properties: {number: {type: string}}}\nelse: {properties: {number: {type: integer}, iban: {type: string}}}",
            ),
        ),
        (
            "schema_large_integers",
            object(
                "a: {type: integer, minimum: 0, maximum: 18446744073709551615}\nb: {type: integer, format: uint64}\nc: {type: integer, minimum: -1, maximum: 18446744073709551615}",
            ),
        ),
        (
            "schema_additional_properties_true",
            schema("type: object\nadditionalProperties: true\nproperties: {a: {type: string}}"),
        ),
    ];
    for (name, text) in cases {
        let output = lower_and_render(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        insta::assert_snapshot!(name, output);
    }
}

#[test]
fn lowers_and_renders_operations() {
    let json =
        "content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}";
    let cases = [
        ("operation_same_error_bodies", format!("  /a:\n    get:\n      operationId: get_a\n      responses:\n        '200': {{description: OK, {json}}}\n        '401': {{description: No key.}}\n        '422': {{description: Wrong., {json}}}\n        default: {{description: Other., {json}}}")),
        ("operation_different_error_bodies", format!("  /a:\n    get:\n      operationId: get_a\n      responses:\n        '200': {{description: OK, {json}}}\n        '404': {{description: None., content: {{application/problem+json: {{schema: {{type: string}}}}}}}}\n        '422': {{description: Wrong., {json}}}")),
        ("operation_json_or_event_stream", "  /a:\n    post:\n      operationId: ask\n      summary: Ask\n      responses:\n        '200': {description: OK, content: {application/json: {schema: {type: object}}, text/event-stream: {schema: {type: string}}}}".to_owned()),
        ("operation_several_successes", format!("  /a:\n    post:\n      operationId: make_a\n      responses:\n        '200': {{description: OK, {json}}}\n        '202': {{description: Later., content: {{application/json: {{schema: {{type: object, properties: {{task: {{type: string}}}}}}}}}}}}\n        '204': {{description: Nothing.}}")),
        ("operation_multipart_form", "  /a:\n    post:\n      operationId: send_a\n      requestBody: {required: true, content: {multipart/form-data: {schema: {type: object, properties: {file: {type: string, format: binary}}}}}}\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_merge_patch", "  /a:\n    patch:\n      operationId: patch_a\n      requestBody: {required: true, content: {application/merge-patch+json: {schema: {type: object}}}}\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_query_and_cookie_parameters", "  /a:\n    get:\n      operationId: list_a\n      parameters: [{name: filter, in: query, style: deepObject, explode: true, schema: {type: object, properties: {state: {type: string}, tags: {type: array, items: {type: string}}}}}, {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}, {name: session, in: cookie, schema: {type: string}}]\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_query_union", "  /a:\n    get:\n      operationId: list_a\n      parameters: [{name: created, in: query, style: deepObject, explode: true, schema: {anyOf: [{type: object, properties: {gt: {type: integer}, lt: {type: integer}}}, {type: integer}]}}]\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_conflicting_object_parameters", "  /a:\n    get:\n      operationId: list_a\n      parameters: [{name: x, in: query, schema: {type: object, properties: {state: {type: string}}}}, {name: y, in: query, schema: {type: object, properties: {state: {type: integer}}}}]\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_form_with_objects", "  /a:\n    post:\n      operationId: send_a\n      requestBody: {required: true, content: {application/x-www-form-urlencoded: {encoding: {owner: {style: deepObject}}, schema: {type: object, properties: {tags: {type: array, items: {type: string}}, owner: {type: object, properties: {name: {type: string}}}, place: {type: object, properties: {city: {type: string}}}}}}}}\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_patch", "  /a:\n    patch:\n      operationId: change_a\n      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\n      responses:\n        '200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\ncomponents:\n  schemas:\n    A: {type: object, required: [id], properties: {id: {type: [string, 'null']}, name: {type: [string, 'null']}, kind: {type: string, default: plain}, tags: {type: array, items: {type: string}}, labels: {type: object, additionalProperties: {type: string}}}}".to_owned()),
        ("operation_other_methods", format!("  /a/{{id}}:\n    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]\n    query:\n      operationId: find_a\n      requestBody: {{required: true, {json}}}\n      responses:\n        '200': {{description: OK, {json}}}\n    additionalOperations:\n      COPY:\n        responses:\n          '204': {{description: Copied.}}")),
        ("operation_names_of_generated_code", "  /a:\n    get:\n      operationId: IntoRequest\n      parameters: [{name: into_request, in: query, schema: {type: string}}, {name: send_with, in: query, schema: {type: string}}]\n      responses:\n        '200': {description: OK, content: {application/json: {schema: {type: string, enum: [Err, Ok, Other]}}}}\n  /b:\n    get:\n      operationId: Response\n      responses:\n        '204': {description: OK}\n  /c:\n    get:\n      operationId: call_context\n      responses:\n        '204': {description: OK}".to_owned()),
        ("operation_read_and_write_only", "  /a:\n    post:\n      operationId: make_a\n      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\n      responses:\n        '200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\ncomponents:\n  schemas:\n    A: {type: object, required: [id, name, password], properties: {id: {type: string, readOnly: true}, name: {type: string}, password: {type: string, writeOnly: true}}}".to_owned()),
        ("operation_head", format!("  /a:\n    head:\n      operationId: look\n      responses:\n        '200': {{description: OK, {json}}}")),
        ("operation_without_id", "  /a/{id}:\n    parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n    get:\n      responses:\n        '200': {description: OK}\n  /b:\n    get:\n      operationId: new\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_conflicting_parameter_names", "  /a/{id}:\n    get:\n      operationId: get_a\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: id, in: query, schema: {type: string}}, {name: ID, in: header, schema: {type: string}}, {name: send, in: query, schema: {type: string}}]\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_reserved_parameter_names", "  /a/{response}:\n    get:\n      operationId: get_a\n      parameters: [{name: response, in: path, required: true, schema: {type: string}}, {name: request, in: query, schema: {type: string}}, {name: result, in: query, schema: {type: string}}, {name: url, in: query, schema: {type: integer, maximum: 7}}, {name: header_map, in: query, schema: {type: string}}, {name: info, in: header, schema: {type: string}}, {name: client, in: query, schema: {type: string}}]\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_without_content", "  /a:\n    delete:\n      operationId: drop_a\n      responses:\n        '204': {description: Gone.}".to_owned()),
        ("operation_path_item_parameters", "  /a/{id}:\n    parameters: [{name: id, in: path, required: true, schema: {type: string}, x-raw-slashes: true}, {name: limit, in: query, schema: {type: integer, default: 20}}]\n    get:\n      operationId: get_a\n      responses:\n        '200': {description: OK}".to_owned()),
        ("operation_request_defaults", "  /a:\n    post:\n      operationId: make_a\n      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {tag: {type: string, default: main}}}}}}\n      responses:\n        '201': {description: Made., content: {application/json: {schema: {type: object, properties: {n: {type: integer, default: 0}}}}}}".to_owned()),
    ];
    for (name, text) in cases {
        let output =
            lower_and_render(&paths(&text)).unwrap_or_else(|error| panic!("{name}: {error}"));
        insta::assert_snapshot!(name, output);
    }
}

/// Checks code that the list of public items does not show.
#[test]
fn renders_serialization() {
    let files = |text: &str| {
        let document = document::parse("fixture.yml", text).unwrap();
        let files = render::render("fixture.yml", &lower::lower(&document).unwrap()).unwrap();
        files.into_iter().map(|(_, text)| text).collect::<String>()
    };
    let forms = files(&paths(
        "  /a:\n    post:\n      operationId: send_a\n      requestBody: {required: true, content: {application/x-www-form-urlencoded: {encoding: {owner: {style: deepObject}}, schema: {type: object, properties: {owner: {type: object, properties: {name: {type: string}}}}}}}}\n      responses:\n        '200': {description: OK}",
    ));
    assert!(forms.contains(r#".form_with_brackets(&body, &["owner"])"#));

    let methods = files(&paths(
        "  /a:\n    query: {operationId: find_a, responses: {'204': {description: OK}}}",
    ));
    assert!(methods.contains(r#"Method::from_bytes(b"QUERY")"#));
    assert!(methods.contains(r#"Operation::new("find_a", "QUERY", "/a")"#));

    // `Self::Err` is ambiguous in an enumeration with a variant of that name.
    let enums = files(&schema("type: string\nenum: [Err, Ok]"));
    assert!(enums.contains(r#"Err = "Err","#) && !enums.contains("Self::Err>"));

    // An alternative with other values of the discriminator does not match.
    let tagged = files(&schema(
        "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Other'}]\ndiscriminator: {propertyName: kind}",
    ).replace("    Other:", "    Cat: {type: object, properties: {kind: {type: string}}}\n    Other:"));
    assert!(
        tagged.contains(r#"if !value.get("kind").is_some_and(::serde_json::Value::is_string)"#)
    );

    // `null` is preserved in a nullable property, and read as the default otherwise.
    let nulls = files(&schema(
        "type: object\nproperties:\n  price: {type: [number, 'null'], default: 0.5}\n  count: {type: integer, default: 7}",
    ));
    assert!(!nulls.contains("thing_price_for_null") && nulls.contains("thing_count_for_null"));
}

#[test]
fn rejects_invalid_documents_with_location() {
    let property = |text: &str| schema(&format!("type: object\nproperties:\n  a: {text}"));
    let thing = "#/components/schemas/Thing";
    let cases = [
        (property("7"), format!("{thing}/properties/a: not a schema")),
        (
            property("{$ref: '#/nowhere'}"),
            format!("{thing}/properties/a/$ref: \"#/nowhere\" cannot be resolved"),
        ),
        (
            property("{$ref: 'other.yml#/a'}"),
            format!("{thing}/properties/a/$ref: \"other.yml#/a\" points outside"),
        ),
        (
            property("{type: string, enum: [a, 1]}"),
            format!("{thing}/properties/a/enum/1: 1 does not have type"),
        ),
        (HEAD.to_owned(), "#: missing `paths`".to_owned()),
        (paths("  /a: 7"), "#/paths/~1a: not a path item".to_owned()),
        (
            paths("  /a: {get: 7}"),
            "#/paths/~1a/get: not an operation".to_owned(),
        ),
        (
            paths("  /a: {$ref: '#/paths/~1a'}"),
            "#/paths/~1a: cyclic references".to_owned(),
        ),
    ];
    for (text, expected) in cases {
        let error = lower_and_render(&text).unwrap_err();
        assert!(
            error.starts_with(&expected),
            "expected {expected}\ngot {error}"
        );
    }
}
