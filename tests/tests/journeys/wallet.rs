//! Wallets, read while they move.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use prime_sim::Simulator;

use crate::support::{MODEL, client};

#[tokio::test]
async fn every_row_of_a_wallet_comes_once_and_in_order() {
    for count in [0, 1, 99, 100, 101, 340] {
        let sim = Simulator::builder()
            .billing_rows(count)
            .start()
            .await
            .unwrap();
        let lab = client(&sim).team(sim.team());
        let rows: Vec<_> = lab.wallet().billings().try_collect().await.unwrap();
        let expected = sim.wallet(Some(sim.team())).unwrap().rows;
        let ids = |rows: &[prime_sim::BillingEntry]| -> Vec<String> {
            rows.iter().map(|row| row.id.clone()).collect()
        };
        assert_eq!(ids(&rows), ids(&expected));
        let sum = |rows: &[prime_sim::BillingEntry]| -> prime_ext::Usd {
            rows.iter().map(|row| row.amount_usd).sum()
        };
        assert_eq!(sum(&rows), sum(&expected));
    }
}

#[tokio::test]
async fn rows_that_arrive_meanwhile_lose_and_repeat_nothing() {
    let sim = Simulator::builder()
        .billing_rows(340)
        .start()
        .await
        .unwrap();
    let lab = client(&sim).team(sim.team());
    let before: Vec<String> = sim
        .wallet(Some(sim.team()))
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.id)
        .collect();
    let mut seen = Vec::new();
    let mut rows = lab.wallet().billings();
    while let Some(row) = rows.try_next().await.unwrap() {
        seen.push(row.id);
        if seen.len() % 40 == 0 {
            lab.chat(MODEL)
                .user("Capital of France?")
                .send()
                .await
                .unwrap();
        }
    }
    let unique: HashSet<&String> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "a row came twice");
    assert!(
        before.iter().all(|id| unique.contains(id)),
        "a row was lost"
    );
}

#[tokio::test]
async fn nothing_is_asked_before_the_first_row() {
    let sim = Simulator::start().await.unwrap();
    let rows = client(&sim).wallet().billings();
    assert_eq!(sim.requests().len(), 0);
    drop(rows);
    assert_eq!(sim.requests().len(), 0);
}
