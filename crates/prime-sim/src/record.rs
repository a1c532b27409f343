//! What arrived and what was answered.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;

use crate::operation::Operation;

/// More bytes of bodies than this are not kept.
const MAX_BODIES: usize = 64 << 20;

/// More requests than this are not compared with later ones.
const MAX_COMPARED: usize = 10_000;

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
    /// The operation, if it is one.
    pub operation: Option<Operation>,
    /// Which attempt it is, from 1: the same bytes (method, path, query, key, team and body) came that
    /// often since they last had an answer that needs no other. An answer with 408, 429 or 5xx, one
    /// that a fault broke, and one that the caller did not wait for call for another attempt.
    pub attempt: u32,
    /// Which connection it came over, from 1.
    pub connection: u64,
    /// When it arrived, in real time since the simulator started.
    pub at: Duration,
    /// The name of the fault that was done to it, such as `cut-off`.
    pub fault: Option<&'static str>,
    /// The status it was answered with. `None` until then, and if there was no answer.
    pub status: Option<StatusCode>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
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

/// An answer, for a line of a log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answered {
    /// The request's method.
    pub method: Method,
    /// The request's path as it was sent.
    pub path: String,
    /// The operation, if it is one.
    pub operation: Option<Operation>,
    /// Which attempt it is; see [`Recorded::attempt`].
    pub attempt: u32,
    /// The answer's status. `None` if there was no answer: a fault, or the caller went away.
    pub status: Option<StatusCode>,
    /// The name of the fault that was done to it.
    pub fault: Option<&'static str>,
    /// How long it took, to the answer's head.
    pub took: Duration,
    /// The answer's `x-request-id`.
    pub request_id: String,
}

pub(crate) type OnAnswer = Box<dyn Fn(&Answered) + Send + Sync>;

/// The latest requests, in order of arrival.
pub(crate) struct Recorder {
    limit: usize,
    started: Instant,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    requests: VecDeque<Recorded>,
    /// How many were forgotten.
    forgotten: usize,
    /// The bytes of all bodies.
    bodies: usize,
    /// How often each request failed since it last had its answer, by its fingerprint.
    failed: HashMap<u64, u32>,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    number: usize,
    fingerprint: u64,
    pub(crate) attempt: u32,
}

impl Recorder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            started: Instant::now(),
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request that is there, with its body.
    pub(crate) fn arrived(
        &self,
        head: &Parts,
        body: &Bytes,
        operation: Option<Operation>,
        connection: u64,
    ) -> Place {
        let fingerprint = fingerprint(head, body);
        let mut kept = self.kept();
        let attempt = 1 + kept.failed.get(&fingerprint).copied().unwrap_or(0);
        let number = kept.forgotten + kept.requests.len();
        if self.limit > 0 {
            let mut headers = head.headers.clone();
            if let Some(key) = headers.get_mut(header::AUTHORIZATION) {
                key.set_sensitive(true);
            }
            kept.bodies += body.len();
            kept.requests.push_back(Recorded {
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
            while kept.requests.len() > self.limit || kept.bodies > MAX_BODIES {
                let Some(oldest) = kept.requests.pop_front() else {
                    break;
                };
                kept.bodies -= oldest.body.len();
                kept.forgotten += 1;
            }
        }
        Place {
            number,
            fingerprint,
            attempt,
        }
    }

    pub(crate) fn fault(&self, place: Place, fault: &'static str) {
        if let Some(request) = self.kept().at(place) {
            request.fault = Some(fault);
        }
    }

    pub(crate) fn answered(&self, place: Place, status: StatusCode) {
        if let Some(request) = self.kept().at(place) {
            request.status = Some(status);
        }
    }

    /// The last that is heard of a request.
    pub(crate) fn ended(&self, place: Place, failed: bool) {
        let mut kept = self.kept();
        if !failed {
            kept.failed.remove(&place.fingerprint);
        } else if kept.failed.len() < MAX_COMPARED || kept.failed.contains_key(&place.fingerprint) {
            let attempt = kept.failed.entry(place.fingerprint).or_default();
            *attempt = (*attempt).max(place.attempt);
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.kept().requests.iter().cloned().collect()
    }
}

impl Kept {
    fn at(&mut self, place: Place) -> Option<&mut Recorded> {
        let place = place.number.checked_sub(self.forgotten)?;
        self.requests.get_mut(place)
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
    fn the_oldest_are_forgotten() {
        let recorder = Recorder::new(3);
        let places: Vec<_> = (0..5)
            .map(|n| recorder.arrived(&head(&format!("/{n}")), &Bytes::new(), None, 1))
            .collect();
        for place in places {
            recorder.answered(place, StatusCode::OK);
        }
        let paths: Vec<_> = recorder.all().into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["/2", "/3", "/4"]);
        assert!(recorder.all().iter().all(|one| one.status.is_some()));

        let large = Bytes::from(vec![0; MAX_BODIES / 2 + 1]);
        recorder.arrived(&head("/large"), &large, None, 1);
        recorder.arrived(&head("/larger"), &large, None, 1);
        assert_eq!(recorder.all().len(), 1);
        assert!(Recorder::new(0).all().is_empty());
    }

    #[test]
    fn attempts_count_until_an_answer() {
        let recorder = Recorder::new(9);
        let send = |body: &'static str, failed: bool| {
            let place = recorder.arrived(&head("/"), &Bytes::from(body), None, 1);
            recorder.ended(place, failed);
            place.attempt
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
