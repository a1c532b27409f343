//! Yields every row of a table once, even if rows move while the table is read.
//!
//! The service inserts new rows at the front of the table, and moves a row to the front when the row changes. A reader
//! that requests one page after another reads some rows twice, because insertions shift them down. It misses rows that
//! move from the unread part of the table to the part that it has already read.
//!
//! # Algorithm
//!
//! Each page is requested with an overlap of one row: it starts at the offset of the last row of the previous page.
//!
//! 1. The first pass reads from the front to the end. Until a row moves to the front, it stays in place or is shifted
//!    down, towards the unread pages. The first pass therefore reads every row that does not move.
//! 2. A row that the first pass missed has moved to the front. The row is ahead of every row that has not moved since
//!    the first pass began. Later passes read from the front down to the first such *unmoved* row.
//! 3. Reading ends when the number of distinct rows equals the total that the service reports. Reading fails with
//!    [`ErrorKind::Incomplete`] if a later pass finds no new row, or after [`Options::max_passes`].
//!
//! Unmoved rows are detected as follows. If a page starts with the last row of the previous page, and both pages report
//! the same total, then no row has moved out of the unread part between the two requests. A pass is *stable* as long as
//! this is true for all its pages. A row that a stable first pass reads has not moved since that pass began. If a later
//! pass reads the row with the same version, the row has not moved until then.
//!
//! In three cases it is not sufficient to count rows:
//!
//! - If rows were removed from the table, the rows that were read include rows that the total no longer counts. A
//!   stable pass from the front to the end is required. Removals are detected because the total decreases. One case is
//!   not detected: if one row is removed and another is inserted between two requests, the total stays the same, and a
//!   row that moves at the same time may be missed.
//! - If a row has no id of its own, it counts as another row after it has changed. A stable pass from the front to the
//!   end is required, and at least as many rows must have been read as the service reports.
//! - If the caller [stops](Reconciler::stop) before the end, the total includes rows that the caller does not need. The
//!   front must be read again, in one page or in a stable pass.
//!
//! # Reading from an offset
//!
//! Reading from an offset takes a single pass, because a row that moved ahead of the offset cannot be distinguished
//! from a row that was already there. Insertions shift the last row of a page down by as many positions as the total
//! grows. If the row was shifted further, or is not on the next page, reading fails.

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

/// The maximum number of requests for a page that has rows beyond the total that the page reports.
const MAX_INCONSISTENT_PAGES: u32 = 3;

/// The number of pages that a pass may read in addition to twice the total that its first page reports.
const EXTRA_PAGES: u64 = 100;

/// A row that can be recognized when it is read again.
pub(crate) trait Row {
    /// Returns the unique id of the row, or a text with its content if the row has no id.
    fn id(&self) -> &str;

    /// Returns whether [`id`](Self::id) stays the same if the row changes.
    fn has_id(&self) -> bool;

    /// Returns a value that changes whenever the row moves to the front.
    fn version(&self) -> impl Hash;
}

/// How a row relates to the rows read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sighting {
    New,
    /// The row was read before with another version.
    Changed,
    /// The row was read before with the same version.
    Unchanged,
}

/// The rows of a page, each with its relation to the rows read before.
pub(crate) type Sightings<R> = Vec<(R, Sighting)>;

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) offset: u64,
    pub(crate) page_size: u64,
    pub(crate) read_ahead: usize,
    /// The maximum number of passes: the first one over the complete table, and later ones for rows that moved.
    pub(crate) max_passes: u32,
}

/// A stream of the rows of pages. Every row is [`New`](Sighting::New) exactly once.
pub(crate) struct Reconciler<R> {
    pages: OffsetPages<R>,
    options: Options,
    seen: Seen,
    /// Whether a row without an id was read.
    has_unnamed: bool,
    pass: Pass,
    /// Whether the caller ended the first pass.
    stopped: bool,
    ended: bool,
}

impl<R: Row + Send + 'static> Reconciler<R> {
    /// Reads a table. The arguments of `fetch` are the offset of a page and the maximum number of its rows.
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
            has_unnamed: false,
            pass: Pass::new(1),
            stopped: false,
            ended: false,
        }
    }

    /// Returns whether the last page was read by a later pass than the first.
    pub(crate) fn is_rereading(&self) -> bool {
        self.pass.number > 1
    }

    /// Ends the first pass, because the caller needs no further rows of it. `rest` has the rows at the end of the last
    /// page that the caller does not need either. After that, the stream yields only the pages of later passes, which
    /// find rows that moved to the front.
    pub(crate) fn stop(&mut self, rest: impl IntoIterator<Item = (R, Sighting)>) {
        for (row, sighting) in rest {
            if sighting == Sighting::New {
                self.seen.remove(&row);
            }
        }
        self.stopped = true;
        self.pass.over = true;
    }

    /// Reads ahead while the caller processes rows.
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

    /// Compares the rows of a page with those read before.
    fn compare(&mut self, page: Page<R>) -> Result<Sightings<R>, Error> {
        let hashes: Vec<RowHash> = page.rows.iter().map(|row| self.seen.hash(row)).collect();
        self.has_unnamed |= page.rows.iter().any(|row| !row.has_id());
        let skip = self.shifted_rows(&hashes, page.total)?;
        self.pass.add_page(&hashes, page.total);
        let before = self.seen.len();
        let new_are_unmoved = self.pass.stable && !self.is_rereading();
        let mut rows = Vec::with_capacity(hashes.len());
        for (row, hash) in page.rows.into_iter().zip(hashes).skip(skip) {
            let (sighting, unmoved) = self.seen.insert(hash, new_are_unmoved);
            if unmoved && self.is_rereading() && !self.needs_full_pass() {
                // An earlier pass has read every row from here on.
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

    /// Returns how many rows at the beginning of a page precede the last row of the previous page. Insertions shift
    /// such rows into the page. The result is 0 unless reading began at an offset.
    fn shifted_rows(&self, hashes: &[RowHash], total: u64) -> Result<usize, Error> {
        if self.options.offset == 0 || self.pass.pages == 0 || hashes.is_empty() {
            return Ok(0);
        }
        let inserted = total.checked_sub(self.pass.total);
        let last_row = hashes
            .iter()
            .position(|hash| self.pass.last_row == Some(*hash));
        match last_row {
            Some(index) if inserted == Some(index as u64) => Ok(index),
            _ => Err(incomplete(
                "rows moved ahead of the offset while they were read; read them again without an offset",
            )),
        }
    }

    /// Ends the stream, starts another pass, or fails.
    fn end_pass(&mut self) -> Result<(), Error> {
        if self.is_complete() {
            self.pages.stop();
            self.ended = true;
            return Ok(());
        }
        let is_countable = !self.stopped && !self.removed();
        let no_progress = is_countable
            && self.is_rereading()
            && self.pass.new_rows == 0
            && self.seen.len() < self.expected();
        if no_progress || self.options.offset > 0 || self.pass.number >= self.options.max_passes {
            return Err(self.missing());
        }
        self.pass = Pass::new(self.pass.number + 1);
        self.pages.restart();
        Ok(())
    }

    /// Returns whether every row that was in the table when the first pass began has been read.
    fn is_complete(&self) -> bool {
        let pass = &self.pass;
        let all_counted = self.seen.len() == self.expected();
        if self.options.offset > 0 {
            return all_counted || self.stopped;
        }
        if self.needs_full_pass() {
            let all_seen = self.removed() || self.seen.len() >= self.expected();
            return pass.reached_end && pass.stable && !self.stopped && all_seen;
        }
        let front_is_known = pass.pages == 1 || (pass.stable && self.is_rereading());
        (all_counted && !self.has_unnamed) || (self.stopped && front_is_known)
    }

    /// Returns the number of rows that must be read if no row was removed.
    fn expected(&self) -> u64 {
        match self.options.offset {
            0 => self.pages.highest_total(),
            offset => self.pass.first_total.saturating_sub(offset),
        }
    }

    /// Returns whether a pass from the front to the end is required, because rows cannot be counted.
    fn needs_full_pass(&self) -> bool {
        self.removed() || self.has_unnamed && !self.stopped
    }

    /// Returns whether rows were removed from the table, or the service reports too low a total.
    fn removed(&self) -> bool {
        self.pages.total_decreased() || self.seen.len() > self.pages.highest_total()
    }

    /// Returns an error if further pages cannot help, or if the pass might never end.
    fn check_progress(&self) -> Result<(), Error> {
        if self.stopped && self.removed() {
            return Err(incomplete(
                "rows were removed while they were read; read them again",
            ));
        }
        // Even if all known rows come one after the other, the pass has read more rows than that without a new one.
        let without_new_row = self.pass.depth - self.pass.new_row_depth;
        if without_new_row > self.seen.len() + self.options.page_size {
            return Err(incomplete(
                "no new rows on the last pages: the service repeats pages or ignores the offset",
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
            format!("{missing} of {expected} rows are still missing after pass {passes}")
        } else {
            format!(
                "the rows changed faster than they could be read: {seen} rows were read in {passes} passes, and others may be missing"
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

/// Requests a page, and requests it again if it has rows beyond the total that it reports. This happens if the service
/// counts the rows before it reads them, and a row is inserted in between.
async fn fetch_consistent<R, F>(
    fetch: Arc<impl Fn(u64, u64) -> F>,
    offset: u64,
    limit: u64,
) -> Result<Page<R>, Error>
where
    F: Future<Output = Result<Page<R>, Error>>,
{
    let mut inconsistent = 0;
    loop {
        let page = fetch(offset, limit).await?;
        let end = offset.saturating_add(page.rows.len() as u64);
        if page.rows.is_empty() || end <= page.total {
            return Ok(page);
        }
        inconsistent += 1;
        if inconsistent == MAX_INCONSISTENT_PAGES {
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

/// One pass over the table or its front.
#[derive(Default)]
struct Pass {
    number: u32,
    pages: u64,
    /// The number of rows that the pass has read. The overlap of two pages counts once.
    depth: u64,
    /// The depth at which the last new row was read.
    new_row_depth: u64,
    new_rows: u64,
    /// The total of the first page.
    first_total: u64,
    /// The total of the last page.
    total: u64,
    last_row: Option<RowHash>,
    /// Whether every page started with the last row of the previous page, and reported the same total as that page.
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

    fn add_page(&mut self, rows: &[RowHash], total: u64) {
        if self.pages == 0 {
            self.first_total = total;
        } else {
            let overlaps = self.last_row.is_some() && self.last_row == rows.first().copied();
            self.stable &= overlaps && self.total == total;
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

/// The rows read so far. Each takes less than 32 bytes.
///
/// A B-tree uses less memory than a hash table, half of which is empty after it has grown.
#[derive(Default)]
struct Seen {
    /// The key is [`RowHash::id`]. The value is [`RowHash::version`], combined with the flag [`UNMOVED`].
    rows: BTreeMap<[u32; 3], u32>,
    keys: [RandomState; 2],
}

/// The stored hashes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowHash {
    /// A keyed hash of the row's id. The probability of a collision among a million rows is 10⁻¹⁷.
    id: [u32; 3],
    /// A 31-bit hash of the row's version.
    version: u32,
}

/// The flag of a row that has not moved since the first pass began.
const UNMOVED: u32 = 1 << 31;

impl Seen {
    fn hash(&self, row: &impl Row) -> RowHash {
        let [one, two] = self.keys.each_ref().map(|key| key.hash_one(row.id()));
        let version = self.keys[0].hash_one(row.version());
        RowHash {
            id: [one as u32, (one >> 32) as u32, two as u32],
            version: version as u32 & !UNMOVED,
        }
    }

    /// Adds a row if it is new. The second value is whether the row is unmoved. For a new row, it is the argument
    /// `unmoved`.
    fn insert(&mut self, hash: RowHash, unmoved: bool) -> (Sighting, bool) {
        match self.rows.entry(hash.id) {
            Entry::Vacant(entry) => {
                entry.insert(hash.version | if unmoved { UNMOVED } else { 0 });
                (Sighting::New, unmoved)
            }
            Entry::Occupied(entry) if entry.get() & !UNMOVED != hash.version => {
                (Sighting::Changed, false)
            }
            Entry::Occupied(entry) => (Sighting::Unchanged, entry.get() & UNMOVED != 0),
        }
    }

    fn remove(&mut self, row: &impl Row) {
        let hash = self.hash(row);
        self.rows.remove(&hash.id);
    }

    fn len(&self) -> u64 {
        self.rows.len() as u64
    }
}
