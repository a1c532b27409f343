//! Renders a lowered document as Rust files, using progenitor.
//!
//! | module | contents |
//! |---|---|
//! | `input` | prepares the lowered document for progenitor |
//! | `parse` | parses the document with `openapiv3` |
//! | `property_names` | gives properties of one schema distinct names in Rust |
//! | `parts` | divides the document for several runs of progenitor |
//! | `client` | runs progenitor |
//! | `modules` | reads and reduces the module `types` of progenitor's output |
//! | `runtime` | renames the runtime crate in paths |
//! | `post_process` | post-processes progenitor's output |
//! | `request_bodies` | keeps request bodies that are passed as a whole |
//! | `send_methods` | replaces the send methods |
//! | `setters` | renders the setters of operations |
//! | `teams` | implements `WithTeam` |
//! | `documentation` | formats doc comments |
//! | `bisect` | finds the operation or schema that progenitor cannot generate |
//! | `enums` | renders open enums |
//! | `unions` | renders `oneOf` and `anyOf` as enums |
//! | `lenient_impls` | implements `Lenient` for types |
//! | `limits` | renders checks of numeric limits |
//! | `operations` | renders operation constants |
//! | `wire` | restores names and media types on the wire |
//! | `field_attributes` | parses the serde attributes of fields |
//! | `type_code` | adds constructors, derives and checks to types |
//! | `type_builders` | renders the builders of types |
//! | `text` | writes tokens as text |
//! | `split` | splits the output into files |

mod bisect;
mod client;
mod documentation;
pub(crate) mod enums;
mod field_attributes;
mod input;
mod lenient_impls;
mod limits;
mod modules;
mod names;
mod operations;
mod parse;
mod parts;
mod post_process;
mod property_names;
mod request_bodies;
mod runtime;
mod send_methods;
mod setters;
mod split;
mod teams;
mod text;
mod type_builders;
mod type_code;
mod unions;
mod wire;

use std::collections::BTreeSet;
use std::iter::Enumerate;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::vec;

use crate::lower::{self, Lowered, TeamLocation};
use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::InterfaceStyle;
use serde_json::Value;
use syn::visit_mut::VisitMut as _;

use self::bisect::Culprit;
use self::documentation::Documentation;
use self::limits::LimitsOfTypes;
use self::operations::Operation;
use self::text::Rendered;
use crate::generator::STACK_SIZE;
use crate::{Error, Result};

/// Renders the files of a generated folder, each with its path in that folder. `source` is the document's
/// name in errors.
///
/// # Errors
/// Returns an error if progenitor rejects the document, or if its output is not as the post-processing
/// expects.
pub fn render(source: &str, lowered: &Lowered) -> Result<Vec<(String, String)>> {
    render_once(lowered).map_err(|failure| {
        let reason = match failure {
            Failure::Progenitor(reason) => {
                let pointer =
                    bisect::find(lowered).map(|culprit| format!("{}: ", culprit.pointer()));
                format!("{}{reason}", pointer.unwrap_or_default())
            }
            Failure::Other(reason) => reason,
        };
        Error::new(format!("{source}: {reason}"))
    })
}

/// Like [`render`], but drops the operations and schemas that progenitor cannot generate, and reports them in
/// the document's notes.
///
/// # Errors
/// Returns an error if dropping single operations and schemas does not help.
pub fn render_supported(source: &str, lowered: &mut Lowered) -> Result<Vec<(String, String)>> {
    const MAX_DROPPED: usize = 50;
    for _ in 0..MAX_DROPPED {
        let reason = match render_once(lowered) {
            Ok(files) => return Ok(files),
            Err(Failure::Other(reason)) => return Err(Error::new(format!("{source}: {reason}"))),
            Err(Failure::Progenitor(reason)) => reason,
        };
        let (mut ids, mut schemas) = (BTreeSet::new(), BTreeSet::new());
        match bisect::find(lowered) {
            Some(Culprit::Operation(_, id)) => ids.insert(id),
            Some(Culprit::Schema(_, name)) => schemas.insert(name),
            None => break,
        };
        *lowered = lower::without(lowered.clone(), &ids, &schemas, &reason);
    }
    render(source, lowered)
}

/// Why a document cannot be rendered.
enum Failure {
    /// progenitor rejects an operation or a schema.
    Progenitor(String),
    /// Any other reason. Dropping an operation or a schema does not help.
    Other(String),
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

/// Renders all files of a document.
///
/// progenitor runs several times, in parallel: for the types, with a document without operations, and for groups of
/// operations, with types that have no fields. One run for all would take longer, and much memory.
fn render_once(lowered: &Lowered) -> Result<Vec<(String, String)>, Failure> {
    let mut input = input::prepare(lowered);
    let limits = limits::of_types(&input)?;
    // The schemas are parsed by the run for the types.
    let components = input["components"].take();
    let document = parse::parse(&input)?;
    input["components"] = components;
    let run = Run {
        lowered,
        operations: operations::list(&document, lowered),
        limits,
        document,
    };
    let parts = parts::divide(input, &run.bodies_with_team().collect());
    let number = parts.groups.len();
    let queue = Mutex::new(parts.groups.into_iter().enumerate());
    thread::scope(|scope| {
        let own = scope.spawn(|| run.own_types());
        let types = spawn(scope, || (run.types(parts.types), run.groups(&queue)))?;
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let others = (2..threads.min(number)).map(|_| spawn(scope, || run.groups(&queue)));
        let others: Vec<_> = others.collect::<Result<_, _>>()?;
        let mut groups = run.groups(&queue);
        let (types, of_thread) = join(types);
        groups.extend(of_thread);
        groups.extend(others.into_iter().flat_map(join));
        // If progenitor rejects a schema, only the run for the types says so.
        let types = types?;
        groups.sort_by_key(|(index, _)| *index);
        let mut client = split::Client::default();
        for (_, group) in groups {
            let group = group?;
            let no_types = group.types.difference(&types.names);
            let no_builders = group.bodies.difference(&types.bodies);
            if let Some(missing) = no_types.chain(no_builders).next() {
                let reason = format!("no type `{missing}`, or no builder of it, was generated");
                return Err(Failure::Other(reason));
            }
            client.append(group.client);
        }
        let mut files = client.files();
        files.extend(types.files);
        files.extend(join(own)?);
        let operations = operations::render(&run.operations)?;
        files.push(("operations.rs".to_owned(), unparse(operations)));
        Ok(files)
    })
}

/// Starts a thread with a large stack: syn parses recursively.
fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, String> {
    let thread = thread::Builder::new().stack_size(STACK_SIZE);
    let thread = thread.spawn_scoped(scope, work);
    thread.map_err(|e| format!("cannot start a thread: {e}"))
}

/// Waits for a thread, and continues its panic.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// The rendered types.
struct Types {
    files: Vec<(String, String)>,
    names: BTreeSet<String>,
    /// The names of the types of request bodies, which have builders.
    bodies: BTreeSet<String>,
}

/// A rendered group of operations.
struct Group {
    client: split::Client,
    /// The names of the types that the operations refer to.
    types: BTreeSet<String>,
    /// The names of the types whose builders they use.
    bodies: BTreeSet<String>,
}

/// One attempt to render a document.
struct Run<'a> {
    lowered: &'a Lowered,
    document: OpenAPI,
    operations: Vec<Operation>,
    limits: LimitsOfTypes,
}

/// The groups of operations that are left, with their indices.
type Queue = Mutex<Enumerate<vec::IntoIter<Value>>>;

impl Run<'_> {
    /// Renders the types that progenitor references only by name.
    fn own_types(&self) -> Result<Vec<(String, String)>, String> {
        let mut files = Vec::new();
        if !self.lowered.enums.is_empty() {
            let enums = enums::render(&self.lowered.enums)?;
            files.push(("types/enums.rs".to_owned(), enums));
        }
        if !self.lowered.unions.is_empty() {
            let unions = unions::render(self.lowered)?;
            files.push(("types/unions.rs".to_owned(), unions));
        }
        Ok(files)
    }

    /// Renders the types of a document without operations.
    fn types(&self, document: Value) -> Result<Types, Failure> {
        let has_renamed_properties = property_names::has_renamed(&document);
        let mut tokens = client::generate(document, self.lowered, InterfaceStyle::Positional)?;
        if has_renamed_properties {
            tokens = property_names::restore(tokens);
        }
        let (tokens, names) = modules::type_names(tokens);
        let names = self.all_types(names)?;
        let mut file = parse_output(tokens)?;
        let operations: Vec<&Operation> = self.operations.iter().collect();
        let operations = operations.as_slice();
        Documentation { operations }.visit_file_mut(&mut file);
        let mut modules = Vec::new();
        modules.extend((!self.lowered.enums.is_empty()).then_some("enums"));
        modules.extend((!self.lowered.unions.is_empty()).then_some("unions"));
        let bodies = self
            .operations
            .iter()
            .filter_map(|one| one.body_schema.as_deref());
        let bodies = type_names(bodies)?;
        let files = split::types(file, &modules, &self.limits, &names, &bodies)?;
        Ok(Types {
            files,
            names,
            bodies,
        })
    }

    /// Renders groups of operations until none is left or one fails.
    fn groups(&self, queue: &Queue) -> Vec<(usize, Result<Group, Failure>)> {
        let mut rendered = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, group)) = next else {
                return rendered;
            };
            let group = self.group(group, index == 0);
            let has_failed = group.is_err();
            rendered.push((index, group));
            if has_failed {
                return rendered;
            }
        }
    }

    /// Renders a group of operations, whose types have no fields.
    fn group(&self, document: Value, is_first: bool) -> Result<Group, Failure> {
        let ids: BTreeSet<String> = ids(&document).collect();
        let operations = self.operations.iter();
        let operations = operations.filter(|operation| ids.contains(&operation.id));
        let operations: Vec<&Operation> = operations.collect();
        let tokens = client::generate(document, self.lowered, InterfaceStyle::Builder)?;
        let (tokens, types) = modules::type_names(tokens);
        let types = self.all_types(types)?;
        let bodies = type_names(self.bodies_with_team())?;
        let mut rendered = Rendered::default();
        let tokens = setters::take(modules::with_structs(tokens, &bodies), &mut rendered);
        let mut file = parse_output(tokens)?;
        let (document, limits) = (&self.document, &self.limits);
        let bodies = post_process::post_process(
            &mut file,
            document,
            &operations,
            limits,
            &types,
            &mut rendered,
        )?;
        let mut all = self.operations.iter();
        if all.any(|operation| operation.facts.team.is_some()) {
            teams::add(&mut file, &operations)?;
        }
        let client = split::client(file, is_first, &rendered)?;
        Ok(Group {
            client,
            types,
            bodies,
        })
    }

    /// Returns the schemas of request bodies of which a property is the team.
    fn bodies_with_team(&self) -> impl Iterator<Item = &str> {
        let operations = self.operations.iter();
        let with_team = operations
            .filter(|operation| matches!(operation.facts.team, Some(TeamLocation::Body(_))));
        with_team.filter_map(|operation| operation.body_schema.as_deref())
    }

    /// Returns the names of all types, given those that progenitor generated.
    fn all_types(&self, mut names: BTreeSet<String>) -> Result<BTreeSet<String>, String> {
        let Lowered { enums, unions, .. } = self.lowered;
        let own = enums.iter().map(|open| &open.name);
        for name in own.chain(unions.iter().map(|union| &union.name)) {
            let name = names::type_name(name)?.to_string();
            if let Some(duplicate) = names.replace(name) {
                return Err(format!(
                    "duplicate type name {duplicate}; give one of the schemas a `title`"
                ));
            }
        }
        Ok(names)
    }
}

/// Returns the names of the Rust types of schemas.
fn type_names<'a>(schemas: impl Iterator<Item = &'a str>) -> Result<BTreeSet<String>, String> {
    schemas
        .map(|name| Ok(names::type_name(name)?.to_string()))
        .collect()
}

/// Returns the ids of the operations of a document.
fn ids(document: &Value) -> impl Iterator<Item = String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    operations.filter_map(|(_, operation)| Some(operation["operationId"].as_str()?.to_owned()))
}

fn parse_output(tokens: TokenStream) -> Result<syn::File, String> {
    syn::parse2(tokens).map_err(|e| format!("progenitor's output is not valid Rust: {e}"))
}

/// Formats a file, with a blank line between its items.
fn unparse(mut file: syn::File) -> String {
    let is_line = |item: &syn::Item| {
        matches!(item, syn::Item::Use(_))
            || matches!(item, syn::Item::Mod(module) if module.content.is_none())
    };
    let mut previous_is_line = None;
    let items = std::mem::take(&mut file.items);
    for item in items {
        let line = is_line(&item);
        let has_head = !file.attrs.is_empty();
        if previous_is_line.map_or(has_head, |previous| !(previous && line)) {
            // An empty item is printed as a blank line.
            file.items.push(syn::Item::Verbatim(TokenStream::new()));
        }
        previous_is_line = Some(line);
        file.items.push(item);
    }
    prettyplease::unparse(&file)
}
