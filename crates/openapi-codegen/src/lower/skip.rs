//! Drops operations, paths and components that cannot be lowered.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::context::{Note, NoteKind};
use super::{LowerError, Lowered, Options, methods, once};
use crate::Pointer;

/// The maximum number of operations, paths and components that are dropped. If more would have to be dropped, the
/// document is rejected.
const MAX_DROPPED: usize = 1000;

/// Lowers a document without the operations that cannot be lowered.
pub(super) fn lower(document: &Value, options: &Options) -> Result<Lowered, LowerError> {
    let mut document = Cow::Borrowed(document);
    let mut dropped = Vec::new();
    loop {
        let error = match once(&document, options) {
            Ok(mut lowered) => {
                dropped.append(&mut lowered.notes);
                lowered.notes = dropped;
                return Ok(lowered);
            }
            Err(error) => error,
        };
        if dropped.len() == MAX_DROPPED {
            return Err(error);
        }
        let Some(place) = drop_at(document.to_mut(), &error.place) else {
            return Err(error);
        };
        let what = format!("{}: {}", error.place, error.reason);
        dropped.push(Note {
            place,
            kind: NoteKind::Dropped,
            what,
        });
    }
}

/// Drops the operation, path or component that contains a location. Returns the location of the dropped
/// item, or `None` if there is nothing to drop.
fn drop_at(document: &mut Value, place: &Pointer) -> Option<Pointer> {
    let tokens = place.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let root = Pointer::root();
    match tokens.as_slice() {
        ["paths", path, within @ ..] => {
            let place = root.join("paths").join(path);
            let item = document.get_mut("paths")?.get_mut(*path)?;
            if let Some(tokens) = methods::remove(item, within) {
                return Some(tokens.iter().fold(place, |place, token| place.join(token)));
            }
            document
                .get_mut("paths")?
                .as_object_mut()?
                .shift_remove(*path)?;
            Some(place)
        }
        ["components", kind, name, ..] => {
            let kinds = document.get_mut("components")?.get_mut(*kind)?;
            kinds.as_object_mut()?.shift_remove(*name)?;
            Some(root.join("components").join(kind).join(name))
        }
        _ => None,
    }
}

/// Removes operations (by id) and schemas from a lowered document, and all operations and schemas that refer to the
/// removed schemas, directly or indirectly. Adds a note for each removal.
///
/// Use this for problems that only occur during code generation.
pub fn without(
    mut lowered: Lowered,
    ids: &BTreeSet<String>,
    schemas: &BTreeSet<String>,
    why: &str,
) -> Lowered {
    let root = Pointer::root();
    let mut dropped = schemas.clone();
    if let Some(all) = lowered
        .document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        loop {
            let before = dropped.len();
            for (name, schema) in all.iter() {
                let mut found = Vec::new();
                super::defaults::collect_references(schema, &mut found);
                if found.iter().any(|found| dropped.contains(found)) {
                    dropped.insert(name.clone());
                }
            }
            if dropped.len() == before {
                break;
            }
        }
        all.retain(|name, _| !dropped.contains(name));
    }
    for name in &dropped {
        let place = root.join("components").join("schemas").join(name);
        lowered.notes.push(Note {
            place,
            kind: NoteKind::Dropped,
            what: why.to_owned(),
        });
    }
    lowered.enums.retain(|open| !dropped.contains(&open.name));
    lowered
        .unions
        .retain(|union| !dropped.contains(&union.name));
    let paths = lowered
        .document
        .get_mut("paths")
        .and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        let Value::Object(item) = item else {
            continue;
        };
        item.retain(|method, operation| {
            let mut found = Vec::new();
            super::defaults::collect_references(operation, &mut found);
            let id = operation
                .get("operationId")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let is_dropped = ids.contains(id) || found.iter().any(|name| dropped.contains(name));
            if is_dropped {
                let place = root.join("paths").join(path).join(method);
                lowered.notes.push(Note {
                    place,
                    kind: NoteKind::Dropped,
                    what: why.to_owned(),
                });
            }
            !is_dropped
        });
    }
    lowered
}
