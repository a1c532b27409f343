//! The tracing span of a request. Its fields follow OpenTelemetry's semantic conventions for generative AI. It contains
//! the messages only if [`CallOptions::trace_content`](crate::CallOptions::trace_content) is set.

use pinference_api::types::{ChatCompletionRequest, ChatCompletionResponse, Usage};
use tracing::Span;
use tracing::field::{Empty, debug, display};

use super::StreamEnd;
use crate::cost::Cost;
use crate::error::Error;

/// The span of a request, which contains a span for each attempt.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    span: Span,
    content: bool,
}

impl Trace {
    pub(super) fn new(body: &ChatCompletionRequest, team: Option<&str>, content: bool) -> Self {
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
            trace.emit("gen_ai.input.messages", &body.messages);
        }
        trace
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Records a response, complete or partial.
    pub(super) fn record_response(&self, response: &ChatCompletionResponse) {
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
            self.record_usage(usage);
        }
        if self.content {
            let messages: Vec<_> = response.choices.iter().map(|c| &c.message).collect();
            self.emit("gen_ai.output.messages", &messages);
        }
    }

    fn record_usage(&self, usage: &Usage) {
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

    /// Records how a stream ended.
    pub(super) fn record_stream_end(&self, stream_end: StreamEnd) {
        self.span.record("prime.stream_end", display(stream_end));
    }

    pub(super) fn record_error(&self, error: &Error) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("otel.status_code", "ERROR");
        self.span.record("error.type", error.type_name().as_ref());
    }

    fn emit(&self, name: &'static str, messages: &impl serde::Serialize) {
        let _entered = self.span.enter();
        if let Ok(messages) = serde_json::to_string(messages) {
            tracing::info!(name, content = messages.as_str());
        }
    }
}
