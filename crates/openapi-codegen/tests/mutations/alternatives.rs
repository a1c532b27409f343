//! Changes of streams, enumerations and unions in the inference API.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Reason, expect, false_positive, row};
use openapi_codegen::rust_api::Bump::{Major, Minor, None as NoBump, Patch};

const ASK: &str = "/paths/~1chat~1completions/post";

pub(crate) const ALTERNATIVES: &[Mutation] = &[
    row(
        "event stream removed",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| {
            remove(
                d,
                &format!("{ASK}/responses/200/content/text~1event-stream"),
            );
        },
    ),
    row(
        "JSON response removed",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Compatible, Major, Major, ""),
        |d| {
            remove(d, &format!("{ASK}/responses/200/content/application~1json"));
        },
    ),
    row(
        "event schema changed",
        expect(Breaking, Patch, NoBump, "optic"),
        expect(Breaking, Patch, NoBump, "optic"),
        |d| {
            at(d, ASK)["responses"]["200"]["content"]["text/event-stream"]["schema"] =
                json!({"$ref": "#/components/schemas/Usage"});
        },
    ),
    row(
        "chunk property type changed",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        |d| *property(d, "ChatCompletionDelta", "reasoning") = json!({"type": "integer"}),
    ),
    row(
        "chunk property removed",
        expect(Breaking, Major, Major, "optic"),
        expect(Compatible, Minor, NoBump, ""),
        |d| {
            remove(
                d,
                "/components/schemas/ChatCompletionDelta/properties/refusal",
            )
        },
    ),
    row(
        "event stream added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let content = &mut at(d, "/paths/~1models/get")["responses"]["200"]["content"];
            content["text/event-stream"] =
                json!({"schema": {"$ref": "#/components/schemas/Model"}});
        },
    ),
    row(
        "value added to one of two equal enumerations",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| push(&mut property(d, "ChatMessage", "role")["enum"], "narrator"),
    ),
    row(
        "value added to both equal enumerations",
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            push(&mut property(d, "ChatMessage", "role")["enum"], "narrator");
            push(
                &mut property(d, "ChatCompletionDelta", "role")["enum"],
                "narrator",
            );
        },
    ),
    row(
        "enumeration value added in response",
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| push(&mut schema(d, "FinishReason")["enum"], "refusal"),
    ),
    row(
        "enumeration value removed in response",
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        |d| {
            schema(d, "FinishReason")["enum"]
                .as_array_mut()
                .unwrap()
                .pop();
        },
    ),
    row(
        "enumeration values reordered",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| {
            schema(d, "FinishReason")["enum"]
                .as_array_mut()
                .unwrap()
                .reverse()
        },
    ),
    row(
        "enumeration values become numbers",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| *schema(d, "FinishReason") = json!({"type": "integer", "enum": [0, 1, 2]}),
    ),
    row(
        "enumeration becomes string",
        expect(Breaking, Major, Major, "api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        |d| *schema(d, "FinishReason") = json!({"type": "string"}),
    ),
    row(
        "enumeration default added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "ChatMessage", "role")["default"] = "user".into(),
    ),
    row(
        "union becomes string",
        expect(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        false_positive(Compatible, Major, Major, "optic", Reason::Direction),
        |d| *schema(d, "StopSequences") = json!({"type": "string"}),
    ),
    row(
        "alternative added",
        false_positive(Compatible, Minor, NoBump, "optic", Reason::Direction),
        expect(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        |d| {
            push(
                &mut schema(d, "StopSequences")["oneOf"],
                json!({"title": "Number", "type": "integer"}),
            );
        },
    ),
    row(
        "alternative replaced",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            push(
                &mut schema(d, "StopSequences")["oneOf"],
                json!({"title": "Number", "type": "integer"}),
            );
            schema(d, "StopSequences")["oneOf"]
                .as_array_mut()
                .unwrap()
                .remove(0);
        },
    ),
    row(
        "alternatives reordered",
        expect(Compatible, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| {
            schema(d, "StopSequences")["oneOf"]
                .as_array_mut()
                .unwrap()
                .reverse()
        },
    ),
    row(
        "alternative title changed",
        expect(Same, Major, Major, ""),
        expect(Same, Major, Major, ""),
        |d| schema(d, "StopSequences")["oneOf"][0]["title"] = "Single".into(),
    ),
    row(
        "oneOf becomes anyOf",
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Spelling),
        expect(Same, Patch, NoBump, ""),
        |d| {
            let stop = schema(d, "StopSequences");
            *stop = json!({"anyOf": stop["oneOf"].take()});
        },
    ),
    row(
        "union becomes nullable",
        false_positive(Compatible, Patch, NoBump, "optic", Reason::Direction),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| {
            push(
                &mut schema(d, "StopSequences")["oneOf"],
                json!({"type": "null"}),
            )
        },
    ),
    row(
        "untyped property becomes discriminated union",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            d["components"]["schemas"]["Plain"] = json!({"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}});
            d["components"]["schemas"]["Shaped"] = json!({"type": "object", "required": ["type", "schema"], "properties": {"type": {"type": "string"}, "schema": {"type": "object"}}});
            *property(d, "ResponseSchema", "schema") = json!({
                "oneOf": [{"$ref": "#/components/schemas/Plain"}, {"$ref": "#/components/schemas/Shaped"}],
                "discriminator": {"propertyName": "type", "mapping": {"text": "#/components/schemas/Plain", "json_schema": "#/components/schemas/Shaped"}}
            });
        },
    ),
    row(
        "untyped property in response gets a type",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| property(d, "ErrorDetail", "code")["type"] = "string".into(),
    ),
    row(
        "list becomes list or object",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| property(d, "ModelList", "data")["type"] = json!(["array", "object"]),
    ),
    row(
        "number in response becomes integer",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| property(d, "Usage", "cost")["format"] = "int64".into(),
    ),
    row(
        "list in response becomes optional",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| unrequire(d, "ModelList", "data"),
    ),
    row(
        "object in response becomes optional",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| unrequire(d, "ErrorBody", "error"),
    ),
    row(
        "object schema inlined",
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            *property(d, "Model", "specs") = json!({"type": ["object", "null"], "properties": {"context_window": {"type": ["integer", "null"]}}});
        },
    ),
    row(
        "object schema becomes allOf",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,openapi-diff",
            Reason::Spelling,
        ),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            *property(d, "Tool", "function") = json!({"allOf": [{"$ref": "#/components/schemas/FunctionDefinition"}, {"type": "object", "properties": {"cache": {"type": "boolean"}}}]});
        },
    ),
    row(
        "description added next to $ref",
        expect(Same, Patch, NoBump, ""),
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Spelling),
        |d| property(d, "Tool", "function")["description"] = "What it does.".into(),
    ),
    row(
        "response schema inlined",
        expect(Same, Major, NoBump, ""),
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        |d| {
            let schema = schema(d, "ModelList").clone();
            at(d, "/paths/~1models/get")["responses"]["200"]["content"]["application/json"]["schema"] =
                schema;
        },
    ),
    row(
        "example added",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |d| property(d, "Model", "id")["example"] = "a/b".into(),
    ),
];
