//! Makes calls: attempts, retries, limits of time and size.
//!
//! | file | what it contains |
//! |---|---|
//! | `attempts` | one call: as many attempts as it takes |
//! | `receive` | a response as it is needed: read whole, or opened as a stream |
//! | `failure` | an attempt that failed |
//! | `request_body` | the body of a request, shared by all attempts |
//! | `headers` | the headers of a response, in memory of their own |
//! | `trace` | the span of an attempt |
//!
//! Which failures are repeated is decided in [`retry`](crate::retry).

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
use crate::meta::ResponseMeta;
use crate::operation::Operation;
use crate::response::Response;
use crate::response_body::ByteStream;
use crate::retry::{FailureClass, RetryBudget};
use crate::secret::Secret;
use crate::transport::Transport;

use attempts::Call;
pub use receive::StreamBody;

/// Makes calls: adds the key, sends the request, reads the response within limits, turns error responses into errors,
/// and repeats what failed where that does no harm.
///
/// Generated clients make their calls through one. A clone is cheap and shares connections and retry budget.
#[derive(Clone)]
pub struct Caller {
    transport: Arc<dyn Transport>,
    authorization: Option<HeaderValue>,
    /// What is secret in every call.
    secrets: Arc<[Secret]>,
    budget: RetryBudget,
}

/// A key that no header can contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it contains a character that no header can contain")]
pub struct InvalidToken(());

/// Why a stream could not be opened, and what that means for another attempt.
pub struct NotOpened<E> {
    /// The error of the call if no other attempt follows.
    pub error: E,
    /// What decides whether another attempt follows.
    pub class: FailureClass,
}

impl Caller {
    /// Makes calls through a transport, without a key.
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
    /// If no header can contain the token.
    pub fn with_bearer_token(mut self, token: Secret) -> Result<Self, InvalidToken> {
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut value = value.map_err(|_| InvalidToken(()))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        self.secrets = Arc::new([token]);
        Ok(self)
    }

    /// Limits the retries of all calls together.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Makes a call, and reads the response as JSON.
    ///
    /// # Errors
    /// If the call fails, or the response does not have the type.
    pub async fn json<T: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<T>, Error> {
        let (meta, body) = self.whole(request, operation, context).await?;
        // Where no content is a documented response, its type accepts `null`.
        let json: &[u8] = if body.is_empty() { b"null" } else { &body };
        match serde_json::from_slice(json) {
            Ok(value) => Ok(Response::new(value, meta, body)),
            Err(_) => {
                let fault = PayloadFault::of::<T>(&body);
                let error = Error::unreadable(operation, meta, body, fault);
                Err(error.with_operation(operation.id))
            }
        }
    }

    /// Makes a call whose response has no content.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn empty(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<()>, Error> {
        let (meta, body) = self.whole(request, operation, context).await?;
        Ok(Response::new((), meta, body))
    }

    /// Makes a call, and gives the body of the response as it came.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn bytes(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<Response<Bytes>, Error> {
        let (meta, body) = self.whole(request, operation, context).await?;
        Ok(Response::new(body.clone(), meta, body))
    }

    /// Makes a call, and gives the body of the response while it is still to come. It ends with an error if nothing is
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
        let (meta, body) = call.run(receive::body).await?;
        Ok(Response::new(body, meta, Bytes::new()))
    }

    /// Makes a call whose response is an event stream, and opens it: `open` reads as far as it needs to know that the
    /// stream has begun. If it fails, the class of its failure decides whether the call is made again.
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
        call.run(|received| receive::opened(received, &open)).await
    }

    async fn whole(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        context: &CallContext,
    ) -> Result<(ResponseMeta, Bytes), Error> {
        Call::new(self, request, operation, context)?
            .run(receive::whole)
            .await
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// Makes calls through an HTTP client, with its own settings.
impl From<reqwest::Client> for Caller {
    fn from(http: reqwest::Client) -> Self {
        Self::new(http)
    }
}
