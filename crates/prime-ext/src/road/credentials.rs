//! Redacts credentials in text by the names of their fields and headers, and by their scheme.
//!
//! A page of a proxy may repeat the headers of a request, and a body that is cut off may contain the token of a run.

use std::borrow::Cow;
use std::ops::Range;

use super::hidden::REDACTED;

/// Parts of the names of secret fields and headers, in lower case without `-` and `_`.
const NAMES: [&str; 9] = [
    "authorization",
    "cookie",
    "apikey",
    "tokenvalue",
    "accesstoken",
    "hftoken",
    "wandbtoken",
    "password",
    "secret",
];

/// Schemes of `Authorization`, in lower case.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "negotiate"];

/// The text without the values of secret fields and headers, and without credentials behind their scheme.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut rest = 0;
    for (start, word) in words(text) {
        if start < rest {
            continue;
        }
        let after = start + word.len();
        let value = if is_secret_name(word) {
            value_of_field(text, after)
        } else if SCHEMES
            .iter()
            .any(|scheme| word.eq_ignore_ascii_case(scheme))
        {
            credentials(text, after)
        } else {
            None
        };
        if let Some(value) = value {
            redacted.push_str(&text[rest..value.start]);
            redacted.push_str(REDACTED);
            rest = value.end;
        }
    }
    if rest == 0 {
        return Cow::Borrowed(text);
    }
    redacted.push_str(&text[rest..]);
    Cow::Owned(redacted)
}

/// The words of a text, which may contain `-` and `_`, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let begin = text.as_ptr() as usize;
    text.split(move |c| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - begin, word))
}

fn is_secret_name(word: &str) -> bool {
    // Longer words are no names.
    if word.len() > 64 {
        return false;
    }
    let name: String = word
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    NAMES.iter().any(|secret| name.contains(secret))
}

/// The value that follows the name of a field: `: value`, `=value`, `": "value"`, `</td><td>value`.
fn value_of_field(text: &str, name_end: usize) -> Option<Range<usize>> {
    let quotes = ['"', '\'', '\\', '`'];
    let after = &text[name_end..];
    let separator = after.trim_start_matches(|c: char| c.is_whitespace() || quotes.contains(&c));
    let value = match separator.strip_prefix([':', '=']) {
        Some(value) => value.trim_start(),
        None => separator.strip_prefix("</").and_then(|tags| {
            let value = tags.trim_start_matches(|c| c != '>');
            let value = value.trim_start_matches(['>', ' ', '\n', '\t', '\r']);
            let (_, value) = value.strip_prefix('<')?.split_once('>')?;
            Some(value)
        })?,
    };
    let unquoted = value.trim_start_matches(quotes);
    let is_quoted = unquoted.len() < value.len();
    let start = text.len() - unquoted.len();
    let length = if is_quoted {
        unquoted.find(['"', '\'', '`', '\n'])
    } else {
        // A header's value may have several words.
        unquoted.find(['\r', '\n', '<', '"', '\'', ',', '}', '&'])
    };
    let length = length.unwrap_or(unquoted.len());
    (length > 0).then(|| start..start + length)
}

/// What follows a scheme, if it looks like credentials and not like a word.
fn credentials(text: &str, scheme_end: usize) -> Option<Range<usize>> {
    let after = &text[scheme_end..];
    let credentials = after.trim_start_matches(' ');
    if credentials.len() == after.len() {
        return None;
    }
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let end = credentials.find(|c| !is_token(c));
    let token = &credentials[..end.unwrap_or(credentials.len())];
    let is_word = token
        .char_indices()
        .all(|(at, c)| c.is_ascii_lowercase() || at == 0 && c.is_ascii_uppercase() || c == '.');
    let start = text.len() - credentials.len();
    (token.len() >= 8 && !is_word).then(|| start..start + token.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_fields_are_redacted() {
        for (text, expected) in [
            (
                "Proxy-Authorization: Basic dXNlcjpwYXNz",
                "Proxy-Authorization: …",
            ),
            (
                "<pre>\nproxy-authorization: Basic x y\nhost: h\n</pre>",
                "<pre>\nproxy-authorization: …\nhost: h\n</pre>",
            ),
            (
                "<tr><td>Authorization</td> <td>Bearer abc</td></tr>",
                "<tr><td>Authorization</td> <td>…</td></tr>",
            ),
            (
                "{\"runId\":\"r\",\"tokenValue\":\"pit_1\",\"x",
                "{\"runId\":\"r\",\"tokenValue\":\"…\",\"x",
            ),
            (
                "{\\\"token_value\\\": \\\"pit_1\\\"}",
                "{\\\"token_value\\\": \\\"…\"}",
            ),
            ("api-key=abc&x=1", "api-key=…&x=1"),
            ("X-API-Key = 'abc', and more", "X-API-Key = '…', and more"),
            ("Set-Cookie: session=abc; Path=/", "Set-Cookie: …"),
            ("sent Bearer pit_5f1e0c7a to it", "sent Bearer … to it"),
            ("the db_password: hunter2", "the db_password: …"),
        ] {
            assert_eq!(redact(text), expected);
        }
        for text in [
            "check the API key",
            "Bearer authentication failed",
            "Basic Authentication is required.",
            "the secret is missing",
            "max_tokens: 5, token: x",
            "Authorization:",
            "cookie",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
