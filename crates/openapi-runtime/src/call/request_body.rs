//! The body of a request, shared by all attempts, and fields that are added to it.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes, BytesMut};
use http_body::Body as _;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Error;

/// Takes the body out of a request, so that each attempt can share it. `None` for a body that is itself a stream: it
/// stays, and can be sent once.
pub(super) fn take(request: &mut reqwest::Request) -> Option<Bytes> {
    let slot = request.body_mut();
    slot.as_ref()?.as_bytes()?;
    let mut body = slot.take()?;
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
        _ => Some(Bytes::new()),
    }
}

/// The same body without spare capacity.
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
    let present: HashMap<String, &RawValue> = serde_json::from_slice(&body)
        .map_err(|_| Error::invalid_request("fields can only be added to a JSON object"))?;
    if let Some(twice) = fields.keys().find(|name| present.contains_key(*name)) {
        return Err(Error::invalid_request(format!(
            "the field {twice:?} is in the request already"
        )));
    }
    let more = serde_json::to_vec(fields).map_err(|e| Error::invalid_request(e.to_string()))?;
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
