//! Who asks, and for which account.

use axum::http::{HeaderMap, header};

use crate::errors::{Refusal, inference, platform};
use crate::state::access::{Caller, Permission};
use crate::state::account::AccountId;
use crate::state::{Shared, State};

/// The header that names a team to the Inference API.
const TEAM: &str = "x-prime-team-id";

/// What a request shows of a key.
enum Shown {
    Nothing,
    Wrong,
    Right(Caller),
}

fn shown(shared: &Shared, headers: &HeaderMap) -> Shown {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Shown::Nothing;
    };
    let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
    let key = bearer
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key);
    match key.and_then(|key| shared.state().keys.of(key).cloned()) {
        Some(caller) => Shown::Right(caller),
        None => Shown::Wrong,
    }
}

/// The account that a call of the Inference API is for.
pub(crate) fn inference(shared: &Shared, headers: &HeaderMap) -> Result<AccountId, Refusal> {
    let Shown::Right(caller) = shown(shared, headers) else {
        return Err(inference::key());
    };
    if !caller.may(Permission::Inference) {
        return Err(inference::permission(Permission::Inference.name()));
    }
    let team = headers.get(TEAM).map(|team| team.to_str().unwrap_or(""));
    let account = shared.state().account_of(&caller, team);
    account.ok_or_else(|| inference::team(team.unwrap_or_default()))
}

/// The same, where a key is not needed. One that is shown has to be right.
pub(crate) fn inference_or_nobody(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::AUTHORIZATION) {
        inference(shared, headers)?;
    }
    Ok(())
}

/// Who makes a call of the Training API, if they may.
pub(crate) fn platform(
    shared: &Shared,
    headers: &HeaderMap,
    permission: Permission,
) -> Result<Caller, Refusal> {
    match shown(shared, headers) {
        Shown::Right(caller) if caller.may(permission) => Ok(caller),
        Shown::Right(_) => Err(platform::permission(permission.name())),
        Shown::Nothing => Err(platform::key("Not authenticated")),
        Shown::Wrong => Err(platform::key("Invalid API key")),
    }
}

/// The account that a call of the Training API names.
pub(crate) fn platform_account(
    state: &State,
    caller: &Caller,
    team: Option<&str>,
) -> Result<AccountId, Refusal> {
    state.account_of(caller, team).ok_or_else(platform::team)
}
