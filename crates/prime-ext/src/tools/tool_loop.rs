//! Builds a tool loop.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt as _;
use openapi_runtime::Usd;

use super::hook::{Hook, ToolDecision};
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
///     .max_rounds(5)
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
/// The limits of rounds, tokens, cost and time are checked when a response is complete, before its calls run. A
/// response that requests no calls is the answer, and ends the loop without an error, whatever it used. Otherwise, the
/// loop ends with an error, and no call runs whose result the model would not receive. The time limit also ends a
/// request or a call that has begun.
///
/// Under a cost limit, the loop requests the cost of each response, and a response whose cost is unknown ends the loop
/// with an error. A token limit does the same for tokens. To limit what one response may use, set
/// [`max_tokens`](ChatRequest::max_tokens).
///
/// # Errors
///
/// If the loop ends before the model is done, the error has the [transcript](Error::transcript): all responses and
/// results, and their cost. [`Transcript::end`] says why the loop ended. [`Transcript::messages`] can start another
/// loop, which continues the work. The error of a failed request is the error of the loop.
///
/// A call that fails is no error of the loop. The model receives a text that begins with `Error: ` if a tool fails,
/// panics or exceeds its timeout, if it does not exist, if its arguments do not fit, or if the hook denies the call.
///
/// # Calls
///
/// - The calls of a response run in parallel. Their results are sent back in the order of the calls.
/// - If a response was cut off by its token limit or by a filter, its calls do not run, because they may be incomplete.
/// - Empty arguments count as `{}` if the schema of the tool requires no property.
/// - A [`tool_choice`](ChatRequest::tool_choice) that forces a call applies to the first request only. Otherwise, the
///   loop could not end.
/// - Dropping the loop drops the request and the calls that run.
#[must_use = "a tool loop does nothing unless awaited or streamed"]
pub struct ToolLoop {
    pub(super) request: ChatRequest,
    pub(super) hook: Option<Hook>,
    pub(super) limits: Limits,
}

/// The limits of a loop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) rounds: u32,
    pub(super) tokens: Option<u64>,
    pub(super) cost: Option<Usd>,
    pub(super) time: Option<Duration>,
    pub(super) parallel_calls: usize,
    pub(super) call_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rounds: 10,
            tokens: None,
            cost: None,
            time: None,
            parallel_calls: 8,
            call_timeout: Duration::from_secs(60),
        }
    }
}

impl ToolLoop {
    pub(crate) fn new(request: ChatRequest) -> Self {
        Self {
            request,
            hook: None,
            limits: Limits::default(),
        }
    }

    /// Sets the maximum number of responses. Default: 10.
    pub fn max_rounds(mut self, rounds: u32) -> Self {
        self.limits.rounds = rounds;
        self
    }

    /// Ends the loop once its responses have used this number of tokens: prompt and completion tokens of all responses.
    /// Default: no limit.
    pub fn token_limit(mut self, tokens: u64) -> Self {
        self.limits.tokens = Some(tokens);
        self
    }

    /// Ends the loop once its responses have cost this amount. Default: no limit.
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
    pub fn parallel_calls(mut self, calls: usize) -> Self {
        self.limits.parallel_calls = calls.max(1);
        self
    }

    /// Sets the timeout of each call. Default: 60 seconds.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.limits.call_timeout = timeout;
        self
    }

    /// Sets a hook that decides about every call before it runs. It can change the arguments and deny the call.
    ///
    /// The hook decides about one call after the other, and about all calls of a response before the first one runs. It
    /// does not see calls that cannot run, because there is no such tool or the arguments are not a JSON object.
    ///
    /// ```no_run
    /// use prime_ext::tools::{PendingCall, ToolDecision, ToolLoop};
    ///
    /// fn with_approval(tools: ToolLoop) -> ToolLoop {
    ///     tools.before_call(|call: PendingCall| async move {
    ///         match call.name.as_str() {
    ///             "delete_file" => ToolDecision::Deny("files must not be deleted".to_owned()),
    ///             _ => ToolDecision::Run,
    ///         }
    ///     })
    /// }
    /// ```
    pub fn before_call<F, D>(mut self, mut hook: F) -> Self
    where
        F: FnMut(PendingCall) -> D + Send + 'static,
        D: Future<Output = ToolDecision> + Send + 'static,
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
