//! Kinds of documents that are easily lowered to a wrong type, or lose something without a note.

#![allow(clippy::unwrap_used, missing_docs)]

use openapi_codegen::lower::{Lowered, METHOD, NoteKind, Options, lower, lower_with};
use openapi_codegen::{document, render, wire};
use serde_json::{Value, json};

/// Returns a document with the given version and members.
fn document(version: &str, members: &str) -> Value {
    let text = format!("openapi: {version}\ninfo: {{title: T, version: '1'}}\n{members}");
    document::parse("kinds.yml", &text).unwrap()
}

/// Returns a document with the given schemas. One operation sends and returns the schema `Thing`.
fn with_schemas(schemas: &str) -> Value {
    let indented: String = schemas
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    document(
        "3.1.0",
        &format!(
            "paths:
  /things:
    post:
      operationId: make
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}
      responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}}}
components:
  schemas:
{indented}"
        ),
    )
}

/// Lowers a document twice and checks that the second time changes nothing.
fn lowered(document: &Value) -> Lowered {
    let lowered = lower(document).unwrap();
    assert_eq!(lower(&lowered.document).unwrap().document, lowered.document);
    lowered
}

fn schemas(document: &Value) -> Value {
    lowered(document).document["components"]["schemas"].clone()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Returns the notes of a kind as text, without the kind.
fn notes(lowered: &Lowered, kind: NoteKind) -> Vec<String> {
    let notes = lowered.notes.iter().filter(|note| note.kind == kind);
    notes
        .map(|note| format!("{}: {}", note.place, note.what))
        .collect()
}

/// Returns the generated module `types`, without line breaks.
fn types(document: &Value) -> String {
    let files = render::render("kinds.yml", &lowered(document)).unwrap();
    let (_, text) = files
        .into_iter()
        .find(|(path, _)| path == "types.rs")
        .unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn properties_named_like_keywords_are_properties() {
    let names = [
        "default",
        "example",
        "examples",
        "enum",
        "const",
        "mapping",
        "oneOf",
        "allOf",
        "schema",
        "x-unit",
        "properties",
        "plain",
    ];
    let properties: String = names
        .iter()
        .map(|name| format!("    {name}: {{$ref: '#/components/schemas/Size/properties/unit'}}\n"))
        .collect();
    // Another schema has the last name of the reference.
    let schemas = schemas(&with_schemas(&format!(
        "unit: {{type: integer}}
Size: {{type: object, properties: {{unit: {{type: [object, 'null'], properties: {{name: {{type: string}}}}}}}}}}
Thing:
  type: object
  properties:
{properties}"
    )));
    let found = &schemas["Thing"]["properties"];
    assert_eq!(
        found["plain"],
        json!({"nullable": true, "allOf": [reference("SizeUnit")]})
    );
    for name in names {
        assert_eq!(found[name], found["plain"], "{name}");
    }
    assert_eq!(schemas["SizeUnit"]["properties"]["name"]["type"], "string");
}

#[test]
fn values_that_look_like_references_are_data() {
    let document = with_schemas(
        "Thing: {type: object, example: {$ref: '#/nowhere'}, properties: {a: {type: string, x-b: {$ref: '#/nowhere'}}}}",
    );
    assert_eq!(lowered(&document).notes, []);
}

#[test]
fn references_lead_into_all_parts_of_the_original_document() {
    let document = document(
        "3.1.0",
        "paths:
  /a/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: OK, content: {application/json: {schema: {type: object, properties: {list: {type: array, items: {type: object, properties: {n: {type: integer}}}}}}}}}}
  /b:
    get:
      responses: {'200': {description: OK, content: {application/json: {schema: {type: object, properties: {
        response: {$ref: '#/paths/~1a~1%7Bid%7D/get/responses/200/content/application~1json/schema/properties/list/items'},
        parameter: {$ref: '#/components/parameters/P/schema'},
        through: {$ref: '#/components/schemas/A/properties/b/properties/c'},
        anchor: {$ref: '#leaf'},
        id: {$ref: 'https://example.com/leaf'}}}}}}}
components:
  parameters: {P: {name: p, in: query, schema: {type: object, properties: {z: {type: integer}}}}}
  schemas:
    A: {type: object, properties: {b: {$ref: '#/components/schemas/B'}}}
    B: {type: object, properties: {c: {type: object, properties: {deep: {type: boolean}}}}}
    Leaf: {$id: 'https://example.com/leaf', $anchor: leaf, type: object, properties: {green: {type: boolean}}}
    Node: {$dynamicAnchor: node, type: object, properties: {next: {$dynamicRef: '#node'}}}
",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.notes, []);
    let schemas = &lowered.document["components"]["schemas"];
    let target = |property: &str| {
        let reference = schemas["GetBResponse"]["properties"][property]["$ref"]
            .as_str()
            .unwrap();
        schemas[reference.rsplit('/').next().unwrap()]["properties"].clone()
    };
    assert_eq!(target("response"), json!({"n": {"type": "integer"}}));
    assert_eq!(target("parameter"), json!({"z": {"type": "integer"}}));
    assert_eq!(target("through"), json!({"deep": {"type": "boolean"}}));
    assert_eq!(target("anchor"), json!({"green": {"type": "boolean"}}));
    assert_eq!(target("id"), target("anchor"));
    assert_eq!(schemas["Node"]["properties"]["next"], reference("Node"));
}

#[test]
fn anchors_with_one_name_are_ambiguous() {
    let document = with_schemas(
        "A: {$anchor: x, type: object}\nB: {$anchor: x, type: object}\nThing: {type: object, properties: {a: {$ref: '#x'}}}",
    );
    let error = lower_with(&document, &Options::new().strict(true)).unwrap_err();
    assert!(error.reason.contains("cannot be resolved"), "{error}");
}

#[test]
fn discriminator_values_survive_renaming() {
    let kind = "type: object, required: [kind], properties: {kind: {type: string}";
    let lowered = lowered(&with_schemas(&format!(
        "Thing:
  oneOf: [{{$ref: '#/components/schemas/Option'}}, {{$ref: '#/components/schemas/dog'}}, {{$ref: '#/components/schemas/Dog'}}, {{$ref: '#/components/schemas/Größe'}}]
  discriminator: {{propertyName: kind, mapping: {{opt: Option, gone: Nothing}}}}
Option: {{{kind}, a: {{type: integer}}}}}}
dog: {{{kind}, b: {{type: integer}}}}}}
Dog: {{{kind}, c: {{type: integer}}}}}}
Größe: {{{kind}, d: {{type: integer}}}}}}"
    )));
    let alternatives = &lowered.unions[0].alternatives;
    let tags: Vec<&str> = alternatives
        .iter()
        .flat_map(|a| &a.tags)
        .map(String::as_str)
        .collect();
    assert_eq!(tags, ["opt", "dog", "Dog", "Größe"]);
    assert!(
        alternatives
            .iter()
            .all(|alternative| alternative.tags.len() == 1)
    );
    let lost = notes(&lowered, NoteKind::Lost);
    assert!(lost.iter().any(|note| note.starts_with("#/components/schemas/Thing/discriminator/mapping/gone: ")));
}

#[test]
fn a_value_that_alternatives_inherit_selects_none_of_them() {
    let lowered = lowered(&with_schemas(
        "Base: {type: object, properties: {kind: {enum: [Cat, Dog, other]}}}
Cat: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {lives: {type: integer}}}]}
Dog: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {tricks: {type: integer}}}]}
Thing: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind}}",
    ));
    let tags: Vec<&[String]> = lowered.unions[0]
        .alternatives
        .iter()
        .map(|a| &a.tags[..])
        .collect();
    assert_eq!(tags, [["Cat"], ["Dog"]]);
}

#[test]
fn servers_of_paths_and_operations_are_noted() {
    let lowered = lowered(&document(
        "3.0.3",
        "servers: [{url: 'https://a.example.com'}]
paths:
  /a:
    servers: [{url: 'https://b.example.com'}]
    get: {responses: {'204': {description: OK}}}
    put: {servers: [{url: 'https://a.example.com'}], responses: {'204': {description: OK}}}
    post: {servers: [{url: 'https://c.example.com'}], responses: {'204': {description: OK}}}
",
    ));
    let moved = "; the client sends requests to its base URL";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            format!("#/paths/~1a/servers: the server `https://b.example.com`{moved}"),
            format!("#/paths/~1a/post/servers: the server `https://c.example.com`{moved}"),
        ]
    );
    let described = |method: &str| {
        let description = &lowered.document["paths"]["/a"][method]["description"];
        description.as_str().unwrap_or_default().to_owned()
    };
    assert!(described("get").starts_with("Server: `https://b.example.com`."));
    assert!(described("post").starts_with("Server: `https://c.example.com`."));
    assert_eq!(described("put"), "");
}

#[test]
fn other_methods_are_operations() {
    let lowered = lowered(&document(
        "3.2.0",
        "paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    query: {requestBody: {required: true, content: {application/json: {schema: {not: {type: string}}}}}, responses: {'204': {description: OK}}}
    post: {operationId: make, responses: {'204': {description: OK}}}
    additionalOperations:
      COPY: {operationId: copy, servers: [{url: 'https://b.example.com'}], responses: {'204': {description: OK}}}
      CONNECT: {responses: {'204': {description: OK}}}
    purge: {responses: {'204': {description: OK}}}
",
    ));
    let paths = &lowered.document["paths"];
    let query = &paths["/a/{id}#QUERY"]["post"];
    assert_eq!(
        (&query[METHOD], &query["operationId"]),
        (&json!("QUERY"), &json!("query_a_by_id"))
    );
    assert_eq!(query["parameters"][0]["name"], "id");
    assert_eq!(paths["/a/{id}#COPY"]["post"][METHOD], "COPY");
    assert_eq!(paths["/a/{id}"]["post"].get(METHOD), None);
    let place = "#/paths/~1a~1{id}";
    assert_eq!(
        notes(&lowered, NoteKind::Dropped),
        [
            format!("{place}/additionalOperations/CONNECT: a method that cannot be sent"),
            format!("{place}/purge: not a field of a path item; nothing is generated"),
        ]
    );
    // The locations are those in the original document.
    let lost = notes(&lowered, NoteKind::Lost);
    assert!(
        lost[0].starts_with(&format!("{place}/additionalOperations/COPY/servers: ")),
        "{lost:?}"
    );
    assert!(
        lost[1].starts_with(&format!(
            "{place}/query/requestBody/content/application~1json/schema/not: "
        )),
        "{lost:?}"
    );
    let files = render::render("kinds.yml", &lowered).unwrap();
    let (_, builders) = files.iter().find(|(path, _)| path == "builder.rs").unwrap();
    for method in ["COPY", "POST", "QUERY"] {
        let line = format!("/// Sends `{method} /a/{{id}}`, as defined in the specification.");
        assert!(builders.contains(&line), "{line}");
    }
}

#[test]
fn removed_operations_with_other_methods_are_breaking() {
    let with = |operations: &str| document("3.2.0", &format!("paths: {{/a: {{{operations}}}}}\n"));
    let operation = "{responses: {'204': {description: OK}}}";
    let old = with(&format!(
        "query: {operation}, additionalOperations: {{COPY: {operation}, LINK: {operation}}}"
    ));
    let new = with(&format!("additionalOperations: {{LINK: {operation}}}"));
    let findings = wire::compare(&old, &new);
    let places: Vec<String> = findings
        .iter()
        .map(|found| found.place.to_string())
        .collect();
    assert_eq!(
        places,
        ["#/paths/~1a/query", "#/paths/~1a/additionalOperations/COPY"]
    );
    assert!(findings.iter().all(|found| found.breaking));
}

#[test]
fn an_unsupported_operation_with_another_method_is_dropped_alone() {
    let document = document(
        "3.2.0",
        "paths:
  /a:
    query: {responses: {'204': {description: OK}}}
    additionalOperations: {COPY: {responses: 7}, LINK: 7}
",
    );
    let options = Options::new().strict(true).skip_unsupported(true);
    let lowered = lower_with(&document, &options).unwrap();
    let dropped = notes(&lowered, NoteKind::Dropped);
    assert!(
        dropped[0].starts_with("#/paths/~1a/additionalOperations/COPY: "),
        "{dropped:?}"
    );
    assert!(
        dropped[1].starts_with("#/paths/~1a/additionalOperations/LINK: "),
        "{dropped:?}"
    );
    assert_eq!(
        lowered.document["paths"]["/a#QUERY"]["post"][METHOD],
        "QUERY"
    );
}

#[test]
fn version_3_2_is_read() {
    let lowered = lowered(&document(
        "3.2.0",
        "$self: https://example.com/api.yml
paths:
  /a:
    get:
      parameters: [{name: q, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {x: {type: string}}}}}}]
      responses:
        '200': {summary: Events, content: {text/event-stream: {itemSchema: {$ref: 'https://example.com/api.yml#/components/schemas/Event'}}}}
  /b:
    get:
      responses: {'200': {content: {application/json: {$ref: '#/components/mediaTypes/M'}}}}
components:
  mediaTypes: {M: {schema: {$ref: '#/components/schemas/Event'}}}
  schemas: {Event: {type: object, properties: {data: {type: string}}}}
",
    ));
    let success = |path: &str, media: &str| {
        let response = &lowered.document["paths"][path]["get"]["responses"]["2XX"];
        response["content"][media]["schema"].clone()
    };
    assert_eq!(success("/a", "text/event-stream"), reference("Event"));
    assert_eq!(success("/b", "application/json"), reference("Event"));
    let parameter = &lowered.document["paths"]["/a"]["get"]["parameters"][0];
    assert_eq!(parameter["in"], "query");
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            "#/paths/~1a/get/responses/200/content/text~1event-stream/itemSchema: the type of the items of a stream, which is sent or returned as bytes"
        ]
    );
}

#[test]
fn a_document_of_webhooks_has_no_operations() {
    let lowered = lowered(&document(
        "3.1.0",
        "webhooks: {ping: {post: {responses: {}}}}\n",
    ));
    assert_eq!(lowered.document["paths"], json!({}));
    assert!(notes(&lowered, NoteKind::Dropped)[0].starts_with("#/webhooks/ping: "));
}

#[test]
fn a_base_with_a_discriminator_is_a_union_of_its_children() {
    let lowered = lowered(&with_schemas(
        "Thing: {type: object, properties: {pet: {$ref: '#/components/schemas/Pet'}, described: {allOf: [{$ref: '#/components/schemas/Pet'}], description: A pet.}}}
Pet: {type: object, required: [kind], properties: {kind: {type: string}}, discriminator: {propertyName: kind, mapping: {fish: Fish}}}
Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, properties: {lives: {type: integer}}}]}
Lion: {allOf: [{$ref: '#/components/schemas/Cat'}, {type: object, properties: {mane: {type: boolean}}}]}
Fish: {$ref: '#/components/schemas/Pet', properties: {depth: {type: number}}}
MaybePet: {allOf: [{$ref: '#/components/schemas/Pet'}], nullable: true}",
    ));
    let schemas = &lowered.document["components"]["schemas"];
    let pet = lowered
        .unions
        .iter()
        .find(|union| union.name == "Pet")
        .unwrap();
    let tags: Vec<&[String]> = pet.alternatives.iter().map(|a| &a.tags[..]).collect();
    assert_eq!(tags, [["fish"], ["Cat"], ["Lion"], ["Pet"]]);
    let names = |schema: &Value| -> Vec<String> {
        schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(names(&schemas["Lion"]), ["kind", "lives", "mane"]);
    assert_eq!(names(&schemas["Fish"]), ["depth", "kind"]);
    assert_eq!(names(&schemas["PetBase"]), ["kind"]);
    assert_eq!(schemas["MaybePet"], reference("Pet"));
    assert_eq!(schemas["Thing"]["properties"]["pet"], reference("Pet"));
    assert_eq!(
        schemas["Thing"]["properties"]["described"]["allOf"][0],
        reference("Pet")
    );
}

#[test]
fn a_base_that_lists_its_children_is_no_cycle() {
    let document = with_schemas(
        "Thing: {type: object, properties: {area: {type: number}}, oneOf: [{$ref: '#/components/schemas/Circle'}, {$ref: '#/components/schemas/Square'}]}
Circle: {allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, required: [radius], properties: {radius: {type: number}}}]}
Square: {allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, required: [side], properties: {side: {type: number}}}]}",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.notes, []);
    let schemas = &lowered.document["components"]["schemas"];
    assert_eq!(
        schemas["Thing"]["oneOf"],
        json!([reference("Circle"), reference("Square")])
    );
    let number = json!({"type": "number"});
    assert_eq!(
        schemas["Circle"]["properties"],
        json!({"area": number, "radius": number})
    );
}

#[test]
fn unions_that_contain_each_other_have_the_same_alternatives() {
    let schemas = schemas(&with_schemas(
        "Thing: {oneOf: [{$ref: '#/components/schemas/B'}, {$ref: '#/components/schemas/X'}]}
B: {anyOf: [{$ref: '#/components/schemas/Name'}, {$ref: '#/components/schemas/Y'}]}
Name: {$ref: '#/components/schemas/Thing'}
X: {type: object, properties: {x: {type: string}}}
Y: {type: object, properties: {y: {type: string}}}
Self: {oneOf: [{$ref: '#/components/schemas/Self'}, {type: string}]}
Only: {oneOf: [{$ref: '#/components/schemas/Only'}, {$ref: '#/components/schemas/Only'}]}
Tree: {oneOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/Tree'}}]}",
    ));
    let both = json!([reference("X"), reference("Y")]);
    assert_eq!(schemas["Thing"]["oneOf"], both);
    let names = |schema: &Value| -> Vec<String> {
        let list = schema["oneOf"].as_array().unwrap().iter();
        let mut names: Vec<String> = list
            .map(|one| one["$ref"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&schemas["B"]), names(&schemas["Thing"]));
    assert_eq!(schemas["SelfType"], json!({"type": "string"}));
    // A list is read before its items.
    assert_eq!(schemas["Tree"]["oneOf"].as_array().unwrap().len(), 2);
}

#[test]
fn conditional_properties_are_optional() {
    let schemas = schemas(&with_schemas(
        "Card: {type: object, required: [number], properties: {number: {type: string}}}
Bank: {type: object, properties: {iban: {type: string}}}
Thing:
  type: object
  required: [kind]
  properties: {kind: {type: string}, data: {type: object}}
  allOf:
    - {if: {properties: {kind: {const: card}}}, then: {required: [details], properties: {details: {$ref: '#/components/schemas/Card'}, data: {$ref: '#/components/schemas/Card'}}}}
    - {if: {properties: {kind: {const: bank}}}, then: {properties: {details: {$ref: '#/components/schemas/Bank'}}}}
    - {if: {required: [a]}, then: {$ref: '#/components/schemas/Bank'}, else: {required: [reason], if: {required: [b]}, then: {properties: {deep: {type: integer}}}}}
  dependentSchemas: {data: {properties: {size: {type: integer}}}}",
    ));
    let thing = &schemas["Thing"];
    assert_eq!(thing["required"], json!(["kind"]));
    assert_eq!(
        thing["properties"],
        json!({
            "kind": {"type": "string"},
            "data": {"type": "object"},
            "size": {"type": "integer"},
            "details": reference("ThingDetails"),
            "iban": {"type": "string"},
            "reason": {},
            "deep": {"type": "integer"},
        })
    );
    assert_eq!(
        schemas["ThingDetails"]["oneOf"],
        json!([reference("Card"), reference("Bank")])
    );
}

#[test]
fn a_condition_may_contain_itself() {
    let schemas = schemas(&with_schemas(
        "Thing: {type: object, if: {required: [a]}, then: {$ref: '#/components/schemas/Thing'}, properties: {a: {type: string}}}",
    ));
    assert_eq!(
        schemas["Thing"]["properties"],
        json!({"a": {"type": "string"}})
    );
}

#[test]
fn integers_are_as_large_as_their_limits() {
    let lowered = lowered(&with_schemas(
        "Thing:
  type: object
  properties:
    limits: {type: integer, minimum: 0, maximum: 18446744073709551615}
    exclusive: {type: integer, minimum: 0, exclusiveMaximum: 18446744073709551616}
    format: {type: integer, format: uint64}
    list: {type: array, items: {type: [integer, 'null'], minimum: 1, maximum: 18446744073709551614}}
    signed: {type: integer, minimum: 0, maximum: 9223372036854775807}
    values: {enum: [1, 18446744073709551615]}
    mixed: {type: integer, minimum: -1, maximum: 18446744073709551615}
    huge: {type: integer, maximum: 1e30}
    wide: {type: integer, format: int128}
    seed: {type: integer, minimum: -9223372036854776000, maximum: 9223372036854776000}",
    ));
    let schemas = &lowered.document["components"]["schemas"]["Thing"]["properties"];
    for name in ["limits", "exclusive", "format", "values"] {
        assert_eq!(schemas[name]["format"], "uint64", "{name}");
    }
    assert_eq!(schemas["list"]["items"]["format"], "uint64");
    assert_eq!(schemas["signed"].get("format"), None);
    for name in ["mixed", "huge", "wide"] {
        assert_eq!(schemas[name]["type"], "number", "{name}");
        assert_eq!(schemas[name]["format"], "decimal", "{name}");
    }
    assert_eq!(schemas["seed"]["type"], "integer");
    assert!(notes(&lowered, NoteKind::Lost).is_empty());
}

#[test]
fn read_only_is_not_required_in_requests_and_write_only_not_in_responses() {
    let required = |schemas: &Value, name: &str| schemas[name]["required"].clone();
    let user = "type: object, required: [id, name, password, key], properties: {id: {$ref: '#/components/schemas/Id'}, name: {type: string}, password: {type: string, writeOnly: true}, key: {type: object, readOnly: true, properties: {k: {type: string}}}}";
    let both = schemas(&with_schemas(&format!(
        "Id: {{type: string, readOnly: true}}\nThing: {{{user}}}"
    )));
    assert_eq!(required(&both, "Thing"), json!(["name"]));
    // A schema that is only received keeps what is read-only.
    let document = document(
        "3.1.0",
        &format!(
            "paths: {{/a: {{get: {{responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}}}}}}}}}
components:
  schemas:
    Id: {{type: string, readOnly: true}}
    Thing: {{{user}}}
"
        ),
    );
    assert_eq!(
        required(&schemas(&document), "Thing"),
        json!(["id", "name", "key"])
    );
}

#[test]
fn constraints_that_are_not_checked_are_noted() {
    let lowered = lowered(&with_schemas(
        "Thing:
  type: object
  minProperties: 1
  properties:
    text: {type: string, pattern: '^a', minLength: 0, maxLength: 5}
    list: {type: array, uniqueItems: true, items: {type: string, pattern: b}}
    number: {type: integer, multipleOf: 5, minimum: 5}
    numbers: {type: array, items: {type: integer, maximum: 5}}
    value: {const: 7}
    open: {enum: [a, b, null]}",
    ));
    let place = "#/components/schemas/Thing";
    assert_eq!(
        notes(&lowered, NoteKind::Unchecked),
        [
            format!("{place}/minProperties: `minProperties: 1`"),
            format!("{place}/properties/text/pattern: `pattern: \"^a\"`"),
            format!("{place}/properties/text/maxLength: `maxLength: 5`"),
            format!("{place}/properties/list/uniqueItems: `uniqueItems: true`"),
            format!("{place}/properties/list/items/pattern: `pattern: \"b\"`"),
            format!("{place}/properties/number/multipleOf: `multipleOf: 5`"),
            format!("{place}/properties/value: `enum`: the values 7"),
            format!("{place}/properties/numbers/items: At most 5"),
        ]
    );
}

#[test]
fn other_losses_are_noted() {
    let lowered = lowered(&document(
        "3.1.0",
        "paths:
  /a:
    post:
      requestBody: {required: true, content: {application/xml: {schema: {$ref: '#/components/schemas/A'}}}}
      responses:
        '200': {description: OK, headers: {X-A: {schema: {type: integer}}}, content: {application/xml: {schema: {$ref: '#/components/schemas/A'}}}}
components:
  securitySchemes: {key: {type: apiKey, in: query, name: key}, header: {type: apiKey, in: header, name: key}}
  schemas: {A: {type: object, properties: {u: {anyOf: [{type: object, properties: {a: {type: string}}}, {}]}}}}
",
    ));
    let places: Vec<String> = lowered
        .notes
        .iter()
        .map(|note| note.place.to_string())
        .collect();
    assert_eq!(
        places,
        [
            "#/components/securitySchemes/key",
            "#/paths/~1a/post/responses/200/headers",
            "#/paths/~1a/post/requestBody/content/application~1xml/schema",
            "#/paths/~1a/post/responses/200/content/application~1xml/schema",
            "#/components/schemas/A/properties/u/anyOf",
        ]
    );
}

#[test]
fn secrets_are_found_through_all_references() {
    let secret = |name: &str| {
        format!("type: object, properties: {{{name}: {{type: string, format: password}}}}")
    };
    let lowered = lowered(&document(
        "3.1.0",
        &format!(
            "paths:
  /a:
    get:
      operationId: get_a
      responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{type: object, properties: {{
        pet: {{$ref: '#/components/schemas/Pet'}},
        anchor: {{$ref: '#leaf'}},
        parameter: {{$ref: '#/components/parameters/P/schema'}}}},
        if: {{required: [pet]}}, then: {{{}}}}}}}}}}}}}
components:
  parameters: {{P: {{name: p, in: query, schema: {{{}}}}}}}
  schemas:
    Leaf: {{$anchor: leaf, {}}}
    Pet: {{type: object, properties: {{kind: {{type: string}}}}, discriminator: {{propertyName: kind, mapping: {{dog: Dog}}}}}}
    Cat: {{allOf: [{{$ref: '#/components/schemas/Pet'}}, {{{}}}]}}
    Lion: {{allOf: [{{$ref: '#/components/schemas/Cat'}}, {{{}}}]}}
    Dog: {{{}}}
",
            secret("conditional"),
            secret("of_parameter"),
            secret("of_anchor"),
            secret("of_cat"),
            secret("of_lion"),
            secret("of_dog"),
        ),
    ));
    let secrets: Vec<&String> = lowered.facts["get_a"].response_secrets.iter().collect();
    assert_eq!(
        secrets,
        [
            "conditional",
            "of_anchor",
            "of_cat",
            "of_dog",
            "of_lion",
            "of_parameter"
        ]
    );
}

#[test]
fn updates_can_send_null() {
    let text = "
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    patch:
      operationId: update
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Update'}}}}
      responses: {'204': {description: OK}}
    put:
      operationId: merge
      requestBody: {required: true, content: {application/merge-patch+json: {schema: {$ref: '#/components/schemas/Merge'}}}}
      responses: {'204': {description: OK}}
    post:
      operationId: add
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Added'}}}}
      responses: {'204': {description: OK}}
components:
  schemas:
    Added: {type: object, properties: {in_added: {type: [string, 'null']}}}
    Item: {type: object, properties: {in_item: {type: [string, 'null']}}}
    Merge: {type: object, properties: {in_merge: {type: [boolean, 'null']}}}
    Update:
      type: object
      required: [must]
      properties:
        must: {type: [string, 'null']}
        name: {type: [string, 'null']}
        kind: {anyOf: [{type: string, enum: [a, b]}, {type: 'null'}]}
        either: {oneOf: [{type: string}, {type: boolean}, {type: 'null'}]}
        next: {anyOf: [{$ref: '#/components/schemas/Update'}, {type: 'null'}]}
        inner: {type: object, properties: {deep: {type: [integer, 'null']}}}
        items: {type: array, items: {$ref: '#/components/schemas/Item'}}
        untyped: {}
        plain: {type: string}
";
    let document = document("3.1.0", text);
    assert_eq!(lowered(&document).notes, []);
    let types = types(&document);
    let types: String = types.split_whitespace().collect();
    let nullable = |name: &str| {
        types.contains(&format!(
            "pub{name}:::std::option::Option<::openapi_runtime::Nullable<"
        ))
    };
    for name in ["name", "kind", "either", "next", "deep", "in_merge"] {
        assert!(nullable(name), "{name}: {types}");
    }
    for name in ["must", "untyped", "plain", "in_item", "in_added", "items"] {
        assert!(!nullable(name), "{name}: {types}");
    }
}

#[test]
fn optional_recursive_properties_are_omitted() {
    let types = types(&with_schemas(
        "Thing:
  type: object
  properties:
    next: {$ref: '#/components/schemas/Thing'}",
    ));
    let field = "#[serde(skip_serializing_if = \"::std::option::Option::is_none\")] pub next: \
                 ::std::option::Option<::std::boxed::Box<Thing>>";
    assert!(types.contains(field), "{types}");
}

#[test]
fn alternatives_that_are_constants_are_an_enumeration() {
    let document = with_schemas(
        "Color: {type: string, oneOf: [{const: red, title: Red}, {const: green, description: Like grass.}]}
Level: {type: integer, oneOf: [{const: 1, title: Low}, {const: 2, title: High}]}
Thing:
  type: object
  properties:
    color: {$ref: '#/components/schemas/Color'}
    high: {type: integer, enum: [2], allOf: [{$ref: '#/components/schemas/Level'}]}
    red: {enum: [red], allOf: [{$ref: '#/components/schemas/Color'}]}
    mixed: {oneOf: [{const: a}, {const: 1}]}
    open: {anyOf: [{const: a}, {type: string}]}
    none: {oneOf: [{const: a}, {const: b}, {type: 'null'}]}",
    );
    let lowered = lowered(&document);
    let named = |name: &str| lowered.enums.iter().find(|open| open.name == name).unwrap();
    assert_eq!(named("Color").values, ["red", "green"]);
    let description = named("Color").description.as_deref();
    assert_eq!(description, Some("`red`: Red. `green`: Like grass."));
    assert_eq!(named("ThingRed").values, ["red"]);
    assert_eq!(named("ThingNone").values, ["a", "b"]);
    let schemas = &lowered.document["components"]["schemas"];
    assert_eq!(schemas["Thing"]["properties"]["high"]["type"], "integer");
    assert_eq!(schemas["Thing"]["properties"]["none"]["nullable"], true);
    assert_eq!(notes(&lowered, NoteKind::Lost), [""; 0]);
    let unions: Vec<&str> = lowered
        .unions
        .iter()
        .map(|union| union.name.as_str())
        .collect();
    assert_eq!(unions, ["ThingMixed", "ThingOpen"]);
}

#[test]
fn notes_lead_into_the_original_document() {
    let text = "
paths:
  /a:
    parameters: [{name: q, in: query, schema: {type: string, maxLength: 3}}]
    get:
      operationId: a
      responses:
        '200': {description: OK, content: {application/json: {schema: {type: object, properties: {x: {type: string, minLength: 1}}}}}}
        '404': {description: no, content: {application/json: {schema: {type: object, properties: {y: {type: string, minLength: 2}}}}}}
        '409': {description: no, content: {application/json: {schema: {type: object, properties: {z: {type: string, minLength: 3}}}}}}
        '500': {$ref: '#/components/responses/E'}
components:
  responses:
    E: {description: no, content: {application/json: {schema: {allOf: [{$ref: '#/components/schemas/B'}, {required: [b]}]}}}}
  schemas:
    B: {type: object, properties: {b: {allOf: [{type: string}, {type: integer}]}, c: {anyOf: [{type: 'null'}, {type: string, maxLength: 4}, {type: integer}]}}}
";
    let document = document("3.1.0", text);
    let lowered = lowered(&document);
    for note in &lowered.notes {
        let place = note.place.to_string();
        assert!(document.pointer(&place[1..]).is_some(), "{note}");
    }
    let unchecked = notes(&lowered, NoteKind::Unchecked);
    for expected in [
        "#/paths/~1a/parameters/0/schema/maxLength: `maxLength: 3`",
        "#/components/schemas/B/properties/c/anyOf/1/maxLength: `maxLength: 4`",
    ] {
        assert!(
            unchecked.iter().any(|note| note == expected),
            "{unchecked:#?}"
        );
    }
    for expected in ["responses/200", "responses/404", "responses/409"] {
        assert!(
            unchecked
                .iter()
                .any(|note| note.contains(expected) && note.contains("minLength")),
            "{unchecked:#?}"
        );
    }
}

#[test]
fn annotations_are_documented() {
    let document = document(
        "3.1.0",
        "
paths:
  /a:
    post:
      operationId: a
      deprecated: true
      parameters: [{name: q, in: query, deprecated: true, schema: {type: string}}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}
components:
  schemas:
    A:
      type: object
      deprecated: true
      properties:
        id: {type: string, readOnly: true, description: The id}
        key: {type: string, writeOnly: true, deprecated: true}
",
    );
    let lowered = lowered(&document).document;
    let operation = &lowered["paths"]["/a"]["post"];
    let schema = &lowered["components"]["schemas"]["A"];
    for (described, expected) in [
        (operation, "Deprecated."),
        (&operation["parameters"][0], "Deprecated."),
        (schema, "Deprecated."),
        (
            &schema["properties"]["id"],
            "The id. Read-only: set in responses.",
        ),
        (
            &schema["properties"]["key"],
            "Deprecated. Write-only: set in requests.",
        ),
    ] {
        assert_eq!(described["description"], expected);
    }
}

#[test]
fn secrets_in_paths_and_headers_are_text() {
    let document = document(
        "3.1.0",
        "
paths:
  /a/{id}:
    get:
      operationId: a
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, format: password}}
        - {name: X-Key, in: header, schema: {$ref: '#/components/schemas/Key'}}
        - {name: q, in: query, schema: {type: string, format: password}}
      responses: {'204': {description: OK}}
components:
  schemas: {Key: {type: string, format: password}}
",
    );
    let lowered = lowered(&document);
    let parameters = &lowered.document["paths"]["/a/{id}"]["get"]["parameters"];
    let formats = [0, 1, 2].map(|at| parameters[at]["schema"]["format"].clone());
    assert_eq!(formats, [json!(null), json!(null), json!("password")]);
    assert_eq!(notes(&lowered, NoteKind::Lost).len(), 2);
}

#[test]
fn formats_of_booleans_and_errors_beside_a_redirect_are_generated() {
    let document = document(
        "3.1.0",
        "
paths:
  /a:
    get:
      operationId: a
      parameters: [{name: q, in: query, schema: {type: boolean, format: ''}}]
      responses:
        '301': {description: Elsewhere}
        '400': {description: No, content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}
        default: {description: No, content: {application/json: {schema: {type: object, properties: {b: {type: string}}}}}}
",
    );
    let types = types(&document);
    assert!(
        types.contains("pub a: ") && types.contains("pub b: "),
        "{types}"
    );
}

#[test]
fn operations_say_which_authorization_they_require() {
    let document = document(
        "3.0.3",
        "security: [{token: []}]
paths:
  /default: {get: {responses: {'204': {description: OK}}}}
  /same: {get: {security: [{token: []}], responses: {'204': {description: OK}}}}
  /none: {get: {security: [], responses: {'204': {description: OK}}}}
  /others: {get: {security: [{key: []}, {login: [read, write]}], responses: {'204': {description: OK}}}}
  /both: {get: {security: [{token: [], key: []}, {}], responses: {'204': {description: OK}}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-Key}
    login: {type: oauth2, flows: {}}",
    );
    let lowered = lowered(&document);
    let description = |path: &str| lowered.document["paths"][path]["get"]["description"].clone();
    assert_eq!(description("/default"), Value::Null);
    assert_eq!(description("/same"), Value::Null);
    assert_eq!(description("/none"), "No authorization is required.");
    assert_eq!(
        description("/others"),
        "Authorization: `key` in the header `X-Key`, or `login` with the scopes `read`, `write`."
    );
    assert_eq!(
        description("/both"),
        "Authorization: `token` and `key` in the header `X-Key`, or none."
    );
}

#[test]
fn other_servers_are_noted() {
    let document = document(
        "3.0.3",
        "servers:
- {url: 'https://{tenant}.example.com'}
- {url: 'https://{region}.example.com/{port}', variables: {region: {default: eu}, port: {default: 443}}}
- {url: 'https://b.example.com'}
paths: {}
",
    );
    let lowered = lowered(&document);
    assert_eq!(
        lowered.document["servers"],
        json!([{"url": "https://eu.example.com/443"}])
    );
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            "#/servers/0: the server `https://{tenant}.example.com`: a variable has no default",
            "#/servers/1/variables: the variables; the default base URL is `https://eu.example.com/443`",
            "#/servers/2: the server `https://b.example.com`; the caller gives its URL to use it",
        ]
    );
}

#[test]
fn parameters_that_the_caller_serializes_are_noted() {
    let document = document(
        "3.1.0",
        "paths:
  /{a}/{b}/{c}/{d}/{e}:
    get:
      operationId: get
      parameters:
        - {name: a, in: path, required: true, style: matrix, explode: true, schema: {type: array, items: {type: string}}}
        - {name: b, in: path, required: true, style: label, schema: {type: array, items: {type: integer}}}
        - {name: c, in: path, required: true, style: matrix, schema: {type: integer}}
        - {name: d, in: path, required: true, schema: {type: array, items: {type: integer}}}
        - {name: e, in: path, required: true, explode: true, schema: {type: object, properties: {x: {type: integer}}}}
        - {name: f, in: query, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: g, in: query, style: pipeDelimited, schema: {type: array, items: {type: integer}}}
        - {name: h, in: query, style: pipeDelimited, explode: true, schema: {type: array, items: {type: integer}}}
        - {name: i, in: query, content: {application/json: {schema: {type: object, properties: {x: {type: integer}}}}}}
        - {name: j, in: query, allowReserved: true, schema: {type: string}}
        - {name: k, in: query, allowEmptyValue: true, schema: {type: boolean}}
        - {name: l, in: query, allowEmptyValue: true, schema: {type: string}}
        - {name: m, in: query, style: deepObject, schema: {type: object, properties: {x: {type: integer}}, additionalProperties: {type: string}}}
      responses: {'204': {description: OK}}
",
    );
    let lowered = lowered(&document);
    let list =
        |text: &str| format!("the type of the items; the caller serializes the list as `{text}`");
    let expected = [
        (
            "8/content/application~1json",
            "the type; the caller serializes the value as `application/json`".to_owned(),
        ),
        ("0", list(";a=a;a=b")),
        ("1", list(".a,b")),
        (
            "2",
            "the type; the caller serializes the value as `;c=a`".to_owned(),
        ),
        ("3", list("a,b")),
        (
            "4",
            "object parameter; the caller serializes the value as `a=1,b=2`".to_owned(),
        ),
        ("5", list("a,b")),
        ("6", list("a|b")),
        (
            "9/allowReserved",
            "reserved characters are percent-encoded".to_owned(),
        ),
        (
            "10/allowEmptyValue",
            "the parameter without a value cannot be sent".to_owned(),
        ),
        (
            "12",
            "unlisted properties of \"m\", which cannot be sent".to_owned(),
        ),
    ];
    let place = "#/paths/~1{a}~1{b}~1{c}~1{d}~1{e}/get/parameters";
    let expected = expected.map(|(at, what)| format!("{place}/{at}: {what}"));
    assert_eq!(notes(&lowered, NoteKind::Lost), expected);
    let parameters = &lowered.document["paths"]["/{a}/{b}/{c}/{d}/{e}"]["get"]["parameters"];
    assert_eq!(parameters[2]["schema"], json!({"type": "string"}));
    assert_eq!(parameters[2]["description"], "Serialized as `;c=a`.");
    assert_eq!(parameters[7]["schema"]["type"], "array");
}

#[test]
fn bodies_that_are_not_expressed_are_noted() {
    let lowered = lowered(&document(
        "3.1.0",
        "paths:
  /a:
    post:
      requestBody: {content: {text/plain: {schema: {type: integer}}}}
      responses:
        '200': {description: OK, content: {text/plain: {schema: {type: integer}}}}
        '400': {description: no, content: {text/plain: {schema: {type: string}}, text/html: {schema: {type: string}}}}
    put:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {l: {type: array, items: {type: string}}, s: {type: string}}}
            encoding: {l: {explode: false}, s: {allowReserved: true}}
      responses: {'200': {description: OK, content: {text/csv: {schema: {type: string}}, text/html: {schema: {type: string}}}}}
",
    ));
    let form = "#/paths/~1a/put/requestBody/content/application~1x-www-form-urlencoded/encoding";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            "#/paths/~1a/post/requestBody: the body is optional; the client always sends one".to_owned(),
            "#/paths/~1a/post/requestBody/content/text~1plain/schema: the type of `text/plain`, which is sent as text".to_owned(),
            format!("{form}/l: the encoding; each item of a list is sent as a pair of its own"),
            format!("{form}/s/allowReserved: reserved characters are percent-encoded"),
            "#/paths/~1a/post/responses/200/content/text~1plain/schema: the type of `text/plain`, which is returned as bytes".to_owned(),
            "#/paths/~1a/put/responses/200/content: the response is one of `text/csv`, `text/html`; the client accepts all of them".to_owned(),
        ]
    );
}

#[test]
fn constraints_of_parts_are_combined_or_noted() {
    let document = with_schemas(
        "Thing:
  type: object
  required: [undeclared]
  properties:
    name: {type: string, anyOf: [{pattern: '^a'}, {pattern: '^b'}]}
    some: {anyOf: [{type: integer, minimum: 5}, {type: integer, maximum: -5}]}
    size: {type: [string, integer], format: int64, minimum: 5}
    code: {allOf: [{type: integer, minimum: 1, maximum: 9}, {type: integer, minimum: 3, maximum: 9, exclusiveMaximum: 9}]}
    map: {type: object, required: [key], additionalProperties: {type: integer}}
    odd: {enum: [ab, 1], minLength: 1}",
    );
    let lowered = lowered(&document);
    let schemas = &lowered.document["components"]["schemas"];
    let properties = &schemas["Thing"]["properties"];
    assert_eq!(properties["name"]["type"], "string");
    assert_eq!(properties["some"]["type"], "integer");
    assert_eq!(
        properties["code"][openapi_codegen::lower::LIMITS],
        json!({"minimum": 3, "maximum": 9, "exclusiveMaximum": true})
    );
    assert_eq!(schemas["ThingSize2"]["format"], "int64");
    let place = "#/components/schemas/Thing";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            format!("{place}/required: the undeclared property \"undeclared\" is required"),
            format!("{place}/properties/name/anyOf: which constraints can be combined"),
            format!(
                "{place}/properties/some/anyOf: the limits of the alternatives, which have one type"
            ),
            format!("{place}/properties/map/required: the undeclared property \"key\" is required"),
            format!(
                "{place}/properties/odd/enum: enumeration values of different types; treated as untyped JSON"
            ),
        ]
    );
}

#[test]
fn the_property_of_a_discriminator_is_declared() {
    let document = with_schemas(
        "Thing:
  oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}, {$ref: '#/components/schemas/C'}]
  discriminator: {propertyName: kind}
A: {type: object, required: [a], properties: {a: {type: integer}}}
B: {type: object, properties: {kind: {type: string}, b: {type: integer}}}
C: {type: object, properties: {c: {type: integer}}, additionalProperties: true}",
    );
    let lowered = lowered(&document);
    let schemas = &lowered.document["components"]["schemas"];
    assert_eq!(
        schemas["A"]["properties"]["kind"],
        json!({"type": "string"})
    );
    assert_eq!(schemas["C"]["properties"].get("kind"), None);
    assert_eq!(
        notes(&lowered, NoteKind::Repaired),
        [
            "#/components/schemas/A: the property `kind` of a discriminator is not declared; added as an optional string"
        ]
    );
    assert!(lower_with(&document, &Options::new().strict(true)).is_err());
}

#[test]
fn alternatives_that_can_be_combined_are_noted() {
    let lowered = lowered(&with_schemas(
        "Thing:
  anyOf: [{type: object, properties: {a: {type: string}}}, {type: object, properties: {b: {type: string}}}]
Other: {anyOf: [{type: object, properties: {a: {type: string}}}, {type: string, enum: [x]}]}
Tagged: {anyOf: [{type: object, properties: {a: {const: b}}}, {type: object, properties: {a: {const: c}}}]}",
    ));
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            "#/components/schemas/Thing/anyOf: a value of several alternatives keeps the properties of one of them"
        ]
    );
}

#[test]
fn references_to_other_components_are_no_schemas() {
    let lowered = lowered(&document(
        "3.0.3",
        "paths:
  /a:
    get:
      parameters: [{$ref: '#/components/parameters/P'}]
      responses:
        '200': {description: OK, content: {application/json: {schema: {$ref: '#/components/parameters/P'}}}}
        '201': {description: OK, content: {application/json: {schema: {type: string, maxLength: 5}}}}
components:
  parameters: {P: {name: p, in: query, schema: {type: string}}}
",
    ));
    assert_eq!(
        notes(&lowered, NoteKind::Repaired),
        [
            "#/paths/~1a/get/responses/200/content/application~1json/schema/$ref: \"#/components/parameters/P\" is not a schema; treated as untyped JSON"
        ]
    );
    assert_eq!(
        notes(&lowered, NoteKind::Unchecked),
        [
            "#/paths/~1a/get/responses/201/content/application~1json/schema/maxLength: `maxLength: 5`"
        ]
    );
}

#[test]
fn notes_lead_to_the_parameter() {
    let text = "
paths:
  /a/{x}:
    parameters: [{name: x, in: path, required: true, schema: {type: string, maxLength: 9}}]
    get:
      operationId: a
      parameters:
        - {name: Accept, in: header, schema: {type: string, maxLength: 1}}
        - {name: session, in: cookie, schema: {type: string, maxLength: 2}}
        - {name: o, in: query, style: deepObject, schema: {type: object, properties: {a: {type: string, maxLength: 3}, b: {type: integer}}}}
        - {name: l, in: query, schema: {type: array, items: {type: integer, maximum: 4}}}
        - {$ref: '#/components/parameters/P'}
      responses: {'204': {description: OK}}
components:
  parameters: {P: {name: p, in: query, schema: {type: string, maxLength: 5}}}
";
    let document = document("3.1.0", text);
    let lowered = lowered(&document);
    let place = "#/paths/~1a~1{x}/get/parameters";
    assert_eq!(
        notes(&lowered, NoteKind::Unchecked),
        [
            format!("{place}/2/schema/properties/a/maxLength: `maxLength: 3`"),
            "#/components/parameters/P/schema/maxLength: `maxLength: 5`".to_owned(),
            "#/paths/~1a~1{x}/parameters/0/schema/maxLength: `maxLength: 9`".to_owned(),
            format!("{place}/3/schema/items: At most 4"),
        ]
    );
    assert!(!lowered.document.to_string().contains("x-place"));
}

#[test]
fn numbers_and_booleans_select_alternatives() {
    let variant = |name: &str, value: &str| {
        format!(
            "{name}: {{type: object, required: [kind], properties: {{kind: {value}, text: {{type: string}}}}}}\n"
        )
    };
    let document = with_schemas(&format!(
        "Thing: {{type: object, properties: {{number: {{$ref: '#/components/schemas/Number'}}, truth: {{$ref: '#/components/schemas/Truth'}}}}}}
Number: {{oneOf: [{{$ref: '#/components/schemas/A'}}, {{$ref: '#/components/schemas/B'}}]}}
Truth:
  oneOf: [{{$ref: '#/components/schemas/C'}}, {{$ref: '#/components/schemas/D'}}]
  discriminator: {{propertyName: kind}}
{}{}{}{}",
        variant("A", "{type: integer, enum: [1, 2]}"),
        variant("B", "{type: number, enum: [3.0, 4.5]}"),
        variant("C", "{type: boolean, const: true}"),
        variant("D", "{type: boolean, const: false}"),
    ));
    let lowered = lowered(&document);
    let tags: Vec<Vec<String>> = lowered
        .unions
        .iter()
        .flat_map(|union| union.alternatives.iter().map(|one| one.tags.clone()))
        .collect();
    let expected = [
        vec!["1", "2"],
        vec!["3", "4.5"],
        vec!["true"],
        vec!["false"],
    ];
    assert_eq!(tags, expected);
    assert!(lowered.unions.iter().all(|union| union.has_scalar_tags));
    let files = render::render("kinds.yml", &lowered).unwrap();
    let (_, unions) = files
        .iter()
        .find(|(path, _)| path == "types/unions.rs")
        .unwrap();
    assert!(unions.contains("match tag_text(value.get(\"kind\")).as_deref()"));
    for variant in ["A(super::A)", "B(super::B)", "C(super::C)", "D(super::D)"] {
        assert!(unions.contains(variant), "{unions}");
    }
}

#[test]
fn items_that_a_part_describes_keep_their_type() {
    let schemas = schemas(&with_schemas(
        "Page: {type: object, properties: {items: {type: array, items: {}}, map: {type: object, additionalProperties: {description: any}}}}
Entry: {type: object, properties: {a: {type: string}}}
Thing:
  allOf:
    - {$ref: '#/components/schemas/Page'}
    - {properties: {items: {type: array, items: {$ref: '#/components/schemas/Entry'}}, map: {additionalProperties: {$ref: '#/components/schemas/Entry'}}}}",
    ));
    let properties = &schemas["Thing"]["properties"];
    assert_eq!(properties["items"]["items"], reference("Entry"));
    assert_eq!(
        properties["map"]["additionalProperties"],
        reference("Entry")
    );
}

#[test]
fn the_type_beside_a_reference_is_ignored_in_3_0() {
    let members = "paths: {}
components:
  schemas:
    A: {type: array, items: {type: string}}
    B: {type: object, properties: {a: {$ref: '#/components/schemas/A', type: object, description: all}}}
";
    let old = lowered(&document("3.0.3", members));
    let property = &old.document["components"]["schemas"]["B"]["properties"]["a"];
    assert_eq!(property["allOf"], json!([reference("A")]));
    assert_eq!(old.notes, []);
    let new = lowered(&document("3.1.0", members));
    let property = &new.document["components"]["schemas"]["B"]["properties"]["a"];
    assert_eq!(*property, json!({"description": "all"}));
    assert_eq!(notes(&new, NoteKind::Lost).len(), 1);
}

#[test]
fn a_reference_beside_annotations_remains_a_reference() {
    let schemas = schemas(&with_schemas(
        "Shape: {type: object, properties: {name: {type: string}}}
Color: {type: string, enum: [red, blue]}
Thing:
  type: object
  properties:
    described: {allOf: [{$ref: '#/components/schemas/Shape'}, {description: Its shape.}]}
    nullable: {allOf: [{nullable: true, type: object}, {$ref: '#/components/schemas/Shape'}]}
    typed: {type: object, allOf: [{$ref: '#/components/schemas/Shape', description: Its shape.}]}
    colors: {type: array, items: {allOf: [{$ref: '#/components/schemas/Color'}, {xml: {name: c}}]}}
    other: {allOf: [{$ref: '#/components/schemas/Shape'}, {required: [name]}]}
    unlike: {allOf: [{$ref: '#/components/schemas/Shape'}, {type: string}]}",
    ));
    let (shape, color) = (reference("Shape"), reference("Color"));
    let properties = &schemas["Thing"]["properties"];
    let described = json!({"description": "Its shape.", "allOf": [shape]});
    assert_eq!(properties["described"], described);
    assert_eq!(properties["typed"], described);
    let nullable = json!({"nullable": true, "allOf": [shape]});
    assert_eq!(properties["nullable"], nullable);
    assert_eq!(properties["colors"]["items"], color);
    assert_eq!(properties["other"], reference("ThingOther"));
    assert_eq!(schemas["ThingOther"]["required"], json!(["name"]));
    // Contradictory: no value has both types.
    assert_eq!(properties["unlike"], json!({}));
}
