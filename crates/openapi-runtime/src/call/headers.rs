//! The headers of a response, in memory of their own.

use bytes::BytesMut;
use http::HeaderMap;
use http::header::HeaderValue;

/// The same headers, whose values do not point into the read buffer of the connection: it has 8 KiB, and would be kept
/// for as long as they are. There is no spare capacity.
pub(super) fn detached(headers: &HeaderMap) -> HeaderMap {
    let mut values = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    let mut detached = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in headers {
        values.extend_from_slice(value.as_bytes());
        // It was a valid value.
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(values.split().freeze()) {
            copy.set_sensitive(value.is_sensitive());
            detached.append(name, copy);
        }
    }
    detached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_headers() {
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
        let copy = detached(&headers);
        assert_eq!(copy, headers);
        assert!(copy["set-cookie"].is_sensitive() && !copy["x-request-id"].is_sensitive());
        for (copy, value) in copy.values().zip(headers.values()) {
            assert!(value.is_empty() || copy.as_bytes().as_ptr() != value.as_bytes().as_ptr());
        }
    }
}
