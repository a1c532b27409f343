//! The description of a fault.

use std::time::Duration;

use bytes::Bytes;

use crate::conversation::ReasoningRule;
use crate::faults::responses::{Envelope, ErrorBody};
use crate::operation::Operation;

/// A fault: what goes wrong with a response, and for which requests.
///
/// The constructors select the kind of fault. The methods change the response, or restrict the
/// requests that the fault applies to. By default, a fault applies to every request:
///
/// ```
/// use prime_sim::{Fault, Operation};
///
/// let always = Fault::reset();
/// let twice = Fault::status(503).on(Operation::GetWallet).times(2);
/// let third = Fault::stall().on(Operation::CreateRun).skip(2).once();
/// let often = Fault::html(502).chance(0.3);                 // deterministic for a given seed
/// let lost = Fault::lost_response().on(Operation::CreateRun).once();
/// ```
///
/// Pass a fault to [`Builder::fault`](crate::Builder::fault) or, while the simulator runs, to
/// [`Simulator::inject`](crate::Simulator::inject). If several faults match a request, the first
/// one that is not used up applies.
///
/// Each fault also has a name, such as `cut-off`. A script selects the fault with
/// `fault = "cut-off"`. A chat request selects the fault with the model `sim/cut-off`. Such a model
/// name can have the parameters of [a script](crate::Builder::script), as in
/// `sim/status?status=503&times=2`.
///
/// **Side effects.** Most faults change or break a normal response. The simulator then carries out
/// the request: it creates a run, or charges for a chat completion. A fault that replaces the
/// response (`refuse`, `reset`, `close`, `stall`, and all faults with a status) does not carry out
/// the request, unless [`Fault::carried_out`] is called.
///
/// **The middle of a response.** A stream fails after three events, or after the number that
/// [`Fault::after`] sets. It always fails before its final event, so a truncated stream never looks
/// complete. Any other response fails after half of its bytes.
#[derive(Debug, Clone)]
#[must_use = "pass the fault to `Simulator::inject` or `Builder::fault`"]
pub struct Fault {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) after: usize,
    pub(crate) error_body: ErrorBody,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) model: Option<String>,
    /// The rule that a chat request must break.
    pub(crate) breaks: Option<ReasoningRule>,
    pub(crate) skip: u64,
    pub(crate) times: Option<u64>,
    pub(crate) chance: Option<f64>,
    pub(crate) carried_out: bool,
}

/// The kind of a fault.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Refuse(Duration),
    Reset,
    ResetMidway,
    Close,
    Stall,
    StallMidway,
    Delay(Duration),
    SlowDrip {
        bytes: usize,
        every: Duration,
    },
    CutOff,
    ErrorEvent,
    MalformedChunk,
    EndlessLine,
    EndlessBody,
    EmptyStream,
    /// A normal response with other headers.
    Headers,
    /// A response with a status, instead of the normal response.
    Status(u16),
    GzipBomb {
        mebibytes: u64,
    },
    /// A normal response after billing rows were added.
    RowsArrive(usize),
    /// A normal response after billing rows moved to the front.
    RowsMove(usize),
}

/// The default number of events before a stream fails.
const DEFAULT_AFTER: usize = 3;

/// Constructors, one for each kind of fault.
impl Fault {
    pub(crate) fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            after: DEFAULT_AFTER,
            error_body: ErrorBody::Default,
            headers: Vec::new(),
            operations: Vec::new(),
            model: None,
            breaks: None,
            skip: 0,
            times: None,
            chance: None,
            carried_out: false,
        }
    }

    /// `refuse`: resets the connection of the request and refuses new connections for `duration`.
    /// Idle connections are closed. See also [`Simulator::refuse_connections`].
    ///
    /// [`Simulator::refuse_connections`]: crate::Simulator::refuse_connections
    pub fn refuse(duration: Duration) -> Self {
        Self::new("refuse", Kind::Refuse(duration))
    }

    /// `reset`: resets the connection (RST) without a response.
    pub fn reset() -> Self {
        Self::new("reset", Kind::Reset)
    }

    /// `lost-response`: carries out the request and resets the connection without a response. A run
    /// is created or money is spent, but the caller does not know.
    pub fn lost_response() -> Self {
        let mut fault = Self::new("lost-response", Kind::Reset);
        fault.carried_out = true;
        fault
    }

    /// `reset-midway`: resets the connection in the middle of the response.
    pub fn reset_midway() -> Self {
        Self::new("reset-midway", Kind::ResetMidway)
    }

    /// `close`: closes the connection (FIN) without a response.
    pub fn close() -> Self {
        Self::new("close", Kind::Close)
    }

    /// `stall`: sends no response and keeps the connection open.
    pub fn stall() -> Self {
        Self::new("stall", Kind::Stall)
    }

    /// `stall-midway`: stops in the middle of the response and keeps the connection open.
    pub fn stall_midway() -> Self {
        Self::new("stall-midway", Kind::StallMidway)
    }

    /// `delay`: carries out the request immediately, and sends the normal response after a delay.
    pub fn delay(by: Duration) -> Self {
        Self::new("delay", Kind::Delay(by))
    }

    /// `slow-drip`: sends the normal response in chunks of `bytes` bytes, with a pause of `every`
    /// before each chunk.
    pub fn slow_drip(bytes: usize, every: Duration) -> Self {
        Self::new("slow-drip", Kind::SlowDrip { bytes, every })
    }

    /// `cut-off`: ends the response in the middle without a connection error. If the response is
    /// not a stream, its JSON is truncated.
    pub fn cut_off() -> Self {
        Self::new("cut-off", Kind::CutOff)
    }

    /// `error-event`: sends an error event in the middle of a stream, then ends the stream without
    /// `[DONE]`. With `.after(0)`, the error is the first event. If the response is not a stream,
    /// the error replaces it, with status 200.
    pub fn error_event() -> Self {
        Self::new("error-event", Kind::ErrorEvent)
    }

    /// `malformed-chunk`: sends an event with invalid JSON in the middle of a stream, then the rest
    /// of the stream. If the response is not a stream, its JSON is truncated.
    pub fn malformed_chunk() -> Self {
        Self::new("malformed-chunk", Kind::MalformedChunk)
    }

    /// `endless-line`: sends a line that never ends in the middle of a stream. If the response is
    /// not a stream, the fault is the same as [`Fault::endless_body`].
    pub fn endless_line() -> Self {
        Self::new("endless-line", Kind::EndlessLine)
    }

    /// `endless-body`: never ends the response. A stream repeats a valid event from its middle on.
    /// If the response is not a stream, it is JSON with a string that never ends.
    pub fn endless_body() -> Self {
        Self::new("endless-body", Kind::EndlessBody)
    }

    /// `empty-stream`: sends the status and the headers of the normal response with an empty body.
    pub fn empty_stream() -> Self {
        Self::new("empty-stream", Kind::EmptyStream)
    }

    /// `content-type`: sends the normal response with another content type, such as `text/plain`.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        Self::new("content-type", Kind::Headers).header("content-type", content_type)
    }

    /// `status`: sends a response with this status (200 or higher) and the error body of the API.
    /// [`Fault::body`], [`Fault::envelope`] and [`Fault::header`] change the response.
    pub fn status(status: u16) -> Self {
        Self::new("status", Kind::Status(status))
    }

    /// `html`: sends an HTML page with this status, like a proxy.
    pub fn html(status: u16) -> Self {
        let mut fault = Self::new("html", Kind::Status(status));
        fault.error_body = ErrorBody::Envelope(Envelope::Html);
        fault
    }

    /// `rate-limited`: sends status 429. [`Fault::retry_after`] and similar methods add a retry
    /// delay.
    pub fn rate_limited() -> Self {
        Self::new("rate-limited", Kind::Status(429))
    }

    /// `quota`: sends status 429 for an exceeded quota. A retry does not help. The error
    /// `code` is `insufficient_quota`.
    pub fn quota() -> Self {
        let mut fault = Self::new("quota", Kind::Status(429));
        fault.error_body = ErrorBody::Quota;
        fault
    }

    /// `requires-reasoning`: sends status 400 if an assistant message with tool calls after the last
    /// user message comes back without its reasoning, as DeepSeek and Moonshot do. The reasoning can
    /// be in any [`ReasoningField`](crate::ReasoningField). A text in `reasoning_details` must have
    /// its signature. Other requests get a normal response.
    ///
    /// The model `sim/requires-reasoning` generates reasoning unless `reasoning_effort` is `none`.
    pub fn requires_reasoning() -> Self {
        Self::reasoning_rule("requires-reasoning", ReasoningRule::Required)
    }

    /// `rejects-reasoning`: sends status 400 if an assistant message contains reasoning, as Groq and
    /// the first version of DeepSeek's reasoner do. Other requests get a normal response.
    pub fn rejects_reasoning() -> Self {
        Self::reasoning_rule("rejects-reasoning", ReasoningRule::Rejected)
    }

    fn reasoning_rule(name: &'static str, rule: ReasoningRule) -> Self {
        let mut fault = Self::new(name, Kind::Status(400));
        fault.breaks = Some(rule);
        fault.on(Operation::CreateChatCompletion)
    }

    /// `redirect`: sends status 307 with the given `Location`. For another status, use
    /// `Fault::status(302).header("location", …)`.
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::new("redirect", Kind::Status(307))
            .header("location", to)
            .body("")
    }

    /// Replaces the status of a redirect.
    pub(crate) fn with_status(mut self, status: Option<u16>) -> Self {
        if let Some(status) = status {
            self.kind = Kind::Status(status);
        }
        self
    }

    /// `gzip-bomb`: sends a small gzip body that decompresses to this many mebibytes.
    pub fn gzip_bomb(mebibytes: u64) -> Self {
        Self::new("gzip-bomb", Kind::GzipBomb { mebibytes })
    }

    /// `rows-arrive`: adds this many billing rows before a wallet response. With `.skip(1)`, the
    /// rows arrive between the first and the second page.
    pub fn rows_arrive(rows: usize) -> Self {
        Self::new("rows-arrive", Kind::RowsArrive(rows)).on(Operation::GetWallet)
    }

    /// `rows-move`: bills the last `rows` rows again before a wallet response. This moves the rows
    /// to the front.
    pub fn rows_move(rows: usize) -> Self {
        Self::new("rows-move", Kind::RowsMove(rows)).on(Operation::GetWallet)
    }
}

/// Methods that change the response.
impl Fault {
    /// Sets the number of events before a stream fails (default 3).
    pub fn after(mut self, events: usize) -> Self {
        self.after = events;
        self
    }

    /// Carries out the request before the response is replaced. A `create_run` request can thus get
    /// status 502 although the run is created.
    pub fn carried_out(mut self) -> Self {
        self.carried_out = true;
        self
    }

    /// Sets a response header. It replaces a header of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body of a fault with a status. The content type is JSON, unless [`Fault::header`]
    /// sets another one.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.error_body = ErrorBody::Bytes(body.into());
        self
    }

    /// Sets the format of the error body of a fault with a status.
    pub fn envelope(mut self, envelope: Envelope) -> Self {
        self.error_body = ErrorBody::Envelope(envelope);
        self
    }

    /// Sets `Retry-After` in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// Sets `Retry-After` to a date: `from_now` after the response is sent. The date is rounded
    /// down to whole seconds.
    pub fn retry_after_date(self, from_now: Duration) -> Self {
        // The date is formatted when the response is sent.
        self.header(
            "retry-after",
            format!("{}{}", super::responses::DATE_PREFIX, from_now.as_millis()),
        )
    }

    /// Sets `retry-after-ms`, which the OpenAI clients read.
    pub fn retry_after_ms(self, milliseconds: u64) -> Self {
        self.header("retry-after-ms", milliseconds.to_string())
    }
}

/// Methods that select requests.
impl Fault {
    /// Applies the fault only to this operation. Call this method again to add operations.
    pub fn on(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Applies the fault only to chat requests for this model.
    pub fn on_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Skips the first `requests` matching requests.
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Applies the fault to one request.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Applies the fault to at most `times` requests.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Applies the fault with this probability, from 0 to 1. The same seed and the same order of
    /// requests give the same decisions.
    pub fn chance(mut self, chance: f64) -> Self {
        self.chance = Some(chance);
        self
    }
}
