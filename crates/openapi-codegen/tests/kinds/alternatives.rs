//! Alternatives, discriminators and base schemas.

use super::*;

#[test]
fn discriminator_values_survive_renaming() {
    let kind = "type: object, required: [kind], properties: {kind: {type: string}";
    let lowered = lowered(&with_schemas(&format!(
        "Thing:
  oneOf: [{{$ref: '#/components/schemas/Option'}}, {{$ref: '#/components/schemas/dog'}}, {{$ref: '#/components/schemas/Dog'}}, {{$ref: '#/components/schemas/Größe'}}]
  discriminator: {{propertyName: kind, mapping: {{opt: Option, gone: Nothing}}}}
Option: {{{kind}, a: {{type: integer}}}}}}
dog: {{{kind}, b: {{type: integer}}}}}}
Dog: {{{kind}, c: {{type: integer}}}}}}
Größe: {{{kind}, d: {{type: integer}}}}}}"
    )));
    let alternatives = &lowered.unions[0].alternatives;
    let tags: Vec<&str> = alternatives
        .iter()
        .flat_map(|a| &a.tags)
        .map(String::as_str)
        .collect();
    assert_eq!(tags, ["opt", "dog", "Dog", "Größe"]);
    assert!(
        alternatives
            .iter()
            .all(|alternative| alternative.tags.len() == 1)
    );
    let lost = notes(&lowered, NoteKind::Lost);
    assert!(lost.iter().any(|note| note.starts_with("#/components/schemas/Thing/discriminator/mapping/gone: ")));
}

#[test]
fn a_value_that_alternatives_inherit_selects_none_of_them() {
    let lowered = lowered(&with_schemas(
        "Base: {type: object, properties: {kind: {enum: [Cat, Dog, other]}}}
Cat: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {lives: {type: integer}}}]}
Dog: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {tricks: {type: integer}}}]}
Thing: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind}}",
    ));
    let tags: Vec<&[String]> = lowered.unions[0]
        .alternatives
        .iter()
        .map(|a| &a.tags[..])
        .collect();
    assert_eq!(tags, [["Cat"], ["Dog"]]);
}

#[test]
fn a_base_with_a_discriminator_is_a_union_of_its_children() {
    let lowered = lowered(&with_schemas(
        "Thing: {type: object, properties: {pet: {$ref: '#/components/schemas/Pet'}, described: {allOf: [{$ref: '#/components/schemas/Pet'}], description: A pet.}}}
Pet: {type: object, required: [kind], properties: {kind: {type: string}}, discriminator: {propertyName: kind, mapping: {fish: Fish}}}
Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, properties: {lives: {type: integer}}}]}
Lion: {allOf: [{$ref: '#/components/schemas/Cat'}, {type: object, properties: {mane: {type: boolean}}}]}
Fish: {$ref: '#/components/schemas/Pet', properties: {depth: {type: number}}}
MaybePet: {allOf: [{$ref: '#/components/schemas/Pet'}], nullable: true}",
    ));
    let schemas = &lowered.document["components"]["schemas"];
    let pet = lowered
        .unions
        .iter()
        .find(|union| union.name == "Pet")
        .unwrap();
    let tags: Vec<&[String]> = pet.alternatives.iter().map(|a| &a.tags[..]).collect();
    assert_eq!(tags, [["fish"], ["Cat"], ["Lion"], ["Pet"]]);
    let names = |schema: &Value| -> Vec<String> {
        schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(names(&schemas["Lion"]), ["kind", "lives", "mane"]);
    assert_eq!(names(&schemas["Fish"]), ["depth", "kind"]);
    assert_eq!(names(&schemas["PetBase"]), ["kind"]);
    assert_eq!(schemas["MaybePet"], reference("Pet"));
    assert_eq!(schemas["Thing"]["properties"]["pet"], reference("Pet"));
    assert_eq!(
        schemas["Thing"]["properties"]["described"]["allOf"][0],
        reference("Pet")
    );
}

#[test]
fn a_base_that_lists_its_children_is_no_cycle() {
    let document = with_schemas(
        "Thing: {type: object, properties: {area: {type: number}}, oneOf: [{$ref: '#/components/schemas/Circle'}, {$ref: '#/components/schemas/Square'}]}
Circle: {allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, required: [radius], properties: {radius: {type: number}}}]}
Square: {allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, required: [side], properties: {side: {type: number}}}]}",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.notes, []);
    let schemas = &lowered.document["components"]["schemas"];
    assert_eq!(
        schemas["Thing"]["oneOf"],
        json!([reference("Circle"), reference("Square")])
    );
    let number = json!({"type": "number"});
    assert_eq!(
        schemas["Circle"]["properties"],
        json!({"area": number, "radius": number})
    );
}

#[test]
fn unions_that_contain_each_other_have_the_same_alternatives() {
    let schemas = schemas(&with_schemas(
        "Thing: {oneOf: [{$ref: '#/components/schemas/B'}, {$ref: '#/components/schemas/X'}]}
B: {anyOf: [{$ref: '#/components/schemas/Name'}, {$ref: '#/components/schemas/Y'}]}
Name: {$ref: '#/components/schemas/Thing'}
X: {type: object, properties: {x: {type: string}}}
Y: {type: object, properties: {y: {type: string}}}
Self: {oneOf: [{$ref: '#/components/schemas/Self'}, {type: string}]}
Only: {oneOf: [{$ref: '#/components/schemas/Only'}, {$ref: '#/components/schemas/Only'}]}
Tree: {oneOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/Tree'}}]}",
    ));
    let both = json!([reference("X"), reference("Y")]);
    assert_eq!(schemas["Thing"]["oneOf"], both);
    let names = |schema: &Value| -> Vec<String> {
        let list = schema["oneOf"].as_array().unwrap().iter();
        let mut names: Vec<String> = list
            .map(|one| one["$ref"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&schemas["B"]), names(&schemas["Thing"]));
    assert_eq!(schemas["SelfType"], json!({"type": "string"}));
    // A list is read before its items.
    assert_eq!(schemas["Tree"]["oneOf"].as_array().unwrap().len(), 2);
}

#[test]
fn alternatives_that_are_constants_are_an_enumeration() {
    let document = with_schemas(
        "Color: {type: string, oneOf: [{const: red, title: Red}, {const: green, description: Like grass.}]}
Level: {type: integer, oneOf: [{const: 1, title: Low}, {const: 2, title: High}]}
Thing:
  type: object
  properties:
    color: {$ref: '#/components/schemas/Color'}
    high: {type: integer, enum: [2], allOf: [{$ref: '#/components/schemas/Level'}]}
    red: {enum: [red], allOf: [{$ref: '#/components/schemas/Color'}]}
    mixed: {oneOf: [{const: a}, {const: 1}]}
    open: {anyOf: [{const: a}, {type: string}]}
    none: {oneOf: [{const: a}, {const: b}, {type: 'null'}]}",
    );
    let lowered = lowered(&document);
    let named = |name: &str| lowered.enums.iter().find(|open| open.name == name).unwrap();
    assert_eq!(named("Color").values, ["red", "green"]);
    let description = named("Color").description.as_deref();
    assert_eq!(description, Some("`red`: Red. `green`: Like grass."));
    assert_eq!(named("ThingRed").values, ["red"]);
    assert_eq!(named("ThingNone").values, ["a", "b"]);
    let schemas = &lowered.document["components"]["schemas"];
    assert_eq!(schemas["Thing"]["properties"]["high"]["type"], "integer");
    assert_eq!(schemas["Thing"]["properties"]["none"]["nullable"], true);
    assert_eq!(notes(&lowered, NoteKind::Lost), [""; 0]);
    let unions: Vec<&str> = lowered
        .unions
        .iter()
        .map(|union| union.name.as_str())
        .collect();
    assert_eq!(unions, ["ThingMixed", "ThingOpen"]);
}

#[test]
fn the_property_of_a_discriminator_is_declared() {
    let document = with_schemas(
        "Thing:
  oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}, {$ref: '#/components/schemas/C'}]
  discriminator: {propertyName: kind}
A: {type: object, required: [a], properties: {a: {type: integer}}}
B: {type: object, properties: {kind: {type: string}, b: {type: integer}}}
C: {type: object, properties: {c: {type: integer}}, additionalProperties: true}",
    );
    let lowered = lowered(&document);
    let schemas = &lowered.document["components"]["schemas"];
    assert_eq!(
        schemas["A"]["properties"]["kind"],
        json!({"type": "string"})
    );
    assert_eq!(schemas["C"]["properties"].get("kind"), None);
    assert_eq!(
        notes(&lowered, NoteKind::Repaired),
        [
            "#/components/schemas/A: the property `kind` of a discriminator is not declared; added as an optional string"
        ]
    );
    assert!(lower_with(&document, &Options::new().strict(true)).is_err());
}

#[test]
fn alternatives_that_can_be_combined_are_noted() {
    let lowered = lowered(&with_schemas(
        "Thing:
  anyOf: [{type: object, properties: {a: {type: string}}}, {type: object, properties: {b: {type: string}}}]
Other: {anyOf: [{type: object, properties: {a: {type: string}}}, {type: string, enum: [x]}]}
Tagged: {anyOf: [{type: object, properties: {a: {const: b}}}, {type: object, properties: {a: {const: c}}}]}",
    ));
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            "#/components/schemas/Thing/anyOf: a value of several alternatives keeps the properties of one of them"
        ]
    );
}

#[test]
fn numbers_and_booleans_select_alternatives() {
    let variant = |name: &str, value: &str| {
        format!(
            "{name}: {{type: object, required: [kind], properties: {{kind: {value}, text: {{type: string}}}}}}\n"
        )
    };
    let document = with_schemas(&format!(
        "Thing: {{type: object, properties: {{number: {{$ref: '#/components/schemas/Number'}}, truth: {{$ref: '#/components/schemas/Truth'}}}}}}
Number: {{oneOf: [{{$ref: '#/components/schemas/A'}}, {{$ref: '#/components/schemas/B'}}]}}
Truth:
  oneOf: [{{$ref: '#/components/schemas/C'}}, {{$ref: '#/components/schemas/D'}}]
  discriminator: {{propertyName: kind}}
{}{}{}{}",
        variant("A", "{type: integer, enum: [1, 2]}"),
        variant("B", "{type: number, enum: [3.0, 4.5]}"),
        variant("C", "{type: boolean, const: true}"),
        variant("D", "{type: boolean, const: false}"),
    ));
    let lowered = lowered(&document);
    let tags: Vec<Vec<String>> = lowered
        .unions
        .iter()
        .flat_map(|union| union.alternatives.iter().map(|one| one.tags.clone()))
        .collect();
    let expected = [
        vec!["1", "2"],
        vec!["3", "4.5"],
        vec!["true"],
        vec!["false"],
    ];
    assert_eq!(tags, expected);
    assert!(lowered.unions.iter().all(|union| union.has_scalar_tags));
    let files = render::render("kinds.yml", &lowered).unwrap();
    let (_, unions) = files
        .iter()
        .find(|(path, _)| path == "types/unions.rs")
        .unwrap();
    assert!(unions.contains("match tag_text(value.get(\"kind\")).as_deref()"));
    for variant in ["A(super::A)", "B(super::B)", "C(super::C)", "D(super::D)"] {
        assert!(unions.contains(variant), "{unions}");
    }
}

#[test]
fn any_text_includes_texts_of_a_format() {
    let lowered = lowered(&with_schemas(
        "Day:
  oneOf: [{type: string, pattern: '[0-9]{4}'}, {type: string, format: date}, {type: string, format: date-time}, {type: object, properties: {day: {type: integer}}}]",
    ));
    assert_eq!(lowered.unions[0].alternatives.len(), 2);
    assert_eq!(
        lowered.unions[0].description.as_deref(),
        Some(
            "Alternatives:\n- Pattern: `[0-9]{4}`\n- Format: `date`.\n\nA text can have the format `date-time`."
        )
    );
}

#[test]
fn a_property_that_excludes_null_is_not_null_in_its_base() {
    let schemas = schemas(&with_schemas(
        "Base: {type: object, required: [a, b], properties: {a: {type: object, nullable: true}, b: {type: string, nullable: true}}}
Derived: {allOf: [{$ref: '#/components/schemas/Base'}], properties: {a: {type: object, nullable: false, properties: {x: {type: string}}}}}",
    ));
    let properties = &schemas["Derived"]["properties"];
    assert_eq!(properties["a"].get("nullable"), None);
    assert_eq!(properties["b"]["nullable"], true);
}

#[test]
fn a_base_that_extends_another_is_selected_by_its_own_value() {
    let lowered = lowered(&with_schemas(
        "Thing:
  type: object
  required: [kind]
  properties: {kind: {type: string}, name: {type: string}}
  discriminator: {propertyName: kind, mapping: {dog: '#/components/schemas/Dog', puppy: Puppy}}
Dog:
  allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, properties: {bark: {type: string}}}]
  discriminator: {propertyName: kind, mapping: {puppy: Puppy}}
Puppy: {allOf: [{$ref: '#/components/schemas/Dog'}, {type: object, properties: {age: {type: integer}}}]}",
    ));
    let dog = lowered.unions.iter().find(|union| union.name == "Dog");
    let tags: Vec<&[String]> = dog
        .unwrap()
        .alternatives
        .iter()
        .map(|one| one.tags.as_slice())
        .collect();
    assert_eq!(tags, [["puppy"], ["dog"]]);
}

#[test]
fn the_default_of_a_discriminator_reads_other_values() {
    let document = with_schemas(
        "Thing:
  oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/any'}]
  discriminator: {propertyName: kind, mapping: {a: A}, defaultMapping: any}
A: {type: object, properties: {kind: {type: string}, a: {type: string}}}
any: {type: object, properties: {kind: {type: string}, b: {type: string}}}",
    );
    let lowered = lowered(&document);
    assert_eq!(lowered.notes, []);
    let defaults: Vec<bool> = lowered.unions[0]
        .alternatives
        .iter()
        .map(|one| one.is_default)
        .collect();
    assert_eq!(defaults, [false, true]);
    let unions = file(&document, "types/unions.rs");
    let reads = "best.offer(Self::Any); if !value.get(\"kind\").is_some_and(::serde_json::Value::is_string) \
                 { best.offer(Self::A); }";
    assert!(unions.contains(reads), "{unions}");
}

#[test]
fn values_beside_a_reference_select_an_alternative() {
    let lowered = lowered(&with_schemas(
        "Thing: {oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]}
Kind: {type: integer, oneOf: [{title: One, const: 1}, {title: Two, const: 2}]}
A: {type: object, required: [kind], properties: {kind: {type: integer, enum: [1], allOf: [{$ref: '#/components/schemas/Kind'}]}}}
B: {type: object, required: [kind], properties: {kind: {type: integer, enum: [2], allOf: [{$ref: '#/components/schemas/Kind'}]}}}",
    ));
    let tags = lowered.unions[0].alternatives.iter().map(|one| &one.tags);
    assert_eq!(tags.collect::<Vec<_>>(), [&["1"], &["2"]]);
}

#[test]
fn texts_with_different_descriptions_are_listed() {
    let document = with_schemas(
        "Thing:
  type: object
  properties:
    a: {anyOf: [{type: string, pattern: '^a'}, {type: string, pattern: '^b'}]}
    b: {description: B., anyOf: [{type: string, pattern: '^a'}, {type: string, pattern: '^a'}]}",
    );
    let properties = &schemas(&document)["Thing"]["properties"];
    let description = |name: &str| properties[name]["description"].as_str().unwrap();
    assert_eq!(
        description("a"),
        "Alternatives:\n- Pattern: `^a`\n- Pattern: `^b`"
    );
    assert_eq!(description("b"), "B. Pattern: `^a`");
}

#[test]
fn values_that_a_later_component_inherits_select_it() {
    let lowered = lowered(&with_schemas(
        "Thing: {oneOf: [{$ref: '#/components/schemas/Track'}, {$ref: '#/components/schemas/Episode'}], discriminator: {propertyName: type}}
Track: {type: object, required: [type], properties: {type: {type: string, enum: [track]}}}
Episode: {allOf: [{$ref: '#/components/schemas/EpisodeBase'}, {type: object, properties: {show: {type: string}}}]}
EpisodeBase: {type: object, required: [type], properties: {type: {type: string, enum: [episode]}}}",
    ));
    let tags = lowered.unions[0].alternatives.iter().map(|one| &one.tags);
    assert_eq!(tags.collect::<Vec<_>>(), [&["track"], &["episode"]]);
}

#[test]
fn alternatives_of_one_form_are_noted() {
    let lowered = lowered(&with_schemas(
        "Thing:
  oneOf: [{$ref: '#/components/schemas/V4'}, {$ref: '#/components/schemas/V6'}, {$ref: '#/components/schemas/Named'}, {$ref: '#/components/schemas/OrNull'}]
V4: {type: object, required: [first], properties: {first: {$ref: '#/components/schemas/Address4'}}}
V6: {type: object, required: [first], properties: {first: {$ref: '#/components/schemas/Address6'}}}
Named: {type: object, required: [name], properties: {name: {type: string}}}
OrNull: {type: object, required: [first], properties: {first: {anyOf: [{type: 'null'}, {$ref: '#/components/schemas/Address4'}]}}}
Address4: {type: string, format: ipv4}
Address6: {type: string, format: ipv6}",
    ));
    assert_eq!(
        notes(&lowered, NoteKind::Lost),
        [
            "#/components/schemas/Thing: a response cannot distinguish `V4`, `V6`, which have the same form; it is read as `V4`"
        ]
    );
}
