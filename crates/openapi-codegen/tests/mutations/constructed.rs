//! Changes of constructs that no specification of this project contains. They are first added to the
//! inference API.

use serde_json::{Value, json};

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Reason, expect, false_positive, row};
use openapi_codegen::rust_api::Bump::{Major, Minor, None as NoBump, Patch};

const MODELS: &str = "/paths/~1models/get";
const CHAT: &str = "ChatCompletionRequest";

/// Adds the constructs.
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
    schemas["Cat"] = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["cat"]}, "type": {"type": "string"}, "lives": {"type": "integer", "minimum": 1}}});
    schemas["Dog"] = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["dog"]}, "type": {"type": "string"}, "name": {"type": "string"}}});
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
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false},
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
        "second scope required",
        expect(Breaking, Patch, NoBump, ""),
        false_positive(Compatible, Patch, NoBump, "api-smart-diff", Reason::Keys),
        |d| at(d, MODELS)["security"] = json!([{"OAuth": ["read", "write"]}, {"HTTPBearer": []}]),
    ),
    row(
        "alternative security scheme removed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        false_positive(Compatible, Patch, NoBump, "api-smart-diff", Reason::Keys),
        |d| at(d, MODELS)["security"] = json!([{"HTTPBearer": []}]),
    ),
    row(
        "security scheme renamed",
        false_positive(Compatible, Patch, NoBump, "api-smart-diff", Reason::Keys),
        false_positive(Compatible, Patch, NoBump, "api-smart-diff", Reason::Keys),
        |d| rename(d, "OAuth", "Login"),
    ),
    row(
        "token URL changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| {
            d["components"]["securitySchemes"]["OAuth"]["flows"]["clientCredentials"]["tokenUrl"] =
                "https://example.com/other".into();
        },
    ),
    row(
        "operation server changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| at(d, MODELS)["servers"][0]["url"] = "https://{region}.example.org".into(),
    ),
    row(
        "server variable default changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| at(d, MODELS)["servers"][0]["variables"]["region"]["default"] = "us".into(),
    ),
    row(
        "operation server removed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| remove(d, &format!("{MODELS}/servers")),
    ),
    row(
        "list serialization changed",
        expect(Breaking, Major, NoBump, ""),
        expect(Breaking, Major, NoBump, ""),
        |d| {
            parameter(d, MODELS, "ids")
                .as_object_mut()
                .unwrap()
                .shift_remove("explode");
        },
    ),
    row(
        "default list serialization made explicit",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |d| parameter(d, MODELS, "ids")["style"] = "form".into(),
    ),
    row(
        "item format becomes int64",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| parameter(d, MODELS, "ids")["schema"]["items"]["format"] = "int64".into(),
    ),
    row(
        "object serialization changed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            parameter(d, MODELS, "where")
                .as_object_mut()
                .unwrap()
                .shift_remove("style");
        },
    ),
    row(
        "parameter property added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, ""),
        |d| {
            parameter(d, MODELS, "where")["schema"]["properties"]["name"] =
                json!({"type": "string"})
        },
    ),
    row(
        "JSON parameter property removed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| {
            parameter(d, MODELS, "filter")["content"]["application/json"]["schema"]["properties"] =
                json!({});
        },
    ),
    row(
        "parameter value added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            push(
                &mut parameter(d, MODELS, "sort")["schema"]["enum"],
                "random",
            )
        },
    ),
    row(
        "parameter value removed",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| parameter(d, MODELS, "sort")["schema"]["enum"] = json!(["up"]),
    ),
    row(
        "parameter default changed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| parameter(d, MODELS, "sort")["schema"]["default"] = "down".into(),
    ),
    row(
        "response header removed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| remove(d, &format!("{MODELS}/responses/200/headers")),
    ),
    row(
        "response header becomes optional",
        expect(Breaking, Patch, NoBump, ""),
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| at(d, MODELS)["responses"]["200"]["headers"]["X-Total"]["required"] = false.into(),
    ),
    row(
        "response header becomes string",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| {
            at(d, MODELS)["responses"]["200"]["headers"]["X-Total"]["schema"]["type"] =
                "string".into()
        },
    ),
    row(
        "default error removed",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "optic,api-smart-diff",
            Reason::Errors,
        ),
        expect(Compatible, Patch, NoBump, ""),
        |d| remove(d, &format!("{MODELS}/responses/default")),
    ),
    row(
        "success status becomes 2XX",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        |d| {
            let ok = at(d, MODELS)["responses"]["200"].take();
            remove(d, &format!("{MODELS}/responses/200"));
            at(d, MODELS)["responses"]["2XX"] = ok;
        },
    ),
    row(
        "webhook removed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| remove(d, "/webhooks/done"),
    ),
    row(
        "object alternative added",
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
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
        "object alternative replaced",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| {
            schema(d, "Pet")["oneOf"][1] = json!({"$ref": "#/components/schemas/Bird"});
            schema(d, "Pet")["discriminator"]["mapping"] =
                json!({"cat": "#/components/schemas/Cat", "bird": "#/components/schemas/Bird"});
        },
    ),
    row(
        "discriminator values swapped",
        expect(Breaking, Major, NoBump, ""),
        expect(Breaking, Major, NoBump, ""),
        |d| {
            schema(d, "Pet")["discriminator"]["mapping"] =
                json!({"cat": "#/components/schemas/Dog", "dog": "#/components/schemas/Cat"});
        },
    ),
    row(
        "discriminator property changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| schema(d, "Pet")["discriminator"]["propertyName"] = "type".into(),
    ),
    row(
        "discriminator removed",
        false_positive(Same, NoBump, NoBump, "api-smart-diff", Reason::Spelling),
        expect(Same, NoBump, NoBump, ""),
        |d| remove(d, "/components/schemas/Pet/discriminator"),
    ),
    row(
        "alternative property removed",
        expect(Breaking, Major, Major, ""),
        expect(Compatible, Minor, NoBump, ""),
        |d| remove(d, "/components/schemas/Cat/properties/lives"),
    ),
    row(
        "alternative limit changed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Cat", "lives")["minimum"] = 2.into(),
    ),
    row(
        "allOf part property added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "optic"),
        |d| *property(d, "Base", "owner") = json!({"type": "string"}),
    ),
    row(
        "allOf part removed",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        false_positive(Compatible, Minor, NoBump, "optic", Reason::ReadOnly),
        |d| remove(d, "/components/schemas/Thing/allOf"),
    ),
    row(
        "readOnly removed",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "Base", "id")["readOnly"] = false.into(),
    ),
    row(
        "writeOnly removed",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Base", "secret")["writeOnly"] = false.into(),
    ),
    row(
        "numeric enumeration value added",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        |d| push(&mut property(d, "Thing", "level")["enum"], 4),
    ),
    row(
        "numeric enumeration values reordered",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| {
            property(d, "Thing", "level")["enum"]
                .as_array_mut()
                .unwrap()
                .reverse()
        },
    ),
    row(
        "pattern changed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "code")["pattern"] = "^[0-9]+$".into(),
    ),
    row(
        "pattern removed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| remove(d, "/components/schemas/Thing/properties/code/pattern"),
    ),
    row(
        "maxLength increased",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "code")["maxLength"] = 16.into(),
    ),
    row(
        "maxLength decreased",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "code")["minLength"] = 1.into(),
    ),
    row(
        "const changed",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| property(d, "Thing", "kind")["const"] = "item".into(),
    ),
    row(
        "const removed",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        |d| *property(d, "Thing", "kind") = json!({"type": "string"}),
    ),
    row(
        "tuple item type changed",
        expect(Breaking, Major, Major, ""),
        expect(Breaking, Major, NoBump, ""),
        |d| property(d, "Thing", "pair")["prefixItems"][1]["type"] = "string".into(),
    ),
    row(
        "tuple item added",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| {
            push(
                &mut property(d, "Thing", "pair")["prefixItems"],
                json!({"type": "string"}),
            )
        },
    ),
    row(
        "map value format becomes int64",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "counts")["additionalProperties"]["format"] = "int64".into(),
    ),
    row(
        "map values become strings",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "counts")["additionalProperties"] = json!({"type": "string"}),
    ),
    row(
        "map values become untyped",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "counts")["additionalProperties"] = true.into(),
    ),
    row(
        "exclusive limit becomes inclusive",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
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
        "number format becomes double",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "ratio")["format"] = "double".into(),
    ),
    row(
        "content encoding changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| property(d, "Thing", "image")["contentEncoding"] = "base64url".into(),
    ),
    row(
        "content media type changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| property(d, "Thing", "image")["contentMediaType"] = "image/jpeg".into(),
    ),
    row(
        "date becomes date-time",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "when")["format"] = "date-time".into(),
    ),
    row(
        "uniqueItems removed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "children")["uniqueItems"] = false.into(),
    ),
    row(
        "recursive items become strings",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "Thing", "children")["items"] = json!({"type": "string"}),
    ),
];
