//! Adapts a schema to strict mode.

use serde_json::{Map, Value, json};

use super::keywords::{self, Keyword, keyword};
use super::limits::Size;
use super::meaning::{accepts_null, are_disjoint, resolve, types};
use super::{SchemaNote, StrictVerdict};

/// The maximum number of schemas that contain each other. `serde_json` parses values of the same depth.
const MAX_DEPTH: usize = 128;

/// Adapts a schema to strict mode, in which a service guarantees that the answer matches the schema. Only a part of
/// JSON Schema can be used in strict mode: that of OpenAI's guide to Structured Outputs.
///
/// # Changes
///
/// What the adapted schema accepts, the original schema accepts too. Each change is reported:
///
/// - Objects are closed: `additionalProperties` is `false`. An object that explicitly allows other properties, such as
///   a map, makes strict mode impossible.
/// - An optional property that accepts `null` is required: `null` then stands for a missing property. An optional
///   property that does not accept `null` makes strict mode impossible.
/// - `oneOf` is replaced by `anyOf`, if no value matches two branches. Otherwise, strict mode is impossible.
/// - A reference with a description is put into an `anyOf` with one branch. A reference at the root is replaced by what
///   it refers to.
/// - `type` is added next to `const` and `enum`, if it is missing.
/// - Keywords that only describe, such as `default` and `examples`, are removed, and so are the `format` of numbers and
///   keywords that have no effect on the type. `title` and `description` are kept.
///
/// # What is supported
///
/// - `type`, `enum` and `const` with strings, numbers, booleans and `null`, `anyOf` below the root, `$ref` within the
///   document, also recursive, `$defs`
/// - of objects: `properties`, `required`, `additionalProperties`
/// - of strings: `pattern`, and the formats `date-time`, `time`, `date`, `duration`, `email`, `hostname`, `ipv4`,
///   `ipv6` and `uuid`
/// - of numbers: `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`
/// - of lists: `items`, `minItems`, `maxItems`
///
/// A schema has at most 5,000 properties, 10 levels of objects and lists, 1,000 values in `enum`s, and 120,000
/// characters in the names of properties and definitions and the values of `enum` and `const`. An `enum` with more than
/// 250 strings has at most 15,000 characters.
///
/// # What is an error
///
/// A schema is [unsupported](StrictVerdict::Unsupported), with or without strict mode, if it accepts values that are
/// not objects, if a reference cannot be resolved, if a part of it is not a schema, or if a part is `false`, so that
/// nothing matches it.
pub fn to_strict(schema: &Value) -> StrictVerdict {
    let mut compiler = Compiler {
        root: schema,
        size: Size::default(),
        references: Vec::new(),
        changes: Vec::new(),
        obstacles: Vec::new(),
        faults: Vec::new(),
    };
    let compiled = compiler.root();
    if compiler.faults.is_empty() {
        // A reference into `oneOf`, for example, whose name has changed.
        for (pointer, reference) in &compiler.references {
            if resolve(&compiled, reference).is_none() {
                let reason = format!(
                    "what the reference `{reference}` refers to has no place in strict mode"
                );
                compiler.obstacles.push(note(pointer, reason));
            }
        }
        for excess in compiler.size.excess() {
            compiler.obstacles.push(note("", excess));
        }
    }
    let Compiler {
        changes,
        obstacles,
        faults,
        ..
    } = compiler;
    if !faults.is_empty() {
        StrictVerdict::Unsupported(faults)
    } else if !obstacles.is_empty() {
        StrictVerdict::Impossible(obstacles)
    } else {
        StrictVerdict::Possible {
            schema: compiled,
            changes,
        }
    }
}

/// Returns whether a keyword has schemas that only references use.
fn is_definitions(name: &str) -> bool {
    matches!(name, "$defs" | "definitions")
}

/// Returns whether a keyword does not restrict values.
fn is_description(name: &str) -> bool {
    matches!(keyword(name), Keyword::Description | Keyword::Annotation)
}

struct Compiler<'a> {
    root: &'a Value,
    size: Size,
    /// The references of the adapted schema, and where they are.
    references: Vec<(String, String)>,
    changes: Vec<SchemaNote>,
    /// Why strict mode is impossible.
    obstacles: Vec<SchemaNote>,
    /// Why the schema cannot be sent.
    faults: Vec<SchemaNote>,
}

/// Where a schema is.
#[derive(Clone, Copy)]
struct At<'a> {
    pointer: &'a str,
    /// The number of schemas that contain this one.
    depth: usize,
    /// The number of objects and lists that contain this one.
    level: usize,
}

fn note(pointer: &str, reason: impl Into<String>) -> SchemaNote {
    SchemaNote {
        pointer: pointer.to_owned(),
        reason: reason.into(),
    }
}

impl Compiler<'_> {
    fn change(&mut self, at: At<'_>, reason: impl Into<String>) {
        self.changes.push(note(at.pointer, reason));
    }

    fn obstacle(&mut self, at: At<'_>, reason: impl Into<String>) {
        self.obstacles.push(note(at.pointer, reason));
    }

    fn fault(&mut self, at: At<'_>, reason: impl Into<String>) {
        self.faults.push(note(at.pointer, reason));
    }

    fn root(&mut self) -> Value {
        let at = At {
            pointer: "",
            depth: 0,
            level: 0,
        };
        let schema = self.dereferenced(at);
        if !self.only_objects(&schema) {
            let reason = "it accepts values that are not objects; the type of an answer or of arguments must be a struct";
            self.fault(at, reason);
        }
        for choice in ["anyOf", "oneOf"] {
            if schema.get(choice).is_some() {
                self.obstacle(at, format!("`{choice}` is not supported at the root in strict mode; put the enum into a struct"));
            }
        }
        self.schema(&schema, at)
    }

    /// Returns the root. If it is a reference, the root is what it refers to, with the definitions of the root.
    fn dereferenced(&mut self, at: At<'_>) -> Value {
        let mut schema = self.root.clone();
        for _ in 0..MAX_DEPTH {
            let Value::Object(own) = &schema else { break };
            let Some(Value::String(reference)) = own.get("$ref") else {
                break;
            };
            let target = resolve(self.root, reference).and_then(Value::as_object);
            let Some(target) = target else {
                break;
            };
            let is_plain =
                |name: &String| is_definitions(name) || name == "$ref" || is_description(name);
            let has_both = own
                .keys()
                .any(|name| is_definitions(name) && target.contains_key(name));
            if has_both || !own.keys().all(is_plain) {
                break;
            }
            let mut merged = target.clone();
            let kept = own.iter().filter(|(name, _)| *name != "$ref");
            merged.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
            self.change(
                at,
                format!("the reference `{reference}` was replaced by what it refers to"),
            );
            schema = merged.into();
        }
        schema
    }

    /// Returns whether a schema accepts only objects.
    fn only_objects(&self, schema: &Value) -> bool {
        let Some(object) = schema.as_object() else {
            return false;
        };
        if object.contains_key("type") {
            return types(object).into_iter().eq(["object"]);
        }
        ["anyOf", "oneOf"].into_iter().any(|choice| {
            let branches = object.get(choice).and_then(Value::as_array);
            branches.is_some_and(|branches| {
                branches.iter().all(|branch| {
                    let reference = branch.get("$ref").and_then(Value::as_str);
                    let branch = reference.map_or(Some(branch), |name| resolve(self.root, name));
                    let branch = branch.and_then(Value::as_object);
                    branch.is_some_and(|branch| types(branch).into_iter().eq(["object"]))
                })
            })
        })
    }

    /// Adapts a schema.
    fn schema(&mut self, schema: &Value, at: At<'_>) -> Value {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(true) => {
                self.obstacle(at, ANY);
                return Value::Bool(true);
            }
            Value::Bool(false) => {
                self.fault(at, "nothing matches `false`");
                return Value::Null;
            }
            _ => {
                self.fault(at, "it is not a schema, which is an object or a boolean");
                return Value::Null;
            }
        };
        if at.depth >= MAX_DEPTH {
            self.fault(
                at,
                format!("more than {MAX_DEPTH} schemas contain each other"),
            );
            return Value::Null;
        }
        let mut out = Map::new();
        for (name, value) in schema {
            match keyword(name) {
                Keyword::Known => {}
                Keyword::For(kinds) => {
                    let types = types(schema);
                    if kinds.iter().any(|kind| types.contains(kind)) {
                        self.check_value(name, value, at);
                        out.insert(name.clone(), value.clone());
                    } else {
                        self.misplaced(name, schema, at);
                    }
                }
                Keyword::Description => drop(out.insert(name.clone(), value.clone())),
                Keyword::Unsupported => {
                    self.obstacle(at, format!("`{name}` is not supported in strict mode"));
                }
                Keyword::Annotation => self.change(at, format!("`{name}` was removed")),
            }
        }
        for name in ["$defs", "definitions"] {
            if let Some(definitions) = schema.get(name) {
                let at = At { level: 0, ..at };
                let definitions = self.map(name, definitions, at);
                out.insert(name.to_owned(), definitions.into());
            }
        }
        if schema.contains_key("$ref") {
            self.reference(schema, &mut out, at);
        } else if schema.contains_key("anyOf") || schema.contains_key("oneOf") {
            self.choice(schema, &mut out, at);
        } else {
            self.typed(schema, &mut out, at);
        }
        out.into()
    }

    /// Removes a keyword that does not concern the types of a schema.
    fn misplaced(&mut self, name: &str, schema: &Map<String, Value>, at: At<'_>) {
        if schema.contains_key("type") {
            self.change(
                at,
                format!("`{name}` was removed: it has no effect on values of this type"),
            );
        } else {
            self.obstacle(
                at,
                format!("`{name}` is not supported without `type` in strict mode"),
            );
        }
    }

    /// Adapts the schemas of an object, such as `properties`.
    fn map(&mut self, name: &str, schemas: &Value, at: At<'_>) -> Map<String, Value> {
        let Some(schemas) = schemas.as_object() else {
            self.fault(at, format!("`{name}` is not an object"));
            return Map::new();
        };
        let adapted = schemas.iter().map(|(key, schema)| {
            self.size.add_name(key);
            let token = key.replace('~', "~0").replace('/', "~1");
            let pointer = format!("{}/{name}/{token}", at.pointer);
            let at = At {
                pointer: &pointer,
                depth: at.depth + 1,
                ..at
            };
            (key.clone(), self.schema(schema, at))
        });
        adapted.collect()
    }

    fn reference(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>, at: At<'_>) {
        let reference = &schema["$ref"];
        let name = reference.as_str();
        if name.and_then(|name| resolve(self.root, name)).is_none() {
            self.fault(
                at,
                format!("the reference {reference} cannot be resolved within the schema"),
            );
            return;
        }
        let mut next = name;
        for step in 0.. {
            let target = next.and_then(|name| resolve(self.root, name));
            next = target.and_then(|target| target.get("$ref")?.as_str());
            if next.is_none() {
                break;
            }
            if step > MAX_DEPTH {
                self.fault(at, format!("the reference {reference} refers to itself"));
                return;
            }
        }
        self.alone("$ref", schema, at);
        if let Some(name) = name {
            let reference = (at.pointer.to_owned(), name.to_owned());
            self.references.push(reference);
        }
        if out.keys().any(|name| keyword(name) == Keyword::Description) {
            self.change(
                at,
                "the reference was put into an `anyOf`, because no description may be next to it",
            );
            out.insert("anyOf".to_owned(), json!([{ "$ref": reference }]));
        } else {
            out.insert("$ref".to_owned(), reference.clone());
        }
    }

    /// Checks that no keyword next to `$ref`, `anyOf` or `oneOf` restricts the values.
    fn alone(&mut self, name: &str, schema: &Map<String, Value>, at: At<'_>) {
        let is_known = |other: &&String| keyword(other) == Keyword::Known && !is_definitions(other);
        for other in schema.keys().filter(is_known) {
            if other != name {
                self.obstacle(
                    at,
                    format!("`{other}` next to `{name}` is not supported in strict mode"),
                );
            }
        }
    }

    fn choice(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>, at: At<'_>) {
        let name = if schema.contains_key("anyOf") {
            "anyOf"
        } else {
            "oneOf"
        };
        self.alone(name, schema, at);
        let branches = match &schema[name] {
            Value::Array(branches) if !branches.is_empty() => branches,
            _ => {
                self.fault(at, format!("`{name}` is not a list of schemas"));
                return;
            }
        };
        let adapted: Vec<_> = (0..)
            .zip(branches)
            .map(|(index, branch)| {
                let pointer = format!("{}/{name}/{index}", at.pointer);
                let at = At {
                    pointer: &pointer,
                    depth: at.depth + 1,
                    ..at
                };
                self.schema(branch, at)
            })
            .collect();
        if name == "oneOf" {
            // A value of an adapted branch must match no other original branch.
            let overlap = (0..).zip(&adapted).find_map(|(index, one)| {
                let mut others = (0..).zip(branches).filter(|(other, _)| *other != index);
                let other = others
                    .find(|(_, other)| !are_disjoint(self.root, one, other))?
                    .0;
                Some((index, other))
            });
            match overlap {
                None => self.change(
                    at,
                    "`oneOf` was replaced by `anyOf`: no value matches two branches",
                ),
                Some((one, other)) => {
                    let reason = format!(
                        "`oneOf` is not supported in strict mode, and `anyOf` would not be the same: a value may match both \
                         branches {one} and {other}"
                    );
                    self.obstacle(at, reason);
                }
            }
        }
        out.insert("anyOf".to_owned(), adapted.into());
    }

    /// Adapts a schema with `type`, `enum` or `const`.
    fn typed(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>, at: At<'_>) {
        let mut kinds: Vec<String> = Vec::new();
        match schema.get("type") {
            Some(kind) => {
                let listed = match kind {
                    Value::Array(listed) => listed.as_slice(),
                    one => std::slice::from_ref(one),
                };
                let names = listed.iter().filter_map(Value::as_str);
                kinds.extend(
                    names
                        .filter(|name| keywords::TYPES.contains(name))
                        .map(str::to_owned),
                );
                if kinds.is_empty() || kinds.len() < listed.len() {
                    self.fault(at, format!("{kind} is not a type"));
                    return;
                }
                out.insert("type".to_owned(), kind.clone());
            }
            None => {
                if let Some(kind) = self.missing_type(schema) {
                    self.change(at, format!("`\"type\": {kind}` was added"));
                    out.insert("type".to_owned(), kind);
                } else {
                    self.obstacle(at, ANY);
                }
            }
        }
        self.values(schema, out, at);
        let has = |kind: &str| kinds.iter().any(|name| name == kind);
        if has("object") || has("array") {
            self.size.levels = self.size.levels.max(at.level + 1);
        }
        let misplaced = |name: &&String| match name.as_str() {
            "properties" | "required" | "additionalProperties" | "unevaluatedProperties" => {
                !has("object")
            }
            "items" => !has("array"),
            _ => false,
        };
        for name in schema.keys().filter(misplaced) {
            self.misplaced(name, schema, at);
        }
        if has("object") {
            self.object(schema, out, at);
        }
        if has("array") {
            match schema.get("items") {
                None => self.obstacle(
                    at,
                    "a list without `items` accepts any values; strict mode needs their schema",
                ),
                // Nothing follows the values of a tuple, which are not supported.
                Some(Value::Bool(false)) if schema.contains_key("prefixItems") => {}
                Some(items) => {
                    let pointer = format!("{}/items", at.pointer);
                    let at = At {
                        pointer: &pointer,
                        depth: at.depth + 1,
                        level: at.level + 1,
                    };
                    let items = self.schema(items, at);
                    out.insert("items".to_owned(), items);
                }
            }
        }
        if let Some(format) = schema.get("format") {
            let known = format
                .as_str()
                .is_some_and(|name| keywords::FORMATS.contains(&name));
            match has("string") {
                true if known => drop(out.insert("format".to_owned(), format.clone())),
                true => self.obstacle(
                    at,
                    format!("the format {format} is not supported in strict mode"),
                ),
                false => self.change(at, "`format` was removed"),
            }
        }
    }

    /// Returns the type of the values of `const` or `enum`.
    fn missing_type(&self, schema: &Map<String, Value>) -> Option<Value> {
        let values = match (schema.get("const"), schema.get("enum")) {
            (Some(value), _) => std::slice::from_ref(value),
            (None, Some(Value::Array(values))) => values,
            _ => return None,
        };
        let mut kinds: Vec<&str> = values
            .iter()
            .map(|value| match value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        match kinds[..] {
            [] => None,
            [kind] => Some(kind.into()),
            _ => Some(kinds.into()),
        }
    }

    /// Copies `enum` and `const`.
    fn values(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>, at: At<'_>) {
        let is_composite = |value: &Value| value.is_array() || value.is_object();
        let mut composite = false;
        if let Some(value) = schema.get("const") {
            composite |= is_composite(value);
            self.size.add_const(value);
            out.insert("const".to_owned(), value.clone());
        }
        if let Some(values) = schema.get("enum") {
            match values {
                Value::Array(values) if !values.is_empty() => {
                    composite |= values.iter().any(is_composite);
                    if let Some(excess) = self.size.add_enum(values) {
                        self.obstacle(at, excess);
                    }
                }
                _ => self.fault(at, "`enum` is not a list of values"),
            }
            out.insert("enum".to_owned(), values.clone());
        }
        if composite {
            self.obstacle(
                at,
                "lists and objects in `enum` or `const` are not supported in strict mode",
            );
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>, at: At<'_>) {
        let none = Value::Object(Map::new());
        let properties = schema.get("properties").unwrap_or(&none);
        let inner = At {
            level: at.level + 1,
            ..at
        };
        let adapted = self.map("properties", properties, inner);
        self.size.properties += adapted.len();
        let required: Vec<&str> = match schema.get("required") {
            None => Vec::new(),
            Some(Value::Array(names)) if names.iter().all(Value::is_string) => {
                names.iter().filter_map(Value::as_str).collect()
            }
            Some(_) => {
                self.fault(at, "`required` is not a list of names");
                return;
            }
        };
        for name in &required {
            if !adapted.contains_key(*name) {
                self.obstacle(at, format!("the required property {name:?} has no schema"));
            }
        }
        for (name, property) in properties.as_object().into_iter().flatten() {
            if required.contains(&name.as_str()) {
                continue;
            }
            let token = name.replace('~', "~0").replace('/', "~1");
            let pointer = format!("{}/properties/{token}", at.pointer);
            let at = At {
                pointer: &pointer,
                ..at
            };
            let default = property.get("default").filter(|default| !default.is_null());
            if default.is_some() && accepts_null(self.root, property) {
                self.obstacle(
                    at,
                    "the property is optional and has a default, which `null` would replace",
                );
            } else if accepts_null(self.root, property) {
                self.change(
                    at,
                    "the optional property is required; `null` stands for a missing one",
                );
            } else {
                let reason = "the property is optional and does not accept `null`; strict mode has no optional properties: use an \
                              `Option` without a default";
                self.obstacle(at, reason);
            }
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => {}
            None => match schema.get("unevaluatedProperties") {
                None | Some(Value::Bool(false)) => {
                    self.change(at, "`additionalProperties` is `false`");
                }
                Some(_) => {
                    self.obstacle(
                        at,
                        "`unevaluatedProperties` is not supported in strict mode",
                    );
                }
            },
            Some(_) => {
                let reason = "the object accepts properties of any name, like a map; strict mode needs their names";
                self.obstacle(at, reason);
            }
        }
        let names: Vec<Value> = adapted.keys().map(|name| name.as_str().into()).collect();
        out.insert("properties".to_owned(), adapted.into());
        out.insert("required".to_owned(), names.into());
        out.insert("additionalProperties".to_owned(), false.into());
    }

    /// Checks the value of a keyword that is kept.
    fn check_value(&mut self, name: &str, value: &Value, at: At<'_>) {
        let is_valid = match name {
            "pattern" => value.is_string(),
            "minItems" | "maxItems" => value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0),
            "multipleOf" => value.as_f64().is_some_and(|number| number > 0.0),
            _ => value.is_number(),
        };
        if !is_valid {
            self.fault(at, format!("`{name}` cannot be {value}"));
        }
    }
}

const ANY: &str = "it accepts values of any type; strict mode needs a type";
