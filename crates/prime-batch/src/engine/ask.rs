//! Asks one request: records it as sent, then sends it and records its outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;
use prime_ext::{ChatResponse, Client, Cost, Usage, Usd};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::is_overload;
use super::one_line::one_line;
use crate::ledger::{Admission, AskAgain, Decline, Done, Ledger, LedgerError, Sending, State};
use crate::price::Models;
use crate::request::Request;

/// What all requests of a batch share.
pub(super) struct Shared<L> {
    pub(super) client: Client,
    pub(super) ledger: Arc<L>,
    pub(super) models: Arc<Models>,
    pub(super) again: AskAgain,
    /// The requests that are sent and have no response yet.
    pub(super) in_flight: AtomicU32,
    /// The number of requests that the service carried out or rejected in this run.
    pub(super) answers: AtomicU64,
    /// See [`Options::max_retries`](super::Options::max_retries).
    pub(super) max_retries: u32,
    /// Notified when a response has arrived.
    pub(super) responded: Notify,
    /// The number of outcomes that cannot be recorded at the moment.
    pub(super) unrecorded: AtomicU32,
    /// Whether that is because the ledger cannot be reached. Otherwise, the disk is full.
    pub(super) is_unreachable: AtomicBool,
}

impl<L> Shared<L> {
    /// Returns whether a request that was refused again fails. A service that answers no request at all may be
    /// overloaded or restarting; the requests then wait.
    fn gives_up(&self, job: &Job) -> bool {
        job.refusals >= self.max_retries
            && self.answers.load(Ordering::Acquire) > job.answers_before
    }
}

/// A request that is asked.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: Request,
    pub(super) bound: Option<Usd>,
    /// How often the service refused it in this run.
    pub(super) refusals: u32,
    /// The number of answers of the batch when it was refused last.
    pub(super) answers_before: u64,
}

/// The end of an attempt.
pub(super) struct Attempt {
    pub(super) job: Job,
    /// The round in which it was sent.
    pub(super) round: u64,
    pub(super) latency: Duration,
    pub(super) verdict: Result<Verdict, LedgerError>,
}

/// What became of an attempt.
pub(super) enum Verdict {
    /// The outcome is recorded.
    Ended {
        done: Box<Done>,
        response: Option<Box<ChatResponse>>,
        error: Option<Box<prime_ext::Error>>,
        /// Why the outcome is not recorded after all.
        declined: Option<Decline>,
    },
    /// The service refused the request, which may be sent again.
    Refused(Box<prime_ext::Error>),
    /// No request can succeed: the key or the account is refused. Nothing was carried out.
    Stop(Box<prime_ext::Error>),
    /// The request was recorded as sent, but did not leave.
    Withdrawn,
    /// The request did not leave, or the service did not carry it out, and this process may not send it again.
    Declined(Decline),
}

/// The end of recording a request as sent.
pub(super) struct Recorded {
    pub(super) job: Job,
    /// How long it took.
    pub(super) took: Duration,
    pub(super) admission: Result<Admission, LedgerError>,
}

/// Counts a request in flight until its response has arrived.
struct InFlight<'a, L>(&'a Shared<L>);

impl<L> Drop for InFlight<'_, L> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.0.responded.notify_one();
    }
}

/// Records a request as sent, before it is.
pub(super) async fn record_sent<L: Ledger>(shared: Arc<Shared<L>>, job: Job) -> Recorded {
    let request = &job.request;
    let sending = Sending {
        key: request.key().clone(),
        line: request.line(),
        model: request.model().to_owned(),
        body: Some(request.body().clone()),
        bound: job.bound,
        again: shared.again,
    };
    let start = Instant::now();
    let admission = shared.ledger.sent(sending).await;
    let took = start.elapsed();
    Recorded {
        job,
        took,
        admission,
    }
}

/// Records that a request did not leave, which is recorded as sent.
pub(super) async fn withdraw<L: Ledger>(shared: Arc<Shared<L>>, job: Job, number: i64) -> Attempt {
    let withdrawn = record(&shared, || shared.ledger.withdraw(number)).await;
    Attempt {
        job,
        round: 0,
        latency: Duration::ZERO,
        verdict: unless_lost(withdrawn, Verdict::Withdrawn),
    }
}

/// Sends a request that is recorded as sent and counted as in flight. `number` identifies it in the ledger.
pub(super) async fn ask<L: Ledger>(
    shared: Arc<Shared<L>>,
    job: Job,
    number: i64,
    round: u64,
) -> Attempt {
    let mut latency = Duration::ZERO;
    let verdict = attempt(&shared, &job, number, &mut latency).await;
    Attempt {
        job,
        round,
        latency,
        verdict,
    }
}

async fn attempt<L: Ledger>(
    shared: &Shared<L>,
    job: &Job,
    number: i64,
    latency: &mut Duration,
) -> Result<Verdict, LedgerError> {
    let in_flight = InFlight(shared);
    if !shared.ledger.may_leave(number) {
        drop(in_flight);
        let withdrawn = record(shared, || shared.ledger.withdraw(number)).await;
        return unless_lost(withdrawn, Verdict::Declined(Decline::LeaseLost));
    }
    let request = &job.request;
    let start = Instant::now();
    let outcome = shared.client.chat_json(request.body().clone()).await;
    *latency = start.elapsed();
    drop(in_flight);
    let (done, response, error) = match outcome {
        Ok(response) => {
            let done = answered(shared, number, request, &response);
            (done, Some(Box::new(response)), None)
        }
        Err(error) if stops_all(&error) => {
            let recorded = record(shared, || shared.ledger.unsent(number, false)).await;
            return unless_lost(recorded, Verdict::Stop(Box::new(error)));
        }
        Err(error) if error.is_retryable() && !shared.gives_up(job) => {
            let unknown = error.last_outcome_unknown();
            let recorded = record(shared, || shared.ledger.unsent(number, unknown)).await;
            return unless_lost(recorded, Verdict::Refused(Box::new(error)));
        }
        Err(error) => (
            failed(shared, number, request, &error),
            None,
            Some(Box::new(error)),
        ),
    };
    let done = Done {
        latency: *latency,
        ..done
    };
    let declined = match record(shared, || shared.ledger.done(done.clone())).await {
        Ok(()) => None,
        Err(LedgerError::RequestLost) => Some(Decline::LeaseLost),
        Err(error) => return Err(error),
    };
    Ok(Verdict::Ended {
        done: Box::new(done),
        response,
        error,
        declined,
    })
}

/// Returns the verdict of an attempt, whose outcome was recorded unless another process took over the request.
fn unless_lost(
    recorded: Result<(), LedgerError>,
    verdict: Verdict,
) -> Result<Verdict, LedgerError> {
    match recorded {
        Ok(()) => Ok(verdict),
        Err(LedgerError::RequestLost) => Ok(Verdict::Declined(Decline::LeaseLost)),
        Err(error) => Err(error),
    }
}

/// How long an outcome waits for space on the disk, or for the ledger.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Records an outcome. It may have been paid for: if the disk is full or the ledger cannot be reached, this waits.
async fn record<L, F>(shared: &Shared<L>, write: impl Fn() -> F) -> Result<(), LedgerError>
where
    F: Future<Output = Result<(), LedgerError>>,
{
    let mut result = write().await;
    let is_transient = |result: &Result<(), LedgerError>| {
        let error = result.as_ref().err();
        error.is_some_and(LedgerError::is_transient)
    };
    if !is_transient(&result) {
        return result;
    }
    shared.unrecorded.fetch_add(1, Ordering::AcqRel);
    let start = Instant::now();
    while is_transient(&result) && start.elapsed() < PATIENCE {
        let is_unreachable = matches!(result, Err(LedgerError::Unreachable { .. }));
        shared
            .is_unreachable
            .store(is_unreachable, Ordering::Release);
        tokio::time::sleep(Duration::from_secs(1)).await;
        result = write().await;
    }
    shared.unrecorded.fetch_sub(1, Ordering::AcqRel);
    result
}

/// Returns whether an error concerns the key or the account, and so all requests.
fn stops_all(error: &prime_ext::Error) -> bool {
    let status = error.named_status().map(|status| status.as_u16());
    !error.last_outcome_unknown()
        && (matches!(status, Some(401 | 402)) || error.is_quota_exceeded())
}

fn answered<L>(
    shared: &Shared<L>,
    number: i64,
    request: &Request,
    response: &ChatResponse,
) -> Done {
    let usage = response.usage();
    let count = |tokens: Option<i64>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    let meta = response.meta();
    Done {
        number,
        state: State::Answered,
        status: Some(meta.status().as_u16()),
        request_id: meta.request_id().map(str::to_owned),
        answer: Some(answer(response)),
        error_code: None,
        error: None,
        cost: Some(shared.models.cost(request.model(), usage, response.cost())),
        unknown_attempts: meta.unknown_attempts(),
        prompt_tokens: count(usage.and_then(|usage| usage.prompt_tokens)),
        completion_tokens: count(usage.and_then(|usage| usage.completion_tokens)),
        latency: Duration::ZERO,
    }
}

/// Returns the body of a response as one line of JSON: as received, or as it was read if it was not JSON.
fn answer(response: &ChatResponse) -> Bytes {
    one_line(response.body()).unwrap_or_else(|| {
        let json = serde_json::to_vec(response.raw());
        json.unwrap_or_default().into()
    })
}

#[derive(Deserialize)]
struct Billed {
    usage: Option<Usage>,
}

fn failed<L>(shared: &Shared<L>, number: i64, request: &Request, error: &prime_ext::Error) -> Done {
    let body = error.body().filter(|body| !body.is_empty());
    let body = body.map(|body| without_key(shared.client.settings().api_key.value.expose(), body));
    let body = body.as_ref();
    let usage = body.and_then(|body| serde_json::from_slice::<Billed>(body).ok()?.usage);
    // An overloaded service has refused the request, although a gateway may have forwarded it.
    let unknown = error.last_outcome_unknown() && !is_overload(error);
    let stated = match usage.as_ref().and_then(|usage| usage.cost) {
        Some(cost) if cost >= Usd::ZERO => Cost::Known(cost),
        _ => Cost::Unknown,
    };
    let is_billed = unknown || usage.is_some();
    let cost = is_billed.then(|| shared.models.cost(request.model(), usage.as_ref(), stated));
    let state = if unknown {
        State::Ambiguous
    } else {
        State::Failed
    };
    let code = error.code().map(str::to_owned);
    Done {
        number,
        state,
        status: error.status().map(|status| status.as_u16()),
        request_id: error.request_id().map(str::to_owned),
        answer: body.and_then(one_line),
        error_code: Some(code.unwrap_or_else(|| error.type_name().into_owned())),
        error: Some(error.to_string()),
        cost,
        unknown_attempts: error.unknown_attempts() + u32::from(error.last_outcome_unknown()),
        prompt_tokens: None,
        completion_tokens: None,
        latency: Duration::ZERO,
    }
}

/// Removes the API key from the body of an error, in which some services quote it.
fn without_key(key: &str, body: &Bytes) -> Bytes {
    if key.is_empty() || memmem::find(body, key.as_bytes()).is_none() {
        return body.clone();
    }
    let text = String::from_utf8_lossy(body);
    text.replace(key, "[redacted]").into()
}
