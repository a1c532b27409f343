#![allow(clippy::unwrap_used)]

use fastrand::Rng;
use serde_json::json;

use super::*;

/// Returns random JSON text, with white space, escapes and numbers of all kinds.
fn random(rng: &mut Rng, depth: u32) -> String {
    let space = |rng: &mut Rng| {
        *rng.choice(&["", "", "", " ", "\n\t", "\r\n"])
            .unwrap_or(&"")
    };
    let kinds = if depth == 0 { 3 } else { 5 };
    let (before, after) = (space(rng), space(rng));
    let value = match rng.u32(..kinds) {
        0 => rng
            .choice([
                "true",
                "false",
                "null",
                "0",
                "-1",
                "12.5",
                "1e3",
                "-0.0",
                "18446744073709551615",
                "1E-7",
            ])
            .unwrap_or("0")
            .to_owned(),
        1 | 2 => string(rng),
        3 => {
            let items: Vec<_> = (0..rng.u32(..4)).map(|_| random(rng, depth - 1)).collect();
            format!("[{}{}]", space(rng), items.join(","))
        }
        _ => {
            let entries: Vec<_> = (0..rng.u32(..4))
                .map(|index| {
                    // A number makes the names different.
                    let name = string(rng);
                    let name = format!("{}{index}\"", &name[..name.len() - 1]);
                    format!(
                        "{}{name}{}:{}",
                        space(rng),
                        space(rng),
                        random(rng, depth - 1)
                    )
                })
                .collect();
            format!("{{{}{}}}", entries.join(","), space(rng))
        }
    };
    format!("{before}{value}{after}")
}

fn string(rng: &mut Rng) -> String {
    let parts = [
        "a",
        "é",
        "日本",
        "😀",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u00e9",
        "\\uD83D\\uDE00",
        "\\u0000",
        "}",
        "]",
        ",",
        "\u{7f}",
    ];
    let parts = (0..rng.usize(..5)).map(|_| *rng.choice(&parts).unwrap_or(&""));
    format!("\"{}\"", parts.collect::<String>())
}

/// Returns whether a partial value can become the complete one.
fn is_beginning(partial: &Value, whole: &Value) -> bool {
    match (partial, whole) {
        (Value::String(partial), Value::String(whole)) => whole.starts_with(partial.as_str()),
        (Value::Array(partial), Value::Array(whole)) => {
            partial.len() <= whole.len()
                && partial
                    .iter()
                    .zip(whole)
                    .all(|(partial, whole)| is_beginning(partial, whole))
        }
        (Value::Object(partial), Value::Object(whole)) => partial.iter().all(|(name, partial)| {
            whole
                .get(name)
                .is_some_and(|whole| is_beginning(partial, whole))
        }),
        _ => partial == whole,
    }
}

/// Returns the value, read in these fragments. Checks each partial value.
fn read(fragments: &[&str], whole: Option<&Value>) -> Result<PartialJson, Fault> {
    let mut json = PartialJson::default();
    let mut before = None;
    for fragment in fragments {
        let has_changed = json.push(fragment)?;
        assert_eq!(
            has_changed,
            json.value() != before.as_ref(),
            "{fragments:?}"
        );
        if let (Some(value), Some(whole)) = (json.value(), whole) {
            assert!(is_beginning(value, whole), "{value} {whole}");
        }
        before = json.value().cloned();
    }
    Ok(json)
}

fn fragments<'a>(text: &'a str, rng: &mut Rng, longest: usize) -> Vec<&'a str> {
    let mut fragments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let wanted = rng.usize(1..=longest);
        let length = rest
            .char_indices()
            .nth(wanted)
            .map_or(rest.len(), |(at, _)| at);
        let (fragment, more) = rest.split_at(length);
        fragments.push(fragment);
        rest = more;
    }
    fragments
}

#[test]
fn the_value_of_each_prefix_is_a_beginning_of_the_value() {
    let mut rng = Rng::with_seed(1);
    let mut containers = 0;
    for _ in 0..3_000 {
        // White space ends a number.
        let text = random(&mut rng, 4) + " ";
        let whole: Value = serde_json::from_str(&text).unwrap();
        containers += u32::from(whole.is_object() || whole.is_array());
        for longest in [1, 3, 20, 1_000] {
            let fragments = fragments(&text, &mut rng, longest);
            let json = read(&fragments, Some(&whole)).unwrap();
            assert_eq!(json.value(), Some(&whole), "{text}");
        }
    }
    assert!(containers > 1_000);
}

#[test]
fn the_value_does_not_depend_on_the_fragments_and_faults_are_those_of_serde_json() {
    let mut rng = Rng::with_seed(2);
    let mut faults = 0;
    for _ in 0..5_000 {
        let mut text: Vec<char> = random(&mut rng, 3).chars().chain([' ']).collect();
        let position = rng.usize(..text.len());
        match rng.u32(..3) {
            0 => drop(text.remove(position)),
            1 => text.insert(
                position,
                *rng.choice(&['{', ']', ',', '"', '\\', ':', '1', 'e', '\n'])
                    .unwrap(),
            ),
            _ => text.swap(position, 0),
        }
        let text: String = text.into_iter().chain([' ']).collect();
        let in_one = read(&[&text], None).map(|json| (json.value, json.state));
        let pieces = fragments(&text, &mut rng, 2);
        let in_pieces = read(&pieces, None).map(|json| (json.value, json.state));
        assert_eq!(in_one, in_pieces, "{text:?}");
        match serde_json::from_str::<Value>(&text) {
            Ok(whole) => assert_eq!(in_one, Ok((Some(whole), State::Done)), "{text:?}"),
            // The text is a beginning, or no JSON.
            Err(error) if error.is_eof() => assert!(
                in_one.is_err() || in_one.is_ok_and(|(_, state)| state != State::Done),
                "{text:?}"
            ),
            Err(_) => {
                faults += 1;
                assert_eq!(in_one, Err(Fault), "{text:?}");
            }
        }
    }
    assert!(faults > 1_000);
}

#[test]
fn strings_are_included_before_they_are_complete_and_other_scalars_are_not() {
    for (text, expected) in [
        ("", None),
        ("{", Some(json!({}))),
        ("{\"na", Some(json!({}))),
        ("{\"name\"", Some(json!({}))),
        ("{\"name\":", Some(json!({}))),
        ("{\"name\": \"", Some(json!({ "name": "" }))),
        ("{\"name\": \"Par", Some(json!({ "name": "Par" }))),
        ("{\"name\": \"Par\\", Some(json!({ "name": "Par" }))),
        ("{\"name\": \"Par\\u00", Some(json!({ "name": "Par" }))),
        ("{\"name\": \"\\uD83D", Some(json!({ "name": "" }))),
        ("{\"name\": \"\\uD83D\\uDE0", Some(json!({ "name": "" }))),
        ("{\"a\": 12", Some(json!({}))),
        ("{\"a\": 12,", Some(json!({ "a": 12 }))),
        ("{\"a\": tru", Some(json!({}))),
        ("{\"a\": true", Some(json!({ "a": true }))),
        ("[[1, 2", Some(json!([[1]]))),
        ("{\"a\": 1, \"a\": [", Some(json!({ "a": [] }))),
    ] {
        let json = read(&[text], None).unwrap();
        assert_eq!(json.value(), expected.as_ref(), "{text}");
    }
}

#[test]
fn depth_and_number_of_values_are_limited() {
    for (depth, is_valid) in [(127, true), (128, false)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(serde_json::from_str::<Value>(&text).is_ok(), is_valid);
        assert_eq!(read(&[&text], None).is_ok(), is_valid);
    }
    let mut json = PartialJson::default();
    assert_eq!(json.push("["), Ok(true));
    for _ in 1..MAX_VALUES {
        assert_eq!(json.push("0,"), Ok(true));
    }
    assert_eq!(json.push("0,"), Err(Fault));
}
