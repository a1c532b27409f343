//! `create_chat_completion`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use openapi_runtime::Usd;
use pinference_api::types::{
    ChatCompletionChoice, ChatCompletionResponse, ChatMessage, CompletionTokensDetails,
    FunctionCall, ModelPricing, PromptTokensDetails, Role, ToolCall, Usage,
};

use crate::errors::{Refusal, inference};
use crate::faults;
use crate::price::per_million;
use crate::replies::Said;
use crate::routes::answer::{self, Answer, Call};
use crate::routes::ask::Ask;
use crate::routes::{auth, stream};
use crate::state::account::AccountId;
use crate::state::{Shared, clock, models};

pub(crate) async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let account = auth::inference(&shared, &headers)?;
    let ask = Ask::read(&body)?;
    if let Some(Err(why)) = faults::of_model(&ask.model) {
        return Err(inference::param("model", &why));
    }
    let (created, pricing) = {
        let state = shared.state();
        let model = models::that_answers(&state.models, &ask.model)
            .ok_or_else(|| inference::model(&ask.model))?;
        let payer = state.accounts.get(account);
        if payer.is_none_or(|payer| payer.balance <= Usd::ZERO) {
            return Err(inference::funds());
        }
        (clock::unix(state.clock.now()), model.pricing.clone())
    };

    let said = shared.replies.to(&ask.body, &ask.question);
    if let Some(Said::Raw { content_type, body }) = said {
        return Ok(raw(&content_type, body, ask.stream));
    }
    let answers: Result<Vec<_>, _> = (0..ask.choices)
        .map(|choice| {
            let message = answer::message(said.clone(), &ask, shared.seed, choice)?;
            Ok(Answer::new(message, &ask, &shared.ids))
        })
        .collect();
    let completion = Completion {
        id: shared.ids.id("chatcmpl-"),
        created,
        account,
        answers: answers?,
        prompt_tokens: ask.prompt_tokens,
        pricing,
        model: ask.model,
    };
    if ask.stream {
        return Ok(stream::respond(shared, completion, ask.stream_usage));
    }
    let usage = completion.usage(completion.tokens());
    completion.bill(&shared, &usage);
    Ok(Json(completion.whole(usage)).into_response())
}

/// An answer that is sent as it is. A stream is made of JSON where it was asked for.
fn raw(content_type: &str, body: Bytes, stream: bool) -> Response {
    let json = content_type == "application/json";
    let (content_type, body) = if stream && json {
        let event = [b"data: ", &body[..], b"\n\ndata: [DONE]\n\n"].concat();
        ("text/event-stream", event.into())
    } else {
        (content_type, body)
    };
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// What is answered, and who pays.
pub(crate) struct Completion {
    pub(crate) id: String,
    pub(crate) created: i64,
    /// As the request named it.
    pub(crate) model: String,
    pub(crate) answers: Vec<Answer>,
    account: AccountId,
    prompt_tokens: i64,
    pricing: Option<ModelPricing>,
}

impl Completion {
    /// The tokens of all answers.
    fn tokens(&self) -> i64 {
        let tokens: usize = self.answers.iter().map(Answer::count).sum();
        i64::try_from(tokens).unwrap_or(i64::MAX)
    }

    /// What it comes to if so many tokens are produced.
    pub(crate) fn usage(&self, completion_tokens: i64) -> Usage {
        let cost = self.pricing.as_ref().map(|pricing| {
            per_million(
                self.prompt_tokens,
                pricing.input_usd_per_mtok.unwrap_or_default(),
            ) + per_million(
                completion_tokens,
                pricing.output_usd_per_mtok.unwrap_or_default(),
            )
        });
        let mut prompt = PromptTokensDetails::default();
        prompt.cached_tokens = Some(0);

        let mut usage = Usage::default();
        usage.prompt_tokens = Some(self.prompt_tokens);
        usage.completion_tokens = Some(completion_tokens);
        usage.total_tokens = Some(self.prompt_tokens + completion_tokens);
        usage.prompt_tokens_details = Some(prompt);
        let reasoning: usize = self
            .answers
            .iter()
            .map(|answer| answer.reasoning.len())
            .sum();
        if reasoning > 0 {
            let mut completion = CompletionTokensDetails::default();
            let reasoning = i64::try_from(reasoning).unwrap_or(i64::MAX);
            completion.reasoning_tokens = Some(reasoning.min(completion_tokens));
            usage.completion_tokens_details = Some(completion);
        }
        usage.cost = cost;
        usage
    }

    /// Charges the account. A model without a price leaves a row all the same.
    pub(crate) fn bill(&self, shared: &Shared, usage: &Usage) {
        let mut state = shared.state();
        let now = state.clock.now();
        if let Some(account) = state.accounts.get_mut(self.account) {
            let resource = ("inference", self.model.as_str());
            account.bill(&shared.ids, now, resource, usage.cost.unwrap_or_default());
        }
    }

    /// The answer in one piece.
    fn whole(self, usage: Usage) -> ChatCompletionResponse {
        let choices = (0..).zip(self.answers).map(|(index, answer)| {
            let mut message = ChatMessage::new(Role::Assistant);
            if !(answer.tokens.is_empty() && (answer.refusal.is_some() || !answer.calls.is_empty()))
            {
                message.content = Some(answer.tokens.concat().into());
            }
            let logprobs = answer.logprobs(&answer.tokens);
            if !answer.reasoning.is_empty() {
                message.reasoning_content = Some(answer.reasoning.concat());
            }
            message.refusal = answer.refusal;
            if !answer.calls.is_empty() {
                message.tool_calls = Some(answer.calls.into_iter().map(tool_call).collect());
            }
            let mut choice = ChatCompletionChoice::default();
            choice.index = Some(index);
            choice.message = Some(message);
            choice.finish_reason = Some(answer.finish);
            choice.logprobs = logprobs;
            choice
        });
        let mut whole = ChatCompletionResponse::new(choices.collect());
        whole.id = Some(self.id);
        whole.object = Some("chat.completion".to_owned());
        whole.created = Some(self.created);
        whole.model = Some(self.model);
        whole.usage = Some(usage);
        whole
    }
}

fn tool_call(call: Call) -> ToolCall {
    let mut function = FunctionCall::new(call.name);
    function.arguments = Some(call.arguments.concat());
    let mut tool_call = ToolCall::default();
    tool_call.id = Some(call.id);
    tool_call.type_ = Some("function".to_owned());
    tool_call.function = Some(function);
    tool_call
}
