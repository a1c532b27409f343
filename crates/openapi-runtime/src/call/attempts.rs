//! The retry loop of a call.

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
use crate::error::Error;
use crate::meta::CallRecord;
use crate::operation::Operation;
use crate::redact::Redactor;
use crate::retry::{RetryPolicy, Wait, wait};
use crate::time_limits::TimeLimits;

/// A call in progress.
pub(super) struct Call<'a> {
    caller: &'a Caller,
    operation: &'a Operation,
    context: &'a CallContext,
    /// The request without its body. A streaming body stays here.
    request: reqwest::Request,
    /// The body, which all attempts share.
    body: Option<Bytes>,
    started: Instant,
}

impl<'a> Call<'a> {
    /// Prepares a call. Validates the options and the body before anything is sent.
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
            body,
            started: Instant::now(),
        })
    }

    /// Makes attempts until one succeeds or a failure is not retried. `receive` receives the response of an attempt.
    pub(super) async fn run<S, E, F, R>(&mut self, receive: R) -> Result<S, E>
    where
        E: From<Error> + AsMut<Error>,
        F: Future<Output = Result<S, Failure<E>>>,
        R: Fn(Received) -> F,
    {
        // A streaming request body can be sent only once.
        let is_replayable = self.request.body().is_none();
        let policy = self.policy();
        let safety = self.operation.retry_safety;
        let mut attempts = 0;
        let mut unknown_attempts = 0;
        loop {
            attempts += 1;
            let is_last = !is_replayable || attempts > policy.retries;
            self.report_unknown(unknown_attempts + 1);
            let mut failure = match self.attempt(attempts, unknown_attempts, &receive).await {
                Ok(success) => {
                    self.caller.budget.succeeded();
                    return Ok(success);
                }
                Err(failure) => failure,
            };
            let error = failure.error.as_mut();
            let unknown = error.last_outcome_unknown();
            self.report_unknown(unknown_attempts + u32::from(unknown));
            let retryable = failure
                .class
                .may_be_retried(safety, policy.allow_duplicate_billing);
            let decision = match retryable && !is_last {
                true => self.wait(error.retry_after(), attempts),
                false => Err(None),
            };
            match decision {
                Ok(wait) => {
                    unknown_attempts += u32::from(unknown);
                    trace::retrying(self.operation, attempts, wait);
                    tokio::time::sleep(wait).await;
                }
                Err(reason) => {
                    error.record_call(self.operation, attempts, unknown_attempts, retryable);
                    if let Some(reason) = reason {
                        error.append(&reason);
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

    fn report_unknown(&self, attempts: u32) {
        if let Some(hooks) = self.hooks() {
            hooks.unknown_attempts(attempts);
        }
    }

    async fn attempt<S, E, F>(
        &mut self,
        number: u32,
        unknown_attempts: u32,
        receive: &impl Fn(Received) -> F,
    ) -> Result<S, Failure<E>>
    where
        E: From<Error> + AsMut<Error>,
        F: Future<Output = Result<S, Failure<E>>>,
    {
        let request = self.next_request();
        let url = self.request.url();
        let account = self.hooks().and_then(CallHooks::account);
        let span = trace::attempt(self.operation, account, url, number);
        let sending = span.in_scope(|| self.caller.transport.send(request));
        let record = span.clone();
        let attempt = pin!(async {
            let limits = self.time_limits();
            let response = match limits.wait_for(sending).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return Err(Failure::not_received(error, self.operation, url)),
                Err(timeout) => return Err(Failure::timed_out(timeout, self.operation, url)),
            };
            let received = Received {
                operation: *self.operation,
                limits,
                max_body: self.context.options().get_max_body(),
                max_event: self.context.options().get_max_event(),
                record: Arc::new(self.record(number, unknown_attempts)),
                response,
            };
            trace::received(&record, &received);
            receive(received).await
        });
        let mut attempt = attempt.instrument(span);
        let mut result = (&mut attempt).await;
        if let Err(failure) = &mut result {
            trace::failed(attempt.span(), failure.error.as_mut());
        }
        result
    }

    fn record(&self, attempts: u32, unknown_attempts: u32) -> CallRecord {
        let secrets = self.caller.secrets.clone();
        let context = self.context.clone();
        // The record lives as long as the response, and a body can be large.
        let has_secrets = !self.operation.request_secrets.is_empty();
        let body = self.body.clone().filter(|_| has_secrets);
        CallRecord {
            redactor: Redactor::new(secrets, context.clone(), body, self.operation),
            context,
            attempts,
            unknown_attempts,
        }
    }

    /// Returns the request of the next attempt. It shares the body with the other attempts.
    fn next_request(&mut self) -> reqwest::Request {
        let original = &mut self.request;
        // `try_clone` would also copy the timeout, which is never set.
        let mut request = reqwest::Request::new(original.method().clone(), original.url().clone());
        // Sends the original header map, and keeps the copy. The original has spare capacity for the added headers.
        let copy = original.headers().clone();
        *request.headers_mut() = std::mem::replace(original.headers_mut(), copy);
        *request.version_mut() = original.version();
        *request.body_mut() = match &self.body {
            Some(body) => Some(body.clone().into()),
            // A streaming body is sent only once.
            None => original.body_mut().take(),
        };
        self.add_headers(request.headers_mut());
        request
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        // Only GET responses may be compressed, because a compressor can delay a response that is sent incrementally.
        // Responses that are compressed anyway are still decompressed.
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

    /// Returns how long to wait before the next attempt, or the reason why there is none.
    fn wait(&self, requested: Option<Duration>, attempts: u32) -> Result<Duration, Option<String>> {
        let wait = match wait(self.policy(), attempts, requested) {
            Wait::For(wait) => wait,
            Wait::TooLong(requested) => {
                let longest = self.policy().max_retry_after;
                return Err(Some(format!(
                    "the service asks to wait {requested:?}, but the longest wait is {longest:?} \
                     (`RetryPolicy::max_retry_after`)"
                )));
            }
        };
        let deadline = self
            .policy()
            .deadline
            .and_then(|deadline| self.started.checked_add(deadline));
        let ends = [deadline, self.end().map(|(end, _)| end)];
        let next = Instant::now().checked_add(wait);
        let is_too_late = |end: Instant| next.is_none_or(|next| next >= end);
        if next.is_none() || ends.into_iter().flatten().any(is_too_late) {
            return Err(Some("there was no time for another attempt".to_owned()));
        }
        if !self.caller.budget.take() {
            return Err(Some("the retry budget is exhausted".to_owned()));
        }
        Ok(wait)
    }

    fn time_limits(&self) -> TimeLimits {
        TimeLimits {
            idle: self.context.options().get_idle_timeout(),
            end: self.end(),
        }
    }

    /// Returns when the call times out, and the timeout. For an event stream, the timeout ends when the stream is
    /// opened. Returns `None` if the time cannot be represented.
    fn end(&self) -> Option<(Instant, Duration)> {
        let options = self.context.options();
        let timeout = options.timeout_or(self.operation.timeout);
        Some((self.started.checked_add(timeout)?, timeout))
    }
}
