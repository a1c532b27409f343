//! Merges fields that the generated types do not declare, so that nothing in them is lost.

use serde_json::{Map, Value};

/// Merges the members of a delta. Texts and lists are appended, also inside objects. A text that equals the existing
/// text is not appended, because it is a repeated value such as an id or a signature. Texts of which OpenAI sends parts,
/// which may be equal, are always appended: those of `audio` and `function_call`.
pub(super) fn add(kept: &mut Map<String, Value>, new: &Map<String, Value>) {
    const PARTS: [&str; 3] = ["arguments", "data", "transcript"];
    join_members(kept, new, &|name, kept, new| match (kept, new) {
        (Value::String(kept), Value::String(new)) => {
            if kept != new || PARTS.contains(&name) {
                kept.push_str(new);
            }
        }
        (Value::Array(kept), Value::Array(new)) => kept.extend_from_slice(new),
        (kept, new) => kept.clone_from(new),
    });
}

/// Merges the members of a chunk or a choice. The last value of each member counts. A list that starts with the
/// existing list replaces it; any other list is appended.
pub(super) fn replace(kept: &mut Map<String, Value>, new: &Map<String, Value>) {
    join_members(kept, new, &|_, kept, new| match (kept, new) {
        (Value::Array(kept), Value::Array(new)) if !new.starts_with(kept) => {
            kept.extend_from_slice(new);
        }
        (kept, new) => kept.clone_from(new),
    });
}

/// Returns whether [`replace`] may need more memory: for new members, for lists and objects, and for texts that are
/// longer than the values they replace.
pub(super) fn grows(kept: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    new.iter().any(|(name, new)| match (kept.get(name), new) {
        (None, _) | (_, Value::Array(_) | Value::Object(_)) => true,
        (Some(Value::String(kept)), Value::String(new)) => new.len() > kept.len(),
        (Some(_), Value::String(_)) => true,
        _ => false,
    })
}

/// Merges objects whose members are lists with one item for each token of the text.
pub(super) fn join_lists(kept: &mut Map<String, Value>, new: &Map<String, Value>) {
    join_members(kept, new, &|_, kept, new| {
        if let (Value::Array(kept), Value::Array(new)) = (kept, new) {
            kept.extend_from_slice(new);
        }
    });
}

/// Combines the values of a member, of which the name is the first argument.
type Combine<'a> = &'a dyn Fn(&str, &mut Value, &Value);

fn join_members(kept: &mut Map<String, Value>, new: &Map<String, Value>, combine: Combine<'_>) {
    for (key, value) in new {
        match kept.get_mut(key) {
            Some(kept) => join(key, kept, value, combine),
            None => {
                kept.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Merges a value: objects by their members, other values by `combine`. `null` changes nothing.
fn join(name: &str, kept: &mut Value, new: &Value, combine: Combine<'_>) {
    match (kept, new) {
        (_, Value::Null) => {}
        (kept @ Value::Null, new) => kept.clone_from(new),
        (Value::Object(kept), Value::Object(new)) => join_members(kept, new, combine),
        (kept, new) => combine(name, kept, new),
    }
}
