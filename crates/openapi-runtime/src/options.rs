//! Options of calls.

use std::time::Duration;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::response_body::MAX_BODY;
use crate::retry::RetryPolicy;
use crate::sse::DEFAULT_MAX_EVENT;

/// Options of a call: timeouts, retries, limits, and headers and fields to add to the request.
///
/// An option that is not set has the value of the client, or else its default.
///
/// ```
/// use std::time::Duration;
/// use openapi_runtime::{CallOptions, RetryPolicy};
///
/// let options = CallOptions::new()
///     .timeout(Duration::from_secs(20))
///     .retry(RetryPolicy::none())
///     .header("x-experiment", "7");
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct CallOptions {
    timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    max_body: Option<usize>,
    max_event: Option<usize>,
    retry: Option<RetryPolicy>,
    trace_content: Option<bool>,
    headers: HeaderMap,
    body: Map<String, Value>,
    fault: Option<String>,
}

/// The default time for a whole call.
const TIMEOUT: Duration = Duration::from_secs(600);

/// The default time without a byte: a cold model can take minutes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// Whether only the runtime may set a header.
pub fn is_reserved_header(name: &HeaderName) -> bool {
    [
        AUTHORIZATION,
        CONNECTION,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        HOST,
        TRANSFER_ENCODING,
    ]
    .contains(name)
}

impl CallOptions {
    /// Options of which none is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the whole call, with its retries and the waits between them. A stream is limited until its first event;
    /// after that, [`idle_timeout`](Self::idle_timeout) limits the time between its events. Default: the operation's
    /// own timeout, or else 600 seconds.
    ///
    /// A timeout that is shorter than the time to connect may end a call of which nobody knows whether it was sent.
    /// Its error then says so.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Limits the time without a byte, before a response begins and between its parts; and the time between two events
    /// of a stream, of which comments that only keep the connection alive are none. Default: 600 seconds.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Limits the bytes of a response after decompression, and of all events of a stream whose parts are kept.
    /// Default: 64 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Limits the bytes of one event of a stream. Default: 8 MiB.
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.max_event = Some(bytes);
        self
    }

    /// Whether traces contain what people and models wrote. Default: no.
    pub fn trace_content(mut self, yes: bool) -> Self {
        self.trace_content = Some(yes);
        self
    }

    /// Whether, when and how often a failed call is repeated. Default: [`RetryPolicy::new`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Adds a header to every request; it replaces one of the same name. Its value is kept out of every log.
    ///
    /// A name or value that is invalid, or a header that only the client may set (`Authorization`, `Host`,
    /// `Content-Length`, …), is an error of the call.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), _) if is_reserved_header(&name) => {
                self.fault = Some(format!("only the client can set the header {name}"));
            }
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            (Ok(name), Err(_)) => {
                self.fault = Some(format!("invalid value of the header {name}"));
            }
            (Err(_), _) => self.fault = Some(format!("invalid header name {name:?}")),
        }
        self
    }

    /// Adds a field to the JSON body of every request that has one. A field that the request has already is an error
    /// of the call.
    pub fn body_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// Makes headers of these names an error of the call, for the reason that is given. For headers that are
    /// parameters of operations.
    pub fn refuse_headers(mut self, names: &[&str], reason: &str) -> Self {
        if let Some(name) = names.iter().find(|name| self.headers.contains_key(**name)) {
            self.fault = Some(format!("cannot set the header {name}: {reason}"));
        }
        self
    }

    /// These options, and those of `base` where these are not set.
    pub fn or(self, base: &Self) -> Self {
        let mut headers = base.headers.clone();
        headers.extend(self.headers);
        let mut body = base.body.clone();
        body.extend(self.body);
        Self {
            timeout: self.timeout.or(base.timeout),
            idle_timeout: self.idle_timeout.or(base.idle_timeout),
            max_body: self.max_body.or(base.max_body),
            max_event: self.max_event.or(base.max_event),
            trace_content: self.trace_content.or(base.trace_content),
            retry: self.retry.or_else(|| base.retry.clone()),
            headers,
            body,
            fault: self.fault.or_else(|| base.fault.clone()),
        }
    }

    /// What is wrong with the options, if anything is.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The timeout that is set.
    pub fn get_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The timeout of a call of an operation whose own default is given.
    pub(crate) fn timeout_or(&self, default: Option<Duration>) -> Duration {
        self.timeout.or(default).unwrap_or(TIMEOUT)
    }

    /// The limit of the time without a byte.
    pub fn get_idle_timeout(&self) -> Duration {
        self.idle_timeout.unwrap_or(IDLE_TIMEOUT)
    }

    /// The limit of the bytes of a response.
    pub fn get_max_body(&self) -> usize {
        self.max_body.unwrap_or(MAX_BODY)
    }

    /// The limit of the bytes of an event.
    pub fn get_max_event(&self) -> usize {
        self.max_event.unwrap_or(DEFAULT_MAX_EVENT)
    }

    /// The retry policy.
    pub fn get_retry(&self) -> &RetryPolicy {
        self.retry.as_ref().unwrap_or(&RetryPolicy::DEFAULT)
    }

    /// Whether traces contain what people and models wrote.
    pub fn get_trace_content(&self) -> bool {
        self.trace_content.unwrap_or_default()
    }

    /// The headers that are added to requests.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The fields that are added to the JSON bodies of requests.
    pub fn body_fields(&self) -> &Map<String, Value> {
        &self.body
    }
}

/// Headers and fields by their names only: their values may be secret.
impl std::fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_body", &self.max_body)
            .field("max_event", &self.max_event)
            .field("retry", &self.retry)
            .field("trace_content", &self.trace_content)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body.keys().collect::<Vec<_>>())
            .finish()
    }
}
