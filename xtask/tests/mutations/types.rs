//! Changes of the training API: of which types the fields of answers are.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Why, row, side, unlike};
use xtask::rust_api::Bump::{Major, Minor, None as Nothing, Patch};

pub(crate) const TYPES: &[Mutation] = &[
    row(
        "a field is text now",
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
        |d| *property(d, "RunUsageResponse", "total_tokens") = json!({"type": "string"}),
    ),
    row(
        "a field is a fraction now",
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
        |d| property(d, "RunUsageResponse", "total_tokens")["type"] = "number".into(),
    ),
    row(
        "a field is a list now",
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
            *property(d, "RunUsageResponse", "run_id") =
                json!({"type": "array", "items": {"type": "string"}});
        },
    ),
    row(
        "a field is a map now",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "training") =
                json!({"type": "object", "additionalProperties": {"type": "integer"}});
        },
    ),
    row(
        "a field is anything now",
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        |d| *property(d, "RunUsageResponse", "total_tokens") = json!({}),
    ),
    row(
        "a field is text or a number",
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        unlike(
            Compatible,
            Major,
            Major,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        |d| {
            *property(d, "RunUsageResponse", "total_tokens") =
                json!({"oneOf": [{"type": "integer"}, {"type": "string"}]});
        },
    ),
    row(
        "a field is of 32 bits",
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "RunUsageResponse", "total_tokens")["format"] = "int32".into(),
    ),
    row(
        "a field is of 64 bits",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "RunUsageResponse", "total_tokens")["format"] = "int64".into(),
    ),
    row(
        "a field is never negative",
        unlike(Compatible, Minor, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "RunUsageResponse", "total_tokens")["minimum"] = 0.into(),
    ),
    row(
        "a field is a day",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        side(Breaking, Major, Nothing, "api-smart-diff"),
        |d| property(d, "BillingEntry", "created_at")["format"] = "date".into(),
    ),
    row(
        "a field is any text",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| {
            property(d, "BillingEntry", "created_at")
                .as_object_mut()
                .unwrap()
                .shift_remove("format");
        },
    ),
    row(
        "a field of a format that nobody knows",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "BillingEntry", "id")["format"] = "row-id".into(),
    ),
    row(
        "a field is no amount",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| {
            property(d, "WalletResponse", "balance_usd")
                .as_object_mut()
                .unwrap()
                .shift_remove("format");
        },
    ),
    row(
        "a field has a pattern",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "BillingEntry", "id")["pattern"] = "^b_".into(),
    ),
    row(
        "a field is no longer than",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "BillingEntry", "id")["maxLength"] = 40.into(),
    ),
    row(
        "a field has a default",
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Words),
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Words),
        |d| property(d, "RunUsageResponse", "run_name")["default"] = "unnamed".into(),
    ),
    row(
        "a field has another default",
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Words),
        unlike(Same, Patch, Nothing, "api-smart-diff", Why::Words),
        |d| property(d, "RunUsageResponse", "record_count")["default"] = 1.into(),
    ),
    row(
        "a field is deprecated",
        side(Compatible, Patch, Nothing, ""),
        side(Compatible, Patch, Nothing, ""),
        |d| property(d, "RunUsageResponse", "run_id")["deprecated"] = true.into(),
    ),
    row(
        "a field is only read",
        unlike(Same, Nothing, Nothing, "api-smart-diff", Why::Words),
        unlike(Same, Nothing, Nothing, "api-smart-diff", Why::Words),
        |d| property(d, "RunUsageResponse", "run_id")["readOnly"] = true.into(),
    ),
    row(
        "a field is described",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| property(d, "RunUsageResponse", "run_id")["description"] = "Which.".into(),
    ),
    row(
        "a field has another title",
        side(Same, Nothing, Nothing, ""),
        side(Same, Nothing, Nothing, ""),
        |d| property(d, "RunUsageResponse", "run_id")["title"] = "Id".into(),
    ),
    row(
        "a field refers to another schema",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "training") =
                json!({"$ref": "#/components/schemas/RunPricing"});
        },
    ),
    row(
        "a value comes",
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        |d| {
            push(
                &mut property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"],
                "LOST",
            )
        },
    ),
    row(
        "a value goes",
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        side(Breaking, Minor, Nothing, "optic,api-smart-diff"),
        |d| {
            let values = &mut property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"];
            values
                .as_array_mut()
                .unwrap()
                .retain(|value| value != "PAUSED");
        },
    ),
    row(
        "a value is renamed",
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        side(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"][0] = "WAITING".into(),
    ),
    row(
        "a value is spelled in another way",
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        side(Breaking, Patch, Nothing, "optic,api-smart-diff"),
        |d| {
            property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"][0] = "queued".into();
        },
    ),
    row(
        "values in another order",
        side(Same, Patch, Nothing, ""),
        side(Same, Patch, Nothing, ""),
        |d| {
            property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"]
                .as_array_mut()
                .unwrap()
                .reverse();
        },
    ),
    row(
        "values have another title",
        side(Same, Major, Major, ""),
        side(Same, Major, Major, ""),
        |d| property(d, "RunUsageResponse", "status")["title"] = "State".into(),
    ),
    row(
        "values are not listed",
        side(Breaking, Major, Major, "api-smart-diff"),
        unlike(
            Compatible,
            Major,
            Nothing,
            "optic,api-smart-diff",
            Why::Direction,
        ),
        |d| *property(d, "RunUsageResponse", "status") = json!({"type": ["string", "null"]}),
    ),
    row(
        "values are listed",
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "BillingEntry", "currency")["enum"] = json!(["USD", "EUR"]),
    ),
    row(
        "there is one value",
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "BillingEntry", "currency")["const"] = "USD".into(),
    ),
    row(
        "a list is never longer than",
        unlike(Compatible, Patch, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Patch, Nothing, "api-smart-diff"),
        |d| property(d, "WalletResponse", "recent_billings")["maxItems"] = 100.into(),
    ),
    row(
        "a list of others",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        |d| {
            property(d, "WalletResponse", "recent_billings")["items"] =
                json!({"$ref": "#/components/schemas/RunPricing"});
        },
    ),
    row(
        "a list with holes",
        side(Breaking, Major, Nothing, "api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| {
            property(d, "WalletResponse", "recent_billings")["items"] =
                json!({"anyOf": [{"$ref": "#/components/schemas/BillingEntry"}, {"type": "null"}]});
        },
    ),
    row(
        "a list of anything",
        side(
            Breaking,
            Major,
            Nothing,
            "optic,openapi-diff,api-smart-diff",
        ),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| {
            property(d, "WalletResponse", "recent_billings")["items"] = json!({});
        },
    ),
    row(
        "a list may be null",
        side(Breaking, Major, Nothing, "optic,api-smart-diff"),
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        |d| property(d, "WalletResponse", "recent_billings")["type"] = json!(["array", "null"]),
    ),
    row(
        "a schema is renamed",
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        |d| rename(d, "RunUsageResponse", "UsageOfRun"),
    ),
    row(
        "a schema that nobody uses comes",
        side(Same, Minor, Nothing, ""),
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        |d| {
            d["components"]["schemas"]["Unused"] =
                json!({"type": "object", "properties": {"a": {"type": "string"}}});
        },
    ),
    row(
        "a schema stands where it is used",
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        |d| {
            let pricing = schema(d, "RunPricing").clone();
            remove(d, "/components/schemas/RunPricing");
            *property(d, "RunUsageResponse", "pricing") = pricing;
        },
    ),
    row(
        "a schema is put together of parts",
        unlike(
            Compatible,
            Minor,
            Nothing,
            "optic,api-smart-diff",
            Why::Spelling,
        ),
        side(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let entry = schema(d, "BillingEntry").take();
            *schema(d, "BillingEntry") = json!({"title": "BillingEntry", "allOf": [entry, {"type": "object", "properties": {"part": {"type": "string"}}}]});
        },
    ),
    row(
        "others may stand beside the listed",
        unlike(Same, Minor, Nothing, "api-smart-diff", Why::Spelling),
        unlike(Same, Major, Major, "api-smart-diff", Why::Spelling),
        |d| schema(d, "BillingEntry")["additionalProperties"] = true.into(),
    ),
    row(
        "others are text",
        unlike(Compatible, Major, Nothing, "api-smart-diff", Why::Direction),
        side(Breaking, Major, Nothing, "openapi-diff,api-smart-diff"),
        |d| schema(d, "RunUsageResponse")["additionalProperties"] = json!({"type": "string"}),
    ),
    row(
        "there are no others",
        unlike(Compatible, Major, Major, "api-smart-diff", Why::Direction),
        unlike(Compatible, Minor, Nothing, "api-smart-diff", Why::Direction),
        |d| schema(d, "RunUsageResponse")["additionalProperties"] = false.into(),
    ),
];
