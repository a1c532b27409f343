//! What goes wrong, and when.

use std::time::Duration;

use bytes::Bytes;

use crate::faults::answers::{Envelope, Says};
use crate::operation::Operation;

/// Something that goes wrong with an answer, and when it does.
///
/// One of the functions below says what; the methods say when. A fault that is told nothing more is
/// for every request, always:
///
/// ```
/// use prime_sim::{Fault, Operation};
///
/// let always = Fault::reset();
/// let twice = Fault::status(503).on(Operation::GetWallet).times(2);
/// let third = Fault::stall().on(Operation::CreateRun).skip(2).once();
/// let often = Fault::html(502).chance(0.3);                 // the same ones for the same seed
/// let lost = Fault::lost_answer().on(Operation::CreateRun).once();
/// ```
///
/// Hand it to [`Builder::fault`](crate::Builder::fault) or, while the simulator runs, to
/// [`Simulator::inject`](crate::Simulator::inject). Of several that fit a request, the one that was
/// given first and is not used up is done.
///
/// Each also has a name. A script says `fault = "cut-off"`, and a chat request for the model
/// `sim/cut-off` gets that fault whatever the simulator was told: `sim/status?status=503&times=2` has
/// parameters, which are those of [a script](crate::Builder::script).
///
/// **Carried out or not.** A fault that breaks an answer in the middle breaks a real one: the request
/// was carried out, so a run was created and money spent. A fault in the place of an answer (`reset`,
/// `close`, `stall`, `status`, …) leaves the request undone, unless [`Fault::carried_out`] says
/// otherwise.
///
/// **In the middle** is after three events of a stream, or what [`Fault::after`] says, but always
/// ahead of the event that ends an answer, so that what was cut never looks whole. An answer in one
/// piece breaks at half of its bytes.
#[derive(Debug, Clone)]
#[must_use = "a fault happens when a simulator is told of it"]
pub struct Fault {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) after: usize,
    pub(crate) says: Says,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) model: Option<String>,
    pub(crate) skip: u64,
    pub(crate) times: Option<u64>,
    pub(crate) chance: Option<f64>,
    pub(crate) carried_out: bool,
}

/// How an answer goes wrong.
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
    /// The answer as it is, but for the headers.
    Headers,
    /// An answer in the place of the real one.
    Status(u16),
    GzipBomb {
        megabytes: u64,
    },
    /// The answer as it is; what it tells of has changed.
    RowsArrive(usize),
    RowsMove(usize),
}

/// After how many events a stream breaks that is told nothing else.
const AFTER: usize = 3;

/// What goes wrong.
impl Fault {
    pub(crate) fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            after: AFTER,
            says: Says::Usual,
            headers: Vec::new(),
            operations: Vec::new(),
            model: None,
            skip: 0,
            times: None,
            chance: None,
            carried_out: false,
        }
    }

    /// `refuse`: this request's connection is reset, and for so long nobody listens: new connections
    /// are refused, and idle ones are closed. [`Simulator::refuse_connections`] does it without a
    /// request.
    ///
    /// [`Simulator::refuse_connections`]: crate::Simulator::refuse_connections
    pub fn refuse(lasting: Duration) -> Self {
        Self::new("refuse", Kind::Refuse(lasting))
    }

    /// `reset`: the connection is reset (RST) in the place of an answer.
    pub fn reset() -> Self {
        Self::new("reset", Kind::Reset)
    }

    /// `lost-answer`: the request is carried out, and the connection is reset in the place of its
    /// answer. The run exists, the money is spent, and the caller cannot know.
    pub fn lost_answer() -> Self {
        let mut fault = Self::new("lost-answer", Kind::Reset);
        fault.carried_out = true;
        fault
    }

    /// `reset-midway`: the connection is reset in the middle of the answer.
    pub fn reset_midway() -> Self {
        Self::new("reset-midway", Kind::ResetMidway)
    }

    /// `close`: the connection is closed in good order (FIN) in the place of an answer.
    pub fn close() -> Self {
        Self::new("close", Kind::Close)
    }

    /// `stall`: no answer, and the connection stays open.
    pub fn stall() -> Self {
        Self::new("stall", Kind::Stall)
    }

    /// `stall-midway`: nothing more from the middle of the answer on, and the connection stays open.
    pub fn stall_midway() -> Self {
        Self::new("stall-midway", Kind::StallMidway)
    }

    /// `delay`: the real answer, so much later. The request is carried out at once.
    pub fn delay(by: Duration) -> Self {
        Self::new("delay", Kind::Delay(by))
    }

    /// `slow-drip`: the real answer, so many bytes at a time, with a pause ahead of each.
    pub fn slow_drip(bytes: usize, every: Duration) -> Self {
        Self::new("slow-drip", Kind::SlowDrip { bytes, every })
    }

    /// `cut-off`: the answer ends in the middle as if that were its end: no error on the connection.
    /// An answer in one piece is then truncated JSON.
    pub fn cut_off() -> Self {
        Self::new("cut-off", Kind::CutOff)
    }

    /// `error-event`: in the middle of a stream an event that tells of an error, and then its end,
    /// without `[DONE]`. `.after(0)` makes it the first. An answer in one piece is replaced by the
    /// error, with status 200.
    pub fn error_event() -> Self {
        Self::new("error-event", Kind::ErrorEvent)
    }

    /// `malformed-chunk`: in the middle of a stream an event with broken JSON, and then the rest. An
    /// answer in one piece is broken in the same way.
    pub fn malformed_chunk() -> Self {
        Self::new("malformed-chunk", Kind::MalformedChunk)
    }

    /// `endless-line`: from the middle of a stream on one line that never ends. For an answer in one
    /// piece as [`Fault::endless_body`].
    pub fn endless_line() -> Self {
        Self::new("endless-line", Kind::EndlessLine)
    }

    /// `endless-body`: the answer never ends, though each event of a stream is good; an answer in one
    /// piece goes on inside of a JSON string.
    pub fn endless_body() -> Self {
        Self::new("endless-body", Kind::EndlessBody)
    }

    /// `empty-stream`: the right status and content type, and no byte of a body.
    pub fn empty_stream() -> Self {
        Self::new("empty-stream", Kind::EmptyStream)
    }

    /// `content-type`: the real answer with another content type, such as `text/plain`.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        Self::new("content-type", Kind::Headers).header("content-type", content_type)
    }

    /// `status`: an answer with this status, from 200 on, and an error body as the API writes them.
    /// [`Fault::body`], [`Fault::envelope`] and [`Fault::header`] change it.
    pub fn status(status: u16) -> Self {
        Self::new("status", Kind::Status(status))
    }

    /// `html`: an HTML page with this status, as a proxy ahead of the service sends it.
    pub fn html(status: u16) -> Self {
        let mut fault = Self::new("html", Kind::Status(status));
        fault.says = Says::Envelope(Envelope::Html);
        fault
    }

    /// `rate-limited`: status 429. [`Fault::retry_after`] and its kin add when to come back.
    pub fn rate_limited() -> Self {
        Self::new("rate-limited", Kind::Status(429))
    }

    /// `quota`: status 429 for a quota that no retry lifts; the error's `code` is
    /// `insufficient_quota`.
    pub fn quota() -> Self {
        let mut fault = Self::new("quota", Kind::Status(429));
        fault.says = Says::Quota;
        fault
    }

    /// `redirect`: status 307 to another address, which goes into `Location` as it is.
    /// `Fault::status(302).header("location", …)` is another.
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::new("redirect", Kind::Status(307))
            .header("location", to)
            .body("")
    }

    /// A redirect with another status.
    pub(crate) fn with_status(mut self, status: Option<u16>) -> Self {
        if let Some(status) = status {
            self.kind = Kind::Status(status);
        }
        self
    }

    /// `gzip-bomb`: a body of `Content-Encoding: gzip` that is small on the wire and this many
    /// mebibytes large when it is unpacked.
    pub fn gzip_bomb(megabytes: u64) -> Self {
        Self::new("gzip-bomb", Kind::GzipBomb { megabytes })
    }

    /// `rows-arrive`: ahead of a wallet's answer, this many new rows are billed to it. With
    /// `.skip(1)`, they arrive between the first page and the second.
    pub fn rows_arrive(rows: usize) -> Self {
        Self::new("rows-arrive", Kind::RowsArrive(rows)).on(Operation::GetWallet)
    }

    /// `rows-move`: ahead of a wallet's answer, its last this many rows are billed once more, and so
    /// move to the front.
    pub fn rows_move(rows: usize) -> Self {
        Self::new("rows-move", Kind::RowsMove(rows)).on(Operation::GetWallet)
    }
}

/// How it goes wrong.
impl Fault {
    /// After how many events a stream breaks (default 3).
    pub fn after(mut self, events: usize) -> Self {
        self.after = events;
        self
    }

    /// The request is carried out, although its answer is another: a 502 for a run that was created.
    pub fn carried_out(mut self) -> Self {
        self.carried_out = true;
        self
    }

    /// A header of the answer, in the place of one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body of an answer with a status; its content type stays JSON unless a header says more.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.says = Says::Bytes(body.into());
        self
    }

    /// The body of an answer with a status, as another server writes it.
    pub fn envelope(mut self, envelope: Envelope) -> Self {
        self.says = Says::Envelope(envelope);
        self
    }

    /// `Retry-After` in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// `Retry-After` as a date, so long from when the answer is sent. Dates have whole seconds.
    pub fn retry_after_date(self, from_now: Duration) -> Self {
        // Written when it is sent.
        self.header(
            "retry-after",
            format!("{}{}", super::answers::DATE, from_now.as_millis()),
        )
    }

    /// `retry-after-ms`, the spelling in milliseconds that OpenAI's clients read.
    pub fn retry_after_ms(self, milliseconds: u64) -> Self {
        self.header("retry-after-ms", milliseconds.to_string())
    }
}

/// When it goes wrong.
impl Fault {
    /// For requests of this operation only. Given again, for that one too.
    pub fn on(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// For chat requests of this model only.
    pub fn on_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Not for the first so many requests that fit.
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Once.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// So many times, and then no more.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// By chance, from 0 (never) to 1 (always). Which requests it hits follows from the simulator's
    /// seed and the order of requests.
    pub fn chance(mut self, chance: f64) -> Self {
        self.chance = Some(chance);
        self
    }
}
