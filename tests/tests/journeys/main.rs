//! Whole journeys of a user of `prime-ext`, over the simulator.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod ambiguous;
mod chat;
mod cost;
mod examples;
mod histories;
mod proxy;
mod runs;
mod support;
mod wallet;
mod watch;
