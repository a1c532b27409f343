//! Writes JSON in one line.

use bytes::Bytes;
use serde::de::IgnoredAny;

/// Removes the white space between the values of a JSON text if it has several lines. Nothing else changes, such as how
/// a number is written. Returns `None` if the text is not JSON.
pub(super) fn one_line(json: &Bytes) -> Option<Bytes> {
    let trimmed = json.slice_ref(json.trim_ascii());
    serde_json::from_slice::<IgnoredAny>(&trimmed).ok()?;
    // A string has no line breaks.
    if memchr::memchr2(b'\n', b'\r', &trimmed).is_none() {
        return Some(trimmed);
    }
    let mut line = Vec::with_capacity(trimmed.len());
    let (mut is_string, mut is_escaped) = (false, false);
    for &byte in &trimmed {
        if is_string {
            is_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            is_string = byte == b'"';
        }
        line.push(byte);
    }
    Some(line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_is_removed() {
        let line = |json: &'static str| one_line(&Bytes::from_static(json.as_bytes()));
        let lines = "\r\n{ \"a\\\\\" :\t[ 1.50,\n 1e3 ],\n\"b \\\" c\" : \" d \\n\" }\n";
        let expected = r#"{"a\\":[1.50,1e3],"b \" c":" d \n"}"#;
        assert_eq!(line(lines).as_deref(), Some(expected.as_bytes()));
        assert_eq!(line(" {\"a\": 1} ").as_deref(), Some(&b"{\"a\": 1}"[..]));
        for other in ["", "data: {}", "{", "{} {}"] {
            assert_eq!(line(other), None, "{other}");
        }
    }
}
