//! Assigns a unique id to each operation.

use std::collections::BTreeSet;

use serde_json::Value;

use super::LowerError;
use super::context::Context;
use super::methods::word;
use super::resolve::is_method;
use super::walk::members;
use crate::Pointer;

/// Names that generated code uses in addition to those of operations.
const RESERVED: &[&str] = &[
    "all",
    "asmut",
    "bytestream",
    "callcontext",
    "client",
    "clienthooks",
    "clientinfo",
    "default",
    "encodepath",
    "err",
    "error",
    "fn",
    "from",
    "into",
    "intorequest",
    "new",
    "none",
    "ok",
    "operation",
    "operationinfo",
    "option",
    "queryparam",
    "requestbuilderext",
    "response",
    "responsevalue",
    "result",
    "self",
    "some",
    "string",
    "super",
    "crate",
    "tostring",
    "tryinto",
    "types",
    "vec",
    "withtransport",
    "apiversion",
    "baseurl",
    "inner",
    "box",
    "send",
    "sync",
    "clone",
    "debug",
    "tryfrom",
];

/// Gives every operation an id that is valid and unique in Rust.
pub(super) fn lower_ids(document: &mut Value, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method).join("operationId");
            let declared = match operation.get("operationId") {
                Some(Value::String(id)) => Some(id.clone()),
                Some(_) => {
                    cx.reject_or_repair(&place, "not a string", "an id is derived from the path")?;
                    None
                }
                None => None,
            };
            let wanted = declared.as_deref().filter(|id| !key(id).is_empty());
            let wanted = wanted.map_or_else(
                || usable(&from_path(&word(method, operation), path)),
                usable,
            );
            let id = unique(&wanted, &mut taken);
            if declared.as_ref() == Some(&id) {
                continue;
            }
            if let Some(declared) = declared.filter(|_| id != wanted) {
                let reason = match RESERVED.contains(&key(&wanted).as_str()) {
                    true => "reserved",
                    false => "duplicate",
                };
                let what = format!("{reason} id {declared:?}; renamed to {id:?}");
                cx.note_loss(&place, what);
            }
            if let Value::Object(operation) = operation {
                operation.insert("operationId".to_owned(), id.into());
            }
        }
    }
    Ok(())
}

/// Converts an id to one that is a valid Rust name.
fn usable(id: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '/' | ':');
    let plain: String = if id.chars().all(is_plain) {
        id.to_owned()
    } else {
        id.chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .collect()
    };
    let first = plain.chars().find(char::is_ascii_alphanumeric);
    if first.is_some_and(|c| c.is_ascii_alphabetic()) {
        plain
    } else {
        format!("op_{plain}")
    }
}

fn unique(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(key(wanted)) {
        return wanted.to_owned();
    }
    if RESERVED.contains(&key(wanted).as_str()) {
        let longer = format!("{wanted}_operation");
        if taken.insert(key(&longer)) {
            return longer;
        }
    }
    let mut number = 2;
    loop {
        let numbered = format!("{wanted}_{number}");
        if taken.insert(key(&numbered)) {
            return numbered;
        }
        number += 1;
    }
}

fn key(id: &str) -> String {
    let letters = id.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Derives an id from method and path: `get /things/{id}` becomes `get_things_by_id`.
fn from_path(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    let path = path.split('#').next().unwrap_or(path);
    for part in path.split('/') {
        for word in part.split_inclusive('}') {
            let parameter = word.contains('{');
            let word: String = word
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            let word = word.trim_matches('_');
            if !word.is_empty() {
                id.push_str(if parameter { "_by_" } else { "_" });
                id.push_str(word);
            }
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::from_path;

    #[test]
    fn derives_ids_from_paths() {
        assert_eq!(
            from_path("get", "/v1/things/{thing-id}/parts"),
            "get_v1_things_by_thing_id_parts"
        );
        assert_eq!(from_path("post", "/"), "post");
    }
}
