//! Texts that must not show, and where they stand in others.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use memchr::memmem;
use serde_json::Value;

use super::credentials;

/// Texts that must not show, whoever repeats them: whole or from their beginning on; of what people wrote,
/// also a few words in a row.
#[derive(Default)]
pub(crate) struct Hidden {
    /// As they are, and as JSON writes them.
    texts: Vec<String>,
    /// Hashes of so many words in a row, in order.
    phrases: Vec<u64>,
}

/// Texts of one answer, from which they are to be left out. What is looked at in all is bounded, since of an
/// answer without end only the beginning is shown.
pub(crate) struct Hiding<'a> {
    hidden: &'a Hidden,
    /// How many bytes are still looked at.
    left: Cell<usize>,
}

/// What stands in the place of what is hidden.
pub(super) const REDACTED: &str = "…";

/// So many words in a row are not there by chance.
const PHRASE: usize = 4;

/// So many bytes of a text are looked for; where they stand, the rest of it may follow.
const HEAD: usize = 64;

/// So many bytes of one text are looked at.
const ONE: usize = 16 << 10;

/// So many bytes of all texts of an answer are looked at.
const ALL: usize = 64 << 10;

/// What the shortest text counts for: each is searched for every one that is hidden.
const LEAST: usize = 256;

impl Hidden {
    /// Of no request.
    pub(crate) const NOTHING: &Self = &Self {
        texts: Vec::new(),
        phrases: Vec::new(),
    };

    pub(crate) fn of(mut texts: Vec<String>) -> Self {
        let written: Vec<String> = texts.iter().flat_map(|text| as_json(text)).collect();
        texts
            .iter_mut()
            .for_each(|text| text.retain(|c| !is_invisible(c)));
        texts.extend(written);
        texts.retain(|text| !text.trim().is_empty());
        texts.sort_unstable();
        texts.dedup();
        let hashes = texts.iter().flat_map(|text| phrases(text));
        let mut phrases: Vec<u64> = hashes.map(|(_, hash)| hash).collect();
        phrases.sort_unstable();
        phrases.dedup();
        Self { texts, phrases }
    }

    /// For the texts of one answer.
    pub(crate) fn hiding(&self) -> Hiding<'_> {
        Hiding {
            hidden: self,
            left: Cell::new(ALL),
        }
    }

    /// A text without them, for a person to read.
    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.hiding().hide(text)
    }

    /// A JSON value without them, and without what its fields say is secret.
    pub(crate) fn hide_in(&self, mut value: Value) -> String {
        // As its texts are, and as they are written: also names of fields, and JSON within a text.
        self.hiding().hide_texts(&mut value);
        self.hide(&value.to_string()).into_owned()
    }

    /// Where they stand in a text, in order.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for hidden in &self.texts {
            let head = beginning(hidden, HEAD);
            let mut end = 0;
            for start in memmem::find_iter(text.as_bytes(), head.as_bytes()) {
                // Within what was found already, as in a text that is the same again and again.
                if start >= end {
                    end = start + shared(&text[start..], hidden);
                    found.push(start..end);
                }
            }
        }
        let phrases = phrases(text).filter(|(_, hash)| self.phrases.binary_search(hash).is_ok());
        found.extend(phrases.map(|(range, _)| range));
        found.sort_unstable_by_key(|place| place.start);
        found.dedup_by(|next, place| {
            let goes_on = next.start <= place.end;
            if goes_on {
                place.end = place.end.max(next.end);
            }
            goes_on
        });
        found
    }
}

impl Hiding<'_> {
    /// The text without them, and without characters that nobody sees; of a long one, the beginning.
    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.left.get() == 0 && !text.is_empty() {
            return REDACTED.into();
        }
        let hidden = match text.contains(is_invisible) {
            // They would part what is looked for.
            true => {
                let seen: String = text.chars().filter(|c| !is_invisible(*c)).collect();
                self.hide_visible(&seen).into_owned().into()
            }
            false => self.hide_visible(text),
        };
        match hidden {
            Cow::Borrowed(text) => credentials::redact(text),
            Cow::Owned(text) => credentials::redact(&text).into_owned().into(),
        }
    }

    fn hide_visible<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let looked_at = beginning(text, ONE);
        let left = self.left.get();
        self.left
            .set(left.saturating_sub(looked_at.len().max(LEAST)));
        let is_cut = looked_at.len() < text.len();
        let shown = match is_cut {
            true => certain(looked_at),
            false => looked_at.len(),
        };
        let places = self.hidden.places(looked_at);
        if places.is_empty() && !is_cut {
            return Cow::Borrowed(text);
        }
        let mut rest = 0;
        let mut without = String::new();
        for place in places.into_iter().filter(|place| place.start < shown) {
            without.push_str(&looked_at[rest..place.start]);
            without.push_str(REDACTED);
            rest = place.end;
        }
        without.push_str(looked_at.get(rest..shown).unwrap_or_default());
        if is_cut && !without.ends_with(REDACTED) {
            without.push_str(REDACTED);
        }
        Cow::Owned(without)
    }

    fn hide_texts(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(shown) = self.hide(text) {
                    *text = shown;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_texts(item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::Null | Value::Bool(_) | Value::Number(_) => {}
                        secret if is_secret(name) => *secret = REDACTED.into(),
                        value => self.hide_texts(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// How JSON writes a text, where that is something else: with its own letters, and with none but those of
/// ASCII, as Python does.
fn as_json(text: &str) -> impl Iterator<Item = String> {
    let json = serde_json::to_string(text).unwrap_or_default();
    let inner = json.get(1..json.len().saturating_sub(1));
    let inner = inner.unwrap_or_default().to_owned();
    let ascii = (!inner.is_ascii()).then(|| in_ascii(&inner));
    let inner = (inner != text).then_some(inner);
    inner.into_iter().chain(ascii)
}

fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(2 * json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

/// The phrases of a text: where each begins and ends, and its hash.
fn phrases(text: &str) -> impl Iterator<Item = (Range<usize>, u64)> {
    /// An odd number of random bits.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut last: [(usize, u64); PHRASE] = [(0, 0); PHRASE];
    let mut count = 0;
    words(text).filter_map(move |(start, word)| {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        last.rotate_left(1);
        last[PHRASE - 1] = (start, hasher.finish());
        count += 1;
        // Multiplied, so that the order counts.
        let hash = |sum: u64, (_, word): &(usize, u64)| sum.wrapping_mul(MIX).wrapping_add(*word);
        let range = last[0].0..start + word.len();
        (count >= PHRASE).then(|| (range, last.iter().fold(0, hash)))
    })
}

/// The words of a text, and where they begin.
fn words(text: &str) -> impl DoubleEndedIterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - start, word))
}

/// Up to where it is certain what stands in a text that was cut: what begins later, a text or a phrase, may
/// have been cut as well.
fn certain(text: &str) -> usize {
    let heads = beginning(text, text.len().saturating_sub(HEAD)).len();
    let phrases = words(text).nth_back(PHRASE - 1);
    heads.min(phrases.map_or(0, |(start, _)| start))
}

/// How much of its beginning a text shares with another.
fn shared(text: &str, other: &str) -> usize {
    let pairs = text.bytes().zip(other.bytes());
    beginning(text, pairs.take_while(|(a, b)| a == b).count()).len()
}

/// As much of a text as so many bytes hold.
fn beginning(text: &str, bytes: usize) -> &str {
    let mut ends = (0..=bytes.min(text.len())).rev();
    let end = ends.find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

fn is_invisible(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
}

/// Whether an answer's field is a secret by its name, such as the token of a run that came with an error.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = [
        "token",
        "tokenvalue",
        "token_value",
        "secret",
        "password",
        "apikey",
        "api_key",
    ];
    let name = name.strip_suffix('s').unwrap_or(&name);
    ends.iter().any(|end| name.ends_with(end))
}

/// Nothing of it.
impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(texts: &[&str]) -> Hidden {
        Hidden::of(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    /// However it is quoted: glued to other words, as JSON, as JSON within JSON, in part.
    #[test]
    fn texts_are_found_however_they_are_quoted() {
        for text in [
            "hunter\"2pw",
            "He's \"gone\"",
            "CORP\\root-pw",
            "我得了糖尿病\n怎么办",
            "我患有艾滋病三年了，正在服药，一，二，三，四，五，六，七，我叫王小明",
            "one two three four five six seven eight nine ★★★(-_-)★★★",
            "abcdefghijklmnopqrstuvwxyz0123456789-b-c-d-e-f-g-h-i-j-k",
            "Straße Nummer fünf Köln Müller",
            "short \u{1}one",
        ] {
            let hidden = of(&[text]);
            let seen: String = text.chars().filter(|c| !is_invisible(*c)).collect();
            for quoted in [
                format!("no: {seen}"),
                format!("a{seen}b"),
                format!("a\n{seen}\nb"),
            ] {
                let shown = hidden.hide(&quoted);
                assert!(!shown.contains(&seen), "{shown}");
                assert!(shown.chars().count() < 8, "{shown}");
                let inner = json!({"said": quoted}).to_string();
                for value in [
                    json!({"message": quoted}),
                    json!({"message": inner}),
                    json!({ quoted: 1 }),
                    json!([{"input": [inner]}]),
                ] {
                    let shown = hidden.hide_in(value);
                    let letters = |c: &char| c.is_alphabetic() && text.contains(*c);
                    let left = shown.chars().filter(letters).count();
                    assert!(left < 30 && shown.len() < 60, "{shown}");
                }
            }
        }
        let parted = of(&["pit_secret_key"]);
        assert_eq!(parted.hide("key pit_\u{1}secret_key"), "key …");
        let python = r#"{"said": "Stra\u00dfe Nummer f\u00fcnf in K\u00f6ln"}"#;
        let german = of(&["Straße Nummer fünf in Köln"]);
        assert_eq!(german.hide(python), r#"{"said": "…"}"#);
    }

    #[test]
    fn of_a_text_without_end_nothing_shows_that_may_be_one_of_them() {
        let long: String = (0..9_000).map(|n| format!("word{n} ")).collect();
        let key = "0123456789abcdef".repeat(512);
        let blob = "x".repeat(100_000);
        for before in [0, 10, 15_000, 16_300, 16_383, 16_384, 20_000, 70_000] {
            let prompt = format!("{} here is my private key {key} what now", &long[..before]);
            let hidden = of(&[&prompt, &blob, "pit_secret"]);
            for quoted in [
                format!("too long: {prompt}"),
                format!("too long: {}", &prompt[before.min(9)..]),
                format!("{}{blob}", " ".repeat(before)),
                format!("{}pit_secret{blob}", " ".repeat(before)),
            ] {
                let shown = hidden.hide(&quoted);
                assert!(
                    !shown.contains("89abcdef") && !shown.contains("xx"),
                    "{before}"
                );
                assert!(!shown.contains("pit_s"), "{before}");
                assert!(shown.trim().len() < 60, "{before}: {shown}");
            }
        }
        let hidden = of(&["some secret", &long]);
        let page = "nothing of it ".repeat(10_000);
        assert!(hidden.hide(&page).starts_with("nothing of it nothing"));
        assert_eq!(hidden.hide(&long[6..60_000]).len(), REDACTED.len());
    }

    #[test]
    fn what_a_field_says_is_secret_is_hidden_with_all_that_is_in_it() {
        let value = json!({"token": ["new-1"], "api_key": {"value": "new-2"}, "tokens": ["new-3"],
            "total_tokens": 3, "tokenValue": "new-4", "id": "r1"});
        let shown = Hidden::NOTHING.hide_in(value);
        assert!(!shown.contains("new-"), "{shown}");
        assert!(shown.contains("\"total_tokens\":3") && shown.contains("r1"));
    }

    /// Thousands of texts against an answer without end: what is looked at is bounded.
    #[test]
    fn a_large_answer_takes_no_long_time() {
        let texts = (0..2_000).map(|number| format!("message number {number}"));
        let hidden = Hidden::of(texts.collect());
        let many: Vec<String> = (0..100_000).map(|number| format!("e{number}")).collect();
        let large = vec!["no text of ours ".repeat(4_000); 200];
        let began = std::time::Instant::now();
        hidden.hide_in(json!({"detail": many, "errors": large}));
        let hiding = hidden.hiding();
        let shown: Vec<_> = large.iter().map(|text| hiding.hide(text)).collect();
        assert_eq!(shown[199], REDACTED);
        // Without optimization; it was minutes.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}
