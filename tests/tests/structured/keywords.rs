//! Strict mode by keyword, and its limits.

use prime_ext::schema::{SchemaNote, StrictVerdict, to_strict};
use serde_json::{Map, Value, json};

/// Returns the schema of an object with the property `a`.
fn with_property(schema: &Value) -> Value {
    json!({
        "type": "object",
        "properties": { "a": schema },
        "required": ["a"],
        "additionalProperties": false,
    })
}

fn texts(notes: &[SchemaNote]) -> Vec<String> {
    notes.iter().map(SchemaNote::to_string).collect()
}

#[track_caller]
fn possible(schema: &Value) -> (Value, Vec<String>) {
    match to_strict(schema) {
        StrictVerdict::Possible { schema, changes } => (schema, texts(&changes)),
        verdict => panic!("{schema}: {verdict:?}"),
    }
}

#[track_caller]
fn impossible(schema: &Value) -> Vec<String> {
    match to_strict(schema) {
        StrictVerdict::Impossible(reasons) => texts(&reasons),
        verdict => panic!("{schema}: {verdict:?}"),
    }
}

#[track_caller]
fn unsupported(schema: &Value) -> Vec<String> {
    match to_strict(schema) {
        StrictVerdict::Unsupported(reasons) => texts(&reasons),
        verdict => panic!("{schema}: {verdict:?}"),
    }
}

/// The supported keywords of OpenAI's guide to Structured Outputs.
#[test]
fn supported_schemas_are_not_changed() {
    let mut schemas = vec![
        json!({ "type": "string" }),
        json!({ "type": "number" }),
        json!({ "type": "boolean" }),
        json!({ "type": "integer" }),
        json!({ "type": "null" }),
        json!({ "type": ["string", "null"], "description": "A text." }),
        json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false }),
        json!({ "type": "array", "items": { "type": "string" } }),
        json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 3 }),
        json!({ "type": "string", "enum": ["a", "b"] }),
        json!({ "type": "string", "const": "a", "title": "A" }),
        json!({ "type": ["integer", "null"], "enum": [1, 2, null] }),
        json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
        json!({ "type": "string", "pattern": "^@[a-zA-Z0-9_]+$" }),
        json!({ "type": "number", "minimum": -130, "maximum": 130 }),
        json!({ "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "multipleOf": 2 }),
    ];
    let formats = [
        "date-time",
        "time",
        "date",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "uuid",
    ];
    schemas.extend(formats.map(|format| json!({ "type": "string", "format": format })));
    for schema in schemas {
        let schema = with_property(&schema);
        assert_eq!(possible(&schema), (schema, Vec::new()));
    }
    // The examples of recursion.
    for schema in [
        json!({
            "type": "object",
            "properties": { "children": { "type": "array", "items": { "$ref": "#" } } },
            "required": ["children"],
            "additionalProperties": false,
        }),
        json!({
            "type": "object",
            "properties": { "list": { "$ref": "#/$defs/node" } },
            "$defs": { "node": {
                "type": "object",
                "properties": {
                    "value": { "type": "number" },
                    "next": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] },
                },
                "required": ["next", "value"],
                "additionalProperties": false,
            } },
            "required": ["list"],
            "additionalProperties": false,
        }),
    ] {
        assert_eq!(possible(&schema).1, Vec::<String>::new());
    }
}

#[test]
fn keywords_outside_strict_mode_make_it_impossible() {
    for (keyword, schema) in [
        (
            "allOf",
            json!({ "type": "string", "allOf": [{ "const": "a" }] }),
        ),
        ("not", json!({ "type": "string", "not": { "const": "a" } })),
        ("if", json!({ "type": "string", "if": { "const": "a" } })),
        (
            "then",
            json!({ "type": "string", "then": { "const": "a" } }),
        ),
        (
            "else",
            json!({ "type": "string", "else": { "const": "a" } }),
        ),
        (
            "dependentRequired",
            json!({ "type": "object", "dependentRequired": { "a": ["b"] } }),
        ),
        (
            "dependentSchemas",
            json!({ "type": "object", "dependentSchemas": {} }),
        ),
        (
            "patternProperties",
            json!({ "type": "object", "patternProperties": {} }),
        ),
        (
            "propertyNames",
            json!({ "type": "object", "propertyNames": { "maxLength": 3 } }),
        ),
        (
            "minProperties",
            json!({ "type": "object", "minProperties": 1 }),
        ),
        (
            "maxProperties",
            json!({ "type": "object", "maxProperties": 1 }),
        ),
        (
            "unevaluatedProperties",
            json!({ "type": "object", "unevaluatedProperties": true }),
        ),
        (
            "prefixItems",
            json!({ "type": "array", "prefixItems": [{ "type": "null" }], "items": false }),
        ),
        (
            "unevaluatedItems",
            json!({ "type": "array", "items": { "type": "null" }, "unevaluatedItems": false }),
        ),
        (
            "contains",
            json!({ "type": "array", "items": { "type": "null" }, "contains": {} }),
        ),
        (
            "uniqueItems",
            json!({ "type": "array", "items": { "type": "null" }, "uniqueItems": true }),
        ),
        ("minLength", json!({ "type": "string", "minLength": 1 })),
        ("maxLength", json!({ "type": "string", "maxLength": 1 })),
        (
            "$dynamicRef",
            json!({ "type": "string", "$dynamicRef": "#a" }),
        ),
    ] {
        let reasons = impossible(&with_property(&schema));
        let expected = format!("/properties/a: `{keyword}` is not supported in strict mode");
        assert_eq!(reasons, [expected]);
    }
    for (reason, schema) in [
        ("any type", json!(true)),
        ("any type", json!({})),
        ("any type", json!({ "description": "Anything." })),
        (
            "the format \"uri\"",
            json!({ "type": "string", "format": "uri" }),
        ),
        ("without `items`", json!({ "type": "array" })),
        (
            "like a map",
            json!({ "type": "object", "additionalProperties": true }),
        ),
        (
            "like a map",
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        ),
        (
            "has no schema",
            json!({ "type": "object", "required": ["b"] }),
        ),
        (
            "`type` next to `anyOf`",
            json!({ "type": "string", "anyOf": [{ "type": "string" }] }),
        ),
        (
            "`type` next to `$ref`",
            json!({ "type": "object", "$ref": "#" }),
        ),
        ("lists and objects in `enum`", json!({ "enum": [[1], "a"] })),
        ("without `type`", json!({ "const": "a", "pattern": "b" })),
    ] {
        let reasons = impossible(&with_property(&schema));
        assert!(
            reasons
                .iter()
                .all(|text| text.starts_with("/properties/a: ")),
            "{reasons:?}"
        );
        assert!(
            reasons.iter().any(|text| text.contains(reason)),
            "{reasons:?}"
        );
    }
}

#[test]
fn changes_are_reported() {
    for (schema, changed, change) in [
        (
            json!({ "type": "object", "properties": { "b": { "type": "null" } }, "required": ["b"] }),
            json!({ "type": "object", "properties": { "b": { "type": "null" } }, "required": ["b"], "additionalProperties": false }),
            "/properties/a: `additionalProperties` is `false`",
        ),
        (
            json!({ "type": "object", "properties": { "b/c": { "type": ["string", "null"] } }, "additionalProperties": false }),
            json!({ "type": "object", "properties": { "b/c": { "type": ["string", "null"] } }, "required": ["b/c"], "additionalProperties": false }),
            "/properties/a/properties/b~1c: the optional property is required; `null` stands for a missing one",
        ),
        (
            json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }),
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
            "/properties/a: `oneOf` was replaced by `anyOf`: no value matches two branches",
        ),
        (
            json!({ "$ref": "#", "description": "Again." }),
            json!({ "anyOf": [{ "$ref": "#" }], "description": "Again." }),
            "/properties/a: the reference was put into an `anyOf`, because no description may be next to it",
        ),
        (
            json!({ "enum": ["a", null] }),
            json!({ "enum": ["a", null], "type": ["null", "string"] }),
            "/properties/a: `\"type\": [\"null\",\"string\"]` was added",
        ),
        (
            json!({ "type": "integer", "format": "uint8" }),
            json!({ "type": "integer" }),
            "/properties/a: `format` was removed",
        ),
        (
            json!({ "type": "string", "default": "b" }),
            json!({ "type": "string" }),
            "/properties/a: `default` was removed",
        ),
        (
            json!({ "type": "string", "x-order": 1 }),
            json!({ "type": "string" }),
            "/properties/a: `x-order` was removed",
        ),
        (
            json!({ "type": "string", "minimum": 1 }),
            json!({ "type": "string" }),
            "/properties/a: `minimum` was removed: it has no effect on values of this type",
        ),
    ] {
        let expected = (with_property(&changed), vec![change.to_owned()]);
        assert_eq!(possible(&with_property(&schema)), expected);
    }
    // A reference at the root.
    let node = with_property(&json!({ "$ref": "#/$defs/node" }));
    let (schema, changes) = possible(&json!({ "$ref": "#/$defs/node", "$defs": { "node": node } }));
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["properties"]["a"], json!({ "$ref": "#/$defs/node" }));
    assert_eq!(
        changes,
        ["the root: the reference `#/$defs/node` was replaced by what it refers to"]
    );
}

#[test]
fn an_optional_property_is_required_only_if_it_accepts_null() {
    let optional = |schema: Value| {
        json!({
            "type": "object",
            "properties": { "a": schema },
            "additionalProperties": false,
            "$defs": { "maybe": { "type": ["string", "null"] }, "text": { "type": "string" } },
        })
    };
    for schema in [
        json!({ "type": "null" }),
        json!({ "type": ["string", "null"], "enum": ["a", null] }),
        json!({ "const": null }),
        json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/maybe" }] }),
        json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }),
        json!({ "$ref": "#/$defs/maybe" }),
    ] {
        assert_eq!(possible(&optional(schema)).0["required"], json!(["a"]));
    }
    for schema in [
        json!({ "type": "string", "default": "a" }),
        json!({ "type": ["string", "null"], "enum": ["a"] }),
        json!({ "type": "string", "default": null }),
        json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] }),
        json!({ "$ref": "#/$defs/text" }),
    ] {
        let reasons = impossible(&optional(schema));
        assert!(
            reasons[0].starts_with("/properties/a: the property is optional"),
            "{reasons:?}"
        );
    }
}

#[test]
fn one_of_becomes_any_of_only_if_no_value_matches_two_branches() {
    let tagged = |tag: &str| json!({ "type": "object", "properties": { "kind": { "type": "string", "const": tag } }, "required": ["kind"] });
    let open = |name: &str| json!({ "type": "object", "properties": { name: { "type": "null" } }, "required": [name] });
    for branches in [
        json!([tagged("a"), tagged("b")]),
        json!([{ "type": "string", "enum": ["a", "b"] }, { "type": "string", "const": "c" }]),
        json!([{ "type": "string" }, { "type": "integer" }, tagged("a")]),
        // After the objects are closed.
        json!([open("a"), open("b")]),
        json!([{ "anyOf": [tagged("a"), tagged("b")] }, tagged("c")]),
    ] {
        let (schema, _) = possible(&with_property(&json!({ "oneOf": branches })));
        assert!(schema["properties"]["a"]["anyOf"].is_array());
    }
    let optional_kind =
        json!({ "type": "object", "properties": { "kind": { "type": ["string", "null"] } } });
    for branches in [
        json!([tagged("a"), tagged("a")]),
        json!([{ "type": "number" }, { "type": "integer" }]),
        json!([{ "type": "number", "const": 1 }, { "type": "number", "enum": [1, 2] }]),
        json!([{ "type": "string", "pattern": "^a" }, { "type": "string", "pattern": "^b" }]),
        json!([tagged("a"), optional_kind]),
        json!([{ "$ref": "#" }, { "$ref": "#" }]),
    ] {
        let reasons = impossible(&with_property(&json!({ "oneOf": branches })));
        assert!(
            reasons[0].contains("may match both branches 0 and 1"),
            "{reasons:?}"
        );
    }
    let root = json!({ "oneOf": [tagged("a"), tagged("b")] });
    assert!(impossible(&root)[0].starts_with("the root: `oneOf` is not supported at the root"));
}

#[test]
fn invalid_schemas_are_unsupported() {
    for root in [
        json!(true),
        json!(7),
        json!({}),
        json!({ "type": "string" }),
        json!({ "type": "array", "items": { "type": "string" } }),
        json!({ "type": ["object", "null"] }),
        json!({ "properties": {} }),
        json!({ "anyOf": [{ "type": "object" }, { "type": "null" }] }),
        json!({ "$ref": "#" }),
    ] {
        let reasons = unsupported(&root);
        assert!(
            reasons[0].starts_with("the root: it accepts values that are not objects"),
            "{reasons:?}"
        );
    }
    assert_eq!(
        unsupported(&json!(false))[1],
        "the root: nothing matches `false`"
    );
    for (reason, schema) in [
        ("nothing matches `false`", json!(false)),
        ("not a schema", json!("string")),
        ("not a schema", json!(null)),
        ("\"text\" is not a type", json!({ "type": "text" })),
        ("7 is not a type", json!({ "type": 7 })),
        ("[] is not a type", json!({ "type": [] })),
        ("cannot be resolved", json!({ "$ref": "#/$defs/none" })),
        (
            "cannot be resolved",
            json!({ "$ref": "https://example.com/schema" }),
        ),
        ("cannot be resolved", json!({ "$ref": 7 })),
        ("refers to itself", json!({ "$ref": "#/properties/a" })),
        ("`anyOf` is not a list", json!({ "anyOf": [] })),
        ("`anyOf` is not a list", json!({ "anyOf": {} })),
        (
            "`enum` is not a list",
            json!({ "type": "string", "enum": [] }),
        ),
        (
            "`properties` is not an object",
            json!({ "type": "object", "properties": [] }),
        ),
        (
            "`required` is not a list",
            json!({ "type": "object", "required": "a" }),
        ),
        (
            "`minimum` cannot be \"1\"",
            json!({ "type": "number", "minimum": "1" }),
        ),
        (
            "`minItems` cannot be -1",
            json!({ "type": "array", "items": { "type": "null" }, "minItems": -1 }),
        ),
        (
            "`pattern` cannot be 7",
            json!({ "type": "string", "pattern": 7 }),
        ),
    ] {
        let reasons = unsupported(&with_property(&schema));
        assert!(reasons[0].starts_with("/properties/a: "), "{reasons:?}");
        assert!(reasons[0].contains(reason), "{reasons:?}");
    }
}

#[test]
fn limits_apply() {
    let wide = |properties: usize| {
        let names = (0..properties).map(|number| format!("p{number}"));
        let properties: Map<_, _> = names
            .map(|name| (name, json!({ "type": ["null", "string"] })))
            .collect();
        json!({ "type": "object", "properties": properties })
    };
    let deep = |levels: usize| {
        (1..levels).fold(with_property(&json!({ "type": "null" })), |inner, _| {
            with_property(&inner)
        })
    };
    let list_of = |values: usize, length: usize| {
        let values: Vec<_> = (0..values)
            .map(|value| format!("{value}{}", "x".repeat(length - value.to_string().len())))
            .collect();
        json!({ "type": "string", "enum": values })
    };
    let enums = |values: Vec<Value>| {
        let properties = values.into_iter().enumerate();
        let properties: Map<_, _> = properties
            .map(|(index, one)| (index.to_string(), one))
            .collect();
        let required: Vec<_> = properties.keys().cloned().collect();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    for (fits, exceeds, reason) in [
        (
            wide(5_000),
            wide(5_001),
            "at most 5000 properties in strict mode, not 5001",
        ),
        (
            deep(10),
            deep(11),
            "at most 10 levels of objects and lists in strict mode, not 11",
        ),
        (
            enums(vec![list_of(500, 4), list_of(500, 4)]),
            enums(vec![list_of(500, 4), list_of(501, 4)]),
            "at most 1000 values in `enum`s in strict mode, not 1001",
        ),
        (
            enums(vec![list_of(251, 59)]),
            enums(vec![list_of(251, 60)]),
            "an `enum` with more than 250 values has at most 15000 characters in strict mode, not 15060",
        ),
        (
            enums(vec![list_of(1, 119_999)]),
            enums(vec![list_of(1, 120_000)]),
            "at most 120000 characters in names and values in strict mode, not 120001",
        ),
    ] {
        possible(&fits);
        let reasons = impossible(&exceeds);
        assert!(reasons[0].contains(reason), "{reasons:?}");
    }
    let mut endless = json!({ "type": "null" });
    for _ in 0..200 {
        endless = with_property(&endless);
    }
    assert!(unsupported(&endless)[0].contains("more than 128 schemas contain each other"));
}

/// Recursive schemas with many branches take bounded time.
#[test]
fn comparing_branches_is_bounded() {
    let branches: Vec<_> = (0..30)
        .map(|_| {
            json!({
                "type": "object",
                "properties": { "left": { "$ref": "#/$defs/node" }, "right": { "$ref": "#/$defs/node" } },
                "required": ["left", "right"],
            })
        })
        .collect();
    let schema = json!({
        "type": "object",
        "properties": { "a": { "$ref": "#/$defs/node" } },
        "required": ["a"],
        "$defs": { "node": { "oneOf": branches } },
    });
    let begun = std::time::Instant::now();
    assert!(impossible(&schema)[0].contains("may match both branches"));
    assert!(begun.elapsed().as_secs() < 5);
}
