//! Who asks, and for which account.

use axum::http::{HeaderMap, header};

use crate::errors::{Refusal, inference, platform};
use crate::state::account::AccountId;
use crate::state::{Shared, State};

/// The header that names a team to the Inference API.
const TEAM: &str = "x-prime-team-id";

/// What a request shows of a key.
enum Key {
    Missing,
    Wrong,
    Right,
}

fn key(shared: &Shared, headers: &HeaderMap) -> Key {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Key::Missing;
    };
    let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
    match bearer {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") && key == shared.key => {
            Key::Right
        }
        _ => Key::Wrong,
    }
}

/// The account that a call of the Inference API is for.
pub(crate) fn inference(shared: &Shared, headers: &HeaderMap) -> Result<AccountId, Refusal> {
    let Key::Right = key(shared, headers) else {
        return Err(inference::key());
    };
    let team = headers.get(TEAM).map(|team| team.to_str().unwrap_or(""));
    let account = shared.state().account_of(team);
    account.ok_or_else(|| inference::team(team.unwrap_or_default()))
}

/// The same, where a key is not needed. One that is shown has to be right.
pub(crate) fn inference_or_nobody(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    match key(shared, headers) {
        Key::Missing => Ok(()),
        Key::Wrong | Key::Right => inference(shared, headers).map(|_| ()),
    }
}

/// Whether a call of the Training API may be made at all.
pub(crate) fn platform(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    match key(shared, headers) {
        Key::Right => Ok(()),
        Key::Missing => Err(platform::key("Not authenticated")),
        Key::Wrong => Err(platform::key("Invalid API key")),
    }
}

/// The account that a call of the Training API names.
pub(crate) fn platform_account(state: &State, team: Option<&str>) -> Result<AccountId, Refusal> {
    state.account_of(team).ok_or_else(platform::team)
}
