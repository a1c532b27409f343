//! The question.

use std::pin::pin;
use std::time::Duration;

use openapi_runtime::error::is_error_body;
use openapi_runtime::{Error as CallError, ErrorKind, IntoRequest, Response};
use pinference_api::builder;
use pinference_api::types::{ChatCompletionRequest, ChatMessage, Role, StopSequences};
use tracing::Instrument as _;

use super::stream::Expected;
use super::trace::Trace;
use super::{ChatResponse, ChatStream, event};
use crate::call::CallFuture;
use crate::client::Client;
use crate::cost::MeterGuard;
use crate::error::{Error, reject_known_fields};
use crate::options::CallOptions;

/// The name of the operation that streams.
pub(super) const STREAM_OPERATION: &str = builder::CreateChatCompletionStream::OPERATION.id;

/// A question to a model. From [`Client::chat`]. Awaiting it gives the whole answer; [`stream`](Self::stream) gives it
/// as it comes.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let answer = prime
///     .chat("meta-llama/llama-3.1-70b-instruct")
///     .user("Capital of France?")
///     .temperature(0.2)
///     .modify(|request| request.seed = Some(7)) // whatever else the specification has
///     .await?;
/// println!("{}", answer.text());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is asked until it is awaited or streamed"]
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

    /// Options of this question. They replace the client's where they are set.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Limits the whole call, or the time until a stream's first event: [`CallOptions::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// How often the call is repeated at most: [`RetryPolicy::retries`](crate::RetryPolicy::retries).
    pub fn max_retries(self, retries: u32) -> Self {
        let policy = self.client.options().get_retry().clone().retries(retries);
        self.options(CallOptions::new().retry(policy))
    }

    /// Changes the request itself, which has everything that the specification has; other fields go into `extra`.
    pub fn modify(mut self, change: impl FnOnce(&mut ChatCompletionRequest)) -> Self {
        change(&mut self.body);
        self
    }

    /// Asks, and waits for the whole answer, which comes with status, headers and body.
    ///
    /// # Errors
    /// As awaiting it.
    pub fn with_response(self) -> CallFuture<Response<ChatResponse>> {
        Box::pin(async move {
            let answer = self.ask().await?;
            let (meta, body) = (answer.meta().clone(), answer.body().clone());
            Ok(Response::new(answer, meta, body))
        })
    }

    async fn ask(mut self) -> Result<ChatResponse, Error> {
        self.check()?;
        self.body.stream = None;
        let trace = self.trace();
        let asked = pin!(self.call());
        let answer = asked.instrument(trace.span().clone()).await;
        match &answer {
            Ok(answer) => trace.answered(answer.raw()),
            Err(error) => trace.failed(error),
        }
        answer
    }

    async fn call(self) -> Result<ChatResponse, Error> {
        let Self { client, body } = self;
        let mut guard = MeterGuard::new(&client, &body.model);
        let call = client.inference_api().create_chat_completion().body(*body);
        let call = client.on_behalf(call).inspect_err(|_| guard.refuse(0))?;
        let context = guard.context(&client);
        let answer = call.send_with(&context).await.map_err(Error::from);
        let (answer, meta, body) = answer.inspect_err(|e| guard.fail(e))?.into_parts();
        // An answer that reports an error also has a price, if it states one.
        guard.settle(answer.usage.as_ref(), meta.unknown_attempts());
        if event::reports_error(&answer) || answer.choices.is_empty() && is_error_body(&body) {
            let error = CallError::reported(ErrorKind::Api, "", meta, body);
            let operation = builder::CreateChatCompletion::OPERATION.id;
            return Err(error.with_operation(operation).into());
        }
        Ok(ChatResponse::new(answer, meta, body))
    }

    /// Asks, and gives the answer as it comes. Usage, which has the cost where the service states it, is requested
    /// unless [`include_usage`](Self::include_usage) says otherwise.
    ///
    /// # Errors
    /// If the call fails, the stream begins with an error or breaks off before its first event, or something else than a
    /// stream comes. Until the first event, it is repeated where that cannot bill it twice: see
    /// [`RetryPolicy`](crate::RetryPolicy).
    pub async fn stream(mut self) -> Result<ChatStream, Error> {
        self.check()?;
        self.body.stream = Some(true);
        let stream_options = self.body.stream_options.get_or_insert_default();
        let usage = *stream_options.include_usage.get_or_insert(true);
        let options = self.client.options();
        let field = || options.body_fields().get("n")?.as_i64();
        let answers = self.body.n.or_else(field);
        let answers = answers.and_then(|n| usize::try_from(n).ok());
        let expected = Expected {
            answers: answers.unwrap_or(1),
            usage,
            max_answer: options.get_max_body(),
        };
        let trace = self.trace();
        let Self { client, body } = self;
        let mut guard = MeterGuard::new(&client, &body.model);
        let context = guard.context(&client);
        // Boxed: opening takes more memory than reading, and would keep it for as long.
        let opening = Box::pin(async {
            let call = client.inference_api().create_chat_completion_stream();
            let call = client.on_behalf(call.body(*body))?;
            let open = |body, meta| ChatStream::open(body, meta, expected);
            call.open_with(&context, open).await
        });
        let opened = opening.instrument(trace.span().clone()).await;
        let stream = opened.inspect_err(|e: &Error| {
            guard.fail(e);
            trace.failed(e);
        })?;
        let trace = (!trace.span().is_disabled()).then(|| Box::new(trace));
        Ok(stream.observed(guard, trace))
    }

    fn trace(&self) -> Trace {
        let content = self.client.options().get_trace_content();
        Trace::of(&self.body, self.client.account().id(), content)
    }

    fn check(&self) -> Result<(), Error> {
        let fault = if self.body.model.trim().is_empty() {
            "the model's id is empty"
        } else if self.body.messages.is_empty() {
            "there is no message to answer; add one with `user`"
        } else {
            return reject_known_fields(&self.body.extra, ChatCompletionRequest::FIELDS);
        };
        Err(Error::new(ErrorKind::Request, fault))
    }
}

/// Asks, and waits for the whole answer.
///
/// # Errors
/// If the call fails, and was repeated where that cannot bill it twice: see [`RetryPolicy`](crate::RetryPolicy).
/// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) says that it may have been answered, and billed.
impl IntoFuture for ChatRequest {
    type Output = Result<ChatResponse, Error>;
    type IntoFuture = CallFuture<ChatResponse>;

    fn into_future(self) -> CallFuture<ChatResponse> {
        Box::pin(self.ask())
    }
}
