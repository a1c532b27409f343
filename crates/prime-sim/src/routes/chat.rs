//! `create_chat_completion`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use openapi_runtime::Usd;
use pinference_api::types::{CompletionTokensDetails, ModelPricing, PromptTokensDetails, Usage};
use serde::Serialize;

use crate::errors::{ApiError, inference};
use crate::faults;
use crate::price::per_million;
use crate::replies::{ScriptedReply, UsageReport};
use crate::routes::choice::{self, Choice};
use crate::routes::message::{self, ChoiceBody};
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

    let reply = match shared.replies.take(&request.body, &request.conversation) {
        Some(ScriptedReply::Raw { content_type, body }) => {
            return Ok(raw(&content_type, body, request.stream));
        }
        Some(ScriptedReply::Message(message)) => Some(message),
        None => None,
    };
    let report = reply.as_ref().map(|reply| reply.usage).unwrap_or_default();
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
        report,
        prompt_tokens: request.conversation.prompt_tokens,
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
    pub(crate) report: UsageReport,
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

    /// Returns the usage that the response contains.
    pub(crate) fn reported(&self, mut usage: Usage) -> Option<Usage> {
        match self.report {
            UsageReport::Complete => {}
            UsageReport::WithoutCost => usage.cost = None,
            UsageReport::Missing => return None,
        }
        Some(usage)
    }

    /// Builds a response that is not streamed.
    fn response(&self, usage: Usage) -> Completed<'_> {
        let choices = self.choices.iter().enumerate();
        Completed {
            id: &self.id,
            object: "chat.completion",
            created: self.created,
            model: &self.model,
            choices: choices
                .map(|(index, choice)| message::complete(index, choice))
                .collect(),
            usage: self.reported(usage),
        }
    }
}

/// A response. Its messages can have shapes that the specification does not allow.
#[derive(Serialize)]
struct Completed<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChoiceBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}
