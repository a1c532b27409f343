//! Pages to items, for any table that is read by limit and offset. Knows nothing of wallets.
//!
//! The table may move while it is read: rows arrive at its front, and rows move there. Rows are told
//! apart by a key, and reading ends only when as many rows were seen as the table says it has. What
//! moved out of the way is looked for by reading again from the front; what still cannot be found is
//! an error, not a short list.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;

use futures_core::Stream;

use crate::error::{Error, ErrorKind};

/// How often the table is read again for what is missing.
const MAX_PASSES: usize = 5;

/// A page of a table.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// How many rows the whole table has.
    pub(crate) total: u64,
}

/// A page that is being fetched.
pub(crate) type PageFuture<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// The items of a table, each once.
pub(crate) fn items<T: Send + 'static>(
    limit: u64,
    fetch: impl Fn(u64) -> PageFuture<T> + Send + 'static,
    key: fn(&T) -> &str,
) -> Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>> {
    let walk = Walk {
        fetch,
        key,
        limit,
        ready: VecDeque::new(),
        seen: HashSet::new(),
        offset: 0,
        pass: 1,
        new_in_pass: 0,
        repeated: 0,
        ended: false,
    };
    Box::pin(futures_util::stream::try_unfold(
        walk,
        |mut walk| async move { Ok(walk.next().await?.map(|item| (item, walk))) },
    ))
}

struct Walk<T, F> {
    fetch: F,
    key: fn(&T) -> &str,
    limit: u64,
    ready: VecDeque<T>,
    seen: HashSet<Box<str>>,
    offset: u64,
    pass: usize,
    new_in_pass: usize,
    /// Whole pages in a row that brought nothing new.
    repeated: u64,
    ended: bool,
}

impl<T, F: Fn(u64) -> PageFuture<T>> Walk<T, F> {
    async fn next(&mut self) -> Result<Option<T>, Error> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if self.ended {
                return Ok(None);
            }
            let page = (self.fetch)(self.offset).await?;
            self.take(page)?;
        }
    }

    fn take(&mut self, page: Page<T>) -> Result<(), Error> {
        let got = page.items.len() as u64;
        let mut new = 0;
        for item in page.items {
            let key = (self.key)(&item);
            if !self.seen.contains(key) {
                self.seen.insert(key.into());
                self.ready.push_back(item);
                new += 1;
            }
        }
        self.new_in_pass += new;
        self.repeated = if new == 0 { self.repeated + 1 } else { 0 };
        self.offset = self.offset.saturating_add(got);

        // A first pass meets nothing twice in a row, and a later one not more than there was to meet,
        // unless the service ignores the offset.
        let known_pages = if self.pass == 1 {
            1
        } else {
            self.seen.len() as u64 / self.limit + 2
        };
        let repeats_for_ever = self.repeated > known_pages;
        if got >= self.limit && self.offset < page.total && !repeats_for_ever {
            return Ok(());
        }
        let seen = self.seen.len() as u64;
        if seen >= page.total {
            self.ended = true;
            return Ok(());
        }
        if self.new_in_pass == 0 || self.pass == MAX_PASSES {
            let message = format!(
                "the service says that there are {} rows, and {seen} could be read in {} passes",
                page.total, self.pass
            );
            return Err(Error::new(ErrorKind::Incomplete, message));
        }
        self.pass += 1;
        self.offset = 0;
        self.new_in_pass = 0;
        self.repeated = 0;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::TryStreamExt as _;

    use super::*;

    /// Reads a table of `rows` by pages of 3, with `change` between any two requests.
    async fn read(
        rows: Vec<String>,
        change: impl Fn(usize, &mut Vec<String>) + Send + 'static,
        lie: i64,
    ) -> Result<Vec<String>, Error> {
        let state = Arc::new(Mutex::new((rows, 0)));
        let fetch = move |offset: u64| -> PageFuture<String> {
            let mut state = state.lock().unwrap();
            let (rows, requests) = &mut *state;
            change(*requests, rows);
            *requests += 1;
            let total = rows.len() as u64;
            let items = rows.iter().skip(offset as usize).take(3).cloned().collect();
            Box::pin(async move {
                Ok(Page {
                    items,
                    total: total.saturating_add_signed(lie),
                })
            })
        };
        items(3, fetch, |row: &String| row).try_collect().await
    }

    fn rows(count: usize) -> Vec<String> {
        (0..count).map(|row| row.to_string()).collect()
    }

    #[tokio::test]
    async fn a_table_at_rest() {
        for count in [0, 1, 2, 3, 4, 6, 10] {
            assert_eq!(read(rows(count), |_, _| {}, 0).await.unwrap(), rows(count));
        }
    }

    #[tokio::test]
    async fn a_row_that_moves_to_the_front_is_gone_back_for() {
        let change = |request, rows: &mut Vec<String>| {
            if request == 1 {
                let moved = rows.remove(7);
                rows.insert(0, moved);
            }
        };
        let mut read = read(rows(10), change, 0).await.unwrap();
        read.sort();
        assert_eq!(read, rows(10));
    }

    #[tokio::test]
    async fn rows_that_arrive_are_no_reason_to_lose_or_repeat_others() {
        let change = |request: usize, rows: &mut Vec<String>| {
            if request < 4 {
                rows.insert(0, format!("new{request}"));
            }
        };
        let read = read(rows(10), change, 0).await.unwrap();
        for row in rows(10) {
            assert_eq!(read.iter().filter(|r| **r == row).count(), 1, "{row}");
        }
    }

    #[tokio::test]
    async fn a_total_that_cannot_be_met_is_an_error() {
        let error = read(rows(10), |_, _| {}, 2).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete);
        assert!(error.to_string().contains("12 rows, and 10"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_ignores_the_offset_is_found_out() {
        let fetch = |_| -> PageFuture<String> {
            Box::pin(async {
                Ok(Page {
                    items: rows(3),
                    total: u64::MAX,
                })
            })
        };
        let read: Result<Vec<String>, _> = items(3, fetch, |row: &String| row).try_collect().await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Incomplete);
    }
}
