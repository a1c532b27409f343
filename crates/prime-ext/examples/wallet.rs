//! Reads the wallet and sums its billing rows by resource type.
//!
//! `cargo run --example wallet`, or with `-- --live` against the real service. It costs nothing.

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use prime_ext::Usd;

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let wallet = service.client.wallet();
    println!("balance: {} USD", wallet.get().await?.balance_usd);

    let last_month = SystemTime::now() - Duration::from_secs(30 * 24 * 3600);
    let mut sums: BTreeMap<String, Usd> = BTreeMap::new();
    let mut rows = wallet.billings().since(last_month);
    // A row that cannot be read is an error. If rows are missing at the end, the last item is an error.
    while let Some(row) = rows.try_next().await? {
        *sums.entry(row.resource_type).or_default() += row.amount_usd;
    }
    for (resource_type, sum) in sums {
        println!("{resource_type}: {sum} USD");
    }
    Ok(())
}
