//! Changes of responses in the training API.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Reason, expect, false_positive, row};
use openapi_codegen::rust_api::Bump::{Major, Minor, None as NoBump, Patch};

const WALLET: &str = "/paths/~1api~1v1~1billing~1wallet/get";

/// Changes of responses and their properties.
pub(crate) const RESPONSES: &[Mutation] = &[
    row(
        "success status added",
        expect(Breaking, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        |d| {
            let ok = at(d, WALLET)["responses"]["200"].clone();
            at(d, WALLET)["responses"]["203"] = ok;
        },
    ),
    row(
        "success status changed",
        expect(Breaking, Patch, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        |d| {
            let ok = at(d, WALLET)["responses"]["200"].take();
            at(d, WALLET)["responses"] = json!({"202": ok});
        },
    ),
    row(
        "success body removed",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(Compatible, Major, NoBump, "openapi-diff", Reason::Lowered),
        |d| at(d, WALLET)["responses"]["200"] = json!({"description": "OK"}),
    ),
    row(
        "success schema changed",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "openapi-diff"),
        |d| {
            at(d, WALLET)["responses"]["200"]["content"]["application/json"]["schema"] =
                json!({"$ref": "#/components/schemas/RunPricing"});
        },
    ),
    row(
        "success body becomes a list",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let schema =
                &mut at(d, WALLET)["responses"]["200"]["content"]["application/json"]["schema"];
            *schema = json!({"type": "array", "items": schema.take()});
        },
    ),
    row(
        "success body becomes binary",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| at(d, WALLET)["responses"]["200"]["content"] = json!({"text/csv": {}}),
    ),
    row(
        "second media type added",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| at(d, WALLET)["responses"]["200"]["content"]["text/csv"] = json!({}),
    ),
    row(
        "response header added",
        expect(Compatible, Patch, NoBump, ""),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| {
            at(d, WALLET)["responses"]["200"]["headers"] =
                json!({"X-Total": {"schema": {"type": "integer"}}});
        },
    ),
    row(
        "JSON media type changed",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        |d| {
            let content = &mut at(d, WALLET)["responses"]["200"]["content"];
            *content = json!({"application/vnd.wallet+json": content["application/json"].take()});
        },
    ),
    row(
        "error status added",
        expect(Compatible, Patch, NoBump, ""),
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "optic,api-smart-diff",
            Reason::Errors,
        ),
        |d| at(d, WALLET)["responses"]["418"] = json!({"description": "Tea."}),
    ),
    row(
        "error status removed",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "optic,api-smart-diff",
            Reason::Errors,
        ),
        expect(Compatible, Patch, NoBump, ""),
        |d| remove(d, &format!("{WALLET}/responses/422")),
    ),
    row(
        "error schema changed",
        expect(Breaking, Minor, NoBump, "optic,openapi-diff"),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            at(d, WALLET)["responses"]["422"]["content"]["application/json"]["schema"] =
                json!({"$ref": "#/components/schemas/ErrorDetail"});
        },
    ),
    row(
        "error body removed",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Compatible, Patch, NoBump, ""),
        |d| at(d, WALLET)["responses"]["422"] = json!({"description": "No."}),
    ),
    row(
        "default error added",
        expect(Compatible, Patch, NoBump, ""),
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "optic,api-smart-diff",
            Reason::Errors,
        ),
        |d| {
            let error = at(d, WALLET)["responses"]["422"].clone();
            at(d, WALLET)["responses"]["default"] = error;
        },
    ),
    row(
        "required property removed",
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Minor,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            remove(
                d,
                "/components/schemas/RunUsageResponse/properties/total_tokens",
            );
            unrequire(d, "RunUsageResponse", "total_tokens");
        },
    ),
    row(
        "optional property removed",
        expect(Breaking, Major, Major, "openapi-diff"),
        expect(Compatible, Minor, NoBump, ""),
        |d| {
            remove(
                d,
                "/components/schemas/RunUsageResponse/properties/run_name",
            )
        },
    ),
    row(
        "optional property added",
        expect(Compatible, Minor, NoBump, ""),
        expect(Breaking, Major, Major, "optic,openapi-diff"),
        |d| *property(d, "RunUsageResponse", "extra_tokens") = json!({"type": "integer"}),
    ),
    row(
        "required property added",
        false_positive(
            Compatible,
            Minor,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "extra_tokens") = json!({"type": "integer"});
            require(d, "RunUsageResponse", "extra_tokens");
        },
    ),
    row(
        "property renamed",
        expect(Breaking, Major, Major, "openapi-diff"),
        expect(Breaking, Major, Major, "openapi-diff"),
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
        "property renamed, same Rust name",
        expect(Breaking, Patch, NoBump, "openapi-diff"),
        expect(Breaking, Patch, NoBump, "openapi-diff"),
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
        "properties reordered",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |d| reverse_keys(&mut schema(d, "RunUsageResponse")["properties"]),
    ),
    row(
        "property becomes optional",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| unrequire(d, "RunUsageResponse", "total_tokens"),
    ),
    row(
        "property becomes required",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "openapi-diff,api-smart-diff"),
        |d| require(d, "WalletResponse", "team_id"),
    ),
    row(
        "property becomes nullable",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| property(d, "RunUsageResponse", "run_id")["type"] = json!(["string", "null"]),
    ),
    row(
        "property no longer nullable",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| *property(d, "WalletResponse", "team_id") = json!({"type": "string"}),
    ),
    row(
        "property becomes required and not nullable",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "WalletResponse", "team_id") = json!({"type": "string"});
            require(d, "WalletResponse", "team_id");
        },
    ),
];
