//! `chat`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prime_ext::Cost;
use serde_json::{Value, json};

use super::question::Question;
use crate::session::Session;
use crate::tool::{Fault, Needs, Progress, Tool};

pub(super) fn tools() -> [Tool; 1] {
    [Tool::change(
        "chat",
        "Ask a model a question, and return its answer and the cost. Costs money: the upper bound is reserved from the \
         limit of this server before the question is asked. `estimate` returns that bound.",
        Needs::Spending,
        false,
        ask,
    )]
}

/// The time between two notifications of progress.
const INTERVAL: Duration = Duration::from_millis(500);

async fn ask(
    session: Arc<Session>,
    progress: Progress,
    question: Question,
) -> Result<Value, Fault> {
    let bound = question.bound(&session).await?.ok_or_else(|| {
        Fault::new("the cost of this question has no upper bound: set max_tokens, or use a model with a price")
    })?;
    let reservation = session.reserve(bound)?;
    let client = session.client.with_meter(&session.meter);
    let body = question.body();
    let parsed = serde_json::from_value(body).map_err(|error| Fault::new(error.to_string()))?;
    let request = client
        .chat(&*question.model)
        .modify(|request| *request = parsed);
    // If this is cancelled from here on, the amount stays reserved.
    let response = async {
        let mut stream = request.stream().await?;
        let (mut characters, mut notified) = (0, Instant::now());
        while let Some(text) = stream.next_text().await? {
            characters += text.chars().count();
            if notified.elapsed() > INTERVAL {
                notified = Instant::now();
                progress(characters as f64, format!("{characters} characters"));
            }
        }
        stream.finish().await
    };
    match response.await {
        Ok(response) => {
            let cost = response.cost();
            if matches!(cost, Cost::Known(_)) && response.meta().unknown_attempts() == 0 {
                reservation.release();
            }
            Ok(json!({
                "text": response.text(),
                "model": response.model(),
                "finish_reason": response.finish_reason().map(|reason| reason.as_str()),
                "prompt_tokens": response.usage().and_then(|usage| usage.prompt_tokens),
                "completion_tokens": response.usage().and_then(|usage| usage.completion_tokens),
                "cost_usd": cost.known(),
                "left_of_limit_usd": session.left(),
            }))
        }
        Err(error) => {
            let is_billed = error.outcome_unknown() || error.partial_response().is_some();
            if !is_billed {
                reservation.release();
            }
            let partial = error
                .partial_response()
                .map(|partial| partial.text().into_owned());
            let mut message = Fault::from(error).to_string();
            if let Some(text) = partial.filter(|text| !text.is_empty()) {
                message.push_str(&format!("; the part of the answer that arrived: {text}"));
            }
            Err(Fault::new(message))
        }
    }
}
