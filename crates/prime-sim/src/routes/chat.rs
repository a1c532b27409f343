//! `create_chat_completion`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use pinference_api::types::{
    ChatCompletionChoice, ChatCompletionResponse, ChatMessage, FinishReason, ModelPricing,
    PromptTokensDetails, Role, Usage,
};
use prime_runtime::Usd;

use crate::errors::{Refusal, inference};
use crate::price::per_million;
use crate::routes::ask::Ask;
use crate::routes::{auth, stream};
use crate::state::account::AccountId;
use crate::state::{Shared, clock, models};
use crate::{text, tokens};

pub(crate) async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let account = auth::inference(&shared, &headers)?;
    let ask = Ask::read(&body)?;
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

    let completion = Completion {
        id: shared.ids.id("chatcmpl-"),
        created,
        account,
        answers: (0..ask.choices)
            .map(|choice| Answer::new(text::answer(shared.seed, &ask.question, choice), &ask))
            .collect(),
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

/// One of the answers to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) tokens: Vec<String>,
    pub(crate) finish: FinishReason,
}

impl Answer {
    /// What is left of a text between the request's stop sequences and its most tokens.
    fn new(mut text: String, ask: &Ask) -> Self {
        let stops = ask.stop.iter().filter(|stop| !stop.is_empty());
        if let Some(end) = stops.filter_map(|stop| text.find(stop)).min() {
            text.truncate(end);
        }
        let mut tokens: Vec<_> = tokens::tokens(&text)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let most = ask.max_tokens.unwrap_or(usize::MAX);
        let finish = if tokens.len() > most {
            FinishReason::Length
        } else {
            FinishReason::Stop
        };
        tokens.truncate(most);
        Self { tokens, finish }
    }
}

impl Completion {
    /// The tokens of all answers.
    fn tokens(&self) -> i64 {
        let tokens: usize = self.answers.iter().map(|answer| answer.tokens.len()).sum();
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
            message.content = Some(answer.tokens.concat().into());

            let mut choice = ChatCompletionChoice::default();
            choice.index = Some(index);
            choice.message = Some(message);
            choice.finish_reason = Some(answer.finish);
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
