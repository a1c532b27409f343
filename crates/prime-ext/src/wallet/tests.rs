//! Tests of filters and limits on tables that change while they are read.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use openapi_runtime::ResponseMeta;
use openapi_runtime::lenient::RawValue;

use super::*;
use crate::pages::Row as _;
use crate::pages::tests::{Dice, Table, TestRow, bill, ids};

/// Rows are billed one second apart. The row with the highest number is the oldest.
fn entry((id, times): TestRow) -> BillingEntry {
    let age = id.strip_prefix("row").and_then(|id| id.parse().ok());
    let billed_at = time(age.filter(|_| times == 1).unwrap_or(0));
    serde_json::from_value(serde_json::json!({
        "id": id,
        "created_at": billed_at,
        "updated_at": billed_at,
        "last_billed_at": billed_at,
        "amount_usd": times,
        "currency": "USD",
        "resource_type": "compute",
        "resource_id": null,
    }))
    .unwrap()
}

/// Returns the time that is `age` seconds before the newest row was billed.
fn time(age: u64) -> Timestamp {
    (UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).into()
}

fn billings(table: &Table) -> Billings {
    billings_of(table, |row| Ok(entry(row)))
}

fn billings_of(table: &Table, read: fn(TestRow) -> ReadRow) -> Billings {
    let table = table.clone();
    Billings::new(Arc::new(move |offset, limit| {
        let page = table.fetch(offset, limit);
        async move {
            let page = page.await?;
            Ok(Page {
                rows: page.rows.into_iter().map(read).collect(),
                total: page.total,
            })
        }
        .boxed()
    }))
}

/// The amount of every third row cannot be read, and of those some have no id.
fn partly_unreadable((id, times): TestRow) -> ReadRow {
    let number = id.bytes().map(usize::from).sum::<usize>();
    if number % 3 > 0 {
        return Ok(entry((id, times)));
    }
    let key = if number % 2 > 0 { "id" } else { "ID" };
    let json = format!(r#"{{"{key}":"{id}","amount_usd":"about {times}"}}"#);
    let meta = ResponseMeta::new(http::StatusCode::OK, http::HeaderMap::new());
    row::read_row(RawValue::from_string(json).unwrap(), &meta)
}

/// Every row comes once: as a row, or as an error.
#[tokio::test]
async fn random_histories_with_rows_that_cannot_be_read() {
    let histories = 2_000;
    let mut complete = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let (count, page_size) = (dice.roll(30), 2 + dice.roll(6));
        let read_ahead = dice.roll(3);
        let table = Table::random(&mut dice, count, page_size);
        let mut rows = billings_of(&table, partly_unreadable)
            .page_size(page_size as u64)
            .read_ahead(read_ahead);
        let mut read: Vec<String> = Vec::new();
        let outcome = loop {
            match rows.try_next().await {
                Ok(Some(row)) => read.push(row.id),
                Ok(None) => break Ok(()),
                Err(error) if error.kind() == ErrorKind::UnexpectedResponse => {
                    let json: serde_json::Value = error.body_as().unwrap();
                    let id = json.get("id").or(json.get("ID")).unwrap();
                    read.push(id.as_str().unwrap().to_owned());
                }
                Err(error) => break Err(error),
            }
        };
        match outcome {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Incomplete),
            Ok(()) => {
                complete += 1;
                for id in ids(count) {
                    assert!(read.contains(&id), "history {seed} loses {id}");
                }
            }
        }
        // A row without an id is another one when it changes.
        read.retain(|id| partly_unreadable((id.clone(), 1)).has_id());
        let unique: HashSet<&String> = read.iter().collect();
        assert_eq!(unique.len(), read.len(), "history {seed} repeats a row");
    }
    assert!(complete > histories / 2, "{complete} of {histories}");
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_filtered_by_what_is_known() {
    let read = |billings: Billings| async move {
        let items: Vec<_> = billings.collect().await;
        let errors = items.iter().filter(|item| item.is_err()).count();
        (items.len() - errors, errors)
    };
    // Of the first ten rows, three or four cannot be read, and one or two of those have no id.
    let table = Table::fixed(10);
    let all = || billings_of(&table, partly_unreadable);
    let (rows, errors) = read(all()).await;
    assert_eq!(rows + errors, 10);
    assert!(errors >= 3);
    let unnamed = ids(10).into_iter().map(|id| partly_unreadable((id, 1)));
    let unnamed = unnamed.filter(|row| matches!(row, Err(row) if row.known.id.is_none()));
    assert_eq!(read(all().id("none")).await, (0, 1.min(unnamed.count())));
    assert_eq!(read(all().resource_type("training")).await, (0, errors));
    assert_eq!(read(all().limit(10)).await, (rows, errors));

    let mut lengths = Vec::new();
    let mut pages = all().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.map_or(0, |page| page.len()));
    }
    assert_eq!(lengths.iter().sum::<usize>(), rows);
    assert_eq!(
        lengths.iter().filter(|length| **length == 0).count(),
        errors
    );
}

/// Rows that were read are billed again, and their new amounts cannot be read.
#[tokio::test]
async fn a_change_that_cannot_be_read_is_an_error_once() {
    let table = Table::new(12, |request, rows| {
        if request > 0 && request < 6 {
            bill(rows, 1);
        }
    });
    let rows = billings_of(&table, |(id, times)| match times {
        1 => Ok(entry((id, times))),
        _ => {
            let json = format!(r#"{{"id":"{id}","amount_usd":{{"times":{times}}}}}"#);
            let meta = ResponseMeta::new(http::StatusCode::OK, http::HeaderMap::new());
            row::read_row(RawValue::from_string(json).unwrap(), &meta)
        }
    });
    let items: Vec<_> = rows.page_size(3).collect().await;
    let mut errors: Vec<String> = items
        .iter()
        .filter_map(|item| Some(item.as_ref().err()?.to_string()))
        .collect();
    assert_eq!(items.len() - errors.len(), 12);
    let count = errors.len();
    errors.sort();
    errors.dedup();
    assert_eq!(errors.len(), count);
}

async fn read(billings: Billings) -> Result<Vec<String>, Error> {
    billings.map_ok(|row| row.id).try_collect().await
}

/// The sixth row moves to the front before the second page is read.
fn moving_row() -> Table {
    Table::new(100, |request, rows| {
        if request == 1 {
            bill(rows, 5);
        }
    })
}

#[tokio::test]
async fn the_front_is_read_again_after_an_early_end() {
    let table = moving_row();
    let rows = billings(&table).page_size(4).since(time(6));
    let mut read = read(rows).await.unwrap();
    read.sort();
    assert_eq!(read, ids(7));
    assert_eq!(table.requests(), [0, 3, 6, 0]);
}

#[tokio::test]
async fn a_single_page_takes_one_request() {
    let table = Table::fixed(100);
    let rows = read(billings(&table).limit(100)).await.unwrap();
    assert_eq!((rows.len(), table.requests().len()), (100, 1));
    let rows = read(billings(&table).limit(0)).await.unwrap();
    assert_eq!((rows.len(), table.requests().len()), (0, 1));
}

#[tokio::test]
async fn an_unsorted_table_is_read_to_its_end() {
    let table = Table::new(20, |request, rows| {
        if request == 0 {
            rows.swap(2, 12);
        }
    });
    let rows = billings(&table).page_size(5).since(time(6));
    let mut read = read(rows).await.unwrap();
    read.sort();
    assert_eq!(read, ids(7));
}

#[tokio::test]
async fn random_histories_with_a_limit() {
    let histories = 2_000;
    let mut complete = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let (count, page_size) = (dice.roll(30), 2 + dice.roll(6));
        let (read_ahead, limit) = (dice.roll(3), 1 + count / 2);
        let table = Table::random(&mut dice, count, page_size);
        let rows = billings(&table)
            .page_size(page_size as u64)
            .read_ahead(read_ahead)
            .limit(limit as u64);
        match read(rows).await {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Incomplete),
            Ok(read) => {
                complete += 1;
                let unique: HashSet<&String> = read.iter().collect();
                assert_eq!(unique.len(), read.len(), "history {seed} repeats a row");
                assert!(read.len() <= limit, "history {seed}");
            }
        }
    }
    assert!(complete > histories * 2 / 3, "{complete} of {histories}");
}

#[tokio::test]
async fn a_limit_returns_a_snapshot() {
    let histories = 2_000;
    let mut complete = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let (count, page_size) = (20 + dice.roll(20), 3 + dice.roll(5));
        let limit = 1 + dice.roll(count);
        let snapshots = Arc::new(Mutex::new(Vec::new()));
        let record = snapshots.clone();
        let table = Table::new(count, move |request, rows| {
            if request > 0 && dice.roll(3) == 0 {
                let index = dice.roll(rows.len());
                bill(rows, index);
            }
            if request > 0 && dice.roll(3) == 0 {
                rows.insert(0, (format!("new{request:06}"), 1));
            }
            let newest = rows.iter().take(limit).map(|row| row.0.clone());
            record.lock().unwrap().push(newest.collect::<HashSet<_>>());
        });
        let rows = billings(&table).page_size(page_size as u64);
        if let Ok(read) = read(rows.limit(limit as u64)).await {
            complete += 1;
            let read: HashSet<String> = read.into_iter().collect();
            assert!(snapshots.lock().unwrap().contains(&read), "history {seed}");
        }
    }
    assert!(complete > histories / 2, "{complete} of {histories}");
}

#[tokio::test]
async fn a_limit_from_an_offset() {
    let table = Table::new(20, |request, rows| {
        if request > 0 {
            rows.insert(0, (format!("new{request:06}"), 1));
        }
    });
    let rows = billings(&table).page_size(4).offset(5).limit(8);
    assert_eq!(read(rows).await.unwrap(), ids(20)[5..13]);
    // The row that moves cannot be distinguished from the skipped rows.
    let table = Table::new(20, |request, rows| {
        if request == 1 {
            bill(rows, 11);
        }
    });
    let rows = billings(&table).page_size(4).offset(5).limit(8);
    let error = read(rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
}

#[tokio::test]
async fn changes_are_filtered_by_resource() {
    for (kind, expected) in [("compute", 1), ("training", 0)] {
        let table = Table::new(10, |request, rows| {
            if request == 1 {
                bill(rows, 1);
                bill(rows, 8);
            }
        });
        let mut rows = billings(&table).page_size(3).resource_type(kind);
        while rows.try_next().await.unwrap().is_some() {}
        assert_eq!(rows.changes().count(), expected, "{kind}");
    }
}

#[tokio::test]
async fn pages_are_requested_ahead() {
    let table = Table::fixed(1_000);
    let mut rows = billings(&table).read_ahead(3);
    assert_eq!(table.requests().len(), 0);
    rows.try_next().await.unwrap();
    rows.try_next().await.unwrap();
    assert_eq!(table.requests().len(), 4);
}

#[tokio::test]
async fn rows_are_returned_page_by_page() {
    let mut pages = billings(&Table::fixed(250)).pages();
    let mut lengths = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        lengths.push(page.len());
    }
    assert_eq!(lengths, [100, 99, 51]);
}
