//! Parses and prints documents.

use std::borrow::Cow;

use serde_json::Value;

/// A text that cannot be parsed as a document.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct DocumentError {
    /// The name of the text, usually its file.
    pub name: String,
    /// The reason, with line and column if known.
    pub reason: String,
}

/// Parses a YAML or JSON document and preserves the order of its keys.
///
/// `name` is used in errors. Control characters are invalid, but some documents contain them. They are replaced with
/// spaces. The YAML parser limits depth, aliases and size, so that hostile input cannot exhaust memory.
///
/// # Errors
/// Returns an error if the text is neither YAML nor JSON, or if it is not an object.
pub fn parse(name: &str, text: &str) -> Result<Value, DocumentError> {
    let error = |reason: String| DocumentError {
        name: name.to_owned(),
        reason,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Neither format allows control characters, but they occur in practice.
    let is_stray = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let cleaned = text.contains(is_stray).then(|| text.replace(is_stray, " "));
    let text = cleaned.as_deref().unwrap_or(text);
    let value: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|e| error(format!("not valid JSON: {e}")))?
    } else {
        parse_yaml(text).map_err(|e| error(format!("not valid YAML: {}", e.without_snippet())))?
    };
    // The text is not shown: a file that is passed by mistake can contain secrets.
    let found = match &value {
        Value::Object(_) => return Ok(value),
        Value::Null => "it is empty",
        Value::Array(_) => "it is a list",
        Value::String(text) if text.trim_start().starts_with('<') => "it is HTML or XML",
        _ => "it is plain text",
    };
    Err(error(format!(
        "not an OpenAPI or Overlay document: {found}"
    )))
}

/// The number of bytes that [`parse_yaml`] parses again after corrections: it takes a few seconds at most.
const MAX_PARSED_AGAIN: usize = 32 << 20;

/// Parses YAML 1.2, as OpenAPI requires: `no` and `off` are strings, and `012` is not octal. Corrects what other parsers
/// accept.
fn parse_yaml(text: &str) -> Result<Value, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        legacy_octal_numbers: false,
        // Documents with thousands of operations share parameters through aliases.
        budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false },
    };
    let mut text = Cow::Borrowed(text);
    let mut parsed_again = 0;
    loop {
        let error = match serde_saphyr::from_str_with_options(&text, options.clone()) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        match corrected(&text, &error).filter(|_| parsed_again <= MAX_PARSED_AGAIN) {
            Some(corrected) => text = Cow::Owned(corrected),
            None => return Err(error),
        }
        parsed_again += text.len();
    }
}

/// Returns the text without an error of a kind that other parsers accept.
fn corrected(text: &str, error: &serde_saphyr::Error) -> Option<String> {
    use serde_saphyr::Error::{ExternalMessage, NonFiniteFloat};
    match error.without_snippet() {
        // Lines of a quoted text must be indented more than its key. White space before them is not part of the text.
        ExternalMessage { msg, location, .. }
            if msg == "invalid indentation in multiline quoted scalar" =>
        {
            let line_breaks = usize::try_from(location.line()).ok()?.checked_sub(1)?;
            let (end, _) = text.match_indices('\n').nth(line_breaks.checked_sub(1)?)?;
            let (before, after) = text.split_at_checked(end + 1)?;
            Some(format!("{before}{:100}{after}", ""))
        }
        // Text such as `6e27371700` is a number that is too large for any type.
        NonFiniteFloat { value, location } if value.starts_with(|c: char| c.is_ascii_digit()) => {
            let start = usize::try_from(location.span().byte_offset()?).ok()?;
            let (before, after) = text.split_at_checked(start)?;
            let after = after.strip_prefix(value.as_str())?;
            Some(format!("{before}'{value}'{after}"))
        }
        _ => None,
    }
}

/// Formats a document as YAML.
///
/// # Errors
/// Returns an error if the value cannot be expressed in YAML, which does not happen for documents.
pub fn to_yaml(document: &Value) -> Result<String, DocumentError> {
    serde_saphyr::to_string(document).map_err(|e| DocumentError {
        name: "document".to_owned(),
        reason: e.to_string(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rejects_other_files_without_showing_their_text() {
        for (text, found) in [
            ("", "it is empty"),
            ("- sk-secret", "it is a list"),
            ("<html>\n<body>sk-secret</body></html>", "it is HTML or XML"),
            ("KEY=sk-secret", "it is plain text"),
        ] {
            let error = parse(".env", text).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(".env: not an OpenAPI or Overlay document: {found}")
            );
        }
    }

    #[test]
    fn preserves_key_order_of_yaml_and_json() {
        let yaml = parse("a.yml", "b: 1\na: {z: 1, y: '2'}\n").unwrap();
        let json = parse("a.json", r#"{"b": 1, "a": {"z": 1, "y": "2"}}"#).unwrap();
        assert_eq!(yaml, json);
        assert_eq!(yaml.to_string(), r#"{"b":1,"a":{"z":1,"y":"2"}}"#);
    }

    #[test]
    fn numeric_keys_become_strings() {
        let value = parse("a.yml", "responses:\n  200: ok\n").unwrap();
        assert_eq!(value["responses"]["200"], "ok");
    }

    #[test]
    fn yaml_1_1_booleans_are_strings() {
        let value = parse("a.yml", "a: [n, y, on, off, NO, yes, true]\n").unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"a":["n","y","on","off","NO","yes",true]}"#
        );
    }

    #[test]
    fn errors_contain_file_and_line() {
        let error = parse("a.yml", "a: 1\nb: [1,\nc: 2\n")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("a.yml: not valid YAML"), "{error}");
        assert!(error.contains("line"), "{error}");
        let error = parse("a.json", "{\"a\": 1,\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn reads_quoted_text_that_is_indented_too_little() {
        let text = "a:\n  b: \"one\n  two\n\n  three\\\n  four\"\n  c: 'x\n  y'\n";
        let value = parse("a.yml", text).unwrap();
        assert_eq!(value["a"]["b"], "one two\nthreefour");
        assert_eq!(value["a"]["c"], "x y");
        let windows = parse("a.yml", &text.replace('\n', "\r\n")).unwrap();
        assert_eq!(windows, value);
        // Text without a closing quotation mark is an error of its own.
        let error = parse("a.yml", "a:\n  b: \"one\n  c: two\n").unwrap_err();
        assert!(error.reason.contains("not valid YAML"), "{error}");
    }

    #[test]
    fn reads_numbers_that_are_too_large_as_text() {
        let text = "é: [6e27371700, 1e3]\nb: {6e999: &c 7e999, d: *c}\n";
        let value = parse("a.yml", text).unwrap();
        let expected = r#"{"é":["6e27371700",1000.0],"b":{"6e999":"7e999","d":"7e999"}}"#;
        assert_eq!(value.to_string(), expected);
        assert!(parse("a.yml", "a: -.inf").is_err());
    }

    #[test]
    fn rejects_alias_bombs_and_deep_nesting() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let previous = format!("*a{}", i - 1);
            bomb.push_str(&format!(
                "a{i}: &a{i} [{}]\n",
                vec![previous; 10].join(", ")
            ));
        }
        assert!(parse("bomb.yml", &bomb).is_err());
        assert!(parse("deep.yml", &"[".repeat(20_000)).is_err());
        assert!(parse("deep.json", &format!("{{\"a\":{}", "[".repeat(20_000))).is_err());
    }
}
