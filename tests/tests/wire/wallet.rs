//! `GET /api/v1/billing/wallet`.

use prime_ext::ErrorKind;
use prime_training_api::types::WalletResponse;

use super::support::{MockResponse, Wire, assert_clean_error, assert_not_sent};

/// All fields of the specification, and one unknown field.
const WALLET: &str = r#"{
  "wallet_id": "wal_1",
  "team_id": null,
  "balance_usd": 12.3400,
  "currency": "USD",
  "total_billings": 2,
  "recent_billings": [
    {
      "id": "bil_2",
      "created_at": "2026-01-31T12:00:00Z",
      "updated_at": "2026-01-31T13:30:00.250000+01:00",
      "last_billed_at": "2026-01-31T12:30:00.250000",
      "amount_usd": 0.10,
      "currency": "USD",
      "resource_type": "training",
      "resource_id": "run_123",
      "invoice": {"number": 7}
    },
    {
      "id": "bil_1",
      "created_at": "2026-01-30T12:00:00",
      "updated_at": "2026-01-30 12:00:00+00",
      "last_billed_at": null,
      "amount_usd": "0.2000",
      "currency": "USD",
      "resource_type": "moon-base",
      "resource_id": null
    }
  ],
  "auto_topup": true
}"#;

#[track_caller]
fn assert_wallet(wallet: &WalletResponse) {
    assert_eq!(wallet.wallet_id, "wal_1");
    assert_eq!(wallet.team_id, None);
    assert_eq!(wallet.balance_usd.to_string(), "12.3400");
    assert_eq!(wallet.currency, "USD");
    assert_eq!(wallet.total_billings, 2);
    let [training, other] = &wallet.recent_billings[..] else {
        panic!("{wallet:?}")
    };
    assert_eq!(training.id, "bil_2");
    assert_eq!(training.amount_usd.to_string(), "0.10");
    assert_eq!(training.resource_type, "training");
    assert_eq!(training.resource_id.as_deref(), Some("run_123"));
    assert_eq!(training.created_at.to_string(), "2026-01-31T12:00:00Z");
    assert_eq!(training.updated_at.to_string(), "2026-01-31T12:30:00.250Z");
    assert_eq!(training.last_billed_at, Some(training.updated_at));
    assert_eq!(other.amount_usd.to_string(), "0.2000");
    assert_eq!(other.resource_type, "moon-base");
    assert_eq!(other.resource_id, None);
    assert_eq!(other.created_at.to_string(), "2026-01-30T12:00:00Z");
    assert_eq!(other.updated_at, other.created_at);
    assert_eq!(other.last_billed_at, None);
    assert_eq!(
        (training.amount_usd + other.amount_usd).to_string(),
        "0.3000"
    );
}

#[tokio::test]
async fn get_wallet_sends_the_request_and_reads_all_fields() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    let wallet = wire.personal().wallet().get().await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "GET /api/v1/billing/wallet?limit=1&offset=0");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
        ]
    );
    assert!(request.body.is_empty());
    assert_wallet(&wallet);
}

/// The platform reads the team from the query, not from a header.
#[tokio::test]
async fn get_wallet_sends_the_team_in_the_query() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    wire.team().wallet().get().await.unwrap();

    let request = wire.request();
    assert_eq!(
        request.line,
        "GET /api/v1/billing/wallet?limit=1&offset=0&teamId=team_4d2a"
    );
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
        ]
    );
}

#[tokio::test]
async fn a_team_id_is_percent_encoded_in_the_query() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    let team = wire.personal().team("a&limit=100#x+y%41");
    team.wallet().get().await.unwrap();
    assert_eq!(
        wire.request().line,
        "GET /api/v1/billing/wallet?limit=1&offset=0&teamId=a%26limit%3D100%23x%2By%2541"
    );
}

#[tokio::test]
async fn an_invalid_team_id_is_rejected() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    for team in ["", " ", "a b", "a\nb", "té"] {
        let client = wire.personal().team(team);
        assert_not_sent(&client.wallet().get().await.unwrap_err());
        assert_not_sent(&client.wallet().billings().try_next().await.unwrap_err());
    }
    assert_eq!(wire.hits(), 0);
}

#[tokio::test]
async fn a_personal_client_derived_from_a_team_sends_no_team() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    wire.team().personal().wallet().get().await.unwrap();
    assert_eq!(
        wire.request().line,
        "GET /api/v1/billing/wallet?limit=1&offset=0"
    );
}

/// The URL may include the base path of the operations.
#[tokio::test]
async fn the_platform_url_may_include_the_base_path() {
    for suffix in ["", "/", "/api/v1", "/api/v1/"] {
        let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
        let url = format!("{}{suffix}", wire.platform_url());
        let client = super::support::client("http://127.0.0.1:1", &url);
        client.wallet().get().await.unwrap();
        assert_eq!(
            wire.request().line,
            "GET /api/v1/billing/wallet?limit=1&offset=0",
            "{suffix}"
        );
    }
}

#[tokio::test]
async fn billing_rows_are_fetched_page_by_page() {
    let row = |id: u32| {
        format!(
            r#"{{"id": "bil_{id}", "created_at": "2026-01-31T12:00:00Z", "amount_usd": 0.01,
                "updated_at": "2026-01-31T12:00:00Z", "currency": "USD", "resource_type": "compute"}}"#
        )
    };
    let page = |ids: std::ops::Range<u32>| {
        let rows: Vec<String> = ids.map(row).collect();
        let body = format!(
            r#"{{"wallet_id": "wal_1", "balance_usd": 1, "currency": "USD", "total_billings": 101,
                "recent_billings": [{}]}}"#,
            rows.join(",")
        );
        MockResponse::json(200, &body)
    };
    let wire = Wire::platform_sequence(vec![page(0..100), page(99..101)]).await;
    let mut billings = wire.team().wallet().billings();
    assert_eq!(wire.hits(), 0);

    let mut rows = Vec::new();
    while let Some(row) = billings.try_next().await.unwrap() {
        rows.push(row);
        assert_eq!(wire.hits(), if rows.len() <= 100 { 1 } else { 2 });
    }
    assert_eq!(rows.len(), 101);
    assert_eq!(rows[100].id, "bil_100");
    let lines: Vec<String> = wire.requests().into_iter().map(|seen| seen.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/billing/wallet?limit=100&offset=0&teamId=team_4d2a",
            "GET /api/v1/billing/wallet?limit=100&offset=99&teamId=team_4d2a",
        ]
    );
}

#[tokio::test]
async fn a_setting_after_the_first_row_is_an_error() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    let mut rows = wire.personal().wallet().billings();
    rows.try_next().await.unwrap().unwrap();
    let error = rows.resource_type("training").try_next().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("set it before"), "{error}");
    assert_eq!(wire.hits(), 1);
}

/// Amounts are exact. An amount that cannot be represented is an error.
#[tokio::test]
async fn amounts_are_exact_and_invalid_amounts_are_rejected() {
    let wallet = |amount: &str| {
        format!(
            r#"{{"wallet_id": "w", "balance_usd": {amount}, "currency": "USD", "total_billings": 0,
                "recent_billings": []}}"#
        )
    };
    for (amount, expected) in [
        ("0.10", "0.10"),
        ("\"0.10\"", "0.10"),
        ("12.3400", "12.3400"),
        ("\"12.3400\"", "12.3400"),
        ("-3", "-3"),
        ("0", "0"),
        ("1e2", "100"),
        ("12345678901234567.89", "12345678901234567.89"),
        (
            "0.1000000000000000055511151231",
            "0.1000000000000000055511151231",
        ),
        // A floating-point residue beyond the 28th decimal is rounded.
        (
            "0.12345678901234567890123456789012345",
            "0.1234567890123456789012345679",
        ),
    ] {
        let wire = Wire::platform(MockResponse::json(200, &wallet(amount))).await;
        let wallet = wire.personal().wallet().get().await.unwrap();
        assert_eq!(wallet.balance_usd.to_string(), expected, "{amount}");
    }
    for amount in ["null", "\"\"", "\"free\"", "true", "100000000000000000000"] {
        let body = wallet(amount);
        let wire = Wire::platform(MockResponse::json(200, &body)).await;
        let error = wire.personal().wallet().get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{amount}");
        assert_eq!(error.body().unwrap(), &body);
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn requests_of_the_generated_crate() {
    let wire = Wire::platform(MockResponse::json(200, WALLET)).await;
    let bare = wire.bare_training();
    assert_wallet(bare.get_wallet().send().await.unwrap().value());
    let call = bare.get_wallet().team_id("team_4d2a").limit(100_u64);
    assert_wallet(call.offset(300_u64).send().await.unwrap().value());

    let requests = wire.requests();
    assert_eq!(requests[0].line, "GET /api/v1/billing/wallet");
    assert_eq!(
        requests[1].line,
        "GET /api/v1/billing/wallet?limit=100&offset=300&teamId=team_4d2a"
    );
    for request in &requests {
        assert_eq!(
            request.headers,
            [
                "accept: application/json",
                "authorization: Bearer pit_key_5f1e0c7a",
            ]
        );
    }

    let none = bare.get_wallet().limit(0_u64).send().await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Request);
    assert_eq!(wire.hits(), 2);
}

/// The error names the invalid field, not its value.
#[tokio::test]
async fn an_invalid_response_names_the_field() {
    let body = WALLET.replacen("\"amount_usd\": ", "\"amount_usd\": true, \"was\": ", 1);
    let wire = Wire::platform(MockResponse::json(200, &body)).await;
    let error = wire.personal().wallet().get().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("recent_billings[0].amount_usd: "),
        "{error}"
    );
    assert_eq!(error.body().unwrap(), &body);
}

/// A service that returns the same rows at every offset, and reports `total` of them.
fn same_rows(rows: u32, total: i64) -> MockResponse {
    let row = |id: u32| {
        format!(
            r#"{{"id": "bil_{id}", "created_at": "2026-01-31T12:00:00Z", "amount_usd": 0.01,
                "updated_at": "2026-01-31T12:00:00Z", "currency": "USD", "resource_type": "compute"}}"#
        )
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    let body = format!(
        r#"{{"wallet_id": "w", "balance_usd": 1, "currency": "USD", "total_billings": {total},
            "recent_billings": [{}]}}"#,
        rows.join(",")
    );
    MockResponse::json(200, &body)
}

/// An incomplete list never looks complete: the rows that were read come first, then the error.
#[tokio::test]
async fn wrong_totals_and_ignored_offsets_are_detected() {
    for (rows, total, message) in [
        (100, 500, "no new row"),
        (100, 100, "reports 100 rows but returned row 199"),
        (100, 99, "reports 99 rows but returned row 100"),
        (7, 9, "reports 9 rows but returned row 13"),
        (0, 3, "3 of 3 rows are still missing"),
        (3, -1, "negative number of rows"),
        (100, i64::MAX, "no new row"),
    ] {
        let wire = Wire::platform(same_rows(rows, total)).await;
        let mut billings = wire.personal().wallet().billings();
        let mut read = 0;
        let error = loop {
            match billings.try_next().await {
                Ok(Some(_)) => read += 1,
                Ok(None) => panic!("{rows} of {total} looks complete"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
        assert_eq!(error.operation(), Some("get_wallet"));
        assert!(error.to_string().contains(message), "{error}");
        assert!(read <= rows, "{read} of {rows}");
        assert_clean_error(&error);
        assert!(wire.hits() <= 4, "{} requests", wire.hits());
        assert!(billings.try_next().await.unwrap().is_none());
    }
    let wire = Wire::platform(same_rows(7, 7)).await;
    let rows = wire.personal().wallet().billings().collect_newest_first();
    assert_eq!(rows.await.unwrap().len(), 7);
    assert_eq!(wire.hits(), 1);
}

/// A row as the service returns it, with an amount as JSON.
fn row(id: &str, amount: &str) -> String {
    format!(
        r#"{{"id": {id}, "created_at": "2026-01-31T12:00:00Z", "amount_usd": {amount}, "currency": "USD",
            "updated_at": "2026-01-31T12:00:00Z", "resource_type": "compute", "resource_id": "pod_1"}}"#
    )
}

fn wallet(balance: &str, total: &str, rows: &str) -> MockResponse {
    let body = format!(
        r#"{{"wallet_id": "w", "balance_usd": {balance}, "currency": "USD", "total_billings": {total},
            "recent_billings": {rows}}}"#
    );
    MockResponse::json(200, &body)
}

/// Returns the items of the stream: the ids of the rows, and the messages of the errors.
async fn items(wire: &Wire) -> Vec<Result<String, String>> {
    let mut rows = wire.personal().wallet().billings();
    let mut items = Vec::new();
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => items.push(Ok(row.id)),
            Ok(None) => return items,
            Err(error) => {
                assert_eq!(error.operation(), Some("get_wallet"));
                assert_clean_error(&error);
                items.push(Err(error.to_string()));
            }
        }
        assert!(items.len() < 100);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_in_its_place() {
    let rows = [
        row(r#""bil_9""#, "0.1"),
        row(r#""bil_8""#, r#""pit_key_5f1e0c7a""#),
        row(r#""bil_7""#, r#""0.2""#),
        row(r#""bil_6""#, "NaN"),
        row(r#""bil_5""#, r#"{"usd": 4111}"#),
        row("null", "0.3"),
        row("4", "0.4"),
        r#"{"id": "bil_3", "amount_usd": 4111}"#.to_owned(),
        "null".to_owned(),
        row(r#""bil_1""#, "-0.5"),
    ];
    // Neither do odd fields of the wallet hide rows.
    for balance in ["1", "null"] {
        let wire = Wire::platform(wallet(balance, "10", &format!("[{}]", rows.join(",")))).await;
        let items = items(&wire).await;
        assert_eq!(items.len(), 10, "{items:#?}");
        assert_eq!(wire.hits(), 1);
        for (item, expected) in items.iter().zip([
            Ok("bil_9"),
            Err("\"bil_8\" cannot be read: `amount_usd`: expected an amount of money, got a string"),
            Ok("bil_7"),
            Err("\"bil_6\" cannot be read: `amount_usd`: expected an amount of money, got null"),
            Err("\"bil_5\" cannot be read: `amount_usd`: expected an amount of money, got an object"),
            Err("row without an id cannot be read: `id`: expected a string, got null"),
            Ok("4"),
            Err("\"bil_3\" cannot be read: `created_at`: missing"),
            Err("row without an id cannot be read: expected an object, got null"),
            Ok("bil_1"),
        ]) {
            match (item, expected) {
                (Ok(id), Ok(expected)) => assert_eq!(id, expected),
                (Err(error), Err(expected)) => {
                    assert!(error.contains(expected), "{error}");
                    assert!(!error.contains("4111"), "{error}");
                }
                _ => panic!("{item:?} instead of {expected:?}"),
            }
        }
    }
}

/// The error of a row has its JSON. `get` is an error, because a wallet without a row would look complete.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_kept_in_the_error() {
    let odd = row(r#""bil_2""#, "true");
    let rows = format!("[{odd}, {}]", row(r#""bil_1""#, "1"));
    let wire = Wire::platform(wallet("1", "2", &rows)).await;
    let error = wire.personal().wallet().billings().try_next().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.body().unwrap(), &odd);
    assert_eq!(error.status().unwrap(), 200);
    let all = wire.personal().wallet().billings().collect_newest_first();
    assert!(all.await.unwrap_err().to_string().contains("bil_2"));

    let error = wire.personal().wallet().get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert!(
        error.to_string().contains("recent_billings[0].amount_usd"),
        "{error}"
    );
    // An odd field that is not required does not hide the wallet.
    let rows = format!("[{}]", row("7", "1"));
    let wire = Wire::platform(wallet("1", "1", &rows)).await;
    let wallet = wire
        .personal()
        .wallet()
        .get()
        .with_response()
        .await
        .unwrap();
    assert_eq!(wallet.value().recent_billings[0].id, "7");
    assert_eq!(wallet.warnings().len(), 1);
}

/// Two rows without an id cannot be told apart if they are equal. Then one is missing, and that is an error.
#[tokio::test]
async fn equal_rows_without_an_id_are_not_complete() {
    let wire = Wire::platform(wallet(
        "1",
        "3",
        &format!("[null, null, {}]", row("1", "1")),
    ))
    .await;
    let items = items(&wire).await;
    let missing = items.last().unwrap().as_ref().unwrap_err();
    assert!(
        missing.contains("1 of 3 rows are still missing"),
        "{items:#?}"
    );
}

#[tokio::test]
async fn a_wallet_without_a_list_or_a_total_is_no_empty_wallet() {
    for (answer, expected) in [
        (wallet("1", "0", "null"), None),
        (
            wallet("1", "2", "null"),
            Some("2 of 2 rows are still missing"),
        ),
        (
            wallet("1", "null", "[]"),
            Some("does not match the specification"),
        ),
        (
            wallet("1", "1.5", "[]"),
            Some("does not match the specification"),
        ),
        (
            wallet("1", "2", "7"),
            Some("does not match the specification"),
        ),
        (
            MockResponse::json(
                200,
                r#"{"wallet_id": "w", "balance_usd": 1, "total_billings": 0}"#,
            ),
            Some("does not match the specification"),
        ),
        (wallet("1", "-2", "null"), Some("negative number of rows")),
    ] {
        let wire = Wire::platform(answer).await;
        let items = items(&wire).await;
        match expected {
            None => assert!(items.is_empty(), "{items:?}"),
            Some(expected) => {
                let [Err(error)] = &items[..] else {
                    panic!("{items:?}")
                };
                assert!(error.contains(expected), "{error}");
            }
        }
    }
    for (total, rows) in [("-2", "[]"), ("0", "null")] {
        let wire = Wire::platform(wallet("1", total, rows)).await;
        let wallet = wire
            .personal()
            .wallet()
            .get()
            .with_response()
            .await
            .unwrap();
        assert_eq!(wallet.value().balance_usd.to_string(), "1");
        assert_eq!(wallet.warnings().len(), 1, "{:?}", wallet.warnings());
    }
}
