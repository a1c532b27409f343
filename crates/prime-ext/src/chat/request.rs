//! Builds and sends chat requests.

use std::pin::pin;
use std::time::Duration;

use openapi_runtime::error::is_error_body;
use openapi_runtime::{
    Error as CallError, ErrorKind, IntoRequest, Operation, Response, TextOrParts, Warning,
};
use pinference_api::builder;
use pinference_api::types::{ChatCompletionRequest, ChatMessage};
use tracing::Instrument as _;

use super::stream::Expected;
use super::trace::Trace;
use super::{ChatResponse, ChatStream, ReasoningHistory, event, recover};
use crate::call::CallFuture;
use crate::client::Client;
use crate::cost::MeterGuard;
use crate::error::{Error, reject_known_fields};
use crate::options::CallOptions;
use crate::tools::{self, Tool, ToolLoop};

/// The id of the streaming operation.
pub(crate) const STREAM_OPERATION: &str = builder::CreateChatCompletionStream::OPERATION.id;

/// A chat request. Returned by [`Client::chat`].
///
/// Awaiting it returns the complete response; [`stream`](Self::stream) returns the response as a stream of chunks.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let response = prime
///     .chat("meta-llama/llama-3.1-70b-instruct")
///     .user("Capital of France?")
///     .temperature(0.2)
///     .reasoning_effort("low")
///     .await?;
/// println!("{}", response.text());
/// # Ok(())
/// # }
/// ```
///
/// What is not set is not sent, with one exception: a request for a stream also requests its usage. This follows the
/// provider's agent client (`prime-agent`), which limits responses with `max_tokens`, and sends neither the role
/// `developer`, nor `store`, nor `strict`.
#[derive(Debug, Clone)]
#[must_use = "requests do nothing unless awaited or streamed"]
pub struct ChatRequest {
    pub(crate) client: Client,
    /// Boxed, because every builder method moves the request.
    pub(crate) body: Box<ChatCompletionRequest>,
    pub(crate) tools: Vec<Tool>,
    /// About the request. Its responses have these warnings too.
    pub(crate) warnings: Vec<Warning>,
    /// `None` for that of the client.
    reasoning_history: Option<ReasoningHistory>,
}

impl ChatRequest {
    pub(crate) fn new(client: Client, model: String) -> Self {
        let body = Box::new(ChatCompletionRequest::new(Vec::new(), model));
        Self {
            client,
            body,
            tools: Vec::new(),
            warnings: Vec::new(),
            reasoning_history: None,
        }
    }

    /// Adds a system message: instructions for the model. The content is a text, or a list of
    /// [`ContentPart`](pinference_api::types::ContentPart)s.
    pub fn system(self, content: impl Into<TextOrParts>) -> Self {
        self.message(ChatMessage::system(content))
    }

    /// Adds a developer message: instructions for the model, which OpenAI's newer models expect instead of a system
    /// message.
    pub fn developer(self, content: impl Into<TextOrParts>) -> Self {
        self.message(ChatMessage::developer(content))
    }

    /// Adds a user message. The content is a text, or a list of [`ContentPart`](pinference_api::types::ContentPart)s
    /// such as images.
    ///
    /// ```no_run
    /// # async fn example(prime: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use prime_ext::ContentPart;
    ///
    /// let photo = ContentPart::image("image/png", std::fs::read("photo.png")?);
    /// let response = prime
    ///     .chat("anthropic/claude-3-5-sonnet-20241022")
    ///     .user([ContentPart::text("What is this?"), photo])
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn user(self, content: impl Into<TextOrParts>) -> Self {
        self.message(ChatMessage::user(content))
    }

    /// Adds an assistant message, such as an earlier response of the model.
    pub fn assistant(self, content: impl Into<TextOrParts>) -> Self {
        self.message(ChatMessage::assistant(content))
    }

    /// Adds a message of any role, such as a response with tool calls, the result of a tool
    /// ([`ChatMessage::tool`]), or a message with the name of its author ([`ChatMessage::with_name`]).
    pub fn message(mut self, message: ChatMessage) -> Self {
        self.body.messages.push(message);
        self
    }

    /// Adds messages, such as those of an earlier [transcript](crate::tools::Transcript::messages).
    pub fn messages(mut self, messages: impl IntoIterator<Item = ChatMessage>) -> Self {
        self.body.messages.extend(messages);
        self
    }

    /// Adds tools: Rust functions that the model can call. [`run`](Self::run) runs the calls. A request that is awaited
    /// or streamed returns the calls without running them.
    pub fn tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        let known = self.tools.len();
        self.tools.extend(tools);
        self.warnings.extend(tools::warnings(&self.tools[known..]));
        let definitions = self.tools[known..].iter().map(Tool::definition);
        let tools = self.body.tools.get_or_insert_default();
        tools.extend(definitions);
        self
    }

    /// Sends the request, runs the calls of the response, and sends the results back, until the model answers. See
    /// [`ToolLoop`].
    ///
    /// ```no_run
    /// # async fn example(prime: prime_ext::Client, tools: Vec<prime_ext::tools::Tool>) -> Result<(), prime_ext::Error> {
    /// let transcript = prime.chat("openai/gpt-oss-120b").user("What is 17 * 23?").tools(tools).run().await?;
    /// println!("{}", transcript.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn run(self) -> ToolLoop {
        ToolLoop::new(self)
    }

    /// Sets whether the reasoning of the assistant messages is sent. Default: that of the client for this model, or else
    /// as received.
    pub fn reasoning_history(mut self, history: ReasoningHistory) -> Self {
        self.reasoning_history = Some(history);
        self
    }

    /// Sets options for this request. Options that are set replace those of the client.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Sets the timeout of the complete call or, for a stream, of the time until the first event. See
    /// [`CallOptions::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// Sets the maximum number of retries. See [`RetryPolicy::max_retries`](crate::RetryPolicy::max_retries).
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.client = self.client.with_max_retries(retries);
        self
    }

    /// Modifies the request body, which has every field of the specification. Add parameters that are not in the
    /// specification to `extra`.
    pub fn modify(mut self, change: impl FnOnce(&mut ChatCompletionRequest)) -> Self {
        change(&mut self.body);
        self
    }

    /// Sends the request and returns the complete response with its status, headers and body.
    ///
    /// # Errors
    /// Returns the same errors as awaiting the request.
    pub fn with_response(self) -> CallFuture<Response<ChatResponse>> {
        Box::pin(async move {
            let response = self.send().await?;
            let (meta, body) = (response.meta().clone(), response.body().clone());
            Ok(Response::new(response, meta, body))
        })
    }

    async fn send(mut self) -> Result<ChatResponse, Error> {
        self.prepare()?;
        self.body.stream = None;
        let trace = self.trace();
        let warnings = std::mem::take(&mut self.warnings);
        let call = pin!(self.call());
        let response = call.instrument(trace.span().clone()).await;
        let response = response.map(|response| response.with_warnings(warnings));
        match &response {
            Ok(response) => trace.record_response(response.raw()),
            Err(error) => trace.record_error(error),
        }
        response
    }

    async fn call(self) -> Result<ChatResponse, Error> {
        let Self { client, body, .. } = self;
        let model = body.model.clone();
        let call = client.inference_api().create_chat_completion().body(*body);
        let call = client.on_behalf(call);
        complete(
            &client,
            &model,
            call.and_then(|call| Ok(call.into_request()?)),
        )
        .await
    }

    /// Sends the request and returns the response as a stream. Usage is requested unless
    /// [`include_usage`](Self::include_usage) disables it.
    ///
    /// # Errors
    /// Returns an error if the call fails, if the body is not an event stream, or if the stream fails before its first
    /// chunk. Before the first chunk, a failed request is repeated only if the repetition cannot bill it twice: see
    /// [`RetryPolicy`](crate::RetryPolicy).
    pub async fn stream(mut self) -> Result<ChatStream, Error> {
        self.prepare()?;
        self.body.stream = Some(true);
        let stream_options = self.body.stream_options.get_or_insert_default();
        let usage = *stream_options.include_usage.get_or_insert(true);
        let options = self.client.options();
        let field = || options.body_fields().get("n")?.as_i64();
        let choices = self.body.n.or_else(field);
        let choices = choices.and_then(|n| usize::try_from(n).ok());
        let expected = Expected {
            choices: choices.unwrap_or(1),
            usage,
            max_bytes: options.get_max_body(),
        };
        let trace = self.trace();
        let Self {
            client,
            body,
            warnings,
            ..
        } = self;
        let mut guard = MeterGuard::new(&client, &body.model);
        let context = guard.context(&client);
        // Boxed, because the future that opens a stream is larger than the stream, and the caller's future would keep
        // that memory.
        let opening = Box::pin(async {
            let call = client.inference_api().create_chat_completion_stream();
            let call = client.on_behalf(call.body(*body))?;
            let open = |body, meta| ChatStream::open(body, meta, expected);
            call.open_with(&context, open).await
        });
        let opened = opening.instrument(trace.span().clone()).await;
        let stream = opened.inspect_err(|e: &Error| {
            guard.fail(e);
            trace.record_error(e);
        })?;
        let trace = (!trace.span().is_disabled()).then(|| Box::new(trace));
        Ok(stream.observed(guard, trace).with_warnings(warnings))
    }

    fn trace(&self) -> Trace {
        let content = self.client.options().get_trace_content();
        Trace::new(&self.body, self.client.account().id(), content)
    }

    /// Checks the request, and applies the settings that concern its messages.
    fn prepare(&mut self) -> Result<(), Error> {
        self.check()?;
        let history = self.reasoning_history;
        let history = history.unwrap_or_else(|| self.client.reasoning_history(&self.body.model));
        history.apply(&mut self.body.messages);
        let audio = self
            .body
            .messages
            .iter_mut()
            .filter_map(|message| message.audio.as_mut());
        for audio in audio.filter(|audio| audio.id.is_some()) {
            // A request names earlier audio by its id. Source: OpenAI's API reference.
            (audio.data, audio.transcript, audio.expires_at) = (None, None, None);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        let fault = if self.body.model.trim().is_empty() {
            "the model id is empty"
        } else if self.body.messages.is_empty() {
            "there are no messages; add one with `user`"
        } else if let Some(fault) = tools::fault(&self.tools) {
            return Err(Error::new(ErrorKind::Request, fault));
        } else {
            return reject_known_fields(&self.body.extra, ChatCompletionRequest::FIELDS);
        };
        Err(Error::new(ErrorKind::Request, fault))
    }
}

/// Sends the request for a complete response, and counts it with the meter of the client.
pub(super) async fn complete(
    client: &Client,
    model: &str,
    request: Result<reqwest::Request, Error>,
) -> Result<ChatResponse, Error> {
    const OPERATION: Operation = builder::CreateChatCompletion::OPERATION;
    let mut guard = MeterGuard::new(client, model);
    let named = |error: Error| error.with_operation(OPERATION.id);
    let request = request.map_err(named).inspect_err(|_| guard.refuse(0))?;
    let context = guard.context(client);
    let caller = client.caller();
    let response = recover::read(caller.json(request, &OPERATION, &context).await);
    let response = response.map_err(Error::from);
    let response = response.inspect_err(|e| guard.fail(e))?;
    // A response that reports an error may have usage, and is then billed.
    let (raw, meta) = (response.value(), response.meta());
    guard.settle(raw.usage.as_ref(), meta.unknown_attempts());
    let is_error =
        event::reports_error(raw) || raw.choices.is_empty() && is_error_body(response.body());
    if is_error {
        let (raw, meta, body) = response.into_parts();
        let error = CallError::reported(ErrorKind::Api, "", meta, body);
        let unknown = raw.usage.is_none() && !error.is_refusal();
        let error = error.with_operation(OPERATION.id);
        return Err(error.with_outcome_unknown(unknown).into());
    }
    Ok(ChatResponse::new(response))
}

/// Sends the request and returns the complete response.
///
/// # Errors
/// Returns an error if the call fails. A failed request is repeated only if the repetition cannot bill it twice: see
/// [`RetryPolicy`](crate::RetryPolicy). If [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is `true`, the
/// service may have processed and billed the request.
impl IntoFuture for ChatRequest {
    type Output = Result<ChatResponse, Error>;
    type IntoFuture = CallFuture<ChatResponse>;

    fn into_future(self) -> CallFuture<ChatResponse> {
        Box::pin(self.send())
    }
}
