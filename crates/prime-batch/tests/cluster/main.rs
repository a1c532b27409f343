//! Runs jobs that several workers share against the simulator, with their ledger in PostgreSQL.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod database;
mod encryption;
mod failures;
#[cfg(all(feature = "object-store", feature = "parquet"))]
mod formats;
mod jobs;
mod leases;
mod limits;
#[path = "../batch/support.rs"]
#[allow(dead_code)]
mod support;
mod team;
mod throughput;
