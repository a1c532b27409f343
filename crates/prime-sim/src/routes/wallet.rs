//! `get_wallet`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use prime_training_api::types::WalletResponse;

use crate::errors::{Refusal, platform};
use crate::routes::auth;
use crate::state::Shared;
use crate::state::access::Permission;
use crate::state::account::{CURRENCY, Row};

const LIMIT: usize = 20;
const MAX_LIMIT: i128 = 100;

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Json<WalletResponse>, Refusal> {
    let caller = auth::platform(&shared, &headers, Permission::Billing)?;
    let Query(query) = query
        .map_err(|error| platform::params(vec![platform::param("query", &error.to_string())]))?;
    let limit = number(&query, "limit", 1, MAX_LIMIT);
    let offset = number(&query, "offset", 0, i128::from(i64::MAX));
    let (limit, offset) = match (limit, offset) {
        (Ok(limit), Ok(offset)) => (limit.unwrap_or(LIMIT), offset.unwrap_or(0)),
        (limit, offset) => {
            let errors = limit.err().into_iter().chain(offset.err());
            return Err(platform::params(errors.collect()));
        }
    };

    let state = shared.state();
    let account = auth::platform_account(&state, &caller, query.get("teamId").map(String::as_str))?;
    let account = state.accounts.get(account).ok_or_else(platform::team)?;
    let page = account.rows.iter().skip(offset).take(limit);
    let rows: Result<Vec<_>, _> = page.map(Row::entry).collect();
    WalletResponse::builder()
        .wallet_id(account.wallet.clone())
        .team_id(account.team.clone())
        .balance_usd(account.balance)
        .currency(CURRENCY)
        .total_billings(i64::try_from(account.rows.len()).unwrap_or(i64::MAX))
        .recent_billings(rows.map_err(platform::internal)?)
        .try_into()
        .map(Json)
        .map_err(platform::internal)
}

/// A whole number of the query, between two others.
fn number(
    query: &HashMap<String, String>,
    name: &str,
    least: i128,
    most: i128,
) -> Result<Option<usize>, platform::Problem> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let problem = match text.parse::<i128>() {
        Err(_) => "Input should be a valid integer".to_owned(),
        Ok(number) if number < least => {
            format!("Input should be greater than or equal to {least}")
        }
        Ok(number) if number > most => format!("Input should be less than or equal to {most}"),
        Ok(number) => return Ok(usize::try_from(number).ok()),
    };
    Err(platform::param(name, &problem))
}
