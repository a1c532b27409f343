//! A JSON value that preserves the digits of numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The number as written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim();
        match text.as_bytes()[0] {
            b'n' => Self::Null,
            b't' | b'f' => Self::Bool(text == "true"),
            b'"' => Self::Text(serde_json::from_str(text).unwrap()),
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
                Self::List(items.iter().map(|item| Self::read(item.get())).collect())
            }
            b'{' => {
                let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
                let fields = fields.into_iter().map(|(k, v)| (k, Self::read(v.get())));
                Self::Object(fields.collect())
            }
            _ => Self::Number(text.to_owned()),
        }
    }

    /// Formats the value. With `escaped`, all characters of strings are escaped.
    pub(crate) fn write(&self, escaped: bool) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) => text.clone(),
            Self::Text(text) => quoted(text, escaped),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.write(escaped)).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(k, v)| format!("{}: {}", quoted(k, escaped), v.write(escaped)))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let field = self.fields().iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value)
    }

    pub(crate) fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    /// Sets the value at a path, or removes it if `value` is `None`.
    pub(crate) fn put(&mut self, path: &[Step], value: Option<Self>) {
        match (self, path) {
            (Self::List(items), [Step::Item(index), rest @ ..]) if !rest.is_empty() => {
                items[*index].put(rest, value);
            }
            (Self::List(items), [Step::Item(index)]) => items[*index] = value.unwrap(),
            (Self::Object(fields), [Step::Field(name), rest @ ..]) => {
                let index = fields.iter().position(|(key, _)| key == name);
                match (index, value) {
                    (Some(index), value) if !rest.is_empty() => fields[index].1.put(rest, value),
                    (Some(index), Some(value)) => fields[index].1 = value,
                    (Some(index), None) => drop(fields.remove(index)),
                    (None, Some(value)) if rest.is_empty() => fields.push((name.clone(), value)),
                    (None, _) => panic!("no field {name}"),
                }
            }
            (this, []) => *this = value.unwrap(),
            (this, path) => panic!("no {path:?} in {this:?}"),
        }
    }
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Field(String),
    Item(usize),
}

fn quoted(text: &str, escaped: bool) -> String {
    if !escaped {
        return serde_json::to_string(text).unwrap();
    }
    let mut quoted = String::from("\"");
    for unit in text.encode_utf16() {
        write!(quoted, "\\u{unit:04X}").unwrap();
    }
    quoted + "\""
}
