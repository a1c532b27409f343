//! Whole journeys of a user of `prime-ext`, over the simulator.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod chat;
mod cost;
mod histories;
mod runs;
mod support;
mod wallet;
