//! Changes of the inference API: what is sent.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Why, row, side, unlike};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const CHAT: &str = "ChatCompletionRequest";
const ASK: &str = "/paths/~1chat~1completions/post";

pub(crate) const REQUESTS: &[Mutation] = &[
    row(
        "an operation goes",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| remove(d, "/paths/~1models"),
    ),
    row(
        "the operation has another name",
        side(Compatible, Major, Major, ""),
        side(Compatible, Major, Major, ""),
        |d| at(d, ASK)["operationId"] = "ask".into(),
    ),
    row(
        "a header goes",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| remove(d, &format!("{ASK}/parameters")),
    ),
    row(
        "a header has to be sent",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| d["components"]["parameters"]["TeamId"]["required"] = true.into(),
    ),
    row(
        "a header is renamed",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| d["components"]["parameters"]["TeamId"]["name"] = "X-Team".into(),
    ),
    row(
        "a header is spelled in another way",
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Spelling),
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Spelling),
        |d| {
            d["components"]["parameters"]["TeamId"]["name"] = "x-prime-team-id".into();
        },
    ),
    row(
        "a header is a number",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        |d| d["components"]["parameters"]["TeamId"]["schema"]["type"] = "integer".into(),
    ),
    row(
        "the body goes",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,openapi-diff"),
        |d| remove(d, &format!("{ASK}/requestBody")),
    ),
    row(
        "the body may be left out",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| at(d, ASK)["requestBody"]["required"] = false.into(),
    ),
    row(
        "the body is a form",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(
            Breaking,
            Patch,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| {
            let content = &mut at(d, ASK)["requestBody"]["content"];
            *content =
                json!({"application/x-www-form-urlencoded": content["application/json"].take()});
        },
    ),
    row(
        "the body is JSON or a form",
        unlike(Compatible, Patch, Nothing, "optic", Why::Optional),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            let json = at(d, ASK)["requestBody"]["content"]["application/json"].clone();
            at(d, ASK)["requestBody"]["content"]["application/x-www-form-urlencoded"] = json;
        },
    ),
    row(
        "the body is of several parts",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let content = &mut at(d, ASK)["requestBody"]["content"];
            *content = json!({"multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}}});
        },
    ),
    row(
        "the body is text",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| {
            at(d, ASK)["requestBody"]["content"] =
                json!({"text/plain": {"schema": {"type": "string"}}});
        },
    ),
    row(
        "the body is of another type",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| {
            at(d, ASK)["requestBody"]["content"]["application/json"]["schema"] =
                json!({"$ref": "#/components/schemas/Tool"});
        },
    ),
    row(
        "a body comes",
        unlike(
            Compatible,
            Minor,
            Nothing,
            "optic,openapi-diff",
            Why::Optional,
        ),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            at(d, "/paths/~1models/get")["requestBody"] = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tool"}}}});
        },
    ),
    row(
        "a field of a request goes",
        side(Breaking, Major, Major, ""),
        unlike(Compatible, Minor, Nothing, "openapi-diff", Why::Open),
        |d| {
            remove(
                d,
                "/components/schemas/ChatCompletionRequest/properties/temperature",
            )
        },
    ),
    row(
        "a field of a request may come",
        unlike(Compatible, Minor, Nothing, "openapi-diff", Why::Open),
        side(Breaking, Major, Major, ""),
        |d| *property(d, CHAT, "mood") = json!({"type": "string"}),
    ),
    row(
        "a field of a request must come",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Breaking, Major, Major, ""),
        |d| {
            *property(d, CHAT, "mood") = json!({"type": "string"});
            require(d, CHAT, "mood");
        },
    ),
    row(
        "a field of a request is required",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Compatible, Major, Major, ""),
        |d| require(d, CHAT, "temperature"),
    ),
    row(
        "a field of a request is not required",
        side(Compatible, Major, Major, ""),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| unrequire(d, CHAT, "model"),
    ),
    row(
        "a field of a request is of another type",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| property(d, CHAT, "max_tokens")["type"] = "string".into(),
    ),
    row(
        "a field of a request is whole",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        |d| property(d, CHAT, "temperature")["type"] = "integer".into(),
    ),
    row(
        "a field of a request is a fraction",
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| property(d, CHAT, "max_tokens")["type"] = "number".into(),
    ),
    row(
        "a field of a request may be null",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "optic"),
        |d| property(d, CHAT, "max_tokens")["type"] = json!(["integer", "null"]),
    ),
    row(
        "a required field may be null",
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Major, "optic"),
        |d| property(d, CHAT, "model")["type"] = json!(["string", "null"]),
    ),
    row(
        "a field of a request is anything",
        unlike(Compatible, Major, Nothing, "optic", Why::Direction),
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        |d| *property(d, CHAT, "max_tokens") = json!({}),
    ),
    row(
        "a field that was anything is text",
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        unlike(Compatible, Major, Nothing, "optic", Why::Direction),
        |d| property(d, CHAT, "tool_choice")["type"] = "string".into(),
    ),
    row(
        "a field of a request is limited",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "temperature")["maximum"] = json!(0.5),
    ),
    row(
        "a field of a request is limited from above",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "n")["maximum"] = 8.into(),
    ),
    row(
        "a field of a request is limited from below",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "max_tokens")["minimum"] = 1.into(),
    ),
    row(
        "a field of a request is never zero",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "temperature")["exclusiveMinimum"] = 0.into(),
    ),
    row(
        "a field of a request is a multiple",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "max_tokens")["multipleOf"] = 8.into(),
    ),
    row(
        "a field of a request is no longer than",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "user")["maxLength"] = 64.into(),
    ),
    row(
        "a field of a request is not empty",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "user")["minLength"] = 1.into(),
    ),
    row(
        "a field of a request has a pattern",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "user")["pattern"] = "^[a-z]+$".into(),
    ),
    row(
        "a field of a request has a default",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, CHAT, "temperature")["default"] = json!(1.0),
    ),
    row(
        "a field of a request has another default",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, CHAT, "stream")["default"] = true.into(),
    ),
    row(
        "a field of a request is deprecated",
        side(Compatible, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "max_tokens")["deprecated"] = true.into(),
    ),
    row(
        "a field of a request is only read",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "user")["readOnly"] = true.into(),
    ),
    row(
        "a field of a request has listed values",
        side(Breaking, Major, Nothing, "optic"),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| {
            property(d, CHAT, "reasoning_effort")["enum"] = json!(["low", "high"]);
        },
    ),
    row(
        "a list must hold one",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "messages")["minItems"] = 1.into(),
    ),
    row(
        "a list holds no more than",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "tools")["maxItems"] = 128.into(),
    ),
    row(
        "a list holds each once",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, CHAT, "tools")["uniqueItems"] = true.into(),
    ),
    row(
        "a list holds something else",
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| property(d, CHAT, "messages")["items"] = json!({"type": "string"}),
    ),
    row(
        "a list or one",
        unlike(Compatible, Major, Nothing, "optic", Why::Direction),
        side(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        |d| {
            let list = property(d, CHAT, "messages").take();
            *property(d, CHAT, "messages") = json!({"oneOf": [list, {"type": "string"}]});
        },
    ),
    row(
        "an object has listed fields",
        unlike(Compatible, Major, Nothing, "openapi-diff", Why::Open),
        side(Breaking, Major, Major, ""),
        |d| {
            property(d, "FunctionDefinition", "parameters")["properties"] =
                json!({"type": {"type": "string"}});
        },
    ),
    row(
        "a field deep in a request must be sent",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Compatible, Major, Major, ""),
        |d| require(d, "FunctionDefinition", "parameters"),
    ),
    row(
        "others are kept",
        side(Same, Minor, Nothing, ""),
        side(Same, Major, Major, ""),
        |d| schema(d, "StreamOptions")["additionalProperties"] = json!({}),
    ),
    row(
        "others are refused",
        side(Breaking, Major, Major, ""),
        side(Compatible, Minor, Nothing, ""),
        |d| schema(d, CHAT)["additionalProperties"] = false.into(),
    ),
    row(
        "others are numbers",
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        side(Compatible, Major, Nothing, ""),
        |d| schema(d, CHAT)["additionalProperties"] = json!({"type": "number"}),
    ),
    row(
        "not more than",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| schema(d, "StreamOptions")["maxProperties"] = 1.into(),
    ),
];
