//! Lists the differences between two documents.

use std::fmt;

use serde_json::Value;

use crate::Pointer;

/// A difference between two documents.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// An added value.
    Added {
        /// The location.
        place: Pointer,
        /// The new value.
        new: Value,
    },
    /// A removed value.
    Removed {
        /// The location.
        place: Pointer,
        /// The old value.
        old: Value,
    },
    /// A changed value.
    Changed {
        /// The location.
        place: Pointer,
        /// The old value.
        old: Value,
        /// The new value.
        new: Value,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { place, new } => write!(f, "+ {place}: {}", short(new)),
            Self::Removed { place, old } => write!(f, "- {place}: {}", short(old)),
            Self::Changed { place, old, new } => {
                write!(f, "~ {place}: {} -> {}", short(old), short(new))
            }
        }
    }
}

/// Formats a value on one line and truncates it.
fn short(value: &Value) -> String {
    const MAX_CHARS: usize = 80;
    let text = value.to_string();
    if text.chars().count() <= MAX_CHARS {
        return text;
    }
    text.chars().take(MAX_CHARS).chain(['…']).collect()
}

/// Returns the differences between two documents, in the order of the new one.
///
/// Objects are compared by key. Lists of objects are compared by index, or by `name` and `in` if every item has a name,
/// such as parameters. Other lists are compared as a whole.
pub fn between(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(old, new, &Pointer::root(), &mut changes);
    changes
}

fn compare(old: &Value, new: &Value, place: &Pointer, changes: &mut Vec<Change>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, old) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                changes.push(Change::Removed {
                    place: place.join(key),
                    old: old.clone(),
                });
            }
            for (key, new) in new {
                match old.get(key) {
                    Some(old) => compare(old, new, &place.join(key), changes),
                    None => changes.push(Change::Added {
                        place: place.join(key),
                        new: new.clone(),
                    }),
                }
            }
        }
        (Value::Array(old_items), Value::Array(new_items))
            if old_items.iter().chain(new_items).all(Value::is_object) =>
        {
            compare_lists(old_items, new_items, place, changes);
        }
        _ if old == new => {}
        _ => changes.push(Change::Changed {
            place: place.clone(),
            old: old.clone(),
            new: new.clone(),
        }),
    }
}

fn compare_lists(old: &[Value], new: &[Value], place: &Pointer, changes: &mut Vec<Change>) {
    let name = |item: &Value| (item.get("name").cloned(), item.get("in").cloned());
    let named = old.iter().chain(new).all(|item| item.get("name").is_some());
    let find = |list: &[Value], index: usize, item: &Value| -> Option<usize> {
        if named {
            list.iter().position(|other| name(other) == name(item))
        } else {
            (index < list.len()).then_some(index)
        }
    };
    for (index, item) in old.iter().enumerate() {
        if find(new, index, item).is_none() {
            changes.push(Change::Removed {
                place: place.join(index),
                old: item.clone(),
            });
        }
    }
    for (index, item) in new.iter().enumerate() {
        let place = place.join(index);
        match find(old, index, item) {
            Some(other) => compare(&old[other], item, &place, changes),
            None => changes.push(Change::Added {
                place,
                new: item.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(old: &Value, new: &Value) -> Vec<String> {
        between(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reports_location_of_every_kind_of_change() {
        let old = json!({"a": 1, "b": {"c": [1]}, "d": [{"name": "x", "v": 1}]});
        let new = json!({"b": {"c": [1, 2]}, "d": [
            {"name": "y"}, {"name": "x", "v": 2}], "e": true});
        assert_eq!(
            lines(&old, &new),
            [
                "- #/a: 1",
                "~ #/b/c: [1] -> [1,2]",
                r#"+ #/d/0: {"name":"y"}"#,
                "~ #/d/1/v: 1 -> 2",
                "+ #/e: true",
            ]
        );
        assert!(lines(&old, &old).is_empty());
    }
}
