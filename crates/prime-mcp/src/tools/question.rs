//! The arguments of a question.

use prime_batch::Request;
use prime_ext::Usd;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::session::Session;
use crate::tool::Fault;

/// A question to a model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The id of the model, as `models` lists it.
    pub(super) model: String,
    /// The question.
    prompt: String,
    /// Instructions for the model.
    #[serde(default)]
    system: Option<String>,
    /// The largest number of tokens of the answer. A small number reserves less of the limit.
    #[serde(default)]
    max_tokens: Option<u32>,
    /// The sampling temperature, from 0 to 2.
    #[serde(default)]
    temperature: Option<f64>,
}

impl Question {
    pub(super) fn body(&self) -> Value {
        let mut messages = Vec::new();
        messages.extend(
            self.system
                .as_ref()
                .map(|text| json!({"role": "system", "content": text})),
        );
        messages.push(json!({"role": "user", "content": self.prompt}));
        let mut body =
            json!({"model": self.model, "messages": messages, "usage": {"include": true}});
        if let Some(tokens) = self.max_tokens {
            body["max_tokens"] = tokens.into();
        }
        if let Some(temperature) = self.temperature {
            body["temperature"] = temperature.into();
        }
        body
    }

    /// Returns the upper bound of the cost. `None` if there is none.
    pub(super) async fn bound(&self, session: &Session) -> Result<Option<Usd>, Fault> {
        let models = session.models().await?;
        if !models.contains(&self.model) {
            return Err(Fault::new(format!(
                "the model {:?} does not exist: `models` lists the models",
                self.model
            )));
        }
        let request = Request::new("question", self.body().to_string());
        let request = request.map_err(|error| Fault::new(error.to_string()))?;
        Ok(models.bound(&request))
    }
}
