//! Parses the beginning of a JSON text.

use memchr::memchr2;
use serde_json::{Map, Value};

/// The maximum number of containers that contain each other. `serde_json` has the same limit.
const MAX_DEPTH: usize = 127;

/// The maximum number of values. The memory of a value is up to 50 times that of its text.
const MAX_VALUES: usize = 1 << 18;

/// A JSON value that is parsed as its text arrives. The time per fragment is that of its length.
///
/// The value so far contains strings that are not complete. It does not contain numbers, literals and names of
/// properties that are not complete, because the rest may change them.
#[derive(Debug, Default)]
pub(super) struct PartialJson {
    value: Option<Value>,
    /// The way from the root to the container or string that is open.
    path: Vec<Step>,
    state: State,
    /// The text of a token that is not complete: a name, a number or a literal.
    token: String,
    /// The escape sequence that is not complete, without its backslash: `u` and up to four digits.
    escape: String,
    /// The first half of a character in two escape sequences.
    surrogate: Option<u16>,
    values: usize,
    has_changed: bool,
}

/// The child of a container that is open: the last item of a list, or a property.
#[derive(Debug)]
enum Step {
    Item,
    Property(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Before a value.
    #[default]
    Value,
    /// Before the first item of a list, or its end.
    FirstItem,
    /// Before the first name of an object, or its end.
    FirstName,
    /// Before a name.
    Name,
    /// In the string of a name, whose text is the token.
    InName,
    /// After a name.
    Colon,
    /// In a string that is a value.
    InString,
    /// In an escape sequence of a name or a value.
    Escape { in_name: bool },
    /// In a number or a literal, whose text is the token.
    InScalar,
    /// After a value in a container.
    AfterValue,
    /// After the root.
    Done,
}

/// The text is not JSON, or has too many values. No more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault;

impl PartialJson {
    /// Returns the value so far, or `None` before it begins.
    pub(super) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Reads the next fragment of the text, and returns whether the value has changed.
    pub(super) fn push(&mut self, mut text: &str) -> Result<bool, Fault> {
        self.has_changed = false;
        while let Some(first) = text.chars().next() {
            let length = match self.state {
                State::InString | State::InName => self.push_string(text)?,
                State::Escape { in_name } => self.push_escape(first, in_name)?,
                State::InScalar => self.push_scalar(text)?,
                _ if matches!(first, ' ' | '\t' | '\n' | '\r') => 1,
                _ => {
                    self.push_structure(first)?;
                    // The first character of a number or a literal is a part of it.
                    usize::from(self.state != State::InScalar) * first.len_utf8()
                }
            };
            text = text.get(length..).ok_or(Fault)?;
        }
        Ok(self.has_changed)
    }

    /// Reads a character outside strings, numbers and literals.
    fn push_structure(&mut self, next: char) -> Result<(), Fault> {
        let is_start = matches!(self.state, State::Value | State::FirstItem);
        match (self.state, next) {
            (State::FirstItem, ']') | (State::FirstName, '}') => self.close(),
            (State::FirstName | State::Name, '"') => self.state = State::InName,
            (State::Colon, ':') => self.state = State::Value,
            (_, '"') if is_start => {
                self.add(Value::String(String::new()))?;
                self.state = State::InString;
            }
            (_, '[') if is_start => {
                self.add(Value::Array(Vec::new()))?;
                self.path.push(Step::Item);
                self.state = State::FirstItem;
            }
            (_, '{') if is_start => {
                self.add(Value::Object(Map::new()))?;
                self.path.push(Step::Property(String::new()));
                self.state = State::FirstName;
            }
            (_, '-' | '0'..='9' | 't' | 'f' | 'n') if is_start => self.state = State::InScalar,
            (State::AfterValue, ',') => {
                self.state = match self.path.last() {
                    Some(Step::Property(_)) => State::Name,
                    _ => State::Value,
                };
            }
            (State::AfterValue, ']') if matches!(self.path.last(), Some(Step::Item)) => {
                self.close()
            }
            (State::AfterValue, '}') if matches!(self.path.last(), Some(Step::Property(_))) => {
                self.close();
            }
            _ => return Err(Fault),
        }
        if self.path.len() > MAX_DEPTH {
            return Err(Fault);
        }
        Ok(())
    }

    /// Reads a part of a string or of a name, and returns its length.
    fn push_string(&mut self, text: &str) -> Result<usize, Fault> {
        let end = memchr2(b'"', b'\\', text.as_bytes());
        let run = &text[..end.unwrap_or(text.len())];
        if self.surrogate.is_some() && (!run.is_empty() || text.starts_with('"')) {
            return Err(Fault);
        }
        if run.bytes().any(|byte| byte < 0x20) {
            return Err(Fault);
        }
        let in_name = self.state == State::InName;
        self.push_text(run, in_name);
        let Some(end) = end else {
            return Ok(run.len());
        };
        if text.as_bytes()[end] == b'\\' {
            self.state = State::Escape { in_name };
        } else if in_name {
            let name = std::mem::take(&mut self.token);
            if let Some(step) = self.path.last_mut() {
                *step = Step::Property(name);
            }
            self.state = State::Colon;
        } else {
            self.end_value();
        }
        Ok(end + 1)
    }

    /// Reads a character of an escape sequence, and returns its length.
    fn push_escape(&mut self, next: char, in_name: bool) -> Result<usize, Fault> {
        let decoded = match (self.escape.is_empty(), next) {
            (true, 'u') => {
                self.escape.push(next);
                return Ok(1);
            }
            (true, '"' | '\\' | '/') => next,
            (true, 'b') => '\u{8}',
            (true, 'f') => '\u{c}',
            (true, 'n') => '\n',
            (true, 'r') => '\r',
            (true, 't') => '\t',
            (false, '0'..='9' | 'a'..='f' | 'A'..='F') => {
                self.escape.push(next);
                if self.escape.len() < "u0000".len() {
                    return Ok(1);
                }
                let unit = u16::from_str_radix(&self.escape[1..], 16).map_err(|_| Fault)?;
                self.escape.clear();
                self.state = string_state(in_name);
                match (self.surrogate.take(), unit) {
                    (None, 0xD800..=0xDBFF) => {
                        self.surrogate = Some(unit);
                        return Ok(1);
                    }
                    (Some(first), second) => char::decode_utf16([first, second])
                        .next()
                        .and_then(Result::ok)
                        .ok_or(Fault)?,
                    (None, unit) => char::from_u32(unit.into()).ok_or(Fault)?,
                }
            }
            _ => return Err(Fault),
        };
        if self.surrogate.is_some() {
            return Err(Fault);
        }
        self.state = string_state(in_name);
        self.push_text(decoded.encode_utf8(&mut [0; 4]), in_name);
        Ok(1)
    }

    /// Appends decoded text to the string or the name that is open.
    fn push_text(&mut self, text: &str, in_name: bool) {
        if text.is_empty() {
        } else if in_name {
            self.token.push_str(text);
        } else if let Some(Value::String(string)) = self.open() {
            string.push_str(text);
            self.has_changed = true;
        }
    }

    /// Reads a part of a number or a literal, and returns its length. It ends at another character.
    fn push_scalar(&mut self, text: &str) -> Result<usize, Fault> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let end = text.find(|c| !is_part(c));
        self.token.push_str(&text[..end.unwrap_or(text.len())]);
        let is_literal = matches!(self.token.as_str(), "true" | "false" | "null");
        if end.is_some() || is_literal {
            let value = serde_json::from_str(&self.token).map_err(|_| Fault)?;
            self.token.clear();
            self.add(value)?;
            self.end_value();
        }
        Ok(end.unwrap_or(text.len()))
    }

    /// Adds a value to the container that is open.
    fn add(&mut self, value: Value) -> Result<(), Fault> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(Fault);
        }
        self.has_changed = true;
        let Some((last, path)) = self.path.split_last() else {
            self.value = Some(value);
            return Ok(());
        };
        match (descend(&mut self.value, path), last) {
            (Some(Value::Array(items)), Step::Item) => items.push(value),
            (Some(Value::Object(object)), Step::Property(name)) => {
                object.insert(name.clone(), value);
            }
            _ => return Err(Fault),
        }
        Ok(())
    }

    /// Returns the value that is open.
    fn open(&mut self) -> Option<&mut Value> {
        descend(&mut self.value, &self.path)
    }

    /// Ends a list or an object.
    fn close(&mut self) {
        self.path.pop();
        self.end_value();
    }

    fn end_value(&mut self) {
        self.state = if self.path.is_empty() {
            State::Done
        } else {
            State::AfterValue
        };
    }
}

/// Follows a path from the root.
fn descend<'a>(root: &'a mut Option<Value>, path: &[Step]) -> Option<&'a mut Value> {
    let mut value = root.as_mut()?;
    for step in path {
        value = match (value, step) {
            (Value::Array(items), Step::Item) => items.last_mut()?,
            (Value::Object(object), Step::Property(name)) => object.get_mut(name)?,
            _ => return None,
        };
    }
    Some(value)
}

fn string_state(in_name: bool) -> State {
    if in_name {
        State::InName
    } else {
        State::InString
    }
}

#[cfg(test)]
mod tests;
