//! `get_wallet`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use prime_training_api::types::WalletResponse;

use crate::errors::{ApiError, platform};
use crate::operation::Operation;
use crate::routes::auth;
use crate::routes::query::{Parameters, RawQuery};
use crate::state::Shared;
use crate::state::access::Permission;
use crate::state::account::{CURRENCY, Row};

/// The default page size.
const DEFAULT_LIMIT: usize = 20;

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Json<WalletResponse>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Billing)?;
    let query = Parameters::new(Operation::GetWallet, query)?;
    let (limit, offset) = (
        query.number("limit").unwrap_or(DEFAULT_LIMIT),
        query.number("offset").unwrap_or(0),
    );

    let state = shared.billed_state();
    let account = auth::platform_account(&state, &caller, query.text("teamId"))?;
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
