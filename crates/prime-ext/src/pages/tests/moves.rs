//! Tables that move while they are read.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::*;

#[tokio::test]
async fn a_table_at_rest() {
    for count in [0, 1, 2, 3, 4, 5, 6, 7, 10, 100] {
        for size in [1, 2, 3, 100] {
            for ahead in [0, 1, 4] {
                let table = Moving::still(count);
                let read = table.read_as(|rows| rows.page_size(size).read_ahead(ahead));
                assert_eq!(read.await.unwrap(), ids(count), "{count} by {size}");
            }
        }
    }
}

#[tokio::test]
async fn few_requests_and_few_bytes_for_many_rows() {
    let table = Moving::still(100_000);
    let mut rows = Rows::new(table.clone());
    let mut count = 0;
    while rows.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 100_000);
    assert!(table.requests() <= 1_020, "{}", table.requests());
}

#[tokio::test]
async fn a_row_that_moves_to_the_front_is_gone_back_for() {
    let table = Moving::new(10, |request, rows| {
        if request == 1 {
            bill(rows, 7);
        }
    });
    let mut read = table.read(3).await.unwrap();
    read.sort();
    assert_eq!(read, ids(10));
}

#[tokio::test]
async fn a_row_that_is_billed_again_keeps_its_values_and_the_change_can_be_had() {
    let table = Moving::new(10, |request, rows| match request {
        1 => bill(rows, 1),
        2 => bill(rows, 8),
        _ => {}
    });
    let mut rows = Rows::new(table).page_size(3);
    let mut read = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        read.push(row);
    }
    assert_eq!(read.iter().find(|row| row.0 == "row000001").unwrap().1, 1);
    // First met after it was billed again.
    assert_eq!(read.iter().find(|row| row.0 == "row000008").unwrap().1, 2);
    let changes: Vec<&Row> = rows.changes().collect();
    assert_eq!(changes, [&("row000001".to_owned(), 2)]);
}

/// 5,000 histories of a few rows: each row that was there comes once, each that arrives at most once.
#[tokio::test]
async fn random_histories() {
    let mut whole = 0;
    let histories = 5_000;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let (count, size) = (dice.roll(30), 2 + dice.roll(6));
        let (ahead, limit) = (dice.roll(3), dice.roll(4));
        let (arrive, moves, busy) = (dice.roll(4), dice.roll(4), dice.roll(12));
        let mut arrived = 0;
        let table = Moving::new(count, move |request, rows| {
            if request == 0 || request > busy {
                return;
            }
            let burst = if dice.roll(5) == 0 { 3 * size } else { 1 };
            for _ in 0..burst {
                if arrive > dice.roll(8) {
                    arrived += 1;
                    rows.insert(0, (format!("new{arrived:06}"), 1));
                }
                if moves > dice.roll(8) && !rows.is_empty() {
                    let place = dice.roll(rows.len());
                    bill(rows, place);
                }
            }
        });
        let limit = (limit == 0).then_some(1 + count as u64 / 2);
        let read = table.read_as(|rows| {
            let rows = rows.page_size(size as u64).read_ahead(ahead);
            match limit {
                Some(limit) => rows.limit(limit),
                None => rows,
            }
        });
        match read.await {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Incomplete),
            Ok(read) => {
                whole += 1;
                let once: HashSet<&String> = read.iter().collect();
                assert_eq!(once.len(), read.len(), "history {seed} gives a row twice");
                match limit {
                    None => {
                        let lost = ids(count).into_iter().find(|id| !once.contains(id));
                        assert_eq!(lost, None, "history {seed}");
                    }
                    Some(limit) => assert!(read.len() as u64 <= limit),
                }
            }
        }
    }
    assert!(whole > histories * 9 / 10, "{whole} of {histories}");
}

/// With a limit, what comes are the newest rows at some moment while they were read.
#[tokio::test]
async fn a_limit_gives_the_newest_rows_of_one_moment() {
    for seed in 1..=2_000_u64 {
        let mut dice = Dice::new(seed);
        let (count, size) = (20 + dice.roll(20), 3 + dice.roll(5));
        let limit = 1 + dice.roll(count);
        let moments = Arc::new(Mutex::new(Vec::new()));
        let seen = moments.clone();
        let table = Moving::new(count, move |request, rows| {
            if request > 0 && dice.roll(3) == 0 {
                let place = dice.roll(rows.len());
                bill(rows, place);
            }
            if request > 0 && dice.roll(3) == 0 {
                rows.insert(0, (format!("new{request:06}"), 1));
            }
            let newest: HashSet<String> =
                rows.iter().take(limit).map(|row| row.0.clone()).collect();
            seen.lock().unwrap().push(newest);
        });
        let read = table.read_as(|rows| rows.page_size(size as u64).limit(limit as u64));
        if let Ok(read) = read.await {
            let read: HashSet<String> = read.into_iter().collect();
            assert!(moments.lock().unwrap().contains(&read), "history {seed}");
        }
    }
}

#[tokio::test]
async fn an_early_stop_reads_the_front_again() {
    // Row 5 would be on the second page, and moves to the front before that is read.
    let change = |request, rows: &mut Vec<Row>| {
        if request == 1 {
            bill(rows, 5);
        }
    };
    let mut table = Moving::new(100, change);
    table.past = Some("row000007".to_owned());
    let mut read = table.read(4).await.unwrap();
    read.sort();
    assert_eq!(read, ids(7));
    assert_eq!(table.requests(), 4, "three pages, and the front");

    // A single page is the table at one moment.
    let table = Moving::still(100);
    let read = table.read_as(|rows| rows.limit(100)).await.unwrap();
    assert_eq!((read.len(), table.requests()), (100, 1));
    let read = table.read_as(|rows| rows.limit(0)).await.unwrap();
    assert_eq!((read.len(), table.requests()), (0, 1));
}

#[tokio::test]
async fn a_table_out_of_order_is_read_to_its_end() {
    let mut table = Moving::new(20, |request, rows| {
        if request == 0 {
            rows.swap(2, 12);
        }
    });
    table.past = Some("row000007".to_owned());
    let mut read = table.read(5).await.unwrap();
    read.sort();
    assert_eq!(read, ids(7));
}

#[tokio::test]
async fn a_walk_that_begins_at_an_offset() {
    for offset in [1, 3, 9, 10, 11] {
        let table = Moving::still(10);
        let read = table.read_as(|rows| rows.page_size(3).offset(offset)).await;
        assert_eq!(
            read.unwrap(),
            ids(10)
                .into_iter()
                .skip(offset as usize)
                .collect::<Vec<_>>()
        );
        let first = table.state.lock().unwrap().requests[0].clone();
        assert_eq!(first, At::Offset(offset));
    }
    // What arrives pushes rows down, and nothing into what is read.
    let arrives = |request: usize, rows: &mut Vec<Row>| {
        if request > 0 {
            rows.insert(0, (format!("new{request:06}"), 1));
        }
    };
    let table = Moving::new(20, arrives);
    let read = table.read_as(|rows| rows.page_size(4).offset(5)).await;
    assert_eq!(read.unwrap(), ids(20)[5..]);
    let table = Moving::new(20, arrives);
    let read = table
        .read_as(|rows| rows.page_size(4).offset(5).limit(8))
        .await;
    assert_eq!(read.unwrap(), ids(20)[5..13]);
    // What moves ahead of it cannot be told from what was there.
    for limit in [8, 100] {
        let table = Moving::new(20, |request, rows| {
            if request == 1 {
                bill(rows, 11);
            }
        });
        let read = table
            .read_as(|rows| rows.page_size(4).offset(5).limit(limit))
            .await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Incomplete);
    }
}

#[tokio::test]
async fn numbers_and_cursors() {
    for numbering in [Numbering::Numbers { first: 1 }, Numbering::Cursors] {
        for counts in [true, false] {
            for count in [0, 1, 3, 4, 10] {
                let mut table = Moving::still(count);
                (table.numbering, table.counts) = (numbering, counts);
                let read = table.read(3).await.unwrap();
                assert_eq!(read, ids(count), "{numbering:?} {counts} {count}");
            }
            let mut table = Moving::new(10, |request, rows| {
                if request == 1 {
                    bill(rows, 7);
                }
            });
            (table.numbering, table.counts) = (numbering, counts);
            let mut read = table.read(3).await.unwrap();
            read.sort();
            assert_eq!(read, ids(10), "{numbering:?} {counts}");
        }
    }
    let mut table = Moving::still(10);
    table.counts = false;
    assert_eq!(table.read(3).await.unwrap(), ids(10));
}

#[tokio::test]
async fn pages_ahead_are_asked_for_while_the_caller_works() {
    let table = Moving::still(1_000);
    let mut rows = Rows::new(table.clone()).read_ahead(3);
    assert_eq!(table.requests(), 0);
    rows.try_next().await.unwrap();
    rows.try_next().await.unwrap();
    assert_eq!(table.requests(), 4);
    let mut pages = Rows::new(Moving::still(250)).pages();
    let mut sizes = HashMap::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        *sizes.entry(page.len()).or_insert(0) += 1;
    }
    assert_eq!(sizes, HashMap::from([(100, 1), (99, 1), (51, 1)]));
}
