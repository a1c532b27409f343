//! What can be set on a client, and on a call.

use std::time::Duration;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::retry::RetryPolicy;

/// What can be set on a client, for all its calls, and on a call: times, retries, limits, and what goes
/// along with the request.
///
/// What is not set is as the client has it; see [`Client::with_options`](crate::Client::with_options).
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
/// use prime_ext::{CallOptions, RetryPolicy};
///
/// let hasty = CallOptions::new()
///     .timeout(Duration::from_secs(20))
///     .retry(RetryPolicy::none())
///     .header("x-experiment", "7");
/// let models = prime.with_options(hasty).models().list().await?;
/// # Ok(())
/// # }
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

/// Time for a whole answer that is no stream, if the specification says nothing of the operation.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(600);

/// Time without a byte: a cold model can take minutes. Source: the provider's own client.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// Whether a header is the client's own to set.
pub(crate) fn is_own_header(name: &HeaderName) -> bool {
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
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Time for a call in all, its retries and waits included. A stream has none, once its
    /// headers have come: [`idle_timeout`](Self::idle_timeout) is the time between its events.
    /// Default: what the specification says of the operation (120 s for the creation of a run), or else
    /// 600 s. Source of both: the provider's own client.
    ///
    /// One that is shorter than the time to connect may end a call of which nobody knows whether it was
    /// sent; the error then says so.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Time without a byte, before an answer begins or between two parts of it; between the events of a
    /// stream, of which comments that only keep the connection alive are none. Default: 600 s, since a
    /// cold model can take minutes (source: the provider's own client).
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// The most bytes that are read of one answer, after decompression; of a streamed one, since it is
    /// kept for its end, the bytes of all its events. Default: 64 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// The most bytes of one event of a stream. Default: 8 MiB.
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.max_event = Some(bytes);
        self
    }

    /// Whether traces say what people and models wrote: the messages of chats. Default: no.
    pub fn trace_content(mut self, yes: bool) -> Self {
        self.trace_content = Some(yes);
        self
    }

    /// Whether, when and how often a call is repeated. Default: [`RetryPolicy::new`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// A header that goes along with every request, in the place of one of that name. Its value is kept
    /// out of every log.
    ///
    /// What cannot be a header, or is the client's own to set (`Authorization`, `Host`,
    /// `Content-Length`, …), is an error of the call.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        let of_operations = [
            pinference_api::operations::HEADERS,
            prime_training_api::operations::HEADERS,
        ];
        let of_operations = of_operations.into_iter().flatten();
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            // A team that goes along here would be billed in the place of the client's own.
            (Ok(name), _)
                if of_operations
                    .clone()
                    .any(|own| name.as_str().eq_ignore_ascii_case(own)) =>
            {
                let fault = format!(
                    "the header {name} is a parameter of operations: a team is named by `Client::team`"
                );
                self.fault = Some(fault);
            }
            (Ok(name), _) if is_own_header(&name) => {
                self.fault = Some(format!("the header {name} is the client's own to set"));
            }
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            (Ok(name), Err(_)) => {
                let fault = format!("the value of the header {name} holds what none can carry");
                self.fault = Some(fault);
            }
            (Err(_), _) => self.fault = Some(format!("{name:?} cannot be the name of a header")),
        }
        self
    }

    /// A field that goes along in the body of every request that has one, beside the fields of the
    /// request. One that the request has already is an error of the call.
    pub fn body_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// These, and those of `base` for what these do not set.
    pub(crate) fn over(self, base: &Self) -> Self {
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

    /// What is wrong with them, if anything is.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.fault {
            None => Ok(()),
            Some(fault) => Err(Error::new(ErrorKind::Request, fault.clone())),
        }
    }

    pub(crate) fn call_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) fn idle(&self) -> Duration {
        self.idle_timeout.unwrap_or(IDLE_TIMEOUT)
    }

    pub(crate) fn body_limit(&self) -> usize {
        self.max_body.unwrap_or(openapi_runtime::response::MAX_BODY)
    }

    pub(crate) fn event_limit(&self) -> usize {
        self.max_event.unwrap_or(crate::events::DEFAULT_MAX_EVENT)
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        self.retry.as_ref().unwrap_or(&RetryPolicy::DEFAULT)
    }

    pub(crate) fn traces_content(&self) -> bool {
        self.trace_content.unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn body_fields(&self) -> &Map<String, Value> {
        &self.body
    }
}

/// Names only of what may be secret.
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
