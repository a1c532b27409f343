//! Whether a type accepts what its schema accepts, with random values.
//!
//! A value of the adapted schema fits the original schema and the type. A changed value fits either both the original
//! schema and the type, or neither. The exceptions are differences between serde and JSON Schema:
//!
//! - The ranges of integers of 32 bits and more are not in their schemas.
//! - serde reads a list as a struct, and an object with one property as a variant of an enum.
//! - JSON Schema takes `1.0` for an integer.
//! - `mutate` makes none of these changes; `EXCEPTIONS` has the types that differ in other ways.

use fastrand::Rng;
use jsonschema::Validator;
use prime_ext::schema::{self, StrictVerdict};
use serde_json::Value;

use super::types::cases;
use super::values::{generate, mutate, random_schema};

/// The number of values of each type.
const VALUES: usize = 300;

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema).unwrap()
}

/// The part of the names of types whose schema accepts more or less than the type, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "HasResult",
        "schemars leaves the variants of `Result` open, serde accepts one property only",
    ),
    (
        "Constrained",
        "serde does not check the constraints of schemars attributes",
    ),
];

#[test]
fn a_type_accepts_what_its_schema_accepts() {
    let mut rng = Rng::with_seed(7);
    let mut wrong = Vec::new();
    let (mut types, mut valid, mut invalid) = (0, 0, 0);
    for case in cases() {
        let StrictVerdict::Possible { schema, .. } = schema::to_strict(&case.schema) else {
            continue;
        };
        types += 1;
        let (original, adapted) = (validator(&case.schema), validator(&schema));
        let mut differences = Vec::new();
        for _ in 0..VALUES {
            let mut value = generate(&schema, &schema, &mut rng, 6);
            assert!(adapted.is_valid(&value), "{}: {value}", case.name);
            assert!(original.is_valid(&value), "{}: {value}", case.name);
            let read = (case.read)(&value);
            assert_eq!(read, Ok(()), "{}: {value}", case.name);
            for _ in 0..rng.u32(1..3) {
                mutate(&mut value, &mut rng);
            }
            let is_valid = original.is_valid(&value);
            assert!(
                is_valid || !adapted.is_valid(&value),
                "{}: {value}",
                case.name
            );
            let read = (case.read)(&value);
            if is_valid == read.is_ok() {
                *if is_valid { &mut valid } else { &mut invalid } += 1;
            } else {
                differences.push(format!("{}: {value}: {is_valid}, {read:?}", case.name));
            }
        }
        let is_exception = EXCEPTIONS.iter().any(|(name, _)| case.name.ends_with(name));
        if is_exception == differences.is_empty() {
            wrong.extend(differences.into_iter().take(3));
            wrong.extend(is_exception.then(|| format!("{} is no exception", case.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        types >= 38 && valid > 1_000 && invalid > 3_000,
        "{types} {valid} {invalid}"
    );
}

/// What the adapted schema accepts, the original schema accepts, whatever was changed.
#[test]
fn the_adapted_schema_accepts_no_more_than_the_original() {
    let mut rng = Rng::with_seed(11);
    let (mut possible, mut choices, mut optional, mut impossible) = (0, 0, 0, 0);
    for _ in 0..4_000 {
        let original = random_schema(&mut rng);
        let (schema, changes) = match schema::to_strict(&original) {
            StrictVerdict::Possible { schema, changes } => (schema, changes),
            StrictVerdict::Impossible(_) => {
                impossible += 1;
                continue;
            }
            StrictVerdict::Unsupported(reasons) => panic!("{original}: {reasons:?}"),
        };
        possible += 1;
        let has = |text: &str| u32::from(changes.iter().any(|change| change.reason.contains(text)));
        choices += has("`oneOf` was replaced");
        optional += has("is required");
        // The adapted schema is one of strict mode, and needs no further change.
        let again = schema::to_strict(&schema);
        let is_stable = matches!(&again, StrictVerdict::Possible { schema: same, changes } if same == &schema && changes.is_empty());
        assert!(is_stable, "{schema}: {again:?}");
        let validator = validator(&original);
        for _ in 0..20 {
            let value = generate(&schema, &schema, &mut rng, 4);
            assert!(validator.is_valid(&value), "{original}: {schema}: {value}");
        }
    }
    assert!(
        possible > 500 && choices > 50 && optional > 50 && impossible > 500,
        "{possible} {choices} {optional} {impossible}"
    );
}
