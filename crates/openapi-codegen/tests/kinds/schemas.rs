//! Types and constraints of schemas.

use super::*;

#[test]
fn conditional_properties_are_optional() {
    let schemas = schemas(&with_schemas(
        "Card: {type: object, required: [number], properties: {number: {type: string}}}
Bank: {type: object, properties: {iban: {type: string}}}
Thing:
  type: object
  required: [kind]
  properties: {kind: {type: string}, data: {type: object}}
  allOf:
    - {if: {properties: {kind: {const: card}}}, then: {required: [details], properties: {details: {$ref: '#/components/schemas/Card'}, data: {$ref: '#/components/schemas/Card'}}}}
    - {if: {properties: {kind: {const: bank}}}, then: {properties: {details: {$ref: '#/components/schemas/Bank'}}}}
    - {if: {required: [a]}, then: {$ref: '#/components/schemas/Bank'}, else: {required: [reason], if: {required: [b]}, then: {properties: {deep: {type: integer}}}}}
  dependentSchemas: {data: {properties: {size: {type: integer}}}}",
    ));
    let thing = &schemas["Thing"];
    assert_eq!(thing["required"], json!(["kind"]));
    assert_eq!(
        thing["properties"],
        json!({
            "kind": {"type": "string"},
            "data": {"type": "object"},
            "size": {"type": "integer"},
            "details": reference("ThingDetails"),
            "iban": {"type": "string"},
            "reason": {},
            "deep": {"type": "integer"},
        })
    );
    assert_eq!(
        schemas["ThingDetails"]["oneOf"],
        json!([reference("Card"), reference("Bank")])
    );
}

#[test]
fn a_condition_may_contain_itself() {
    let schemas = schemas(&with_schemas(
        "Thing: {type: object, if: {required: [a]}, then: {$ref: '#/components/schemas/Thing'}, properties: {a: {type: string}}}",
    ));
    assert_eq!(
        schemas["Thing"]["properties"],
        json!({"a": {"type": "string"}})
    );
}

#[test]
fn integers_are_as_large_as_their_limits() {
    let lowered = lowered(&with_schemas(
        "Thing:
  type: object
  properties:
    limits: {type: integer, minimum: 0, maximum: 18446744073709551615}
    exclusive: {type: integer, minimum: 0, exclusiveMaximum: 18446744073709551616}
    format: {type: integer, format: uint64}
    list: {type: array, items: {type: [integer, 'null'], minimum: 1, maximum: 18446744073709551614}}
    signed: {type: integer, minimum: 0, maximum: 9223372036854775807}
    values: {enum: [1, 18446744073709551615]}
    mixed: {type: integer, minimum: -1, maximum: 18446744073709551615}
    huge: {type: integer, maximum: 1e30}
    wide: {type: integer, format: int128}
    seed: {type: integer, minimum: -9223372036854776000, maximum: 9223372036854776000}
    large: {type: integer, minimum: 10000000000000000000}
    both: {type: integer, enum: [18446744073709551615, -1]}
    format_of_both: {type: integer, format: uint64, minimum: -1, maximum: 18446744073709551615}
    narrow: {type: integer, format: int32, maximum: 2147483647}
    beyond: {type: integer, format: int32, maximum: 4294967295}
    listed: {type: integer, format: int32, enum: [3000000000, 1]}
    negative: {type: integer, format: uint32, minimum: -5}",
    ));
    let schemas = &lowered.document["components"]["schemas"]["Thing"]["properties"];
    for name in ["limits", "exclusive", "format", "values", "large"] {
        assert_eq!(schemas[name]["format"], "uint64", "{name}");
    }
    assert_eq!(schemas["list"]["items"]["format"], "uint64");
    assert_eq!(schemas["signed"].get("format"), None);
    assert_eq!(schemas["narrow"]["format"], "int32");
    for name in ["beyond", "listed", "negative"] {
        assert_eq!(schemas[name]["type"], "integer", "{name}");
        assert_eq!(schemas[name].get("format"), None, "{name}");
    }
    for name in ["mixed", "huge", "wide", "both", "format_of_both"] {
        assert_eq!(schemas[name]["type"], "number", "{name}");
        assert_eq!(schemas[name]["format"], "decimal", "{name}");
    }
    assert_eq!(schemas["seed"]["type"], "integer");
    assert!(notes(&lowered, NoteKind::Lost).is_empty());
}

#[test]
fn read_only_is_not_required_in_requests_and_write_only_not_in_responses() {
    let required = |schemas: &Value, name: &str| schemas[name]["required"].clone();
    let user = "type: object, required: [id, name, password, key], properties: {id: {$ref: '#/components/schemas/Id'}, name: {type: string}, password: {type: string, writeOnly: true}, key: {type: object, readOnly: true, properties: {k: {type: string}}}}";
    let both = schemas(&with_schemas(&format!(
        "Id: {{type: string, readOnly: true}}\nThing: {{{user}}}"
    )));
    assert_eq!(required(&both, "Thing"), json!(["name"]));
    // A schema that is only received keeps what is read-only.
    let document = document(
        "3.1.0",
        &format!(
            "paths: {{/a: {{get: {{responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}}}}}}}}}
components:
  schemas:
    Id: {{type: string, readOnly: true}}
    Thing: {{{user}}}
"
        ),
    );
    assert_eq!(
        required(&schemas(&document), "Thing"),
        json!(["id", "name", "key"])
    );
}

#[test]
fn constraints_that_are_not_checked_are_noted() {
    let lowered = lowered(&with_schemas(
        "Thing:
  type: object
  minProperties: 1
  properties:
    text: {type: string, pattern: '^a', minLength: 0, maxLength: 5}
    list: {type: array, uniqueItems: true, items: {type: string, pattern: b}}
    number: {type: integer, multipleOf: 5, minimum: 5}
    numbers: {type: array, items: {type: integer, maximum: 5}}
    value: {const: 7}
    open: {enum: [a, b, null]}",
    ));
    let place = "#/components/schemas/Thing";
    assert_eq!(
        notes(&lowered, NoteKind::Unchecked),
        [
            format!("{place}/minProperties: `minProperties: 1`"),
            format!("{place}/properties/text/pattern: `pattern: \"^a\"`"),
            format!("{place}/properties/text/maxLength: `maxLength: 5`"),
            format!("{place}/properties/list/uniqueItems: `uniqueItems: true`"),
            format!("{place}/properties/list/items/pattern: `pattern: \"b\"`"),
            format!("{place}/properties/number/multipleOf: `multipleOf: 5`"),
            format!("{place}/properties/value: `enum`: the values 7"),
            format!("{place}/properties/numbers/items/maximum: `maximum: 5`"),
        ]
    );
}

#[test]
fn secrets_are_found_through_all_references() {
    let secret = |name: &str| {
        format!("type: object, properties: {{{name}: {{type: string, format: password}}}}")
    };
    let lowered = lowered(&document(
        "3.1.0",
        &format!(
            "paths:
  /a:
    get:
      operationId: get_a
      responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{type: object, properties: {{
        pet: {{$ref: '#/components/schemas/Pet'}},
        anchor: {{$ref: '#leaf'}},
        parameter: {{$ref: '#/components/parameters/P/schema'}}}},
        if: {{required: [pet]}}, then: {{{}}}}}}}}}}}}}
components:
  parameters: {{P: {{name: p, in: query, schema: {{{}}}}}}}
  schemas:
    Leaf: {{$anchor: leaf, {}}}
    Pet: {{type: object, properties: {{kind: {{type: string}}}}, discriminator: {{propertyName: kind, mapping: {{dog: Dog}}}}}}
    Cat: {{allOf: [{{$ref: '#/components/schemas/Pet'}}, {{{}}}]}}
    Lion: {{allOf: [{{$ref: '#/components/schemas/Cat'}}, {{{}}}]}}
    Dog: {{{}}}
",
            secret("conditional"),
            secret("of_parameter"),
            secret("of_anchor"),
            secret("of_cat"),
            secret("of_lion"),
            secret("of_dog"),
        ),
    ));
    let secrets: Vec<&String> = lowered.facts["get_a"].response_secrets.iter().collect();
    assert_eq!(
        secrets,
        [
            "conditional",
            "of_anchor",
            "of_cat",
            "of_dog",
            "of_lion",
            "of_parameter"
        ]
    );
}

#[test]
fn optional_recursive_properties_are_omitted() {
    let types = types(&with_schemas(
        "Thing:
  type: object
  properties:
    next: {$ref: '#/components/schemas/Thing'}",
    ));
    let field = "#[serde(skip_serializing_if = \"::std::option::Option::is_none\")] pub next: \
                 ::std::option::Option<::std::boxed::Box<Thing>>";
    assert!(types.contains(field), "{types}");
}

#[test]
fn annotations_are_documented() {
    let document = document(
        "3.1.0",
        "
paths:
  /a:
    post:
      operationId: a
      deprecated: true
      parameters:
        - {name: q, in: query, deprecated: true, schema: {type: string}}
        - {name: r, in: query, schema: {type: string, deprecated: true}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}
components:
  schemas:
    A:
      type: object
      deprecated: true
      properties:
        id: {type: string, readOnly: true, description: The id}
        key: {type: string, writeOnly: true, deprecated: true}
        tags: {type: array, items: {type: string, deprecated: true}}
",
    );
    let lowered = lowered(&document).document;
    let operation = &lowered["paths"]["/a"]["post"];
    let schema = &lowered["components"]["schemas"]["A"];
    for (described, expected) in [
        (operation, "Deprecated."),
        (&operation["parameters"][0], "Deprecated."),
        (&operation["parameters"][1], "Deprecated."),
        (schema, "Deprecated."),
        (
            &schema["properties"]["id"],
            "The id. Read-only: set in responses.",
        ),
        (
            &schema["properties"]["key"],
            "Deprecated. Write-only: set in requests.",
        ),
        (&schema["properties"]["tags"], "Items: Deprecated."),
    ] {
        assert_eq!(described["description"], expected);
    }
}

#[test]
fn read_only_properties_of_requests_are_documented() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses: {'204': {description: OK}}
components:
  schemas:
    A:
      type: object
      required: [id, key]
      properties:
        id: {type: string, readOnly: true}
        key: {type: string, writeOnly: true}
",
    );
    let lowered = lowered(&document).document;
    let schema = &lowered["components"]["schemas"]["A"];
    assert_eq!(schema["required"], json!(["key"]));
    let description = |name: &str| schema["properties"][name]["description"].clone();
    assert_eq!(description("id"), "Read-only: set in responses.");
    assert_eq!(description("key"), Value::Null);
}

#[test]
fn constraints_of_parts_are_combined_or_noted() {
    let document = with_schemas(
        "Thing:
  type: object
  required: [undeclared]
  properties:
    name: {type: string, anyOf: [{pattern: '^a'}, {pattern: '^b'}]}
    some: {anyOf: [{type: integer, minimum: 5}, {type: integer, maximum: -5}]}
    size: {type: [string, integer], format: int64, minimum: 5}
    code: {allOf: [{type: integer, minimum: 1, maximum: 9}, {type: integer, minimum: 3, maximum: 9, exclusiveMaximum: 9}]}
    map: {type: object, required: [key], additionalProperties: {type: integer}}
    odd: {enum: [ab, 1], minLength: 1}",
    );
    let lowered = lowered(&document);
    let schemas = &lowered.document["components"]["schemas"];
    let properties = &schemas["Thing"]["properties"];
    assert_eq!(properties["name"]["type"], "string");
    assert_eq!(properties["some"]["type"], "integer");
    assert_eq!(
        properties["code"][openapi_codegen::lower::LIMITS],
        json!({"minimum": 3, "maximum": 9, "exclusiveMaximum": true})
    );
    assert_eq!(schemas["ThingSize2"]["format"], "int64");
    let place = "#/components/schemas/Thing";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            format!("{place}/required: the undeclared property \"undeclared\" is required"),
            format!("{place}/properties/name/anyOf: which constraints can be combined"),
            format!(
                "{place}/properties/some/anyOf: the limits of the alternatives, which have one type"
            ),
            format!("{place}/properties/map/required: the undeclared property \"key\" is required"),
            format!(
                "{place}/properties/odd/enum: enumeration values of different types; treated as untyped JSON"
            ),
        ]
    );
}

#[test]
fn items_that_a_part_describes_keep_their_type() {
    let schemas = schemas(&with_schemas(
        "Page: {type: object, properties: {items: {type: array, items: {}}, map: {type: object, additionalProperties: {description: any}}}}
Entry: {type: object, properties: {a: {type: string}}}
Thing:
  allOf:
    - {$ref: '#/components/schemas/Page'}
    - {properties: {items: {type: array, items: {$ref: '#/components/schemas/Entry'}}, map: {additionalProperties: {$ref: '#/components/schemas/Entry'}}}}",
    ));
    let properties = &schemas["Thing"]["properties"];
    assert_eq!(properties["items"]["items"], reference("Entry"));
    assert_eq!(
        properties["map"]["additionalProperties"],
        reference("Entry")
    );
}

#[test]
fn formats_are_types_or_documented() {
    let schemas = schemas(&with_schemas(
        "Kind: {type: string, enum: [text, image], default: text}
Thing:
  type: object
  properties:
    at: {type: number, format: int64}
    share: {type: number, format: float}
    day: {type: string, format: date, description: The day.}
    data: {type: string, format: byte}
    tagged: {type: string, format: date, description: The day.<br />}
    linked: {type: string, format: date, description: 'See <https://a.example>'}
    kind: {$ref: '#/components/schemas/Kind'}",
    ));
    let properties = &schemas["Thing"]["properties"];
    assert_eq!(
        properties["at"],
        json!({"type": "integer", "format": "int64"})
    );
    assert_eq!(properties["share"]["type"], "number");
    let day = json!({"type": "string", "description": "The day. Format: `date`."});
    assert_eq!(properties["day"], day);
    assert_eq!(properties["data"]["description"], "Format: `byte`.");
    let tagged = "The day.<br /> Format: `date`.";
    assert_eq!(properties["tagged"]["description"], tagged);
    let linked = "See <https://a.example>. Format: `date`.";
    assert_eq!(properties["linked"]["description"], linked);
    // The reference does not apply it.
    assert_eq!(schemas["Kind"]["description"], "Default: `\"text\"`.");
}

#[test]
fn keywords_of_objects_do_not_make_an_object() {
    let document = with_schemas(
        "Thing:
  type: object
  properties:
    required: {required: [a]}
    any: {additionalProperties: true}
    map: {additionalProperties: {type: string}}
    items: {type: object, items: {type: string}}
    flag: {type: boolean, enum: [true, false]}
    code: {type: string, pattern: '^[a`]$'}",
    );
    let lowered = lowered(&document);
    let properties = &lowered.document["components"]["schemas"]["Thing"]["properties"];
    assert_eq!(properties["required"], json!({}));
    assert_eq!(properties["any"], json!({}));
    assert_eq!(properties["map"]["type"], "object");
    assert_eq!(properties["flag"], json!({"type": "boolean"}));
    assert_eq!(properties["code"]["description"], "Pattern: `` ^[a`]$ ``");
    let place = "#/components/schemas/Thing/properties/items/items";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [format!(
            "{place}: `items`, which does not apply to the type `object`"
        )]
    );
}

#[test]
fn a_schema_that_extends_another_keeps_its_description() {
    let schemas = schemas(&with_schemas(
        "Base: {type: object, description: The base., properties: {a: {type: string}}}
Thing: {allOf: [{$ref: '#/components/schemas/Base'}, {description: A thing., properties: {b: {type: string}}}]}
Other: {allOf: [{$ref: '#/components/schemas/Base'}, {properties: {b: {type: string}}}]}",
    ));
    assert_eq!(schemas["Thing"]["description"], "A thing.");
    assert_eq!(schemas["Other"]["description"], "The base.");
}

#[test]
fn defaults_belong_to_properties_and_not_to_enumerations() {
    let document = with_schemas(
        "Thing: {type: object, properties: {mode: {type: string, enum: [r, w], default: r}}}",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.enums[0].description, None);
    let properties = &lowered.document["components"]["schemas"]["Thing"]["properties"];
    assert_eq!(
        properties["mode"]["description"],
        "If omitted, the service uses `\"r\"`."
    );
}

#[test]
fn a_property_named_like_its_field_keeps_the_name() {
    let types = types(&with_schemas(
        "Thing: {type: object, properties: {_type: {type: integer}, type: {type: string}, Name: {type: integer}, name: {type: string}}}",
    ));
    for field in [
        "pub type_: ::std::option::Option<::std::string::String>",
        "pub type_2: ::std::option::Option<i64>",
        "pub name: ::std::option::Option<::std::string::String>",
        "pub name_2: ::std::option::Option<i64>",
    ] {
        assert!(types.contains(field), "{field}: {types}");
    }
}

#[test]
fn an_empty_object_in_a_response_differs_from_none() {
    let document = document(
        "3.0.3",
        "paths: {/a: {get: {responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}}}}}
components:
  schemas:
    Answer: {type: object, properties: {unsupported: {type: object}, labels: {type: object, additionalProperties: {type: string}}, nothing: {type: object, additionalProperties: false}}}",
    );
    let types = types(&document);
    for field in ["unsupported", "labels", "nothing"] {
        let field = format!("pub {field}: ::std::option::Option<");
        assert!(types.contains(&field), "{types}");
    }
    assert!(types.contains("/// Always empty."));
}

#[test]
fn what_a_schema_leaves_open_is_any_json() {
    let schemas = schemas(&with_schemas(
        "Thing:
  type: object
  properties:
    tuple: {type: array, prefixItems: [{type: string}]}
    full: {type: array, prefixItems: [{type: string}], maxItems: 1}
    closed: {type: array, prefixItems: [{type: string}], items: false}
    map: {type: object, patternProperties: {'^x-': {type: string}}}
  patternProperties: {'^x-': {type: string}}",
    ));
    let (thing, text) = (&schemas["Thing"], json!({"type": "string"}));
    assert_eq!(thing["additionalProperties"], json!({}));
    let properties = &thing["properties"];
    assert_eq!(properties["tuple"]["items"], json!({}));
    assert_eq!(properties["full"]["items"], text);
    assert_eq!(properties["closed"]["items"], text);
    assert_eq!(properties["map"]["additionalProperties"], text);
}

#[test]
fn constraints_of_another_type_are_noted() {
    let lowered = lowered(&with_schemas(
        "Thing:
  type: object
  properties:
    text: {type: string, minItems: 1, maximum: 3}
    number: {type: integer, maxLength: 3, minimum: 1}",
    ));
    let at = "#/components/schemas/Thing/properties";
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            format!("{at}/text/minItems: `minItems`, which does not apply to the type `string`"),
            format!("{at}/text/maximum: `maximum`, which does not apply to the type `string`"),
            format!(
                "{at}/number/maxLength: `maxLength`, which does not apply to the type `integer`"
            ),
        ]
    );
}

#[test]
fn defaults_of_items_and_lists_are_documented() {
    let schemas = schemas(&with_schemas(
        "Thing:
  type: object
  properties:
    items: {type: array, items: {type: string, default: a}}
    list: {type: array, default: [a], items: {type: string}}",
    ));
    let properties = &schemas["Thing"]["properties"];
    assert_eq!(
        properties["items"]["description"],
        "Items: Default: `\"a\"`."
    );
    let list = "If omitted, the service uses `[\"a\"]`.";
    assert_eq!(properties["list"]["description"], list);
}

#[test]
fn unlisted_properties_of_a_type_are_kept_and_read_leniently() {
    let types = types(&with_schemas(
        "Thing: {type: object, properties: {a: {$ref: '#/components/schemas/A'}, b: {$ref: '#/components/schemas/B'}}}
A: {type: object, properties: {x: {type: string}}, additionalProperties: {type: integer}}
B: {allOf: [{$ref: '#/components/schemas/C'}], unevaluatedProperties: {type: integer}}
C: {type: object, properties: {y: {type: string}}}",
    ));
    let read = "out.object_with_extra::<i64>(json, FIELDS)";
    assert_eq!(types.matches(read).count(), 2, "{types}");
}

#[test]
fn closed_tuples_have_a_length() {
    let document = with_schemas(
        "Thing: {type: object, properties: {pair: {prefixItems: [{type: string}, {type: string}], items: false}}}",
    );
    let pair = &schemas(&document)["Thing"]["properties"]["pair"];
    assert_eq!(pair["description"], "At most 2 items.");
}
