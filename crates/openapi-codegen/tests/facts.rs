//! Operation facts: from extensions in a document to constants in generated code.

#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use openapi_codegen::document;
use openapi_codegen::lower::{Lowered, lower};
use openapi_codegen::render;

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: Fixture, version: '1'}\n";
const OK: &str = "responses: {'200': {description: OK}}";

fn lowered(text: &str) -> Result<Lowered, String> {
    let document = document::parse("fixture.yml", &format!("{HEAD}{text}")).unwrap();
    lower(&document).map_err(|e| e.to_string())
}

/// Returns a generated file.
fn generated(text: &str, file: &str) -> Result<String, String> {
    let files = render::render("fixture.yml", &lowered(text)?).map_err(|e| e.to_string())?;
    let file = files.into_iter().find(|(path, _)| path == file);
    Ok(file.unwrap().1)
}

/// Returns the constant of an operation on one line, without id, method and path.
fn constant(text: &str, name: &str) -> Result<String, String> {
    let file = generated(text, "operations.rs")?;
    let start = format!("pub const {name}: Operation =");
    let (_, rest) = file.split_once(&start).unwrap_or_else(|| panic!("{file}"));
    let (constant, _) = rest.split_once(';').unwrap();
    let constant: String = constant.lines().map(str::trim).collect();
    let (_, facts) = constant.split_once(')').unwrap();
    Ok(facts.replace(",]", "]"))
}

/// Returns the implementation of `WithTeam` for the only builder, without its header.
fn with_team(text: &str) -> Result<String, String> {
    let file = generated(text, "builder.rs")?;
    let (_, rest) = file
        .split_once("impl openapi_runtime::WithTeam for DoIt<'_> {")
        .unwrap();
    let lines: Vec<&str> = rest.lines().map(str::trim).collect();
    Ok(lines.concat())
}

/// Returns a document with one operation; `more` are additional lines.
fn operation(method: &str, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("      {line}\n")).collect();
    format!("paths:\n  /a:\n    {method}:\n      operationId: do_it\n{more}      {OK}\n")
}

/// Returns a document with a POST operation and its body schema.
fn body(schema: &str, components: &str) -> String {
    let body = format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}");
    let components: String = components
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    let components = match components.is_empty() {
        true => String::new(),
        false => format!("components:\n  schemas:\n{components}"),
    };
    format!("{}{components}", operation("post", &body))
}

/// Returns a document with a POST operation and its parameters.
fn parameters(parameters: &str) -> String {
    operation("post", &format!("parameters: [{parameters}]"))
}

#[test]
fn defaults_of_methods_are_left_to_the_runtime() {
    for method in [
        "get", "head", "options", "put", "delete", "post", "patch", "trace",
    ] {
        assert_eq!(
            constant(&operation(method, ""), "DO_IT").unwrap(),
            "",
            "{method}"
        );
    }
}

#[test]
fn extensions_override_defaults() {
    let cases = [
        (
            "get",
            "x-retry-safety: never",
            ".with_retry_safety(RetrySafety::Never)",
        ),
        (
            "post",
            "x-retry-safety: idempotent",
            ".with_retry_safety(RetrySafety::Idempotent)",
        ),
        (
            "post",
            "x-retry-safety: billable",
            ".with_retry_safety(RetrySafety::Billable)",
        ),
        (
            "post",
            "x-timeout-seconds: 120",
            ".with_timeout(::std::time::Duration::from_secs(120))",
        ),
    ];
    for (method, word, expected) in cases {
        let facts = constant(&operation(method, word), "DO_IT").unwrap();
        assert_eq!(facts, expected, "{word}");
    }
}

#[test]
fn reads_team_location() {
    let cases = [
        (
            parameters("{name: X-Team, in: header, x-team: true, schema: {type: string}}"),
            r#".with_team(TeamLocation::Header("X-Team"))"#,
        ),
        (
            parameters(
                "{name: teamId, in: query, x-team: true, schema: {anyOf: [{type: string}, {type: 'null'}]}}",
            ),
            r#".with_team(TeamLocation::Query("teamId"))"#,
        ),
        (
            body(
                "{type: object, properties: {teamId: {type: [string, 'null'], x-team: true}}}",
                "",
            ),
            r#".with_team(TeamLocation::Body("teamId"))"#,
        ),
        // Through references and `allOf`.
        (
            body(
                "{$ref: '#/components/schemas/Run'}",
                "Run: {allOf: [{$ref: '#/components/schemas/Owned'}, {type: object, properties: {n: {type: integer}}}]}\nOwned: {type: object, properties: {team_id: {$ref: '#/components/schemas/Team', x-team: true}}}\nTeam: {type: string}",
            ),
            r#".with_team(TeamLocation::Body("team_id"))"#,
        ),
        // An enumeration of strings.
        (
            parameters(
                "{name: X-Team, in: header, x-team: true, schema: {type: string, enum: [a, b]}}",
            ),
            r#".with_team(TeamLocation::Header("X-Team"))"#,
        ),
        // `false` has no effect.
        (
            parameters("{name: X-Team, in: header, x-team: false, schema: {type: string}}"),
            "",
        ),
        // A parameter of the path item.
        (
            format!(
                "paths:\n  /a:\n    parameters: [{{$ref: '#/components/parameters/Team'}}]\n    get: {{operationId: do_it, {OK}}}\ncomponents:\n  parameters:\n    Team: {{name: team, in: query, x-team: true, schema: {{type: string}}}}\n"
            ),
            r#".with_team(TeamLocation::Query("team"))"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(constant(&text, "DO_IT").unwrap(), expected, "{text}");
    }
}

/// Secrets in nested and referenced schemas.
const SECRETS: &str = "paths:
  /a:
    post:
      operationId: do_it
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}}}
      responses:
        '200': {description: OK, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Node'}}}}}
        '401': {description: No., content: {application/json: {schema: {oneOf: [{type: string}, {type: object, properties: {hint: {type: string, x-secret: true}}}]}}}}
components:
  schemas:
    Request:
      type: object
      properties:
        name: {type: string}
        zone_key: {anyOf: [{type: string, format: password}, {type: 'null'}]}
        keys: {type: array, items: {$ref: '#/components/schemas/Key'}}
        environment: {type: object, additionalProperties: {type: string, x-secret: true}}
        nested: {allOf: [{$ref: '#/components/schemas/Nested'}, {description: More.}]}
        plain: {type: string, x-secret: false}
    Key: {type: string, format: password}
    Nested: {type: object, properties: {inner: {type: object, properties: {zone_key: {type: string, format: password}, account: {type: object, x-secret: true, properties: {id: {type: string}}}}}}}
    Node: {type: object, properties: {token: {$ref: '#/components/schemas/Key'}, children: {type: array, items: {$ref: '#/components/schemas/Node'}}}}
";

#[test]
fn secrets_are_found_at_any_depth() {
    assert_eq!(
        constant(SECRETS, "DO_IT").unwrap(),
        r#".with_request_secrets(&["account", "environment", "keys", "zone_key"]).with_response_secrets(&["hint", "token"])"#
    );
}

#[test]
fn facts_survive_lowering() {
    let team = "{type: object, properties: {teamId: {type: [string, 'null'], x-team: true}}}";
    for text in [
        SECRETS,
        &body(team, ""),
        &operation("get", "x-timeout-seconds: 5"),
    ] {
        let lowered = lowered(text).unwrap();
        let again = lower(&lowered.document).unwrap();
        assert_eq!(again.facts, lowered.facts);
    }
}

#[test]
fn split_operations_have_the_same_facts() {
    let text = "paths:
  /a:
    post:
      operationId: ask
      x-retry-safety: billable
      x-timeout-seconds: 7
      parameters: [{name: X-Team, in: header, x-team: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {key: {type: string, format: password}}}}}}
      responses:
        '200': {description: OK, content: {application/json: {schema: {type: object, properties: {a: {type: string, x-secret: true}}}}, text/event-stream: {schema: {type: object, properties: {b: {type: string, x-secret: true}}}}}}
";
    let facts = r#".with_retry_safety(RetrySafety::Billable).with_timeout(::std::time::Duration::from_secs(7)).with_team(TeamLocation::Header("X-Team")).with_request_secrets(&["key"]).with_response_secrets(&["a", "b"])"#;
    assert_eq!(constant(text, "ASK").unwrap(), facts);
    let streaming = constant(text, "ASK_STREAM").unwrap();
    assert_eq!(streaming, format!(".streaming(){facts}"));
}

#[test]
fn rejects_invalid_extensions_with_location() {
    let post = "#/paths/~1a/post";
    let property = "#/components/schemas/A/properties";
    let object = |property: &str| {
        let component = format!("A: {{type: object, properties: {{a: {property}}}}}");
        body("{$ref: '#/components/schemas/A'}", &component)
    };
    let cases = [
        (
            operation("post", "x-retry-safety: always"),
            format!("{post}/x-retry-safety: invalid value \"always\"; expected `idempotent`"),
        ),
        (
            operation("post", "x-retry-safety: true"),
            format!("{post}/x-retry-safety: invalid value true; expected `idempotent`"),
        ),
        (
            operation("post", "x-timeout-seconds: 0"),
            format!("{post}/x-timeout-seconds: invalid value 0; expected a positive whole number of seconds"),
        ),
        (
            operation("post", "x-timeout-seconds: -3"),
            format!("{post}/x-timeout-seconds: invalid value -3;"),
        ),
        (
            operation("post", "x-timeout-seconds: 1.5"),
            format!("{post}/x-timeout-seconds: invalid value 1.5;"),
        ),
        (
            operation("post", "x-timeout-seconds: '120'"),
            format!("{post}/x-timeout-seconds: invalid value \"120\";"),
        ),
        (
            parameters("{name: t, in: query, x-team: 1, schema: {type: string}}"),
            format!("{post}/parameters/0/x-team: invalid value 1; expected `true` or `false`"),
        ),
        (
            object("{type: string, x-team: 'yes'}"),
            format!("{property}/a/x-team: invalid value \"yes\""),
        ),
        (
            object("{type: string, x-secret: 1}"),
            format!("{property}/a/x-secret: invalid value 1"),
        ),
        (
            parameters("{name: t, in: query, x-team: true, schema: {type: integer}}"),
            format!("{post}/parameters/0/x-team: the team must be a plain string"),
        ),
        (
            object("{type: object, x-team: true}"),
            format!("{property}/a/x-team: the team must be a plain string"),
        ),
        (
            parameters("{name: t, in: cookie, x-team: true, schema: {type: string}}"),
            format!("{post}/parameters/0/x-team: the team cannot be in \"cookie\"; use a header, query parameter or body property"),
        ),
        (
            format!("paths:\n  /a/{{t}}:\n    get:\n      parameters: [{{name: t, in: path, required: true, x-team: true, schema: {{type: string}}}}]\n      {OK}\n"),
            "#/paths/~1a~1{t}/get/parameters/0/x-team: the team cannot be in \"path\"; use a header, query parameter or body property".to_owned(),
        ),
        (
            parameters("{name: t, in: query, x-team: true, schema: {type: string}}, {name: u, in: header, x-team: true, schema: {type: string}}"),
            format!("{post}/parameters/1/x-team: duplicate team; the first one is at {post}/parameters/0/x-team"),
        ),
        (
            object("{type: string, x-team: true}").replace(
                "      requestBody",
                "      parameters: [{name: t, in: query, x-team: true, schema: {type: string}}]\n      requestBody",
            ),
            format!("{property}/a/x-team: duplicate team; the first one is at {post}/parameters/0/x-team"),
        ),
        (
            object("{type: object, properties: {b: {type: string, x-team: true}}}"),
            format!("{property}/a/properties/b/x-team: the team must be a top-level property of the body"),
        ),
    ];
    for (text, expected) in cases {
        let error = lowered(&text).unwrap_err();
        assert!(
            error.starts_with(&expected),
            "expected {expected}\ngot {error}"
        );
    }
}

#[test]
fn builders_implement_with_team() {
    let object = |property: &str| {
        let schema = format!("{{type: object, required: [r], properties: {property}}}");
        body(&schema, "Id: {type: string}")
    };
    let cases = [
        (
            parameters("{name: X-Team, in: header, x-team: true, schema: {type: string}}"),
            "Sets the header `X-Team` to the team.",
            "self.x_team(team.to_owned())",
        ),
        // A parameter whose Rust name differs from its wire name.
        (
            parameters(
                "{name: send, in: header, schema: {type: string}}, {name: send, in: query, x-team: true, schema: {type: string}}",
            ),
            "Sets the query parameter `send` to the team.",
            "self.send_query(team.to_owned())",
        ),
        (
            object("{teamId: {type: [string, 'null'], x-team: true}}"),
            "Sets the body property `teamId` to the team.",
            "self.body_map(|body| body.team_id(Some(team.to_owned())))",
        ),
        (
            object("{r: {type: string, x-team: true}}"),
            "Sets the body property `r` to the team.",
            "self.body_map(|body| body.r(team.to_owned()))",
        ),
        // A named type.
        (
            object("{r: {$ref: '#/components/schemas/Id', x-team: true}}"),
            "Sets the body property `r` to the team.",
            "self.body_map(|body| body.r(types::Id::from(team.to_owned())))",
        ),
    ];
    for (text, doc, code) in cases {
        let implementation = with_team(&text).unwrap();
        assert!(
            implementation.starts_with(&format!("/// {doc}")),
            "{implementation}"
        );
        assert!(implementation.contains(code), "{implementation}");
    }
}

#[test]
fn builders_without_a_team_implement_with_team_if_another_has_one() {
    let alone = operation("get", "");
    let text = generated(&alone, "builder.rs").unwrap();
    assert!(!text.contains("WithTeam"), "{text}");
    let team = "{name: X-Team, in: header, x-team: true, schema: {type: string}}";
    let other = format!("  /b:\n    get:\n      operationId: other\n      {OK}\n");
    let text = generated(&format!("{}{other}", parameters(team)), "builder.rs").unwrap();
    assert!(text.contains("WithTeam for DoIt<'_>"), "{text}");
    let (_, other) = text.split_once("WithTeam for Other<'_> {").unwrap();
    let other: String = other.lines().map(str::trim).collect();
    let unchanged = "/// Returns the builder unchanged: the operation has no team parameter.fn with_team(self, _: &str) -> Self {self}";
    assert!(other.starts_with(unchanged), "{other}");
}

#[test]
fn rejects_team_without_setter() {
    let parts = "requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {t: {type: string, x-team: true}}}}}}";
    assert_eq!(
        with_team(&operation("post", parts)).unwrap_err(),
        "fixture.yml: progenitor generated no setter for \"t\", the team parameter of `do_it`"
    );
}
