//! What stands between a call and the wire.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Operation, Response};

/// An error of any type that can cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The future of [`Transport::execute`].
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send + 'a>>;

/// Sends requests: every call of a generated client goes through one.
///
/// A transport may send a request again, refuse it, time it out or read its answer ahead. Its error
/// comes out of the call as [`Error::Transport`](crate::Error::Transport), unchanged.
pub trait Transport: Debug + Send + Sync {
    /// Sends the request of an operation and gives the answer, whatever its status.
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'a Operation,
    ) -> TransportFuture<'a>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'a Operation,
    ) -> TransportFuture<'a> {
        (**self).execute(request, operation)
    }
}

/// The plain transport: sends once, with the caller's own client and its settings.
#[derive(Debug, Clone)]
pub struct Direct {
    http: reqwest::Client,
}

impl Direct {
    /// Sends through `http`.
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }
}

impl Transport for Direct {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        _operation: &'a Operation,
    ) -> TransportFuture<'a> {
        Box::pin(async move {
            let response = self
                .http
                .execute(request)
                .await
                .map_err(reqwest::Error::without_url)?;
            Ok(Response::from(response))
        })
    }
}
