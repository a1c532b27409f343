//! One attempt: the request out, the answer in, within limits.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use prime_runtime::{Body, ByteStream, Operation, Response};
use tokio::time::timeout;

use super::failure::Failure;
use super::idle::Watched;
use super::{Confidential, Silence};
use crate::head::Head;
use crate::options::CallOptions;

/// The most that is read of an error's body, in bytes and in time: enough for what it says, and what
/// does not come by then does not hold up the call.
const ERROR_BODY: usize = 1 << 20;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// Sends a request once. What comes back is a success: read whole, or a stream.
pub(super) async fn attempt(
    http: &reqwest::Client,
    request: reqwest::Request,
    operation: &Operation,
    options: &CallOptions,
    confidential: &Confidential,
) -> Result<Response, Failure> {
    let url = request.url().clone();
    let origin = || url.origin().ascii_serialization();
    let idle = options.idle();
    let response = match timeout(idle, http.execute(request)).await {
        Ok(Ok(response)) => Response::from(response),
        Ok(Err(e)) => return Err(Failure::unanswered(e, operation, &origin())),
        Err(_) => {
            let message = format!("no answer from {} within {idle:?}", origin());
            return Err(Failure::out_of_time(
                operation,
                message,
                Some(Silence::of(idle)),
            ));
        }
    };
    let (head, body) = response.into_parts();
    if !head.status.is_success() {
        let body = error_body(body).await;
        return Err(Failure::refused(operation, head.into(), body, confidential));
    }
    let body = match body {
        Body::Stream(stream) => Body::Stream(ByteStream::new(Watched::new(stream, idle))),
        whole => whole,
    };
    if operation.streams && may_be_event_stream(&head.headers) {
        return Ok(Response::new(head, body));
    }
    let body = match body.read(options.body_limit()).await {
        Ok(body) => body,
        Err(broken) => {
            let head = Head::from(head);
            return Err(Failure::half_answered(broken, operation, head));
        }
    };
    if operation.streams {
        return Err(Failure::no_stream(operation, head.into(), body));
    }
    Ok(Response::new(head, Body::Whole(body)))
}

/// As much of an error's body as came.
async fn error_body(body: Body) -> Bytes {
    let Body::Stream(stream) = body else {
        return body.read(ERROR_BODY).await.unwrap_or_default();
    };
    let watched = ByteStream::new(Watched::new(stream, ERROR_BODY_TIME));
    match Body::Stream(watched).read(ERROR_BODY).await {
        Ok(body) => body,
        Err(broken) => broken.received,
    }
}

/// Servers that stream without saying so are known; those that say something else mean it.
fn may_be_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|media| {
        let media = media.as_bytes();
        let prefix = b"text/event-stream";
        media.len() >= prefix.len() && media[..prefix.len()].eq_ignore_ascii_case(prefix)
    })
}
