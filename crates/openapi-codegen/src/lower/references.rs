//! Makes every schema reference point to a component schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::names::{Names, SCHEMAS, pascal, target, unescape};
use super::parameters::place_of;
use super::resolve::{find, is_method};
use super::resources;
use super::walk::{Keys, has_member, members};
use crate::Pointer;

/// Creates a component for every schema that is referenced elsewhere in the document, and repairs unresolved
/// references. `whole` is the original document, which references point into: earlier passes remove parts and rename
/// status codes.
pub(super) fn lower_references(
    document: &mut Value,
    whole: &Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let schemas = whole
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let mut hoist = Hoist {
        targets: Targets::of(whole),
        names: schemas.map(Names::of).unwrap_or_default(),
        made: BTreeMap::new(),
        open: Vec::new(),
        cx,
    };
    hoist.below(document, Keys::Keywords, &Pointer::root())?;
    // New components may contain further references of this kind.
    let mut finished = Vec::new();
    while let Some((name, mut schema, place)) = hoist.open.pop() {
        hoist.below(&mut schema, Keys::Keywords, &place)?;
        finished.push((name, schema));
    }
    let made = hoist.made;
    if !finished.is_empty() {
        finished.sort_by(|a, b| a.0.cmp(&b.0));
        replace_originals(document, &made, &finished);
        let schemas = document
            .as_object_mut()
            .map(|map| map.entry("components").or_insert_with(|| json!({})))
            .and_then(Value::as_object_mut)
            .map(|map| map.entry("schemas").or_insert_with(|| json!({})))
            .and_then(Value::as_object_mut);
        if let Some(schemas) = schemas {
            schemas.extend(finished);
        }
    }
    Ok(())
}

/// Replaces the schemas that components were created from by references, so that each is one type. A schema that an
/// earlier pass moved or changed stays.
fn replace_originals(
    document: &mut Value,
    made: &BTreeMap<String, String>,
    finished: &[(String, Value)],
) {
    let is_type = |schema: &Value| {
        let keywords = ["properties", "enum", "allOf", "anyOf", "oneOf"];
        keywords.iter().any(|keyword| schema.get(keyword).is_some())
    };
    let components: BTreeMap<&str, &Value> = finished
        .iter()
        .map(|(name, schema)| (name.as_str(), schema))
        .collect();
    let mut of_bodies = Vec::new();
    for (reference, name) in made {
        let Some(schema) = components.get(name.as_str()).filter(|s| is_type(s)) else {
            continue;
        };
        if reference.starts_with("#/paths/") {
            of_bodies.push((*schema, name.as_str()));
        }
        let tokens = reference.split('/').skip(1).map(unescape);
        let pointer: String = tokens.map(|token| format!("/{}", escape(&token))).collect();
        if let Some(original) = document.pointer_mut(&pointer)
            && *original == **schema
        {
            *original = json!({ "$ref": format!("{SCHEMAS}{name}") });
        }
    }
    if !of_bodies.is_empty() {
        replace_bodies(document, &of_bodies);
    }
}

/// Replaces the schemas of bodies that equal components. An earlier pass moves bodies to other statuses and media types.
fn replace_bodies(document: &mut Value, components: &[(&Value, &str)]) {
    // The title can be that of a status, which an earlier pass adds.
    let is_same = |component: &Value, schema: &Value| {
        let (Some(component), Some(schema)) = (component.as_object(), schema.as_object()) else {
            return component == schema;
        };
        let members = schema.iter();
        component
            .iter()
            .eq(members.filter(|(key, _)| *key != "title" || component.contains_key("title")))
    };
    let replace = |schema: &mut Value| {
        let mut components = components.iter();
        if let Some((_, name)) = components.find(|(component, _)| is_same(component, schema)) {
            *schema = json!({ "$ref": format!("{SCHEMAS}{name}") });
        }
    };
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            for part in ["requestBody", "responses"] {
                let part_is_body = part == "requestBody";
                let part = operation.get_mut(part);
                let bodies: Vec<&mut Value> = match part_is_body {
                    true => part.into_iter().collect(),
                    false => members(part).map(|(_, response)| response).collect(),
                };
                for body in bodies {
                    for (_, media) in members(body.get_mut("content")) {
                        let Some(schema) = media.get_mut("schema") else {
                            continue;
                        };
                        for keyword in ["oneOf", "allOf"] {
                            let parts = schema.get_mut(keyword).and_then(Value::as_array_mut);
                            parts.into_iter().flatten().for_each(replace);
                        }
                        replace(schema);
                    }
                }
            }
        }
    }
}

/// The keywords that give a schema an anchor.
const ANCHORS: [&str; 2] = ["$anchor", "$dynamicAnchor"];

/// The locations of the schemas that have anchors.
#[derive(Default)]
struct Anchors {
    /// The locations, as references, by name. `None` if several schemas have the name.
    places: BTreeMap<String, Option<String>>,
    /// The names of dynamic anchors.
    dynamic: BTreeMap<String, Option<String>>,
}

impl Anchors {
    fn collect(&mut self, value: &Value, keys: Keys, place: &Pointer) {
        match value {
            Value::Object(map) => {
                if keys == Keys::Keywords {
                    for keyword in ANCHORS {
                        if let Some(name) = map.get(keyword).and_then(Value::as_str) {
                            let name = format!("#{name}");
                            if keyword == "$dynamicAnchor" {
                                add(&mut self.dynamic, &name, place);
                            }
                            add(&mut self.places, &name, place);
                        }
                    }
                }
                for (key, member) in map {
                    if let Some(keys) = keys.below(key) {
                        self.collect(member, keys, &place.join(key));
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.collect(item, Keys::Keywords, &place.join(index));
                }
            }
            _ => {}
        }
    }
}

/// Adds the location of a schema that has a name of its own. A name that several schemas have is ambiguous.
pub(super) fn add(places: &mut BTreeMap<String, Option<String>>, name: &str, place: &Pointer) {
    places
        .entry(name.to_owned())
        .and_modify(|place| *place = None)
        .or_insert_with(|| Some(place.to_string()));
}

/// Finds the targets of references in a document.
pub(super) struct Targets<'a> {
    whole: &'a Value,
    anchors: Anchors,
}

impl<'a> Targets<'a> {
    pub(super) fn of(whole: &'a Value) -> Self {
        let mut anchors = Anchors::default();
        if has_member(whole, &|key, _| ANCHORS.contains(&key)) {
            anchors.collect(whole, Keys::Keywords, &Pointer::root());
        }
        Self { whole, anchors }
    }

    /// Converts a reference to one by location: the reference may be an anchor.
    fn by_location<'r>(&'r self, reference: &'r str) -> &'r str {
        let anchor = self.anchors.places.get(reference);
        anchor.and_then(Option::as_deref).unwrap_or(reference)
    }

    /// Converts the references in a value.
    fn locate(&self, value: &mut Value, keys: Keys) {
        match value {
            Value::Object(map) => {
                if keys == Keys::Keywords {
                    self.lower_dynamic(map);
                    if let Some(Value::String(reference)) = map.get_mut("$ref") {
                        *reference = self.by_location(reference).to_owned();
                    }
                }
                for (key, member) in map {
                    if let Some(keys) = keys.below(key) {
                        self.locate(member, keys);
                    }
                }
            }
            Value::Array(items) => {
                let items = items.iter_mut();
                items.for_each(|item| self.locate(item, Keys::Keywords));
            }
            _ => {}
        }
    }

    /// Converts a dynamic reference whose anchor exists once: nothing can override it.
    fn lower_dynamic(&self, map: &mut Map<String, Value>) {
        let name = map.get("$dynamicRef").and_then(Value::as_str);
        let place = name.and_then(|name| self.anchors.dynamic.get(name)?.clone());
        if let Some(place) = place.filter(|_| !map.contains_key("$ref")) {
            map.shift_remove("$dynamicRef");
            map.insert("$ref".to_owned(), place.into());
        }
    }

    /// Returns the target of a reference.
    pub(super) fn find(&self, reference: &str) -> Option<&'a Value> {
        let reference = self.by_location(reference);
        let bare = || self.whole.pointer("/components/schemas")?.get(reference);
        find(self.whole, reference).or_else(bare)
    }
}

/// Returns a document whose references are all by location.
pub(crate) fn by_location(document: &Value) -> Cow<'_, Value> {
    let document = resources::by_document(document);
    let targets = Targets::of(&document);
    if targets.anchors.places.is_empty() {
        return document;
    }
    let mut located = (*document).clone();
    targets.locate(&mut located, Keys::Keywords);
    Cow::Owned(located)
}

struct Hoist<'a, 'b> {
    /// The original document.
    targets: Targets<'a>,
    names: Names,
    /// The created components, by the references that point to them.
    made: BTreeMap<String, String>,
    open: Vec<(String, Value, Pointer)>,
    cx: &'a mut Context<'b>,
}

impl Hoist<'_, '_> {
    fn below(&mut self, value: &mut Value, keys: Keys, place: &Pointer) -> Result<(), LowerError> {
        match value {
            Value::Object(map) => {
                if keys == Keys::Keywords {
                    self.targets.lower_dynamic(map);
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let place = place.join("$ref");
                        match self.resolve_target(reference, &place)? {
                            Some(new) => {
                                map.insert("$ref".to_owned(), new.into());
                            }
                            None => {
                                map.shift_remove("$ref");
                            }
                        }
                    }
                }
                for (key, member) in map {
                    if let Some(keys) = keys.below(key) {
                        self.below(member, keys, &place.join(key))?;
                    }
                }
                Ok(())
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let place = place_of(item, &place.join(index));
                    self.below(item, Keys::Keywords, &place)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns the new target of a reference. `None` if it cannot be resolved.
    fn resolve_target(
        &mut self,
        reference: &str,
        place: &Pointer,
    ) -> Result<Option<String>, LowerError> {
        let targets = &self.targets;
        let reference = targets.by_location(reference);
        let Some(pointer) = reference.strip_prefix('#') else {
            // Some documents reference a schema by its bare name.
            let bare = format!("/components/schemas/{reference}");
            if !reference.contains(['/', '.']) && targets.whole.pointer(&bare).is_some() {
                return Ok(Some(format!("{SCHEMAS}{reference}")));
            }
            let fault =
                format!("{reference:?} points outside the document; bundle the document first");
            self.cx
                .reject_or_repair(place, fault, "treated as untyped JSON")?;
            return Ok(None);
        };
        let tokens: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
        let found = find(targets.whole, reference);
        let Some(found) = found.filter(|_| pointer.starts_with('/')) else {
            let fault = format!("{reference:?} cannot be resolved");
            self.cx
                .reject_or_repair(place, fault, "treated as untyped JSON")?;
            return Ok(None);
        };
        let is_component = tokens.first().is_some_and(|token| token == "components");
        if is_component && tokens.len() == 3 {
            // Other components were copied by an earlier pass; schemas remain.
            if let Some(name) = target(reference) {
                return Ok(Some(format!("{SCHEMAS}{}", escape(&name))));
            }
            match tokens[1].as_str() {
                "parameters" | "requestBodies" | "responses" => {
                    let fault = format!("{reference:?} is not a schema");
                    self.cx
                        .reject_or_repair(place, fault, "treated as untyped JSON")?;
                    return Ok(None);
                }
                "callbacks" | "examples" | "headers" | "links" | "mediaTypes" | "pathItems"
                | "securitySchemes" => return Ok(Some(reference.to_owned())),
                // A schema in an extension, such as `#/components/x-schemas/A`.
                _ => {}
            }
        }
        // A schema that only refers to a component is that component.
        let only = found.as_object().filter(|map| map.len() == 1);
        let component = only.and_then(|map| target(map.get("$ref")?.as_str()?));
        if let Some(name) = component {
            return Ok(Some(format!("{SCHEMAS}{}", escape(&name))));
        }
        if let Some(name) = self.made.get(reference) {
            return Ok(Some(format!("{SCHEMAS}{name}")));
        }
        let words = [
            "components",
            "schemas",
            "properties",
            "$defs",
            "definitions",
            "schema",
        ];
        let words: Vec<&str> = tokens
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .into_iter()
            .filter(|token| !words.contains(token))
            .collect();
        let name = self.names.take(&pascal(&words.join("-")));
        self.made.insert(reference.to_owned(), name.clone());
        let original = tokens
            .iter()
            .fold(Pointer::root(), |place, token| place.join(token));
        self.cx.moved_schema(&name, &original);
        self.open.push((name.clone(), found.clone(), place.clone()));
        Ok(Some(format!("{SCHEMAS}{name}")))
    }
}

/// Escapes a name for a reference.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
