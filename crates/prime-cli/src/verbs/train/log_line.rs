//! Lines of a log, as the official client shows them.

use serde_json::{Map, Value};

use crate::output::{Style, printable};

/// Formats a line for people: the time, the level and the message of a JSON record. Returns `None` for lines that only
/// report progress. Source: `clean_logs` in `commands/rl.py` of the official client.
pub(super) fn formatted(line: &str, style: Style) -> Option<String> {
    let line = without_escapes(line);
    let line = line.trim_end();
    if line.trim().is_empty() || is_progress_bar(line) {
        return None;
    }
    match record(line) {
        Some((fields, _)) if fields.get("type").is_some_and(|kind| kind == "progress") => None,
        Some((fields, prefixes)) => match show(fields, prefixes, style) {
            Some(text) => Some(text),
            None => Some(line.to_owned()),
        },
        None => Some(line.to_owned()),
    }
}

/// Removes escape sequences and control characters.
fn without_escapes(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            text.push(c);
            continue;
        }
        if chars.clone().next() == Some('[') {
            // Parameters, and then a letter.
            chars.next();
            let _ = chars.by_ref().find(|c| ('@'..='~').contains(c));
        } else {
            chars.next();
        }
    }
    printable(&text, true)
}

/// Returns whether a line is the bar of an unfinished step.
fn is_progress_bar(line: &str) -> bool {
    const BAR: &str = "█▏▎▍▌▋▊▉ ";
    let has_bar = line.match_indices('|').any(|(start, _)| {
        let rest = &line[start + 1..];
        rest.find('|').is_some_and(|end| {
            rest[..end].chars().count() >= 10 && rest[..end].chars().all(|c| BAR.contains(c))
        })
    });
    let has_percent = line
        .match_indices("%|")
        .any(|(at, _)| line[..at].ends_with(|c: char| c.is_ascii_digit()));
    (has_bar || has_percent) && !line.contains("100%")
}

/// Reads a JSON record, and the prefixes that processes put before it.
fn record(line: &str) -> Option<(Map<String, Value>, Vec<String>)> {
    let mut rest = line.trim();
    let mut prefixes = Vec::new();
    while let Some(length) = prefix(rest) {
        let text = rest[..length].trim_end();
        prefixes.push(text.strip_suffix(':').unwrap_or(text).to_owned());
        rest = &rest[length..];
    }
    if !rest.starts_with('{') || !rest.ends_with('}') {
        return None;
    }
    Some((serde_json::from_str(rest).ok()?, prefixes))
}

/// Returns the length of a prefix with the blanks that follow it: `[adminlog]`, `[trainer0]:` or `(Worker pid=7)`.
fn prefix(text: &str) -> Option<usize> {
    let blanks = |end: usize| end + text[end..].len() - text[end..].trim_start().len();
    if let Some(rest) = text.strip_prefix('[') {
        let end = rest.find(']')? + 2;
        let name = &rest[..end - 2];
        if name == "adminlog" {
            return Some(blanks(end)).filter(|after| *after > end);
        }
        let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_rank = !letters.is_empty()
            && letters.len() < name.len()
            && letters.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        return (is_rank && text[end..].starts_with(':')).then(|| blanks(end + 1));
    }
    let rest = text.strip_prefix('(')?;
    let end = rest.find(')')? + 2;
    let (name, id) = rest[..end - 2].split_once(" pid=")?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_process = !name.is_empty()
        && name.chars().all(is_word)
        && !id.is_empty()
        && id.chars().all(|c| c.is_ascii_digit());
    Some(blanks(end)).filter(|after| is_process && *after > end)
}

/// Formats a record. Returns `None` if it has no time, level or message.
fn show(mut fields: Map<String, Value>, mut prefixes: Vec<String>, style: Style) -> Option<String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let time = fields
        .get("timestamp")?
        .as_str()
        .filter(|time| !time.is_empty())?;
    let time = time.split_once('T').map_or(time, |(_, time)| time);
    let time: String = time.chars().take(8).collect();
    let level = fields
        .get("level")?
        .as_str()
        .filter(|level| !level.is_empty())?;
    let level = level.to_uppercase();
    let message = text(fields.get("message")?.clone());
    for name in ["timestamp", "level", "message"] {
        fields.shift_remove(name);
    }
    if let Some(tag) = fields.shift_remove("tag").filter(|tag| !tag.is_null()) {
        prefixes.push(format!("[{}]", text(tag)));
    }
    let exception = fields
        .get("exception")
        .filter(|value| is_set(value))
        .cloned();
    if exception.is_some() {
        fields.shift_remove("exception");
    }
    let padded = format!("{level:>7}");
    let level = match level.as_str() {
        "WARNING" | "WARN" => style.yellow(&padded),
        "ERROR" | "CRITICAL" => style.red(&padded),
        "SUCCESS" => style.green(&padded),
        "DEBUG" => style.dim(&padded),
        _ => padded,
    };
    let mut line = format!("{} {level} ", style.dim(&time));
    if !prefixes.is_empty() {
        line.push_str(&format!("{} ", style.dim(&prefixes.join(" "))));
    }
    let indented = |text: &str| text.replace('\n', "\n    ");
    line.push_str(&indented(&message));
    if !fields.is_empty() {
        let json = Value::Object(fields).to_string();
        line.push_str(&format!("\n    {}", style.dim(&json)));
    }
    if let Some(exception) = exception {
        line.push_str(&format!("\n    {}", indented(&text(exception))));
    }
    Some(line)
}

/// Returns whether a value is true in Python.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_shown_with_time_level_and_message() {
        let plain = Style::new(false);
        for (line, expected) in [
            (
                r#"{"timestamp": "2026-01-02T03:04:05.6Z", "level": "info", "message": "Step 1"}"#,
                Some("03:04:05    INFO Step 1"),
            ),
            (
                r#"[adminlog] [trainer0]: {"timestamp": "03:04:05", "level": "ERROR", "message": {"a": 1}, "tag": "x", "file": "a.py", "exception": "E\nF"}"#,
                Some(
                    "03:04:05   ERROR [adminlog] [trainer0] [x] {\"a\":1}\n    {\"file\":\"a.py\"}\n    E\n    F",
                ),
            ),
            (
                r#"(Worker pid=7) {"timestamp": "1", "level": "INFO", "message": "m"}"#,
                Some("1    INFO (Worker pid=7) m"),
            ),
            (
                r#"{"type": "progress", "timestamp": "1", "level": "INFO", "message": "m"}"#,
                None,
            ),
            (r#"{"level": "INFO"}"#, Some(r#"{"level": "INFO"}"#)),
            ("\x1b[31mred\x1b[0m text", Some("red text")),
            ("Loading:  40%|████      | 2/5", None),
            (
                "Loading: 100%|██████████| 5/5",
                Some("Loading: 100%|██████████| 5/5"),
            ),
            ("  ", None),
        ] {
            assert_eq!(formatted(line, plain).as_deref(), expected, "{line}");
        }
    }
}
