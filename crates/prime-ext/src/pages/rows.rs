//! The streams, and requests ahead.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::table::{Page, PageFuture, Table};
use super::walk::{Ask, Settings, Walk};
use crate::error::Error;

/// How often the table is gone through.
const MAX_PASSES: u32 = 8;

/// The most requests at a time.
const MAX_AHEAD: usize = 32;

/// Every row of a table, once. See [the module](super).
///
/// Nothing is asked until the first row is. What is set after that has no effect.
#[must_use = "nothing is asked until the first row is"]
pub struct Rows<T: Table> {
    table: T,
    settings: Settings,
    walk: Option<Walk<T::Row>>,
    /// What was asked and not looked at, in the order of the table.
    flights: VecDeque<Flight<T::Row>>,
    failed: Option<Error>,
    over: bool,
}

// Nothing in it is pinned where it stands.
impl<T: Table> Unpin for Rows<T> {}

struct Flight<R> {
    ask: Ask,
    answer: Answer<R>,
}

enum Answer<R> {
    Awaited(PageFuture<R>),
    Here(Result<Page<R>, Error>),
}

impl<T: Table> Rows<T> {
    /// The rows of a table: 100 a page, at most 8 passes, nothing ahead.
    pub fn new(table: T) -> Self {
        Self {
            table,
            settings: Settings {
                page_size: 100,
                limit: None,
                offset: 0,
                max_passes: MAX_PASSES,
                read_ahead: 0,
            },
            walk: None,
            flights: VecDeque::new(),
            failed: None,
            over: false,
        }
    }

    /// The most rows of one answer, at least one. Default: 100.
    pub fn page_size(mut self, rows: u64) -> Self {
        self.settings.page_size = rows.max(1);
        self
    }

    /// Ends after this many rows, the newest. They are given a page late, since the front is read again
    /// at the end, and what is new there takes the place of the last. Default: no limit.
    pub fn limit(mut self, rows: u64) -> Self {
        self.settings.limit = Some(rows);
        self
    }

    /// Leaves out as many rows as stand at the front when the walk begins. Only for a table that is read
    /// by offset, and others ignore it. What moves to the front from behind it cannot be told from what
    /// was there, so the walk then ends in an error. Default: 0.
    pub fn offset(mut self, rows: u64) -> Self {
        self.settings.offset = rows;
        self
    }

    /// How often the table is gone through, at least once: the first time, and then for what moved.
    /// Default: 8.
    pub fn max_passes(mut self, passes: u32) -> Self {
        self.settings.max_passes = passes.max(1);
        self
    }

    /// How many pages are asked for while the caller works on the one before, at most 32. Default: 0, so
    /// that nothing is asked that may not be wanted. There is no task behind it: requests go on when a row
    /// is asked for. With several under way at a time, it is not known which of two answers is the newer:
    /// [`changes`](Self::changes) may then hold the older values of a row.
    pub fn read_ahead(mut self, pages: usize) -> Self {
        self.settings.read_ahead = pages.min(MAX_AHEAD);
        self
    }

    /// The table, before it is read.
    pub(crate) fn table_mut(&mut self) -> &mut T {
        &mut self.table
    }

    /// The next row; nothing after the last.
    ///
    /// # Errors
    /// If a page cannot be read, or rows cannot be accounted for. Nothing comes after an error.
    pub async fn try_next(&mut self) -> Result<Option<T::Row>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// The same rows a page at a time. A page holds what was new on it, and is never empty.
    pub fn pages(self) -> Pages<T> {
        Pages(self)
    }

    /// Rows that were met again with other values than they were given with: as they were met last. A
    /// row that changed after it was read, and was not met again, is not among them.
    pub fn changes(&self) -> impl Iterator<Item = &T::Row> {
        self.walk.iter().flat_map(Walk::changes)
    }

    /// Sees to it that a row is there; false after the last.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        if self.over {
            return Poll::Ready(Ok(false));
        }
        let walk = self.walk.get_or_insert_with(|| {
            let mut settings = self.settings;
            if self.table.numbering() != super::Numbering::Offsets {
                settings.offset = 0;
            }
            Walk::new(settings, self.table.numbering())
        });
        loop {
            while self.failed.is_none()
                && let Some(ask) = walk.ask(self.flights.len(), self.table.wants_all())
            {
                let page = self.table.page(&ask.at, ask.limit);
                let answer = Answer::Awaited(page);
                self.flights.push_back(Flight { ask, answer });
            }
            for flight in &mut self.flights {
                if let Answer::Awaited(page) = &mut flight.answer
                    && let Poll::Ready(page) = page.as_mut().poll(cx)
                {
                    flight.answer = Answer::Here(page);
                }
            }
            if !walk.ready.is_empty() {
                return Poll::Ready(Ok(true));
            }
            if let Some(error) = self.failed.take() {
                self.over = true;
                self.flights.clear();
                return Poll::Ready(Err(self.table.explain(error)));
            }
            if walk.has_ended() {
                self.over = true;
                self.flights.clear();
                return Poll::Ready(Ok(false));
            }
            let taken = match self.flights.pop_front() {
                Some(Flight {
                    ask,
                    answer: Answer::Here(page),
                }) => page.and_then(|page| walk.take(&self.table, &ask, page)),
                Some(flight) => {
                    self.flights.push_front(flight);
                    return Poll::Pending;
                }
                None => continue,
            };
            if let Err(error) = taken {
                walk.release();
                self.failed = Some(error);
                continue;
            }
            // What was asked ahead is of use only if the table goes on there.
            if self
                .flights
                .front()
                .is_some_and(|next| next.ask.at != *walk.at())
            {
                self.flights.clear();
            }
        }
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T::Row, Error>>> {
        Poll::Ready(match ready!(self.poll_ready(cx)) {
            Ok(true) => self
                .walk
                .as_mut()
                .and_then(|walk| walk.ready.pop_front())
                .map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

impl<T: Table> Stream for Rows<T> {
    type Item = Result<T::Row, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_row(cx)
    }
}

impl<T: Table> std::fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The rows of a table, a page at a time. From [`Rows::pages`].
#[derive(Debug)]
#[must_use = "nothing is asked until the first page is"]
pub struct Pages<T: Table>(Rows<T>);

impl<T: Table> Pages<T> {
    /// The next rows, at least one; nothing after the last.
    ///
    /// # Errors
    /// As [`Rows::try_next`].
    pub async fn try_next(&mut self) -> Result<Option<Vec<T::Row>>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// As [`Rows::changes`].
    pub fn changes(&self) -> impl Iterator<Item = &T::Row> {
        self.0.changes()
    }
}

impl<T: Table> Stream for Pages<T> {
    type Item = Result<Vec<T::Row>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.0.poll_ready(cx)) {
            Ok(true) => {
                let rows = self
                    .0
                    .walk
                    .as_mut()
                    .map(|walk| walk.ready.drain(..).collect());
                rows.map(Ok)
            }
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }
}
