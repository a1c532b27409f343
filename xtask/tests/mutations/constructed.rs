//! Changes of what neither specification has: it is put into the inference API first.

use serde_json::{Value, json};

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Why, row, side, unlike};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const MODELS: &str = "/paths/~1models/get";
const CHAT: &str = "ChatCompletionRequest";

/// What the changes below start from.
pub(crate) fn prepare(d: &mut Value) {
    d["components"]["securitySchemes"]["OAuth"] = json!({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://example.com/token", "scopes": {"read": "", "write": ""}}}});
    let models = at(d, MODELS);
    models["security"] = json!([{"OAuth": ["read"]}, {"HTTPBearer": []}]);
    models["servers"] = json!([{"url": "https://{region}.example.com", "variables": {"region": {"default": "eu"}}}]);
    models["parameters"] = json!([
        {"name": "ids", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "integer", "format": "int32"}}},
        {"name": "where", "in": "query", "style": "deepObject", "explode": true, "schema": {"type": "object", "properties": {"owner": {"type": "string"}}}},
        {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["up", "down"], "default": "up"}},
        {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}},
    ]);
    models["responses"]["200"]["headers"] =
        json!({"X-Total": {"required": true, "schema": {"type": "integer"}}});
    models["responses"]["default"] = json!({"description": "Anything else.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}});
    d["webhooks"] = json!({"done": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Model"}}}}, "responses": {"200": {"description": "OK"}}}}});
    let schemas = &mut d["components"]["schemas"];
    schemas["Cat"] = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["cat"]}, "lives": {"type": "integer", "minimum": 1}}});
    schemas["Dog"] = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["dog"]}, "name": {"type": "string"}}});
    schemas["Bird"] = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["bird"]}}});
    schemas["Pet"] = json!({
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}}
    });
    schemas["Base"] = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "readOnly": true}, "secret": {"type": "string", "writeOnly": true}}});
    schemas["Thing"] = json!({
        "allOf": [{"$ref": "#/components/schemas/Base"}],
        "type": "object",
        "properties": {
            "level": {"type": "integer", "enum": [1, 2, 3]},
            "code": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 8},
            "kind": {"const": "thing"},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
            "counts": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}},
            "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "format": "float"},
            "image": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
            "when": {"type": "string", "format": "date"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}, "uniqueItems": true}
        }
    });
    *property(d, CHAT, "pet") = json!({"$ref": "#/components/schemas/Pet"});
    *property(d, CHAT, "thing") = json!({"$ref": "#/components/schemas/Thing"});
    *property(d, "ModelList", "pet") = json!({"$ref": "#/components/schemas/Pet"});
    *property(d, "ModelList", "thing") = json!({"$ref": "#/components/schemas/Thing"});
}

pub(crate) const CONSTRUCTED: &[Mutation] = &[
    row(
        "more is asked for than a scope",
        side(Breaking, Patch, Nothing, ""),
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Keys),
        |d| at(d, MODELS)["security"] = json!([{"OAuth": ["read", "write"]}, {"HTTPBearer": []}]),
    ),
    row(
        "one of two keys is not taken",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Keys),
        |d| at(d, MODELS)["security"] = json!([{"HTTPBearer": []}]),
    ),
    row(
        "a key is renamed",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Keys),
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Keys),
        |d| rename(d, "OAuth", "Login"),
    ),
    row(
        "tokens come from elsewhere",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| {
            d["components"]["securitySchemes"]["OAuth"]["flows"]["clientCredentials"]["tokenUrl"] =
                "https://example.com/other".into();
        },
    ),
    row(
        "an operation is elsewhere",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| at(d, MODELS)["servers"][0]["url"] = "https://{region}.example.org".into(),
    ),
    row(
        "a variable of the address",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| at(d, MODELS)["servers"][0]["variables"]["region"]["default"] = "us".into(),
    ),
    row(
        "an operation has no address of its own",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| remove(d, &format!("{MODELS}/servers")),
    ),
    row(
        "a list is written in another way",
        side(Breaking, Major, Nothing, ""),
        side(Breaking, Major, Nothing, ""),
        |d| {
            parameter(d, MODELS, "ids")
                .as_object_mut()
                .unwrap()
                .shift_remove("explode");
        },
    ),
    row(
        "a list is written as before, said aloud",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| parameter(d, MODELS, "ids")["style"] = "form".into(),
    ),
    row(
        "items of a list are of 64 bits",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| parameter(d, MODELS, "ids")["schema"]["items"]["format"] = "int64".into(),
    ),
    row(
        "an object is written in another way",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            parameter(d, MODELS, "where")
                .as_object_mut()
                .unwrap()
                .shift_remove("style");
        },
    ),
    row(
        "a field of a parameter comes",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, ""),
        |d| {
            parameter(d, MODELS, "where")["schema"]["properties"]["name"] =
                json!({"type": "string"})
        },
    ),
    row(
        "a field of a parameter's JSON goes",
        side(Breaking, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| {
            parameter(d, MODELS, "filter")["content"]["application/json"]["schema"]["properties"] =
                json!({});
        },
    ),
    row(
        "a value of a parameter comes",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            push(
                &mut parameter(d, MODELS, "sort")["schema"]["enum"],
                "random",
            )
        },
    ),
    row(
        "a value of a parameter goes",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| parameter(d, MODELS, "sort")["schema"]["enum"] = json!(["up"]),
    ),
    row(
        "a default of a parameter",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| parameter(d, MODELS, "sort")["schema"]["default"] = "down".into(),
    ),
    row(
        "a header of an answer goes",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| remove(d, &format!("{MODELS}/responses/200/headers")),
    ),
    row(
        "a header of an answer may be missing",
        side(Breaking, Patch, Nothing, ""),
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        |d| at(d, MODELS)["responses"]["200"]["headers"]["X-Total"]["required"] = false.into(),
    ),
    row(
        "a header of an answer is text",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| {
            at(d, MODELS)["responses"]["200"]["headers"]["X-Total"]["schema"]["type"] =
                "string".into()
        },
    ),
    row(
        "no word on other errors",
        unlike(
            Compatible,
            Patch,
            Nothing,
            "optic,api-smart-diff",
            Why::Errors,
        ),
        side(Compatible, Patch, Nothing, ""),
        |d| remove(d, &format!("{MODELS}/responses/default")),
    ),
    row(
        "successes by their class",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        |d| {
            let ok = at(d, MODELS)["responses"]["200"].take();
            remove(d, &format!("{MODELS}/responses/200"));
            at(d, MODELS)["responses"]["2XX"] = ok;
        },
    ),
    row(
        "a webhook goes",
        side(Breaking, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| remove(d, "/webhooks/done"),
    ),
    row(
        "an alternative of objects comes",
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            push(
                &mut schema(d, "Pet")["oneOf"],
                json!({"$ref": "#/components/schemas/Bird"}),
            );
            schema(d, "Pet")["discriminator"]["mapping"]["bird"] =
                "#/components/schemas/Bird".into();
        },
    ),
    row(
        "an alternative of objects is another",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            schema(d, "Pet")["oneOf"][1] = json!({"$ref": "#/components/schemas/Bird"});
            schema(d, "Pet")["discriminator"]["mapping"] =
                json!({"cat": "#/components/schemas/Cat", "bird": "#/components/schemas/Bird"});
        },
    ),
    row(
        "alternatives trade their names",
        side(Breaking, Major, Nothing, ""),
        side(Breaking, Major, Nothing, ""),
        |d| {
            schema(d, "Pet")["discriminator"]["mapping"] =
                json!({"cat": "#/components/schemas/Dog", "dog": "#/components/schemas/Cat"});
        },
    ),
    row(
        "alternatives are told apart by another field",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| schema(d, "Pet")["discriminator"]["propertyName"] = "type".into(),
    ),
    row(
        "alternatives are not told apart",
        unlike(Same, Nothing, Nothing, "api-smart-diff", Why::Spelling),
        side(Same, Nothing, Nothing, ""),
        |d| remove(d, "/components/schemas/Pet/discriminator"),
    ),
    row(
        "a field of an alternative goes",
        side(Breaking, Major, Major, ""),
        side(Compatible, Minor, Nothing, ""),
        |d| remove(d, "/components/schemas/Cat/properties/lives"),
    ),
    row(
        "a limit in an alternative",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Cat", "lives")["minimum"] = 2.into(),
    ),
    row(
        "a part has another field",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "optic"),
        |d| *property(d, "Base", "owner") = json!({"type": "string"}),
    ),
    row(
        "a part goes",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        unlike(Compatible, Major, Nothing, "optic", Why::ReadOnly),
        |d| remove(d, "/components/schemas/Thing/allOf"),
    ),
    row(
        "what was only read may be written",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Base", "id")["readOnly"] = false.into(),
    ),
    row(
        "what was only written is read",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Base", "secret")["writeOnly"] = false.into(),
    ),
    row(
        "a number is a new value",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        |d| push(&mut property(d, "Thing", "level")["enum"], 4),
    ),
    row(
        "numbers in another order",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| {
            property(d, "Thing", "level")["enum"]
                .as_array_mut()
                .unwrap()
                .reverse()
        },
    ),
    row(
        "another pattern",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "code")["pattern"] = "^[0-9]+$".into(),
    ),
    row(
        "no pattern",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| remove(d, "/components/schemas/Thing/properties/code/pattern"),
    ),
    row(
        "a text is longer",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "code")["maxLength"] = 16.into(),
    ),
    row(
        "a text is shorter",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "code")["minLength"] = 1.into(),
    ),
    row(
        "another constant",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| property(d, "Thing", "kind")["const"] = "item".into(),
    ),
    row(
        "no constant",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        |d| *property(d, "Thing", "kind") = json!({"type": "string"}),
    ),
    row(
        "an item of a tuple is another",
        side(Breaking, Major, Major, ""),
        side(Breaking, Major, Nothing, ""),
        |d| property(d, "Thing", "pair")["prefixItems"][1]["type"] = "string".into(),
    ),
    row(
        "a tuple has another item",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| {
            push(
                &mut property(d, "Thing", "pair")["prefixItems"],
                json!({"type": "string"}),
            )
        },
    ),
    row(
        "a map holds greater numbers",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "counts")["additionalProperties"]["format"] = "int64".into(),
    ),
    row(
        "a map holds text",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "counts")["additionalProperties"] = json!({"type": "string"}),
    ),
    row(
        "a map holds anything",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "counts")["additionalProperties"] = true.into(),
    ),
    row(
        "a limit is in now",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            let ratio = property(d, "Thing", "ratio");
            ratio["maximum"] = 1.into();
            ratio
                .as_object_mut()
                .unwrap()
                .shift_remove("exclusiveMaximum");
        },
    ),
    row(
        "a number is more exact",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "ratio")["format"] = "double".into(),
    ),
    row(
        "bytes in another alphabet",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| property(d, "Thing", "image")["contentEncoding"] = "base64url".into(),
    ),
    row(
        "bytes of another kind",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| property(d, "Thing", "image")["contentMediaType"] = "image/jpeg".into(),
    ),
    row(
        "a day is a moment",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "when")["format"] = "date-time".into(),
    ),
    row(
        "children may stand twice",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "children")["uniqueItems"] = false.into(),
    ),
    row(
        "children are names",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "Thing", "children")["items"] = json!({"type": "string"}),
    ),
];
