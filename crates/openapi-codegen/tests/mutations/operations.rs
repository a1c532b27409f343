//! Changes of paths, security and parameters in the training API.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Reason, expect, false_positive, row};
use openapi_codegen::rust_api::Bump::{Major, Minor, None as NoBump, Patch};

const USAGE: &str = "/paths/~1api~1v1~1billing~1runs~1{run_id}~1usage/get";
const WALLET: &str = "/paths/~1api~1v1~1billing~1wallet/get";
const CREATE: &str = "/paths/~1api~1v1~1training~1runs/post";

/// Changes of documents, operations and parameters.
pub(crate) const OPERATIONS: &[Mutation] = &[
    row(
        "nothing",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |_| {},
    ),
    row(
        "description changed",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| d["info"]["description"] = "Another.".into(),
    ),
    row(
        "document title changed",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| d["info"]["title"] = "Another".into(),
    ),
    row(
        "document version changed",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| d["info"]["version"] = "9".into(),
    ),
    row(
        "server URL changed",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| d["servers"][0]["url"] = "https://example.com".into(),
    ),
    row(
        "second server added",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |d| push(&mut d["servers"], json!({"url": "https://example.com"})),
    ),
    row(
        "operations reordered",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| reverse_keys(&mut d["paths"]),
    ),
    row(
        "operation removed",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| remove(d, WALLET),
    ),
    row(
        "operation added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let get = at(d, WALLET).clone();
            d["paths"]["/new"] = json!({"get": get});
            d["paths"]["/new"]["get"]["operationId"] = "new_one".into();
        },
    ),
    row(
        "operation path changed",
        expect(Breaking, Patch, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let get = at(d, WALLET).clone();
            remove(d, "/paths/~1api~1v1~1billing~1wallet");
            d["paths"]["/moved"] = json!({"get": get});
        },
    ),
    row(
        "operation method changed",
        expect(Breaking, Patch, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let get = at(d, WALLET).clone();
            d["paths"]["/api/v1/billing/wallet"] = json!({"post": get});
        },
    ),
    row(
        "operation id changed",
        expect(Compatible, Major, Major, ""),
        expect(Compatible, Major, Major, ""),
        |d| at(d, WALLET)["operationId"] = "renamed".into(),
    ),
    row(
        "operation deprecated",
        expect(Compatible, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| at(d, WALLET)["deprecated"] = true.into(),
    ),
    row(
        "operation tags changed",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |d| at(d, WALLET)["tags"] = json!(["Money"]),
    ),
    row(
        "callback added",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| {
            at(d, CREATE)["callbacks"] = json!({"done": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": "OK"}}}}}});
        },
    ),
    row(
        "webhook added",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, ""),
        |d| {
            d["webhooks"] =
                json!({"done": {"post": {"responses": {"200": {"description": "OK"}}}}});
        },
    ),
    row(
        "security scheme replaced",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| at(d, WALLET)["security"] = json!([{"Other": []}]),
    ),
    row(
        "security requirement removed",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| at(d, WALLET)["security"] = json!([]),
    ),
    row(
        "alternative security scheme added",
        false_positive(Compatible, Patch, NoBump, "api-smart-diff", Reason::Keys),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| {
            d["components"]["securitySchemes"]["Other"] =
                json!({"type": "http", "scheme": "basic"});
            push(&mut at(d, WALLET)["security"], json!({"Other": []}));
        },
    ),
    row(
        "additional security scheme required",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        false_positive(Compatible, Patch, NoBump, "api-smart-diff", Reason::Keys),
        |d| {
            d["components"]["securitySchemes"]["Other"] =
                json!({"type": "http", "scheme": "basic"});
            at(d, WALLET)["security"][0]["Other"] = json!([]);
        },
    ),
    row(
        "security scheme changed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| {
            d["components"]["securitySchemes"]["HTTPBearer"] =
                json!({"type": "apiKey", "in": "header", "name": "X-Key"});
        },
    ),
    row(
        "parameter removed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| {
            let parameters = at(d, WALLET)["parameters"].as_array_mut().unwrap();
            parameters.retain(|p| p["name"] != "limit");
        },
    ),
    row(
        "optional parameter added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            push(
                &mut at(d, WALLET)["parameters"],
                json!({"name": "sort", "in": "query", "schema": {"type": "string"}}),
            );
        },
    ),
    row(
        "required parameter added",
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            push(
                &mut at(d, WALLET)["parameters"],
                json!({"name": "sort", "in": "query", "required": true, "schema": {"type": "string"}}),
            );
        },
    ),
    row(
        "required parameter added to operation without parameters",
        expect(Breaking, Minor, NoBump, "optic"),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            at(d, CREATE)["parameters"] = json!([{"name": "X-Dry", "in": "header", "required": true, "schema": {"type": "boolean"}}]);
        },
    ),
    row(
        "parameter moved to path item",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            d["paths"]["/api/v1/billing/wallet"]["parameters"] =
                json!([{"name": "sort", "in": "query", "schema": {"type": "string"}}]);
        },
    ),
    row(
        "parameter becomes required",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| parameter(d, WALLET, "limit")["required"] = true.into(),
    ),
    row(
        "parameter renamed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["name"] = "count".into(),
    ),
    row(
        "query parameter becomes header",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["in"] = "header".into(),
    ),
    row(
        "parameter type changed",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["schema"] = json!({"type": "string"}),
    ),
    row(
        "integer parameter becomes number",
        false_positive(Compatible, Major, NoBump, "optic", Reason::Direction),
        expect(Breaking, Major, NoBump, "optic"),
        |d| parameter(d, WALLET, "limit")["schema"]["type"] = "number".into(),
    ),
    row(
        "parameter becomes list",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        |d| {
            parameter(d, WALLET, "limit")["schema"] =
                json!({"type": "array", "items": {"type": "integer"}});
        },
    ),
    row(
        "parameter enumeration added",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            parameter(d, WALLET, "teamId")["schema"] =
                json!({"type": "string", "enum": ["a", "b"]});
        },
    ),
    row(
        "parameter no longer nullable",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| parameter(d, WALLET, "teamId")["schema"] = json!({"type": "string"}),
    ),
    row(
        "parameter limit added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| parameter(d, WALLET, "limit")["schema"]["maximum"] = 1.into(),
    ),
    row(
        "parameter limit extended",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["schema"]["maximum"] = 200.into(),
    ),
    row(
        "parameter limit becomes exclusive",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            let schema = &mut parameter(d, WALLET, "limit")["schema"];
            schema.as_object_mut().unwrap().shift_remove("minimum");
            schema["exclusiveMinimum"] = 1.into();
        },
    ),
    row(
        "parameter limit removed",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| {
            let schema = parameter(d, WALLET, "limit")["schema"]
                .as_object_mut()
                .unwrap();
            schema.shift_remove("maximum");
        },
    ),
    row(
        "parameter minimum becomes negative",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| parameter(d, WALLET, "offset")["schema"]["minimum"] = (-1).into(),
    ),
    row(
        "parameter format becomes int32",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Compatible, Major, NoBump, ""),
        |d| parameter(d, WALLET, "limit")["schema"]["format"] = "int32".into(),
    ),
    row(
        "parameter default changed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["schema"]["default"] = 50.into(),
    ),
    row(
        "parameter default removed",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Breaking, Patch, NoBump, ""),
        |d| {
            let schema = parameter(d, WALLET, "limit")["schema"]
                .as_object_mut()
                .unwrap();
            schema.shift_remove("default");
        },
    ),
    row(
        "parameter deprecated",
        expect(Compatible, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| parameter(d, WALLET, "limit")["deprecated"] = true.into(),
    ),
    row(
        "parameter description added",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| parameter(d, WALLET, "limit")["description"] = "Rows.".into(),
    ),
    row(
        "path parameter renamed",
        expect(Compatible, Major, Major, ""),
        expect(Compatible, Major, Major, ""),
        |d| {
            let mut item = d["paths"]["/api/v1/training/runs/{run_id}"].take();
            item["delete"]["parameters"][0]["name"] = "id".into();
            d["paths"]
                .as_object_mut()
                .unwrap()
                .shift_remove("/api/v1/training/runs/{run_id}");
            d["paths"]["/api/v1/training/runs/{id}"] = item;
        },
    ),
    row(
        "path parameter becomes integer",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        |d| parameter(d, USAGE, "run_id")["schema"] = json!({"type": "integer"}),
    ),
    row(
        "path parameter becomes UUID",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| parameter(d, USAGE, "run_id")["schema"]["format"] = "uuid".into(),
    ),
    row(
        "path parameter pattern added",
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| parameter(d, USAGE, "run_id")["schema"]["pattern"] = "^run_".into(),
    ),
];
