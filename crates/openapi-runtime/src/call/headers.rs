//! Copies response headers out of the connection's buffer.

use bytes::BytesMut;
use http::HeaderMap;
use http::header::HeaderValue;

/// Copies headers. The originals would keep the 8 KiB read buffer of the connection alive. The copy has no spare
/// capacity.
pub(super) fn copy_headers(headers: &HeaderMap) -> HeaderMap {
    let mut values = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    let mut copies = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in headers {
        values.extend_from_slice(value.as_bytes());
        // This cannot fail, because the original value is valid.
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(values.split().freeze()) {
            copy.set_sensitive(value.is_sensitive());
            copies.append(name, copy);
        }
    }
    copies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_equal_and_detached() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-request-id", "r-1"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("x-empty", ""),
            ("x-latin", "na\u{ef}ve"),
        ] {
            let mut value = HeaderValue::try_from(value.as_bytes()).unwrap_or(HeaderValue::from(0));
            value.set_sensitive(name == "set-cookie");
            headers.append(name, value);
        }
        let copy = copy_headers(&headers);
        assert_eq!(copy, headers);
        assert!(copy["set-cookie"].is_sensitive() && !copy["x-request-id"].is_sensitive());
        for (copy, value) in copy.values().zip(headers.values()) {
            assert!(value.is_empty() || copy.as_bytes().as_ptr() != value.as_bytes().as_ptr());
        }
    }
}
