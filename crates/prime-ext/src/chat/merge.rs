//! How values that no type lists are put together, so that nothing of them is lost.

use serde_json::{Map, Value};

/// Members of a piece: they add to what came before. Texts and lists grow, also within objects; a text
/// that says what there is already is not an addition, but the same again: an id, a signature.
pub(super) fn add(kept: &mut Map<String, Value>, new: &Map<String, Value>) {
    join_members(kept, new, &|kept, new| match (kept, new) {
        (Value::String(kept), Value::String(new)) => {
            if kept != new {
                kept.push_str(new);
            }
        }
        (Value::Array(kept), Value::Array(new)) => kept.extend_from_slice(new),
        (kept, new) => kept.clone_from(new),
    });
}

/// Members that say how things stand: the last one counts. A list that goes on from the one before it
/// takes its place; another list is added to it.
pub(super) fn replace(kept: &mut Map<String, Value>, new: &Map<String, Value>) {
    join_members(kept, new, &|kept, new| match (kept, new) {
        (Value::Array(kept), Value::Array(new)) if !new.starts_with(kept) => {
            kept.extend_from_slice(new);
        }
        (kept, new) => kept.clone_from(new),
    });
}

/// Whether [`replace`] takes more memory with such members: with new ones, with lists and objects, and with
/// texts that are longer than those they replace.
pub(super) fn grows(kept: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    new.iter().any(|(name, new)| match (kept.get(name), new) {
        (None, _) | (_, Value::Array(_) | Value::Object(_)) => true,
        (Some(Value::String(kept)), Value::String(new)) => new.len() > kept.len(),
        (Some(_), Value::String(_)) => true,
        _ => false,
    })
}

/// Log probabilities come as an object of lists, whose items belong to the pieces of the text.
pub(super) fn join_lists(kept: &mut Value, new: &Value) {
    join(kept, new, &|kept, new| {
        if let (Value::Array(kept), Value::Array(new)) = (kept, new) {
            kept.extend_from_slice(new);
        }
    });
}

type Joint<'a> = &'a dyn Fn(&mut Value, &Value);

fn join_members(kept: &mut Map<String, Value>, new: &Map<String, Value>, joint: Joint<'_>) {
    for (key, value) in new {
        match kept.get_mut(key) {
            Some(kept) => join(kept, value, joint),
            None => {
                kept.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Objects by their members; nothing takes nothing away; what else there is, by the joint.
fn join(kept: &mut Value, new: &Value, joint: Joint<'_>) {
    match (kept, new) {
        (_, Value::Null) => {}
        (kept @ Value::Null, new) => kept.clone_from(new),
        (Value::Object(kept), Value::Object(new)) => join_members(kept, new, joint),
        (kept, new) => joint(kept, new),
    }
}
