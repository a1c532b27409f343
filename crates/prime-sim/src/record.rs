//! Recorded requests and response events.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;

use crate::operation::Operation;

/// The maximum total size of the recorded bodies.
const MAX_BODY_BYTES: usize = 64 << 20;

/// The maximum number of failed requests that are compared with later ones.
const MAX_FAILED: usize = 10_000;

/// A request as the simulator received it.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path as sent. `%2F` is not decoded.
    pub path: String,
    /// The query as sent, without `?`.
    pub query: Option<String>,
    /// The headers, including the API key. `Debug` redacts the key.
    pub headers: HeaderMap,
    /// The complete body.
    pub body: Bytes,
    /// The operation, or `None` if the path is unknown.
    pub operation: Option<Operation>,
    /// The attempt number, counted from 1. Requests with the same method, path, query, key, team
    /// and body are attempts of one request until one succeeds. An attempt fails if its status is
    /// 408, 429 or 5xx, if a fault breaks its response, or if the caller disconnects early.
    pub attempt: u32,
    /// The number of the connection, counted from 1.
    pub connection: u64,
    /// The time of arrival, in real time since the simulator started.
    pub at: Duration,
    /// The name of the fault applied to the request, such as `cut-off`.
    pub fault: Option<&'static str>,
    /// The response status. `None` before the response, or if there is none.
    pub status: Option<StatusCode>,
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .field("operation", &self.operation)
            .field("attempt", &self.attempt)
            .field("connection", &self.connection)
            .field("at", &self.at)
            .field("fault", &self.fault)
            .field("status", &self.status)
            .finish()
    }
}

/// A response, as reported to [`Builder::on_response`](crate::Builder::on_response).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResponseEvent {
    /// The request's method.
    pub method: Method,
    /// The request's path as sent.
    pub path: String,
    /// The operation, or `None` if the path is unknown.
    pub operation: Option<Operation>,
    /// The attempt number; see [`RecordedRequest::attempt`].
    pub attempt: u32,
    /// The response status. `None` if a fault suppressed the response or the caller disconnected.
    pub status: Option<StatusCode>,
    /// The name of the fault applied to the request.
    pub fault: Option<&'static str>,
    /// The time from the request to the response head.
    pub took: Duration,
    /// The `x-request-id` of the response.
    pub request_id: String,
    /// Identifies the request: requests with the same method, path, query, key, team and body have the same one.
    pub fingerprint: u64,
}

pub(crate) type OnResponse = Box<dyn Fn(&ResponseEvent) + Send + Sync>;

/// Records requests in order of arrival.
pub(crate) struct Recorder {
    limit: usize,
    started: Instant,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    requests: VecDeque<RecordedRequest>,
    /// The number of dropped requests.
    dropped: usize,
    /// The total size of all bodies.
    body_bytes: usize,
    /// The number of failed attempts since the last success, by request fingerprint.
    failed: HashMap<u64, u32>,
}

/// Identifies a recorded request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestRef {
    number: usize,
    pub(crate) fingerprint: u64,
    pub(crate) attempt: u32,
}

impl Recorder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            started: Instant::now(),
            records: Mutex::default(),
        }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request.
    pub(crate) fn request(
        &self,
        head: &Parts,
        body: &Bytes,
        operation: Option<Operation>,
        connection: u64,
    ) -> RequestRef {
        let fingerprint = fingerprint(head, body);
        let mut records = self.records();
        let attempt = 1 + records.failed.get(&fingerprint).copied().unwrap_or(0);
        let number = records.dropped + records.requests.len();
        if self.limit > 0 {
            let mut headers = head.headers.clone();
            if let Some(key) = headers.get_mut(header::AUTHORIZATION) {
                key.set_sensitive(true);
            }
            records.body_bytes += body.len();
            records.requests.push_back(RecordedRequest {
                method: head.method.clone(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().map(str::to_owned),
                headers,
                body: body.clone(),
                operation,
                attempt,
                connection,
                at: self.started.elapsed(),
                fault: None,
                status: None,
            });
            while records.requests.len() > self.limit || records.body_bytes > MAX_BODY_BYTES {
                let Some(oldest) = records.requests.pop_front() else {
                    break;
                };
                records.body_bytes -= oldest.body.len();
                records.dropped += 1;
            }
        }
        RequestRef {
            number,
            fingerprint,
            attempt,
        }
    }

    pub(crate) fn set_fault(&self, request_ref: RequestRef, fault: &'static str) {
        if let Some(request) = self.records().get_mut(request_ref) {
            request.fault = Some(fault);
        }
    }

    pub(crate) fn set_status(&self, request_ref: RequestRef, status: StatusCode) {
        if let Some(request) = self.records().get_mut(request_ref) {
            request.status = Some(status);
        }
    }

    /// Records the end of a request and whether the attempt failed.
    pub(crate) fn end(&self, request_ref: RequestRef, failed: bool) {
        let mut records = self.records();
        if !failed {
            records.failed.remove(&request_ref.fingerprint);
        } else if records.failed.len() < MAX_FAILED
            || records.failed.contains_key(&request_ref.fingerprint)
        {
            let attempt = records.failed.entry(request_ref.fingerprint).or_default();
            *attempt = (*attempt).max(request_ref.attempt);
        }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.records().requests.iter().cloned().collect()
    }
}

impl Records {
    fn get_mut(&mut self, request_ref: RequestRef) -> Option<&mut RecordedRequest> {
        let index = request_ref.number.checked_sub(self.dropped)?;
        self.requests.get_mut(index)
    }
}

fn fingerprint(head: &Parts, body: &Bytes) -> u64 {
    let mut hasher = DefaultHasher::new();
    head.method.hash(&mut hasher);
    head.uri.hash(&mut hasher);
    for name in ["authorization", "x-prime-team-id"] {
        head.headers.get(name).hash(&mut hasher);
    }
    body.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn head(path: &str) -> Parts {
        let mut head = Request::new(()).into_parts().0;
        head.uri = path.parse().unwrap_or_default();
        head
    }

    #[test]
    fn the_oldest_requests_are_dropped() {
        let recorder = Recorder::new(3);
        let refs: Vec<_> = (0..5)
            .map(|n| recorder.request(&head(&format!("/{n}")), &Bytes::new(), None, 1))
            .collect();
        for request_ref in refs {
            recorder.set_status(request_ref, StatusCode::OK);
        }
        let paths: Vec<_> = recorder.all().into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["/2", "/3", "/4"]);
        assert!(recorder.all().iter().all(|one| one.status.is_some()));

        let large = Bytes::from(vec![0; MAX_BODY_BYTES / 2 + 1]);
        recorder.request(&head("/large"), &large, None, 1);
        recorder.request(&head("/larger"), &large, None, 1);
        assert_eq!(recorder.all().len(), 1);
        assert!(Recorder::new(0).all().is_empty());
    }

    #[test]
    fn attempts_are_counted_until_one_succeeds() {
        let recorder = Recorder::new(9);
        let send = |body: &'static str, failed: bool| {
            let request_ref = recorder.request(&head("/"), &Bytes::from(body), None, 1);
            recorder.end(request_ref, failed);
            request_ref.attempt
        };
        assert_eq!(
            [send("a", true), send("a", true), send("b", true)],
            [1, 2, 1]
        );
        assert_eq!(
            [send("a", false), send("a", false), send("b", false)],
            [3, 1, 2]
        );
    }
}
