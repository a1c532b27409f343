//! Services that contradict or repeat themselves.

use std::hash::BuildHasher as _;

use super::seen::Mark;
use super::table::{At, Total};
use super::walk::{Ask, Walk, incomplete};
use crate::error::Error;

/// How often an answer that contradicts itself is asked for again: the service may count and read at
/// different moments.
const MAX_CONTRADICTIONS: u32 = 2;

/// How often in a row the same page may come from different places.
const MAX_REPEATS: u32 = 2;

/// How many pages more than twice those that a pass should have it may have: a table may grow, but not
/// for ever faster than it is read.
const MORE_PAGES: u64 = 100;

impl<R> Walk<R> {
    /// Whether an answer says that it goes beyond the table's end; then it is asked for again.
    pub(super) fn contradicts(
        &mut self,
        ask: &Ask,
        count: u64,
        total: Total,
    ) -> Result<bool, Error> {
        let (At::Offset(offset), Total::Rows(total)) = (&ask.at, total) else {
            return Ok(false);
        };
        let end = offset.saturating_add(count);
        if count == 0 || end <= total {
            self.contradictions = 0;
            return Ok(false);
        }
        self.contradictions += 1;
        if self.contradictions > MAX_CONTRADICTIONS {
            return Err(incomplete(format!(
                "the service says that there are {total} rows, and gives row number {end}: it miscounts, or does not look at the offset"
            )));
        }
        Ok(true)
    }

    /// Refuses the same page from one place after the other.
    pub(super) fn repeats(&mut self, ask: &Ask, marks: &[Mark], total: Total) -> Result<(), Error> {
        let hash = self
            .hasher
            .hash_one(marks.iter().map(|mark| mark.id).collect::<Vec<_>>());
        let now = (ask.at.clone(), hash, total);
        let same = !marks.is_empty()
            && self
                .last_page
                .as_ref()
                .is_some_and(|(at, hash, total)| *at != now.0 && (*hash, *total) == (now.1, now.2));
        self.repeats = if same { self.repeats + 1 } else { 0 };
        self.last_page = Some(now);
        if self.repeats >= MAX_REPEATS {
            return Err(incomplete(
                "the service gives the same page wherever it is told to begin",
            ));
        }
        Ok(())
    }

    /// Refuses to go on where page after page brings nothing new, or the end moves away for ever.
    pub(super) fn leads_on(&self, count: u64) -> Result<(), Error> {
        let step = count.max(2) - 1;
        // Past everything that is known, with a page or two for what arrived meanwhile.
        if self.fruitless > self.seen.len() / step + 3 {
            return Err(incomplete(
                "page after page brings nothing new: the service repeats them, or does not look at where to begin",
            ));
        }
        let pages = self.pass.expects.map(|rows| rows.saturating_mul(2) / step);
        if pages.is_some_and(|pages| self.pass.pages > pages.saturating_add(MORE_PAGES)) {
            return Err(self.missing());
        }
        Ok(())
    }
}
