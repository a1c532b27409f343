//! Text to document and back.

use serde_json::Value;

/// A text that is no document.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct DocumentError {
    /// The name that the caller gave the text, usually its file.
    pub name: String,
    /// What is wrong, with line and column where they are known.
    pub reason: String,
}

/// Reads a YAML or JSON document and keeps the order of its keys.
///
/// `name` stands in errors. Control characters, which no document may hold and some do, are read as
/// spaces. The YAML reader bounds depth, aliases and size, so hostile text gives
/// an error and not an exhausted machine.
///
/// # Errors
/// If the text is neither, or if it is not one object.
pub fn parse(name: &str, text: &str) -> Result<Value, DocumentError> {
    let error = |reason: String| DocumentError {
        name: name.to_owned(),
        reason,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Neither format allows these, and texts that went through several programs have them.
    let is_stray = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let cleaned = text.contains(is_stray).then(|| text.replace(is_stray, " "));
    let text = cleaned.as_deref().unwrap_or(text);
    let value: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|e| error(format!("not valid JSON: {e}")))?
    } else {
        // YAML 1.2, as OpenAPI asks: `no` and `off` are words, `012` is no octal number.
        let options = serde_saphyr::options! {
            strict_booleans: true,
            legacy_octal_numbers: false,
            // Documents of thousands of operations share their parameters by aliases.
            budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false },
        };
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|e| error(format!("not valid YAML: {}", e.without_snippet())))?
    };
    if value.is_object() {
        Ok(value)
    } else {
        let start: String = text.trim().chars().take(40).collect();
        Err(error(format!(
            "not an OpenAPI or Overlay document: it begins with {start:?}"
        )))
    }
}

/// Writes a document as YAML.
///
/// # Errors
/// If the value holds what YAML cannot say; no document does.
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
    fn yaml_and_json_keep_their_order() {
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
    fn words_that_were_booleans_once_are_words() {
        let value = parse("a.yml", "a: [n, y, on, off, NO, yes, true]\n").unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"a":["n","y","on","off","NO","yes",true]}"#
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = parse("a.yml", "a: 1\nb: [1,\nc: 2\n")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("a.yml: not valid YAML"), "{error}");
        assert!(error.contains("line"), "{error}");
        let error = parse("a.json", "{\"a\": 1,\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        let error = parse("page.html", "<!DOCTYPE html>\n<html>")
            .unwrap_err()
            .to_string();
        assert!(error.contains("<!DOCTYPE html>"), "{error}");
        assert!(parse("empty.yml", "").is_err());
    }

    #[test]
    fn alias_bombs_and_depth_are_refused() {
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
