//! Tables that move while they are read.

use std::collections::HashSet;

use super::*;

#[tokio::test]
async fn fixed_tables() {
    for count in [0, 1, 2, 3, 4, 5, 6, 7, 10, 100] {
        for page_size in [1, 2, 3, 100] {
            for read_ahead in [0, 1, 4] {
                let table = Table::fixed(count);
                let read = table.read(Options {
                    read_ahead,
                    ..options(page_size)
                });
                assert_eq!(
                    read.await.unwrap(),
                    ids(count),
                    "{count} rows, {page_size} a page"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_fixed_table_needs_few_requests() {
    let table = Table::fixed(100_000);
    assert_eq!(table.read(options(100)).await.unwrap().len(), 100_000);
    let requests = table.requests().len();
    assert!(requests <= 1_020, "{requests}");
}

#[tokio::test]
async fn a_row_that_moves_to_the_front_is_found() {
    let table = Table::new(10, |request, rows| {
        if request == 1 {
            bill(rows, 7);
        }
    });
    let mut read = table.read(options(3)).await.unwrap();
    read.sort();
    assert_eq!(read, ids(10));
}

#[tokio::test]
async fn a_row_keeps_its_first_values_and_changes_are_reported() {
    let table = Table::new(10, |request, rows| match request {
        1 => bill(rows, 1),
        2 => bill(rows, 8),
        _ => {}
    });
    let mut reader = table.reader(options(3));
    let (mut read, mut changed) = (Vec::new(), Vec::new());
    while let Some(page) = reader.next().await {
        for (row, sighting) in page.unwrap() {
            match sighting {
                Sighting::New => read.push(row),
                Sighting::Changed => changed.push(row),
                Sighting::Unchanged => {}
            }
        }
    }
    assert!(read.contains(&("row000001".to_owned(), 1)));
    // This row was billed again before it was first met.
    assert!(read.contains(&("row000008".to_owned(), 2)));
    assert_eq!(changed, [("row000001".to_owned(), 2)]);
}

/// In 5,000 histories of a few rows, every row that was there comes once, and every row that arrives
/// comes at most once.
#[tokio::test]
async fn random_histories() {
    let histories = 5_000;
    let mut complete = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let (count, page_size) = (dice.roll(30), 2 + dice.roll(6));
        let read_ahead = dice.roll(3);
        let table = Table::random(&mut dice, count, page_size);
        let read = table.read(Options {
            read_ahead,
            ..options(page_size as u64)
        });
        match read.await {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Incomplete),
            Ok(read) => {
                complete += 1;
                let unique: HashSet<&String> = read.iter().collect();
                assert_eq!(unique.len(), read.len(), "history {seed} repeats a row");
                let lost = ids(count).into_iter().find(|id| !unique.contains(id));
                assert_eq!(lost, None, "history {seed}");
            }
        }
    }
    assert!(complete > histories * 9 / 10, "{complete} of {histories}");
}

#[tokio::test]
async fn reading_from_an_offset() {
    for offset in [1, 3, 9, 10, 11] {
        let table = Table::fixed(10);
        let read = table.read(Options {
            offset,
            ..options(3)
        });
        let expected = ids(10).into_iter().skip(offset as usize);
        assert_eq!(read.await.unwrap(), expected.collect::<Vec<_>>());
        assert_eq!(table.requests()[0], offset);
    }
}

/// Arrivals, changes and removals either leave the rows behind the offset as they were, or are reported.
#[tokio::test]
async fn random_histories_from_an_offset() {
    let histories = 5_000;
    let mut complete = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let (count, page_size) = (10 + dice.roll(20), 3 + dice.roll(6));
        let (offset, last_change) = (1 + dice.roll(8), dice.roll(8));
        let table = Table::new(count, move |request, rows| {
            if request == 0 || request > last_change {
                return;
            }
            for _ in 0..dice.roll(3) {
                let place = dice.roll(rows.len());
                match dice.roll(8) {
                    0 => bill(rows, place),
                    1 => drop(rows.remove(place)),
                    _ => rows.insert(0, (format!("new{request:06}"), 1)),
                }
            }
        });
        let read = table.read(Options {
            offset: offset as u64,
            ..options(page_size as u64)
        });
        match read.await {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Incomplete),
            Ok(read) => {
                complete += 1;
                assert_eq!(read, ids(count)[offset..], "history {seed}");
            }
        }
    }
    assert!(complete > histories / 2, "{complete} of {histories}");
}

#[tokio::test]
async fn arrivals_push_no_rows_behind_the_offset() {
    let table = Table::new(20, |request, rows| {
        if request > 0 {
            rows.insert(0, (format!("new{request:06}"), 1));
        }
    });
    let read = table.read(Options {
        offset: 5,
        ..options(4)
    });
    assert_eq!(read.await.unwrap(), ids(20)[5..]);
}

#[tokio::test]
async fn a_row_that_moves_ahead_of_the_offset_is_an_error() {
    let table = Table::new(20, |request, rows| {
        if request == 1 {
            bill(rows, 11);
        }
    });
    let read = table.read(Options {
        offset: 5,
        ..options(4)
    });
    assert_eq!(read.await.unwrap_err().kind(), ErrorKind::Incomplete);
}
