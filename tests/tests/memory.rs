//! What a walk over a large table keeps, for a caller that keeps nothing. A program of its own, since it
//! counts every byte.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hash::{Hash as _, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use peak_alloc::PeakAlloc;
use prime_ext::pages::{At, Page, PageFuture, Rows, Table, Total};

#[global_allocator]
static BYTES: PeakAlloc = PeakAlloc;

struct Large {
    rows: u64,
    requests: Arc<AtomicU64>,
}

impl Table for Large {
    type Row = (String, u64);

    fn page(&self, at: &At, limit: u64) -> PageFuture<Self::Row> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let At::Offset(offset) = *at else {
            unreachable!()
        };
        let rows = (offset..self.rows.min(offset + limit))
            .map(|row| (format!("billing_{row:024}"), row))
            .collect();
        let page = Page::new(rows, Total::Rows(self.rows));
        Box::pin(std::future::ready(Ok(page)))
    }

    fn id<'a>(&self, row: &'a Self::Row) -> &'a str {
        &row.0
    }

    fn version(&self, row: &Self::Row, mut state: &mut dyn Hasher) {
        row.1.hash(&mut state);
    }
}

#[tokio::test]
async fn at_most_32_bytes_a_row_and_one_request_in_fifty_too_many() {
    // Also just after a power of two, where a hash table would be half empty.
    for count in [1_000, 57_500, 100_000, 115_000] {
        let requests = Arc::new(AtomicU64::new(0));
        let table = Large {
            rows: count,
            requests: requests.clone(),
        };
        let before = BYTES.current_usage();
        let mut rows = Rows::new(table);
        let mut read = 0;
        while rows.try_next().await.unwrap().is_some() {
            read += 1;
        }
        let kept = (BYTES.current_usage() - before) as f64 / count as f64;
        assert_eq!(read, count);
        // What does not grow with the rows is a first page's hashes and the like.
        let most = if count == 1_000 { 64.0 } else { 32.0 };
        assert!(kept <= most, "{kept} bytes for each of {count} rows");
        let least = count.div_ceil(100);
        let asked = requests.load(Ordering::Relaxed);
        assert!(
            asked as f64 <= least as f64 * 1.02 || asked == least + 1,
            "{asked} requests for {count} rows"
        );
        println!("{count} rows: {kept:.1} bytes a row, {asked} requests of {least}");
        drop(rows);
    }
}
