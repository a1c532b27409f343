//! Changes of requests in the inference API.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Reason, expect, false_positive, row};
use openapi_codegen::rust_api::Bump::{Major, Minor, None as NoBump, Patch};

const CHAT: &str = "ChatCompletionRequest";
const ASK: &str = "/paths/~1chat~1completions/post";

pub(crate) const REQUESTS: &[Mutation] = &[
    row(
        "operation removed",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| remove(d, "/paths/~1models"),
    ),
    row(
        "operation id changed",
        expect(Compatible, Major, Major, ""),
        expect(Compatible, Major, Major, ""),
        |d| at(d, ASK)["operationId"] = "ask".into(),
    ),
    row(
        "header removed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| remove(d, &format!("{ASK}/parameters")),
    ),
    row(
        "header becomes required",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| d["components"]["parameters"]["TeamId"]["required"] = true.into(),
    ),
    row(
        "header renamed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| d["components"]["parameters"]["TeamId"]["name"] = "X-Team".into(),
    ),
    row(
        "header case changed",
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Spelling),
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Spelling),
        |d| {
            d["components"]["parameters"]["TeamId"]["name"] = "x-prime-team-id".into();
        },
    ),
    row(
        "header becomes integer",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        |d| d["components"]["parameters"]["TeamId"]["schema"]["type"] = "integer".into(),
    ),
    row(
        "request body removed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,openapi-diff"),
        |d| remove(d, &format!("{ASK}/requestBody")),
    ),
    row(
        "request body becomes optional",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| at(d, ASK)["requestBody"]["required"] = false.into(),
    ),
    row(
        "request body becomes a form",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let content = &mut at(d, ASK)["requestBody"]["content"];
            *content =
                json!({"application/x-www-form-urlencoded": content["application/json"].take()});
        },
    ),
    row(
        "form media type added",
        false_positive(Compatible, Patch, NoBump, "optic", Reason::Optional),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| {
            let json = at(d, ASK)["requestBody"]["content"]["application/json"].clone();
            at(d, ASK)["requestBody"]["content"]["application/x-www-form-urlencoded"] = json;
        },
    ),
    row(
        "request body becomes multipart",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let content = &mut at(d, ASK)["requestBody"]["content"];
            *content = json!({"multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}}});
        },
    ),
    row(
        "request body becomes text",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| {
            at(d, ASK)["requestBody"]["content"] =
                json!({"text/plain": {"schema": {"type": "string"}}});
        },
    ),
    row(
        "request body schema changed",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            at(d, ASK)["requestBody"]["content"]["application/json"]["schema"] =
                json!({"$ref": "#/components/schemas/FinishReason"});
        },
    ),
    row(
        "request body added",
        false_positive(
            Compatible,
            Minor,
            NoBump,
            "optic,openapi-diff",
            Reason::Optional,
        ),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            at(d, "/paths/~1models/get")["requestBody"] = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tool"}}}});
        },
    ),
    row(
        "property removed",
        expect(Breaking, Major, Major, ""),
        false_positive(Compatible, Minor, NoBump, "openapi-diff", Reason::Open),
        |d| {
            remove(
                d,
                "/components/schemas/ChatCompletionRequest/properties/temperature",
            )
        },
    ),
    row(
        "optional property added",
        false_positive(Compatible, Minor, NoBump, "openapi-diff", Reason::Open),
        expect(Breaking, Major, Major, ""),
        |d| *property(d, CHAT, "mood") = json!({"type": "string"}),
    ),
    row(
        "required property added",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, Major, ""),
        |d| {
            *property(d, CHAT, "mood") = json!({"type": "string"});
            require(d, CHAT, "mood");
        },
    ),
    row(
        "property becomes required",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Compatible, Major, Major, ""),
        |d| require(d, CHAT, "temperature"),
    ),
    row(
        "property becomes optional",
        expect(Compatible, Major, Major, ""),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| unrequire(d, CHAT, "model"),
    ),
    row(
        "property type changed",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| property(d, CHAT, "max_tokens")["type"] = "string".into(),
    ),
    row(
        "number becomes integer",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        |d| property(d, CHAT, "temperature")["type"] = "integer".into(),
    ),
    row(
        "integer becomes number",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| property(d, CHAT, "max_tokens")["type"] = "number".into(),
    ),
    row(
        "property becomes nullable",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "optic"),
        |d| property(d, CHAT, "max_tokens")["type"] = json!(["integer", "null"]),
    ),
    row(
        "required property becomes nullable",
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, Major, "optic"),
        |d| property(d, CHAT, "model")["type"] = json!(["string", "null"]),
    ),
    row(
        "property becomes untyped",
        false_positive(Compatible, Major, NoBump, "optic", Reason::Direction),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| *property(d, CHAT, "max_tokens") = json!({}),
    ),
    row(
        "untyped property becomes string",
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        false_positive(Compatible, Major, NoBump, "optic", Reason::Direction),
        |d| property(d, "ResponseSchema", "schema")["type"] = "string".into(),
    ),
    row(
        "maximum decreased",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "temperature")["maximum"] = json!(0.5),
    ),
    row(
        "maximum added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "n")["maximum"] = 8.into(),
    ),
    row(
        "minimum added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "max_tokens")["minimum"] = 1.into(),
    ),
    row(
        "minimum becomes exclusive",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "temperature")["exclusiveMinimum"] = 0.into(),
    ),
    row(
        "multipleOf added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "max_tokens")["multipleOf"] = 8.into(),
    ),
    row(
        "maxLength added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "user")["maxLength"] = 64.into(),
    ),
    row(
        "minLength added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "user")["minLength"] = 1.into(),
    ),
    row(
        "pattern added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "user")["pattern"] = "^[a-z]+$".into(),
    ),
    row(
        "default added",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, CHAT, "temperature")["default"] = json!(1.0),
    ),
    row(
        "default changed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, CHAT, "stream")["default"] = true.into(),
    ),
    row(
        "property deprecated",
        expect(Compatible, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "max_tokens")["deprecated"] = true.into(),
    ),
    row(
        "property becomes read-only",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "user")["readOnly"] = true.into(),
    ),
    row(
        "enumeration added",
        expect(Breaking, Major, NoBump, "optic"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            property(d, CHAT, "prompt_cache_key")["enum"] = json!(["low", "high"]);
        },
    ),
    row(
        "minItems added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "messages")["minItems"] = 1.into(),
    ),
    row(
        "maxItems added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "tools")["maxItems"] = 128.into(),
    ),
    row(
        "uniqueItems added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, CHAT, "tools")["uniqueItems"] = true.into(),
    ),
    row(
        "item type changed",
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| property(d, CHAT, "messages")["items"] = json!({"type": "string"}),
    ),
    row(
        "list becomes list or single item",
        false_positive(Compatible, Major, NoBump, "optic", Reason::Direction),
        expect(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        |d| {
            let list = property(d, CHAT, "messages").take();
            *property(d, CHAT, "messages") = json!({"oneOf": [list, {"type": "string"}]});
        },
    ),
    row(
        "untyped object gets properties",
        false_positive(Compatible, Major, NoBump, "openapi-diff", Reason::Open),
        expect(Breaking, Major, Major, ""),
        |d| {
            property(d, "FunctionDefinition", "parameters")["properties"] =
                json!({"type": {"type": "string"}});
        },
    ),
    row(
        "nested property becomes required",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Compatible, Major, Major, ""),
        |d| require(d, "FunctionDefinition", "parameters"),
    ),
    row(
        "additional properties allowed",
        expect(Same, Minor, NoBump, ""),
        expect(Same, Major, Major, ""),
        |d| schema(d, "UsageOptions")["additionalProperties"] = json!({}),
    ),
    row(
        "additional properties forbidden",
        expect(Breaking, Major, Major, ""),
        expect(Compatible, Minor, NoBump, ""),
        |d| schema(d, CHAT)["additionalProperties"] = false.into(),
    ),
    row(
        "additional properties become numbers",
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        expect(Compatible, Major, NoBump, ""),
        |d| schema(d, CHAT)["additionalProperties"] = json!({"type": "number"}),
    ),
    row(
        "maxProperties added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| schema(d, "StreamOptions")["maxProperties"] = 1.into(),
    ),
];
