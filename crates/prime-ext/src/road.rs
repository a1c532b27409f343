//! The one road: every call of both APIs, streaming or not, goes through here.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use prime_runtime::response::MAX_BODY;
use prime_runtime::{Body, BoxError, Operation, Response, Secret, Transport, TransportFuture};

use crate::error::{Error, ErrorKind};

/// Time for a whole answer that is no stream.
const TOTAL: Duration = Duration::from_secs(600);

/// Time for the answer to the creation of a run. Source: the provider's own client.
const CREATE_RUN: Duration = Duration::from_secs(120);

/// Adds the key, sends once, reads the answer within limits, and makes an error of what is none.
#[derive(Debug)]
pub(crate) struct Road {
    http: reqwest::Client,
    key: Secret,
    authorization: HeaderValue,
}

impl Road {
    pub(crate) fn new(http: reqwest::Client, key: Secret) -> Result<Self, Error> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| Error::new(ErrorKind::Settings, "the API key holds a character that no header can carry; was it copied whole, on one line?"))?;
        authorization.set_sensitive(true);
        Ok(Self {
            http,
            key,
            authorization,
        })
    }

    async fn send(
        &self,
        mut request: reqwest::Request,
        operation: &Operation,
    ) -> Result<Response, Error> {
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
        if !operation.streams {
            let creates_run = operation.id == prime_training_api::operations::CREATE_RUN.id;
            *request.timeout_mut() = Some(if creates_run { CREATE_RUN } else { TOTAL });
        }
        let origin = request.url().origin().ascii_serialization();
        let response = self
            .http
            .execute(request)
            .await
            .map_err(|e| unanswered(e.without_url(), operation, &origin))?;

        let (status, headers, body) = Response::from(response).into_parts();
        if operation.streams && status.is_success() && may_be_event_stream(&headers) {
            return Ok(Response::new(status, headers, body));
        }
        let body = match body.read(MAX_BODY).await {
            Ok(body) => body,
            Err(broken) => return Err(half_answered(broken, operation, status, headers)),
        };
        if !status.is_success() {
            let key = Some(self.key.expose());
            return Err(Error::answered(operation, status, headers, body, key));
        }
        if operation.streams {
            return Err(not_a_stream(status, headers, body)
                .of(operation)
                .with_unknown_outcome(true));
        }
        Ok(Response::new(status, headers, Body::Whole(body)))
    }
}

impl Transport for Road {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'a Operation,
    ) -> TransportFuture<'a> {
        Box::pin(async move { self.send(request, operation).await.map_err(BoxError::from) })
    }
}

fn unanswered(error: reqwest::Error, operation: &Operation, origin: &str) -> Error {
    let (kind, message) = if error.is_connect() {
        (ErrorKind::Connect, format!("no connection to {origin}"))
    } else if error.is_timeout() {
        (
            ErrorKind::Timeout,
            format!("no answer from {origin} in time"),
        )
    } else if error.is_builder() {
        (ErrorKind::Request, "the request cannot be sent".to_owned())
    } else {
        (
            ErrorKind::Disconnected,
            format!("{origin} closed the connection before it answered"),
        )
    };
    let may_have_arrived = matches!(kind, ErrorKind::Timeout | ErrorKind::Disconnected);
    Error::new(kind, message)
        .of(operation)
        .with_unknown_outcome(may_have_arrived && operation.method != "GET")
        .because(error)
}

fn half_answered(
    broken: prime_runtime::response::BodyError,
    operation: &Operation,
    status: http::StatusCode,
    headers: HeaderMap,
) -> Error {
    let timeout = broken
        .source
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_timeout);
    let message = format!(
        "the answer ({status}) broke off after {} bytes",
        broken.received.len()
    );
    let mut error = Error::unexpected(message, status, headers, broken.received)
        .of(operation)
        .with_unknown_outcome(operation.method != "GET" && !status.is_client_error())
        .because(broken.source);
    error.set_kind(if timeout {
        ErrorKind::Timeout
    } else {
        ErrorKind::Disconnected
    });
    error
}

/// Servers that stream without saying so are known; those that say something else mean it.
fn may_be_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|media| {
        let media = media.as_bytes();
        let prefix = b"text/event-stream";
        media.len() >= prefix.len() && media[..prefix.len()].eq_ignore_ascii_case(prefix)
    })
}

fn not_a_stream(status: http::StatusCode, headers: HeaderMap, body: Bytes) -> Error {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|media| media.to_str().ok())
        .unwrap_or("nothing");
    let message = format!("a stream was asked for, and {media} came; it is kept in `body()`");
    Error::unexpected(message, status, headers, body)
}
