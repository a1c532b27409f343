//! API keys, permissions and accounts of requests.

use axum::http::{HeaderMap, header};

use crate::errors::{ApiError, inference, platform};
use crate::state::access::{Caller, Permission};
use crate::state::account::AccountId;
use crate::state::{Shared, State};

/// The team header of the Inference API.
const TEAM_HEADER: &str = "x-prime-team-id";

/// The API key of a request.
enum Credentials {
    Missing,
    Invalid,
    Valid(Caller),
}

fn credentials(shared: &Shared, headers: &HeaderMap) -> Credentials {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Credentials::Missing;
    };
    let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
    let key = bearer
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key);
    match key.and_then(|key| shared.billed_state().keys.get(key).cloned()) {
        Some(caller) => Credentials::Valid(caller),
        None => Credentials::Invalid,
    }
}

/// Returns the account of an Inference API request.
pub(crate) fn inference(shared: &Shared, headers: &HeaderMap) -> Result<AccountId, ApiError> {
    let Credentials::Valid(caller) = credentials(shared, headers) else {
        return Err(inference::key());
    };
    if !caller.may(Permission::Inference) {
        return Err(inference::permission(Permission::Inference.name()));
    }
    let team = headers
        .get(TEAM_HEADER)
        .map(|team| team.to_str().unwrap_or(""));
    let account = shared.billed_state().account_for(&caller, team);
    account.ok_or_else(|| inference::team(team.unwrap_or_default()))
}

/// Checks the API key if there is one.
pub(crate) fn inference_optional(shared: &Shared, headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.contains_key(header::AUTHORIZATION) {
        inference(shared, headers)?;
    }
    Ok(())
}

/// Returns the caller of a Training API request with the permission.
pub(crate) fn platform(
    shared: &Shared,
    headers: &HeaderMap,
    permission: Permission,
) -> Result<Caller, ApiError> {
    let caller = any_key(shared, headers)?;
    match caller.may(permission) {
        true => Ok(caller),
        false => Err(platform::permission(permission.name())),
    }
}

/// Returns the caller of a request that needs no permission.
pub(crate) fn any_key(shared: &Shared, headers: &HeaderMap) -> Result<Caller, ApiError> {
    match credentials(shared, headers) {
        Credentials::Valid(caller) => Ok(caller),
        Credentials::Missing => Err(platform::key("Not authenticated")),
        Credentials::Invalid => Err(platform::key("Invalid API key")),
    }
}

/// Returns the account of a Training API request.
pub(crate) fn platform_account(
    state: &State,
    caller: &Caller,
    team: Option<&str>,
) -> Result<AccountId, ApiError> {
    state.account_for(caller, team).ok_or_else(platform::team)
}
