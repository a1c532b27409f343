//! Notes about what is lost, and their locations.

use super::*;

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
            "#/components/securitySchemes/header",
            "#/paths/~1a/post/responses/200/headers",
            "#/paths/~1a/post/requestBody/content/application~1xml/schema",
            "#/paths/~1a/post/responses/200/content/application~1xml/schema",
            "#/components/schemas/A/properties/u/anyOf",
        ]
    );
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
            format!("{place}/3/schema/items/maximum: `maximum: 4`"),
        ]
    );
    assert!(!lowered.document.to_string().contains("x-place"));
}

#[test]
fn components_that_are_not_objects_are_repaired() {
    for (components, place) in [
        ("components:", "components"),
        ("components: []", "components"),
        ("components: {schemas: }", "components/schemas"),
        (
            "components: {x-own: 1, x-other: {$ref: 'a.json'}, examples: 5}",
            "components/examples",
        ),
    ] {
        let lowered = lowered(&document("3.0.3", &format!("paths: {{}}\n{components}")));
        assert_eq!(
            notes(&lowered, NoteKind::Repaired),
            [format!("#/{place}: not an object; ignored")]
        );
        render::render("kinds.yml", &lowered).unwrap();
    }
}

#[test]
fn what_the_document_lacks_is_repaired() {
    let document = document(
        "3.0.3",
        "security: [{key: []}]
paths:
  /a:
    get: {operationId: get_a, security: [{key: []}, {other: []}], responses: {}}
    put: {operationId: put_a, security: [{other: []}], responses: {}}
components:
  parameters: {$ref: 'parameters.json'}
  securitySchemes: {key: {type: apiKey, in: header, name: Authorization}}",
    );
    let lowered = lowered(&document);
    assert_eq!(
        notes(&lowered, NoteKind::Repaired),
        [
            "#/components/parameters/$ref: a list of components cannot be the reference \"parameters.json\"; ignored",
            "#/paths/~1a/get/security: the security scheme `other` is not declared; only its name is documented",
        ]
    );
}

#[test]
fn constraints_of_bodies_without_a_type_are_noted() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    put:
      operationId: put_a
      requestBody: {required: true, content: {application/octet-stream: {schema: {type: string, format: binary, maxLength: 9}}}}
      responses: {}
    post:
      operationId: post_a
      requestBody: {required: true, content: {application/octet-stream: {schema: {type: object}}}}
      responses: {}",
    );
    let lowered = lowered(&document);
    let place = "requestBody/content/application~1octet-stream/schema";
    assert_eq!(
        notes(&lowered, NoteKind::Unchecked),
        [format!("#/paths/~1a/put/{place}/maxLength: `maxLength: 9`")]
    );
    let what = "the type of `application/octet-stream`, which the caller serializes";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [format!("#/paths/~1a/post/{place}: {what}")]
    );
}
