//! Generates valid instances of a schema from a seed.

use super::documents::Document;
use super::json::Json;
use super::shape::{Bounds, Kind};
use serde_json::Value;

/// A random number generator (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    /// Returns `true` with probability 1/`n`.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

/// Returns an instance of a schema.
pub(crate) fn instance(document: &Document, schema: &Value, random: &mut Random) -> Json {
    let shape = document.shape(schema);
    if shape.nullable && random.once_in(5) {
        return Json::Null;
    }
    match shape.kind {
        Kind::Anything => anything(random, 3),
        Kind::Exactly(value) => Json::read(&value.to_string()),
        Kind::Bool => Json::Bool(random.once_in(2)),
        Kind::Integer(bounds) => Json::Number(integer(random, &bounds)),
        Kind::Number(bounds) => Json::Number(number(random, &bounds)),
        Kind::Amount => {
            let amount = amount(random);
            if random.once_in(3) {
                Json::Text(amount)
            } else {
                Json::Number(amount)
            }
        }
        Kind::Time => Json::Text(time(random)),
        Kind::Text(listed) if !listed.is_empty() && !random.once_in(4) => {
            Json::Text(random.one_of(&listed).clone())
        }
        Kind::Text(_) => Json::Text(text(random)),
        Kind::List(items) => {
            let length = match random.below(20) {
                0..4 => 0,
                4 => 12,
                _ => 1 + random.below(3),
            };
            Json::List(
                (0..length)
                    .map(|_| instance(document, &items, random))
                    .collect(),
            )
        }
        Kind::Map(values) => map(random, |random| instance(document, &values, random)),
        Kind::Object { fields: known, .. } => {
            let mut fields = Vec::new();
            for field in &known {
                if field.required || !random.once_in(3) {
                    fields.push((
                        field.name.clone(),
                        instance(document, &field.schema, random),
                    ));
                }
            }
            if random.once_in(3) {
                for name in ["x_new", "größe", "$schema", "", "Id"] {
                    if random.once_in(2) && known.iter().all(|field| field.name != name) {
                        fields.push((name.to_owned(), anything(random, 2)));
                    }
                }
            }
            for last in (1..fields.len()).rev() {
                fields.swap(last, random.below(last + 1));
            }
            Json::Object(fields)
        }
        Kind::OneOf(alternatives) => instance(document, random.one_of(&alternatives), random),
    }
}

/// Returns any JSON value up to a depth.
pub(crate) fn anything(random: &mut Random, depth: usize) -> Json {
    let free = Bounds {
        min: None,
        max: None,
    };
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => Json::Null,
        1 => Json::Bool(random.once_in(2)),
        2 => Json::Number(integer(random, &free)),
        3 => Json::Number(number(random, &free)),
        4 | 5 => Json::Text(text(random)),
        6 => Json::List(
            (0..random.below(4))
                .map(|_| anything(random, depth - 1))
                .collect(),
        ),
        _ => map(random, |random| anything(random, depth.saturating_sub(1))),
    }
}

fn map(random: &mut Random, mut value: impl FnMut(&mut Random) -> Json) -> Json {
    let names = ["name", "a/b~c", "ключ", "$ref", "type", "max_steps"];
    let names = &names[..random.below(names.len() + 1)];
    let fields = names.iter().map(|&name| (name.to_owned(), value(random)));
    Json::Object(fields.collect())
}

fn integer(random: &mut Random, bounds: &Bounds) -> String {
    let value = match random.below(6) {
        0 => 0,
        1 => i64::MAX,
        2 => i64::MIN,
        3 => -(random.below(1000) as i64),
        4 => random.next() as i64,
        _ => random.below(100_000) as i64,
    };
    let min = bounds.min.map_or(i64::MIN, |min| min as i64);
    let max = bounds.max.map_or(i64::MAX, |max| max as i64);
    value.clamp(min, max).to_string()
}

fn number(random: &mut Random, bounds: &Bounds) -> String {
    if let (Some(min), Some(max)) = (bounds.min, bounds.max) {
        let part = random.below(1001) as f64 / 1000.0;
        return (min + (max - min) * part).to_string();
    }
    let sign = if random.once_in(2) { "-" } else { "" };
    match random.below(5) {
        0 => "0".to_owned(),
        1 => format!("{sign}{}", random.below(1000)),
        2 => format!("{sign}{}.{}", random.below(10), random.digits(17)),
        3 => format!(
            "{sign}{}.{}e{}",
            1 + random.below(9),
            random.digits(16),
            random.below(600) as i64 - 300
        ),
        _ => format!("{sign}0.{}", 1 + random.below(999)),
    }
}

/// Returns an amount below 10²⁰ with up to 28 digits.
fn amount(random: &mut Random) -> String {
    let sign = if random.once_in(4) { "-" } else { "" };
    let whole = match random.below(3) {
        0 => "0".to_owned(),
        1 => (1 + random.below(9999)).to_string(),
        _ => {
            let more = random.below(20);
            format!("{}{}", 1 + random.below(9), random.digits(more))
        }
    };
    let places = random.below(29 - whole.len());
    let fraction = if places == 0 {
        String::new()
    } else {
        format!(".{}", random.digits(places))
    };
    let exponent = match random.below(8) {
        0 if whole.len() + places < 12 => *random.one_of(&["e-7", "E+3", "e0", "e-12"]),
        _ => "",
    };
    format!("{sign}{whole}{fraction}{exponent}")
}

fn time(random: &mut Random) -> String {
    let date = format!(
        "{:04}-{:02}-{:02}",
        1970 + random.below(200),
        1 + random.below(12),
        1 + random.below(28)
    );
    let clock = format!(
        "{:02}:{:02}:{:02}",
        random.below(24),
        random.below(60),
        random.below(60)
    );
    let places = random.below(10);
    let fraction = if places == 0 {
        String::new()
    } else {
        format!(".{}", random.digits(places))
    };
    let (between, zone) = random.one_of(&[
        ("T", "Z"),
        ("T", "+00:00"),
        ("T", "+05:30"),
        ("T", "-11:00"),
        ("T", ""),
        (" ", ""),
    ]);
    format!("{date}{between}{clock}{fraction}{zone}")
}

fn text(random: &mut Random) -> String {
    const PIECES: [&str; 16] = [
        "a", "stop", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{7f}", "ü", "e\u{301}", "中", "🦀",
        "\u{202e}", "\u{2028}", "\u{ffff}",
    ];
    let length = match random.below(20) {
        0..2 => 0,
        2 => 100,
        _ => 1 + random.below(8),
    };
    (0..length).map(|_| *random.one_of(&PIECES)).collect()
}
