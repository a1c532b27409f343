//! Types of all kinds, and whether strict mode is possible.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU8;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use prime_ext::schema::{self, StrictVerdict};
use prime_ext::schemars::{self, JsonSchema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What strict mode makes of a type.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    Possible,
    /// With a reason at this pointer.
    Impossible(&'static str),
    /// With a reason at this pointer.
    Unsupported(&'static str),
}
use Expected::{Impossible, Possible, Unsupported};

/// A type.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) expected: Expected,
    pub(crate) schema: Value,
    /// Deserializes a value.
    pub(crate) read: fn(&Value) -> Result<(), String>,
}

fn case<T: JsonSchema + DeserializeOwned>(expected: Expected) -> Case {
    Case {
        name: std::any::type_name::<T>(),
        expected,
        schema: schema::of::<T>(),
        read: |value| {
            let read: Result<T, _> = serde_json::from_value(value.clone());
            read.map(drop).map_err(|error| error.to_string())
        },
    }
}

/// Declares types that can be deserialized, and have a schema.
macro_rules! types {
    ($($(#[$attribute:meta])* $kind:ident $name:ident $(<$($parameter:ident),*>)? $(($($tuple:tt)*);)? $({$($body:tt)*})?)*) => {
        $(#[derive(Debug, Deserialize, JsonSchema)] $(#[$attribute])* $kind $name $(<$($parameter),*>)? $(($($tuple)*);)? $({$($body)*})?)*
    };
}

types! {
    // Fields.
    struct Empty {}
    struct Scalars { text: String, yes: bool, small: u8, medium: i16, float: f64, single: f32 }
    struct Integers { a: i32, b: u32, c: i64, d: u64 }
    struct Optional { a: Option<String>, b: Option<u8>, c: Option<bool> }
    struct OptionalEnum { unit: Option<Unit> }
    struct OptionalStruct { inner: Option<Scalars> }
    struct OptionalTagged { inner: Option<Internal> }
    struct OptionalUntagged { inner: Option<Untagged> }
    struct Defaulted { a: String, #[serde(default)] b: u8 }
    struct DefaultedOption { a: String, #[serde(default)] b: Option<u8> }
    #[serde(default)] #[derive(Default)]
    struct ContainerDefault { a: String, b: u8 }
    #[serde(default)] #[derive(Default)]
    struct ContainerDefaultOptions { a: Option<String>, b: Option<u8> }
    #[serde(rename_all = "camelCase")]
    struct Renamed { first_name: String, #[serde(rename = "type")] kind: String }
    struct OddNames { #[serde(rename = "a/b")] a: String, #[serde(rename = "c~d")] b: Option<u8>, #[serde(rename = "$ref")] c: bool }
    #[serde(deny_unknown_fields)]
    struct Closed { a: String, b: Option<u8> }
    struct Skipped { a: String, #[serde(skip)] b: u8 }
    /// A comment.
    struct Commented {
        /// A comment of a field.
        inner: Scalars,
        /// Another one.
        other: Option<Scalars>,
    }
    // Lists and maps.
    struct Lists { texts: Vec<String>, nested: Vec<Vec<u8>>, structs: Vec<Optional> }
    struct Sets { set: BTreeSet<u8> }
    struct Arrays { three: [u8; 3] }
    struct Tuples { pair: (String, u8) }
    struct Maps { map: HashMap<String, u8> }
    struct NumberedMaps { map: BTreeMap<u8, String> }
    struct EnumMaps { map: BTreeMap<Unit, u8> }
    struct AnyValue { value: Value }
    struct AnyObject { object: serde_json::Map<String, Value> }
    struct Deep { a: L2 }
    struct L2 { a: L3 }
    struct L3 { a: L4 }
    struct L4 { a: L5 }
    struct L5 { a: L6 }
    struct L6 { a: L7 }
    struct L7 { a: L8 }
    struct L8 { a: L9 }
    struct L9 { a: L10 }
    struct L10 { a: u8 }
    struct TooDeep { a: Deep }
    // New types and generics.
    struct Text(String);
    struct NewType { id: Text, also: Text }
    struct Transparent(Scalars);
    struct Pair<A, B> { first: A, second: B }
    struct Page<T> { items: Vec<T>, next: Option<String> }
    struct UnitField { nothing: () }
    struct Boxed { inner: Box<Scalars> }
    // Enums.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Unit { Sun, Rain, Snow }
    enum CommentedUnit {
        /// No cloud.
        Sun,
        /// Water.
        Rain,
    }
    struct HasCommentedUnit { sky: CommentedUnit, other: Option<CommentedUnit> }
    struct HasUnit { sky: Unit }
    enum External { Empty, Number(u8), Text(String), Fields { a: u8 }, Pair(u8, u8) }
    struct HasExternal { value: External }
    enum ExternalFields { Text(String), Fields { a: u8, b: Option<String> } }
    struct HasExternalFields { value: ExternalFields }
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Internal { Circle { radius: f64 }, Square { side: f64, name: Option<String> }, Nothing }
    struct HasInternal { shape: Internal, shapes: Vec<Internal> }
    #[serde(tag = "kind", content = "value")]
    enum Adjacent { Number(u8), Text(String), Fields { a: u8 }, Nothing }
    struct HasAdjacent { value: Adjacent }
    #[serde(untagged)]
    enum Untagged { Number(u8), Text(String), Fields { a: u8 } }
    struct HasUntagged { value: Untagged }
    #[serde(untagged)]
    enum Overlapping { One { a: u8 }, Two { b: Option<u8> } }
    struct HasOverlapping { value: Overlapping }
    struct HasResult { value: Result<u8, String> }
    #[serde(tag = "kind")]
    enum DefaultedVariant { A { #[serde(default)] n: u8 }, B }
    struct HasDefaultedVariant { value: DefaultedVariant }
    // Flatten.
    struct Flattened { a: u8, #[serde(flatten)] rest: Closing }
    struct Closing { b: String, c: Option<bool> }
    struct FlattenedMap { a: u8, #[serde(flatten)] rest: HashMap<String, Value> }
    struct FlattenedEnum { a: u8, #[serde(flatten)] rest: Internal }
    // Recursion.
    struct Tree { name: String, children: Vec<Tree> }
    struct Linked { value: u8, next: Option<Box<Linked>> }
    struct CommentedLink {
        value: u8,
        /// The next one.
        next: Option<Box<CommentedLink>>,
    }
    #[serde(tag = "op")]
    enum Expression { Number { value: f64 }, Sum { left: Box<Expression>, right: Box<Expression> }, Not { of: Box<Expression> } }
    struct HasExpression { expression: Expression }
    struct Twice { one: Tree, two: Tree }
    struct Mutual { other: Vec<Mutual2> }
    struct Mutual2 { other: Option<Box<Mutual>> }
    // Other types of the standard library, and dates.
    struct Times { at: DateTime<Utc>, day: NaiveDate }
    struct LocalTime { at: NaiveDateTime }
    struct Addresses { ip: Ipv4Addr }
    struct AnyAddress { ip: IpAddr }
    struct NonZero { n: NonZeroU8 }
    struct Character { c: char }
    struct Constrained {
        #[schemars(regex(pattern = "^[a-z]{2,5}$"))] code: Code,
        #[schemars(range(min = 1, max = 5))] stars: u8,
        #[schemars(length(min = 1, max = 3))] tags: Vec<String>,
    }
    struct Long { #[schemars(length(min = 3))] text: String }
    struct Code(String);
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<Empty>(Possible),
        case::<Scalars>(Possible),
        case::<Integers>(Possible),
        case::<Optional>(Possible),
        case::<OptionalEnum>(Possible),
        case::<OptionalStruct>(Possible),
        case::<OptionalTagged>(Possible),
        case::<OptionalUntagged>(Possible),
        case::<Defaulted>(Impossible("/properties/b")),
        case::<DefaultedOption>(Possible),
        case::<ContainerDefault>(Impossible("/properties/a")),
        case::<ContainerDefaultOptions>(Possible),
        case::<Renamed>(Possible),
        case::<OddNames>(Possible),
        case::<Closed>(Possible),
        case::<Skipped>(Possible),
        case::<Commented>(Possible),
        case::<Lists>(Possible),
        case::<Sets>(Impossible("/properties/set")),
        case::<Arrays>(Possible),
        case::<Tuples>(Impossible("/properties/pair")),
        case::<Maps>(Impossible("/properties/map")),
        case::<NumberedMaps>(Impossible("/properties/map")),
        case::<EnumMaps>(Impossible("/properties/map/properties/Rain")),
        case::<AnyValue>(Impossible("/properties/value")),
        case::<AnyObject>(Impossible("/properties/object")),
        case::<Deep>(Possible),
        case::<TooDeep>(Impossible("")),
        case::<NewType>(Possible),
        case::<Transparent>(Possible),
        case::<Pair<String, Vec<Unit>>>(Possible),
        case::<Page<Pair<Internal, Option<Untagged>>>>(Possible),
        case::<UnitField>(Possible),
        case::<Boxed>(Possible),
        case::<HasUnit>(Possible),
        case::<HasCommentedUnit>(Possible),
        case::<HasExternal>(Impossible("/properties/value/oneOf/4/properties/Pair")),
        case::<HasExternalFields>(Possible),
        case::<HasInternal>(Possible),
        case::<HasAdjacent>(Possible),
        case::<HasUntagged>(Possible),
        case::<HasOverlapping>(Possible),
        case::<HasResult>(Possible),
        case::<HasDefaultedVariant>(Impossible("/properties/value/oneOf/0/properties/n")),
        case::<Flattened>(Possible),
        case::<FlattenedMap>(Impossible("")),
        case::<FlattenedEnum>(Impossible("")),
        case::<Tree>(Possible),
        case::<Linked>(Possible),
        case::<CommentedLink>(Possible),
        case::<HasExpression>(Possible),
        case::<Twice>(Possible),
        case::<Mutual>(Possible),
        case::<Times>(Possible),
        case::<LocalTime>(Impossible("/properties/at")),
        case::<Addresses>(Possible),
        case::<AnyAddress>(Impossible("/properties/ip")),
        case::<NonZero>(Possible),
        case::<Character>(Impossible("/properties/c")),
        case::<Constrained>(Possible),
        case::<Long>(Impossible("/properties/text")),
        // At the root.
        case::<Internal>(Impossible("")),
        case::<ExternalFields>(Impossible("")),
        case::<Expression>(Impossible("")),
        case::<External>(Unsupported("")),
        case::<Unit>(Unsupported("")),
        case::<Untagged>(Unsupported("")),
        case::<Option<Scalars>>(Unsupported("")),
        case::<Vec<Scalars>>(Unsupported("")),
        case::<String>(Unsupported("")),
        case::<(u8, u8)>(Unsupported("")),
        case::<Value>(Unsupported("")),
        case::<HashMap<String, u8>>(Impossible("")),
    ]
}

#[test]
fn strict_mode_is_possible_if_the_type_allows_it() {
    let mut wrong = Vec::new();
    for case in cases() {
        let verdict = schema::to_strict(&case.schema);
        let has = |notes: &[schema::SchemaNote], pointer: &str| {
            notes.iter().any(|note| note.pointer == pointer)
        };
        let is_right = match (&verdict, case.expected) {
            (StrictVerdict::Possible { .. }, Possible) => true,
            (StrictVerdict::Impossible(notes), Impossible(pointer))
            | (StrictVerdict::Unsupported(notes), Unsupported(pointer)) => has(notes, pointer),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{}: {verdict:?}\n  {}", case.name, case.schema));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
