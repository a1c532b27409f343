//! `wallet`.

use std::collections::BTreeMap;
use std::sync::Arc;

use prime_ext::UsdSum;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page;
use crate::session::Session;
use crate::tool::{Fault, Tool};

pub(super) fn tools() -> [Tool; 1] {
    [Tool::read(
        "wallet",
        "Return the balance of the account, and its billing rows or their sums. Costs nothing.",
        read,
    )]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wallet {
    /// "day" or "resource_type": return the sums of all rows instead of the rows.
    #[serde(default)]
    sums_by: Option<String>,
    /// Only rows of this resource, such as the id of a run.
    #[serde(default)]
    resource_id: Option<String>,
    /// The number of rows to skip, for the next page.
    #[serde(default)]
    offset: usize,
    /// The largest number of rows, at most 50. Default: 20.
    #[serde(default)]
    limit: Option<usize>,
}

async fn read(session: Arc<Session>, arguments: Wallet) -> Result<Value, Fault> {
    let wallet = session.client.wallet();
    let balance = wallet.get().await?;
    let mut billings = wallet.billings();
    if let Some(id) = arguments.resource_id {
        billings = billings.resource_id(id);
    }
    let mut rows = Vec::new();
    while let Some(row) = billings.try_next().await? {
        rows.push(row);
    }
    let total = rows.len();
    let mut result = json!({
        "balance_usd": balance.balance_usd,
        "currency": balance.currency,
        "team_id": balance.team_id,
        "total_rows": total,
    });
    match arguments.sums_by.as_deref() {
        None => {
            let (rows, next) = page(rows, arguments.offset, arguments.limit);
            let rows = rows.iter().map(|row| {
                json!({
                    "id": row.id,
                    "created_at": row.created_at,
                    "amount_usd": row.amount_usd,
                    "resource_type": row.resource_type,
                    "resource_id": row.resource_id,
                })
            });
            result["rows"] = rows.collect();
            result["next_offset"] = json!(next);
        }
        Some(key @ ("day" | "resource_type")) => {
            let mut sums = BTreeMap::<String, (u64, UsdSum)>::new();
            for row in &rows {
                let name = match key {
                    "day" => {
                        let time = row.last_billed_at.unwrap_or(row.created_at).to_string();
                        time.chars().take(10).collect()
                    }
                    _ => row.resource_type.clone(),
                };
                let (count, sum) = sums.entry(name).or_default();
                *count += 1;
                *sum += row.amount_usd;
            }
            let sums = sums.into_iter();
            let sums =
                sums.map(|(name, (rows, sum))| json!({key: name, "rows": rows, "amount_usd": sum}));
            result["sums"] = sums.collect();
        }
        Some(_) => return Err(Fault::new("sums_by must be \"day\" or \"resource_type\"")),
    }
    Ok(result)
}
