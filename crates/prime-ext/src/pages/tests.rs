//! Tables that move, lie and shrink, in memory.

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher};
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt as _;

use super::*;
use crate::error::{Error, ErrorKind};

/// An id, and how often it was billed.
type Row = (String, u32);

/// What happens to the rows before a request of this number.
type Change = Box<dyn FnMut(usize, &mut Vec<Row>) + Send>;

/// What a service makes of a place, and of the rows that it gives and counts.
type Lie = fn(offset: usize, page: &mut Vec<Row>, total: &mut u64);

#[derive(Clone)]
struct Moving {
    state: Arc<Mutex<State>>,
    numbering: Numbering,
    counts: bool,
    ignores_offset: bool,
    most: usize,
    lie: Lie,
    past: Option<String>,
}

struct State {
    rows: Vec<Row>,
    requests: Vec<At>,
    change: Change,
}

impl Moving {
    fn new(count: usize, change: impl FnMut(usize, &mut Vec<Row>) + Send + 'static) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                rows: rows(count),
                requests: Vec::new(),
                change: Box::new(change),
            })),
            numbering: Numbering::Offsets,
            counts: true,
            ignores_offset: false,
            most: usize::MAX,
            lie: |_, _, _| {},
            past: None,
        }
    }

    fn still(count: usize) -> Self {
        Self::new(count, |_, _| {})
    }

    fn requests(&self) -> usize {
        self.state.lock().unwrap().requests.len()
    }

    async fn read(&self, size: u64) -> Result<Vec<String>, Error> {
        self.read_as(|rows| rows.page_size(size)).await
    }

    async fn read_as(
        &self,
        set: impl FnOnce(Rows<Self>) -> Rows<Self>,
    ) -> Result<Vec<String>, Error> {
        let rows: Vec<Row> = set(Rows::new(self.clone())).try_collect().await?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }
}

impl Table for Moving {
    type Row = Row;

    fn numbering(&self) -> Numbering {
        self.numbering
    }

    fn page(&self, at: &At, limit: u64) -> PageFuture<Row> {
        let mut state = self.state.lock().unwrap();
        let State {
            rows,
            requests,
            change,
        } = &mut *state;
        change(requests.len(), rows);
        requests.push(at.clone());
        let limit = usize::try_from(limit).unwrap().min(self.most);
        let offset = match at {
            _ if self.ignores_offset => 0,
            At::Offset(offset) => usize::try_from(*offset).unwrap(),
            At::Number(number) => (usize::try_from(*number).unwrap() - 1) * limit,
            At::Cursor(None) => 0,
            // After the row of this id, wherever it stands now.
            At::Cursor(Some(id)) => rows.iter().position(|row| row.0 == *id).unwrap() + 1,
        };
        let mut page: Vec<Row> = rows.iter().skip(offset).take(limit).cloned().collect();
        let mut total = rows.len() as u64;
        (self.lie)(offset, &mut page, &mut total);
        let total = match self.numbering {
            _ if !self.counts => Total::Unknown,
            Numbering::Numbers { .. } => Total::Pages(total.div_ceil(limit as u64)),
            _ => Total::Rows(total),
        };
        let next = page.last().filter(|last| Some(*last) != rows.last());
        let next = next.map(|last| last.0.clone());
        Box::pin(async move { Ok(Page::new(page, total).with_next(next)) })
    }

    fn id<'a>(&self, row: &'a Row) -> &'a str {
        &row.0
    }

    fn version(&self, row: &Row, mut state: &mut dyn Hasher) {
        row.1.hash(&mut state);
    }

    fn want(&self, row: &Row) -> Want {
        match &self.past {
            Some(past) if row.0 >= *past => Want::Past,
            _ => Want::Take,
        }
    }

    fn wants_all(&self) -> bool {
        self.past.is_none()
    }
}

fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|row| (format!("row{row:06}"), 1)).collect()
}

fn ids(count: usize) -> Vec<String> {
    rows(count).into_iter().map(|row| row.0).collect()
}

/// Bills a row again.
fn bill(rows: &mut Vec<Row>, place: usize) {
    let (id, times) = rows.remove(place);
    rows.insert(0, (id, times + 1));
}

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

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
