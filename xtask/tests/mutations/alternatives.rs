//! Changes of the inference API: streams, enumerations, alternatives.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Why, row, side, unlike};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const CHAT: &str = "ChatCompletionRequest";
const ASK: &str = "/paths/~1chat~1completions/post";

pub(crate) const ALTERNATIVES: &[Mutation] = &[
    row(
        "an answer does not stream",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| {
            remove(
                d,
                &format!("{ASK}/responses/200/content/text~1event-stream"),
            );
        },
    ),
    row(
        "an answer only streams",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Compatible, Major, Nothing, ""),
        |d| {
            remove(d, &format!("{ASK}/responses/200/content/application~1json"));
        },
    ),
    row(
        "another stream",
        side(Breaking, Patch, Nothing, "optic"),
        side(Breaking, Patch, Nothing, "optic"),
        |d| {
            at(d, ASK)["responses"]["200"]["content"]["text/event-stream"]["schema"] =
                json!({"$ref": "#/components/schemas/Usage"});
        },
    ),
    row(
        "a field of a chunk is of another type",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        |d| *property(d, "ChatCompletionDelta", "reasoning") = json!({"type": "integer"}),
    ),
    row(
        "a field of a chunk goes",
        side(Breaking, Major, Major, "optic"),
        side(Compatible, Minor, Nothing, ""),
        |d| {
            remove(
                d,
                "/components/schemas/ChatCompletionDelta/properties/refusal",
            )
        },
    ),
    row(
        "an operation streams now",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let content = &mut at(d, "/paths/~1models/get")["responses"]["200"]["content"];
            content["text/event-stream"] =
                json!({"schema": {"$ref": "#/components/schemas/Model"}});
        },
    ),
    row(
        "a value of one enumeration of two comes",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| push(&mut property(d, "ChatMessage", "role")["enum"], "narrator"),
    ),
    row(
        "a value of both comes",
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            push(&mut property(d, "ChatMessage", "role")["enum"], "narrator");
            push(
                &mut property(d, "ChatCompletionDelta", "role")["enum"],
                "narrator",
            );
        },
    ),
    row(
        "a value of an answer comes",
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| push(&mut schema(d, "FinishReason")["enum"], "refusal"),
    ),
    row(
        "a value of an answer goes",
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        |d| {
            schema(d, "FinishReason")["enum"]
                .as_array_mut()
                .unwrap()
                .pop();
        },
    ),
    row(
        "values in another order",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| {
            schema(d, "FinishReason")["enum"]
                .as_array_mut()
                .unwrap()
                .reverse()
        },
    ),
    row(
        "values are numbers",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| *schema(d, "FinishReason") = json!({"type": "integer", "enum": [0, 1, 2]}),
    ),
    row(
        "an enumeration is text",
        side(Breaking, Major, Major, "api-smart-diff"),
        unlike(
            Compatible,
            Major,
            Major,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        |d| *schema(d, "FinishReason") = json!({"type": "string"}),
    ),
    row(
        "a default of an enumeration",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "ChatMessage", "role")["default"] = "user".into(),
    ),
    row(
        "alternatives are one",
        side(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        unlike(Compatible, Major, Major, "optic", Why::Direction),
        |d| *schema(d, "StopSequences") = json!({"type": "string"}),
    ),
    row(
        "an alternative comes",
        unlike(Compatible, Minor, Nothing, "optic", Why::Direction),
        side(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        |d| {
            push(
                &mut schema(d, "StopSequences")["oneOf"],
                json!({"title": "Number", "type": "integer"}),
            );
        },
    ),
    row(
        "an alternative is another",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
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
        "alternatives in another order",
        side(Compatible, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| {
            schema(d, "StopSequences")["oneOf"]
                .as_array_mut()
                .unwrap()
                .reverse()
        },
    ),
    row(
        "an alternative has another title",
        side(Same, Major, Major, ""),
        side(Same, Major, Major, ""),
        |d| schema(d, "StopSequences")["oneOf"][0]["title"] = "Single".into(),
    ),
    row(
        "any of the alternatives",
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Spelling),
        side(Same, Patch, Nothing, ""),
        |d| {
            let stop = schema(d, "StopSequences");
            *stop = json!({"anyOf": stop["oneOf"].take()});
        },
    ),
    row(
        "alternatives may be null",
        unlike(Compatible, Patch, Nothing, "optic", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            push(
                &mut schema(d, "StopSequences")["oneOf"],
                json!({"type": "null"}),
            )
        },
    ),
    row(
        "anything is one of two, told apart by a field",
        side(Breaking, Major, Nothing, "optic,openapi-diff"),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| {
            d["components"]["schemas"]["Plain"] = json!({"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}});
            d["components"]["schemas"]["Shaped"] = json!({"type": "object", "required": ["type", "schema"], "properties": {"type": {"type": "string"}, "schema": {"type": "object"}}});
            *property(d, CHAT, "response_format") = json!({
                "oneOf": [{"$ref": "#/components/schemas/Plain"}, {"$ref": "#/components/schemas/Shaped"}],
                "discriminator": {"propertyName": "type", "mapping": {"text": "#/components/schemas/Plain", "json_schema": "#/components/schemas/Shaped"}}
            });
        },
    ),
    row(
        "an answer's field was anything",
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        |d| property(d, "ErrorDetail", "code")["type"] = "string".into(),
    ),
    row(
        "an answer's field may not be a list",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| property(d, "ModelList", "data")["type"] = json!(["array", "object"]),
    ),
    row(
        "an answer's field is a whole number",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "Usage", "cost")["format"] = "int64".into(),
    ),
    row(
        "a list of an answer may be missing",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| unrequire(d, "ModelList", "data"),
    ),
    row(
        "an object may be missing",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| unrequire(d, "ErrorBody", "error"),
    ),
    row(
        "an object is described in place",
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| {
            *property(d, "Model", "specs") = json!({"type": ["object", "null"], "properties": {"context_window": {"type": ["integer", "null"]}}});
        },
    ),
    row(
        "an object has its own parts",
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,openapi-diff",
            Why::Spelling,
        ),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            *property(d, "Tool", "function") = json!({"allOf": [{"$ref": "#/components/schemas/FunctionDefinition"}, {"type": "object", "properties": {"cache": {"type": "boolean"}}}]});
        },
    ),
    row(
        "a description beside a reference",
        side(Same, Patch, Nothing, ""),
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Spelling),
        |d| property(d, "Tool", "function")["description"] = "What it does.".into(),
    ),
    row(
        "the schema of an answer is its own",
        side(Same, Major, Nothing, ""),
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        |d| {
            let schema = schema(d, "ModelList").clone();
            at(d, "/paths/~1models/get")["responses"]["200"]["content"]["application/json"]["schema"] =
                schema;
        },
    ),
    row(
        "an example",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| property(d, "Model", "id")["example"] = "a/b".into(),
    ),
];
