//! Makes a body from a prompt.

use std::fmt;

use serde_json::{Value, json};

use crate::request::Request;

/// A chat request with the place holder `{prompt}`, which each prompt of a text file replaces.
///
/// ```
/// use prime_batch::Template;
///
/// let template = Template::new(serde_json::json!({
///     "model": "openai/gpt-oss-120b",
///     "messages": [{"role": "user", "content": "Translate into French: {prompt}"}],
///     "max_tokens": 200,
/// }))?;
/// # Ok::<(), prime_batch::InvalidTemplate>(())
/// ```
#[derive(Debug, Clone)]
pub struct Template(Value);

/// The error of a template.
#[derive(Debug, thiserror::Error)]
#[error("the template is invalid: {0}")]
pub struct InvalidTemplate(String);

const PLACE_HOLDER: &str = "{prompt}";

impl Template {
    /// Creates a template. The place holder may be in any text of the messages, more than once.
    ///
    /// # Errors
    /// Returns an error if the template is no chat request, or if no message has the place holder.
    pub fn new(body: Value) -> Result<Self, InvalidTemplate> {
        let template = Self(body);
        let mut count = 0;
        let mut messages = template.0["messages"].clone();
        replace(&mut messages, &mut |_| count += 1);
        if count == 0 {
            let reason = format!("no message contains {PLACE_HOLDER}");
            return Err(InvalidTemplate(reason));
        }
        template
            .request("id".to_owned(), b"a prompt")
            .map_err(InvalidTemplate)?;
        Ok(template)
    }

    /// Creates the template that asks a model each prompt, after a system message if there is one.
    ///
    /// # Errors
    /// Returns an error if the name of the model is empty.
    pub fn for_model(
        model: &str,
        system: Option<&str>,
        max_tokens: Option<u32>,
    ) -> Result<Self, InvalidTemplate> {
        let system = system.map(|text| json!({"role": "system", "content": text}));
        let user = json!({"role": "user", "content": PLACE_HOLDER});
        let messages: Vec<Value> = system.into_iter().chain([user]).collect();
        let mut body = json!({"model": model, "messages": messages});
        if let Some(tokens) = max_tokens {
            body["max_tokens"] = tokens.into();
        }
        Self::new(body)
    }

    /// Returns the template as JSON.
    #[cfg(feature = "postgres")]
    pub(super) fn value(&self) -> &Value {
        &self.0
    }

    /// Makes the request of a prompt. The error is the reason.
    pub(super) fn request(&self, id: String, prompt: &[u8]) -> Result<Request, String> {
        let prompt = std::str::from_utf8(prompt).map_err(|_| "not valid UTF-8")?;
        let mut body = self.0.clone();
        replace(&mut body["messages"], &mut |text| {
            *text = text.replace(PLACE_HOLDER, prompt);
        });
        let request = Request::new(id, body.to_string());
        request.map_err(|error| error.to_string())
    }
}

/// Writes the template as JSON.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Calls a function for each text with the place holder.
fn replace(value: &mut Value, found: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) if text.contains(PLACE_HOLDER) => found(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, found)),
        Value::Object(properties) => {
            let values = properties.values_mut();
            values.for_each(|value| replace(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_prompt_is_a_text_and_nothing_else() {
        let body = json!({"model": "m", "messages": [
            {"role": "system", "content": "{prompt}"},
            {"role": "user", "content": [{"type": "text", "text": "<{prompt}> {prompt}"}]},
        ]});
        let template = Template::new(body).unwrap();
        let prompt = r#"a "quote", {prompt} and \"#;
        let request = template
            .request("id".to_owned(), prompt.as_bytes())
            .unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body["messages"][0]["content"], prompt);
        assert_eq!(
            body["messages"][1]["content"][0]["text"],
            format!("<{prompt}> {prompt}")
        );
        assert_eq!(request.key().id, "id");
        assert!(template.request("id".to_owned(), b"\xFF").is_err());
    }

    #[test]
    fn other_templates_are_invalid() {
        for body in [
            json!("{prompt}"),
            json!({"messages": [{"role": "user", "content": "{prompt}"}]}),
            json!({"model": "m", "messages": [{"role": "user", "content": "no place"}]}),
            json!({"model": "{prompt}", "messages": [{"role": "user", "content": "Hello"}]}),
        ] {
            assert!(Template::new(body.clone()).is_err(), "{body}");
        }
    }
}
