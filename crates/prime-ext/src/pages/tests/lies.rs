//! Services that lie, tables that shrink or never rest.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::*;

#[tokio::test]
async fn a_service_that_lies_is_found_out() {
    let lies: [(&str, Lie); 7] = [
        ("counts too many", |_, _, total| *total += 2),
        ("counts too few", |_, _, total| *total -= 2),
        ("counts the page", |_, page, total| {
            *total = page.len() as u64
        }),
        ("counts nothing", |_, _, total| *total = 0),
        ("counts without end", |_, _, total| *total = u64::MAX),
        ("gives an empty page", |offset, page, _| {
            if offset > 3 {
                page.clear();
            }
        }),
        ("gives one row everywhere", |_, page, _| {
            page.iter_mut().for_each(|row| row.0 = "same".to_owned());
        }),
    ];
    for (what, lie) in lies {
        let mut table = Moving::still(30);
        table.lie = lie;
        let error = table.read(4).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{what}");
        assert!(table.requests() < 40, "{what}: {}", table.requests());
    }
    for (count, total) in [(10, None), (10, Some(u64::MAX)), (3, None)] {
        let mut table = Moving::still(count);
        table.ignores_offset = true;
        if total.is_some() {
            table.lie = |_, _, total| *total = u64::MAX;
        }
        let error = table.read(3).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete);
        assert!(table.requests() < 10, "{}", table.requests());
    }
    let mut table = Moving::still(10);
    table.lie = |_, _, total| *total += 2;
    let error = table.read(3).await.unwrap_err().to_string();
    assert!(error.contains("12 rows, and 10"), "{error}");
    assert!(error.contains("2 are missing"), "{error}");
}

#[tokio::test]
async fn a_service_that_gives_less_than_asked_is_read_all_the_same() {
    for ahead in [0, 3] {
        let mut table = Moving::still(30);
        table.most = 5;
        let read = table.read_as(|rows| rows.page_size(10).read_ahead(ahead));
        assert_eq!(read.await.unwrap(), ids(30));
    }
}

#[tokio::test]
async fn rows_that_are_taken_out_hide_no_others() {
    let histories = 2_000;
    let mut whole = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let mut gone = HashSet::new();
        let all_gone = Arc::new(Mutex::new(HashSet::new()));
        let record = all_gone.clone();
        let table = Moving::new(20, move |request, rows| {
            if request > 0 && request < 8 && dice.roll(3) == 0 {
                let place = dice.roll(rows.len());
                gone.insert(rows.remove(place).0);
                *record.lock().unwrap() = gone.clone();
            }
            if request > 0 && request < 8 && dice.roll(4) == 0 {
                let place = dice.roll(rows.len());
                bill(rows, place);
            }
        });
        if let Ok(read) = table.read(4).await {
            whole += 1;
            let gone = all_gone.lock().unwrap();
            for id in ids(20) {
                assert!(
                    gone.contains(&id) || read.contains(&id),
                    "history {seed}: {id}"
                );
            }
        }
    }
    assert!(whole > histories / 2, "{whole}");
}

#[tokio::test]
async fn a_table_that_never_rests_ends_in_an_error() {
    let table = Moving::new(50, |request, rows| {
        for new in 0..10 {
            rows.insert(0, (format!("new{request:06}{new}"), 1));
        }
    });
    let error = table.read(4).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    let table = Moving::new(10, |request, rows| {
        if request == 1 {
            bill(rows, 7);
        }
    });
    let once = table.read_as(|rows| rows.page_size(3).max_passes(1)).await;
    assert!(once.unwrap_err().to_string().contains("1 are missing"));
}
