//! References, and what they lead to.

use super::*;

#[test]
fn properties_named_like_keywords_are_properties() {
    let names = [
        "default",
        "example",
        "examples",
        "enum",
        "const",
        "mapping",
        "oneOf",
        "allOf",
        "schema",
        "x-unit",
        "properties",
        "plain",
    ];
    let properties: String = names
        .iter()
        .map(|name| format!("    {name}: {{$ref: '#/components/schemas/Size/properties/unit'}}\n"))
        .collect();
    // Another schema has the last name of the reference.
    let schemas = schemas(&with_schemas(&format!(
        "unit: {{type: integer}}
Size: {{type: object, properties: {{unit: {{type: [object, 'null'], properties: {{name: {{type: string}}}}}}}}}}
Thing:
  type: object
  properties:
{properties}"
    )));
    let found = &schemas["Thing"]["properties"];
    assert_eq!(
        found["plain"],
        json!({"nullable": true, "allOf": [reference("SizeUnit")]})
    );
    for name in names {
        assert_eq!(found[name], found["plain"], "{name}");
    }
    assert_eq!(schemas["SizeUnit"]["properties"]["name"]["type"], "string");
}

#[test]
fn values_that_look_like_references_are_data() {
    let document = with_schemas(
        "Thing: {type: object, example: {$ref: '#/nowhere'}, properties: {a: {type: string, x-b: {$ref: '#/nowhere'}}}}",
    );
    assert_eq!(lowered(&document).notes, []);
}

#[test]
fn references_lead_into_all_parts_of_the_original_document() {
    let document = document(
        "3.1.0",
        "paths:
  /a/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: OK, content: {application/json: {schema: {type: object, properties: {list: {type: array, items: {type: object, properties: {n: {type: integer}}}}}}}}}}
  /b:
    get:
      responses: {'200': {description: OK, content: {application/json: {schema: {type: object, properties: {
        response: {$ref: '#/paths/~1a~1%7Bid%7D/get/responses/200/content/application~1json/schema/properties/list/items'},
        parameter: {$ref: '#/components/parameters/P/schema'},
        through: {$ref: '#/components/schemas/A/properties/b/properties/c'},
        anchor: {$ref: '#leaf'},
        id: {$ref: 'https://example.com/leaf'}}}}}}}
components:
  parameters: {P: {name: p, in: query, schema: {type: object, properties: {z: {type: integer}}}}}
  schemas:
    A: {type: object, properties: {b: {$ref: '#/components/schemas/B'}}}
    B: {type: object, properties: {c: {type: object, properties: {deep: {type: boolean}}}}}
    Leaf: {$id: 'https://example.com/leaf', $anchor: leaf, type: object, properties: {green: {type: boolean}}}
    Node: {$dynamicAnchor: node, type: object, properties: {next: {$dynamicRef: '#node'}}}
",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.notes, []);
    let schemas = &lowered.document["components"]["schemas"];
    let target = |property: &str| {
        let reference = schemas["GetBResponse"]["properties"][property]["$ref"]
            .as_str()
            .unwrap();
        schemas[reference.rsplit('/').next().unwrap()]["properties"].clone()
    };
    assert_eq!(target("response"), json!({"n": {"type": "integer"}}));
    assert_eq!(target("parameter"), json!({"z": {"type": "integer"}}));
    assert_eq!(target("through"), json!({"deep": {"type": "boolean"}}));
    assert_eq!(target("anchor"), json!({"green": {"type": "boolean"}}));
    assert_eq!(target("id"), target("anchor"));
    assert_eq!(schemas["Node"]["properties"]["next"], reference("Node"));
}

#[test]
fn references_are_relative_to_the_id_around_them() {
    let document = with_schemas(
        "Thing:
  $id: https://example.com/schemas/thing
  type: object
  properties:
    definition: {$ref: '#/$defs/inner'}
    file: {$ref: other.json}
    part: {$ref: '/schemas/other.json#/properties/y'}
    itself: {$ref: '#'}
    document: {$ref: '#/components/schemas/Other'}
  $defs: {inner: {type: object, properties: {x: {type: string}}}}
Other:
  $id: https://example.com/schemas/other.json
  type: object
  properties: {y: {type: object, properties: {z: {type: string}}}}",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.notes, []);
    let properties = &lowered.document["components"]["schemas"]["Thing"]["properties"];
    assert_eq!(properties["definition"], reference("ThingInner"));
    assert_eq!(properties["file"], reference("Other"));
    assert_eq!(properties["part"], reference("OtherY"));
    assert_eq!(properties["itself"], reference("Thing"));
    assert_eq!(properties["document"], reference("Other"));
}

#[test]
fn anchors_with_one_name_are_ambiguous() {
    let document = with_schemas(
        "A: {$anchor: x, type: object}\nB: {$anchor: x, type: object}\nThing: {type: object, properties: {a: {$ref: '#x'}}}",
    );
    let error = lower_with(&document, &Options::new().strict(true)).unwrap_err();
    assert!(error.reason.contains("cannot be resolved"), "{error}");
}

#[test]
fn references_to_other_components_are_no_schemas() {
    let lowered = lowered(&document(
        "3.0.3",
        "paths:
  /a:
    get:
      parameters: [{$ref: '#/components/parameters/P'}]
      responses:
        '200': {description: OK, content: {application/json: {schema: {$ref: '#/components/parameters/P'}}}}
        '201': {description: OK, content: {application/json: {schema: {type: string, maxLength: 5}}}}
components:
  parameters: {P: {name: p, in: query, schema: {type: string}}}
",
    ));
    assert_eq!(
        notes(&lowered, NoteKind::Repaired),
        [
            "#/paths/~1a/get/responses/200/content/application~1json/schema/$ref: \"#/components/parameters/P\" is not a schema; treated as untyped JSON"
        ]
    );
    assert_eq!(
        notes(&lowered, NoteKind::Unchecked),
        [
            "#/paths/~1a/get/responses/201/content/application~1json/schema/maxLength: `maxLength: 5`"
        ]
    );
}

#[test]
fn the_type_beside_a_reference_is_ignored_in_3_0() {
    let members = "paths: {}
components:
  schemas:
    A: {type: array, items: {type: string}}
    B: {type: object, properties: {a: {$ref: '#/components/schemas/A', type: object, description: all}}}
";
    let old = lowered(&document("3.0.3", members));
    let property = &old.document["components"]["schemas"]["B"]["properties"]["a"];
    assert_eq!(property["allOf"], json!([reference("A")]));
    assert_eq!(old.notes, []);
    let new = lowered(&document("3.1.0", members));
    let property = &new.document["components"]["schemas"]["B"]["properties"]["a"];
    assert_eq!(*property, json!({"description": "all"}));
    assert_eq!(notes(&new, NoteKind::Lost).len(), 1);
}

#[test]
fn a_reference_beside_annotations_remains_a_reference() {
    let schemas = schemas(&with_schemas(
        "Shape: {type: object, properties: {name: {type: string}}}
Color: {type: string, enum: [red, blue]}
Thing:
  type: object
  properties:
    described: {allOf: [{$ref: '#/components/schemas/Shape'}, {description: Its shape.}]}
    nullable: {allOf: [{nullable: true, type: object}, {$ref: '#/components/schemas/Shape'}]}
    typed: {type: object, allOf: [{$ref: '#/components/schemas/Shape', description: Its shape.}]}
    colors: {type: array, items: {allOf: [{$ref: '#/components/schemas/Color'}, {xml: {name: c}}]}}
    other: {allOf: [{$ref: '#/components/schemas/Shape'}, {required: [name]}]}
    unlike: {allOf: [{$ref: '#/components/schemas/Shape'}, {type: string}]}",
    ));
    let (shape, color) = (reference("Shape"), reference("Color"));
    let properties = &schemas["Thing"]["properties"];
    let described = json!({"description": "Its shape.", "allOf": [shape]});
    assert_eq!(properties["described"], described);
    assert_eq!(properties["typed"], described);
    let nullable = json!({"nullable": true, "allOf": [shape]});
    assert_eq!(properties["nullable"], nullable);
    assert_eq!(properties["colors"]["items"], color);
    assert_eq!(properties["other"], reference("ThingOther"));
    assert_eq!(schemas["ThingOther"]["required"], json!(["name"]));
    // Contradictory: no value has both types.
    assert_eq!(properties["unlike"], json!({}));
}

#[test]
fn a_property_that_is_referenced_is_one_type() {
    let document = with_schemas(
        "Thing:
  type: object
  properties:
    state: {type: string, enum: [on, off]}
    place: {type: object, properties: {city: {type: string}, near: {$ref: '#/components/schemas/Thing/properties/place'}}}
    size: {type: integer}
Other:
  type: object
  properties:
    state: {$ref: '#/components/schemas/Thing/properties/state'}
    place: {$ref: '#/components/schemas/Thing/properties/place'}
    size: {$ref: '#/components/schemas/Thing/properties/size'}",
    );
    let lowered = lowered(&document);
    let schemas = &lowered.document["components"]["schemas"];
    for owner in ["Thing", "Other"] {
        let properties = &schemas[owner]["properties"];
        assert_eq!(properties["state"], reference("ThingState"), "{owner}");
        assert_eq!(properties["place"], reference("ThingPlace"), "{owner}");
    }
    assert_eq!(
        schemas["ThingPlace"]["properties"]["near"],
        reference("ThingPlace")
    );
    assert_eq!(lowered.notes, []);
}

#[test]
fn a_referenced_body_is_one_type() {
    let document = document(
        "3.0.3",
        "paths:
  /a:
    put:
      operationId: put
      responses:
        '201': {description: Made, content: {application/json: {schema: {type: object, properties: {n: {type: string}}}}}}
        '202': {description: Kept, content: {application/json: {schema: {$ref: '#/paths/~1a/put/responses/201/content/application~1json/schema'}}}}
  /b:
    get:
      operationId: get
      responses:
        '200': {description: OK, content: {application/json: {schema: {$ref: '#/paths/~1a/put/responses/201/content/application~1json/schema'}}}}",
    );
    let types = types(&document);
    assert_eq!(types.matches("pub struct").count(), 1, "{types}");
}

#[test]
fn references_repeat_what_a_component_without_a_type_says() {
    let schemas = schemas(&document(
        "3.0.3",
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}, responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}}}}}
components:
  schemas:
    When: {type: string, format: date-time, deprecated: true, description: In UTC.}
    Id: {type: string, readOnly: true}
    Thing:
      type: object
      required: [id, secret]
      externalDocs: {url: 'https://example.com/things'}
      properties:
        id: {$ref: '#/components/schemas/Id'}
        when: {$ref: '#/components/schemas/When'}
        secret: {type: string, writeOnly: true}",
    ));
    let thing = &schemas["Thing"];
    assert_eq!(thing["description"], "See <https://example.com/things>.");
    let description = |name: &str| thing["properties"][name]["description"].clone();
    assert_eq!(description("id"), "Read-only: set in responses.");
    assert_eq!(description("when"), "In UTC. Deprecated.");
    assert_eq!(
        description("secret"),
        "Required in requests. Write-only: set in requests."
    );
}

#[test]
fn schemas_in_extensions_of_the_components_are_types() {
    let types = types(&document(
        "3.1.0",
        "paths:
  /a:
    get:
      operationId: a
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/x-schemas/A'}}}}}
components:
  x-schemas: {A: {type: object, properties: {a: {type: string}}}}
",
    ));
    assert!(
        types.contains("pub a: ::std::option::Option<::std::string::String>"),
        "{types}"
    );
}
