//! Reads the pages of a table in order of their offset.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::{MaybeDone, maybe_done};

use crate::error::Error;

/// The maximum number of requests in flight.
const MAX_READ_AHEAD: usize = 32;

/// A page of a table.
pub(crate) struct Page<R> {
    pub(crate) rows: Vec<R>,
    /// The number of rows in the table, as reported by the service.
    pub(crate) total: u64,
}

/// A page that has been requested.
pub(super) type PageFuture<R> = BoxFuture<'static, Result<Page<R>, Error>>;

/// A stream of the pages of a table.
///
/// Pages overlap by one row: each page starts at the offset of the last row of the previous page. A reader can
/// therefore detect whether rows moved between two requests.
///
/// The last page is empty, or it is shorter than requested and ends at the total. A full page is never the last page,
/// even if it ends at the total, because the service may have counted only the rows of the page.
pub(super) struct OffsetPages<R> {
    /// Requests a page. The arguments are its offset and the maximum number of its rows.
    fetch: Box<dyn Fn(u64, u64) -> PageFuture<R> + Send>,
    page_size: u64,
    read_ahead: usize,
    /// The offset of the next request, or `None` after the last page.
    next_offset: Option<u64>,
    /// The requests whose pages have not been yielded, ordered by offset.
    requests: VecDeque<Request<R>>,
    highest_total: u64,
    total_decreased: bool,
}

struct Request<R> {
    offset: u64,
    /// The highest total known when the page was requested.
    known_total: u64,
    page: MaybeDone<PageFuture<R>>,
}

impl<R> OffsetPages<R> {
    /// Reads from `offset` on. Up to `read_ahead` requests are in flight while the caller processes rows.
    ///
    /// A `page_size` below 2 is raised to 2, because pages overlap by one row.
    pub(super) fn new(
        fetch: impl Fn(u64, u64) -> PageFuture<R> + Send + 'static,
        offset: u64,
        page_size: u64,
        read_ahead: usize,
    ) -> Self {
        Self {
            fetch: Box::new(fetch),
            page_size: page_size.max(2),
            read_ahead: read_ahead.min(MAX_READ_AHEAD),
            next_offset: Some(offset),
            requests: VecDeque::new(),
            highest_total: 0,
            total_decreased: false,
        }
    }

    /// Restarts at the front of the table and disables read-ahead.
    pub(super) fn restart(&mut self) {
        self.stop();
        self.next_offset = Some(0);
        self.read_ahead = 0;
    }

    /// Cancels the requests in flight and ends the stream.
    pub(super) fn stop(&mut self) {
        self.requests.clear();
        self.next_offset = None;
    }

    /// Returns the highest total that any page reported.
    pub(super) fn highest_total(&self) -> u64 {
        self.highest_total
    }

    /// Returns whether a page reported a lower total than was known when it was requested.
    pub(super) fn total_decreased(&self) -> bool {
        self.total_decreased
    }

    /// Sends read-ahead requests and polls all requests in flight.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>) {
        while self.requests.len() < self.read_ahead
            && self
                .next_offset
                .is_some_and(|next| next < self.highest_total)
        {
            self.request_next();
        }
        for request in &mut self.requests {
            let _ = request.page.poll_unpin(cx);
        }
    }

    fn request_next(&mut self) {
        let Some(offset) = self.next_offset else {
            return;
        };
        let page = (self.fetch)(offset, self.page_size);
        self.requests.push_back(Request {
            offset,
            known_total: self.highest_total,
            page: maybe_done(page),
        });
        self.next_offset = Some(offset_after(offset, self.page_size));
    }

    /// Records the total and sets the offset of the next page.
    fn advance(&mut self, offset: u64, known_total: u64, page: &Page<R>) {
        self.total_decreased |= page.total < known_total;
        self.highest_total = self.highest_total.max(page.total);
        let count = page.rows.len() as u64;
        if count == 0 || (count < self.page_size && offset.saturating_add(count) >= page.total) {
            self.stop();
        } else if count != self.page_size {
            // The offsets of the requests in flight assume a full page.
            self.requests.clear();
            self.next_offset = Some(offset_after(offset, count));
        }
    }
}

/// Returns the offset of the page after a page of `count` rows.
fn offset_after(offset: u64, count: u64) -> u64 {
    offset.saturating_add(count.saturating_sub(1).max(1))
}

impl<R> Stream for OffsetPages<R> {
    type Item = Result<Page<R>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.requests.is_empty() {
            this.request_next();
        }
        this.poll_ahead(cx);
        let Some(request) = this.requests.front_mut() else {
            return Poll::Ready(None);
        };
        let Some(result) = Pin::new(&mut request.page).take_output() else {
            return Poll::Pending;
        };
        let (offset, known_total) = (request.offset, request.known_total);
        this.requests.pop_front();
        match &result {
            Ok(page) => this.advance(offset, known_total, page),
            Err(_) => this.stop(),
        }
        Poll::Ready(Some(result))
    }
}
