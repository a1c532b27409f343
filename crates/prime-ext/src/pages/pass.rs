//! One way through the table.

use super::seen::Mark;
use super::table::{At, Numbering};

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The first: from where the caller begins, to the end.
    First,
    /// For what moved to the front: down to the first row that did not.
    Front,
    /// Rows were taken out of the table, so that counting proves nothing: from the front to the end,
    /// and nothing must move.
    Whole,
    /// Whether rows moved ahead of the offset at which the first pass began.
    Offset,
}

/// One way through the table.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) purpose: Purpose,
    /// 1 for the first.
    pub(super) number: u32,
    /// The page that is to be looked at next.
    pub(super) at: At,
    /// The last row of the page before.
    pub(super) last: Option<Mark>,
    /// Whether all pages met, and said the same total: nothing moved that would concern what was read.
    pub(super) still: bool,
    /// The most rows that were said to be in the table.
    pub(super) total: Option<u64>,
    /// How many rows were in the table when the pass began.
    pub(super) expects: Option<u64>,
    /// Rows that had not been seen before.
    pub(super) new: u64,
    pub(super) pages: u64,
}

impl Pass {
    pub(super) fn new(purpose: Purpose, number: u32, at: At) -> Self {
        Self {
            purpose,
            number,
            at,
            last: None,
            still: true,
            total: None,
            expects: None,
            new: 0,
            pages: 0,
        }
    }

    /// A page has come: does it meet the one before, and say the same total?
    pub(super) fn meets(&mut self, first: Option<Mark>, total: Option<u64>) {
        let meets = self.pages == 0 || first.is_some() && first == self.last;
        let same = self.pages == 0 || self.total == total;
        self.still &= meets && same;
        self.total = self.total.max(total);
        self.expects = self.expects.or(total);
        self.pages += 1;
    }
}

/// Where a table begins.
pub(super) fn beginning(numbering: Numbering, offset: u64) -> At {
    match numbering {
        Numbering::Offsets => At::Offset(offset),
        Numbering::Numbers { first } => At::Number(first),
        Numbering::Cursors => At::Cursor(None),
    }
}

/// Where the page after one of `count` rows begins: its first row is this one's last, if pages are asked
/// for by offset and that leads on.
pub(super) fn after(at: &At, count: u64, cursor: Option<String>) -> At {
    match at {
        At::Offset(offset) => At::Offset(offset.saturating_add(count.max(2) - 1)),
        At::Number(number) => At::Number(number.saturating_add(1)),
        At::Cursor(_) => At::Cursor(cursor),
    }
}
