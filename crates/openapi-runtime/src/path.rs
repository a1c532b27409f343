//! Encodes parameters in a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All characters except those that RFC 3986 allows in a path segment.
const ENCODED: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// All characters except those that RFC 3986 never reserves.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The error of a value that would change the path of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid path parameter {name} {value:?}: {reason}")]
pub struct InvalidPathValue {
    name: String,
    value: String,
    reason: &'static str,
}

/// Encodes a value as one path segment. Slashes are encoded.
///
/// # Errors
/// If the value is empty, `.` or `..`, or contains a backslash or a control character. URL parsers normalize dot
/// segments even if they are percent-encoded, which would change the path.
pub fn path_segment(name: &str, value: &str) -> Result<String, InvalidPathValue> {
    check(value).map_err(|reason| InvalidPathValue {
        name: name.to_owned(),
        value: value.to_owned(),
        reason,
    })?;
    Ok(utf8_percent_encode(value, ENCODED).to_string())
}

/// Encodes a value as one or more path segments. Slashes are kept, as in `owner/model`.
///
/// # Errors
/// If a segment is invalid, as for [`path_segment`].
pub fn path_segments(name: &str, value: &str) -> Result<String, InvalidPathValue> {
    let mut path = String::with_capacity(value.len());
    for segment in value.split('/') {
        check(segment).map_err(|reason| InvalidPathValue {
            name: name.to_owned(),
            value: value.to_owned(),
            reason,
        })?;
        if !path.is_empty() {
            path.push('/');
        }
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    Ok(path)
}

/// Encodes a value in the query that is part of a path, as in `/models?page={page}`.
pub fn query_value(value: &str) -> String {
    utf8_percent_encode(value, UNRESERVED).to_string()
}

fn check(segment: &str) -> Result<(), &'static str> {
    match segment {
        "" => Err("it has an empty segment"),
        "." | ".." => Err("`.` and `..` are dot segments"),
        // URL parsers decode these to dot segments, in upper and lower case.
        _ if matches!(
            segment.to_ascii_lowercase().as_str(),
            "%2e" | ".%2e" | "%2e." | "%2e%2e"
        ) =>
        {
            Err("it decodes to a dot segment")
        }
        _ if segment.contains('\\') => Err("it contains a backslash"),
        _ if segment.chars().any(char::is_control) => Err("it contains a control character"),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_encoded_or_kept() {
        assert_eq!(
            path_segment("run_id", "a/b?c#d e%").unwrap(),
            "a%2Fb%3Fc%23d%20e%25"
        );
        assert_eq!(
            path_segments("model_id", "meta-llama/llama-3.1:lora?x").unwrap(),
            "meta-llama/llama-3.1:lora%3Fx"
        );
    }

    #[test]
    fn values_that_change_the_path_are_rejected() {
        for value in ["", ".", "..", "%2e%2E", "a\\b", "a\nb"] {
            assert!(path_segment("run_id", value).is_err(), "{value:?}");
            assert!(path_segments("model_id", value).is_err(), "{value:?}");
        }
        for value in ["a/../b", "/a", "a/", "a//b"] {
            assert!(path_segments("model_id", value).is_err(), "{value:?}");
        }
        let error = path_segment("run_id", "..").unwrap_err().to_string();
        assert!(
            error.starts_with("invalid path parameter run_id \"..\": "),
            "{error}"
        );
    }
}
