use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::*;
use crate::{TextOrParts, Timestamp, Usd};

/// A type like those of generated code, with fields of each kind.
#[derive(Debug, Deserialize)]
struct Response {
    choices: Vec<Choice>,
    created: Option<i64>,
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    cost: Option<Usd>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    index: Option<i64>,
    content: Option<TextOrParts>,
    score: Option<f64>,
    done: Option<bool>,
    at: Option<Timestamp>,
    call: Option<Call>,
}

#[derive(Debug, Deserialize)]
struct Call {
    name: String,
    #[serde(default)]
    count: i64,
}

impl Lenient for Response {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        const FIELDS: &[Field] = &[
            Field::required::<Vec<Choice>>("choices"),
            Field::optional::<Option<i64>>("created"),
            Field::optional::<Option<String>>("id"),
            Field::optional::<AnyFormat<Usd>>("cost"),
        ];
        out.object_with_extra::<serde_json::Value>(json, FIELDS)
    }
}

impl Lenient for Choice {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        const FIELDS: &[Field] = &[
            Field::optional::<Option<i64>>("index"),
            Field::optional::<Option<TextOrParts>>("content"),
            Field::optional::<Option<f64>>("score"),
            Field::optional::<Option<bool>>("done"),
            Field::optional::<Option<Timestamp>>("at"),
            Field::optional::<Option<Call>>("call"),
        ];
        out.object(json, FIELDS)
    }
}

impl Lenient for Call {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        const FIELDS: &[Field] = &[
            Field::required::<String>("name"),
            Field::exact::<i64>("count"),
        ];
        out.object(json, FIELDS)
    }
}

fn read(json: &str) -> (Response, Vec<String>) {
    let (value, warnings) = from_json::<Response>(json.as_bytes()).unwrap();
    let warnings = warnings.iter().map(ToString::to_string);
    (value, warnings.collect())
}

#[test]
fn a_valid_response_has_no_warnings() {
    let (response, warnings) = read(
        r#"{"choices":[{"index":0,"content":"a","score":-0.5,"done":true,"call":{"name":"f"}}],"created":7,"id":"x","cost":"0.1","n":{}}"#,
    );
    assert_eq!(response.created, Some(7));
    assert_eq!(response.choices[0].call.as_ref().unwrap().name, "f");
    assert_eq!(response.extra.len(), 1);
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn numbers_are_read_exactly_or_not_at_all() {
    for (number, expected) in [
        ("5.0", Some(5)),
        ("\"5\"", Some(5)),
        ("1.75e9", Some(1_750_000_000)),
        ("9007199254740993.0", Some(9_007_199_254_740_993)),
        ("17.9", None),
        ("\"soon\"", None),
        ("1e30", None),
        ("true", None),
        ("[5]", None),
        ("{}", None),
    ] {
        let (response, warnings) = read(&format!("{{\"choices\":[],\"created\":{number}}}"));
        assert_eq!(response.created, expected, "{number}");
        let is_exact_number = expected.is_some() && !number.starts_with('"');
        assert_eq!(warnings.is_empty(), is_exact_number, "{warnings:?}");
    }
}

#[test]
fn integers_in_a_value_may_be_written_as_floats() {
    let read = |json: &str| {
        let value: Value = serde_json::from_str(json).unwrap();
        from_value::<std::collections::BTreeMap<String, Vec<u64>>>(&value)
            .map(|map| map["n"].clone())
    };
    assert_eq!(
        read(r#"{"n": [5.0, 18446744073709551615]}"#).unwrap(),
        [5, u64::MAX]
    );
    for json in [
        r#"{"n": [5.5]}"#,
        r#"{"n": [5.0, "5"]}"#,
        r#"{"n": [-5.0]}"#,
        r#"{"n": [1e20]}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
    let floats = serde_json::json!([5.0, 0.5]);
    assert_eq!(from_value::<Vec<f64>>(&floats).unwrap(), [5.0, 0.5]);
}

#[test]
fn a_failed_attempt_counts_no_unlisted_values() {
    struct Unlisted;

    impl<'de> Deserialize<'de> for Unlisted {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            <String as Deserialize>::deserialize(deserializer)?;
            add_unlisted(1);
            Ok(Self)
        }
    }

    // The float fails after the text was read.
    for (json, expected) in [
        (r#"["a", 5]"#, 1),
        (r#"["a", 5.0]"#, 1),
        (r#"["a", 5.5]"#, 0),
    ] {
        let value: Value = serde_json::from_str(json).unwrap();
        let read = || from_value::<(Unlisted, i64)>(&value).is_ok();
        assert_eq!(count_unlisted(read), (expected == 1, expected), "{json}");
    }
}

#[test]
fn undeclared_fields_are_read_leniently() {
    #[derive(Debug, Deserialize)]
    struct Counts {
        name: String,
        #[serde(flatten)]
        extra: HashMap<String, i64>,
    }

    impl Lenient for Counts {
        fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
            const FIELDS: &[Field] = &[Field::required::<String>("name")];
            out.object_with_extra::<i64>(json, FIELDS)
        }
    }

    let json = br#"{"a": 5.0, "name": "n", "b": "6", "c": "x", "d": null, "e": 7}"#;
    let (counts, warnings) = from_json::<Counts>(json).unwrap();
    assert_eq!(counts.name, "n");
    let expected = [("a", 5), ("b", 6), ("e", 7)].map(|(key, value)| (key.to_owned(), value));
    assert_eq!(counts.extra, HashMap::from(expected));
    let warnings: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.path.as_str())
        .collect();
    assert_eq!(warnings, ["b", "c"]);
}

#[test]
fn values_of_another_type_are_warnings_with_their_path() {
    let (response, warnings) = read(
        r#"{"choices":[{"index":[],"content":"a","score":"0.5","done":"yes","at":"soon","call":{}},
            7,{"content":{"type":"text","text":"b"}},null,{"content":{"c": 1}}],"id":12,"cost":[1]}"#,
    );
    assert_eq!(response.choices.len(), 3);
    assert_eq!(response.choices[0].score, Some(0.5));
    assert!(response.choices[0].call.is_none());
    let texts = response
        .choices
        .iter()
        .map(|choice| choice.content.as_ref().unwrap().text());
    assert_eq!(texts.collect::<String>(), "ab{\"c\": 1}");
    assert_eq!(response.id.as_deref(), Some("12"));
    let first = &response.choices[0];
    assert!(first.index.is_none() && first.done.is_none() && first.at.is_none());
    assert_eq!(response.cost, None);
    assert_eq!(
        warnings,
        [
            "choices[0].index: expected an integer, got a list; read as missing",
            "choices[0].score: expected a number, got a string; read as a number",
            "choices[0].done: expected a boolean, got a string; read as missing",
            "choices[0].at: expected a date and time, got a string; read as missing",
            "choices[0].call: `name`: missing; read as missing",
            "choices[1]: expected an object, got a number; omitted",
            "choices[2].content: expected a list, got an object; read as a list with one item",
            "choices[3]: expected an object, got null; omitted",
            "choices[4].content: expected a string, got an object; read as its JSON",
            "id: expected a string, got a number; read as its text",
            "cost: expected an amount of money, got a list; read as missing",
        ]
    );
}

#[test]
fn a_number_that_cannot_be_read_is_not_replaced_by_its_default() {
    let call = |count: &str| format!("{{\"choices\":[{{\"call\":{{\"name\":\"f\"{count}}}}}]}}");
    for (count, expected) in [
        ("", Some(0)),
        (",\"count\":5.0", Some(5)),
        (",\"count\":5.5", None),
    ] {
        let (response, warnings) = read(&call(count));
        let call = response.choices[0].call.as_ref();
        assert_eq!(call.map(|call| call.count), expected);
        assert_eq!(warnings.is_empty(), expected.is_some(), "{warnings:?}");
    }
}

#[test]
fn the_last_value_of_a_duplicate_key_that_is_not_null_is_used() {
    let (response, warnings) =
        read(r#"{"id":"a","id":"b","id":null,"choices":[],"x":1,"x":2,"x":null}"#);
    assert_eq!(response.id.as_deref(), Some("b"));
    assert_eq!(response.extra["x"], 2);
    assert!(
        warnings
            .iter()
            .all(|warning| warning.starts_with("id: duplicate key"))
    );
    assert_eq!(warnings.len(), 2);
}

#[test]
fn invalid_tokens_are_replaced() {
    let json = br#"{"choices":[{"content":"a\udcafb","score":NaN},{"content":"\ud83d\ude00 \ud83d","score":-Infinity},
        {"content":"\\ud83d NaN \xff"}],"created":1,"extra":[Infinity,{"deep":NaN}]}"#;
    let json = [b"\xef\xbb\xbf".as_slice(), &json[..]].concat();
    let json = String::from_utf8_lossy(&json)
        .replace("\\xff", "\u{1}")
        .into_bytes();
    let json: Vec<u8> = json
        .into_iter()
        .map(|byte| if byte == 1 { 0xff } else { byte })
        .collect();
    let (response, warnings) = from_json::<Response>(&json).unwrap();
    let texts = response
        .choices
        .iter()
        .map(|choice| choice.content.as_ref().unwrap().text());
    assert_eq!(
        texts.collect::<Vec<_>>(),
        ["a\u{fffd}b", "😀 \u{fffd}", "\\ud83d NaN \u{fffd}"]
    );
    assert!(response.choices.iter().all(|choice| choice.score.is_none()));
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "a byte order mark; removed",
            "invalid UTF-8; read as U+FFFD",
            "choices[0].content: a lone surrogate; read as U+FFFD",
            "choices[0].score: not a finite number; read as null",
            "choices[1].content: a lone surrogate; read as U+FFFD",
            "choices[1].score: not a finite number; read as null",
            "extra[0]: not a finite number; read as null",
            "extra[1].deep: not a finite number; read as null",
        ]
    );
}

#[test]
fn null_is_an_empty_list() {
    let (response, warnings) = read(r#"{"choices":null}"#);
    assert!(response.choices.is_empty());
    assert_eq!(
        warnings,
        ["choices: expected a list, got null; read as an empty list"]
    );
}

#[test]
fn json_that_cannot_be_read_is_an_error() {
    for json in [
        "",
        "7",
        "[]",
        "{",
        "{}",
        r#"{"choices":7}"#,
        r#"{"choices":[]"#,
        "<html>",
    ] {
        assert!(from_json::<Response>(json.as_bytes()).is_err(), "{json}");
    }
    for deep in ["[", "{\"a\":"] {
        assert!(from_json::<Response>(deep.repeat(1_000_000).as_bytes()).is_err());
    }
}

#[test]
fn deeply_nested_items_are_omitted_with_a_warning() {
    struct Nested;

    impl Lenient for Nested {
        fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
            Vec::<Nested>::normalize(json, out)
        }
    }

    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let (json, warnings) = rewrite::<Nested>(nested(129).as_bytes()).unwrap();
    assert_eq!((json, warnings), (nested(129), Vec::new()));
    let (json, warnings) = rewrite::<Nested>(nested(200).as_bytes()).unwrap();
    assert_eq!(json, nested(129));
    let expected = Warning::new("[0]".repeat(129), "nested too deeply; omitted");
    assert_eq!(warnings, [expected]);
}

#[test]
fn the_number_of_warnings_is_bounded() {
    let choices = vec!["7"; 1_000].join(",");
    let (response, warnings) = read(&format!("{{\"choices\":[{choices}]}}"));
    assert!(response.choices.is_empty());
    assert_eq!(warnings.len(), 101);
    assert_eq!(warnings[100], "900 more warnings were omitted");
}

/// Reads the JSON whose values take the most memory for its size.
#[test]
fn memory_is_bounded() {
    const SIZE: usize = 2 << 20;
    for item in ["{},", "0,", "[],", "\"\",", "{\"a\":1},"] {
        let mut list = item.repeat(SIZE / item.len());
        list.pop();
        for (json, path) in [
            (format!("{{\"choices\":[{list}]}}"), "choices"),
            (format!("{{\"choices\":[],\"x\":[{list}]}}"), "x"),
        ] {
            let (response, warnings) = read(&json);
            let memory = response.choices.len() * size_of::<Choice>();
            assert!(memory <= MAX_EXPANSION * json.len(), "{item} {memory}");
            assert!(response.extra.is_empty(), "{item}");
            assert!(
                warnings
                    .iter()
                    .take(100)
                    .all(|warning| warning.starts_with(path)),
                "{warnings:?}"
            );
        }
    }
    // Texts take as much memory as their JSON.
    let long = "a".repeat(SIZE);
    let (response, warnings) = read(&format!("{{\"choices\":[],\"x\":\"{long}\"}}"));
    assert_eq!(response.extra["x"], long);
    assert!(warnings.is_empty());
}
