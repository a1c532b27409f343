//! Facts about operations that decide how a call is made.
//!
//! OpenAPI has no words for them, so a document, or an overlay, adds some: [`RETRY_SAFETY`],
//! [`TIMEOUT_SECONDS`], [`TEAM`] and [`SECRET`]. They are read while the document still says everything: what
//! lowering leaves out of a type can be a secret all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::LowerError;
use super::bodies;
use super::properties::{Schemas, is_marked, members};
use super::resolve::is_method;
use crate::Pointer;

/// On an operation: what repeating it does. One of `idempotent`, `billable` and `never`.
pub const RETRY_SAFETY: &str = "x-retry-safety";

/// On an operation: how many seconds a call may take unless its caller says otherwise.
pub const TIMEOUT_SECONDS: &str = "x-timeout-seconds";

/// Marks the parameter, or the property of the request body, that names the team a call is made for.
pub const TEAM: &str = "x-team";

/// Marks a property, or a schema, whose value is secret. `format: password` does the same.
pub const SECRET: &str = "x-secret";

/// What a document says of an operation beyond how its requests and responses look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationFacts {
    /// What repeating the operation does, if the document says so. If it does not, the HTTP method decides.
    pub retry_safety: Option<RetrySafety>,
    /// How long a call may take, unless its caller says otherwise.
    pub timeout: Option<Duration>,
    /// Where a request names the team that it is made for.
    pub team: Option<TeamLocation>,
    /// The names of the properties of the request body that hold secrets, at any depth.
    pub request_secrets: BTreeSet<String>,
    /// The names of the properties of all response bodies that hold secrets, at any depth.
    pub response_secrets: BTreeSet<String>,
}

/// What repeating an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetrySafety {
    /// It has no effect beyond that of the first request.
    Idempotent,
    /// It costs money again, and has no other effect.
    Billable,
    /// It has an effect that nobody asked for.
    Never,
}

/// Where a request names its team, with the name on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamLocation {
    /// In a header.
    Header(String),
    /// In a parameter of the query.
    Query(String),
    /// In a property of the body.
    Body(String),
}

/// Reads the facts of all operations, by their ids.
pub(super) fn read(document: &Value) -> Result<BTreeMap<String, OperationFacts>, LowerError> {
    let mut schemas = Schemas::of(document);
    let root = Pointer::root().join("paths");
    let mut facts = BTreeMap::new();
    for (path, item) in members(document.get("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let id = operation.get("operationId").and_then(Value::as_str);
            let of_operation = of_operation(operation, &place, &mut schemas)?;
            facts.insert(id.unwrap_or_default().to_owned(), of_operation);
        }
    }
    Ok(facts)
}

/// Something that is marked as the team.
struct Team {
    place: Pointer,
    location: TeamLocation,
}

impl Team {
    /// Generated code passes strings to what is marked.
    fn of(place: Pointer, location: TeamLocation, is_string: bool) -> Result<Self, LowerError> {
        match is_string {
            true => Ok(Self { place, location }),
            false => Err(LowerError::new(&place, "a team is a plain string")),
        }
    }
}

fn of_operation<'a>(
    operation: &'a Value,
    place: &Pointer,
    schemas: &mut Schemas<'a>,
) -> Result<OperationFacts, LowerError> {
    let mut teams = team_parameters(operation, place, schemas)?;
    let mut request_secrets = BTreeSet::new();
    let body = operation.get("requestBody");
    for (media, schema, place) in bodies_of(body, &place.join("requestBody")) {
        let below = schemas.below(schema, &place)?;
        request_secrets.extend(schemas.secrets(&below));
        // Other media are not sent.
        if body.and_then(bodies::sent_media).as_ref() == Some(media) {
            teams.extend(team_properties(schema, &place, &below, schemas)?);
        }
    }
    let mut response_secrets = BTreeSet::new();
    let place_of_responses = place.join("responses");
    for (status, response) in members(operation.get("responses")) {
        for (_, schema, place) in bodies_of(Some(response), &place_of_responses.join(status)) {
            let below = schemas.below(schema, &place)?;
            response_secrets.extend(schemas.secrets(&below));
        }
    }
    Ok(OperationFacts {
        retry_safety: retry_safety(operation, place)?,
        timeout: timeout(operation, place)?,
        team: only_team(teams)?,
        request_secrets,
        response_secrets,
    })
}

/// The parameters that are marked as the team.
fn team_parameters(
    operation: &Value,
    place: &Pointer,
    schemas: &Schemas<'_>,
) -> Result<Vec<Team>, LowerError> {
    let place = place.join("parameters");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let mut teams = Vec::new();
    for (index, parameter) in parameters.into_iter().flatten().enumerate() {
        let place = place.join(index);
        if !is_marked(parameter, TEAM, &place)? {
            continue;
        }
        let place = place.join(TEAM);
        let text = |key: &str| parameter.get(key).and_then(Value::as_str);
        let name = text("name").unwrap_or_default().to_owned();
        let location = match text("in").unwrap_or_default() {
            "header" => TeamLocation::Header(name),
            "query" => TeamLocation::Query(name),
            other => {
                let reason = format!(
                    "a team can be in a header, in the query or in the body, not in {other:?}"
                );
                return Err(LowerError::new(&place, reason));
            }
        };
        let is_string = parameter
            .get("schema")
            .is_some_and(|s| schemas.is_string(s));
        teams.push(Team::of(place, location, is_string)?);
    }
    Ok(teams)
}

/// The properties of a body that are marked as the team.
fn team_properties<'a>(
    schema: &'a Value,
    place: &Pointer,
    below: &[usize],
    schemas: &Schemas<'a>,
) -> Result<Vec<Team>, LowerError> {
    let mut teams = Vec::new();
    for (name, property, place) in schemas.properties(schema, place) {
        if is_marked(property, TEAM, &place)? {
            let location = TeamLocation::Body(name.clone());
            let is_string = schemas.is_string(property);
            teams.push(Team::of(place.join(TEAM), location, is_string)?);
        }
    }
    let mut marked = schemas.teams(below);
    match marked.find(|marked| teams.iter().all(|team| team.place != **marked)) {
        None => Ok(teams),
        Some(nested) => {
            let reason = "only a property of the body itself can be the team";
            Err(LowerError::new(nested, reason))
        }
    }
}

fn only_team(teams: Vec<Team>) -> Result<Option<TeamLocation>, LowerError> {
    let mut teams = teams.into_iter();
    let Some(first) = teams.next() else {
        return Ok(None);
    };
    match teams.next() {
        None => Ok(Some(first.location)),
        Some(second) => {
            let reason = format!("marks a second team; the first is at {}", first.place);
            Err(LowerError::new(&second.place, reason))
        }
    }
}

fn retry_safety(operation: &Value, place: &Pointer) -> Result<Option<RetrySafety>, LowerError> {
    let Some(said) = operation.get(RETRY_SAFETY) else {
        return Ok(None);
    };
    Ok(Some(match said.as_str() {
        Some("idempotent") => RetrySafety::Idempotent,
        Some("billable") => RetrySafety::Billable,
        Some("never") => RetrySafety::Never,
        _ => {
            let reason = format!("{said} is not one of `idempotent`, `billable` and `never`");
            return Err(LowerError::new(&place.join(RETRY_SAFETY), reason));
        }
    }))
}

fn timeout(operation: &Value, place: &Pointer) -> Result<Option<Duration>, LowerError> {
    let Some(said) = operation.get(TIMEOUT_SECONDS) else {
        return Ok(None);
    };
    match said.as_u64().filter(|seconds| *seconds > 0) {
        Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
        None => {
            let reason = format!("{said} is not a whole number of seconds above zero");
            Err(LowerError::new(&place.join(TIMEOUT_SECONDS), reason))
        }
    }
}

/// The schemas of a request body or a response, with their media types and places.
fn bodies_of<'a>(
    body: Option<&'a Value>,
    place: &Pointer,
) -> impl Iterator<Item = (&'a String, &'a Value, Pointer)> + use<'a> {
    let place = place.join("content");
    let content = members(body.and_then(|body| body.get("content")));
    content.filter_map(move |(media, content)| {
        let schema = content.get("schema")?;
        Some((media, schema, place.join(media).join("schema")))
    })
}
