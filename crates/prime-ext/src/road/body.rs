//! The body of a request: taken once, sent as often as it takes, with the fields that go along.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes, BytesMut};
use http_body::Body as _;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};

/// Takes the body out of a request, so that each attempt can have it without a copy. Nothing for a body
/// that is itself a stream: it stays, and can be sent once.
pub(super) fn take(request: &mut reqwest::Request) -> Option<Bytes> {
    let slot = request.body_mut();
    slot.as_ref()?.as_bytes()?;
    let mut body = slot.take()?;
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
        _ => Some(Bytes::new()),
    }
}

/// The same without room for more: that of a stream is kept for as long as the stream is open.
pub(super) fn trimmed(body: Bytes) -> Bytes {
    let mut bytes = Vec::from(body);
    bytes.shrink_to_fit();
    bytes.into()
}

/// Adds fields to a JSON object.
pub(super) fn with_fields(body: Bytes, fields: &Map<String, Value>) -> Result<Bytes, Error> {
    if fields.is_empty() {
        return Ok(body);
    }
    let wrong = |reason: String| Error::new(ErrorKind::Request, reason);
    let present: HashMap<String, &RawValue> = serde_json::from_slice(&body)
        .map_err(|_| wrong("fields can be added to a JSON object only".to_owned()))?;
    if let Some(twice) = fields.keys().find(|name| present.contains_key(*name)) {
        return Err(wrong(format!(
            "the field {twice:?} is in the request already, and would go along twice"
        )));
    }
    let more = serde_json::to_vec(fields).map_err(|e| wrong(e.to_string()))?;
    // `{…}` and `{…}` become one: all but the last brace, a comma, all but the first brace.
    let trimmed = body.trim_ascii_end();
    let mut joined = BytesMut::with_capacity(trimmed.len() + more.len());
    joined.put_slice(&trimmed[..trimmed.len().saturating_sub(1)]);
    if !present.is_empty() {
        joined.put_u8(b',');
    }
    joined.put_slice(&more[1..]);
    Ok(joined.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(body: &'static str) -> Result<Bytes, Error> {
        let fields = serde_json::json!({"b": [1], "c": null});
        with_fields(body.into(), fields.as_object().unwrap_or(&Map::new()))
    }

    #[test]
    fn fields_are_added_and_nothing_else_changes() -> Result<(), Error> {
        assert_eq!(
            added(r#"{"z": 1.50, "a": "}"} "#)?,
            r#"{"z": 1.50, "a": "}","b":[1],"c":null}"#
        );
        assert_eq!(added("{}")?, r#"{"b":[1],"c":null}"#);
        for wrong in [r#"{"b": 2}"#, "[1]", "", "{"] {
            assert!(added(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }
}
