//! Tables in memory that move, lie and shrink.

#![allow(clippy::unwrap_used)]

use std::future::{Ready, ready};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;

use super::*;
use crate::error::{Error, ErrorKind};

mod lies;
mod moves;
mod offsets;

/// An id, and how often the row was billed.
pub(crate) type TestRow = (String, u32);

impl Row for TestRow {
    fn id(&self) -> &str {
        &self.0
    }

    fn has_id(&self) -> bool {
        true
    }

    fn version(&self) -> impl Hash {
        self.1
    }
}

/// Changes the rows before the request with this number.
type Change = Box<dyn FnMut(usize, &mut Vec<TestRow>) + Send>;

/// Falsifies the page at an offset, and the total.
type Lie = fn(offset: usize, page: &mut Vec<TestRow>, total: &mut u64);

#[derive(Clone)]
pub(crate) struct Table {
    state: Arc<Mutex<State>>,
    ignores_offset: bool,
    max_page_size: usize,
    lie: Lie,
}

struct State {
    rows: Vec<TestRow>,
    /// The offsets of the requests.
    requests: Vec<u64>,
    change: Change,
}

impl Table {
    pub(crate) fn new(
        count: usize,
        change: impl FnMut(usize, &mut Vec<TestRow>) + Send + 'static,
    ) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                rows: rows(count),
                requests: Vec::new(),
                change: Box::new(change),
            })),
            ignores_offset: false,
            max_page_size: usize::MAX,
            lie: |_, _, _| {},
        }
    }

    /// A table that does not change.
    pub(crate) fn fixed(count: usize) -> Self {
        Self::new(count, |_, _| {})
    }

    /// A table that changes at random until it rests.
    pub(crate) fn random(dice: &mut Dice, count: usize, page_size: usize) -> Self {
        let (arrivals, moves, busy) = (dice.roll(4), dice.roll(4), dice.roll(12));
        let mut dice = Dice::new(dice.0);
        let mut arrived = 0;
        Self::new(count, move |request, rows| {
            if request == 0 || request > busy {
                return;
            }
            let burst = if dice.roll(5) == 0 { 3 * page_size } else { 1 };
            for _ in 0..burst {
                if arrivals > dice.roll(8) {
                    arrived += 1;
                    rows.insert(0, (format!("new{arrived:06}"), 1));
                }
                if moves > dice.roll(8) && !rows.is_empty() {
                    let place = dice.roll(rows.len());
                    bill(rows, place);
                }
            }
        })
    }

    /// The offsets of the requests so far.
    pub(crate) fn requests(&self) -> Vec<u64> {
        self.state.lock().unwrap().requests.clone()
    }

    pub(crate) fn fetch(&self, offset: u64, limit: u64) -> Ready<Result<Page<TestRow>, Error>> {
        let mut state = self.state.lock().unwrap();
        let State {
            rows,
            requests,
            change,
        } = &mut *state;
        change(requests.len(), rows);
        requests.push(offset);
        let limit = usize::try_from(limit).unwrap().min(self.max_page_size);
        let offset = if self.ignores_offset {
            0
        } else {
            usize::try_from(offset).unwrap()
        };
        let mut page: Vec<TestRow> = rows.iter().skip(offset).take(limit).cloned().collect();
        let mut total = rows.len() as u64;
        (self.lie)(offset, &mut page, &mut total);
        ready(Ok(Page { rows: page, total }))
    }

    fn reader(&self, options: Options) -> Reconciler<TestRow> {
        let table = self.clone();
        Reconciler::new(move |offset, limit| table.fetch(offset, limit), options)
    }

    /// The ids of the rows that are read, in order.
    async fn read(&self, options: Options) -> Result<Vec<String>, Error> {
        let mut reader = self.reader(options);
        let mut ids = Vec::new();
        while let Some(page) = reader.next().await.transpose()? {
            let new = page.into_iter().filter(|row| row.1 == Sighting::New);
            ids.extend(new.map(|(row, _)| row.0));
        }
        Ok(ids)
    }
}

fn options(page_size: u64) -> Options {
    Options {
        offset: 0,
        page_size,
        read_ahead: 0,
        max_passes: 8,
    }
}

fn rows(count: usize) -> Vec<TestRow> {
    (0..count).map(|row| (format!("row{row:06}"), 1)).collect()
}

pub(crate) fn ids(count: usize) -> Vec<String> {
    rows(count).into_iter().map(|row| row.0).collect()
}

/// Bills a row again, which moves it to the front.
pub(crate) fn bill(rows: &mut Vec<TestRow>, place: usize) {
    let (id, times) = rows.remove(place);
    rows.insert(0, (id, times + 1));
}

/// Random numbers that follow from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}
