//! What of a request must not show in what is said of it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use openapi_runtime::Secret;
use serde_json::Value;

use super::hidden::Hidden;

/// What of a request must not show in an error, a log or a trace, whoever repeats it: its key, the
/// secrets of its body, and what people wrote.
#[derive(Clone, Default)]
pub(crate) struct Confidential {
    /// Of every request: the key, and the values of the caller's own headers.
    always: Arc<[Secret]>,
    body: Option<Bytes>,
}

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

/// Nothing of it.
impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confidential")
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
}
