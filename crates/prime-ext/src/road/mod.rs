//! The one road: every call of both APIs, streaming or not, goes through here.
//!
//! | file | what it holds |
//! |---|---|
//! | `attempt` | one attempt: the request out, the answer in |
//! | `body` | the request's body, taken once for all attempts |
//! | `confidential` | what of a request must not show |
//! | `failure` | an attempt that failed |
//! | `headers` | the headers of an answer, in memory of their own |
//! | `in_doubt` | what a call that is dropped half-way leaves behind |
//! | `hidden` | texts that must not show, and where they stand in others |
//! | `idle` | the time without a byte |
//! | `opening` | the beginning of a stream |
//! | `trace` | what a trace says of an attempt |
//!
//! Whether a failed attempt is followed by another is decided in [`crate::retry`].

mod attempt;
mod body;
mod confidential;
mod failure;
mod headers;
mod hidden;
mod idle;
mod in_doubt;
mod opening;
mod trace;

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue};
use openapi_runtime::{BoxError, Operation, Response, Secret, Transport, TransportFuture};
use tokio::time::Instant;
use tracing::Instrument;

use confidential::Confidential;
pub(crate) use hidden::{Hidden, Hiding};
pub(crate) use idle::{Silence, Timer, Watch, Watched, is_timeout};
pub(crate) use in_doubt::InDoubt;

use crate::error::{Error, ErrorKind};
use crate::options::{CallOptions, TIMEOUT};
use crate::retry::{RetryBudget, RetryPolicy, Wait, wait};
use attempt::{Attempt, Limits};
use failure::Failure;

/// Adds the key and what goes along, sends, reads the answer within limits, makes an error of what is
/// none, and sends again where that does no harm.
#[derive(Debug, Clone)]
pub(crate) struct Road {
    core: Arc<Core>,
    options: CallOptions,
    /// What of every request must not show.
    confidential: Arc<[Secret]>,
    team: Option<String>,
    in_doubt: Option<InDoubt>,
}

/// What a client and its clones share.
#[derive(Debug)]
struct Core {
    http: reqwest::Client,
    key: Secret,
    authorization: HeaderValue,
    budget: RetryBudget,
    /// Whether `http` may follow redirects: it is the caller's own.
    may_follow: bool,
}

/// What the road notes on an answer, for the layers above it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) attempts: u32,
    /// How many attempts before this one may have been carried out all the same.
    pub(crate) unknown_before: u32,
    /// Why there was no other attempt, of a stream that failed at its beginning.
    pub(crate) gave_up: Option<String>,
    confidential: Confidential,
    hidden: OnceLock<Hidden>,
}

impl Sent {
    /// What must not show in what is said of the answer.
    pub(crate) fn hidden(&self) -> &Hidden {
        self.hidden.get_or_init(|| self.confidential.hidden())
    }
}

impl Road {
    pub(crate) fn new(
        http: reqwest::Client,
        key: Secret,
        budget: RetryBudget,
        options: CallOptions,
        may_follow: bool,
    ) -> Result<Self, Error> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| Error::new(ErrorKind::Settings, "the API key holds a character that no header can carry; was it copied whole, on one line?"))?;
        authorization.set_sensitive(true);
        let core = Core {
            http,
            key,
            authorization,
            budget,
            may_follow,
        };
        Ok(Self {
            confidential: confidential(&core.key, &options),
            core: Arc::new(core),
            options,
            team: None,
            in_doubt: None,
        })
    }

    /// The same road with other options.
    pub(crate) fn with_options(&self, options: CallOptions) -> Self {
        let options = options.over(&self.options);
        Self {
            confidential: confidential(&self.core.key, &options),
            options,
            ..self.clone()
        }
    }

    /// The same road, with a team's name in its traces. The team itself travels as each operation has
    /// it.
    pub(crate) fn traced_for(&self, team: Option<String>) -> Self {
        Self {
            team,
            ..self.clone()
        }
    }

    /// The same road for one call, whose attempts are counted.
    pub(crate) fn counting(&self, in_doubt: InDoubt) -> Self {
        Self {
            in_doubt: Some(in_doubt),
            ..self.clone()
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.core.http
    }

    pub(crate) fn options(&self) -> &CallOptions {
        &self.options
    }

    /// A call about to be made: everything that can be wrong before anything is sent.
    fn call<'a>(
        &'a self,
        mut request: reqwest::Request,
        operation: &'a Operation,
    ) -> Result<Call<'a>, Error> {
        self.options.check()?;
        let body = match body::take(&mut request) {
            Some(body) => Some(body::with_fields(body, self.options.body_fields())?),
            None => None,
        };
        let body = match operation.streams {
            true => body.map(body::trimmed),
            false => body,
        };
        Ok(Call {
            road: self,
            operation,
            request,
            confidential: Confidential::new(self.confidential.clone(), body),
            started: Instant::now(),
        })
    }

    /// Adds what goes along with every request of this road.
    fn add_headers(&self, headers: &mut HeaderMap, operation: &Operation) {
        // Lists may come compressed, if the HTTP client can read that. What is being made while it is
        // sent must not wait in a compressor. Whatever comes compressed is read all the same.
        if operation.streams || operation.method != "GET" {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        for (name, value) in self.options.headers() {
            headers.insert(name, value.clone());
        }
        headers.insert(AUTHORIZATION, self.core.authorization.clone());
    }
}

/// The key, and the values of headers, but for those that are words rather than secrets.
fn confidential(key: &Secret, options: &CallOptions) -> Arc<[Secret]> {
    let values = options.headers().values();
    let texts = values.filter_map(|value| value.to_str().ok());
    let long = texts.filter(|text| text.len() >= 6).map(Secret::from);
    std::iter::once(key.clone()).chain(long).collect()
}

/// One call: as many attempts as it takes.
struct Call<'a> {
    road: &'a Road,
    operation: &'a Operation,
    /// What each attempt sends a copy of; its body is beside it, so that all can have it.
    request: reqwest::Request,
    confidential: Confidential,
    started: Instant,
}

impl Call<'_> {
    /// Attempts, until one succeeds or is the last.
    async fn run(&mut self) -> Result<Response, Error> {
        // A body that is a stream can be sent once.
        let repeatable = self.request.body().is_none();
        let mut attempts = 0;
        let mut unknown_before = 0;
        loop {
            attempts += 1;
            let last = !repeatable || attempts > self.policy().retries;
            self.note_in_doubt(unknown_before + 1);
            let mut failure = match self.attempt(attempts, unknown_before).await {
                Ok(response) => {
                    self.road.core.budget.succeeded();
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            let unknown = failure.error.last_outcome_unknown();
            self.note_in_doubt(unknown_before + u32::from(unknown));
            let safety = self.operation.retry_safety;
            let may_bill_twice = self.policy().may_bill_twice;
            let again = failure.what.may_be_repeated(safety, may_bill_twice);
            let decision = match again && !last {
                true => self.wait(&failure, attempts),
                false => Err(None),
            };
            let wait = match decision {
                Ok(wait) => wait,
                Err(why) => {
                    // What it began with is told by who reads it.
                    if let Some(opened) = failure.opened.take() {
                        return Ok(match why {
                            Some(why) => self.given_up(*opened, attempts, unknown_before, why),
                            None => *opened,
                        });
                    }
                    let error = match why {
                        Some(why) => failure.error.and(&why),
                        None => failure.error,
                    };
                    return Err(error
                        .with_attempts(attempts)
                        .with_retryable(again)
                        .with_unknown_before(unknown_before));
                }
            };
            unknown_before += u32::from(unknown);
            tracing::info!(
                prime.operation = self.operation.id,
                prime.attempt = attempts,
                prime.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "attempt failed, trying again"
            );
            tokio::time::sleep(wait).await;
        }
    }

    fn note_in_doubt(&self, attempts: u32) {
        if let Some(in_doubt) = &self.road.in_doubt {
            in_doubt.set(attempts);
        }
    }

    async fn attempt(&mut self, number: u32, unknown_before: u32) -> Result<Response, Failure> {
        let request = self.copy();
        let url = self.request.url();
        let span = trace::attempt(self.operation, self.road.team.as_deref(), url, number);
        let sending = span.in_scope(|| self.road.core.http.execute(request));
        let attempt = Attempt {
            operation: self.operation,
            url,
            limits: self.limits(),
            may_follow: self.road.core.may_follow,
            sent: Arc::new(self.sent(number, unknown_before)),
        };
        let running = pin!(attempt.run(sending));
        let mut running = running.instrument(span);
        let result = (&mut running).await;
        let span = running.span();
        match &result {
            Ok(response) => trace::answered(span, response.status(), response.headers()),
            Err(failure) => trace::failed(span, &failure.error),
        }
        result
    }

    fn sent(&self, attempts: u32, unknown_before: u32) -> Sent {
        Sent {
            attempts,
            unknown_before,
            gave_up: None,
            confidential: self.confidential.clone(),
            hidden: OnceLock::new(),
        }
    }

    /// A stream that failed at its beginning, and why it is not opened once more.
    fn given_up(&self, opened: Response, attempts: u32, unknown: u32, why: String) -> Response {
        let (mut head, body) = opened.into_parts();
        head.notes = Some(Arc::new(Sent {
            gave_up: Some(why),
            ..self.sent(attempts, unknown)
        }));
        Response::new(head, body)
    }

    /// The request as it is to be sent, with what goes along and with its body, which is shared; a copy
    /// stays for the next attempt.
    fn copy(&mut self) -> reqwest::Request {
        let kept = &mut self.request;
        // Not `try_clone`, which makes a place for a timeout that there never is.
        let mut sent = reqwest::Request::new(kept.method().clone(), kept.url().clone());
        // Headers are added, for which the original has room and a copy has not.
        let copy = kept.headers().clone();
        *sent.headers_mut() = std::mem::replace(kept.headers_mut(), copy);
        self.road.add_headers(sent.headers_mut(), self.operation);
        *sent.version_mut() = kept.version();
        *sent.body_mut() = match self.confidential.body() {
            Some(body) => Some(body.clone().into()),
            // One that is a stream: it goes along this once.
            None => kept.body_mut().take(),
        };
        sent
    }

    fn policy(&self) -> &RetryPolicy {
        self.road.options.retry_policy()
    }

    /// How long to wait before the next attempt; or why there is none, where the error does not say so
    /// by itself.
    fn wait(&self, failure: &Failure, attempts: u32) -> Result<Duration, Option<String>> {
        let wait = match wait(self.policy(), attempts, failure.asked) {
            Wait::For(wait) => wait,
            Wait::TooLong(asked) => {
                let longest = self.policy().longest_retry_after;
                return Err(Some(format!(
                    "the service asks to wait {asked:?}, and {longest:?} is the longest wait \
                     (`RetryPolicy::longest_retry_after`)"
                )));
            }
        };
        let deadline = self
            .policy()
            .deadline
            .and_then(|d| self.started.checked_add(d));
        let ends = [deadline, self.end().map(|(end, _)| end)];
        let next = Instant::now().checked_add(wait);
        let late = |end: Instant| next.is_none_or(|next| next >= end);
        if next.is_none() || ends.into_iter().flatten().any(late) {
            return Err(Some("there was no time for another attempt".to_owned()));
        }
        if !self.road.core.budget.take() {
            return Err(Some("the client's retry budget is used up".to_owned()));
        }
        Ok(wait)
    }

    /// When the call must be over, if it has an end; of a stream, when it must be open.
    fn end(&self) -> Option<(Instant, Duration)> {
        let asked = self.road.options.call_timeout();
        let timeout = asked.or(self.operation.timeout).unwrap_or(TIMEOUT);
        Some((self.started.checked_add(timeout)?, timeout))
    }

    fn limits(&self) -> Limits {
        let options = &self.road.options;
        Limits {
            idle: options.idle(),
            end: self.end(),
            body: options.body_limit(),
            event: options.event_limit(),
        }
    }
}

impl Transport for Road {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'a Operation,
    ) -> TransportFuture<'a> {
        match self.call(request, operation) {
            Ok(mut call) => Box::pin(async move { call.run().await.map_err(BoxError::from) }),
            Err(error) => {
                let error = BoxError::from(error.of(operation));
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}
