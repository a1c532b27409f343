//! Records each request, applies faults, and sets `x-request-id` and `date`.

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
use tokio::sync::OwnedSemaphorePermit;

use crate::connection::Connection;
use crate::errors::platform;
use crate::faults::{self, Attempt, Fault};
use crate::operation::Operation;
use crate::record::{RequestRef, ResponseEvent};
use crate::state::Shared;

/// The maximum size of a request body.
const MAX_BODY: usize = 64 << 20;

pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let matched = head.extensions.get::<MatchedPath>();
    let operation = matched.and_then(|path| shared.operations.find(&head.method, path.as_str()));
    connection.begin_request();
    let guard = ActiveGuard(connection.clone());
    let read = axum::body::to_bytes(body, MAX_BODY).await;
    let body = read.as_ref().cloned().unwrap_or_default();

    let request_id = shared.ids.id("req_");
    let recorder = &shared.recorder;
    let request_ref = recorder.request(&head, &body, operation, connection.number());
    let place = operation.map_or(Ok(None), |operation| take_place(&shared, operation));
    let mut due = match (&place, operation) {
        (Err(TooManyRequests), _) => vec![Fault::rate_limited()],
        (Ok(_), Some(operation)) => due_faults(&shared, operation, &body),
        (Ok(_), None) => Vec::new(),
    };
    let mut in_flight = InFlight {
        event: ResponseEvent {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            operation,
            attempt: request_ref.attempt,
            status: None,
            fault: None,
            took: started.elapsed(),
            request_id,
            fingerprint: request_ref.fingerprint,
        },
        shared: Arc::clone(&shared),
        request_ref,
        started,
        notified: false,
        complete: false,
        _guard: guard,
        _place: place.ok().flatten(),
    };
    for change in due.extract_if(.., |fault| fault.is_change()) {
        in_flight.fault(change.name);
        shared.change_rows(&change, head.uri.query());
    }
    let respond = async {
        match read {
            Ok(_) => next.run(Request::from_parts(head, Body::from(body))).await,
            Err(_) => platform::too_large().into_response(),
        }
    };
    let mut response = match due.pop() {
        None => respond.await,
        Some(fault) => {
            in_flight.fault(fault.name);
            let gate = Arc::clone(&shared.gate);
            let attempt = Attempt {
                operation,
                connection,
                gate,
            };
            faults::apply(fault, attempt, respond).await
        }
    };
    if let Ok(id) = HeaderValue::from_str(&in_flight.event.request_id) {
        response.headers_mut().entry("x-request-id").or_insert(id);
    }
    // The simulated time, as in the bodies of responses.
    let date = httpdate::fmt_http_date(shared.billed_state().clock.date());
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().entry("date").or_insert(date);
    }
    in_flight.responded(response.status());
    response.map(|body| Body::new(TrackedBody { body, in_flight }))
}

/// All places for chat requests are taken.
struct TooManyRequests;

/// Takes a place for a chat request. Returns `None` if the request needs none.
fn take_place(
    shared: &Shared,
    operation: Operation,
) -> Result<Option<OwnedSemaphorePermit>, TooManyRequests> {
    match &shared.chat_places {
        Some(places) if operation == Operation::CreateChatCompletion => {
            let place = Arc::clone(places).try_acquire_owned();
            place.map(Some).map_err(|_| TooManyRequests)
        }
        _ => Ok(None),
    }
}

/// Returns the faults that apply to a request.
fn due_faults(shared: &Shared, operation: Operation, body: &Bytes) -> Vec<Fault> {
    #[derive(Deserialize)]
    struct ModelField<'a> {
        #[serde(borrow)]
        model: Cow<'a, str>,
    }
    let chat = operation == Operation::CreateChatCompletion;
    // Avoids parsing most request bodies.
    let names_fault = chat
        && body
            .windows(4)
            .any(|four| four == b"sim/" || four == b"sim\\");
    let any = shared.faults.any();
    if !(names_fault || any) {
        return Vec::new();
    }
    let model = if chat {
        serde_json::from_slice::<ModelField<'_>>(body).ok()
    } else {
        None
    };
    shared
        .faults
        .due(operation, model.as_ref().map(|body| &*body.model), body)
}

/// A request in progress.
struct InFlight {
    shared: Arc<Shared>,
    request_ref: RequestRef,
    event: ResponseEvent,
    started: Instant,
    notified: bool,
    /// Whether the complete response body was sent.
    complete: bool,
    _guard: ActiveGuard,
    /// The place of a chat request, if their number is limited.
    _place: Option<OwnedSemaphorePermit>,
}

/// Ends the request of a connection when it is dropped.
struct ActiveGuard(Connection);

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        self.0.end_request();
    }
}

impl InFlight {
    fn fault(&mut self, name: &'static str) {
        self.event.fault = Some(name);
        self.shared.recorder.set_fault(self.request_ref, name);
        // These faults never send a response.
        if matches!(
            name,
            "stall" | "reset" | "close" | "refuse" | "lost-response"
        ) {
            self.notify();
        }
    }

    fn responded(&mut self, status: StatusCode) {
        self.event.status = Some(status);
        self.shared.recorder.set_status(self.request_ref, status);
        self.notify();
    }

    fn notify(&mut self) {
        if let Some(notify) = &self.shared.on_response
            && !std::mem::replace(&mut self.notified, true)
        {
            self.event.took = self.started.elapsed();
            notify(&self.event);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let failed = self.event.status.is_none_or(|status| {
            status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT
        });
        let broken = !self.complete || self.event.fault.is_some_and(breaks);
        self.shared.recorder.end(self.request_ref, failed || broken);
        self.notify();
    }
}

/// Returns whether the fault makes the attempt fail.
fn breaks(fault: &str) -> bool {
    !matches!(
        fault,
        "delay" | "slow-drip" | "rows-arrive" | "rows-move" | "status"
    )
}

/// A response body that records whether it was sent completely.
struct TrackedBody {
    body: Body,
    in_flight: InFlight,
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) {
            this.in_flight.complete = true;
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

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.in_flight.complete |= self.body.is_end_stream();
    }
}
