//! `get_wallet`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use prime_training_api::types::WalletResponse;

use crate::document;
use crate::errors::{ApiError, platform};
use crate::operation::Operation;
use crate::routes::auth;
use crate::state::Shared;
use crate::state::access::Permission;
use crate::state::account::{CURRENCY, Row};

/// The default page size.
const DEFAULT_LIMIT: usize = 20;

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Json<WalletResponse>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Billing)?;
    let Query(query) = query
        .map_err(|error| platform::params(vec![platform::param("query", &error.to_string())]))?;
    let problems = document::query(Operation::GetWallet, &query);
    if !problems.is_empty() {
        let problems = problems.iter();
        let problems = problems.map(|problem| platform::param(&problem.param, &problem.message));
        return Err(platform::params(problems.collect()));
    }
    let number = |name: &str| query.get(name).and_then(|text| text.parse().ok());
    let (limit, offset) = (
        number("limit").unwrap_or(DEFAULT_LIMIT),
        number("offset").unwrap_or(0),
    );

    let state = shared.billed_state();
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
