//! Replaces tokens that are invalid in JSON, such as `NaN`.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

use super::normalize::{Segment, Warnings};

/// The maximum nesting. `serde_json` rejects deeper JSON.
const MAX_DEPTH: usize = 128;

/// Replaces invalid tokens that servers are known to send. `NaN`, infinities and numbers beyond the range of `f64`
/// become `null`. Invalid UTF-8 and lone surrogates become U+FFFD. A byte order mark is removed.
pub(super) fn replace_invalid<'a>(json: &'a [u8], warnings: &mut Warnings) -> Cow<'a, str> {
    let without_mark = json.strip_prefix(b"\xef\xbb\xbf");
    if without_mark.is_some() {
        warnings.push(&[], "a byte order mark; removed");
    }
    let text = String::from_utf8_lossy(without_mark.unwrap_or(json));
    if let Cow::Owned(_) = text {
        warnings.push(&[], "invalid UTF-8; read as U+FFFD");
    }
    let mut scanner = Scanner {
        text: &text,
        path: Vec::new(),
        replaced: String::new(),
        copied: 0,
        warnings,
    };
    scanner.run();
    let Scanner {
        mut replaced,
        copied,
        ..
    } = scanner;
    if copied == 0 {
        return text;
    }
    replaced.push_str(&text[copied..]);
    replaced.into()
}

/// Scans a text once. It does not check the syntax.
struct Scanner<'t, 'w> {
    text: &'t str,
    /// The lists and objects that are open at the current position.
    path: Vec<Open>,
    /// The text up to `copied`, with its invalid tokens replaced.
    replaced: String,
    copied: usize,
    warnings: &'w mut Warnings,
}

/// An open list or object.
enum Open {
    /// The index of the current item.
    List(usize),
    /// The key of the current member, or `None` before it is read.
    Object(Option<Range<usize>>),
}

impl Scanner<'_, '_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let end = self.string(at + 1);
                    if let Some(Open::Object(key @ None)) = self.path.last_mut() {
                        *key = Some(at + 1..end - 1);
                    }
                    at = end;
                    continue;
                }
                b'{' => self.path.push(Open::Object(None)),
                b'[' => self.path.push(Open::List(0)),
                b'}' | b']' => {
                    self.path.pop();
                }
                b',' => match self.path.last_mut() {
                    Some(Open::List(index)) => *index += 1,
                    Some(Open::Object(key)) => *key = None,
                    None => {}
                },
                b'N' | b'I' | b'-' | b'0'..=b'9' => {
                    let length = number_length(&bytes[at..]);
                    if !is_finite(&self.text[at..at + length]) {
                        self.replace(at..at + length, "null", "not a finite number; read as null");
                    }
                    at += length;
                    continue;
                }
                _ => {}
            }
            if self.path.len() > MAX_DEPTH {
                return;
            }
            at += 1;
        }
    }

    /// Scans a string from after its opening quotation mark. Returns the position after the string.
    fn string(&mut self, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while let Some(found) = memchr2(b'"', b'\\', &bytes[at..]) {
            at += found;
            if bytes[at] == b'"' {
                return at + 1;
            }
            match surrogate(&bytes[at..]) {
                Some(Half::High) if matches!(surrogate(&bytes[at + 6..]), Some(Half::Low)) => {
                    at += 12
                }
                Some(_) => {
                    self.replace(at..at + 6, "\\ufffd", "a lone surrogate; read as U+FFFD");
                    at += 6;
                }
                None => at = (at + 2).min(bytes.len()),
            }
        }
        bytes.len()
    }

    fn replace(&mut self, range: Range<usize>, with: &str, reason: &str) {
        self.replaced.push_str(&self.text[self.copied..range.start]);
        self.replaced.push_str(with);
        self.copied = range.end;
        let segments = self.path.iter().map(|open| match open {
            Open::List(index) => Segment::Index(*index),
            Open::Object(key) => Segment::Key(&self.text[key.clone().unwrap_or(0..0)]),
        });
        self.warnings.push(&segments.collect::<Vec<_>>(), reason);
    }
}

/// Returns the length of the number or word at the start of `bytes`. Its first byte is part of a number.
fn number_length(bytes: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    bytes
        .iter()
        .position(|byte| !is_part(byte))
        .unwrap_or(bytes.len())
}

/// Returns whether a number is in the range of `f64`. `NaN` and `Infinity` are numbers in Python's JSON.
fn is_finite(number: &str) -> bool {
    match number.trim_start_matches('-') {
        "NaN" | "Infinity" => false,
        // Shorter numbers without an exponent are in range.
        number if number.len() < 300 && !number.contains(['e', 'E']) => true,
        number => number.parse().is_ok_and(f64::is_finite),
    }
}

/// Half of a character that UTF-16 encodes as two units.
enum Half {
    High,
    Low,
}

/// Returns which half of a surrogate pair the escape sequence at the start of `bytes` stands for, if any.
fn surrogate(bytes: &[u8]) -> Option<Half> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}
