//! What of a request must not show in what is said of it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
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
pub(crate) struct Hidden {
    /// Whole texts, and how JSON writes them; longest first.
    texts: Vec<String>,
    /// Words in a row of what people wrote, for texts that are quoted in part.
    phrases: HashSet<u64>,
}

/// So many words in a row are not there by chance.
const PHRASE: usize = 4;

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
        texts.retain(|text| !text.trim().is_empty());
        let phrases = texts.iter().flat_map(|text| phrases(text)).collect();
        let written = texts.iter().filter_map(|text| {
            let json = serde_json::to_string(text).ok()?;
            let inner = json.get(1..json.len() - 1)?;
            (inner != text).then(|| inner.to_owned())
        });
        let written: Vec<String> = written.collect();
        texts.extend(written);
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Hidden { texts, phrases }
    }
}

/// The phrases of a text, as hashes of their words.
fn phrases(text: &str) -> impl Iterator<Item = u64> {
    let words: Vec<&str> = words(text).map(|(_, word)| word).collect();
    let hashes: Vec<u64> = words.windows(PHRASE).map(hash).collect();
    hashes.into_iter()
}

/// The words of a text, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - start, word))
}

fn hash(words: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
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
    /// The text without them.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(text);
        for hidden in &self.texts {
            if shown.contains(hidden.as_str()) {
                shown = Cow::Owned(shown.replace(hidden.as_str(), INSTEAD));
            }
        }
        match self.without_phrases(&shown) {
            Some(shorter) => Cow::Owned(shorter),
            None => shown,
        }
    }

    /// The text without the words that stand in it as in the request; nothing if there are none.
    fn without_phrases(&self, text: &str) -> Option<String> {
        let found: Vec<(usize, &str)> = words(text).collect();
        let mut shown = String::new();
        let (mut kept, mut at) = (0, 0);
        while at + PHRASE <= found.len() {
            let phrase: Vec<&str> = found[at..at + PHRASE]
                .iter()
                .map(|(_, word)| *word)
                .collect();
            if !self.phrases.contains(&hash(&phrase)) {
                at += 1;
                continue;
            }
            let (begin, (last, word)) = (found[at].0, found[at + PHRASE - 1]);
            // One that goes on where the last one ended is part of it.
            if begin > kept || kept == 0 {
                shown.push_str(&text[kept..begin]);
                shown.push_str(INSTEAD);
            }
            kept = last + word.len();
            at += 1;
            while at + PHRASE <= found.len() && found[at].0 < kept {
                let phrase: Vec<&str> = found[at..at + PHRASE]
                    .iter()
                    .map(|(_, word)| *word)
                    .collect();
                if self.phrases.contains(&hash(&phrase)) {
                    let (last, word) = found[at + PHRASE - 1];
                    kept = last + word.len();
                }
                at += 1;
            }
        }
        (kept > 0).then(|| shown + &text[kept..])
    }

    /// Hides them in every text of a JSON value.
    pub(crate) fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(shown) = self.hide(text) {
                    *text = shown;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match value {
                Value::String(text) if is_secret(name) => *text = INSTEAD.to_owned(),
                value => self.hide_in(value),
            }),
            _ => {}
        }
    }
}

/// Nothing of it.
impl std::fmt::Debug for Confidential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confidential")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_hidden_and_names_are_not() {
        let body = br#"{"model": "meta-llama/llama-3.1-70b-instruct", "wandbApiKey": "wandb-1",
            "messages": [{"role": "user", "content": "my diagnosis\nis this"}],
            "config": {"algo": {"kind": "grpo"}, "hf_token": "hf_1"}}"#;
        let confidential =
            Confidential::new(Arc::new(["pit_1".into()]), Some(Bytes::from_static(body)));
        let hidden = confidential.hidden();
        let mut answer = serde_json::json!({"run": {"id": "r1", "tokenValue": "new-1"}});
        hidden.hide_in(&mut answer);
        assert_eq!(
            answer,
            serde_json::json!({"run": {"id": "r1", "tokenValue": "…"}})
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
        let mut value =
            serde_json::json!({"error": [{"message": "it says my diagnosis\nis this."}]});
        hidden.hide_in(&mut value);
        assert_eq!(value["error"][0]["message"], "it says ….");
    }
}
