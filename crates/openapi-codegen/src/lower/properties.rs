//! Reads the marks of properties: which properties are secret, and which property is the team.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::LowerError;
use super::bases;
use super::facts::{SECRET, TEAM};
use super::names::unescape;
use super::references::Targets;
use super::walk::has_member;
use crate::Pointer;

/// The maximum number of references and alternatives on the way to a string.
const MAX_STEPS: usize = 16;

/// Reads schemas, each component once.
///
/// Components are identified by numbers for fast lookup, because operations reference many of them.
pub(super) struct Schemas<'a> {
    targets: Targets<'a>,
    /// The components that extend each component, with their locations.
    children: BTreeMap<String, Vec<(&'a Value, Pointer)>>,
    /// The numbers of components, by reference.
    numbers: HashMap<&'a str, usize>,
    known: Vec<Schema<'a>>,
    /// Whether a property is marked at all.
    has_marks: bool,
}

/// A component, or the schema of a body.
struct Schema<'a> {
    schema: &'a Value,
    place: Pointer,
    /// The marks, once read.
    fields: Fields,
    is_read: bool,
}

/// The marks of a schema's properties, including those of nested schemas but not of referenced ones.
#[derive(Default)]
struct Fields {
    secrets: BTreeSet<String>,
    /// The locations of properties marked as the team.
    teams: BTreeSet<Pointer>,
    /// The referenced components.
    components: Vec<usize>,
}

impl<'a> Schemas<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let place = Pointer::root().join("components").join("schemas");
        let mut children: BTreeMap<String, Vec<(&Value, Pointer)>> = BTreeMap::new();
        for (name, schema) in members(document.pointer("/components/schemas")) {
            for parent in bases::parents(schema) {
                let children = children.entry(parent).or_default();
                children.push((schema, place.join(name)));
            }
        }
        Self {
            targets: Targets::of(document),
            children,
            numbers: HashMap::new(),
            known: Vec::new(),
            has_marks: has_member(document, &is_mark),
        }
    }

    /// Returns the numbers of a schema and of all components that it references, directly or indirectly. Empty if no
    /// property of the document is marked.
    pub(super) fn below(
        &mut self,
        schema: &'a Value,
        place: &Pointer,
    ) -> Result<Vec<usize>, LowerError> {
        if !self.has_marks {
            return Ok(Vec::new());
        }
        let mut below = vec![self.add(schema, place.clone())];
        let mut seen: Vec<bool> = Vec::new();
        let mut next = 0;
        while let Some(number) = below.get(next).copied() {
            next += 1;
            if !self.known[number].is_read {
                let Schema { schema, place, .. } = &self.known[number];
                let fields = self.fields(schema, &place.clone())?;
                self.known[number].fields = fields;
                self.known[number].is_read = true;
            }
            seen.resize(self.known.len(), false);
            let components = self.known[number].fields.components.iter();
            below.extend(components.filter(|number| !std::mem::replace(&mut seen[**number], true)));
        }
        Ok(below)
    }

    /// Returns the names of the secret properties of the schemas with these numbers.
    pub(super) fn secrets(&self, below: &[usize]) -> impl Iterator<Item = String> {
        let schemas = below.iter().map(|number| &self.known[*number]);
        schemas.flat_map(|schema| schema.fields.secrets.iter().cloned())
    }

    /// Returns the locations of team marks in the schemas with these numbers.
    pub(super) fn teams(&self, below: &[usize]) -> impl Iterator<Item = &Pointer> {
        let schemas = below.iter().map(|number| &self.known[*number]);
        schemas.flat_map(|schema| &schema.fields.teams)
    }

    /// Adds a schema to the queue and returns its number.
    fn add(&mut self, schema: &'a Value, place: Pointer) -> usize {
        self.known.push(Schema {
            schema,
            place,
            fields: Fields::default(),
            is_read: false,
        });
        self.known.len() - 1
    }

    /// Returns the number of the component that a schema references.
    fn component(&mut self, schema: &'a Value) -> Option<usize> {
        let (reference, target) = self.target(schema)?;
        if let Some(number) = self.numbers.get(reference) {
            return Some(*number);
        }
        let number = self.add(target, place_of(reference));
        self.numbers.insert(reference, number);
        Some(number)
    }

    fn fields(&mut self, schema: &'a Value, place: &Pointer) -> Result<Fields, LowerError> {
        let mut fields = Fields::default();
        let mut open = vec![(schema, place.clone())];
        let mut seen = BTreeSet::new();
        while let Some((schema, place)) = open.pop() {
            // A value of a base with a discriminator is a value of one of its children.
            if schema.get("discriminator").is_some()
                && let [_, _, name] = place.tokens().as_slice()
                && seen.insert(name.clone())
            {
                open.extend(self.descendants(name));
                let mapping = schema.get("discriminator").and_then(|d| d.get("mapping"));
                for (_, meant) in members(mapping) {
                    let reference = meant.as_str().unwrap_or_default();
                    let target = self.targets.find(reference);
                    open.extend(target.map(|target| (target, place_of(reference))));
                }
            }
            let place_of_properties = place.join("properties");
            for (name, property) in members(schema.get("properties")) {
                let place = place_of_properties.join(name);
                if is_marked(property, TEAM, &place)? {
                    fields.teams.insert(place.join(TEAM));
                }
                if self.is_secret(property, &place)? {
                    fields.secrets.insert(name.clone());
                }
                open.push((property, place));
            }
            open.extend(parts(schema, &place));
            fields.components.extend(self.component(schema));
        }
        Ok(fields)
    }

    /// Returns whether a value is secret, or consists of unnamed secrets.
    fn is_secret(&self, schema: &'a Value, place: &Pointer) -> Result<bool, LowerError> {
        let mut seen = BTreeSet::new();
        let mut open = vec![(schema, place.clone())];
        while let Some((schema, place)) = open.pop() {
            let is_password = schema.get("format").is_some_and(|f| f == "password");
            if is_marked(schema, SECRET, &place)? || is_password {
                return Ok(true);
            }
            open.extend(parts(schema, &place));
            if let Some((reference, target)) = self.target(schema)
                && seen.insert(reference)
            {
                open.push((target, place_of(reference)));
            }
        }
        Ok(false)
    }

    /// Returns the properties of a schema, including those of its `allOf` parts, with their locations.
    pub(super) fn properties(
        &self,
        schema: &'a Value,
        place: &Pointer,
    ) -> Vec<(&'a String, &'a Value, Pointer)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(schema, place.clone())];
        while let Some((schema, place)) = open.pop() {
            let own = place.join("properties");
            let properties = members(schema.get("properties"));
            found.extend(properties.map(|(name, property)| (name, property, own.join(name))));
            let parts = items(schema.get("allOf")).enumerate();
            open.extend(parts.map(|(index, part)| (part, place.join("allOf").join(index))));
            if let Some((reference, target)) = self.target(schema)
                && seen.insert(reference)
            {
                open.push((target, place_of(reference)));
            }
        }
        found
    }

    /// Returns whether all values of a schema are strings or `null`, and it has no Rust type of its own.
    pub(super) fn is_string(&self, schema: &Value) -> bool {
        self.is_string_within(schema, MAX_STEPS)
    }

    fn is_string_within(&self, schema: &Value, steps: usize) -> bool {
        let Some(steps) = steps.checked_sub(1) else {
            return false;
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.targets.find(reference);
            return target.is_some_and(|target| self.is_string_within(target, steps));
        }
        let is_null = |ty: &Value| ty == "null";
        match schema.get("type") {
            Some(Value::Array(types)) => {
                types.iter().any(|ty| ty == "string")
                    && types.iter().all(|ty| ty == "string" || is_null(ty))
            }
            Some(ty) => {
                let format = schema.get("format");
                ty == "string" && format.is_none_or(|format| format == "uuid")
            }
            None => {
                let mut parts = ["anyOf", "oneOf", "allOf"]
                    .iter()
                    .flat_map(|keyword| items(schema.get(*keyword)))
                    .filter(|part| !part.get("type").is_some_and(is_null))
                    .peekable();
                parts.peek().is_some() && parts.all(|part| self.is_string_within(part, steps))
            }
        }
    }

    fn target(&self, schema: &'a Value) -> Option<(&'a str, &'a Value)> {
        let reference = schema.get("$ref").or_else(|| schema.get("$dynamicRef"));
        let reference = reference?.as_str()?;
        Some((reference, self.targets.find(reference)?))
    }

    /// Returns the components that extend a component, directly or indirectly.
    fn descendants(&self, name: &str) -> Vec<(&'a Value, Pointer)> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            for (schema, place) in self.children.get(&name).into_iter().flatten() {
                if seen.insert(place.clone()) {
                    found.push((*schema, place.clone()));
                    open.extend(place.tokens().pop());
                }
            }
        }
        found
    }
}

/// Returns whether a member of an object marks the object.
fn is_mark(key: &str, value: &Value) -> bool {
    key == SECRET || key == TEAM || key == "format" && value == "password"
}

/// Returns whether a value carries a mark.
pub(super) fn is_marked(marked: &Value, word: &str, place: &Pointer) -> Result<bool, LowerError> {
    match marked.get(word) {
        None => Ok(false),
        Some(Value::Bool(yes)) => Ok(*yes),
        Some(other) => {
            let reason = format!("invalid value {other}; expected `true` or `false`");
            Err(LowerError::new(&place.join(word), reason))
        }
    }
}

/// Returns the schemas that describe the same value, or unnamed parts of it.
fn parts<'a>(schema: &'a Value, place: &Pointer) -> Vec<(&'a Value, Pointer)> {
    const SCHEMAS: [&str; 7] = [
        "additionalProperties",
        "contains",
        "else",
        "items",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    ];
    const LISTS: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
    const MAPS: [&str; 2] = ["dependentSchemas", "patternProperties"];
    let mut parts = Vec::new();
    for keyword in SCHEMAS {
        let part = schema.get(keyword).filter(|part| part.is_object());
        parts.extend(part.map(|part| (part, place.join(keyword))));
    }
    for keyword in LISTS {
        let list = items(schema.get(keyword)).enumerate();
        parts.extend(list.map(|(index, part)| (part, place.join(keyword).join(index))));
    }
    for keyword in MAPS {
        let map = members(schema.get(keyword));
        parts.extend(map.map(|(name, part)| (part, place.join(keyword).join(name))));
    }
    parts
}

/// Returns the location that a reference points to.
fn place_of(reference: &str) -> Pointer {
    let tokens = reference.split('/').skip(1).map(unescape);
    tokens.fold(Pointer::root(), |place, token| place.join(token))
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// Iterates over the members of an object; empty for other values.
pub(super) fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}
