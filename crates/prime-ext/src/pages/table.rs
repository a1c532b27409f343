//! What a table tells.

use std::future::Future;
use std::hash::Hasher;
use std::pin::Pin;

use crate::error::Error;

/// A page that is being read.
pub type PageFuture<R> = Pin<Box<dyn Future<Output = Result<Page<R>, Error>> + Send>>;

/// A table that is read a page at a time, newest rows first.
pub trait Table: Send + Sync + 'static {
    /// A row.
    type Row: Send + 'static;

    /// How it is asked for a page.
    fn numbering(&self) -> Numbering {
        Numbering::Offsets
    }

    /// Asks for a page of at most `limit` rows.
    fn page(&self, at: &At, limit: u64) -> PageFuture<Self::Row>;

    /// What tells a row from every other.
    fn id<'a>(&self, row: &'a Self::Row) -> &'a str;

    /// Feeds what changes when a row changes: a row that moved to the front must differ in it.
    fn version(&self, row: &Self::Row, state: &mut dyn Hasher);

    /// Whether the caller wants a row. Default: all of them.
    fn want(&self, row: &Self::Row) -> Want {
        let _ = row;
        Want::Take
    }

    /// Whether [`want`](Self::want) takes every row. Then no more rows are asked for than the walk's
    /// limit.
    fn wants_all(&self) -> bool {
        true
    }

    /// Names the operation in an error of the walk.
    fn explain(&self, error: Error) -> Error {
        error
    }
}

/// How a table is asked for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Numbering {
    /// By the number of rows to skip.
    Offsets,
    /// By the number of a page.
    Numbers {
        /// The number of the first page, usually 1.
        first: u64,
    },
    /// By a text that the page before gave ([`Page::next`]).
    Cursors,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum At {
    /// After this many rows.
    Offset(u64),
    /// At the beginning of the page of this number.
    Number(u64),
    /// At a cursor; at the beginning of the table without one.
    Cursor(Option<String>),
}

/// A page of a table.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<R> {
    /// Its rows.
    pub rows: Vec<R>,
    /// How large the whole table is.
    pub total: Total,
    /// The cursor of the next page; none on the last one. Only for [`Numbering::Cursors`].
    pub next: Option<String>,
}

impl<R> Page<R> {
    /// A page that is not read by cursor.
    pub fn new(rows: Vec<R>, total: Total) -> Self {
        Self {
            rows,
            total,
            next: None,
        }
    }

    /// The same page with the cursor of the next one.
    #[must_use]
    pub fn with_next(mut self, cursor: Option<String>) -> Self {
        self.next = cursor;
        self
    }
}

/// How large a table is, as far as the service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Total {
    /// This many rows.
    Rows(u64),
    /// This many pages.
    Pages(u64),
    /// The service does not say. Then nothing proves that all was seen: the walk ends when the front,
    /// read again, brings nothing new.
    Unknown,
}

/// Whether the caller wants a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// Yes.
    Take,
    /// No, but there may be others behind it.
    Skip,
    /// No, nor any behind it. Reading stops where the rest of a page says so; a table whose rows turn
    /// out not to be in order is read to its end.
    Past,
}
