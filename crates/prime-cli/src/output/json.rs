//! Indented JSON.

/// Indents JSON by two spaces per level. Names, order and digits are kept, which a `serde_json::Value` would not do.
/// The text must be valid JSON.
pub(crate) fn indent(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut in_string, mut is_escaped) = (false, false);
    // Whether an object or a list was opened and has no content yet.
    let mut is_empty = false;
    let new_line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    for c in json.chars() {
        if in_string {
            text.push(c);
            in_string = c != '"' || is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, '}' | ']');
        depth = depth.saturating_sub(usize::from(closes));
        if closes != is_empty {
            new_line(&mut text, depth);
        }
        is_empty = false;
        text.push(c);
        match c {
            '"' => in_string = true,
            '{' | '[' => (depth, is_empty) = (depth + 1, true),
            ',' => new_line(&mut text, depth),
            ':' => text.push(' '),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::indent;

    #[test]
    fn json_is_indented_like_serde_json_does() {
        let json = r#" {"b": [1, {"x": "a,\"{:" }, [], {}], "a": {"d":null,"e":[[ ]] } } "#;
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(indent(json), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(indent("0.10"), "0.10");
        assert_eq!(indent(r#""\\""#), r#""\\""#);
        assert_eq!(indent(r#"["\\",1]"#), "[\n  \"\\\\\",\n  1\n]");
    }
}
