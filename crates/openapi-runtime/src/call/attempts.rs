//! One call: as many attempts as it takes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderValue};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::failure::Failure;
use super::receive::Received;
use super::{Caller, request_body, trace};
use crate::context::{CallContext, CallHooks};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::meta::CallRecord;
use crate::operation::Operation;
use crate::redact::Redactor;
use crate::retry::{RetryPolicy, Wait, wait};

/// One call.
pub(super) struct Call<'a> {
    caller: &'a Caller,
    operation: &'a Operation,
    context: &'a CallContext,
    /// Without its body, so that all attempts can share that.
    request: reqwest::Request,
    body: Option<Bytes>,
    started: Instant,
}

impl<'a> Call<'a> {
    /// A call that is about to be made. Finds everything that can be wrong before anything is sent.
    pub(super) fn new(
        caller: &'a Caller,
        mut request: reqwest::Request,
        operation: &'a Operation,
        context: &'a CallContext,
    ) -> Result<Self, Error> {
        let options = context.options();
        let fault = options.fault().map(Error::invalid_request);
        let body = match (fault, request_body::take(&mut request)) {
            (Some(fault), _) => Err(fault),
            (None, Some(body)) => request_body::with_fields(body, options.body_fields()).map(Some),
            (None, None) => Ok(None),
        };
        let body = body.map_err(|error| error.with_operation(operation.id))?;
        Ok(Self {
            caller,
            operation,
            context,
            request,
            // That of a stream is kept for as long as the stream is open.
            body: match operation.streams {
                true => body.map(request_body::trimmed),
                false => body,
            },
            started: Instant::now(),
        })
    }

    /// Makes attempts until one succeeds or is the last. `receive` makes what is needed of a response.
    pub(super) async fn run<S, E, F, R>(&mut self, receive: R) -> Result<S, E>
    where
        E: From<Error> + AsMut<Error>,
        F: Future<Output = Result<S, Failure<E>>>,
        R: Fn(Received) -> F,
    {
        // A body that is itself a stream can be sent once.
        let repeatable = self.request.body().is_none();
        let policy = self.policy();
        let safety = self.operation.retry_safety;
        let mut attempts = 0;
        let mut unknown_before = 0;
        loop {
            attempts += 1;
            let is_last = !repeatable || attempts > policy.retries;
            self.note_in_doubt(unknown_before + 1);
            let mut failure = match self.attempt(attempts, unknown_before, &receive).await {
                Ok(success) => {
                    self.caller.budget.succeeded();
                    return Ok(success);
                }
                Err(failure) => failure,
            };
            let error = failure.error.as_mut();
            let unknown = error.last_outcome_unknown();
            self.note_in_doubt(unknown_before + u32::from(unknown));
            let repeated = failure
                .class
                .is_repeated(safety, policy.allow_duplicate_billing);
            let decision = match repeated && !is_last {
                true => self.wait(error.retry_after(), attempts),
                false => Err(None),
            };
            match decision {
                Ok(wait) => {
                    unknown_before += u32::from(unknown);
                    trace::repeated(self.operation, attempts, wait);
                    tokio::time::sleep(wait).await;
                }
                Err(why) => {
                    error.end_call(self.operation, attempts, unknown_before, repeated);
                    if let Some(why) = why {
                        error.append(&why);
                    }
                    return Err(failure.error);
                }
            }
        }
    }

    fn policy(&self) -> &'a RetryPolicy {
        self.context.options().get_retry()
    }

    fn hooks(&self) -> Option<&dyn CallHooks> {
        self.context.hooks()
    }

    fn note_in_doubt(&self, attempts: u32) {
        if let Some(hooks) = self.hooks() {
            hooks.attempts_in_doubt(attempts);
        }
    }

    async fn attempt<S, E, F>(
        &mut self,
        number: u32,
        unknown_before: u32,
        receive: &impl Fn(Received) -> F,
    ) -> Result<S, Failure<E>>
    where
        E: From<Error> + AsMut<Error>,
        F: Future<Output = Result<S, Failure<E>>>,
    {
        let request = self.copy();
        let url = self.request.url();
        let account = self.hooks().and_then(CallHooks::account);
        let span = trace::attempt(self.operation, account, url, number);
        let sending = span.in_scope(|| self.caller.transport.send(request));
        let record = span.clone();
        let attempt = pin!(async {
            let deadline = self.deadline();
            let response = match deadline.wait_for(sending).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return Err(Failure::unanswered(error, self.operation, url)),
                Err(timeout) => return Err(Failure::timed_out(timeout, self.operation, url)),
            };
            let received = Received {
                operation: *self.operation,
                deadline,
                max_body: self.context.options().get_max_body(),
                max_event: self.context.options().get_max_event(),
                record: Arc::new(self.record(number, unknown_before)),
                response,
            };
            trace::received(
                &record,
                received.response.status,
                &received.response.headers,
            );
            receive(received).await
        });
        let mut attempt = attempt.instrument(span);
        let mut result = (&mut attempt).await;
        if let Err(failure) = &mut result {
            trace::failed(attempt.span(), failure.error.as_mut());
        }
        result
    }

    fn record(&self, attempts: u32, unknown_before: u32) -> CallRecord {
        let secrets = self.caller.secrets.clone();
        let (context, body) = (self.context.clone(), self.body.clone());
        CallRecord {
            redactor: Redactor::new(secrets, context.clone(), body, self.operation),
            context,
            attempts,
            unknown_before,
        }
    }

    /// The request as it is sent, with its body, which is shared. The original stays for the next attempt.
    fn copy(&mut self) -> reqwest::Request {
        let kept = &mut self.request;
        // Not `try_clone`, which also copies a timeout that there never is.
        let mut sent = reqwest::Request::new(kept.method().clone(), kept.url().clone());
        // Headers are added: the original has room for them, and a copy has not.
        let copy = kept.headers().clone();
        *sent.headers_mut() = std::mem::replace(kept.headers_mut(), copy);
        *sent.version_mut() = kept.version();
        *sent.body_mut() = match &self.body {
            Some(body) => Some(body.clone().into()),
            // One that is a stream is sent this once.
            None => kept.body_mut().take(),
        };
        self.add_headers(sent.headers_mut());
        sent
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        // Lists may be compressed, if the HTTP client can decompress them. A response that is sent while it is made
        // must not wait in a compressor. A compressed response is read in any case.
        if self.operation.streams || self.operation.method != "GET" {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        for (name, value) in self.context.options().headers() {
            headers.insert(name, value.clone());
        }
        if let Some(authorization) = &self.caller.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
    }

    /// How long to wait before the next attempt; or why there is none, where the error does not say so itself.
    fn wait(&self, requested: Option<Duration>, attempts: u32) -> Result<Duration, Option<String>> {
        let wait = match wait(self.policy(), attempts, requested) {
            Wait::For(wait) => wait,
            Wait::TooLong(requested) => {
                let longest = self.policy().longest_retry_after;
                return Err(Some(format!(
                    "the service requests to wait {requested:?}, and the longest wait is {longest:?} \
                     (`RetryPolicy::longest_retry_after`)"
                )));
            }
        };
        let deadline = self
            .policy()
            .deadline
            .and_then(|deadline| self.started.checked_add(deadline));
        let ends = [deadline, self.end().map(|(end, _)| end)];
        let next = Instant::now().checked_add(wait);
        let is_late = |end: Instant| next.is_none_or(|next| next >= end);
        if next.is_none() || ends.into_iter().flatten().any(is_late) {
            return Err(Some("there was no time for another attempt".to_owned()));
        }
        if !self.caller.budget.take() {
            return Err(Some("the retry budget is used up".to_owned()));
        }
        Ok(wait)
    }

    fn deadline(&self) -> Deadline {
        Deadline {
            idle: self.context.options().get_idle_timeout(),
            end: self.end(),
        }
    }

    /// When the call must be over, or a stream open, and how long that is from its beginning. `None` if no clock
    /// reaches that time.
    fn end(&self) -> Option<(Instant, Duration)> {
        let options = self.context.options();
        let timeout = options.timeout_or(self.operation.timeout);
        Some((self.started.checked_add(timeout)?, timeout))
    }
}
