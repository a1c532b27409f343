//! Redacts secrets from text.
//!
//! These secrets are redacted:
//! - known secrets of at least three bytes, wherever they appear: the API key, the values of headers that the user set,
//!   and the values of request fields that the specification marks as secret;
//! - the values of fields and headers that the specification marks as secret, or whose name says so, such as
//!   `Authorization`. They are found in JSON and in other text, such as an HTML page that echoes the request headers;
//! - credentials that follow an authentication scheme, such as `Bearer`.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Value;

use crate::context::CallContext;
use crate::operation::Operation;
use crate::secret::Secret;

/// The text that replaces a secret.
const REDACTED: &str = "…";

/// The maximum length of a text in a message, in characters.
const MAX_CHARS: usize = 300;

/// The maximum number of bytes that are searched. The rest of the text is dropped.
const MAX_SEARCHED_BYTES: usize = 64 << 10;

/// The minimum length of a secret that is searched for, in bytes. Shorter ones would match ordinary words.
const MIN_SECRET_LEN: usize = 3;

/// Redacts the secrets of one call.
#[derive(Default)]
pub(crate) struct Redactor {
    /// Secrets of every call, such as the API key.
    secrets: Arc<[Secret]>,
    context: CallContext,
    /// The request body. `request_fields` names its secret fields.
    body: Option<Bytes>,
    request_fields: &'static [&'static str],
    response_fields: &'static [&'static str],
    /// All known secrets, longest first. Collected on first use.
    values: OnceLock<Vec<String>>,
}

impl Redactor {
    pub(crate) fn new(
        secrets: Arc<[Secret]>,
        context: CallContext,
        body: Option<Bytes>,
        operation: &Operation,
    ) -> Self {
        Self {
            secrets,
            context,
            body,
            request_fields: operation.request_secrets,
            response_fields: operation.response_secrets,
            values: OnceLock::new(),
        }
    }

    /// Returns a redactor without known secrets, for responses that do not come from a call.
    pub(crate) fn none() -> &'static Self {
        static NONE: OnceLock<Redactor> = OnceLock::new();
        NONE.get_or_init(Self::default)
    }

    #[cfg(test)]
    pub(crate) fn of_secrets(secrets: &[&str]) -> Self {
        Self {
            secrets: secrets.iter().copied().map(Secret::from).collect(),
            ..Self::default()
        }
    }

    /// Redacts secrets from a text.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_long = text.len() > MAX_SEARCHED_BYTES;
        let searched = if is_long {
            truncate(text, MAX_SEARCHED_BYTES)
        } else {
            text
        };
        // Known values first: the search for fields may cut a value in two.
        let mut redacted = Cow::Borrowed(searched);
        for value in self.values() {
            if redacted.contains(value.as_str()) {
                redacted = redacted.replace(value.as_str(), REDACTED).into();
            }
        }
        if let Cow::Owned(text) = self.redact_text_fields(&redacted) {
            redacted = text.into();
        }
        if is_long {
            // The text may have been cut inside a secret, so the end is removed.
            let longest = self.values().first().map_or(0, String::len);
            let kept = truncate(
                &redacted,
                redacted
                    .len()
                    .saturating_sub(longest.min(MAX_SEARCHED_BYTES)),
            );
            return format!("{kept}{REDACTED}").into();
        }
        redacted
    }

    /// Redacts secrets from a text, and returns it as one line; see [`one_line`].
    pub(crate) fn redact_line(&self, text: &str) -> String {
        let redacted = self.redact(text);
        if !redacted.contains(is_invisible) {
            return one_line(&redacted);
        }
        // A control character may divide a secret, which would be whole in the line.
        let visible = redacted.replace(is_invisible, "");
        one_line(&self.redact(&visible))
    }

    /// Redacts secrets from a JSON value, and returns its text.
    pub(crate) fn redact_json(&self, mut value: Value) -> String {
        self.redact_json_fields(&mut value);
        self.redact(&value.to_string()).into_owned()
    }

    fn values(&self) -> &[String] {
        self.values.get_or_init(|| {
            let mut values: Vec<String> = Vec::new();
            values.extend(self.secrets.iter().map(|secret| secret.expose().to_owned()));
            let headers = self.context.options().headers().values();
            let headers = headers.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
            values.extend(headers.map(str::to_owned));
            let body = self.body.as_deref().unwrap_or_default();
            if !self.request_fields.is_empty()
                && let Ok(body) = serde_json::from_slice(body)
            {
                collect(&body, self.request_fields, &mut values);
            }
            // Services trim what they repeat.
            for value in &mut values {
                *value = value.trim().to_owned();
            }
            // A text may also contain the JSON-escaped form of a secret.
            let escaped: Vec<String> = values.iter().filter_map(|value| escaped(value)).collect();
            values.extend(escaped);
            values.retain(|value| value.len() >= MIN_SECRET_LEN);
            values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
            values.dedup();
            values
        })
    }

    pub(crate) fn is_secret_field(&self, name: &str) -> bool {
        let fields = self.request_fields.iter().chain(self.response_fields);
        let mut fields = fields.copied();
        is_secret_name(name) || fields.any(|field| field.eq_ignore_ascii_case(name))
    }

    /// Redacts the values of secret fields, except numbers, booleans and `null`.
    fn redact_json_fields(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.redact_json_fields(item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::Null | Value::Bool(_) | Value::Number(_) => {}
                        secret if self.is_secret_field(name) => *secret = REDACTED.into(),
                        value => self.redact_json_fields(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// Redacts the values of secret fields and headers, and credentials that follow an authentication scheme.
    fn redact_text_fields<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut redacted = String::new();
        let mut copied_to = 0;
        for (start, word) in words(text) {
            if start < copied_to {
                continue;
            }
            let after = start + word.len();
            let value = if word.len() <= MAX_NAME_LEN && self.is_secret_field(word) {
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
                redacted.push_str(&text[copied_to..value.start]);
                redacted.push_str(REDACTED);
                copied_to = value.end;
            }
        }
        if copied_to == 0 {
            return Cow::Borrowed(text);
        }
        redacted.push_str(&text[copied_to..]);
        Cow::Owned(redacted)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// Returns a text as one line without control characters. A text of more than 300 characters is cut after 299, and ends
/// with `…`.
pub(crate) fn one_line(text: &str) -> String {
    let visible = text.replace(is_invisible, "");
    let mut line = String::new();
    let mut chars = 0;
    // Where a line is cut that turns out to be too long.
    let mut cut = 0;
    for word in visible.split_whitespace() {
        let space = (!line.is_empty()).then_some(' ');
        for c in space.into_iter().chain(word.chars()) {
            chars += 1;
            if chars == MAX_CHARS {
                cut = line.len();
            } else if chars > MAX_CHARS {
                line.truncate(cut);
                line.push('…');
                return line;
            }
            line.push(c);
        }
    }
    line
}

/// Returns whether a character is a control character, and not whitespace.
fn is_invisible(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
}

/// Collects the string values of the named fields.
fn collect(value: &Value, names: &[&str], values: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names, values)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if names.contains(&name.as_str()) => {
                        values.push(text.clone());
                    }
                    value => collect(value, names, values),
                }
            }
        }
        _ => {}
    }
}

/// Returns the JSON-escaped form of a text, if it differs from the text.
fn escaped(text: &str) -> Option<String> {
    let json = serde_json::to_string(text).ok()?;
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    (inner != text).then(|| inner.to_owned())
}

/// Returns the longest prefix of a text that has at most `bytes` bytes.
fn truncate(text: &str, bytes: usize) -> &str {
    let mut ends = (0..=bytes.min(text.len())).rev();
    let end = ends.find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// A header or field is secret if its name contains one of these words, whatever the specification says. The words are
/// in lower case, without `-` and `_`.
const SECRET_NAMES: [&str; 7] = [
    "authorization",
    "cookie",
    "apikey",
    "accesstoken",
    "hftoken",
    "password",
    "secret",
];

/// The maximum length of the name of a field, in bytes. Longer words are not searched for, and longer keys not shown.
pub(crate) const MAX_NAME_LEN: usize = 64;

/// HTTP authentication schemes, in lower case.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "negotiate"];

/// Returns the words of a text with their byte offsets. A word may contain `-` and `_`.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let begin = text.as_ptr() as usize;
    text.split(move |c| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - begin, word))
}

fn is_secret_name(word: &str) -> bool {
    let name: String = word
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// The maximum length of the two HTML tags between a name and its value, in bytes.
const MAX_TAGS_LEN: usize = 256;

/// Returns the position of the value that follows the name of a field, as in `: value`, `=value`, `": "value"` or
/// `</td><td>value`.
fn value_of_field(text: &str, name_end: usize) -> Option<Range<usize>> {
    let quotes = ['"', '\'', '\\', '`'];
    let after = &text[name_end..];
    let separator = after.trim_start_matches(|c: char| c.is_whitespace() || quotes.contains(&c));
    let value = match separator.strip_prefix([':', '=']) {
        Some(value) => value.trim_start(),
        None => {
            // Without this limit, the whole text could be scanned once for each name.
            let tags = truncate(separator.strip_prefix("</")?, MAX_TAGS_LEN);
            let (_, opening) = tags.split_once('>')?;
            let (_, value) = opening.trim_start().strip_prefix('<')?.split_once('>')?;
            &separator["</".len() + tags.len() - value.len()..]
        }
    };
    let unquoted = value.trim_start_matches(quotes);
    let opening = &value[..value.len() - unquoted.len()];
    let start = text.len() - unquoted.len();
    let length = match opening.chars().next_back() {
        // The value of a header may contain spaces.
        None => unquoted.find(['\r', '\n', '<', '"', '\'', ',', '}', '&']),
        Some('\\') => unquoted.find(['"', '\'', '`', '\n']),
        Some(quote) => {
            let is_escaped = opening.trim_end_matches(quote).ends_with('\\');
            quoted_length(unquoted, quote, is_escaped)
        }
    };
    let length = length.unwrap_or(unquoted.len());
    (length > 0).then(|| start..start + length)
}

/// Returns the length of a value up to its closing quotation mark or the end of the line. `is_escaped` is whether the
/// opening quotation mark follows a backslash, as in JSON within a JSON string.
fn quoted_length(value: &str, quote: char, is_escaped: bool) -> Option<usize> {
    let mut backslashes = 0;
    for (at, c) in value.char_indices() {
        match c {
            '\n' => return Some(at),
            '\\' => {
                backslashes += 1;
                continue;
            }
            c if c == quote && is_escaped && backslashes <= 1 => return Some(at - backslashes),
            c if c == quote && !is_escaped && backslashes % 2 == 0 => return Some(at),
            _ => {}
        }
        backslashes = 0;
    }
    None
}

/// Returns the position of the credentials that follow an authentication scheme. Short texts and ordinary words are not
/// credentials.
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

    fn redact(text: &str) -> Cow<'_, str> {
        static REDACTOR: OnceLock<Redactor> = OnceLock::new();
        let redactor = REDACTOR.get_or_init(|| Redactor {
            response_fields: &["tokenValue", "token_value"],
            ..Redactor::default()
        });
        redactor.redact(text)
    }

    #[test]
    fn secret_fields_and_credentials_are_redacted() {
        for (text, expected) in [
            (
                "Proxy-Authorization: Basic dXNlcjpwYXNz",
                "Proxy-Authorization: …",
            ),
            (
                "\"tokenValue\":\"ab'cd\\\"ef\", x",
                "\"tokenValue\":\"…\", x",
            ),
            (
                "{\\\"tokenValue\\\": \\\"ab\\\\\\\"cd\\\", x",
                "{\\\"tokenValue\\\": \\\"…\\\", x",
            ),
            ("tokenValue=`ab\"cd` x", "tokenValue=`…` x"),
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
                "{\\\"token_value\\\": \\\"…\\\"}",
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

    #[test]
    fn lines_contain_no_secret_and_at_most_300_characters() {
        let redactor = Redactor::of_secrets(&["pit_5f1e0c7a", "hf_abcdefgh\n"]);
        for (text, line) in [
            ("key pit_5f1e\u{7}0c7a refused", "key … refused"),
            ("key pit_5f1e0c7a\u{7} refused", "key … refused"),
            ("hf_abcdefgh is invalid", "… is invalid"),
            ("two\n lines \u{1} \u{1}", "two lines"),
        ] {
            assert_eq!(redactor.redact_line(text), line, "{text:?}");
        }
        for (text, length) in [
            ("x".repeat(300), 300),
            ("x".repeat(301), 300),
            ("x ".repeat(150), 299),
            ("x ".repeat(151), 300),
            (format!("a{}", " \u{1}".repeat(1000)), 1),
        ] {
            let line = redactor.redact_line(&text);
            assert_eq!(line.chars().count(), length, "{line}");
            assert_eq!(
                line.ends_with('…'),
                text.trim().chars().count() > 300 && length == 300,
                "{line}"
            );
        }
    }

    #[test]
    fn unfinished_tags_take_linear_time() {
        let start = std::time::Instant::now();
        let text = "\"secret</\"".repeat(6_000);
        assert_eq!(redact(&text), text);
        assert!(start.elapsed() < std::time::Duration::from_secs(2));
    }
}
