//! Services that lie, and tables that shrink or never rest.

use std::collections::HashSet;

use super::*;

#[tokio::test]
async fn lies_are_detected() {
    let lies: [(&str, Lie); 7] = [
        ("total too high", |_, _, total| *total += 2),
        ("total too low", |_, _, total| *total -= 2),
        ("total of the page", |_, page, total| {
            *total = page.len() as u64
        }),
        ("total of 0", |_, _, total| *total = 0),
        ("maximum total", |_, _, total| *total = u64::MAX),
        ("empty pages", |offset, page, _| {
            if offset > 3 {
                page.clear();
            }
        }),
        ("the same row everywhere", |_, page, _| {
            page.iter_mut().for_each(|row| row.0 = "same".to_owned());
        }),
    ];
    for (name, lie) in lies {
        let mut table = Table::fixed(30);
        table.lie = lie;
        let error = table.read(options(4)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{name}");
        let requests = table.requests().len();
        assert!(requests < 40, "{name}: {requests}");
    }
    for (count, total) in [(10, None), (10, Some(u64::MAX)), (3, None)] {
        let mut table = Table::fixed(count);
        table.ignores_offset = true;
        if total.is_some() {
            table.lie = |_, _, total| *total = u64::MAX;
        }
        let error = table.read(options(3)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete);
        let requests = table.requests().len();
        assert!(requests < 10, "{requests}");
    }
    let mut table = Table::fixed(10);
    table.lie = |_, _, total| *total += 2;
    let error = table.read(options(3)).await.unwrap_err().to_string();
    assert!(error.contains("2 of 12 rows are still missing"), "{error}");
}

#[tokio::test]
async fn pages_shorter_than_requested_lose_no_rows() {
    for read_ahead in [0, 3] {
        let mut table = Table::fixed(30);
        table.max_page_size = 5;
        let read = table.read(Options {
            read_ahead,
            ..options(10)
        });
        assert_eq!(read.await.unwrap(), ids(30));
    }
}

/// The service counts the rows before it reads them, and a row arrives in between.
#[tokio::test]
async fn a_page_that_contradicts_its_total_is_requested_again() {
    let table = Table::fixed(5);
    let mut reader = Reconciler::new(
        {
            let table = table.clone();
            move |offset, limit| {
                let mut page = table.fetch(offset, limit).into_inner();
                if let (2, Ok(page)) = (table.requests().len(), &mut page) {
                    page.total -= 1;
                }
                ready(page)
            }
        },
        options(3),
    );
    let mut read = Vec::new();
    while let Some(page) = reader.next().await {
        let new = page
            .unwrap()
            .into_iter()
            .filter(|row| row.1 == Sighting::New);
        read.extend(new.map(|(row, _)| row.0));
    }
    assert_eq!(read, ids(5));
    assert_eq!(table.requests(), [0, 2, 2, 4]);
}

/// Every row that was not removed is read, or the removal is reported.
#[tokio::test]
async fn removed_rows_hide_no_others() {
    let histories = 2_000;
    let mut complete = 0;
    for seed in 1..=histories {
        let mut dice = Dice::new(seed);
        let removed = Arc::new(Mutex::new(HashSet::new()));
        let record = removed.clone();
        let table = Table::new(20, move |request, rows| {
            if request > 0 && request < 8 && dice.roll(3) == 0 {
                let place = dice.roll(rows.len());
                record.lock().unwrap().insert(rows.remove(place).0);
            }
            if request > 0 && request < 8 && dice.roll(4) == 0 {
                let place = dice.roll(rows.len());
                bill(rows, place);
            }
        });
        if let Ok(read) = table.read(options(4)).await {
            complete += 1;
            let removed = removed.lock().unwrap();
            for id in ids(20) {
                assert!(
                    removed.contains(&id) || read.contains(&id),
                    "history {seed} loses {id}"
                );
            }
        }
    }
    assert!(complete > histories * 9 / 10, "{complete} of {histories}");
}

#[tokio::test]
async fn a_table_that_never_rests_is_an_error() {
    let table = Table::new(50, |request, rows| {
        for new in 0..10 {
            rows.insert(0, (format!("new{request:06}{new}"), 1));
        }
    });
    let error = table.read(options(4)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    let table = Table::new(10, |request, rows| {
        if request == 1 {
            bill(rows, 7);
        }
    });
    let once = table.read(Options {
        max_passes: 1,
        ..options(3)
    });
    let error = once.await.unwrap_err().to_string();
    assert!(error.contains("1 of 10 rows are still missing"), "{error}");
}
