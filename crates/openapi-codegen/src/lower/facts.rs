//! Reads facts about operations that determine how a call is made.
//!
//! OpenAPI has no keywords for them, so documents and overlays use extensions: [`RETRY_SAFETY`],
//! [`TIMEOUT_SECONDS`], [`TEAM`] and [`SECRET`]. The facts are read before lowering loses information. For example, a
//! property that lowering removes can be secret.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::LowerError;
use super::bodies;
use super::properties::{Schemas, is_marked, members};
use super::resolve::is_method;
use crate::Pointer;

/// On an operation: whether it can be retried safely. The value is `idempotent`, `billable` or `never`.
pub const RETRY_SAFETY: &str = "x-retry-safety";

/// On an operation: the default timeout in seconds.
pub const TIMEOUT_SECONDS: &str = "x-timeout-seconds";

/// On a parameter or request body property: its value is the team of the call.
pub const TEAM: &str = "x-team";

/// On a property or schema: its value is secret. `format: password` has the same effect.
pub const SECRET: &str = "x-secret";

/// Facts about an operation that determine how a call is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationFacts {
    /// Whether the operation can be retried safely. If `None`, the HTTP method decides.
    pub retry_safety: Option<RetrySafety>,
    /// The default timeout.
    pub timeout: Option<Duration>,
    /// The location of the team in a request.
    pub team: Option<TeamLocation>,
    /// The names of secret properties of the request body, at any depth.
    pub request_secrets: BTreeSet<String>,
    /// The names of secret properties of all response bodies, at any depth.
    pub response_secrets: BTreeSet<String>,
}

/// Whether an operation can be retried safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetrySafety {
    /// A second request has no further effect.
    Idempotent,
    /// A second request costs money again and has no other effect.
    Billable,
    /// A second request has an unwanted effect.
    Never,
}

/// The location of the team in a request, with its name on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamLocation {
    /// A header.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A property of the request body.
    Body(String),
}

/// Reads the facts of all operations, by operation id. References point into the original document.
pub(super) fn read(
    document: &Value,
    original: &Value,
) -> Result<BTreeMap<String, OperationFacts>, LowerError> {
    let mut schemas = Schemas::of(original);
    let root = Pointer::root().join("paths");
    let mut facts = BTreeMap::new();
    for (path, item) in members(document.get("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let id = operation.get("operationId").and_then(Value::as_str);
            let of_operation = of_operation(operation, original, &place, &mut schemas)?;
            facts.insert(id.unwrap_or_default().to_owned(), of_operation);
        }
    }
    Ok(facts)
}

/// A parameter or property marked as the team.
struct Team {
    place: Pointer,
    location: TeamLocation,
}

impl Team {
    /// Rejects a team that is not a string.
    fn of(place: Pointer, location: TeamLocation, is_string: bool) -> Result<Self, LowerError> {
        match is_string {
            true => Ok(Self { place, location }),
            false => Err(LowerError::new(&place, "the team must be a plain string")),
        }
    }
}

fn of_operation<'a>(
    operation: &'a Value,
    original: &Value,
    place: &Pointer,
    schemas: &mut Schemas<'a>,
) -> Result<OperationFacts, LowerError> {
    let mut teams = team_parameters(operation, place, schemas)?;
    let mut request_secrets = BTreeSet::new();
    let body = operation.get("requestBody");
    for (media, schema, place) in bodies_of(body, &place.join("requestBody")) {
        let below = schemas.below(schema, &place)?;
        request_secrets.extend(schemas.secrets(&below));
        // Other media types are not sent.
        let sent = body.and_then(|body| bodies::sent_media(body, original));
        if sent.as_ref() == Some(media) {
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

/// Returns the parameters that are marked as the team.
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
                    "the team cannot be in {other:?}; use a header, query parameter or body property"
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

/// Returns the properties of a body that are marked as the team.
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
            let reason = "the team must be a top-level property of the body";
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
            let reason = format!("duplicate team; the first one is at {}", first.place);
            Err(LowerError::new(&second.place, reason))
        }
    }
}

fn retry_safety(operation: &Value, place: &Pointer) -> Result<Option<RetrySafety>, LowerError> {
    let Some(value) = operation.get(RETRY_SAFETY) else {
        return Ok(None);
    };
    Ok(Some(match value.as_str() {
        Some("idempotent") => RetrySafety::Idempotent,
        Some("billable") => RetrySafety::Billable,
        Some("never") => RetrySafety::Never,
        _ => {
            let reason =
                format!("invalid value {value}; expected `idempotent`, `billable` or `never`");
            return Err(LowerError::new(&place.join(RETRY_SAFETY), reason));
        }
    }))
}

fn timeout(operation: &Value, place: &Pointer) -> Result<Option<Duration>, LowerError> {
    let Some(value) = operation.get(TIMEOUT_SECONDS) else {
        return Ok(None);
    };
    match value.as_u64().filter(|seconds| *seconds > 0) {
        Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
        None => {
            let reason =
                format!("invalid value {value}; expected a positive whole number of seconds");
            Err(LowerError::new(&place.join(TIMEOUT_SECONDS), reason))
        }
    }
}

/// Returns the schemas of a request body or a response, with their media types and locations.
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
