//! Operations: methods, servers and bodies.

use super::*;

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
fn other_servers_are_noted() {
    let document = document(
        "3.0.3",
        "servers:
- {url: 'https://{tenant}.example.com'}
- {url: 'https://{region}.example.com/{port}', variables: {region: {default: eu}, port: {default: 443}}}
- {url: 'https://b.example.com', description: Staging}
- {url: /, description: Local}
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
            "#/servers/0: the server `https://{tenant}.example.com`: its URL has variables without a usable default",
            "#/servers/1/variables: the variables; the default base URL is `https://eu.example.com/443`",
            "#/servers/2: the server `https://b.example.com` (Staging); the caller gives its URL to use it",
            "#/servers/3: the relative server `/` (Local); the caller gives the base URL",
        ]
    );
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
      operationId: replace
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Replace'}}}}
      responses: {'204': {description: OK}}
  /merges:
    post:
      operationId: merge
      requestBody: {required: true, content: {application/merge-patch+json: {schema: {$ref: '#/components/schemas/Merge'}}}}
      responses: {'204': {description: OK}}
  /things:
    post:
      operationId: add
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Added'}}}}
      responses: {'204': {description: OK}}
components:
  schemas:
    Added: {type: object, properties: {in_added: {type: [string, 'null']}}}
    Item: {type: object, properties: {in_item: {type: [string, 'null']}}}
    Merge: {type: object, properties: {in_merge: {type: [boolean, 'null']}}}
    Replace: {type: object, properties: {in_replace: {type: [boolean, 'null']}}}
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
    for name in [
        "name",
        "kind",
        "either",
        "next",
        "deep",
        "in_merge",
        "in_replace",
    ] {
        assert!(nullable(name), "{name}: {types}");
    }
    for name in ["must", "untyped", "plain", "in_item", "in_added", "items"] {
        assert!(!nullable(name), "{name}: {types}");
    }
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
fn bytes_are_not_json() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: string, format: binary}}}}
      responses:
        '200': {description: OK, content: {application/json: {schema: {type: string, format: binary}}}}",
    );
    let lowered = lowered(&document);
    let operation = &lowered.document["paths"]["/a"]["post"];
    let bytes =
        json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}});
    assert_eq!(operation["requestBody"]["content"], bytes);
    assert_eq!(operation["responses"]["2XX"]["content"], bytes);
    let files = render::render("kinds.yml", &lowered).unwrap();
    let code: String = files.into_iter().map(|(_, text)| text).collect();
    assert!(code.contains("Result<Response<ByteStream>, Error>"));
    // The body is sent with the type of the document, and any response is accepted.
    assert_eq!(code.matches("\"application/json\"").count(), 1);
}

#[test]
fn the_base_url_is_absolute() {
    let document = document(
        "3.0.3",
        "servers: [{url: /v2}, {url: 'https://a.example/v2'}, {url: /}]
paths: {/a: {get: {responses: {'204': {description: OK}}}}}",
    );
    let lowered = lowered(&document);
    assert_eq!(
        lowered.document["servers"],
        json!([{"url": "https://a.example/v2"}])
    );
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        ["#/servers/0: the relative server `/v2`; the caller adds it to the base URL"]
    );
}

#[test]
fn files_are_sent_as_a_form_and_raw_bodies_name_their_type() {
    let form = "schema: {$ref: '#/components/schemas/Upload'}";
    let note = "schema: {type: object, properties: {note: {type: string}}}";
    let document = document(
        "3.0.3",
        &format!(
            "paths:
  /files: {{post: {{requestBody: {{required: true, content: {{application/json: {{{form}}}, multipart/form-data: {{{form}}}}}}}, responses: {{'204': {{description: OK}}}}}}}}
  /notes: {{post: {{requestBody: {{required: true, content: {{application/json: {{{note}}}, multipart/form-data: {{{form}}}}}}}, responses: {{'204': {{description: OK}}}}}}}}
  /image: {{post: {{requestBody: {{required: true, content: {{image/png: {{}}, image/jpeg: {{}}}}}}, responses: {{'204': {{description: OK}}}}}}}}
components:
  schemas:
    Upload: {{allOf: [{{$ref: '#/components/schemas/Purpose'}}, {{properties: {{files: {{type: array, items: {{$ref: '#/components/schemas/Bytes'}}}}}}}}]}}
    Purpose: {{type: object, properties: {{purpose: {{type: string}}}}}}
    Bytes: {{type: string, format: binary}}"
        ),
    );
    let lowered = lowered(&document);
    let operation = |path: &str| &lowered.document["paths"][path]["post"];
    assert_eq!(
        operation("/files")["requestBody"]["description"],
        "The raw body, `multipart/form-data`. Parts:\n  - `files` (file)\n  - `purpose`"
    );
    assert!(operation("/notes")["requestBody"]["content"]["application/json"].is_object());
    assert_eq!(
        operation("/image")["parameters"][0]["description"],
        "The content type of the body: `image/png` or `image/jpeg`."
    );
    let mut lost = notes(&lowered, NoteKind::Lost);
    lost.retain(|note| note.contains("request") && !note.contains("~1notes"));
    assert_eq!(
        lost,
        [
            "#/paths/~1files/post/requestBody/content: the request body can also be `application/json`; the client sends `multipart/form-data`",
            "#/paths/~1files/post/requestBody: `multipart/form-data`: the caller sets the body and its content type",
            "#/paths/~1image/post/requestBody: `image/png` or `image/jpeg`: the caller sets the body and its content type",
        ]
    );
}

#[test]
fn many_operations_are_one_client() {
    const COUNT: usize = 400;
    let ids: Vec<String> = (0..COUNT).map(|number| format!("op_{number}")).collect();
    let operation = |id: &String| {
        format!(
            "  /{id}: {{post: {{operationId: {id}, requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/A'}}}}}}}}, responses: {{'204': {{description: OK}}}}}}}}\n"
        )
    };
    let paths: String = ids.iter().map(operation).collect();
    let schemas = "components: {schemas: {A: {type: object, properties: {a: {$ref: '#/components/schemas/B'}}}, B: {type: object, properties: {b: {type: string}}}}}";
    let document = document("3.0.3", &format!("paths:\n{paths}{schemas}"));
    let files = render::render("kinds.yml", &lowered(&document)).unwrap();
    let file = |wanted: &str| &files.iter().find(|(path, _)| path == wanted).unwrap().1;
    let (client, builders) = (file("mod.rs"), file("builder.rs"));
    let names = |code: &str, before: &str, after: &str| -> Vec<String> {
        let lines = code.lines().map(str::trim);
        let lines = lines.filter_map(|line| line.strip_prefix(before)?.split_once(after));
        lines.map(|(name, _)| name.to_owned()).collect()
    };
    assert_eq!(names(client, "pub fn ", "(&self) -> builder"), ids);
    assert_eq!(names(builders, "pub struct Op", "<'a>").len(), COUNT);
    assert_eq!(client.matches("pub struct Client").count(), 1);
    for import in ["use super::types;", "use super::{"] {
        assert_eq!(builders.matches(import).count(), 1, "{import}");
    }
    // The types are rendered once, with their fields.
    assert_eq!(file("types.rs").matches("pub b: ").count(), 1);
}

#[test]
fn only_types_of_bodies_have_builders() {
    let operation = |path: &str, schema: &str| {
        format!(
            "  /{path}: {{post: {{requestBody: {{required: true, content: {{application/json: {{schema: {schema}}}}}}}, responses: {{'204': {{description: OK}}}}}}}}\n"
        )
    };
    let paths = operation("a", "{$ref: '#/components/schemas/A'}")
        + &operation(
            "b",
            "{description: The b, allOf: [{$ref: '#/components/schemas/B'}]}",
        )
        + &operation(
            "c",
            "{nullable: true, allOf: [{$ref: '#/components/schemas/C'}]}",
        );
    let schema =
        |name: &str| format!("    {name}: {{type: object, properties: {{x: {{type: string}}}}}}\n");
    let schemas: String = ["A", "B", "C", "D"].map(schema).concat();
    let document = document(
        "3.0.3",
        &format!("paths:\n{paths}components:\n  schemas:\n{schemas}"),
    );
    let files = render::render("kinds.yml", &lowered(&document)).unwrap();
    let builders = files.iter().find(|(path, _)| path == "types/builder.rs");
    let (_, builders) = builders.unwrap();
    let has_builder = |name: &&str| builders.contains(&format!("pub struct {name} "));
    let found: Vec<&str> = ["A", "B", "C", "D"]
        .into_iter()
        .filter(has_builder)
        .collect();
    assert_eq!(found, ["A", "B"]);
}

#[test]
fn schemas_of_shared_parts_are_one_type() {
    let operation = |path: &str, method: &str| {
        format!(
            "  {path}: {{{method}: {{parameters: [{{$ref: '#/components/parameters/order'}}], requestBody: {{$ref: '#/components/requestBodies/Thing'}}, responses: {{'200': {{$ref: '#/components/responses/Thing'}}}}}}}}\n"
        )
    };
    let schema = |property: &str| {
        format!(
            "schema: {{type: object, properties: {{{property}: {{type: string, format: password}}}}}}"
        )
    };
    let document = document(
        "3.0.3",
        &format!(
            "paths:
{}{}components:
  parameters: {{order: {{name: order, in: query, schema: {{type: string, enum: [up, down]}}}}}}
  requestBodies: {{Thing: {{required: true, content: {{application/json: {{{}}}, application/xml: {{{}}}}}}}}}
  responses: {{Thing: {{description: OK, content: {{application/json: {{{}}}}}}}}}",
            operation("/a", "post"),
            operation("/b", "put"),
            schema("a"),
            schema("c"),
            schema("b"),
        ),
    );
    let lowered = lowered(&document);
    let schemas = lowered.document["components"]["schemas"]
        .as_object()
        .unwrap();
    let names: Vec<&String> = schemas.keys().collect();
    assert_eq!(names, ["Order", "Thing", "ThingResponse"]);
    for (path, method) in [("/a", "post"), ("/b", "put")] {
        let operation = &lowered.document["paths"][path][method];
        assert_eq!(operation["parameters"][0]["schema"], reference("Order"));
        let body = &operation["requestBody"]["content"]["application/json"];
        assert_eq!(body["schema"], reference("Thing"));
        let response = &operation["responses"]["2XX"]["content"]["application/json"];
        assert_eq!(response["schema"], reference("ThingResponse"));
    }
    for facts in lowered.facts.values() {
        assert!(facts.request_secrets.contains("a") && facts.response_secrets.contains("b"));
    }
}

#[test]
fn text_is_sent_with_its_media_type_as_written() {
    let document = document(
        "3.0.3",
        "paths: {/a: {put: {requestBody: {required: true, content: {text/plain; charset=utf-8: {schema: {type: string}}}}, responses: {'204': {description: OK}}}}}",
    );
    let body = &lowered(&document).document["paths"]["/a"]["put"]["requestBody"];
    assert_eq!(body["x-content-type"], "text/plain; charset=utf-8");
}

#[test]
fn media_types_are_sent_with_their_parameters_and_named() {
    let json = "schema: {type: object, properties: {a: {type: string}}}";
    let document = document(
        "3.0.3",
        &format!(
            "paths:
  /a:
    post:
      requestBody: {{required: true, content: {{'application/json; version=2': {{{json}}}}}}}
      responses: {{'200': {{description: OK, content: {{'application/json; version=2': {{{json}}}}}}}}}
  /b:
    post:
      requestBody: {{required: true, content: {{'application/json; charset=utf-8': {{{json}}}}}}}
      responses: {{'200': {{description: OK, content: {{text/csv: {{schema: {{type: string}}}}}}}}}}"
        ),
    );
    let lowered = lowered(&document);
    let b = &lowered.document["paths"]["/b"]["post"];
    assert_eq!(b["description"], "Returns `text/csv`.");
    let files = render::render("kinds.yml", &lowered).unwrap();
    let code: String = files.into_iter().map(|(_, text)| text).collect();
    assert_eq!(code.matches("\"application/json; version=2\"").count(), 2);
    assert!(!code.contains("charset"));
}

#[test]
fn null_can_be_sent_where_a_default_would_apply() {
    let types = types(&document(
        "3.0.3",
        "paths:
  /a:
    post:
      operationId: a
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses: {'204': {description: OK}}
components:
  schemas:
    A:
      type: object
      properties:
        a: {type: string, nullable: true, default: x}
        b: {type: string, nullable: true}
",
    ));
    let text = "::std::string::String";
    let field = format!("pub a: ::std::option::Option<::openapi_runtime::Nullable<{text}>>");
    assert!(types.contains(&field), "{types}");
    assert!(
        types.contains(&format!("pub b: ::std::option::Option<{text}>")),
        "{types}"
    );
}

#[test]
fn parts_of_forms_are_documented() {
    let lowered = lowered(&document(
        "3.0.3",
        "paths:
  /a:
    post:
      operationId: a
      requestBody:
        required: true
        content:
          multipart/form-data:
            encoding: {meta: {contentType: application/json}}
            schema:
              type: object
              required: [size]
              properties:
                size: {type: integer, minimum: 1, maximum: 5}
                path: {type: string, maxLength: 20, pattern: '^/', format: uri, deprecated: true}
                meta: {$ref: '#/components/schemas/Meta'}
                tags: {type: array, items: {type: string, enum: [a, b]}}
      responses: {'204': {description: OK}}
components:
  schemas:
    Meta: {type: object, required: [a], properties: {a: {type: string, maxLength: 3, description: The a.}}}
",
    ));
    let expected = "The raw body, `multipart/form-data`. Parts:
  - `size` (required; integer; `minimum: 1`; `maximum: 5`)
  - `path` (format `uri`; `pattern: ^/`; `maxLength: 20`; deprecated)
  - `meta` (object; sent as `application/json`)
    - `a` (required; `maxLength: 3`): The a.
  - `tags` (array; items: one of `a`, `b`)";
    let body = &lowered.document["paths"]["/a"]["post"]["requestBody"];
    assert_eq!(body["description"], expected);
}

#[test]
fn several_bodies_are_named_by_status() {
    let lowered = lowered(&document(
        "3.0.3",
        "paths:
  /a:
    post:
      operationId: a
      responses:
        '201': {description: Made, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
        '202': {description: Later, content: {application/json: {schema: {type: object, properties: {job: {type: string}}}}}}
        '404': {description: No, content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}
        default: {description: Bad, content: {application/json: {schema: {type: object, properties: {b: {type: string}}}}}}
",
    ));
    let schemas = &lowered.document["components"]["schemas"];
    let names = |union: &str| schemas[union]["oneOf"].as_array().unwrap().clone();
    let expected = |names: [&str; 2]| names.map(reference).to_vec();
    assert_eq!(
        names("AResponse"),
        expected(["AResponseStatus201", "AResponseStatus202"])
    );
    assert_eq!(
        names("AError"),
        expected(["AErrorStatus404", "AErrorDefault"])
    );
    let description = &lowered.document["paths"]["/a"]["post"]["description"];
    let by_shape = "The variant is the one that fits the body best, whatever the status.";
    assert_eq!(description.as_str().unwrap().matches(by_shape).count(), 2);
}

#[test]
fn requests_for_other_media_types_ask_for_them() {
    let builder = file(
        &document(
            "3.1.0",
            "paths:
  /a:
    post:
      operationId: ask
      responses: {'200': {description: OK, content: {application/json: {schema: {type: object}}, text/event-stream: {schema: {type: string}}}}}
  /b:
    get:
      operationId: get_b
      responses: {'200': {description: OK, content: {text/csv: {schema: {type: string}}, application/xml: {schema: {type: string}}}}}
  /c:
    get:
      operationId: get_c
      responses: {'200': {description: OK, content: {'*/*': {schema: {type: string}}}}}",
        ),
        "builder.rs",
    );
    let asked = builder.split("from_static(").skip(1);
    let asked: Vec<&str> = asked
        .filter_map(|rest| {
            rest.split_once(')')
                .map(|(media, _)| media.trim().trim_end_matches(','))
        })
        .collect();
    assert_eq!(
        asked,
        [
            "\"application/json\"",
            "\"text/event-stream\"",
            "\"application/xml, text/csv\""
        ]
    );
}
