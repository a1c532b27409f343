//! What arrived and what was answered.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;

/// A request as it arrived.
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The path as it was sent: `%2F` and `/` are not the same here.
    pub path: String,
    /// The query as it was sent, without its `?`.
    pub query: Option<String>,
    /// The headers. The key is in there; `Debug` does not show it.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .finish()
    }
}

/// An answer, for a line of a log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answered {
    /// The request's method.
    pub method: Method,
    /// The request's path as it was sent.
    pub path: String,
    /// The answer's status.
    pub status: StatusCode,
    /// How long it took, to the answer's head.
    pub took: Duration,
    /// The answer's `x-request-id`.
    pub request_id: String,
}

pub(crate) type OnAnswer = Box<dyn Fn(&Answered) + Send + Sync>;

/// Every request, in order of arrival; nothing if it was told to keep nothing.
pub(crate) struct Recorder(Option<Mutex<Vec<Recorded>>>);

impl Recorder {
    pub(crate) fn new(record: bool) -> Self {
        Self(record.then(Mutex::default))
    }

    /// A request whose head is there: its place in the order is fixed now.
    pub(crate) fn arrived(&self, head: &Parts) -> Option<usize> {
        let mut headers = head.headers.clone();
        if let Some(key) = headers.get_mut(header::AUTHORIZATION) {
            key.set_sensitive(true);
        }
        let mut requests = self
            .0
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        requests.push(Recorded {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers,
            body: Bytes::new(),
        });
        Some(requests.len() - 1)
    }

    /// Its body, before it is answered.
    pub(crate) fn completed(&self, place: Option<usize>, body: Bytes) {
        if let (Some(requests), Some(place)) = (&self.0, place) {
            let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(request) = requests.get_mut(place) {
                request.body = body;
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.0.as_ref().map_or_else(Vec::new, |requests| {
            requests
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }
}
