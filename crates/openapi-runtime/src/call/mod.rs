//! Makes calls, with retries, timeouts and size limits.
//!
//! | file | what it contains |
//! |---|---|
//! | `attempts` | the retry loop of a call |
//! | `receive` | receives a response, buffered or as a stream |
//! | `failure` | failed attempts |
//! | `request_body` | request bodies, shared by all attempts |
//! | `headers` | copies response headers out of the connection's buffer |
//! | `trace` | the span of an attempt |
//!
//! [`retry`](crate::retry) decides which failures are retried.

mod attempts;
mod failure;
mod headers;
mod receive;
mod request_body;
mod trace;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use serde::de::DeserializeOwned;

use crate::context::CallContext;
use crate::error::{Error, PayloadFault};
use crate::lenient::{self, Lenient};
use crate::meta::ResponseMeta;
use crate::operation::Operation;
use crate::response::Response;
use crate::response_body::ByteStream;
use crate::retry::{FailureClass, RetryBudget};
use crate::secret::Secret;
use crate::transport::Transport;

use attempts::Call;
pub use receive::StreamBody;

/// Makes calls: adds the API key, sends the request, reads the response within limits, converts error responses into
/// errors, and retries failures where that is safe.
///
/// Generated clients make their calls through a `Caller`. It is cheap to clone. Clones share connections and the retry
/// budget.
#[derive(Clone)]
pub struct Caller {
    transport: Arc<dyn Transport>,
    authorization: Option<HeaderValue>,
    /// Secrets of every call.
    secrets: Arc<[Secret]>,
    budget: RetryBudget,
}

/// The error of a token that is not a valid header value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it contains a character that is not allowed in a header")]
pub struct InvalidToken(());

/// Why a stream could not be opened.
pub struct NotOpened<E> {
    /// The error that the call returns if it is not retried.
    pub error: E,
    /// Decides whether the call is retried.
    pub class: FailureClass,
}

impl Caller {
    /// Creates a caller that sends through a transport, without an API key.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self {
            transport: Arc::new(transport),
            authorization: None,
            secrets: Arc::new([]),
            budget: RetryBudget::default(),
        }
    }

    /// Adds `Authorization: Bearer …` to each request.
    ///
    /// # Errors
    /// If the token is not a valid header value.
    pub fn with_bearer_token(mut self, token: Secret) -> Result<Self, InvalidToken> {
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut value = value.map_err(|_| InvalidToken(()))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        self.secrets = Arc::new([token]);
        Ok(self)
    }

    /// Limits the total number of retries of all calls.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Returns the budget that limits the retries of all calls.
    pub fn retry_budget(&self) -> &RetryBudget {
        &self.budget
    }

    /// Makes a call and deserializes the JSON response. If the response does not match its type, it is read as far as
    /// possible: see [`lenient`](mod@crate::lenient). [`ResponseMeta::warnings`] then says what does not match.
    ///
    /// # Errors
    /// If the call fails, or the response cannot be read as its type at all.
    pub async fn json<T: DeserializeOwned + Lenient>(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<T>, Error> {
        let (mut meta, body) = self.read_body(request, operation, context).await?;
        match lenient::from_json(or_null(&body)) {
            Ok((value, warnings)) => {
                meta.add_warnings(warnings);
                Ok(Response::new(value, meta, body))
            }
            Err(_) => Err(unreadable::<T>(operation, meta, body)),
        }
    }

    /// Makes a call and deserializes the JSON response, which must match its type.
    ///
    /// # Errors
    /// If the call fails, or the response does not match the type.
    pub async fn strict_json<T: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<T>, Error> {
        let (meta, body) = self.read_body(request, operation, context).await?;
        match serde_json::from_slice(or_null(&body)) {
            Ok(value) => Ok(Response::new(value, meta, body)),
            Err(_) => Err(unreadable::<T>(operation, meta, body)),
        }
    }

    /// Makes a call and ignores the content of the response.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn empty(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<()>, Error> {
        let (meta, body) = self.read_body(request, operation, context).await?;
        Ok(Response::new((), meta, body))
    }

    /// Makes a call and returns the raw body of the response.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn bytes(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<Bytes>, Error> {
        let (meta, body) = self.read_body(request, operation, context).await?;
        Ok(Response::new(body.clone(), meta, body))
    }

    /// Makes a call and returns the body of the response as a stream. The stream ends with an error if nothing is
    /// received for the [idle timeout](crate::CallOptions::idle_timeout).
    ///
    /// # Errors
    /// If the call fails before the body begins.
    pub async fn stream(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<ByteStream>, Error> {
        let mut call = Call::new(self, request, operation, context)?;
        let (meta, body) = call.run(receive::stream_body).await?;
        Ok(Response::new(body, meta, Bytes::new()))
    }

    /// Makes a call whose response is an event stream. The function `open` reads the beginning of the stream, such as
    /// the first event. If it fails, [`NotOpened::class`] decides whether the call is retried.
    ///
    /// # Errors
    /// If the call fails, or the stream cannot be opened within the timeout of the call.
    pub async fn open<S, E, F, O>(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
        open: O,
    ) -> Result<S, E>
    where
        S: Send,
        E: From<Error> + AsMut<Error> + Send,
        F: Future<Output = Result<S, NotOpened<E>>> + Send,
        O: Fn(StreamBody, ResponseMeta) -> F + Sync,
    {
        let mut call = Call::new(self, request, operation, context)?;
        call.run(|received| receive::open_stream(received, &open))
            .await
    }

    async fn read_body(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<(ResponseMeta, Bytes), Error> {
        Call::new(self, request, operation, context)?
            .run(receive::read_body)
            .await
    }
}

/// Returns the JSON of a body: `null` if the body is empty. If the specification allows an empty response, the type of
/// the response accepts `null`.
fn or_null(body: &[u8]) -> &[u8] {
    if body.is_empty() { b"null" } else { body }
}

fn unreadable<T: DeserializeOwned>(
    operation: &Operation,
    meta: ResponseMeta,
    body: Bytes,
) -> Error {
    let fault = PayloadFault::of::<T>(&body);
    Error::unreadable(operation, meta, body, fault).with_operation(operation.id)
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// Makes calls through an HTTP client, with the settings of the client.
impl From<reqwest::Client> for Caller {
    fn from(http: reqwest::Client) -> Self {
        Self::new(http)
    }
}
