//! What is kept of rows.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::table::Table;

/// 96 bits of a keyed hash of a row's id. Among n rows, two collide with a probability of about
/// n² / 2⁹⁷; the keys are random, so nobody can choose ids that do.
pub(super) type Id = [u32; 3];

/// What is kept of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: Id,
    /// 31 bits of a hash of its values.
    pub(super) version: u32,
}

/// A row that was seen before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) version: u32,
    /// Whether it was seen as it was when the walk began.
    pub(super) original: bool,
}

const ORIGINAL: u32 = 1 << 31;

/// The rows that were seen. A B-tree, since its nodes are filled alike at every size, where a hash
/// table is half empty after it has grown.
#[derive(Debug, Default)]
pub(super) struct Seen {
    rows: BTreeMap<Id, u32>,
    keys: [RandomState; 2],
}

impl Seen {
    pub(super) fn mark<T: Table>(&self, table: &T, row: &T::Row) -> Mark {
        let id = table.id(row);
        let [one, two] = [&self.keys[0], &self.keys[1]].map(|key| key.hash_one(id));
        let mut version = self.keys[0].build_hasher();
        table.version(row, &mut version);
        Mark {
            id: [low(one), low(one >> 32), low(two)],
            version: low(version.finish()) & !ORIGINAL,
        }
    }

    pub(super) fn get(&self, id: &Id) -> Option<Known> {
        self.rows.get(id).map(|&value| Known {
            version: value & !ORIGINAL,
            original: value & ORIGINAL != 0,
        })
    }

    pub(super) fn insert(&mut self, mark: Mark, original: bool) {
        let flag = if original { ORIGINAL } else { 0 };
        self.rows.insert(mark.id, mark.version | flag);
    }

    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }
}

fn low(value: u64) -> u32 {
    (value & u64::from(u32::MAX)) as u32
}
