//! What every request goes through: it is recorded, answered or not, numbered and told of.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use serde::Deserialize;

use crate::connection::Connection;
use crate::errors::platform;
use crate::faults::{self, Attempt, Fault};
use crate::operation::Operation;
use crate::record::{Answered, Place};
use crate::state::Shared;

/// More than this is not read of one request.
const MAX_BODY: usize = 64 << 20;

pub(crate) async fn through(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let matched = head.extensions.get::<MatchedPath>();
    let operation = matched.and_then(|path| shared.operations.find(&head.method, path.as_str()));
    connection.begin();
    let busy = Busy(connection.clone());
    let read = axum::body::to_bytes(body, MAX_BODY).await;
    let body = read.as_ref().cloned().unwrap_or_default();

    let request_id = shared.ids.id("req_");
    let recorder = &shared.recorder;
    let place = recorder.arrived(&head, &body, operation, connection.number());
    let mut ongoing = Ongoing {
        answered: Answered {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            operation,
            attempt: place.attempt,
            status: None,
            fault: None,
            took: started.elapsed(),
            request_id,
        },
        shared: Arc::clone(&shared),
        place,
        started,
        told: false,
        complete: false,
        _busy: busy,
    };
    let mut due = operation.map_or_else(Vec::new, |operation| due(&shared, operation, &body));
    for change in due.extract_if(.., |fault| fault.is_change()) {
        ongoing.fault(change.name);
        shared.change(&change, head.uri.query());
    }
    let answer = async {
        match read {
            Ok(_) => next.run(Request::from_parts(head, Body::from(body))).await,
            Err(_) => platform::too_large().into_response(),
        }
    };
    let mut response = match due.pop() {
        None => answer.await,
        Some(fault) => {
            ongoing.fault(fault.name);
            let gate = Arc::clone(&shared.gate);
            let attempt = Attempt {
                operation,
                connection,
                gate,
            };
            faults::apply(fault, attempt, answer).await
        }
    };
    if let Ok(id) = HeaderValue::from_str(&ongoing.answered.request_id) {
        response.headers_mut().entry("x-request-id").or_insert(id);
    }
    ongoing.answered(response.status());
    response.map(|body| Body::new(Watched { body, ongoing }))
}

/// The faults of a request.
fn due(shared: &Shared, operation: Operation, body: &Bytes) -> Vec<Fault> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        model: Cow<'a, str>,
    }
    let chat = operation == Operation::CreateChatCompletion;
    // Most requests need not be read for it.
    let named = chat
        && body
            .windows(4)
            .any(|four| four == b"sim/" || four == b"sim\\");
    let any = shared.faults.any();
    if !(named || any) {
        return Vec::new();
    }
    let model = if chat {
        serde_json::from_slice::<Named<'_>>(body).ok()
    } else {
        None
    };
    shared
        .faults
        .due(operation, model.as_ref().map(|named| &*named.model))
}

/// A request that is not over.
struct Ongoing {
    shared: Arc<Shared>,
    place: Place,
    answered: Answered,
    started: Instant,
    told: bool,
    /// Whether its answer was handed over whole.
    complete: bool,
    _busy: Busy,
}

/// A connection that is not idle.
struct Busy(Connection);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.done();
    }
}

impl Ongoing {
    fn fault(&mut self, name: &'static str) {
        self.answered.fault = Some(name);
        self.shared.recorder.fault(self.place, name);
        // What never has an answer is told of at once.
        if matches!(name, "stall" | "reset" | "close" | "refuse" | "lost-answer") {
            self.tell();
        }
    }

    fn answered(&mut self, status: StatusCode) {
        self.answered.status = Some(status);
        self.shared.recorder.answered(self.place, status);
        self.tell();
    }

    fn tell(&mut self) {
        if let Some(tell) = &self.shared.on_answer
            && !std::mem::replace(&mut self.told, true)
        {
            self.answered.took = self.started.elapsed();
            tell(&self.answered);
        }
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        let failed = self.answered.status.is_none_or(|status| {
            status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT
        });
        let broken = !self.complete || self.answered.fault.is_some_and(breaks);
        self.shared.recorder.ended(self.place, failed || broken);
        self.tell();
    }
}

/// Whether an answer with this fault is no answer.
fn breaks(fault: &str) -> bool {
    !matches!(
        fault,
        "delay" | "slow-drip" | "rows-arrive" | "rows-move" | "status"
    )
}

/// The body of an answer, until it was handed over.
struct Watched {
    body: Body,
    ongoing: Ongoing,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) {
            this.ongoing.complete = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.ongoing.complete |= self.body.is_end_stream();
    }
}
