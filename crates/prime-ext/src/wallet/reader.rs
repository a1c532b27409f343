//! Applies filters and limits to the rows of a wallet.

use std::collections::{HashMap, HashSet, VecDeque};
use std::task::{Context, Poll, ready};

use futures_util::StreamExt as _;
use openapi_runtime::Timestamp;
use prime_training_api::types::BillingEntry;

use super::row::{KnownFields, ReadRow};
use super::{FetchPage, Settings, billed_at};
use crate::error::{Error, ErrorKind};
use crate::pages::{Reconciler, Row as _, Sighting, Sightings};

/// Selects rows. Unset fields match every row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    pub(super) resource_type: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) id: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

impl Filter {
    fn matches(&self, row: &BillingEntry) -> bool {
        self.matches_resource(row)
            && self.since.is_none_or(|since| billed_at(row) >= since)
            && self.until.is_none_or(|until| billed_at(row) < until)
    }

    fn matches_resource(&self, row: &BillingEntry) -> bool {
        let equal = |wanted: &Option<String>, value: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == value
        };
        let kind = self.resource_type.as_deref();
        equal(&self.id, Some(&row.id))
            && equal(&self.resource_id, row.resource_id.as_deref())
            && kind.is_none_or(|kind| kind.eq_ignore_ascii_case(&row.resource_type))
    }

    /// Returns whether a row that cannot be read may match, because none of its readable fields differs.
    fn may_match(&self, row: &KnownFields) -> bool {
        let may_equal = |wanted: &Option<String>, value: &Option<String>| {
            let known = wanted.as_ref().zip(value.as_ref());
            known.is_none_or(|(wanted, value)| wanted.eq_ignore_ascii_case(value))
        };
        let billed = row.last_billed_at.or(row.updated_at);
        may_equal(&self.id, &row.id)
            && may_equal(&self.resource_id, &row.resource_id)
            && may_equal(&self.resource_type, &row.resource_type)
            && billed.is_none_or(|billed| {
                self.since.is_none_or(|since| billed >= since)
                    && self.until.is_none_or(|until| billed < until)
            })
    }

    /// Returns whether a row was last billed before `since`. Returns `Some(false)` for a row without `last_billed_at`,
    /// and `None` if `last_billed_at` cannot be read.
    fn is_too_old(&self, row: &ReadRow) -> Option<bool> {
        let billed = match row {
            Ok(row) => row.last_billed_at,
            Err(row) => Some(row.known.last_billed_at?),
        };
        let times = self.since.zip(billed);
        Some(times.is_some_and(|(since, billed)| billed < since))
    }
}

/// Reads the selected rows of a wallet.
///
/// With a limit, the selected rows of a page are held back until the next page arrives. When the limit is reached, the
/// first pass ends and the front is read again. Rows that have moved to the front in the meantime are newer than the
/// last held rows, and replace them.
pub(super) struct Reader {
    rows: Reconciler<ReadRow>,
    filter: Filter,
    limit: Option<u64>,
    /// The rows to return next.
    ready: VecDeque<ReadRow>,
    /// The selected rows of the last page of the first pass.
    held: VecDeque<ReadRow>,
    /// The number of formerly held rows, which can no longer be replaced.
    released: u64,
    /// The selected rows found by later passes.
    late: VecDeque<ReadRow>,
    /// The ids of rows that later passes read again at the front. These rows are not replaced.
    at_front: HashSet<String>,
    changes: HashMap<String, BillingEntry>,
    /// The ids of rows that could not be read. Each such row is returned as an error only once.
    failed: HashSet<String>,
    /// Whether rows are not sorted by time. Reading then cannot end at the first row that was billed before `since`.
    unsorted: bool,
    ended: bool,
    error: Option<Error>,
}

impl Reader {
    pub(super) fn new(fetch: FetchPage, settings: Settings) -> Self {
        let Settings {
            filter,
            limit,
            mut options,
        } = settings;
        if let Some(limit) = limit {
            options.read_ahead = options.read_ahead.min((limit / options.page_size) as usize);
            if filter == Filter::default() {
                options.page_size = options.page_size.min(limit);
            }
        }
        Self {
            rows: Reconciler::new(move |offset, size| fetch(offset, size), options),
            filter,
            limit,
            ready: VecDeque::new(),
            changes: HashMap::new(),
            released: 0,
            held: VecDeque::new(),
            late: VecDeque::new(),
            at_front: HashSet::new(),
            failed: HashSet::new(),
            unsorted: false,
            ended: limit == Some(0),
            error: None,
        }
    }

    pub(super) fn poll_row(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BillingEntry, Error>>> {
        ready!(self.poll_ready(cx))?;
        let row = self.ready.pop_front();
        Poll::Ready(row.map(|row| row.map_err(|row| row.error)))
    }

    /// Polls for the next page with at least one row, or for the error of a row.
    pub(super) fn poll_rows(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<BillingEntry>, Error>>> {
        ready!(self.poll_ready(cx))?;
        let count = self.ready.iter().take_while(|row| row.is_ok()).count();
        if count == 0 {
            // An error, or the end.
            return self.poll_row(cx).map_ok(|row| vec![row]);
        }
        Poll::Ready(Some(Ok(self.ready.drain(..count).flatten().collect())))
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &BillingEntry> {
        self.changes.values()
    }

    /// Reads until a row is ready or none is left.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.ready.is_empty() && !self.ended {
            let outcome = match ready!(self.rows.poll_next_unpin(cx)) {
                Some(Ok(rows)) => {
                    self.select(rows);
                    continue;
                }
                Some(Err(error)) => Err(error),
                None => self.drop_surplus(),
            };
            self.ended = true;
            self.error = outcome.err();
            self.release_held();
            if self.error.is_none() {
                self.ready.append(&mut self.late);
            }
        }
        if !self.ready.is_empty() {
            self.rows.poll_ahead(cx);
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(self.error.take().map_or(Ok(()), Err))
    }

    /// Selects the rows of a page that match, and stops reading if no further row can match.
    fn select(&mut self, page: Sightings<ReadRow>) {
        let rereading = self.rows.is_rereading();
        let mut cutoff = None;
        if !rereading {
            self.release_held();
            cutoff = self.first_too_old(&page);
        }
        let candidates = cutoff.unwrap_or(page.len());
        let mut rest = page.into_iter();
        for (row, sighting) in rest.by_ref().take(candidates) {
            if rereading && self.limit.is_some() && sighting != Sighting::New {
                self.at_front.insert(row.id().to_owned());
            }
            let is_selected = match (&row, sighting) {
                (_, Sighting::Unchanged) => false,
                (Ok(row), Sighting::New) => self.filter.matches(row),
                (Ok(row), Sighting::Changed) => self.filter.matches_resource(row),
                (Err(unreadable), _) => {
                    self.filter.may_match(&unreadable.known)
                        && self.failed.insert(row.id().to_owned())
                }
            };
            match (row, sighting) {
                _ if !is_selected => {}
                (row, Sighting::New) if rereading => self.late.push_back(row),
                (row, Sighting::New) => self.held.push_back(row),
                (Ok(row), _) => {
                    self.changes.insert(row.id.clone(), row);
                }
                // The row was read before, but its new values cannot be read.
                (row, _) => self.ready.push_back(row),
            }
            if !rereading && self.limit_is_reached() {
                break;
            }
        }
        if !rereading && (cutoff.is_some() || self.limit_is_reached()) {
            self.rows.stop(rest);
        }
        if self.limit.is_none() {
            self.release_held();
            self.ready.append(&mut self.late);
        }
    }

    fn limit_is_reached(&self) -> bool {
        self.limit == Some(self.released + self.held.len() as u64)
    }

    fn release_held(&mut self) {
        self.released += self.held.len() as u64;
        self.ready.extend(std::mem::take(&mut self.held));
    }

    /// Returns the index of the first row that was billed before `since`, or `None` if there is none or the rows are
    /// not sorted.
    fn first_too_old(&mut self, page: &[(ReadRow, Sighting)]) -> Option<usize> {
        let is_too_old = |(row, _): &(ReadRow, Sighting)| self.filter.is_too_old(row);
        let mut rows = page.iter().map(is_too_old);
        let first = rows.position(|is_too_old| is_too_old == Some(true))?;
        let sorted = rows.all(|is_too_old| is_too_old != Some(false));
        self.unsorted |= !sorted;
        (!self.unsorted).then_some(first)
    }

    /// Removes rows from the end of the held rows until the limit is met. Rows that were read again at the front are
    /// kept.
    fn drop_surplus(&mut self) -> Result<(), Error> {
        let count = self.released + (self.held.len() + self.late.len()) as u64;
        let mut surplus = count.saturating_sub(self.limit.unwrap_or(count));
        let mut kept = Vec::new();
        while surplus > 0 {
            match self.held.pop_back() {
                Some(row) if self.at_front.contains(row.id()) => kept.push(row),
                Some(_) => surplus -= 1,
                None => {
                    return Err(Error::new(
                        ErrorKind::Incomplete,
                        "too many rows moved to the front while the rows were read; read them again",
                    ));
                }
            }
        }
        self.held.extend(kept.into_iter().rev());
        Ok(())
    }
}
