//! Billing rows of wallets.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use prime_sim::Simulator;

use crate::support::{MODEL, client};

#[tokio::test]
async fn all_rows_are_returned_once_and_in_order() {
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
async fn no_row_is_lost_or_repeated_when_rows_arrive() {
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
            lab.chat(MODEL).user("Capital of France?").await.unwrap();
        }
    }
    let unique: HashSet<&String> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "a row is repeated");
    assert!(
        before.iter().all(|id| unique.contains(id)),
        "a row is missing"
    );
}

#[tokio::test]
async fn no_request_is_sent_before_the_first_row_is_read() {
    let sim = Simulator::start().await.unwrap();
    let rows = client(&sim).wallet().billings();
    assert_eq!(sim.requests().len(), 0);
    drop(rows);
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn rows_are_filtered_limited_and_skipped() {
    let sim = Simulator::builder()
        .billing_rows(340)
        .start()
        .await
        .unwrap();
    let lab = client(&sim).team(sim.team());
    let all = sim.wallet(Some(sim.team())).unwrap().rows;
    let ids = |rows: &[prime_sim::BillingEntry]| -> Vec<String> {
        rows.iter().map(|row| row.id.clone()).collect()
    };
    let kept = |keep: &dyn Fn(&prime_sim::BillingEntry) -> bool| -> Vec<String> {
        let kept = all.iter().filter(|row| keep(row));
        kept.map(|row| row.id.clone()).collect()
    };
    let (newer, older) = (
        all[120].last_billed_at.unwrap(),
        all[250].last_billed_at.unwrap(),
    );
    let resource = all[200]
        .resource_id
        .clone()
        .or(all[201].resource_id.clone())
        .unwrap();
    let billed = |row: &prime_sim::BillingEntry| row.last_billed_at.unwrap();
    let wallet = lab.wallet();
    for (billings, expected, requests) in [
        (wallet.billings().limit(5), ids(&all[..5]), 1),
        (wallet.billings().limit(100), ids(&all[..100]), 1),
        (wallet.billings().limit(150), ids(&all[..150]), 3),
        (wallet.billings().limit(1_000), ids(&all), 4),
        (wallet.billings().offset(330), ids(&all[330..]), 1),
        (wallet.billings().offset(30).limit(20), ids(&all[30..50]), 1),
        (wallet.billings().offset(1_000), Vec::new(), 1),
        (wallet.billings().page_size(1_000), ids(&all), 4),
        (wallet.billings().read_ahead(2), ids(&all), 4),
        (
            wallet.billings().resource_type("Training"),
            kept(&|row| row.resource_type == "training"),
            4,
        ),
        (
            wallet.billings().resource_id(&resource),
            kept(&|row| row.resource_id.as_ref() == Some(&resource)),
            4,
        ),
        (wallet.billings().id(&all[7].id), vec![all[7].id.clone()], 1),
        (
            wallet.billings().since(newer),
            kept(&|row| billed(row) >= newer),
            3,
        ),
        (
            wallet.billings().since(older).until(newer),
            kept(&|row| billed(row) >= older && billed(row) < newer),
            4,
        ),
        (wallet.billings().resource_type("nothing"), Vec::new(), 4),
    ] {
        let before = sim.requests().len();
        let settings = format!("{billings:?}");
        let rows: Vec<_> = billings.try_collect().await.unwrap();
        assert_eq!(ids(&rows), expected, "{settings}");
        assert_eq!(sim.requests().len() - before, requests, "{settings}");
    }
    let mut pages = wallet.billings().pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        sizes.push(page.len());
    }
    assert_eq!(sizes, [100, 99, 99, 42]);
    let rows = wallet.billings().collect_newest_first().await.unwrap();
    assert_eq!(ids(&rows), ids(&all));
}
