//! Changes of the training API: paths, keys, parameters.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Why, row, side, unlike};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const USAGE: &str = "/paths/~1api~1v1~1billing~1runs~1{run_id}~1usage/get";
const WALLET: &str = "/paths/~1api~1v1~1billing~1wallet/get";
const CREATE: &str = "/paths/~1api~1v1~1training~1runs/post";

/// Of documents, operations and parameters.
pub(crate) const OPERATIONS: &[Mutation] = &[
    row(
        "nothing",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |_| {},
    ),
    row(
        "a description",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| d["info"]["description"] = "Another.".into(),
    ),
    row(
        "the document's title",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| d["info"]["title"] = "Another".into(),
    ),
    row(
        "the document's version",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| d["info"]["version"] = "9".into(),
    ),
    row(
        "the address",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| d["servers"][0]["url"] = "https://example.com".into(),
    ),
    row(
        "a second address",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| push(&mut d["servers"], json!({"url": "https://example.com"})),
    ),
    row(
        "operations in another order",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| turn_around(&mut d["paths"]),
    ),
    row(
        "an operation goes",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| remove(d, WALLET),
    ),
    row(
        "an operation comes",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let get = at(d, WALLET).clone();
            d["paths"]["/new"] = json!({"get": get});
            d["paths"]["/new"]["get"]["operationId"] = "new_one".into();
        },
    ),
    row(
        "an operation moves",
        side(
            Breaking,
            Patch,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(
            Breaking,
            Patch,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| {
            let get = at(d, WALLET).clone();
            remove(d, "/paths/~1api~1v1~1billing~1wallet");
            d["paths"]["/moved"] = json!({"get": get});
        },
    ),
    row(
        "an operation of another method",
        side(
            Breaking,
            Patch,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(
            Breaking,
            Patch,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        |d| {
            let get = at(d, WALLET).clone();
            d["paths"]["/api/v1/billing/wallet"] = json!({"post": get});
        },
    ),
    row(
        "an operation is renamed",
        side(Compatible, Major, Major, ""),
        side(Compatible, Major, Major, ""),
        |d| at(d, WALLET)["operationId"] = "renamed".into(),
    ),
    row(
        "an operation is deprecated",
        side(Compatible, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| at(d, WALLET)["deprecated"] = true.into(),
    ),
    row(
        "an operation has other tags",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| at(d, WALLET)["tags"] = json!(["Money"]),
    ),
    row(
        "an operation calls back",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| {
            at(d, CREATE)["callbacks"] = json!({"done": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": "OK"}}}}}});
        },
    ),
    row(
        "a webhook",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, ""),
        |d| {
            d["webhooks"] =
                json!({"done": {"post": {"responses": {"200": {"description": "OK"}}}}});
        },
    ),
    row(
        "another key",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| at(d, WALLET)["security"] = json!([{"Other": []}]),
    ),
    row(
        "no key",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| at(d, WALLET)["security"] = json!([]),
    ),
    row(
        "a key or another",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Keys),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            d["components"]["securitySchemes"]["Other"] =
                json!({"type": "http", "scheme": "basic"});
            push(&mut at(d, WALLET)["security"], json!({"Other": []}));
        },
    ),
    row(
        "a key and another",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Keys),
        |d| {
            d["components"]["securitySchemes"]["Other"] =
                json!({"type": "http", "scheme": "basic"});
            at(d, WALLET)["security"][0]["Other"] = json!([]);
        },
    ),
    row(
        "the key is sent in another way",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            d["components"]["securitySchemes"]["HTTPBearer"] =
                json!({"type": "apiKey", "in": "header", "name": "X-Key"});
        },
    ),
    row(
        "a parameter goes",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| {
            let parameters = at(d, WALLET)["parameters"].as_array_mut().unwrap();
            parameters.retain(|p| p["name"] != "limit");
        },
    ),
    row(
        "a parameter may come",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            push(
                &mut at(d, WALLET)["parameters"],
                json!({"name": "sort", "in": "query", "schema": {"type": "string"}}),
            );
        },
    ),
    row(
        "a parameter must come",
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            push(
                &mut at(d, WALLET)["parameters"],
                json!({"name": "sort", "in": "query", "required": true, "schema": {"type": "string"}}),
            );
        },
    ),
    row(
        "a parameter must come to what had none",
        side(Breaking, Minor, Nothing, "optic"),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            at(d, CREATE)["parameters"] = json!([{"name": "X-Dry", "in": "header", "required": true, "schema": {"type": "boolean"}}]);
        },
    ),
    row(
        "a parameter of all of a path's operations",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| {
            d["paths"]["/api/v1/billing/wallet"]["parameters"] =
                json!([{"name": "sort", "in": "query", "schema": {"type": "string"}}]);
        },
    ),
    row(
        "a parameter has to be sent",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| parameter(d, WALLET, "limit")["required"] = true.into(),
    ),
    row(
        "a parameter is renamed",
        side(Breaking, Major, Major, "api-smart-diff"),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["name"] = "count".into(),
    ),
    row(
        "a parameter is a header",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["in"] = "header".into(),
    ),
    row(
        "a parameter is of another type",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["schema"] = json!({"type": "string"}),
    ),
    row(
        "a parameter is a fraction",
        unlike(Compatible, Major, Nothing, "optic", Why::Direction),
        side(Breaking, Major, Nothing, "optic"),
        |d| parameter(d, WALLET, "limit")["schema"]["type"] = "number".into(),
    ),
    row(
        "a parameter is a list",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        |d| {
            parameter(d, WALLET, "limit")["schema"] =
                json!({"type": "array", "items": {"type": "integer"}});
        },
    ),
    row(
        "a parameter has listed values",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| {
            parameter(d, WALLET, "teamId")["schema"] =
                json!({"type": "string", "enum": ["a", "b"]});
        },
    ),
    row(
        "a parameter is never null",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| parameter(d, WALLET, "teamId")["schema"] = json!({"type": "string"}),
    ),
    row(
        "a parameter is limited",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| parameter(d, WALLET, "limit")["schema"]["maximum"] = 1.into(),
    ),
    row(
        "a parameter's limit is wider",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["schema"]["maximum"] = 200.into(),
    ),
    row(
        "a parameter's limit excludes itself",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        |d| {
            let schema = &mut parameter(d, WALLET, "limit")["schema"];
            schema.as_object_mut().unwrap().shift_remove("minimum");
            schema["exclusiveMinimum"] = 1.into();
        },
    ),
    row(
        "a parameter has no limit",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            let schema = parameter(d, WALLET, "limit")["schema"]
                .as_object_mut()
                .unwrap();
            schema.shift_remove("maximum");
        },
    ),
    row(
        "a parameter may be negative",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| parameter(d, WALLET, "offset")["schema"]["minimum"] = (-1).into(),
    ),
    row(
        "a parameter is of 32 bits",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Compatible, Major, Nothing, ""),
        |d| parameter(d, WALLET, "limit")["schema"]["format"] = "int32".into(),
    ),
    row(
        "a parameter's default",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| parameter(d, WALLET, "limit")["schema"]["default"] = 50.into(),
    ),
    row(
        "a parameter has no default",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Breaking, Patch, Nothing, ""),
        |d| {
            let schema = parameter(d, WALLET, "limit")["schema"]
                .as_object_mut()
                .unwrap();
            schema.shift_remove("default");
        },
    ),
    row(
        "a parameter is deprecated",
        side(Compatible, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| parameter(d, WALLET, "limit")["deprecated"] = true.into(),
    ),
    row(
        "a parameter is described",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| parameter(d, WALLET, "limit")["description"] = "Rows.".into(),
    ),
    row(
        "a path's parameter is renamed",
        side(Compatible, Major, Major, ""),
        side(Compatible, Major, Major, ""),
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
        "a path's parameter is a number",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        |d| parameter(d, USAGE, "run_id")["schema"] = json!({"type": "integer"}),
    ),
    row(
        "a path's parameter is a UUID",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| parameter(d, USAGE, "run_id")["schema"]["format"] = "uuid".into(),
    ),
    row(
        "a path's parameter has a pattern",
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| parameter(d, USAGE, "run_id")["schema"]["pattern"] = "^run_".into(),
    ),
];
