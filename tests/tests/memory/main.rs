//! Memory usage. The tests have their own binary because they count all allocations, and run one at a time.

#![allow(clippy::unwrap_used, missing_docs)]

mod responses;
mod wallet;

use peak_alloc::PeakAlloc;
use tokio::sync::Mutex;

#[global_allocator]
static BYTES: PeakAlloc = PeakAlloc;

/// Held by the test that counts allocations.
static COUNTING: Mutex<()> = Mutex::const_new(());
