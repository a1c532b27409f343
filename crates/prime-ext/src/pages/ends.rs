//! Whether all was seen: what the end of a pass leads to.

use super::pass::{Pass, Purpose, beginning};
use super::seen::Mark;
use super::table::{At, Numbering};
use super::walk::{Ask, Walk, incomplete};
use crate::error::Error;

impl<R> Walk<R> {
    /// Reading ends before the table does: nothing must have moved ahead of what was read.
    pub(super) fn end_early(&mut self) -> Result<(), Error> {
        let all = !self.shrunk && self.pass.total == Some(self.seen.len());
        if self.answers == 1 || all {
            return self.finish();
        }
        if self.settings.offset > 0 {
            let at = self.offset_now(self.pass.total);
            return self.begin(Purpose::Offset, at);
        }
        self.begin_front()
    }

    /// The front was read again, down to a row that has not changed.
    pub(super) fn end_front(&mut self) -> Result<(), Error> {
        if self.shrunk {
            return Err(incomplete(
                "rows were taken out of the table while it was read",
            ));
        }
        // A single page is the front as it was at one moment, and pages that meet are.
        let cannot_meet = self.numbering != Numbering::Offsets;
        if self.pass.pages == 1 || self.pass.still || cannot_meet && self.pass.new == 0 {
            return self.finish();
        }
        self.begin_front()
    }

    /// The table's end, or what stands for it.
    pub(super) fn end_pass(&mut self) -> Result<(), Error> {
        if self.settings.offset > 0 {
            return self.end_from_offset();
        }
        if self.early {
            return self.end_front();
        }
        let (seen, first) = (self.seen.len(), beginning(self.numbering, 0));
        let Some(total) = self.pass.total else {
            return match self.pass.purpose {
                Purpose::First if self.answers == 1 => self.finish(),
                Purpose::First => self.begin_front(),
                _ => self.end_front(),
            };
        };
        self.shrunk |= seen > total;
        if self.shrunk {
            return if self.pass.still && self.pass.purpose != Purpose::Front {
                self.finish()
            } else {
                self.begin(Purpose::Whole, first)
            };
        }
        if seen == total {
            return self.finish();
        }
        if self.pass.purpose != Purpose::First && self.pass.new == 0 {
            return Err(self.missing());
        }
        self.begin(Purpose::Front, first)
    }

    /// The end of a walk that began at an offset: all rows must have been seen that were there then.
    pub(super) fn end_from_offset(&mut self) -> Result<(), Error> {
        if self.pass.total.is_none() {
            return self.finish();
        }
        let there = self.first.1.saturating_sub(self.settings.offset);
        let seen = self.seen.len();
        if self.shrunk || seen != there {
            return Err(incomplete(format!(
                "there were {there} rows from the offset on, and {seen} of them could be read: others moved ahead of it meanwhile; read from the beginning"
            )));
        }
        self.finish()
    }

    /// Where the rows of the first page must stand now, if none moved ahead of them but those that
    /// arrived.
    pub(super) fn offset_now(&self, total: Option<u64>) -> At {
        let arrived = total.unwrap_or(0).saturating_sub(self.first.1);
        At::Offset(self.settings.offset.saturating_add(arrived))
    }

    /// Compares where the rows of the first page stood and stand.
    pub(super) fn compare(
        &mut self,
        ask: &Ask,
        marks: &[Mark],
        total: Option<u64>,
    ) -> Result<(), Error> {
        let now = self.offset_now(total);
        let (At::Offset(asked), At::Offset(expected)) = (&ask.at, &now) else {
            return self.finish();
        };
        let place = |mark: &Mark| self.first.0.iter().position(|first| first == mark);
        let stands = marks.iter().enumerate().find_map(|(index, mark)| {
            Some(
                asked
                    .saturating_add(index as u64)
                    .checked_sub(place(mark)? as u64),
            )
        });
        match stands {
            Some(stands) if stands == Some(*expected) && !self.shrunk => self.finish(),
            Some(_) => Err(incomplete(
                "rows moved ahead of the offset while they were read; read from the beginning",
            )),
            None => self.begin(Purpose::Offset, now),
        }
    }

    pub(super) fn begin_front(&mut self) -> Result<(), Error> {
        self.begin(Purpose::Front, beginning(self.numbering, 0))
    }

    pub(super) fn begin(&mut self, purpose: Purpose, at: At) -> Result<(), Error> {
        if self.pass.number >= self.settings.max_passes {
            return Err(self.missing());
        }
        self.pass = Pass::new(purpose, self.pass.number + 1, at);
        self.fruitless = 0;
        self.last_page = None;
        self.cursors.clear();
        Ok(())
    }

    pub(super) fn missing(&self) -> Error {
        let (seen, passes) = (self.seen.len(), self.pass.number);
        let message = match self.pass.total {
            Some(total) if !self.early && seen < total => format!(
                "the service says that there are {total} rows, and {seen} could be read in {passes} passes: {} are missing",
                total - seen
            ),
            _ => format!(
                "the table moved faster than it could be read: {seen} rows in {passes} passes, and more may be missing"
            ),
        };
        incomplete(message)
    }

    /// All was seen. With a limit, what was gone back for is newer than the last rows that were held.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if let Some(limit) = self.settings.limit {
            let given = self.released + (self.held.len() + self.late.len()) as u64;
            for _ in limit..given {
                let last = self
                    .held
                    .iter()
                    .rposition(|(id, _)| !self.in_front.contains(id));
                if last.and_then(|last| self.held.remove(last)).is_none() {
                    return Err(incomplete(
                        "more rows moved to the front than a page holds while the limit was reached; read again",
                    ));
                }
            }
        }
        self.release();
        self.ready.append(&mut self.late);
        self.ended = true;
        Ok(())
    }
}
