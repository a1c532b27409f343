//! What the documentation of generated code says.

use super::*;

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
  /query: {get: {security: [{query: []}, {user: []}], responses: {'204': {description: OK}}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-Key}
    login: {type: oauth2, flows: {}}
    query: {type: apiKey, in: query, name: api_key}
    user: {type: http, scheme: basic}",
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
        "Authorization: `token` (HTTP bearer), and `key` in the header `X-Key`, or none."
    );
    assert_eq!(
        description("/query"),
        "Authorization: `query` in the query parameter `api_key`, or `user` (HTTP basic)."
    );
}

#[test]
fn errors_without_a_body_are_documented() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    get:
      description: Gets it.
      responses:
        '200': {description: OK}
        '404': {description: Not found.}
        '410': {description: It existed.}
  /b:
    get:
      responses:
        '200': {description: OK}
        '400': {description: Bad., content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}}
components: {schemas: {Problem: {type: object, properties: {code: {type: integer}}}}}",
    );
    let lowered = lowered(&document);
    let description = |path: &str| lowered.document["paths"][path]["get"]["description"].clone();
    assert_eq!(
        description("/a"),
        "Gets it.\n\n# Errors\n\n- `404`: Not found.\n- `410`: It existed."
    );
    assert_eq!(
        description("/b"),
        "# Errors\n\n- `400`: Bad.\n\nThe body is `Problem`."
    );
}

#[test]
fn schemas_of_parameters_are_documented() {
    let document = document(
        "3.0.3",
        "paths:
  /a/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, format: uuid, maxLength: 36}}
        - {name: start, in: query, required: true, schema: {type: string, default: '2020'}}
        - {name: end, in: query, description: \"- the end\", schema: {type: string, default: '2021'}}
        - {name: tags, in: query, schema: {type: array, items: {type: string, format: date}}}
      responses: {'204': {description: OK}}",
    );
    let lowered = lowered(&document);
    let parameters = &lowered.document["paths"]["/a/{id}"]["get"]["parameters"];
    let descriptions: Vec<&str> = (0..4)
        .map(|index| parameters[index]["description"].as_str().unwrap())
        .collect();
    assert_eq!(
        descriptions,
        [
            "At most 36 characters. Format: `uuid`.",
            "Default: `\"2020\"`.",
            // A sentence in the same line would belong to the list.
            "- the end\n\nIf omitted, the service uses `\"2021\"`.",
            "Items: Format: `date`.",
        ]
    );
}

#[test]
fn code_in_descriptions_is_no_example() {
    let document = document(
        "3.0.3",
        "paths: {/a: {get: {description: \"Call it:\\n```\\ncurl x\\n```\\nor\\n```json\\n{\\n  1\\n}\\n```\\nor\\n\\n    curl\\n\\n      y\\n\\n- a\\n\\n    b\\n  - c\", responses: {'204': {description: OK}}}}}",
    );
    let files = render::render("kinds.yml", &lowered(&document)).unwrap();
    let code: String = files.into_iter().map(|(_, text)| text).collect();
    let expected = [
        "```text", "curl x", "```", "or", "```json", "{", "  1", "}", "```", "or", "", "```text",
        "curl", "", "  y", "```", "", "- a", "", "    b", "  - c",
    ];
    let lines =
        expected.map(|line| format!("    ///{}{line}\n", if line.is_empty() { "" } else { " " }));
    assert!(code.contains(&lines.concat()));
}

#[test]
fn the_client_says_how_requests_are_authorized() {
    let document = document(
        "3.0.3",
        "security: [{key: []}]
paths: {/a: {get: {responses: {'204': {description: OK}}}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key, description: Make one in the dashboard.}
    other: {type: http, scheme: basic, description: For old accounts.}",
    );
    let files = render::render("kinds.yml", &lowered(&document)).unwrap();
    let code: String = files.into_iter().map(|(_, text)| text).collect();
    let expected = "    ///
    /// Authorization: `key` in the header `X-Key`.
    ///
    /// `key` in the header `X-Key`: Make one in the dashboard.
    ///
    /// `other` (HTTP basic): For old accounts.
    pub fn new(";
    assert!(code.contains(expected));
}

#[test]
fn successes_without_a_body_are_documented() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    get:
      responses:
        '200': {description: Found., content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}
        '204': {description: Nothing yet.}
        '404': {description: None.}",
    );
    let lowered = lowered(&document);
    assert_eq!(
        lowered.document["paths"]["/a"]["get"]["description"],
        "# Returns\n\n- `200`: Found.\n- `204` (no body): Nothing yet.\n\n# Errors\n\n- `404`: None."
    );
}

#[test]
fn what_an_operation_returns_is_documented() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    get:
      summary: List
      description: List
      responses:
        '200':
          description: A page.
          headers: {X-Count: {description: \"The\\ncount.\"}, X-Next: {$ref: '#/components/headers/Next'}, X-Other: {}}
  /b: {get: {responses: {'200': {description: OK.}}}}
components: {headers: {Next: {description: The next page.}}}",
    );
    let lowered = lowered(&document);
    let operation = |path: &str| &lowered.document["paths"][path]["get"];
    assert_eq!(
        operation("/a")["description"],
        "# Returns\n\n- `200`: A page. Headers: `X-Count` (The count), `X-Next` (The next page), `X-Other`."
    );
    assert_eq!(operation("/b")["description"], Value::Null);
}

#[test]
fn lists_that_the_caller_serializes_are_documented() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    get:
      parameters: [{name: kinds, in: query, explode: false, description: The kinds., schema: {type: array, minItems: 1, default: [one], items: {type: string, enum: [one, two]}}}]
      responses: {'204': {description: OK}}",
    );
    let parameter = &lowered(&document).document["paths"]["/a"]["get"]["parameters"][0];
    assert_eq!(
        parameter["description"],
        "The kinds. At least 1 item. If omitted, the service uses `[\"one\"]`. Items are `one`, `two`. Serialized as `a,b`."
    );
}

#[test]
fn the_document_is_described_with_its_links_and_tags() {
    let document = document(
        "3.0.3",
        "externalDocs: {url: 'https://a.example/docs'}
tags: [{name: Runs, description: About runs.}, {name: Other}, {name: Keys, externalDocs: {description: Guide, url: 'https://a.example/keys'}}]
paths: {}",
    );
    let mut document = document;
    document["info"]["contact"] = json!({"name": "A", "email": "a@a.example"});
    document["info"]["license"] = json!({"name": "MIT"});
    document["info"]["termsOfService"] = "https://a.example/terms".into();
    assert_eq!(
        lowered(&document).document["info"]["description"],
        "Documentation: <https://a.example/docs>.\n\nContact: A, a@a.example.\n\nLicense: MIT.\n\n\
         Terms of service: <https://a.example/terms>.\n\n# Runs\n\nAbout runs.\n\n\
         # Keys\n\nDocumentation: Guide, <https://a.example/keys>."
    );
}

#[test]
fn statuses_say_which_of_them_have_a_body() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    get:
      responses:
        '200': {description: OK, content: {application/json: {schema: {type: string, description: The id.}}}}
        '204': {description: ''}
        '401': {description: ''}
        '404': {description: Not there, content: {application/pdf: {}}}
        '500': {description: \"Bad.\\n\\nTry again.\", content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}}
    delete:
      responses:
        '200': {description: Removed}
        '204': {description: It was gone}
        '429': {description: Slow down, content: {application/json: {schema: {description: Blocked for ten minutes.}}}}
        '503': {description: Down, content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}}
components: {schemas: {Problem: {type: object, properties: {code: {type: integer}}}}}",
    );
    let lowered = lowered(&document);
    let description = |method: &str| lowered.document["paths"]["/a"][method]["description"].clone();
    assert_eq!(
        description("get"),
        "# Returns

- `200`: OK. The id.
- `204` (no body)

# Errors

- `401` (no body)
- `404` (`application/pdf`): Not there
- `500` (`Problem`): Bad.

  Try again."
    );
    assert_eq!(
        description("delete"),
        "# Returns

- `200`: Removed
- `204`: It was gone

# Errors

- `429`: Slow down. Blocked for ten minutes.
- `503` (`Problem`): Down"
    );
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        ["#/paths/~1a/delete/responses: the types of the error bodies: one of them is any JSON"]
    );
}

#[test]
fn arguments_say_that_they_are_required_and_what_their_schemas_say() {
    let document = document(
        "3.0.3",
        "servers: [{url: 'https://sandbox.example.com', description: The sandbox.}, {url: 'https://example.com', description: Production.}]
paths:
  /a:
    put:
      operationId: set
      parameters:
      - {name: a, in: query, required: true, description: \"First.\\n\\nSecond.\", schema: {type: boolean}}
      - {name: b, in: query, required: true, schema: {type: string}}
      - {name: c, in: query, description: The id, schema: {type: string, format: uuid, description: The id}}
      - {name: d, in: query, description: The id, schema: {type: string, description: The identifier.}}
      requestBody: {required: true, description: The level., content: {application/json: {schema: {type: integer, minimum: 3, default: 5, description: Of detail.}}}}
      responses: {'204': {description: OK}}",
    );
    let files = render::render("kinds.yml", &lowered(&document)).unwrap();
    let code = &files.iter().find(|(path, _)| path == "mod.rs").unwrap().1;
    let arguments = "
    /// - `a`: Required. First.
    ///
    ///   Second.
    /// - `b`: Required.
    /// - `c`: The id. Format: `uuid`.
    /// - `d`: The id. The identifier.
    /// - `body`: The level. Of detail. Default: `5`. At least 3.
";
    assert!(code.contains(arguments), "{code}");
    assert!(code.contains("    /// The sandbox.\n    pub const DEFAULT_BASE_URL"));
    assert_eq!(
        notes(&lowered(&document), NoteKind::Lost),
        [
            "#/servers/1: the server `https://example.com` (Production.); the caller gives its URL to use it"
        ]
    );
}

#[test]
fn error_bodies_without_a_name_and_renamed_parameters_are_documented() {
    let client = file(
        &document(
            "3.1.0",
            "paths:
  /a:
    get:
      operationId: get_a
      parameters: [{name: id, in: query, schema: {type: string}}, {name: Id, in: query, description: Two., schema: {type: string}}]
      responses:
        '200': {description: OK}
        '400': {description: Bad, content: {application/json: {schema: {type: object, properties: {text: {type: string}}}}}}
  /b:
    get:
      operationId: get_b
      responses:
        '200': {description: OK}
        '400': {description: Bad, content: {application/json: {schema: {type: object, properties: {text: {type: string}}}}}}
        '404': {description: None, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
        '500': {description: Down}
  /c:
    get:
      operationId: get_c
      responses:
        '200': {description: OK}
        default: {description: Bad, content: {application/json: {schema: {type: string}}}}",
        ),
        "mod.rs",
    );
    for text in [
        "- `id_query`: Sent as `Id`. Two.",
        "- `400`: Bad /// /// The body is `GetAError`.",
        "- `500` (no body): Down /// /// The JSON body is `GetBError`. /// /// The variant is",
        "- `default`: Bad pub fn get_c",
    ] {
        assert!(client.contains(text), "{text}: {client}");
    }
}

#[test]
fn what_is_said_beside_a_path_a_part_and_a_variant_is_documented() {
    let document = document(
        "3.1.0",
        "paths:
  /a:
    description: About the path.
    post:
      operationId: make_a
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/M'}}}}
      responses: {'202': {description: Accepted}}
  /b:
    get:
      operationId: watch_b
      responses: {'200': {description: OK, content: {text/event-stream: {schema: {$ref: '#/components/schemas/N'}}}}}
components:
  schemas:
    Base: {type: object, properties: {kind: {type: string, description: Any kind.}}}
    M: {allOf: [{$ref: '#/components/schemas/Base'}, {description: Inner., properties: {kind: {type: string, description: Only m., maxLength: 3}}}]}
    N: {type: object, properties: {u: {deprecated: true, oneOf: [{type: integer}, {type: object, properties: {x: {type: string}}}]}}}
    U: {oneOf: [{$ref: '#/components/schemas/Base'}, {$ref: '#/components/schemas/N'}], discriminator: {propertyName: kind, mapping: {b: Base}}}",
    );
    let client = file(&document, "mod.rs");
    for text in [
        "About the path.",
        "- `202`: Accepted",
        "Returns an event stream of `N`.",
    ] {
        assert!(client.contains(text), "{text}: {client}");
    }
    let types = types(&document);
    for text in [
        "/// Inner.",
        "/// Any kind. Only m.",
        "/// Deprecated. #[serde(skip_serializing_if",
    ] {
        assert!(types.contains(text), "{text}: {types}");
    }
    let unions = file(&document, "types/unions.rs");
    assert!(
        unions.contains("/// `kind` is `b`. B(super::Base)"),
        "{unions}"
    );
}

#[test]
fn defaults_and_formats_of_objects_are_documented() {
    let document = document(
        "3.1.0",
        "paths:
  /a:
    get:
      operationId: get_a
      parameters: [{name: filter, in: query, description: The filters., schema: {$ref: '#/components/schemas/Filter', default: {all: false}}}]
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Map'}}}}}
components:
  schemas:
    Filter: {type: object, properties: {all: {type: boolean}}}
    Map: {type: object, format: uri-map, properties: {a: {type: string}}}",
    );
    let client = file(&document, "mod.rs");
    let text =
        "- `all`: Part of `filter`: The filters. If omitted, the service uses `{\"all\":false}`.";
    assert!(client.contains(text), "{client}");
    assert!(types(&document).contains("/// Format: `uri-map`."));
}

#[test]
fn bodies_without_a_type_are_documented() {
    let document = document(
        "3.1.0",
        "paths:
  /image:
    put:
      operationId: put_image
      requestBody: {required: true, content: {image/jpeg: {schema: {type: string, format: base64, description: At most 256 KB.}}}}
      responses: {'204': {description: No content}}
    post:
      operationId: post_word
      requestBody: {required: true, content: {text/plain: {schema: {$ref: '#/components/schemas/Word'}}}}
      responses:
        '200': {description: OK, content: {application/json: {schema: {type: object, description: The settings.}}}}
        '400': {description: The reason, content: {application/json: {schema: {type: string, description: The reason., enum: [a, b]}}}}
    get:
      operationId: get_image
      responses:
        '200':
          description: OK
          content: {image/png: {schema: {type: string, format: binary, description: With alpha.}}, image/jpeg: {schema: {type: string, format: binary}}}
    patch:
      operationId: patch_image
      requestBody:
        required: true
        content: {image/png: {schema: {type: string, format: binary, description: A map}}, image/jpeg: {schema: {type: string, maxLength: 9}}}
      responses: {'204': {description: No content}}
    delete:
      operationId: delete_image
      responses: {'200': {description: OK, content: {application/json: {schema: {type: 'null'}}}}}
components:
  schemas:
    Word: {type: string, enum: [yes, no], maxLength: 3}
    Ratio: {type: number, format: float}",
    );
    let client = file(&document, "mod.rs");
    for text in [
        "The raw body, `image/jpeg`. At most 256 KB. Format `base64`.",
        "One of `yes`, `no`; `maxLength: 3`.",
        "The raw body, `image/png` or `image/jpeg`. `image/png`: A map. `image/jpeg`: `maxLength: 9`.",
        "- `200`: OK. The settings.",
        "- `400`: The reason. One of `a`, `b`.",
        "- `200`: OK. `image/png`: With alpha.",
        "- `200`: OK. Always `null`.",
    ] {
        assert!(client.contains(text), "{text}: {client}");
    }
    assert!(types(&document).contains("Format: `float`."));
}
