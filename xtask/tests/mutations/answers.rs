//! Changes of the training API: what comes back.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Why, row, side, unlike};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

const WALLET: &str = "/paths/~1api~1v1~1billing~1wallet/get";

/// Of answers, and which fields they have.
pub(crate) const ANSWERS: &[Mutation] = &[
    row(
        "a success of another status",
        side(Breaking, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        |d| {
            let ok = at(d, WALLET)["responses"]["200"].clone();
            at(d, WALLET)["responses"]["203"] = ok;
        },
    ),
    row(
        "another success",
        side(
            Breaking,
            Patch,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        |d| {
            let ok = at(d, WALLET)["responses"]["200"].take();
            at(d, WALLET)["responses"] = json!({"202": ok});
        },
    ),
    row(
        "a success without a body",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        unlike(Compatible, Major, Nothing, "openapi-diff", Why::Lowered),
        |d| at(d, WALLET)["responses"]["200"] = json!({"description": "OK"}),
    ),
    row(
        "a success of another type",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(Breaking, Major, Nothing, "openapi-diff"),
        |d| {
            at(d, WALLET)["responses"]["200"]["content"]["application/json"]["schema"] =
                json!({"$ref": "#/components/schemas/RunPricing"});
        },
    ),
    row(
        "a list of answers",
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
            let schema =
                &mut at(d, WALLET)["responses"]["200"]["content"]["application/json"]["schema"];
            *schema = json!({"type": "array", "items": schema.take()});
        },
    ),
    row(
        "an answer that is bytes",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| at(d, WALLET)["responses"]["200"]["content"] = json!({"text/csv": {}}),
    ),
    row(
        "an answer in another form too",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| at(d, WALLET)["responses"]["200"]["content"]["text/csv"] = json!({}),
    ),
    row(
        "an answer with a header",
        side(Compatible, Patch, Nothing, ""),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| {
            at(d, WALLET)["responses"]["200"]["headers"] =
                json!({"X-Total": {"schema": {"type": "integer"}}});
        },
    ),
    row(
        "an answer's JSON is another's",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        |d| {
            let content = &mut at(d, WALLET)["responses"]["200"]["content"];
            *content = json!({"application/vnd.wallet+json": content["application/json"].take()});
        },
    ),
    row(
        "an error that nobody listed",
        side(Compatible, Patch, Nothing, ""),
        unlike(
            Compatible,
            Patch,
            Nothing,
            "optic,api-smart-diff",
            Why::Errors,
        ),
        |d| at(d, WALLET)["responses"]["418"] = json!({"description": "Tea."}),
    ),
    row(
        "an error is not listed",
        unlike(
            Compatible,
            Patch,
            Nothing,
            "optic,api-smart-diff",
            Why::Errors,
        ),
        side(Compatible, Patch, Nothing, ""),
        |d| remove(d, &format!("{WALLET}/responses/422")),
    ),
    row(
        "an error of another type",
        side(Breaking, Minor, Nothing, "optic,openapi-diff"),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            at(d, WALLET)["responses"]["422"]["content"]["application/json"]["schema"] =
                json!({"$ref": "#/components/schemas/ErrorDetail"});
        },
    ),
    row(
        "an error without a body",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Compatible, Patch, Nothing, ""),
        |d| at(d, WALLET)["responses"]["422"] = json!({"description": "No."}),
    ),
    row(
        "all other errors",
        side(Compatible, Patch, Nothing, ""),
        unlike(
            Compatible,
            Patch,
            Nothing,
            "optic,api-smart-diff",
            Why::Errors,
        ),
        |d| {
            let error = at(d, WALLET)["responses"]["422"].clone();
            at(d, WALLET)["responses"]["default"] = error;
        },
    ),
    row(
        "a field goes",
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        unlike(Compatible, Minor, Nothing, "api-smart-diff", Why::Direction),
        |d| {
            remove(
                d,
                "/components/schemas/RunUsageResponse/properties/total_tokens",
            );
            unrequire(d, "RunUsageResponse", "total_tokens");
        },
    ),
    row(
        "a field that may be missing goes",
        side(Breaking, Major, Major, "openapi-diff"),
        side(Compatible, Minor, Nothing, ""),
        |d| {
            remove(
                d,
                "/components/schemas/RunUsageResponse/properties/run_name",
            )
        },
    ),
    row(
        "a field comes",
        side(Compatible, Minor, Nothing, ""),
        side(Breaking, Major, Major, "optic,openapi-diff"),
        |d| *property(d, "RunUsageResponse", "extra_tokens") = json!({"type": "integer"}),
    ),
    row(
        "a field always comes",
        unlike(Compatible, Minor, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "extra_tokens") = json!({"type": "integer"});
            require(d, "RunUsageResponse", "extra_tokens");
        },
    ),
    row(
        "a field is renamed",
        side(Breaking, Major, Major, "openapi-diff"),
        side(Breaking, Major, Major, "openapi-diff"),
        |d| {
            let schema = property(d, "RunUsageResponse", "run_name").take();
            remove(
                d,
                "/components/schemas/RunUsageResponse/properties/run_name",
            );
            *property(d, "RunUsageResponse", "title") = schema;
        },
    ),
    row(
        "a field is spelled in another way",
        side(Breaking, Patch, Nothing, "openapi-diff"),
        side(Breaking, Patch, Nothing, "openapi-diff"),
        |d| {
            let schema = property(d, "RunUsageResponse", "run_name").take();
            remove(
                d,
                "/components/schemas/RunUsageResponse/properties/run_name",
            );
            *property(d, "RunUsageResponse", "runName") = schema;
        },
    ),
    row(
        "fields in another order",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| turn_around(&mut schema(d, "RunUsageResponse")["properties"]),
    ),
    row(
        "a field may be missing",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| unrequire(d, "RunUsageResponse", "total_tokens"),
    ),
    row(
        "a field is always there",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "openapi-diff,api-smart-diff"),
        |d| require(d, "WalletResponse", "team_id"),
    ),
    row(
        "a field may be null",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| property(d, "RunUsageResponse", "run_id")["type"] = json!(["string", "null"]),
    ),
    row(
        "a field is never null",
        unlike(
            Compatible,
            Patch,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| *property(d, "WalletResponse", "team_id") = json!({"type": "string"}),
    ),
    row(
        "a field is there and never null",
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "WalletResponse", "team_id") = json!({"type": "string"});
            require(d, "WalletResponse", "team_id");
        },
    ),
];
