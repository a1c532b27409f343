//! Pages to rows, for any table that is read a page at a time, also while it moves.
//!
//! Rows arrive at the front of such a table, and a row that changes moves there. So a walk that asks
//! for one page after the other meets some rows twice, and misses those that moved from the part that
//! it had not read to the part that it had. [`Rows`] gives every row once all the same, or an error:
//!
//! - Rows are told apart by [`Table::id`]. A row that was met keeps the values that it was first met
//!   with; [`Rows::changes`] has the later ones.
//! - Pages overlap by a row, where pages are asked for by offset: two that meet show that nothing moved
//!   in between.
//! - At the end, what was seen must account for what the service counts. If it does not, the front is
//!   read again, since what was missed stands there: down to the first row that is as it was when the
//!   walk began. After [`max_passes`](Rows::max_passes), or as soon as going back brings nothing, the
//!   walk ends in an error of [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete) that says how
//!   many rows are missing. There is no short list that looks complete.
//! - A service that ignores the offset, repeats a page for ever, repeats a cursor or miscounts is such
//!   an error too.
//! - What is kept of a row is 96 bits of a keyed hash of its id and 31 of its values: within 32 bytes,
//!   and a million rows collide with a probability of 10⁻¹⁷.
//!
//! [`Wallet::billings`](crate::Wallet::billings) is such a walk. Other lists of the platform can be read
//! with a [`Table`] of your own:
//!
//! ```
//! use std::hash::{Hash as _, Hasher};
//! use prime_ext::pages::{At, Numbering, Page, PageFuture, Rows, Table, Total};
//!
//! struct Pods; // numbered pages, and a count of them
//!
//! struct Pod {
//!     id: String,
//!     status: String,
//! }
//!
//! impl Table for Pods {
//!     type Row = Pod;
//!
//!     fn numbering(&self) -> Numbering {
//!         Numbering::Numbers { first: 1 }
//!     }
//!
//!     fn page(&self, at: &At, limit: u64) -> PageFuture<Pod> {
//!         let (at, limit) = (at.clone(), limit);
//!         Box::pin(async move {
//!             // Ask for `?page={at}&per_page={limit}` here.
//!             # let _ = (at, limit);
//!             # let rows = vec![Pod { id: "pod_1".to_owned(), status: "RUNNING".to_owned() }];
//!             Ok(Page::new(rows, Total::Pages(1)))
//!         })
//!     }
//!
//!     fn id<'a>(&self, pod: &'a Pod) -> &'a str {
//!         &pod.id
//!     }
//!
//!     fn version(&self, pod: &Pod, mut state: &mut dyn Hasher) {
//!         pod.status.hash(&mut state);
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), prime_ext::Error> {
//! let mut pods = Rows::new(Pods).page_size(50);
//! while let Some(pod) = pods.try_next().await? {
//!     println!("{} {}", pod.id, pod.status);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `table` | [`Table`], [`Page`]: what a table tells |
//! | `rows` | [`Rows`], [`Pages`]: the streams, and requests ahead |
//! | `walk` | what to ask next, and what a page brings; no I/O |
//! | `ends` | whether all was seen |
//! | `checks` | services that contradict or repeat themselves |
//! | `pass` | one way through the table |
//! | `seen` | what is kept of rows |

mod checks;
mod ends;
mod pass;
mod rows;
mod seen;
mod table;
mod walk;

#[cfg(test)]
mod tests;

pub use rows::{Pages, Rows};
pub use table::{At, Numbering, Page, PageFuture, Table, Total, Want};
