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

use crate::errors::{ApiError, inference};
use crate::faults;
use crate::price::per_million;
use crate::replies::ScriptedReply;
use crate::routes::choice::{self, Call, Choice};
use crate::routes::request::ChatRequest;
use crate::routes::{auth, stream};
use crate::state::account::AccountId;
use crate::state::{Shared, clock, models};

pub(crate) async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let account = auth::inference(&shared, &headers)?;
    let request = ChatRequest::parse(&body)?;
    if let Some(Err(why)) = faults::for_model(&request.model) {
        return Err(inference::param("model", &why));
    }
    let (created, pricing) = {
        let state = shared.billed_state();
        let model = models::resolve(&state.models, &request.model)
            .ok_or_else(|| inference::model(&request.model))?;
        let payer = state.accounts.get(account);
        if payer.is_none_or(|payer| payer.balance <= Usd::ZERO) {
            return Err(inference::funds());
        }
        (clock::unix(state.clock.now()), model.pricing.clone())
    };

    let reply = shared.replies.take(&request.body, &request.question);
    if let Some(ScriptedReply::Raw { content_type, body }) = reply {
        return Ok(raw(&content_type, body, request.stream));
    }
    let choices: Result<Vec<_>, _> = (0..request.choices)
        .map(|index| {
            let message = choice::message(reply.clone(), &request, shared.seed, index)?;
            Ok(Choice::new(message, &request, &shared.ids))
        })
        .collect();
    let completion = Completion {
        id: shared.ids.id("chatcmpl-"),
        created,
        account,
        choices: choices?,
        prompt_tokens: request.prompt_tokens,
        pricing,
        model: request.model,
    };
    if request.stream {
        return Ok(stream::respond(shared, completion, request.stream_usage));
    }
    let usage = completion.usage(completion.tokens());
    completion.bill(&shared, &usage);
    Ok(Json(completion.response(usage)).into_response())
}

/// Sends a scripted body unchanged. A JSON body becomes a stream if the request asks for one.
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

/// A chat completion and the account that pays for it.
pub(crate) struct Completion {
    pub(crate) id: String,
    pub(crate) created: i64,
    /// The model as requested.
    pub(crate) model: String,
    pub(crate) choices: Vec<Choice>,
    account: AccountId,
    prompt_tokens: i64,
    pricing: Option<ModelPricing>,
}

impl Completion {
    /// Returns the number of completion tokens.
    fn tokens(&self) -> i64 {
        let tokens: usize = self.choices.iter().map(Choice::count).sum();
        i64::try_from(tokens).unwrap_or(i64::MAX)
    }

    /// Returns the usage for a number of completion tokens.
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
            .choices
            .iter()
            .map(|choice| choice.reasoning.len())
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

    /// Charges the account. A model without a price also adds a billing row.
    pub(crate) fn bill(&self, shared: &Shared, usage: &Usage) {
        let mut state = shared.billed_state();
        let now = state.clock.now();
        if let Some(account) = state.accounts.get_mut(self.account) {
            let resource = ("inference", self.model.as_str());
            account.bill(&shared.ids, now, resource, usage.cost.unwrap_or_default());
        }
    }

    /// Builds a response that is not streamed.
    fn response(self, usage: Usage) -> ChatCompletionResponse {
        let choices = (0..).zip(self.choices).map(|(index, choice)| {
            let mut message = ChatMessage::new(Role::Assistant);
            if !(choice.tokens.is_empty() && (choice.refusal.is_some() || !choice.calls.is_empty()))
            {
                message.content = Some(choice.tokens.concat().into());
            }
            let logprobs = choice.logprobs(&choice.tokens);
            if !choice.reasoning.is_empty() {
                message.reasoning_content = Some(choice.reasoning.concat());
            }
            message.refusal = choice.refusal;
            if !choice.calls.is_empty() {
                message.tool_calls = Some(choice.calls.into_iter().map(tool_call).collect());
            }
            let mut body = ChatCompletionChoice::default();
            body.index = Some(index);
            body.message = Some(message);
            body.finish_reason = Some(choice.finish);
            body.logprobs = logprobs;
            body
        });
        let mut response = ChatCompletionResponse::new(choices.collect());
        response.id = Some(self.id);
        response.object = Some("chat.completion".to_owned());
        response.created = Some(self.created);
        response.model = Some(self.model);
        response.usage = Some(usage);
        response
    }
}

fn tool_call(call: Call) -> ToolCall {
    let mut function = FunctionCall::default();
    function.name = call.name;
    function.arguments = Some(call.arguments.concat());
    let mut tool_call = ToolCall::default();
    tool_call.id = Some(call.id);
    tool_call.type_ = Some("function".to_owned());
    tool_call.function = Some(function);
    tool_call
}
