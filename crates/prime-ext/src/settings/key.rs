//! Cleans API keys.

use openapi_runtime::Secret;

/// The maximum length of an API key, in bytes.
const MAX_KEY: usize = 4096;

/// Quotation marks, in pairs.
const QUOTES: [(char, char); 5] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
];

/// Removes what is often copied together with a key: whitespace, invisible characters, quotation marks and `Bearer`.
/// The error is the reason why the rest is not a key. The reason does not show any part of the text.
pub(crate) fn clean(text: &str) -> Result<Secret, String> {
    let mut key = text.trim_matches(is_blank);
    while let Some(rest) = unquoted(key).or_else(|| without_scheme(key)) {
        key = rest.trim_matches(is_blank);
    }
    if key.len() > MAX_KEY {
        return Err(format!("it has more than {MAX_KEY} bytes"));
    }
    if key.is_empty() && !text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    let is_quote = |c: char| {
        QUOTES
            .iter()
            .any(|(open, close)| [*open, *close].contains(&c))
    };
    let reason = match key.chars().find(|c| !c.is_ascii_graphic() || is_quote(*c)) {
        None => return Ok(key.into()),
        Some(c) if is_quote(c) => "it contains a quotation mark",
        Some(c) if c.is_whitespace() => "it contains whitespace",
        Some(c) if is_blank(c) || c.is_control() => "it contains an invisible character",
        Some(_) => "it contains a character that is not ASCII",
    };
    Err(format!("{reason}; copy the key whole and alone"))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn unquoted(key: &str) -> Option<&str> {
    QUOTES
        .iter()
        .find_map(|(open, close)| key.strip_prefix(*open)?.strip_suffix(*close))
}

fn without_scheme(key: &str) -> Option<&str> {
    let (scheme, rest) = key.split_once(is_blank)?;
    scheme.eq_ignore_ascii_case("bearer").then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_along_with_a_key_is_removed() {
        for text in [
            " pit_1\r\n",
            "\"pit_1\"",
            "'pit_1'",
            "`pit_1`",
            "\u{201c}pit_1\u{201d}",
            "\u{a0}pit_1\u{a0}",
            "\u{200b}pit_1\u{200b}",
            "\u{feff}pit_1",
            "\u{2060} pit_1\u{200d}",
            "Bearer pit_1",
            "bearer\u{a0}pit_1",
            "\u{feff}\" BEARER 'pit_1' \"\n",
        ] {
            let key = clean(text).map(|key| key.expose().to_owned());
            assert_eq!(key.as_deref(), Ok("pit_1"), "{text:?}");
        }
        assert!(clean(" \n").is_ok_and(|key| key.expose().is_empty()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (text, reason) in [
            ("\"pit_1", "quotation mark"),
            ("pit_1'", "quotation mark"),
            ("\u{201d}pit_1\u{201c}", "quotation mark"),
            ("pit_1 # mine", "whitespace"),
            ("pit\u{a0}1", "whitespace"),
            ("pit_1\npit_1", "whitespace"),
            ("Authorization: Bearer pit_1", "whitespace"),
            ("pit_\u{200b}1", "invisible"),
            ("pit_\u{7}1", "invisible"),
            ("pit_\u{2026}", "not ASCII"),
            ("\"\"", "empty"),
            ("\u{feff}", "empty"),
            (&"pit_1".repeat(1000), "more than 4096 bytes"),
        ] {
            let refused = clean(text).err().unwrap_or_default();
            assert!(refused.contains(reason), "{text:?}: {refused}");
            assert!(!refused.contains("pit"), "{text:?}: {refused}");
        }
    }
}
