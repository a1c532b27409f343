//! Options for calls.

use std::time::Duration;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::response_body::DEFAULT_MAX_BODY;
use crate::retry::RetryPolicy;
use crate::sse::DEFAULT_MAX_EVENT;

/// Options for a call: timeouts, retries, limits, and additional headers and body fields.
///
/// If an option is not set, the value of the client applies, or else the default.
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

/// The default timeout of a call.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The default idle timeout. A model can take minutes to load.
pub(crate) const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// Returns whether a header is reserved for the runtime.
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
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the timeout of the whole call, including retries and backoff. For a stream, it applies up to the first
    /// event; after that, [`idle_timeout`](Self::idle_timeout) applies between events. Default: the operation's own
    /// timeout, or else 600 seconds.
    ///
    /// If the timeout is shorter than the time to connect, it may be unknown whether the request was sent. The error
    /// then reports [an unknown outcome](crate::Error::outcome_unknown).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the longest time without received data, before the response and within its body. For an event stream, it
    /// is the longest time between two events; keep-alive comments do not count as events. Default: 600 seconds.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets the maximum size of a response body in bytes, after decompression. It also limits the total size of the
    /// events that are accumulated from a stream. Default: 64 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sets the maximum size of an event in bytes. Default: 8 MiB.
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.max_event = Some(bytes);
        self
    }

    /// Sets whether traces contain prompts and completions. Default: `false`.
    pub fn trace_content(mut self, yes: bool) -> Self {
        self.trace_content = Some(yes);
        self
    }

    /// Sets the retry policy. Default: [`RetryPolicy::new`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Adds a header to every request. It replaces a header of the same name. The value is redacted from errors and
    /// logs.
    ///
    /// The call fails if the name or value is invalid, or if the header is reserved for the client (`Authorization`,
    /// `Host`, `Content-Length`, …).
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
                self.fault = Some(format!("invalid value for the header {name}"));
            }
            (Err(_), _) => self.fault = Some(format!("invalid header name {name:?}")),
        }
        self
    }

    /// Adds a field to the JSON body of every request that has a body. The call fails if the request already has that
    /// field.
    pub fn body_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// Makes the call fail with `reason` if a header with one of these names is set. Use this for headers that are
    /// parameters of an operation.
    pub fn refuse_headers(mut self, names: &[&str], reason: &str) -> Self {
        if let Some(name) = names.iter().find(|name| self.headers.contains_key(**name)) {
            self.fault = Some(format!("cannot set the header {name}: {reason}"));
        }
        self
    }

    /// Takes options that are not set from `base`.
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

    /// Returns why the options are invalid, if they are.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Returns the timeout of a call, if it is set.
    pub fn get_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Returns the timeout of a call, where `default` is that of the operation.
    pub(crate) fn timeout_or(&self, default: Option<Duration>) -> Duration {
        self.timeout.or(default).unwrap_or(DEFAULT_TIMEOUT)
    }

    /// Returns the idle timeout.
    pub fn get_idle_timeout(&self) -> Duration {
        self.idle_timeout.unwrap_or(DEFAULT_IDLE_TIMEOUT)
    }

    /// Returns the maximum size of a response body in bytes.
    pub fn get_max_body(&self) -> usize {
        self.max_body.unwrap_or(DEFAULT_MAX_BODY)
    }

    /// Returns the maximum size of an event in bytes.
    pub fn get_max_event(&self) -> usize {
        self.max_event.unwrap_or(DEFAULT_MAX_EVENT)
    }

    /// Returns the retry policy.
    pub fn get_retry(&self) -> &RetryPolicy {
        self.retry.as_ref().unwrap_or(&RetryPolicy::DEFAULT)
    }

    /// Returns whether traces contain prompts and completions.
    pub fn get_trace_content(&self) -> bool {
        self.trace_content.unwrap_or_default()
    }

    /// Returns the headers that are added to requests.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the fields that are added to JSON request bodies.
    pub fn body_fields(&self) -> &Map<String, Value> {
        &self.body
    }
}

/// Shows only the names of headers and fields, because their values may be secret.
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
