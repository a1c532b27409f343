//! Limits the JSON values of one event, which is parsed without yielding to other tasks.

use memchr::{memchr_iter, memchr2};

/// The maximum number of values in an event. Values, not bytes, determine the time and memory of parsing: a string of
/// 8 MiB takes a few milliseconds, but 8 MiB of empty objects take more than a second.
pub(super) const MAX_VALUES: usize = 65_536;

/// Returns whether a JSON text has too many values. Counts the commas outside strings, of which there is one for each
/// value except the first of each list and object, and compares their number with [`MAX_VALUES`].
pub(super) fn has_too_many_values(json: &str) -> bool {
    // Each counted value takes at least two bytes: a comma and the value.
    if json.len() < 2 * MAX_VALUES {
        return false;
    }
    let mut rest = json.as_bytes();
    let mut values = 0;
    while let Some(at) = memchr2(b',', b'"', rest) {
        if rest[at] == b',' {
            values += 1;
            if values > MAX_VALUES {
                return true;
            }
            rest = &rest[at + 1..];
        } else {
            rest = &rest[at + 1..];
            rest = &rest[string_length(rest)..];
        }
    }
    false
}

/// Returns the length of the rest of a string, including the closing quotation mark.
fn string_length(rest: &[u8]) -> usize {
    for at in memchr_iter(b'"', rest) {
        let backslashes = rest[..at].iter().rev().take_while(|byte| **byte == b'\\');
        // An escaped backslash does not escape the quotation mark.
        if backslashes.count() % 2 == 0 {
            return at + 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_outside_strings_are_counted() {
        let most = format!("[0{}]", ",0".repeat(MAX_VALUES));
        assert!(!has_too_many_values(&most));
        assert!(has_too_many_values(&format!(
            "[0{}]",
            ",0".repeat(MAX_VALUES + 1)
        )));
        let escaped = "\\\",".repeat(MAX_VALUES);
        let text = format!("{{\"a\":\"{escaped}{}\\\\\"}}", ",".repeat(MAX_VALUES * 2));
        assert!(!has_too_many_values(&text));
        let beside = format!("[{text}{}]", ",{}".repeat(MAX_VALUES + 1));
        assert!(has_too_many_values(&beside));
    }
}
