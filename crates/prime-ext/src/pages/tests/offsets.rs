//! The plain pager.

use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::super::offset::OffsetPages;
use super::*;

fn pages(table: &Table, offset: u64, page_size: u64, read_ahead: usize) -> OffsetPages<TestRow> {
    let table = table.clone();
    let fetch = move |offset, limit| table.fetch(offset, limit).boxed();
    OffsetPages::new(fetch, offset, page_size, read_ahead)
}

async fn lengths(mut pages: OffsetPages<TestRow>) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().rows.len());
    }
    lengths
}

#[tokio::test]
async fn pages_overlap_by_one_row_and_end_at_the_total() {
    let table = Table::fixed(10);
    assert_eq!(lengths(pages(&table, 0, 4, 0)).await, [4, 4, 4, 1]);
    assert_eq!(table.requests(), [0, 3, 6, 9]);
    let table = Table::fixed(9);
    assert_eq!(lengths(pages(&table, 0, 4, 0)).await, [4, 4, 3]);
    let table = Table::fixed(9);
    assert_eq!(lengths(pages(&table, 7, 4, 0)).await, [2]);
    let table = Table::fixed(0);
    assert_eq!(lengths(pages(&table, 0, 4, 0)).await, [0]);
}

#[tokio::test]
async fn short_pages_are_followed_by_the_next_row() {
    for read_ahead in [0, 3] {
        let mut table = Table::fixed(7);
        table.max_page_size = 3;
        assert_eq!(
            lengths(pages(&table, 0, 5, read_ahead)).await,
            [3, 3, 3],
            "{read_ahead}"
        );
    }
}

#[tokio::test]
async fn reading_ahead_ends_at_the_total_and_at_a_restart() {
    let table = Table::fixed(10);
    let mut pages = pages(&table, 0, 4, 3);
    // The total is not known before the first page.
    assert_eq!(pages.next().await.unwrap().unwrap().rows.len(), 4);
    assert_eq!(table.requests(), [0]);
    let mut cx = Context::from_waker(Waker::noop());
    pages.poll_ahead(&mut cx);
    assert_eq!(table.requests(), [0, 3, 6, 9]);
    pages.restart();
    pages.poll_ahead(&mut cx);
    assert_eq!(table.requests().len(), 4);
    assert!(pages.next().await.unwrap().is_ok());
    assert_eq!(table.requests(), [0, 3, 6, 9, 0]);
}

/// Requests in flight may be answered in any order. Their pages come in the order of the table.
#[tokio::test]
async fn pages_come_in_order() {
    let table = Table::fixed(10);
    let fetch = {
        let table = table.clone();
        move |offset: u64, limit| {
            let page = table.fetch(offset, limit);
            let delay = Duration::from_millis(if offset == 3 { 20 } else { 0 });
            async move {
                tokio::time::sleep(delay).await;
                page.await
            }
            .boxed()
        }
    };
    let mut pages = OffsetPages::new(fetch, 0, 4, 3);
    let mut first_rows = Vec::new();
    while let Some(page) = pages.next().await {
        first_rows.push(page.unwrap().rows[0].0.clone());
    }
    assert_eq!(table.requests(), [0, 3, 6, 9]);
    let expected = ids(10).into_iter().step_by(3);
    assert_eq!(first_rows, expected.collect::<Vec<_>>());
}
