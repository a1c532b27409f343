//! `whoami`, `list_teams`. Not in a specification of the provider: the official client (prime 0.18.0)
//! calls them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::errors::ApiError;
use crate::operation::Operation;
use crate::routes::auth;
use crate::routes::query::{Parameters, RawQuery};
use crate::state::Shared;
use crate::state::access::{OWNER, Permission, user_id};
use crate::state::clock::timestamp;

/// The default page size.
const DEFAULT_LIMIT: usize = 100;

/// `GET /api/v1/user/whoami`. Every valid key may call it.
pub(crate) async fn whoami(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Json<Value>, ApiError> {
    let caller = auth::any_key(&shared, &headers)?;
    let query = Parameters::new(Operation::Whoami, query)?;
    auth::platform_account(&shared.billed_state(), &caller, query.text("teamId"))?;
    let scope = Permission::ALL.map(|permission| {
        let access = json!({ "read": true, "write": true });
        let access = caller.may(permission).then_some(access);
        (permission.name().to_owned(), access.unwrap_or(Value::Null))
    });
    Ok(Json(json!({ "data": {
        "id": user_id(&caller.person),
        "email": format!("{}@example.com", caller.person),
        "name": caller.person,
        "slug": caller.person,
        "scope": Map::from_iter(scope),
        "account_limits": { "vm_sandbox_limit": 10 },
        "key_limits": null,
    } })))
}

/// `GET /api/v1/user/teams`: returns a page of the teams of which the caller is a member. Every valid
/// key may call it.
pub(crate) async fn teams(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Json<Value>, ApiError> {
    let caller = auth::any_key(&shared, &headers)?;
    let query = Parameters::new(Operation::ListTeams, query)?;
    let state = shared.billed_state();
    let accounts = state.accounts.iter();
    let teams: Vec<_> = accounts
        .filter(|account| account.allows(&caller))
        .filter_map(|account| account.team.as_deref())
        .collect();
    let page = teams
        .iter()
        .skip(query.number("offset").unwrap_or(0))
        .take(query.number("limit").unwrap_or(DEFAULT_LIMIT));
    let role = if caller.person == OWNER {
        "ADMIN"
    } else {
        "MEMBER"
    };
    let page = page.map(|team| {
        json!({
            "teamId": team,
            "name": team,
            "slug": team,
            "role": role,
            "createdAt": timestamp(std::time::Duration::ZERO),
        })
    });
    Ok(Json(
        json!({ "data": page.collect::<Vec<_>>(), "total_count": teams.len() }),
    ))
}
