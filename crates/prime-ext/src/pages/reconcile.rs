//! Yields every row of a table once, although rows move while the table is read.
//!
//! New rows arrive at the front of the table, and a row that changes moves to the front. A reader that
//! requests one page after the other meets some rows twice, because arrivals pushed them down. It misses
//! rows that moved from the part it had not read to the part it had.
//!
//! # How every row is found
//!
//! 1. The first pass reads from the front to the end. Until a row moves to the front it stays in place or
//!    is pushed down, towards the pages still to be read. So the first pass meets every row that does not
//!    move.
//! 2. A row that the first pass missed has moved to the front. It is ahead of every row that has not
//!    moved since the first pass began. Further passes read from the front down to the first such
//!    *unmoved* row.
//! 3. Reading ends when the number of different rows equals the total that the service reports. It fails
//!    with [`ErrorKind::Incomplete`] if a further pass finds no new row, or after
//!    [`Options::max_passes`].
//!
//! How unmoved rows are recognized: if a page starts with the last row of the page before, and both
//! report the same total, then no row has moved out of the part still to be read. A pass is *stable*
//! while that holds. A row that a stable first pass meets has not moved so far. If a further pass meets
//! it with the same version, it has not moved since.
//!
//! Two cases cannot be decided by counting:
//!
//! - After rows were removed from the table, a stable pass from the front to the end is required. Removals
//!   are noticed because the total decreases. If an arrival makes up for a removal between two requests,
//!   a row that moved at the same time may be missed.
//! - After the caller [stopped](Reconciler::stop) before the end, the total says nothing about the rows
//!   that it wants. The front must be read again, in one page or in a stable pass.
//!
//! # Reading from an offset
//!
//! There is only one pass, because a row that moved ahead of the offset looks like one that was there
//! before. Arrivals push the last row of a page down by as many places as the total grows. A row that is
//! pushed down further, or is gone, is an error.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::{FutureExt as _, StreamExt as _};

use super::offset::{OffsetPages, Page};
use crate::error::{Error, ErrorKind};

/// How often a page that contradicts its own total is requested.
const MAX_CONTRADICTIONS: u32 = 3;

/// How many pages a pass may read beyond twice the table that its first page reported.
const EXTRA_PAGES: u64 = 100;

/// A row that can be recognized when it is met again.
pub(crate) trait Row {
    /// Identifies the row.
    fn id(&self) -> &str;

    /// Changes whenever the row moves to the front.
    fn version(&self) -> impl Hash;
}

/// How a row relates to the rows that were met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sighting {
    New,
    /// The row was met before, with another version.
    Changed,
    /// The row was met before, with the same version.
    Unchanged,
}

/// The rows of a page, each with its relation to the rows before.
pub(crate) type Sightings<R> = Vec<(R, Sighting)>;

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) offset: u64,
    pub(crate) page_size: u64,
    pub(crate) read_ahead: usize,
    /// How often the table is read: once completely, then for the rows that moved.
    pub(crate) max_passes: u32,
}

/// A stream of pages in which every row is [`New`](Sighting::New) exactly once.
pub(crate) struct Reconciler<R> {
    pages: OffsetPages<R>,
    options: Options,
    seen: Seen,
    pass: Pass,
    /// Whether the caller has ended the first pass.
    stopped: bool,
    ended: bool,
}

impl<R: Row + Send + 'static> Reconciler<R> {
    /// Reads a table with a function that requests the page at an offset, with a maximum number of rows.
    pub(crate) fn new<F>(
        fetch: impl Fn(u64, u64) -> F + Send + Sync + 'static,
        options: Options,
    ) -> Self
    where
        F: Future<Output = Result<Page<R>, Error>> + Send + 'static,
    {
        let fetch = Arc::new(fetch);
        let fetch = move |offset, limit| fetch_consistent(fetch.clone(), offset, limit).boxed();
        let pages = OffsetPages::new(fetch, options.offset, options.page_size, options.read_ahead);
        Self {
            pages,
            options,
            seen: Seen::default(),
            pass: Pass::new(1),
            stopped: false,
            ended: false,
        }
    }

    /// Whether the last page belongs to a pass after the first.
    pub(crate) fn is_rereading(&self) -> bool {
        self.pass.number > 1
    }

    /// Ends the first pass. The caller has used the last page except for the rows in `rest`, and needs
    /// neither these nor any row further down. Only rows that moved to the front follow.
    pub(crate) fn stop(&mut self, rest: impl IntoIterator<Item = (R, Sighting)>) {
        for (row, sighting) in rest {
            if sighting == Sighting::New {
                self.seen.remove(&row);
            }
        }
        self.stopped = true;
        self.pass.over = true;
    }

    /// Requests pages ahead while the caller has rows to work on.
    pub(crate) fn poll_ahead(&mut self, cx: &mut Context<'_>) {
        if !self.pass.over {
            self.pages.poll_ahead(cx);
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Sightings<R>>, Error>> {
        while !self.ended {
            if self.pass.over {
                self.end_pass()?;
                continue;
            }
            self.check_progress()?;
            match ready!(self.pages.poll_next_unpin(cx)) {
                Some(page) => return Poll::Ready(self.compare(page?).map(Some)),
                None => (self.pass.over, self.pass.reached_end) = (true, true),
            }
        }
        Poll::Ready(Ok(None))
    }

    /// Compares the rows of a page with those that were met before.
    fn compare(&mut self, page: Page<R>) -> Result<Sightings<R>, Error> {
        let marks: Vec<Mark> = page.rows.iter().map(|row| self.seen.mark(row)).collect();
        let skip = self.pushed_down(&marks, page.total)?;
        self.pass.add_page(&marks, page.total);
        let before = self.seen.len();
        let new_are_unmoved = self.pass.stable && !self.is_rereading();
        let mut rows = Vec::with_capacity(marks.len());
        for (row, mark) in page.rows.into_iter().zip(marks).skip(skip) {
            let (sighting, unmoved) = self.seen.meet(mark, new_are_unmoved);
            if unmoved && self.is_rereading() && !self.removed() {
                // Every row below was met by an earlier pass.
                self.pass.over = true;
                break;
            }
            rows.push((row, sighting));
        }
        self.pass.add_new_rows(self.seen.len() - before);
        if self.is_rereading() && !self.stopped && self.is_complete() {
            self.pass.over = true;
        }
        Ok(rows)
    }

    /// When reading from an offset: how many rows at the top of a page were pushed down into it.
    fn pushed_down(&self, marks: &[Mark], total: u64) -> Result<usize, Error> {
        if self.options.offset == 0 || self.pass.pages == 0 || marks.is_empty() {
            return Ok(0);
        }
        let arrived = total.checked_sub(self.pass.total);
        let last_row = marks
            .iter()
            .position(|mark| self.pass.last_row == Some(*mark));
        match last_row {
            Some(place) if arrived == Some(place as u64) => Ok(place),
            _ => Err(incomplete(
                "rows moved ahead of the offset while the table was read; read it from the front",
            )),
        }
    }

    /// Decides what follows a pass: nothing, another pass, or an error.
    fn end_pass(&mut self) -> Result<(), Error> {
        if self.is_complete() {
            self.pages.stop();
            self.ended = true;
            return Ok(());
        }
        let counts = !self.stopped && !self.removed();
        let in_vain = counts && self.is_rereading() && self.pass.new_rows == 0;
        if in_vain || self.options.offset > 0 || self.pass.number >= self.options.max_passes {
            return Err(self.missing());
        }
        self.pass = Pass::new(self.pass.number + 1);
        self.pages.restart();
        Ok(())
    }

    /// Whether every row has been met that was in the table when the first pass began.
    fn is_complete(&self) -> bool {
        let pass = &self.pass;
        let all_counted = self.seen.len() == self.expected();
        if self.options.offset > 0 {
            return all_counted || self.stopped;
        }
        if self.removed() {
            return pass.reached_end && pass.stable && !self.stopped;
        }
        let front_is_known = pass.pages == 1 || (pass.stable && self.is_rereading());
        all_counted || (self.stopped && front_is_known)
    }

    /// The number of rows to be read, if none was removed.
    fn expected(&self) -> u64 {
        match self.options.offset {
            0 => self.pages.highest_total(),
            offset => self.pass.first_total.saturating_sub(offset),
        }
    }

    /// Whether rows were removed from the table, or the service miscounts.
    fn removed(&self) -> bool {
        self.pages.total_decreased() || self.seen.len() > self.pages.highest_total()
    }

    /// Fails if another page cannot help, or the pass might never end.
    fn check_progress(&self) -> Result<(), Error> {
        if self.stopped && self.removed() {
            return Err(incomplete(
                "rows were removed from the table while it was read; read it again",
            ));
        }
        // Even if all known rows stood together, the pass would be past them by now.
        let without_new_row = self.pass.depth - self.pass.new_row_depth;
        if without_new_row > self.seen.len() + self.options.page_size {
            return Err(incomplete(
                "page after page brings no new row: the service repeats pages or ignores the offset",
            ));
        }
        let expected = self.pass.first_total.saturating_mul(2);
        if self.pass.depth > expected.saturating_add(EXTRA_PAGES * self.options.page_size) {
            return Err(self.missing());
        }
        Ok(())
    }

    fn missing(&self) -> Error {
        let (seen, expected, passes) = (self.seen.len(), self.expected(), self.pass.number);
        incomplete(if seen < expected && !self.stopped {
            let missing = expected - seen;
            format!(
                "{missing} of {expected} rows are missing after reading the table {passes} times"
            )
        } else {
            format!(
                "the table changed faster than it could be read: {seen} rows were read in {passes} passes, and more may be missing"
            )
        })
    }
}

impl<R: Row + Send + 'static> Stream for Reconciler<R> {
    type Item = Result<Sightings<R>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let result = ready!(self.poll_page(cx));
        if result.is_err() {
            self.pages.stop();
            self.ended = true;
        }
        Poll::Ready(result.transpose())
    }
}

/// Requests a page, and again if it ends beyond the total that it reports. The service may have counted
/// the rows before it read them.
async fn fetch_consistent<R, F>(
    fetch: Arc<impl Fn(u64, u64) -> F>,
    offset: u64,
    limit: u64,
) -> Result<Page<R>, Error>
where
    F: Future<Output = Result<Page<R>, Error>>,
{
    let mut contradictions = 0;
    loop {
        let page = fetch(offset, limit).await?;
        let end = offset.saturating_add(page.rows.len() as u64);
        if page.rows.is_empty() || end <= page.total {
            return Ok(page);
        }
        contradictions += 1;
        if contradictions == MAX_CONTRADICTIONS {
            let total = page.total;
            return Err(incomplete(format!(
                "the service reports {total} rows but returned row {end}: it miscounts or ignores the offset"
            )));
        }
    }
}

fn incomplete(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Incomplete, message)
}

/// One reading of the table, or of its front.
#[derive(Default)]
struct Pass {
    number: u32,
    pages: u64,
    /// The number of rows that the pass has gone down.
    depth: u64,
    /// The depth at which the last new row was met.
    new_row_depth: u64,
    new_rows: u64,
    /// The total that the first page reported.
    first_total: u64,
    /// The total that the last page reported.
    total: u64,
    last_row: Option<Mark>,
    /// Whether every page started with the last row of the page before and reported the same total.
    stable: bool,
    reached_end: bool,
    /// Whether no further page is needed.
    over: bool,
}

impl Pass {
    fn new(number: u32) -> Self {
        Self {
            number,
            stable: true,
            ..Self::default()
        }
    }

    fn add_page(&mut self, rows: &[Mark], total: u64) {
        if self.pages == 0 {
            self.first_total = total;
        } else {
            let meets = self.last_row.is_some() && self.last_row == rows.first().copied();
            self.stable &= meets && self.total == total;
        }
        self.pages += 1;
        self.depth += (rows.len() as u64).saturating_sub(1).max(1);
        self.total = total;
        self.last_row = rows.last().copied();
    }

    fn add_new_rows(&mut self, count: u64) {
        self.new_rows += count;
        if count > 0 {
            self.new_row_depth = self.depth;
        }
    }
}

/// The rows that were met, in less than 32 bytes each.
///
/// A B-tree uses less memory than a hash table, which is half empty after it has grown.
#[derive(Default)]
struct Seen {
    /// Versions by [`Mark::id`], with [`UNMOVED`] set where it applies.
    rows: BTreeMap<[u32; 3], u32>,
    keys: [RandomState; 2],
}

/// What is remembered of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// A keyed hash of the row's id. Among a million rows, two have the same with a probability of
    /// 10⁻¹⁷.
    id: [u32; 3],
    /// A hash of the row's version, of 31 bits.
    version: u32,
}

/// Marks the version of a row that had not moved since the first pass began.
const UNMOVED: u32 = 1 << 31;

impl Seen {
    fn mark(&self, row: &impl Row) -> Mark {
        let [one, two] = self.keys.each_ref().map(|key| key.hash_one(row.id()));
        let version = self.keys[0].hash_one(row.version());
        Mark {
            id: [one as u32, (one >> 32) as u32, two as u32],
            version: version as u32 & !UNMOVED,
        }
    }

    /// Adds a row that is new. Returns whether the row is unmoved; `unmoved` says so for a new one.
    fn meet(&mut self, mark: Mark, unmoved: bool) -> (Sighting, bool) {
        match self.rows.entry(mark.id) {
            Entry::Vacant(entry) => {
                entry.insert(mark.version | if unmoved { UNMOVED } else { 0 });
                (Sighting::New, unmoved)
            }
            Entry::Occupied(entry) if entry.get() & !UNMOVED != mark.version => {
                (Sighting::Changed, false)
            }
            Entry::Occupied(entry) => (Sighting::Unchanged, entry.get() & UNMOVED != 0),
        }
    }

    fn remove(&mut self, row: &impl Row) {
        let mark = self.mark(row);
        self.rows.remove(&mark.id);
    }

    fn len(&self) -> u64 {
        self.rows.len() as u64
    }
}
