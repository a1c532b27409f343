//! Request bodies, shared by all attempts, and the fields that are added to them.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes, BytesMut};
use http_body::Body as _;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Error;

/// Takes the body out of a request, so that all attempts can share it. Returns `None` if the request has no body, or a
/// streaming body. A streaming body stays in the request and can be sent only once.
pub(super) fn take(request: &mut reqwest::Request) -> Option<Bytes> {
    let slot = request.body_mut();
    slot.as_ref()?.as_bytes()?;
    let mut body = slot.take()?;
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
        _ => Some(Bytes::new()),
    }
}

/// Adds fields to a JSON object.
pub(super) fn with_fields(body: Bytes, fields: &Map<String, Value>) -> Result<Bytes, Error> {
    if fields.is_empty() {
        return Ok(body);
    }
    let present: HashMap<String, &RawValue> = serde_json::from_slice(&body)
        .map_err(|_| Error::invalid_request("body fields can only be added to a JSON object"))?;
    if let Some(duplicate) = fields.keys().find(|name| present.contains_key(*name)) {
        return Err(Error::invalid_request(format!(
            "the request already has the field {duplicate:?}"
        )));
    }
    let added = serde_json::to_vec(fields).map_err(|e| Error::invalid_request(e.to_string()))?;
    // Joins two objects: drops the last brace of the first and the first brace of the second.
    let trimmed = body.trim_ascii_end();
    let mut joined = BytesMut::with_capacity(trimmed.len() + added.len());
    joined.put_slice(&trimmed[..trimmed.len().saturating_sub(1)]);
    if !present.is_empty() {
        joined.put_u8(b',');
    }
    joined.put_slice(&added[1..]);
    Ok(joined.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(body: &'static str) -> Result<Bytes, Error> {
        let fields = serde_json::json!({"b": [1], "c": null});
        with_fields(body.into(), fields.as_object().unwrap_or(&Map::new()))
    }

    #[test]
    fn fields_are_added_and_nothing_else_changes() -> Result<(), Error> {
        assert_eq!(
            add(r#"{"z": 1.50, "a": "}"} "#)?,
            r#"{"z": 1.50, "a": "}","b":[1],"c":null}"#
        );
        assert_eq!(add("{}")?, r#"{"b":[1],"c":null}"#);
        for wrong in [r#"{"b": 2}"#, "[1]", "", "{"] {
            assert!(add(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }
}
