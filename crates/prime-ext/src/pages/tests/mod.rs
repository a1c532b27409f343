//! Tables that move, lie and shrink, in memory.

#![allow(clippy::unwrap_used)]

use std::hash::{Hash as _, Hasher};
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt as _;

use super::*;
use crate::error::{Error, ErrorKind};

mod lies;
mod moves;

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
