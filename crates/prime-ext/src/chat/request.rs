//! The question.

use std::pin::pin;

use openapi_runtime::ByteStream;
use pinference_api::operations;
use pinference_api::types::{ChatCompletionRequest, ChatMessage, Role, StopSequences};
use tracing::Instrument;

use super::event;
use super::stream::Expected;
use super::trace::Trace;
use super::{ChatAnswer, ChatStream};
use crate::account::on_behalf;
use crate::client::Client;
use crate::cost::Receipt;
use crate::error::{Envelope, Error, ErrorKind, says_error, unlisted};
use crate::events::Events;
use crate::head::Head;
use crate::options::CallOptions;

/// A question to a model. From [`Client::chat`]; [`send`](Self::send) or [`stream`](Self::stream) asks
/// it.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let answer = prime
///     .chat("meta-llama/llama-3.1-70b-instruct")
///     .user("Capital of France?")
///     .temperature(0.2)
///     .with(|request| request.seed = Some(7)) // whatever else the specification has
///     .send()
///     .await?;
/// println!("{}", answer.text());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is asked until `send` or `stream`"]
pub struct ChatRequest {
    client: Client,
    /// Boxed: the request is handed from call to call.
    body: Box<ChatCompletionRequest>,
}

impl ChatRequest {
    pub(crate) fn new(client: Client, model: String) -> Self {
        let body = Box::new(ChatCompletionRequest::new(Vec::new(), model));
        Self { client, body }
    }

    /// Says what the model is to be and to do.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.say(Role::System, text.into())
    }

    /// Says something to the model.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.say(Role::User, text.into())
    }

    /// Repeats what the model said before.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.say(Role::Assistant, text.into())
    }

    /// Adds a message of any kind: an answer with its tool calls, the result of a tool.
    pub fn message(mut self, message: ChatMessage) -> Self {
        self.body.messages.push(message);
        self
    }

    fn say(self, role: Role, text: String) -> Self {
        let mut message = ChatMessage::new(role);
        message.content = Some(text.into());
        self.message(message)
    }

    /// The most tokens to generate.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.body.max_tokens = Some(tokens.into());
        self
    }

    /// Sampling temperature, 0 to 2.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.body.temperature = Some(temperature);
        self
    }

    /// Texts at which the model stops.
    pub fn stop<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().map(Into::into).collect();
        self.body.stop = Some(StopSequences::Several(texts));
        self
    }

    /// Asks the service to say what the answer costs, beside its tokens: `"usage": {"include": true}`.
    pub fn include_cost(mut self) -> Self {
        self.body.usage.get_or_insert_default().include = Some(true);
        self
    }

    /// Whether a stream is to end with its usage, which carries the cost where the service says it. It is
    /// unless it is switched off here.
    pub fn include_usage(mut self, yes: bool) -> Self {
        let options = self.body.stream_options.get_or_insert_default();
        options.include_usage = Some(yes);
        self
    }

    /// Times, retries and limits of this question alone, and what goes along with it.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Sets whatever the specification has, on the request itself; fields that it does not have go
    /// into `extra`.
    pub fn with(mut self, set: impl FnOnce(&mut ChatCompletionRequest)) -> Self {
        set(&mut self.body);
        self
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// If the call fails, and was tried again where that cannot bill it twice: see
    /// [`RetryPolicy`](crate::RetryPolicy). [`Error::outcome_unknown`] says that it may have been
    /// answered, and billed, all the same.
    pub async fn send(mut self) -> Result<ChatAnswer, Error> {
        self.check()?;
        self.body.stream = None;
        let trace = self.trace();
        let asked = pin!(self.ask());
        let answer = asked.instrument(trace.span().clone()).await;
        match &answer {
            Ok(answer) => trace.answered(answer),
            Err(error) => trace.failed(error),
        }
        answer
    }

    async fn ask(self) -> Result<ChatAnswer, Error> {
        let mut receipt = self.client.receipt(&self.body.model);
        let api = self.client.inference_for(&receipt);
        let call = api.create_chat_completion().body(*self.body);
        let call = on_behalf(self.client.account(), call).inspect_err(|_| receipt.cancel())?;
        let answer = call
            .send()
            .await
            .map_err(|e| Error::of_call(&operations::CREATE_CHAT_COMPLETION, e))
            .inspect_err(|e| receipt.failed(e))?;
        let (response, head, body) = answer.into_parts();
        let head = Head::from(head);
        // Also one that failed has a price, where it says one.
        receipt.settle(response.usage.as_ref(), head.unknown_before());
        let mut errors = response.choices.iter().map(|choice| &choice.error);
        if says_error(response.error.as_ref())
            || errors.any(|error| says_error(error.as_ref()))
            || response.choices.is_empty() && Envelope::is_error(&body)
        {
            return Err(Error::in_success(body, head).of(&operations::CREATE_CHAT_COMPLETION));
        }
        Ok(ChatAnswer::new(response, head))
    }

    /// Asks, and gives the answer as it comes. Usage, which carries the cost where the service says it,
    /// is asked for unless the request says otherwise in `stream_options`.
    ///
    /// # Errors
    /// If the call fails, the stream begins with an error or breaks off before its first event, or
    /// something else than a stream came. Until there is a first event, it was tried again where that
    /// cannot bill it twice: see [`RetryPolicy`](crate::RetryPolicy).
    pub async fn stream(mut self) -> Result<ChatStream, Error> {
        self.check()?;
        self.body.stream = Some(true);
        let options = self.body.stream_options.get_or_insert_default();
        let usage = *options.include_usage.get_or_insert(true);
        let options = self.client.road().options();
        let field = || options.body_fields().get("n")?.as_i64();
        let answers = self.body.n.or_else(field);
        let answers = answers.and_then(|n| usize::try_from(n).ok());
        let expected = Expected {
            answers: answers.unwrap_or(1),
            usage,
            max_answer: options.body_limit(),
            may_bill_twice: options.retry_policy().may_bill_twice,
        };
        let trace = self.trace();
        let mut receipt = self.client.receipt(&self.body.model);
        // What opening takes is large, and would stay for as long as the stream is read.
        let opening = Box::pin(open(&self.client, self.body, &receipt));
        let opened = opening.instrument(trace.span().clone()).await;
        let (pieces, head) = opened.inspect_err(|e| {
            receipt.failed(e);
            trace.failed(e);
        })?;
        let trace = (!trace.span().is_disabled()).then(|| Box::new(trace));
        let events = Events::new(pieces, options.event_limit(), options.idle());
        let mut stream = ChatStream::new(events, head, expected, receipt, trace);
        stream.begin().await?;
        Ok(stream)
    }

    fn trace(&self) -> Trace {
        let content = self.client.road().options().traces_content();
        Trace::of(&self.body, self.client.account().id(), content)
    }

    fn check(&self) -> Result<(), Error> {
        let fault = if self.body.model.trim().is_empty() {
            "the model's id is empty"
        } else if self.body.messages.is_empty() {
            "there is no message to answer; add one with `user`"
        } else {
            return unlisted(&self.body.extra, ChatCompletionRequest::FIELDS);
        };
        Err(Error::new(ErrorKind::Request, fault))
    }
}

/// Sends the question; what comes is still to be read.
async fn open(
    client: &Client,
    body: Box<ChatCompletionRequest>,
    receipt: &Receipt,
) -> Result<(ByteStream, Head), Error> {
    let api = client.inference_for(receipt);
    let call = api.create_chat_completion_stream();
    let call = on_behalf(client.account(), call.body(*body))?;
    let operation = &operations::CREATE_CHAT_COMPLETION_STREAM;
    let answer = call
        .send()
        .await
        .map_err(|e| event::not_opened(Error::of_call(operation, e)).of(operation))?;
    let (pieces, head, _) = answer.into_parts();
    Ok((pieces, head.into()))
}
