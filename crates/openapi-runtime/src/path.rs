//! Values in paths.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 allows in a path segment stays as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
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

/// A value that would change which path is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {value:?} cannot stand in a path: {reason}")]
pub struct InvalidPathValue {
    name: String,
    value: String,
    reason: &'static str,
}

/// Encodes a value as one segment of a path; its slashes are encoded.
///
/// # Errors
/// If the value is empty, `.` or `..`, or holds a backslash or a control character: URL parsers
/// would walk up the path, encoded or not.
pub fn path_segment(name: &str, value: &str) -> Result<String, InvalidPathValue> {
    check(value).map_err(|reason| InvalidPathValue {
        name: name.to_owned(),
        value: value.to_owned(),
        reason,
    })?;
    Ok(utf8_percent_encode(value, ENCODED).to_string())
}

/// Encodes a value as several segments of a path: its slashes stay, as in `owner/model`.
///
/// # Errors
/// As [`path_segment`], of each segment.
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

fn check(segment: &str) -> Result<(), &'static str> {
    match segment {
        "" => Err("a part of it is empty"),
        "." | ".." => Err("`.` and `..` walk through paths"),
        // URL parsers take these for the same, in any case.
        _ if matches!(
            segment.to_ascii_lowercase().as_str(),
            "%2e" | ".%2e" | "%2e." | "%2e%2e"
        ) =>
        {
            Err("`.` and `..` walk through paths, encoded too")
        }
        _ if segment.contains('\\') => Err("a backslash counts as a slash"),
        _ if segment.chars().any(char::is_control) => Err("it holds a control character"),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_encoded_or_kept_as_asked() {
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
    fn what_would_walk_is_refused() {
        for value in ["", ".", "..", "%2e%2E", "a\\b", "a\nb"] {
            assert!(path_segment("run_id", value).is_err(), "{value:?}");
            assert!(path_segments("model_id", value).is_err(), "{value:?}");
        }
        for value in ["a/../b", "/a", "a/", "a//b"] {
            assert!(path_segments("model_id", value).is_err(), "{value:?}");
        }
        let error = path_segment("run_id", "..").unwrap_err().to_string();
        assert!(
            error.starts_with("run_id \"..\" cannot stand in a path"),
            "{error}"
        );
    }
}
