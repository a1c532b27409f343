//! Parameters of operations.

use super::*;

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
fn parameters_in_the_query_of_a_path_are_encoded_for_a_query() {
    let document = document(
        "3.0.3",
        "paths:
  '/r/{id}?q={q}':
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: q, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: OK}}",
    );
    let files = render::render("kinds.yml", &lowered(&document)).unwrap();
    let code: String = files.into_iter().map(|(_, text)| text).collect();
    let code = code.split_whitespace().collect::<String>();
    assert!(code.contains("\"/r/{}?q={}\",openapi_runtime::path_segment(\"id\",&id.to_string())?,openapi_runtime::query_value(&q.to_string())"));
}

#[test]
fn free_objects_in_queries_are_maps() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    get:
      operationId: list
      parameters:
      - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object}}
      - {name: labels, in: query, schema: {type: object, additionalProperties: {type: string}}}
      - {name: geo, in: query, style: deepObject, explode: true, description: Where., schema: {type: object, properties: {lat: {type: number, description: North.}, more: {type: object}}}}
      - {name: text, in: query, explode: false, schema: {type: object}}
      responses: {'204': {description: OK}}",
    );
    let lowered = lowered(&document);
    let parameters = lowered.document["paths"]["/a"]["get"]["parameters"].as_array();
    let parameters: Vec<(&str, &str)> = parameters
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["schema"]["type"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        parameters,
        [
            ("filter[]", "object"),
            ("labels", "object"),
            ("geo[lat]", "number"),
            ("geo[more][]", "object"),
            ("text", "string"),
        ]
    );
    assert_eq!(
        lowered.document["paths"]["/a"]["get"]["parameters"][2]["description"],
        "North. Part of `geo`: Where."
    );
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        ["#/paths/~1a/get/parameters/3: the caller serializes the value"]
    );
}

#[test]
fn a_cookie_is_a_header_beside_a_query_parameter_of_that_name() {
    let lowered = lowered(&document(
        "3.0.3",
        "paths:
  /a:
    get:
      parameters:
        - {name: sid, in: cookie, required: true, schema: {type: string}}
        - {name: cookie, in: query, description: '', schema: {type: string}}
      responses: {'204': {description: OK}}
",
    ));
    let parameters = &lowered.document["paths"]["/a"]["get"]["parameters"];
    assert_eq!(parameters[0].get("description"), None);
    assert_eq!(parameters[1]["name"], "Cookie");
    assert_eq!(parameters[1]["in"], "header");
    assert_eq!(parameters[1]["required"], true);
}

#[test]
fn alternatives_in_a_query_are_parameters() {
    let document = document(
        "3.1.0",
        "paths:
  /a:
    get:
      operationId: get_a
      parameters:
      - {name: filter, in: query, required: true, schema: {type: object, oneOf: [{properties: {id: {type: string}}, required: [id]}, {properties: {mail: {type: string}}, required: [mail]}]}}
      - {name: tag, in: query, schema: {oneOf: [{type: string}, {type: array, items: {type: string}}]}}
      responses: {'200': {description: OK}}",
    );
    let operation = &lowered(&document).document["paths"]["/a"]["get"];
    let parameters = operation["parameters"].as_array().unwrap();
    let shapes: Vec<String> = parameters
        .iter()
        .map(|one| {
            let required = one
                .get("required")
                .is_some_and(|required| *required == true);
            format!("{} {} {required}", one["name"], one["schema"]["type"])
        })
        .collect();
    assert_eq!(
        shapes,
        [
            "\"id\" \"string\" false",
            "\"mail\" \"string\" false",
            "\"tag\" \"array\" false"
        ]
    );
}
