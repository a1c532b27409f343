//! Changes of the inference API: bodies, alternatives, streams, headers.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, row};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const CHAT: &str = "ChatCompletionRequest";
const ASK: &str = "/paths/~1chat~1completions/post";

pub(crate) const REQUESTS: &[Mutation] = &[
    row("an operation goes", |d| remove(d, "/paths/~1models")),
    row("the operation has another name", |d| {
        at(d, ASK)["operationId"] = "ask".into()
    }),
    row("a header goes", |d| remove(d, &format!("{ASK}/parameters"))),
    row("a header has to be sent", |d| {
        d["components"]["parameters"]["TeamId"]["required"] = true.into()
    }),
    row("a header is renamed", |d| {
        d["components"]["parameters"]["TeamId"]["name"] = "X-Team".into()
    }),
    row("a header is spelled in another way", |d| {
        d["components"]["parameters"]["TeamId"]["name"] = "x-prime-team-id".into();
    }),
    row("a header is a number", |d| {
        d["components"]["parameters"]["TeamId"]["schema"]["type"] = "integer".into()
    }),
    row("the body goes", |d| {
        remove(d, &format!("{ASK}/requestBody"))
    }),
    row("the body may be left out", |d| {
        at(d, ASK)["requestBody"]["required"] = false.into()
    }),
    row("the body is a form", |d| {
        let content = &mut at(d, ASK)["requestBody"]["content"];
        *content = json!({"application/x-www-form-urlencoded": content["application/json"].take()});
    }),
    row("the body is JSON or a form", |d| {
        let json = at(d, ASK)["requestBody"]["content"]["application/json"].clone();
        at(d, ASK)["requestBody"]["content"]["application/x-www-form-urlencoded"] = json;
    }),
    row("the body is of several parts", |d| {
        let content = &mut at(d, ASK)["requestBody"]["content"];
        *content = json!({"multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}}});
    }),
    row("the body is text", |d| {
        at(d, ASK)["requestBody"]["content"] =
            json!({"text/plain": {"schema": {"type": "string"}}});
    }),
    row("the body is of another type", |d| {
        at(d, ASK)["requestBody"]["content"]["application/json"]["schema"] =
            json!({"$ref": "#/components/schemas/Tool"});
    }),
    row("a body comes", |d| {
        at(d, "/paths/~1models/get")["requestBody"] = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tool"}}}});
    }),
    row("a field of a request goes", |d| {
        remove(
            d,
            "/components/schemas/ChatCompletionRequest/properties/temperature",
        )
    }),
    row("a field of a request may come", |d| {
        *property(d, CHAT, "mood") = json!({"type": "string"})
    }),
    row("a field of a request must come", |d| {
        *property(d, CHAT, "mood") = json!({"type": "string"});
        require(d, CHAT, "mood");
    }),
    row("a field of a request is required", |d| {
        require(d, CHAT, "temperature")
    }),
    row("a field of a request is not required", |d| {
        unrequire(d, CHAT, "model")
    }),
    row("a field of a request is of another type", |d| {
        property(d, CHAT, "max_tokens")["type"] = "string".into()
    }),
    row("a field of a request is whole", |d| {
        property(d, CHAT, "temperature")["type"] = "integer".into()
    }),
    row("a field of a request is a fraction", |d| {
        property(d, CHAT, "max_tokens")["type"] = "number".into()
    }),
    row("a field of a request may be null", |d| {
        property(d, CHAT, "max_tokens")["type"] = json!(["integer", "null"])
    }),
    row("a required field may be null", |d| {
        property(d, CHAT, "model")["type"] = json!(["string", "null"])
    }),
    row("a field of a request is anything", |d| {
        *property(d, CHAT, "max_tokens") = json!({})
    }),
    row("a field that was anything is text", |d| {
        property(d, CHAT, "tool_choice")["type"] = "string".into()
    }),
    row("a field of a request is limited", |d| {
        property(d, CHAT, "temperature")["maximum"] = json!(0.5)
    }),
    row("a field of a request is limited from above", |d| {
        property(d, CHAT, "n")["maximum"] = 8.into()
    }),
    row("a field of a request is limited from below", |d| {
        property(d, CHAT, "max_tokens")["minimum"] = 1.into()
    }),
    row("a field of a request is never zero", |d| {
        property(d, CHAT, "temperature")["exclusiveMinimum"] = 0.into()
    }),
    row("a field of a request is a multiple", |d| {
        property(d, CHAT, "max_tokens")["multipleOf"] = 8.into()
    }),
    row("a field of a request is no longer than", |d| {
        property(d, CHAT, "user")["maxLength"] = 64.into()
    }),
    row("a field of a request is not empty", |d| {
        property(d, CHAT, "user")["minLength"] = 1.into()
    }),
    row("a field of a request has a pattern", |d| {
        property(d, CHAT, "user")["pattern"] = "^[a-z]+$".into()
    }),
    row("a field of a request has a default", |d| {
        property(d, CHAT, "temperature")["default"] = json!(1.0)
    }),
    row("a field of a request has another default", |d| {
        property(d, CHAT, "stream")["default"] = true.into()
    }),
    row("a field of a request is deprecated", |d| {
        property(d, CHAT, "max_tokens")["deprecated"] = true.into()
    }),
    row("a field of a request is only read", |d| {
        property(d, CHAT, "user")["readOnly"] = true.into()
    }),
    row("a field of a request has listed values", |d| {
        property(d, CHAT, "reasoning_effort")["enum"] = json!(["low", "high"]);
    }),
    row("a list must hold one", |d| {
        property(d, CHAT, "messages")["minItems"] = 1.into()
    }),
    row("a list holds no more than", |d| {
        property(d, CHAT, "tools")["maxItems"] = 128.into()
    }),
    row("a list holds each once", |d| {
        property(d, CHAT, "tools")["uniqueItems"] = true.into()
    }),
    row("a list holds something else", |d| {
        property(d, CHAT, "messages")["items"] = json!({"type": "string"})
    }),
    row("a list or one", |d| {
        let list = property(d, CHAT, "messages").take();
        *property(d, CHAT, "messages") = json!({"oneOf": [list, {"type": "string"}]});
    }),
    row("an object has listed fields", |d| {
        property(d, "FunctionDefinition", "parameters")["properties"] =
            json!({"type": {"type": "string"}});
    }),
    row("a field deep in a request must be sent", |d| {
        require(d, "FunctionDefinition", "parameters")
    }),
    row("others are kept", |d| {
        schema(d, "StreamOptions")["additionalProperties"] = json!({})
    }),
    row("others are refused", |d| {
        schema(d, CHAT)["additionalProperties"] = false.into()
    }),
    row("others are numbers", |d| {
        schema(d, CHAT)["additionalProperties"] = json!({"type": "number"})
    }),
    row("not more than", |d| {
        schema(d, "StreamOptions")["maxProperties"] = 1.into()
    }),
];

pub(crate) const MODELS: &[Mutation] = &[
    row("an answer does not stream", |d| {
        remove(
            d,
            &format!("{ASK}/responses/200/content/text~1event-stream"),
        );
    }),
    row("an answer only streams", |d| {
        remove(d, &format!("{ASK}/responses/200/content/application~1json"));
    }),
    row("another stream", |d| {
        at(d, ASK)["responses"]["200"]["content"]["text/event-stream"]["schema"] =
            json!({"$ref": "#/components/schemas/Usage"});
    }),
    row("a field of a chunk is of another type", |d| {
        *property(d, "ChatCompletionDelta", "reasoning") = json!({"type": "integer"})
    }),
    row("a field of a chunk goes", |d| {
        remove(
            d,
            "/components/schemas/ChatCompletionDelta/properties/refusal",
        )
    }),
    row("an operation streams now", |d| {
        let content = &mut at(d, "/paths/~1models/get")["responses"]["200"]["content"];
        content["text/event-stream"] = json!({"schema": {"$ref": "#/components/schemas/Model"}});
    }),
    row("a value of one enumeration of two comes", |d| {
        push(&mut property(d, "ChatMessage", "role")["enum"], "narrator")
    }),
    row("a value of both comes", |d| {
        push(&mut property(d, "ChatMessage", "role")["enum"], "narrator");
        push(
            &mut property(d, "ChatCompletionDelta", "role")["enum"],
            "narrator",
        );
    }),
    row("a value of an answer comes", |d| {
        push(&mut schema(d, "FinishReason")["enum"], "refusal")
    }),
    row("a value of an answer goes", |d| {
        schema(d, "FinishReason")["enum"]
            .as_array_mut()
            .unwrap()
            .pop();
    }),
    row("values in another order", |d| {
        schema(d, "FinishReason")["enum"]
            .as_array_mut()
            .unwrap()
            .reverse()
    }),
    row("values are numbers", |d| {
        *schema(d, "FinishReason") = json!({"type": "integer", "enum": [0, 1, 2]})
    }),
    row("an enumeration is text", |d| {
        *schema(d, "FinishReason") = json!({"type": "string"})
    }),
    row("a default of an enumeration", |d| {
        property(d, "ChatMessage", "role")["default"] = "user".into()
    }),
    row("alternatives are one", |d| {
        *schema(d, "StopSequences") = json!({"type": "string"})
    }),
    row("an alternative comes", |d| {
        push(
            &mut schema(d, "StopSequences")["oneOf"],
            json!({"title": "Number", "type": "integer"}),
        );
    }),
    row("an alternative is another", |d| {
        push(
            &mut schema(d, "StopSequences")["oneOf"],
            json!({"title": "Number", "type": "integer"}),
        );
        schema(d, "StopSequences")["oneOf"]
            .as_array_mut()
            .unwrap()
            .remove(0);
    }),
    row("alternatives in another order", |d| {
        schema(d, "StopSequences")["oneOf"]
            .as_array_mut()
            .unwrap()
            .reverse()
    }),
    row("an alternative has another title", |d| {
        schema(d, "StopSequences")["oneOf"][0]["title"] = "Single".into()
    }),
    row("any of the alternatives", |d| {
        let stop = schema(d, "StopSequences");
        *stop = json!({"anyOf": stop["oneOf"].take()});
    }),
    row("alternatives may be null", |d| {
        push(
            &mut schema(d, "StopSequences")["oneOf"],
            json!({"type": "null"}),
        )
    }),
    row("anything is one of two, told apart by a field", |d| {
        d["components"]["schemas"]["Plain"] = json!({"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}});
        d["components"]["schemas"]["Shaped"] = json!({"type": "object", "required": ["type", "schema"], "properties": {"type": {"type": "string"}, "schema": {"type": "object"}}});
        *property(d, CHAT, "response_format") = json!({
            "oneOf": [{"$ref": "#/components/schemas/Plain"}, {"$ref": "#/components/schemas/Shaped"}],
            "discriminator": {"propertyName": "type", "mapping": {"text": "#/components/schemas/Plain", "json_schema": "#/components/schemas/Shaped"}}
        });
    }),
    row("an answer's field was anything", |d| {
        property(d, "ErrorDetail", "code")["type"] = "string".into()
    }),
    row("an answer's field may not be a list", |d| {
        property(d, "ModelList", "data")["type"] = json!(["array", "object"])
    }),
    row("an answer's field is a whole number", |d| {
        property(d, "Usage", "cost")["format"] = "int64".into()
    }),
    row("a list of an answer may be missing", |d| {
        unrequire(d, "ModelList", "data")
    }),
    row("an object may be missing", |d| {
        unrequire(d, "ErrorBody", "error")
    }),
    row("an object is described in place", |d| {
        *property(d, "Model", "specs") = json!({"type": ["object", "null"], "properties": {"context_window": {"type": ["integer", "null"]}}});
    }),
    row("an object has its own parts", |d| {
        *property(d, "Tool", "function") = json!({"allOf": [{"$ref": "#/components/schemas/FunctionDefinition"}, {"type": "object", "properties": {"cache": {"type": "boolean"}}}]});
    }),
    row("a description beside a reference", |d| {
        property(d, "Tool", "function")["description"] = "What it does.".into()
    }),
    row("the schema of an answer is its own", |d| {
        let schema = schema(d, "ModelList").clone();
        at(d, "/paths/~1models/get")["responses"]["200"]["content"]["application/json"]["schema"] =
            schema;
    }),
    row("an example", |d| {
        property(d, "Model", "id")["example"] = "a/b".into()
    }),
];
