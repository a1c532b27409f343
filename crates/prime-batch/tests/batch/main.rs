//! Runs batches against the simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod budget;
mod continued;
mod faults;
mod formats;
mod html;
mod support;
