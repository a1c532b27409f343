//! Facts of operations: from the words of a document to the constants of generated code.

#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use openapi_pipeline::document;
use openapi_pipeline::lower::{Lowered, lower};
use xtask::render;

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: Fixture, version: '1'}\n";
const OK: &str = "responses: {'200': {description: OK}}";

fn lowered(text: &str) -> Result<Lowered, String> {
    let document = document::parse("fixture.yml", &format!("{HEAD}{text}")).unwrap();
    lower(&document).map_err(|e| e.to_string())
}

/// A generated file.
fn generated(text: &str, file: &str) -> Result<String, String> {
    let files = render::render("fixture.yml", &lowered(text)?).map_err(|e| e.to_string())?;
    let file = files.into_iter().find(|(path, _)| path == file);
    Ok(file.unwrap().1)
}

/// The constant of an operation on one line, without its id, method and path.
fn constant(text: &str, name: &str) -> Result<String, String> {
    let file = generated(text, "operations.rs")?;
    let start = format!("pub const {name}: Operation =");
    let (_, rest) = file.split_once(&start).unwrap_or_else(|| panic!("{file}"));
    let (constant, _) = rest.split_once(';').unwrap();
    let constant: String = constant.lines().map(str::trim).collect();
    let (_, facts) = constant.split_once(')').unwrap();
    Ok(facts.replace(",]", "]"))
}

/// The implementation of `WithTeam` for the one builder, without its head.
fn with_team(text: &str) -> Result<String, String> {
    let file = generated(text, "builder.rs")?;
    let (_, rest) = file
        .split_once("impl openapi_runtime::WithTeam for DoIt<'_> {")
        .unwrap();
    let lines: Vec<&str> = rest.lines().map(str::trim).collect();
    Ok(lines.concat())
}

/// An operation of that method, with more lines beside its responses.
fn operation(method: &str, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("      {line}\n")).collect();
    format!("paths:\n  /a:\n    {method}:\n      operationId: do_it\n{more}      {OK}\n")
}

/// A POST whose body has that schema, and component schemas.
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

/// A POST with such parameters.
fn parameters(parameters: &str) -> String {
    operation("post", &format!("parameters: [{parameters}]"))
}

#[test]
fn the_default_of_each_method_is_the_runtimes() {
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
fn words_of_an_operation_override_the_defaults() {
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
fn a_team_is_where_it_is_marked() {
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
        // Through references and parts.
        (
            body(
                "{$ref: '#/components/schemas/Run'}",
                "Run: {allOf: [{$ref: '#/components/schemas/Owned'}, {type: object, properties: {n: {type: integer}}}]}\nOwned: {type: object, properties: {team_id: {$ref: '#/components/schemas/Team', x-team: true}}}\nTeam: {type: string}",
            ),
            r#".with_team(TeamLocation::Body("team_id"))"#,
        ),
        // One with listed values is a string, too.
        (
            parameters(
                "{name: X-Team, in: header, x-team: true, schema: {type: string, enum: [a, b]}}",
            ),
            r#".with_team(TeamLocation::Header("X-Team"))"#,
        ),
        // `false` is no mark.
        (
            parameters("{name: X-Team, in: header, x-team: false, schema: {type: string}}"),
            "",
        ),
        // A parameter of the whole path.
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

/// Secrets in many places.
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
fn a_lowered_document_still_says_the_facts() {
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
fn twins_of_an_operation_have_the_same_facts() {
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
fn wrong_words_are_refused_with_their_place() {
    let post = "#/paths/~1a/post";
    let property = "#/components/schemas/A/properties";
    let object = |property: &str| {
        let component = format!("A: {{type: object, properties: {{a: {property}}}}}");
        body("{$ref: '#/components/schemas/A'}", &component)
    };
    let cases = [
        (
            operation("post", "x-retry-safety: always"),
            format!("{post}/x-retry-safety: \"always\" is not one of `idempotent`"),
        ),
        (
            operation("post", "x-retry-safety: true"),
            format!("{post}/x-retry-safety: true is not one of `idempotent`"),
        ),
        (
            operation("post", "x-timeout-seconds: 0"),
            format!("{post}/x-timeout-seconds: 0 is not a whole number of seconds above zero"),
        ),
        (
            operation("post", "x-timeout-seconds: -3"),
            format!("{post}/x-timeout-seconds: -3 is not"),
        ),
        (
            operation("post", "x-timeout-seconds: 1.5"),
            format!("{post}/x-timeout-seconds: 1.5 is not"),
        ),
        (
            operation("post", "x-timeout-seconds: '120'"),
            format!("{post}/x-timeout-seconds: \"120\" is not"),
        ),
        (
            parameters("{name: t, in: query, x-team: 1, schema: {type: string}}"),
            format!("{post}/parameters/0/x-team: 1 is neither `true` nor `false`"),
        ),
        (
            object("{type: string, x-team: 'yes'}"),
            format!("{property}/a/x-team: \"yes\" is neither"),
        ),
        (
            object("{type: string, x-secret: 1}"),
            format!("{property}/a/x-secret: 1 is neither"),
        ),
        (
            parameters("{name: t, in: query, x-team: true, schema: {type: integer}}"),
            format!("{post}/parameters/0/x-team: a team is a plain string"),
        ),
        (
            object("{type: object, x-team: true}"),
            format!("{property}/a/x-team: a team is a plain string"),
        ),
        (
            parameters("{name: t, in: cookie, x-team: true, schema: {type: string}}"),
            format!("{post}/parameters/0/x-team: a team can be in a header, in the query or in the body, not in \"cookie\""),
        ),
        (
            format!("paths:\n  /a/{{t}}:\n    get:\n      parameters: [{{name: t, in: path, required: true, x-team: true, schema: {{type: string}}}}]\n      {OK}\n"),
            "#/paths/~1a~1{t}/get/parameters/0/x-team: a team can be in a header, in the query or in the body, not in \"path\"".to_owned(),
        ),
        (
            parameters("{name: t, in: query, x-team: true, schema: {type: string}}, {name: u, in: header, x-team: true, schema: {type: string}}"),
            format!("{post}/parameters/1/x-team: marks a second team; the first is at {post}/parameters/0/x-team"),
        ),
        (
            object("{type: string, x-team: true}").replace(
                "      requestBody",
                "      parameters: [{name: t, in: query, x-team: true, schema: {type: string}}]\n      requestBody",
            ),
            format!("{property}/a/x-team: marks a second team; the first is at {post}/parameters/0/x-team"),
        ),
        (
            object("{type: object, properties: {b: {type: string, x-team: true}}}"),
            format!("{property}/a/properties/b/x-team: only a property of the body itself can be the team"),
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
fn every_builder_takes_a_team() {
    let object = |property: &str| {
        let schema = format!("{{type: object, required: [r], properties: {property}}}");
        body(&schema, "Id: {type: string}")
    };
    let cases = [
        (
            operation("get", ""),
            "Returns the builder unchanged: the operation has no place for a team.",
            "_: &str) -> Self {self}",
        ),
        (
            parameters("{name: X-Team, in: header, x-team: true, schema: {type: string}}"),
            "Names the team in the header `X-Team`.",
            "self.x_team(team.to_owned())",
        ),
        // Another name in Rust than on the wire.
        (
            parameters(
                "{name: send, in: header, schema: {type: string}}, {name: send, in: query, x-team: true, schema: {type: string}}",
            ),
            "Names the team in the query, as `send`.",
            "self.send_query(team.to_owned())",
        ),
        (
            object("{teamId: {type: [string, 'null'], x-team: true}}"),
            "Names the team in the body, as `teamId`.",
            "self.body_map(|body| body.team_id(Some(team.to_owned())))",
        ),
        (
            object("{r: {type: string, x-team: true}}"),
            "Names the team in the body, as `r`.",
            "self.body_map(|body| body.r(team.to_owned()))",
        ),
        // A type of its own.
        (
            object("{r: {$ref: '#/components/schemas/Id', x-team: true}}"),
            "Names the team in the body, as `r`.",
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
fn a_team_that_nothing_can_set_is_refused() {
    let parts = "requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {t: {type: string, x-team: true}}}}}}";
    assert_eq!(
        with_team(&operation("post", parts)).unwrap_err(),
        "fixture.yml: progenitor wrote no setter for \"t\", which is marked as the team of `do_it`"
    );
}
