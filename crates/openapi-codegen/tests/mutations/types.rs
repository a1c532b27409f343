//! Changes of property types in responses of the training API.

use serde_json::json;

use super::Wire::{Breaking, Compatible, Same};
use super::edit::*;
use super::{Mutation, Reason, expect, false_positive, row};
use openapi_codegen::rust_api::Bump::{Major, Minor, None as NoBump, Patch};

pub(crate) const TYPES: &[Mutation] = &[
    row(
        "property becomes string",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| *property(d, "RunUsageResponse", "total_tokens") = json!({"type": "string"}),
    ),
    row(
        "integer becomes number",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        |d| property(d, "RunUsageResponse", "total_tokens")["type"] = "number".into(),
    ),
    row(
        "property becomes list",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "run_id") =
                json!({"type": "array", "items": {"type": "string"}});
        },
    ),
    row(
        "property becomes map",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "training") =
                json!({"type": "object", "additionalProperties": {"type": "integer"}});
        },
    ),
    row(
        "property becomes untyped",
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        |d| *property(d, "RunUsageResponse", "total_tokens") = json!({}),
    ),
    row(
        "property becomes string or number",
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            *property(d, "RunUsageResponse", "total_tokens") =
                json!({"oneOf": [{"type": "integer"}, {"type": "string"}]});
        },
    ),
    row(
        "format becomes int32",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "RunUsageResponse", "total_tokens")["format"] = "int32".into(),
    ),
    row(
        "format becomes int64",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "RunUsageResponse", "total_tokens")["format"] = "int64".into(),
    ),
    row(
        "minimum 0 added",
        false_positive(
            Compatible,
            Minor,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "RunUsageResponse", "total_tokens")["minimum"] = 0.into(),
    ),
    row(
        "format becomes date",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        |d| property(d, "BillingEntry", "created_at")["format"] = "date".into(),
    ),
    row(
        "format removed",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            property(d, "BillingEntry", "created_at")
                .as_object_mut()
                .unwrap()
                .shift_remove("format");
        },
    ),
    row(
        "unknown format added",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "BillingEntry", "id")["format"] = "row-id".into(),
    ),
    row(
        "decimal format removed",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            property(d, "WalletResponse", "balance_usd")
                .as_object_mut()
                .unwrap()
                .shift_remove("format");
        },
    ),
    row(
        "pattern added",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "BillingEntry", "id")["pattern"] = "^b_".into(),
    ),
    row(
        "maxLength added",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "BillingEntry", "id")["maxLength"] = 40.into(),
    ),
    row(
        "default added",
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Words),
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Words),
        |d| property(d, "RunUsageResponse", "run_name")["default"] = "unnamed".into(),
    ),
    row(
        "default changed",
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Words),
        false_positive(Same, Patch, NoBump, "api-smart-diff", Reason::Words),
        |d| property(d, "RunUsageResponse", "record_count")["default"] = 1.into(),
    ),
    row(
        "property deprecated",
        expect(Compatible, Patch, NoBump, ""),
        expect(Compatible, Patch, NoBump, ""),
        |d| property(d, "RunUsageResponse", "run_id")["deprecated"] = true.into(),
    ),
    row(
        "property becomes read-only",
        false_positive(Same, NoBump, NoBump, "api-smart-diff", Reason::Words),
        false_positive(Same, NoBump, NoBump, "api-smart-diff", Reason::Words),
        |d| property(d, "RunUsageResponse", "run_id")["readOnly"] = true.into(),
    ),
    row(
        "description added",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| property(d, "RunUsageResponse", "run_id")["description"] = "Which.".into(),
    ),
    row(
        "title changed",
        expect(Same, NoBump, NoBump, ""),
        expect(Same, NoBump, NoBump, ""),
        |d| property(d, "RunUsageResponse", "run_id")["title"] = "Id".into(),
    ),
    row(
        "reference changed",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| {
            *property(d, "RunUsageResponse", "training") =
                json!({"$ref": "#/components/schemas/RunPricing"});
        },
    ),
    row(
        "enumeration value added",
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            push(
                &mut property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"],
                "LOST",
            )
        },
    ),
    row(
        "enumeration value removed",
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Minor, NoBump, "optic,api-smart-diff"),
        |d| {
            let values = &mut property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"];
            values
                .as_array_mut()
                .unwrap()
                .retain(|value| value != "PAUSED");
        },
    ),
    row(
        "enumeration value renamed",
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        expect(Breaking, Major, Major, "optic,api-smart-diff"),
        |d| property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"][0] = "WAITING".into(),
    ),
    row(
        "enumeration value case changed",
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        expect(Breaking, Patch, NoBump, "optic,api-smart-diff"),
        |d| {
            property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"][0] = "queued".into();
        },
    ),
    row(
        "enumeration values reordered",
        expect(Same, Patch, NoBump, ""),
        expect(Same, Patch, NoBump, ""),
        |d| {
            property(d, "RunUsageResponse", "status")["anyOf"][0]["enum"]
                .as_array_mut()
                .unwrap()
                .reverse();
        },
    ),
    row(
        "enumeration title changed",
        expect(Same, Major, Major, ""),
        expect(Same, Major, Major, ""),
        |d| property(d, "RunUsageResponse", "status")["title"] = "State".into(),
    ),
    row(
        "enumeration removed",
        expect(Breaking, Major, Major, "api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "optic,api-smart-diff",
            Reason::Direction,
        ),
        |d| *property(d, "RunUsageResponse", "status") = json!({"type": ["string", "null"]}),
    ),
    row(
        "enumeration added",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "BillingEntry", "currency")["enum"] = json!(["USD", "EUR"]),
    ),
    row(
        "single-valued enumeration added",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, Major, "api-smart-diff"),
        |d| property(d, "BillingEntry", "currency")["const"] = "USD".into(),
    ),
    row(
        "maxItems added",
        false_positive(
            Compatible,
            Patch,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Patch, NoBump, "api-smart-diff"),
        |d| property(d, "WalletResponse", "recent_billings")["maxItems"] = 100.into(),
    ),
    row(
        "item type changed",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| {
            property(d, "WalletResponse", "recent_billings")["items"] =
                json!({"$ref": "#/components/schemas/RunPricing"});
        },
    ),
    row(
        "items become nullable",
        expect(Breaking, Major, NoBump, "api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            property(d, "WalletResponse", "recent_billings")["items"] =
                json!({"anyOf": [{"$ref": "#/components/schemas/BillingEntry"}, {"type": "null"}]});
        },
    ),
    row(
        "items become untyped",
        expect(Breaking, Major, NoBump, "optic,openapi-diff,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| {
            property(d, "WalletResponse", "recent_billings")["items"] = json!({});
        },
    ),
    row(
        "list becomes nullable",
        expect(Breaking, Major, NoBump, "optic,api-smart-diff"),
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| property(d, "WalletResponse", "recent_billings")["type"] = json!(["array", "null"]),
    ),
    row(
        "schema renamed",
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        |d| rename(d, "RunUsageResponse", "UsageOfRun"),
    ),
    row(
        "unused schema added",
        expect(Same, Minor, NoBump, ""),
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        |d| {
            d["components"]["schemas"]["Unused"] =
                json!({"type": "object", "properties": {"a": {"type": "string"}}});
        },
    ),
    row(
        "schema inlined",
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        |d| {
            let pricing = schema(d, "RunPricing").clone();
            remove(d, "/components/schemas/RunPricing");
            *property(d, "RunUsageResponse", "pricing") = pricing;
        },
    ),
    row(
        "schema becomes allOf",
        false_positive(
            Compatible,
            Minor,
            NoBump,
            "optic,api-smart-diff",
            Reason::Spelling,
        ),
        expect(Breaking, Major, Major, "optic,openapi-diff,api-smart-diff"),
        |d| {
            let entry = schema(d, "BillingEntry").take();
            *schema(d, "BillingEntry") = json!({"title": "BillingEntry", "allOf": [entry, {"type": "object", "properties": {"part": {"type": "string"}}}]});
        },
    ),
    row(
        "additional properties allowed",
        false_positive(Same, Minor, NoBump, "api-smart-diff", Reason::Spelling),
        false_positive(Same, Major, Major, "api-smart-diff", Reason::Spelling),
        |d| schema(d, "BillingEntry")["additionalProperties"] = true.into(),
    ),
    row(
        "additional properties become strings",
        false_positive(
            Compatible,
            Major,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        expect(Breaking, Major, NoBump, "openapi-diff,api-smart-diff"),
        |d| schema(d, "RunUsageResponse")["additionalProperties"] = json!({"type": "string"}),
    ),
    row(
        "additional properties forbidden",
        false_positive(
            Compatible,
            Major,
            Major,
            "api-smart-diff",
            Reason::Direction,
        ),
        false_positive(
            Compatible,
            Minor,
            NoBump,
            "api-smart-diff",
            Reason::Direction,
        ),
        |d| schema(d, "RunUsageResponse")["additionalProperties"] = false.into(),
    ),
];
