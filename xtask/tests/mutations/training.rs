//! Changes of the training API: paths, parameters, answers.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, row};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const USAGE: &str = "/paths/~1api~1v1~1billing~1runs~1{run_id}~1usage/get";
const WALLET: &str = "/paths/~1api~1v1~1billing~1wallet/get";
const CREATE: &str = "/paths/~1api~1v1~1training~1runs/post";

/// Of documents, operations and parameters.
pub(crate) const OPERATIONS: &[Mutation] = &[
    row("nothing", |_| {}),
    row("a description", |d| {
        d["info"]["description"] = "Another.".into()
    }),
    row("the document's title", |d| {
        d["info"]["title"] = "Another".into()
    }),
    row("the document's version", |d| {
        d["info"]["version"] = "9".into()
    }),
    row("the address", |d| {
        d["servers"][0]["url"] = "https://example.com".into()
    }),
    row("a second address", |d| {
        push(&mut d["servers"], json!({"url": "https://example.com"}))
    }),
    row("operations in another order", |d| {
        turn_around(&mut d["paths"])
    }),
    row("an operation goes", |d| remove(d, WALLET)),
    row("an operation comes", |d| {
        let get = at(d, WALLET).clone();
        d["paths"]["/new"] = json!({"get": get});
        d["paths"]["/new"]["get"]["operationId"] = "new_one".into();
    }),
    row("an operation moves", |d| {
        let get = at(d, WALLET).clone();
        remove(d, "/paths/~1api~1v1~1billing~1wallet");
        d["paths"]["/moved"] = json!({"get": get});
    }),
    row("an operation of another method", |d| {
        let get = at(d, WALLET).clone();
        d["paths"]["/api/v1/billing/wallet"] = json!({"post": get});
    }),
    row("an operation is renamed", |d| {
        at(d, WALLET)["operationId"] = "renamed".into()
    }),
    row("an operation is deprecated", |d| {
        at(d, WALLET)["deprecated"] = true.into()
    }),
    row("an operation has other tags", |d| {
        at(d, WALLET)["tags"] = json!(["Money"])
    }),
    row("an operation calls back", |d| {
        at(d, CREATE)["callbacks"] = json!({"done": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": "OK"}}}}}});
    }),
    row("a webhook", |d| {
        d["webhooks"] = json!({"done": {"post": {"responses": {"200": {"description": "OK"}}}}});
    }),
    row("another key", |d| {
        at(d, WALLET)["security"] = json!([{"Other": []}])
    }),
    row("no key", |d| at(d, WALLET)["security"] = json!([])),
    row("a key or another", |d| {
        d["components"]["securitySchemes"]["Other"] = json!({"type": "http", "scheme": "basic"});
        push(&mut at(d, WALLET)["security"], json!({"Other": []}));
    }),
    row("a key and another", |d| {
        d["components"]["securitySchemes"]["Other"] = json!({"type": "http", "scheme": "basic"});
        at(d, WALLET)["security"][0]["Other"] = json!([]);
    }),
    row("the key is sent in another way", |d| {
        d["components"]["securitySchemes"]["HTTPBearer"] =
            json!({"type": "apiKey", "in": "header", "name": "X-Key"});
    }),
    row("a parameter goes", |d| {
        let parameters = at(d, WALLET)["parameters"].as_array_mut().unwrap();
        parameters.retain(|p| p["name"] != "limit");
    }),
    row("a parameter may come", |d| {
        push(
            &mut at(d, WALLET)["parameters"],
            json!({"name": "sort", "in": "query", "schema": {"type": "string"}}),
        );
    }),
    row("a parameter must come", |d| {
        push(
            &mut at(d, WALLET)["parameters"],
            json!({"name": "sort", "in": "query", "required": true, "schema": {"type": "string"}}),
        );
    }),
    row("a parameter must come to what had none", |d| {
        at(d, CREATE)["parameters"] = json!([{"name": "X-Dry", "in": "header", "required": true, "schema": {"type": "boolean"}}]);
    }),
    row("a parameter of all of a path's operations", |d| {
        d["paths"]["/api/v1/billing/wallet"]["parameters"] =
            json!([{"name": "sort", "in": "query", "schema": {"type": "string"}}]);
    }),
    row("a parameter has to be sent", |d| {
        parameter(d, WALLET, "limit")["required"] = true.into()
    }),
    row("a parameter is renamed", |d| {
        parameter(d, WALLET, "limit")["name"] = "count".into()
    }),
    row("a parameter is a header", |d| {
        parameter(d, WALLET, "limit")["in"] = "header".into()
    }),
    row("a parameter is of another type", |d| {
        parameter(d, WALLET, "limit")["schema"] = json!({"type": "string"})
    }),
    row("a parameter is a fraction", |d| {
        parameter(d, WALLET, "limit")["schema"]["type"] = "number".into()
    }),
    row("a parameter is a list", |d| {
        parameter(d, WALLET, "limit")["schema"] =
            json!({"type": "array", "items": {"type": "integer"}});
    }),
    row("a parameter has listed values", |d| {
        parameter(d, WALLET, "teamId")["schema"] = json!({"type": "string", "enum": ["a", "b"]});
    }),
    row("a parameter is never null", |d| {
        parameter(d, WALLET, "teamId")["schema"] = json!({"type": "string"})
    }),
    row("a parameter is limited", |d| {
        parameter(d, WALLET, "limit")["schema"]["maximum"] = 1.into()
    }),
    row("a parameter's limit is wider", |d| {
        parameter(d, WALLET, "limit")["schema"]["maximum"] = 200.into()
    }),
    row("a parameter's limit excludes itself", |d| {
        let schema = &mut parameter(d, WALLET, "limit")["schema"];
        schema.as_object_mut().unwrap().shift_remove("minimum");
        schema["exclusiveMinimum"] = 1.into();
    }),
    row("a parameter has no limit", |d| {
        let schema = parameter(d, WALLET, "limit")["schema"]
            .as_object_mut()
            .unwrap();
        schema.shift_remove("maximum");
    }),
    row("a parameter may be negative", |d| {
        parameter(d, WALLET, "offset")["schema"]["minimum"] = (-1).into()
    }),
    row("a parameter is of 32 bits", |d| {
        parameter(d, WALLET, "limit")["schema"]["format"] = "int32".into()
    }),
    row("a parameter's default", |d| {
        parameter(d, WALLET, "limit")["schema"]["default"] = 50.into()
    }),
    row("a parameter has no default", |d| {
        let schema = parameter(d, WALLET, "limit")["schema"]
            .as_object_mut()
            .unwrap();
        schema.shift_remove("default");
    }),
    row("a parameter is deprecated", |d| {
        parameter(d, WALLET, "limit")["deprecated"] = true.into()
    }),
    row("a parameter is described", |d| {
        parameter(d, WALLET, "limit")["description"] = "Rows.".into()
    }),
    row("a path's parameter is renamed", |d| {
        let mut item = d["paths"]["/api/v1/training/runs/{run_id}"].take();
        item["delete"]["parameters"][0]["name"] = "id".into();
        d["paths"]
            .as_object_mut()
            .unwrap()
            .shift_remove("/api/v1/training/runs/{run_id}");
        d["paths"]["/api/v1/training/runs/{id}"] = item;
    }),
    row("a path's parameter is a number", |d| {
        parameter(d, USAGE, "run_id")["schema"] = json!({"type": "integer"})
    }),
    row("a path's parameter is a UUID", |d| {
        parameter(d, USAGE, "run_id")["schema"]["format"] = "uuid".into()
    }),
    row("a path's parameter has a pattern", |d| {
        parameter(d, USAGE, "run_id")["schema"]["pattern"] = "^run_".into()
    }),
];

/// Of answers and their types.
pub(crate) const ANSWERS: &[Mutation] = &[
    row("a success of another status", |d| {
        let ok = at(d, WALLET)["responses"]["200"].clone();
        at(d, WALLET)["responses"]["203"] = ok;
    }),
    row("another success", |d| {
        let ok = at(d, WALLET)["responses"]["200"].take();
        at(d, WALLET)["responses"] = json!({"202": ok});
    }),
    row("a success without a body", |d| {
        at(d, WALLET)["responses"]["200"] = json!({"description": "OK"})
    }),
    row("a success of another type", |d| {
        at(d, WALLET)["responses"]["200"]["content"]["application/json"]["schema"] =
            json!({"$ref": "#/components/schemas/RunPricing"});
    }),
    row("a list of answers", |d| {
        let schema =
            &mut at(d, WALLET)["responses"]["200"]["content"]["application/json"]["schema"];
        *schema = json!({"type": "array", "items": schema.take()});
    }),
    row("an answer that is bytes", |d| {
        at(d, WALLET)["responses"]["200"]["content"] = json!({"text/csv": {}})
    }),
    row("an answer in another form too", |d| {
        at(d, WALLET)["responses"]["200"]["content"]["text/csv"] = json!({})
    }),
    row("an answer with a header", |d| {
        at(d, WALLET)["responses"]["200"]["headers"] =
            json!({"X-Total": {"schema": {"type": "integer"}}});
    }),
    row("an answer's JSON is another's", |d| {
        let content = &mut at(d, WALLET)["responses"]["200"]["content"];
        *content = json!({"application/vnd.wallet+json": content["application/json"].take()});
    }),
    row("an error that nobody listed", |d| {
        at(d, WALLET)["responses"]["418"] = json!({"description": "Tea."})
    }),
    row("an error is not listed", |d| {
        remove(d, &format!("{WALLET}/responses/422"))
    }),
    row("an error of another type", |d| {
        at(d, WALLET)["responses"]["422"]["content"]["application/json"]["schema"] =
            json!({"$ref": "#/components/schemas/ErrorDetail"});
    }),
    row("an error without a body", |d| {
        at(d, WALLET)["responses"]["422"] = json!({"description": "No."})
    }),
    row("all other errors", |d| {
        let error = at(d, WALLET)["responses"]["422"].clone();
        at(d, WALLET)["responses"]["default"] = error;
    }),
    row("a field goes", |d| {
        remove(
            d,
            "/components/schemas/RunUsageResponse/properties/total_tokens",
        );
        unrequire(d, "RunUsageResponse", "total_tokens");
    }),
    row("a field that may be missing goes", |d| {
        remove(
            d,
            "/components/schemas/RunUsageResponse/properties/run_name",
        )
    }),
    row("a field comes", |d| {
        *property(d, "RunUsageResponse", "extra_tokens") = json!({"type": "integer"})
    }),
    row("a field always comes", |d| {
        *property(d, "RunUsageResponse", "extra_tokens") = json!({"type": "integer"});
        require(d, "RunUsageResponse", "extra_tokens");
    }),
    row("a field is renamed", |d| {
        let schema = property(d, "RunUsageResponse", "run_name").take();
        remove(
            d,
            "/components/schemas/RunUsageResponse/properties/run_name",
        );
        *property(d, "RunUsageResponse", "title") = schema;
    }),
    row("a field is spelled in another way", |d| {
        let schema = property(d, "RunUsageResponse", "run_name").take();
        remove(
            d,
            "/components/schemas/RunUsageResponse/properties/run_name",
        );
        *property(d, "RunUsageResponse", "runName") = schema;
    }),
    row("fields in another order", |d| {
        turn_around(&mut schema(d, "RunUsageResponse")["properties"])
    }),
    row("a field may be missing", |d| {
        unrequire(d, "RunUsageResponse", "total_tokens")
    }),
    row("a field is always there", |d| {
        require(d, "WalletResponse", "team_id")
    }),
    row("a field may be null", |d| {
        property(d, "RunUsageResponse", "run_id")["type"] = json!(["string", "null"])
    }),
    row("a field is never null", |d| {
        *property(d, "WalletResponse", "team_id") = json!({"type": "string"})
    }),
    row("a field is there and never null", |d| {
        *property(d, "WalletResponse", "team_id") = json!({"type": "string"});
        require(d, "WalletResponse", "team_id");
    }),
    row("a field is text now", |d| {
        *property(d, "RunUsageResponse", "total_tokens") = json!({"type": "string"})
    }),
    row("a field is a fraction now", |d| {
        property(d, "RunUsageResponse", "total_tokens")["type"] = "number".into()
    }),
    row("a field is a list now", |d| {
        *property(d, "RunUsageResponse", "run_id") =
            json!({"type": "array", "items": {"type": "string"}});
    }),
    row("a field is a map now", |d| {
        *property(d, "RunUsageResponse", "training") =
            json!({"type": "object", "additionalProperties": {"type": "integer"}});
    }),
    row("a field is anything now", |d| {
        *property(d, "RunUsageResponse", "total_tokens") = json!({})
    }),
    row("a field is text or a number", |d| {
        *property(d, "RunUsageResponse", "total_tokens") =
            json!({"oneOf": [{"type": "integer"}, {"type": "string"}]});
    }),
    row("a field is of 32 bits", |d| {
        property(d, "RunUsageResponse", "total_tokens")["format"] = "int32".into()
    }),
    row("a field is of 64 bits", |d| {
        property(d, "RunUsageResponse", "total_tokens")["format"] = "int64".into()
    }),
    row("a field is never negative", |d| {
        property(d, "RunUsageResponse", "total_tokens")["minimum"] = 0.into()
    }),
    row("a field is a day", |d| {
        property(d, "BillingEntry", "created_at")["format"] = "date".into()
    }),
    row("a field is any text", |d| {
        property(d, "BillingEntry", "created_at")
            .as_object_mut()
            .unwrap()
            .shift_remove("format");
    }),
    row("a field of a format that nobody knows", |d| {
        property(d, "BillingEntry", "id")["format"] = "row-id".into()
    }),
    row("a field is no amount", |d| {
        property(d, "WalletResponse", "balance_usd")
            .as_object_mut()
            .unwrap()
            .shift_remove("format");
    }),
    row("a field has a pattern", |d| {
        property(d, "BillingEntry", "id")["pattern"] = "^b_".into()
    }),
    row("a field is no longer than", |d| {
        property(d, "BillingEntry", "id")["maxLength"] = 40.into()
    }),
    row("a field has a default", |d| {
        property(d, "RunUsageResponse", "run_name")["default"] = "unnamed".into()
    }),
    row("a field has another default", |d| {
        property(d, "RunUsageResponse", "record_count")["default"] = 1.into()
    }),
    row("a field is deprecated", |d| {
        property(d, "RunUsageResponse", "run_id")["deprecated"] = true.into()
    }),
    row("a field is only read", |d| {
        property(d, "RunUsageResponse", "run_id")["readOnly"] = true.into()
    }),
    row("a field is described", |d| {
        property(d, "RunUsageResponse", "run_id")["description"] = "Which.".into()
    }),
    row("a field has another title", |d| {
        property(d, "RunUsageResponse", "run_id")["title"] = "Id".into()
    }),
    row("a field refers to another schema", |d| {
        *property(d, "RunUsageResponse", "training") =
            json!({"$ref": "#/components/schemas/RunPricing"});
    }),
    row("a value comes", |d| {
        push(
            &mut property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"],
            "LOST",
        )
    }),
    row("a value goes", |d| {
        let values = &mut property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"];
        values
            .as_array_mut()
            .unwrap()
            .retain(|value| value != "PAUSED");
    }),
    row("a value is renamed", |d| {
        property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"][0] = "WAITING".into()
    }),
    row("a value is spelled in another way", |d| {
        property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"][0] = "queued".into();
    }),
    row("values in another order", |d| {
        property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"]
            .as_array_mut()
            .unwrap()
            .reverse();
    }),
    row("values have another title", |d| {
        property(d, "RunUsageResponse", "status")["title"] = "State".into()
    }),
    row("values are not listed", |d| {
        *property(d, "RunUsageResponse", "status") = json!({"type": ["string", "null"]})
    }),
    row("values are listed", |d| {
        property(d, "BillingEntry", "currency")["enum"] = json!(["USD", "EUR"])
    }),
    row("there is one value", |d| {
        property(d, "BillingEntry", "currency")["const"] = "USD".into()
    }),
    row("a list is never longer than", |d| {
        property(d, "WalletResponse", "recent_billings")["maxItems"] = 100.into()
    }),
    row("a list of others", |d| {
        property(d, "WalletResponse", "recent_billings")["items"] =
            json!({"$ref": "#/components/schemas/RunPricing"});
    }),
    row("a list with holes", |d| {
        property(d, "WalletResponse", "recent_billings")["items"] =
            json!({"anyOf": [{"$ref": "#/components/schemas/BillingEntry"}, {"type": "null"}]});
    }),
    row("a list of anything", |d| {
        property(d, "WalletResponse", "recent_billings")["items"] = json!({});
    }),
    row("a list may be null", |d| {
        property(d, "WalletResponse", "recent_billings")["type"] = json!(["array", "null"])
    }),
    row("a schema is renamed", |d| {
        rename(d, "RunUsageResponse", "UsageOfRun")
    }),
    row("a schema that nobody uses comes", |d| {
        d["components"]["schemas"]["Unused"] =
            json!({"type": "object", "properties": {"a": {"type": "string"}}});
    }),
    row("a schema stands where it is used", |d| {
        let pricing = schema(d, "RunPricing").clone();
        remove(d, "/components/schemas/RunPricing");
        *property(d, "RunUsageResponse", "pricing") = pricing;
    }),
    row("a schema is put together of parts", |d| {
        let entry = schema(d, "BillingEntry").take();
        *schema(d, "BillingEntry") = json!({"title": "BillingEntry", "allOf": [entry, {"type": "object", "properties": {"part": {"type": "string"}}}]});
    }),
    row("others may stand beside the listed", |d| {
        schema(d, "BillingEntry")["additionalProperties"] = true.into()
    }),
    row("others are text", |d| {
        schema(d, "RunUsageResponse")["additionalProperties"] = json!({"type": "string"})
    }),
    row("there are no others", |d| {
        schema(d, "RunUsageResponse")["additionalProperties"] = false.into()
    }),
];
