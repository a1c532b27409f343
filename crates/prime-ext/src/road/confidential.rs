//! What of a request must not show in what is said of it.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use prime_runtime::Secret;
use serde_json::Value;

/// What of a request must not show in an error, a log or a trace, whoever repeats it: its key, the
/// secrets of its body, and what people wrote.
#[derive(Clone, Default)]
pub(crate) struct Confidential {
    /// Of every request: the key, and the values of the caller's own headers.
    always: Arc<[Secret]>,
    body: Option<Bytes>,
}

/// The texts themselves.
#[derive(Default)]
pub(crate) struct Hidden {
    /// Whole texts, and how JSON writes them; longest first. Of few words: longer ones are found by their
    /// phrases, also where they are quoted in part.
    texts: Vec<String>,
    /// Hashes of words in a row of what people wrote, in order.
    phrases: Vec<u64>,
}

/// So many words in a row are not there by chance.
const PHRASE: usize = 4;

/// A text of so many words has phrases even where its ends are glued to other words.
const LONG: usize = 2 * PHRASE;

/// So much of a text is looked at, and of it far less is shown.
const SHOWN: usize = 64 << 10;

/// So many bytes the words of a phrase have together, with much to spare.
const PHRASE_BYTES: usize = 1 << 10;

impl Confidential {
    pub(crate) fn new(always: Arc<[Secret]>, body: Option<Bytes>) -> Self {
        Self { always, body }
    }

    /// The request's body.
    pub(crate) fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// Collects the texts. Only when something went wrong: the body is parsed for it.
    pub(crate) fn hidden(&self) -> Hidden {
        let always = self.always.iter().map(|text| text.expose().to_owned());
        let mut texts: Vec<String> = always.collect();
        if let Some(body) = &self.body
            && let Ok(body) = serde_json::from_slice::<Value>(body)
        {
            collect("", &body, &mut texts);
        }
        Hidden::of(texts)
    }
}

/// The phrases of words, which follow each other: where each begins and ends, and its hash.
fn phrases(text: &str) -> impl Iterator<Item = (Range<usize>, u64)> {
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

/// An odd number of random bits.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The words of a text, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - start, word))
}

fn collect(name: &str, value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if is_confidential(name, text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(name, item, texts)),
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(name, value, texts);
            }
        }
        _ => {}
    }
}

/// Whether a text of a request is for the service alone: by the name of its field, or because it is
/// something that a person wrote, and not a name. Short words and the names of models stay, since an
/// error without them says nothing.
fn is_confidential(name: &str, text: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let secret = ["key", "token", "secret", "password", "credential"];
    let written = [
        "content",
        "text",
        "arguments",
        "prompt",
        "input",
        "url",
        "data",
    ];
    if secret.iter().any(|word| name.contains(word)) {
        return text.len() >= 3;
    }
    let prose = text.len() >= 8 && text.contains(char::is_whitespace);
    prose || text.len() > 80 || (written.contains(&name.as_str()) && text.len() >= 4)
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
    ends.iter().any(|end| name.ends_with(end))
}

const INSTEAD: &str = "…";

impl Hidden {
    /// Of no request.
    pub(crate) const NOTHING: &Self = &Self {
        texts: Vec::new(),
        phrases: Vec::new(),
    };

    pub(crate) fn of(mut texts: Vec<String>) -> Self {
        texts.retain(|text| !text.trim().is_empty());
        let written = texts.iter().filter_map(|text| {
            let json = serde_json::to_string(text).ok()?;
            let inner = json.get(1..json.len() - 1)?;
            (inner != text).then(|| inner.to_owned())
        });
        let written: Vec<String> = written.collect();
        texts.extend(written);
        let hashes = texts.iter().flat_map(|text| phrases(text));
        let mut phrases: Vec<u64> = hashes.map(|(_, hash)| hash).collect();
        phrases.sort_unstable();
        phrases.dedup();
        texts.retain(|text| words(text).nth(LONG).is_none());
        texts.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        Self { texts, phrases }
    }

    /// The text without them; of one that nobody can read to its end, the beginning.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let shown = beginning(text, SHOWN);
        // What begins in it may end behind it.
        let longest = self.texts.first().map_or(0, String::len).max(PHRASE_BYTES);
        let places = self.places(beginning(text, shown.len().saturating_add(longest)));
        let is_cut = shown.len() < text.len();
        if places.is_empty() && !is_cut {
            return Cow::Borrowed(text);
        }
        let mut rest = 0;
        let mut without = String::new();
        for place in places.into_iter().filter(|place| place.start < shown.len()) {
            without.push_str(&shown[rest..place.start]);
            without.push_str(INSTEAD);
            rest = place.end;
        }
        without.push_str(shown.get(rest..).unwrap_or_default());
        if is_cut && !without.ends_with(INSTEAD) {
            without.push_str(INSTEAD);
        }
        Cow::Owned(without)
    }

    /// Where they stand in a text, in order.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let texts = self.texts.iter().flat_map(|hidden| {
            let found = text.match_indices(hidden.as_str());
            found.map(|(start, found)| start..start + found.len())
        });
        let phrases = phrases(text).filter(|(_, hash)| self.phrases.binary_search(hash).is_ok());
        let mut found: Vec<Range<usize>> = texts.chain(phrases.map(|(range, _)| range)).collect();
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

    /// A JSON value without them, in the names of its fields too, and without what its fields say is secret.
    pub(crate) fn hide_in(&self, mut value: Value) -> String {
        leave_out_secrets(&mut value);
        self.hide(&value.to_string()).into_owned()
    }
}

fn leave_out_secrets(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out_secrets),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match value {
            Value::String(text) if is_secret(name) => *text = INSTEAD.to_owned(),
            value => leave_out_secrets(value),
        }),
        _ => {}
    }
}

/// As much of a text as so many bytes hold.
fn beginning(text: &str, bytes: usize) -> &str {
    let bytes = (0..=bytes.min(text.len())).rev();
    let end = bytes.into_iter().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// Nothing of it.
impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confidential")
    }
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

    #[test]
    fn what_people_wrote_is_hidden_and_names_are_not() {
        let body = br#"{"model": "meta-llama/llama-3.1-70b-instruct", "wandbApiKey": "wandb-1",
            "messages": [{"role": "user", "content": "my diagnosis\nis this"}],
            "config": {"algo": {"kind": "grpo"}, "hf_token": "hf_1"}}"#;
        let confidential =
            Confidential::new(Arc::new(["pit_1".into()]), Some(Bytes::from_static(body)));
        let hidden = confidential.hidden();
        assert_eq!(
            hidden.hide_in(json!({"run": {"id": "r1", "tokenValue": "new-1"}})),
            r#"{"run":{"id":"r1","tokenValue":"…"}}"#
        );
        for (text, shown) in [
            (
                "no model meta-llama/llama-3.1-70b-instruct",
                "no model meta-llama/llama-3.1-70b-instruct",
            ),
            ("wrong key pit_1, wandb-1 and hf_1", "wrong key …, … and …"),
            ("cannot answer: my diagnosis\nis this", "cannot answer: …"),
            ("role user, kind grpo", "role user, kind grpo"),
        ] {
            assert_eq!(hidden.hide(text), shown);
        }
        let repeated = "it says my diagnosis\nis this.";
        assert_eq!(
            hidden.hide_in(json!({"error": [{"message": repeated, "my diagnosis\nis this": 1}]})),
            r#"{"error":[{"message":"it says ….","…":1}]}"#
        );
    }

    /// However it is quoted: glued to other words, as JSON within JSON, in part, at length.
    #[test]
    fn texts_of_any_length_are_found() {
        let long: String = (0..7_000).map(|n| format!("word{n} ")).collect();
        let short = "four words \"or\" so";
        let hidden = Hidden::of(vec![long.clone(), short.to_owned(), "x".repeat(100_000)]);
        assert_eq!(hidden.hide(&format!("a{short}b")), "a…b");
        let twice = json!({"message": json!({"said": short}).to_string()});
        assert!(!hidden.hide_in(twice).contains("words"));
        // Less than a word of it is left at either end.
        assert!(hidden.hide(&long[8..60_000]).len() < 20);
        assert_eq!(
            hidden.hide(&format!("before {long}after")),
            "before … after"
        );
        // What nobody reads to its end is not looked at to its end; nothing shows of what is cut.
        let flood = format!("no: {}", "x".repeat(100_000)).repeat(100);
        let shown = hidden.hide(&flood);
        assert!(shown.starts_with("no: …") && !shown.contains('x') && shown.len() < 1000);
    }
}
