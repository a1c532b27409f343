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
    pub(super) known: u64,
}

pub(super) struct Walk<R> {
    pub(super) settings: Settings,
    pub(super) numbering: Numbering,
    pub(super) seen: Seen,
    pub(super) pass: Pass,
    /// The last place that was asked for.
    pub(super) asked: Option<At>,
    /// Rows for the caller.
    pub(super) ready: VecDeque<R>,
    /// With a limit: the rows of the last page, which give way to newer ones.
    pub(super) held: VecDeque<(Id, R)>,
    /// With a limit: rows that were gone back for.
    pub(super) late: VecDeque<R>,
    /// With a limit: known rows that were met at the front again.
    pub(super) in_front: HashSet<Id>,
    pub(super) released: u64,
    pub(super) changes: HashMap<Id, R>,
    pub(super) ended: bool,
    /// Answers so far.
    pub(super) answers: u64,
    /// The most rows that the table was said to have.
    pub(super) known: u64,
    /// The first page, and how many rows there were then.
    pub(super) first: (Vec<Mark>, u64),
    /// Whether reading ended before the table did: a limit, or rows that nobody wants.
    pub(super) early: bool,
    /// Whether rows were taken out of the table, or it is miscounted.
    pub(super) shrunk: bool,
    /// Whether a row was wanted behind one past which none should be.
    pub(super) unordered: bool,
    pub(super) contradictions: u32,
    /// Pages in a row without a new row.
    pub(super) fruitless: u64,
    pub(super) repeats: u32,
    pub(super) last_page: Option<(At, u64, Total)>,
    pub(super) cursors: HashSet<u64>,
    pub(super) hasher: RandomState,
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
        self.leads_on(count)?;
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

    /// Gives out what was held for a better end.
    pub(super) fn release(&mut self) {
        self.ready.extend(self.held.drain(..).map(|(_, row)| row));
    }
}

pub(super) fn incomplete(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Incomplete, message)
}
