//! `get_wallet`.

use prime_sim::Simulator;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{json, platform, still};

const WALLET: &str = "/api/v1/billing/wallet";

#[tokio::test]
async fn pages_are_newest_first_and_include_the_total() {
    let sim = Simulator::builder()
        .billing_rows(350)
        .time_scale(0.0)
        .start()
        .await
        .unwrap();
    let mut times = Vec::new();
    for offset in (0..400).step_by(100) {
        let request = platform(&sim, Method::GET, WALLET).query(&[
            ("teamId", sim.team()),
            ("limit", "100"),
            ("offset", &offset.to_string()),
        ]);
        let page = json(request, StatusCode::OK).await;
        assert_eq!(page["total_billings"], 350);
        assert_eq!(page["team_id"], sim.team());
        assert_eq!(page["currency"], "USD");
        let rows = page["recent_billings"].as_array().unwrap();
        assert_eq!(rows.len(), if offset == 300 { 50 } else { 100 });
        times.extend(
            rows.iter()
                .map(|row| row["last_billed_at"].as_str().unwrap().to_owned()),
        );
    }
    assert!(times.is_sorted_by(|newer, older| newer >= older));

    let personal = json(platform(&sim, Method::GET, WALLET), StatusCode::OK).await;
    assert_eq!(personal.get("team_id"), None);
    assert_eq!(personal["total_billings"], 5);
    assert_eq!(personal["balance_usd"], 100.0);
}

#[tokio::test]
async fn the_default_page_has_twenty_rows() {
    let sim = still().await;
    let team = [("teamId", sim.team())];
    let page = json(
        platform(&sim, Method::GET, WALLET).query(&team),
        StatusCode::OK,
    )
    .await;
    assert_eq!(page["recent_billings"].as_array().unwrap().len(), 20);
    assert_eq!(page["total_billings"], 45);
}

#[tokio::test]
async fn invalid_parameters_are_named() {
    let sim = still().await;
    for (query, params) in [
        ("limit=0", vec!["limit"]),
        ("limit=101", vec!["limit"]),
        ("limit=ten", vec!["limit"]),
        ("offset=-1", vec!["offset"]),
        (
            "offset=99999999999999999999999999999999999999999",
            vec!["offset"],
        ),
        ("limit=&offset=x", vec!["limit", "offset"]),
    ] {
        let request = platform(&sim, Method::GET, &format!("{WALLET}?{query}"));
        let response = json(request, StatusCode::UNPROCESSABLE_ENTITY).await;
        let errors = response["errors"].as_array().unwrap();
        let named: Vec<_> = errors.iter().map(|error| error["param"].clone()).collect();
        assert_eq!(named, params, "{query}");
        assert!(errors[0]["details"].is_string());
    }
}

#[tokio::test]
async fn a_wallet_needs_a_valid_key_and_team() {
    let sim = still().await;
    let url = format!("{}{WALLET}", sim.platform_url());
    let client = crate::http();
    for request in [client.get(&url), client.get(&url).bearer_auth("wrong")] {
        let response = json(request, StatusCode::UNAUTHORIZED).await;
        assert!(response["detail"].is_string());
    }
    let others = platform(&sim, Method::GET, WALLET).query(&[("teamId", "team_of_others")]);
    let expected: Value = json!({ "detail": "You are not a member of this team" });
    assert_eq!(json(others, StatusCode::FORBIDDEN).await, expected);
    assert!(sim.wallet(Some("team_of_others")).is_none());
}

#[tokio::test]
async fn bill_and_bill_more_change_the_wallet() {
    let sim = Simulator::builder()
        .billing_rows(3)
        .time_scale(0.0)
        .start()
        .await
        .unwrap();
    let team = Some(sim.team());
    let amount: openapi_runtime::Usd = "0.25".parse().unwrap();
    let before = sim.wallet(team).unwrap();
    let id = sim.bill(team, ("disks", "disk_1"), amount).unwrap();
    assert!(sim.bill_more(team, &before.rows[2].id, amount));
    let after = sim.wallet(team).unwrap();
    assert_eq!(after.rows[1].id, id);
    assert_eq!(after.rows[1].resource_id.as_deref(), Some("disk_1"));
    assert_eq!(after.rows[0].amount_usd, before.rows[2].amount_usd + amount);
    assert_eq!(after.balance, before.balance - amount - amount);
    assert_eq!(after.rows.len(), 4);
    assert!(!sim.bill_more(team, "nowhere", amount));
    assert!(!sim.bill_more(Some("nobody"), &id, amount));
    assert_eq!(sim.bill(Some("nobody"), ("disks", "disk_1"), amount), None);
}
