//! What to ask next, and when all was seen. No I/O: places out, pages in.
//!
//! Why going back to the front is enough: a row stands where it stood, or further down, until it moves
//! to the front. So the first pass, which only goes down, meets every row that does not move; and what
//! moves stands ahead of every row that has not moved since the walk began.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use super::pass::{Pass, Purpose, after, beginning};
use super::seen::{Id, Mark, Seen};
use super::table::{At, Numbering, Page, Table, Total, Want};
use crate::error::{Error, ErrorKind};

/// How often an answer that contradicts itself is asked for again: the service may count and read at
/// different moments.
const MAX_CONTRADICTIONS: u32 = 2;

/// How often in a row the same page may come from different places.
const MAX_REPEATS: u32 = 2;

/// How many pages more than twice those that a pass should have it may have: a table may grow, but not
/// for ever faster than it is read.
const MORE_PAGES: u64 = 100;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) page_size: u64,
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
    pub(super) max_passes: u32,
    pub(super) read_ahead: usize,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) at: At,
    pub(super) limit: u64,
    /// The most rows that the table was known to have when it was asked.
    known: u64,
}

pub(super) struct Walk<R> {
    settings: Settings,
    numbering: Numbering,
    seen: Seen,
    pass: Pass,
    /// The last place that was asked for.
    asked: Option<At>,
    /// Rows for the caller.
    pub(super) ready: VecDeque<R>,
    /// With a limit: the rows of the last page, which give way to newer ones.
    held: VecDeque<(Id, R)>,
    /// With a limit: rows that were gone back for.
    late: VecDeque<R>,
    /// With a limit: known rows that were met at the front again.
    in_front: HashSet<Id>,
    released: u64,
    changes: HashMap<Id, R>,
    ended: bool,
    /// Answers so far.
    answers: u64,
    /// The most rows that the table was said to have.
    known: u64,
    /// The first page, and how many rows there were then.
    first: (Vec<Mark>, u64),
    /// Whether reading ended before the table did: a limit, or rows that nobody wants.
    early: bool,
    /// Whether rows were taken out of the table, or it is miscounted.
    shrunk: bool,
    /// Whether a row was wanted behind one past which none should be.
    unordered: bool,
    contradictions: u32,
    /// Pages in a row without a new row.
    fruitless: u64,
    repeats: u32,
    last_page: Option<(At, u64, Total)>,
    cursors: HashSet<u64>,
    hasher: RandomState,
}

impl<R> Walk<R> {
    pub(super) fn new(settings: Settings, numbering: Numbering) -> Self {
        let at = beginning(numbering, settings.offset);
        Self {
            settings,
            numbering,
            seen: Seen::default(),
            pass: Pass::new(Purpose::First, 1, at),
            asked: None,
            ready: VecDeque::new(),
            held: VecDeque::new(),
            late: VecDeque::new(),
            in_front: HashSet::new(),
            released: 0,
            changes: HashMap::new(),
            ended: settings.limit == Some(0),
            answers: 0,
            known: 0,
            first: (Vec::new(), 0),
            early: false,
            shrunk: false,
            unordered: false,
            contradictions: 0,
            fruitless: 0,
            repeats: 0,
            last_page: None,
            cursors: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &R> {
        self.changes.values()
    }

    /// The place that is to be looked at next.
    pub(super) fn at(&self) -> &At {
        &self.pass.at
    }

    /// What to ask now, while `in_flight` requests have no answer yet.
    pub(super) fn ask(&mut self, in_flight: usize, wants_all: bool) -> Option<Ask> {
        let least = usize::from(self.ready.is_empty());
        if self.ended || in_flight >= self.settings.read_ahead.max(least) {
            return None;
        }
        let at = match &self.asked {
            Some(asked) if in_flight > 0 => self.guess(asked)?,
            _ => self.pass.at.clone(),
        };
        self.asked = Some(at.clone());
        let most = self.settings.limit.filter(|_| wants_all);
        Some(Ask {
            at,
            limit: self.settings.page_size.min(most.unwrap_or(u64::MAX)),
            known: self.known,
        })
    }

    /// The place after one that has no answer yet, if it is clear that there is one and that it will be
    /// needed.
    fn guess(&self, asked: &At) -> Option<At> {
        if self.answers == 0 || self.pass.purpose == Purpose::Offset {
            return None;
        }
        let next = after(asked, self.settings.page_size, None);
        let wanted = match &next {
            At::Offset(offset) => {
                let end = self
                    .settings
                    .limit
                    .map_or(u64::MAX, |limit| self.settings.offset.saturating_add(limit));
                *offset < self.known.min(end)
            }
            At::Number(number) => match (self.numbering, self.last_page.as_ref()) {
                (Numbering::Numbers { first }, Some((_, _, Total::Pages(pages)))) => {
                    number - first < *pages
                }
                _ => false,
            },
            At::Cursor(_) => false,
        };
        wanted.then_some(next)
    }

    /// Looks at a page.
    pub(super) fn take<T: Table<Row = R>>(
        &mut self,
        table: &T,
        ask: &Ask,
        page: Page<R>,
    ) -> Result<(), Error> {
        let Page { rows, total, next } = page;
        let count = rows.len() as u64;
        if self.contradicts(ask, count, total)? {
            return Ok(());
        }
        let marks: Vec<Mark> = rows.iter().map(|row| self.seen.mark(table, row)).collect();
        self.repeats(ask, &marks, total)?;
        self.answers += 1;
        let total_rows = match total {
            Total::Rows(total) => Some(total),
            Total::Pages(_) | Total::Unknown => None,
        };
        if let Some(total) = total_rows {
            self.shrunk |= total < ask.known;
            self.known = self.known.max(total);
        }
        if self.answers == 1 {
            self.first = (marks.clone(), total_rows.unwrap_or(0));
        }
        if self.pass.purpose == Purpose::Offset {
            return self.compare(ask, &marks, total_rows);
        }
        self.pass.meets(marks.first().copied(), total_rows);
        if self.pass.purpose == Purpose::First {
            self.released += self.held.len() as u64;
            self.release();
        }
        let before = self.seen.len();
        let met_original = self.rows(table, rows, &marks)?;
        let new = self.seen.len() - before;
        self.pass.new += new;
        self.pass.last = marks.last().copied();
        self.fruitless = if new == 0 { self.fruitless + 1 } else { 0 };
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
        match self.pass.purpose {
            Purpose::First if self.early => return self.end_early(),
            Purpose::Front if self.early && met_original => return self.end_front(),
            Purpose::Front if !self.early && self.pass.total == Some(self.seen.len()) => {
                return self.end_pass();
            }
            Purpose::Front if met_original && !self.shrunk => return self.end_pass(),
            _ => {}
        }
        if self.is_last(ask, count, new, total, next.as_deref()) {
            return self.end_pass();
        }
        if let Some(cursor) = &next
            && self.numbering == Numbering::Cursors
            && !self.cursors.insert(self.hasher.hash_one(cursor))
        {
            return Err(incomplete("the service gives the same cursor again"));
        }
        self.pass.at = after(&ask.at, count, next);
        Ok(())
    }

    /// The rows of a page; whether one of them is known and as it was when the walk began.
    fn rows<T: Table<Row = R>>(
        &mut self,
        table: &T,
        rows: Vec<R>,
        marks: &[Mark],
    ) -> Result<bool, Error> {
        let first_pass = self.pass.purpose == Purpose::First;
        // What begins at an offset gives nothing from ahead of it that was pushed down meanwhile.
        let from_ahead = if self.settings.offset > 0 && self.pass.pages > 1 {
            marks
                .iter()
                .rposition(|mark| self.seen.get(&mark.id).is_some())
        } else {
            Some(0)
        };
        let past = first_pass && !self.unordered && self.past(table, &rows);
        let mut met_original = false;
        for (index, (row, mark)) in rows.into_iter().zip(marks).enumerate() {
            if let Some(known) = self.seen.get(&mark.id) {
                if self.early {
                    self.in_front.insert(mark.id);
                }
                if known.version != mark.version {
                    self.changes.insert(mark.id, row);
                } else if known.original {
                    met_original = true;
                    // What follows has not moved either, and reading ended ahead of some of it.
                    if self.early && !first_pass {
                        self.in_front.remove(&mark.id);
                        break;
                    }
                }
                continue;
            }
            match from_ahead {
                None => {
                    return Err(incomplete(
                        "more rows moved ahead of the offset than a page holds; read from the beginning",
                    ));
                }
                Some(known) if index < known => continue,
                Some(_) => {}
            }
            let want = table.want(&row);
            if past && want == Want::Past {
                break;
            }
            self.seen.insert(*mark, first_pass && self.pass.still);
            if want != Want::Take {
                continue;
            }
            match self.settings.limit {
                None => self.ready.push_back(row),
                Some(_) if !first_pass => self.late.push_back(row),
                Some(limit) => {
                    self.held.push_back((mark.id, row));
                    if self.released + self.held.len() as u64 >= limit {
                        self.early = true;
                        break;
                    }
                }
            }
        }
        self.early |= past;
        Ok(met_original)
    }

    /// Whether a page ends in rows past which nobody wants any.
    fn past<T: Table<Row = R>>(&mut self, table: &T, rows: &[R]) -> bool {
        let mut wants = rows.iter().map(|row| table.want(row));
        let past = wants.any(|want| want == Want::Past);
        self.unordered |= past && wants.any(|want| want != Want::Past);
        past && !self.unordered
    }

    /// Whether an answer says that it goes beyond the table's end; then it is asked for again.
    fn contradicts(&mut self, ask: &Ask, count: u64, total: Total) -> Result<bool, Error> {
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
    fn repeats(&mut self, ask: &Ask, marks: &[Mark], total: Total) -> Result<(), Error> {
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

    fn is_last(&self, ask: &Ask, count: u64, new: u64, total: Total, next: Option<&str>) -> bool {
        if count == 0 {
            return true;
        }
        match (&ask.at, total) {
            // A full page is not the last: where the rows of the page are counted for those of the
            // table, there are more.
            (At::Offset(offset), Total::Rows(total)) => {
                count < ask.limit && offset.saturating_add(count) >= total
            }
            // Only the row that pages overlap by.
            (At::Offset(_), _) => count == 1 && new == 0 && self.pass.pages > 1,
            (At::Number(number), Total::Pages(pages)) => match self.numbering {
                Numbering::Numbers { first } => number.saturating_sub(first) + 1 >= pages,
                _ => true,
            },
            (At::Number(_), Total::Rows(total)) => self.seen.len() >= total,
            (At::Number(_), Total::Unknown) => false,
            (At::Cursor(_), _) => next.is_none(),
        }
    }

    /// Reading ends before the table does: nothing must have moved ahead of what was read.
    fn end_early(&mut self) -> Result<(), Error> {
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
    fn end_front(&mut self) -> Result<(), Error> {
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
    fn end_pass(&mut self) -> Result<(), Error> {
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
    fn end_from_offset(&mut self) -> Result<(), Error> {
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
    fn offset_now(&self, total: Option<u64>) -> At {
        let arrived = total.unwrap_or(0).saturating_sub(self.first.1);
        At::Offset(self.settings.offset.saturating_add(arrived))
    }

    /// Compares where the rows of the first page stood and stand.
    fn compare(&mut self, ask: &Ask, marks: &[Mark], total: Option<u64>) -> Result<(), Error> {
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

    fn begin_front(&mut self) -> Result<(), Error> {
        self.begin(Purpose::Front, beginning(self.numbering, 0))
    }

    fn begin(&mut self, purpose: Purpose, at: At) -> Result<(), Error> {
        if self.pass.number >= self.settings.max_passes {
            return Err(self.missing());
        }
        self.pass = Pass::new(purpose, self.pass.number + 1, at);
        self.fruitless = 0;
        self.last_page = None;
        self.cursors.clear();
        Ok(())
    }

    fn missing(&self) -> Error {
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
    fn finish(&mut self) -> Result<(), Error> {
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

    /// Gives out what was held for a better end.
    pub(super) fn release(&mut self) {
        self.ready.extend(self.held.drain(..).map(|(_, row)| row));
    }
}

fn incomplete(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Incomplete, message)
}
