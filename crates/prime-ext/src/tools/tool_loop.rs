//! Builds a tool loop.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use openapi_runtime::Usd;

use super::hook::{CallDecision, Hook};
use super::stream::ToolStream;
use super::transcript::{PendingCall, Transcript};
use crate::call::CallFuture;
use crate::chat::ChatRequest;
use crate::error::Error;

/// A loop that sends a request to a model, runs the calls of its response, and sends the results back, until a response
/// requests no calls. Returned by [`ChatRequest::run`].
///
/// Awaiting the loop returns its [`Transcript`]. [`stream`](Self::stream) returns what happens as it happens.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client, weather: prime_ext::tools::Tool) -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
///
/// let transcript = prime
///     .chat("openai/gpt-oss-120b")
///     .user("Is it raining in Paris or in Rome?")
///     .tools([weather])
///     .run()
///     .round_limit(5)
///     .cost_limit("0.10".parse()?)
///     .time_limit(Duration::from_secs(60))
///     .await?;
/// println!("{} ({})", transcript.text(), transcript.spent());
/// # Ok(())
/// # }
/// ```
///
/// # Limits
///
/// The limits of rounds, tokens and cost are checked when a response is complete. If a limit is reached and the response
/// has calls, they do not run, because the model would not receive their results, and the loop ends with an error. The
/// last response may therefore exceed a limit. A response without calls is the answer, and ends the loop without an
/// error, even if it exceeds a limit. To limit what one response may use, set
/// [`max_tokens`](ChatRequest::max_tokens).
///
/// Under a cost limit, the loop requests the cost of each response. A response whose cost is unknown ends the loop with
/// an error, even if it is the answer. A token limit does the same for tokens.
///
/// The time limit also ends a request or a call that has begun.
///
/// # Errors
///
/// If the loop ends before the model has answered, the error has the [transcript](Error::transcript): all responses and
/// calls, and their cost. [`Error::loop_end`] says why the loop ended. [`Transcript::messages`] can start another loop,
/// which continues the work. The error of a failed request is the error of the loop.
///
/// An answer that was cut off by its token limit or by a filter is an error too, unless
/// [`accept_truncated`](Self::accept_truncated) is set.
///
/// A call that fails is no error of the loop. The model receives a text that begins with `Error: ` if a tool fails,
/// panics or exceeds its timeout, if it does not exist, if its arguments do not fit, or if the hook denies the call.
///
/// # Calls
///
/// - The calls of a response run concurrently, each as a task of its own. Their results are sent back in the order of the
///   calls.
/// - Empty arguments count as `{}` if the schema of the tool requires no property. Otherwise, the model is told which
///   arguments are missing.
/// - A [`tool_choice`](ChatRequest::tool_choice) that forces a call applies to the first request only. Otherwise, the
///   loop could not end.
/// - Dropping the loop cancels the request and the calls that run.
#[must_use = "a tool loop does nothing unless awaited or streamed"]
pub struct ToolLoop {
    pub(super) request: ChatRequest,
    pub(super) hook: Option<Hook>,
    pub(super) cancelled: Option<BoxFuture<'static, ()>>,
    pub(super) limits: Limits,
}

/// The limits of a loop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) rounds: u32,
    pub(super) tokens: Option<u64>,
    pub(super) cost: Option<Usd>,
    pub(super) time: Option<Duration>,
    pub(super) max_concurrent_calls: usize,
    pub(super) call_timeout: Duration,
    pub(super) accept_truncated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rounds: 10,
            tokens: None,
            cost: None,
            time: None,
            max_concurrent_calls: 8,
            call_timeout: Duration::from_secs(60),
            accept_truncated: false,
        }
    }
}

impl ToolLoop {
    pub(crate) fn new(request: ChatRequest) -> Self {
        Self {
            request,
            hook: None,
            cancelled: None,
            limits: Limits::default(),
        }
    }

    /// Sets the maximum number of responses. Default: 10.
    pub fn round_limit(mut self, rounds: u32) -> Self {
        self.limits.rounds = rounds;
        self
    }

    /// Ends the loop once its responses have used this number of tokens: prompt and completion tokens of all responses.
    /// The last response may exceed it. Default: no limit.
    pub fn token_limit(mut self, tokens: u64) -> Self {
        self.limits.tokens = Some(tokens);
        self
    }

    /// Ends the loop once its responses have cost this amount. The last response may exceed it. Default: no limit.
    ///
    /// A cost that the service does not report is estimated if the client has a [`Meter`](crate::Meter) with prices.
    pub fn cost_limit(mut self, amount: Usd) -> Self {
        self.limits.cost = Some(amount);
        self
    }

    /// Ends the loop after this time, which includes all requests, calls and decisions of the hook. Default: no limit.
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.limits.time = Some(time);
        self
    }

    /// Sets the maximum number of calls that run at the same time. Default: 8. Zero counts as 1.
    pub fn max_concurrent_calls(mut self, calls: usize) -> Self {
        self.limits.max_concurrent_calls = calls.max(1);
        self
    }

    /// Ends the loop with [`LoopEnd::Cancelled`](super::LoopEnd::Cancelled) when this future is ready, such as
    /// `tokio::signal::ctrl_c()`. The error has the transcript, which is lost if the loop is dropped instead.
    pub fn cancel_on<F>(mut self, cancelled: F) -> Self
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.cancelled = Some(cancelled.map(drop).boxed());
        self
    }

    /// Accepts an answer that was cut off by its token limit or by a filter. By default, it is an error.
    pub fn accept_truncated(mut self) -> Self {
        self.limits.accept_truncated = true;
        self
    }

    /// Sets the timeout of each call. Default: 60 seconds. [`Tool::timeout`](super::Tool::timeout) sets that of a tool.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.limits.call_timeout = timeout;
        self
    }

    /// Sets a hook that decides about every call before it runs. It can change the arguments and deny the call.
    ///
    /// The hook decides about one call after the other, and about all calls of a response before the first one runs. It
    /// does not see calls that cannot run, because there is no such tool or the arguments are not a JSON object. A second
    /// hook replaces the first. A panic of the hook is not caught.
    ///
    /// ```no_run
    /// use prime_ext::tools::{PendingCall, CallDecision, ToolLoop};
    ///
    /// fn with_approval(tools: ToolLoop) -> ToolLoop {
    ///     tools.before_call(|call: PendingCall| async move {
    ///         match call.name.as_str() {
    ///             "delete_file" => CallDecision::deny("files must not be deleted"),
    ///             _ => CallDecision::Run,
    ///         }
    ///     })
    /// }
    /// ```
    pub fn before_call<F, D>(mut self, mut hook: F) -> Self
    where
        F: FnMut(PendingCall) -> D + Send + 'static,
        D: Future<Output = CallDecision> + Send + 'static,
    {
        self.hook = Some(Box::new(move |call| hook(call).boxed()));
        self
    }

    /// Returns what happens in the loop as a stream of events, with the text of each response as it arrives. Nothing is
    /// sent before the first event is read.
    pub fn stream(self) -> ToolStream {
        self.into_events(true)
    }

    /// Returns the events of the loop. `streamed` is whether the responses are streamed.
    pub(crate) fn into_events(self, streamed: bool) -> ToolStream {
        ToolStream::new(self, streamed)
    }

    pub(crate) fn map_request(mut self, change: impl FnOnce(ChatRequest) -> ChatRequest) -> Self {
        self.request = change(self.request);
        self
    }
}

/// Runs the loop and returns its transcript.
///
/// # Errors
/// Returns an error if the loop ends before the model is done. [`Error::transcript`] has what was done until then.
impl IntoFuture for ToolLoop {
    type Output = Result<Transcript, Error>;
    type IntoFuture = CallFuture<Transcript>;

    fn into_future(self) -> CallFuture<Transcript> {
        Box::pin(self.into_events(false).finish())
    }
}

impl fmt::Debug for ToolLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolLoop")
            .field("request", &self.request)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
