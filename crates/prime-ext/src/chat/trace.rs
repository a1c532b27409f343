//! What a trace says of a question, in the words of OpenTelemetry's conventions for generative AI.
//! Nothing that people or models wrote, unless it is switched on.

use pinference_api::types::{ChatCompletionRequest, ChatCompletionResponse, Usage};
use tracing::Span;
use tracing::field::{Empty, debug, display};

use super::StreamEnd;
use crate::cost::Cost;
use crate::error::Error;

/// The span of a question. Its attempts are spans within it.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    span: Span,
    content: bool,
}

impl Trace {
    pub(super) fn of(body: &ChatCompletionRequest, team: Option<&str>, content: bool) -> Self {
        let span = tracing::info_span!(
            "chat",
            otel.kind = "client",
            otel.status_code = Empty,
            error.r#type = Empty,
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = "prime_intellect",
            gen_ai.request.model = body.model.as_str(),
            gen_ai.request.stream = body.stream.unwrap_or_default(),
            gen_ai.request.max_tokens = body.max_tokens,
            gen_ai.request.temperature = body.temperature,
            gen_ai.request.top_p = body.top_p,
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            prime.team = team,
            prime.cost_usd = Empty,
            prime.stream_end = Empty,
        );
        let trace = Self { span, content };
        if content {
            trace.say("gen_ai.input.messages", &body.messages);
        }
        trace
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// The answer, or as much of it as there will be.
    pub(super) fn answered(&self, response: &ChatCompletionResponse) {
        if self.span.is_disabled() {
            return;
        }
        if let Some(id) = &response.id {
            self.span.record("gen_ai.response.id", id.as_str());
        }
        if let Some(model) = &response.model {
            self.span.record("gen_ai.response.model", model.as_str());
        }
        let reasons: Vec<&str> = response
            .choices
            .iter()
            .filter_map(|choice| Some(choice.finish_reason.as_ref()?.as_str()))
            .collect();
        self.span
            .record("gen_ai.response.finish_reasons", debug(reasons));
        if let Some(usage) = &response.usage {
            self.used(usage);
        }
        if self.content {
            let messages: Vec<_> = response.choices.iter().map(|c| &c.message).collect();
            self.say("gen_ai.output.messages", &messages);
        }
    }

    fn used(&self, usage: &Usage) {
        if let Some(tokens) = usage.prompt_tokens {
            self.span.record("gen_ai.usage.input_tokens", tokens);
        }
        if let Some(tokens) = usage.completion_tokens {
            self.span.record("gen_ai.usage.output_tokens", tokens);
        }
        if let Some(cost) = Cost::of(Some(usage)).known() {
            self.span.record("prime.cost_usd", display(cost));
        }
    }

    /// How a stream ended.
    pub(super) fn ended(&self, ending: StreamEnd) {
        self.span.record("prime.stream_end", display(ending));
    }

    pub(super) fn failed(&self, error: &Error) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("otel.status_code", "ERROR");
        self.span.record("error.type", error.type_name().as_ref());
    }

    fn say(&self, what: &'static str, messages: &impl serde::Serialize) {
        let _entered = self.span.enter();
        if let Ok(messages) = serde_json::to_string(messages) {
            tracing::info!(name = what, content = messages.as_str());
        }
    }
}
