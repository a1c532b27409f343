//! End-to-end tests of `prime-ext` with the simulator.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod ambiguous;
mod chat;
mod conversations;
mod cost;
mod examples;
mod histories;
mod proxy;
mod runs;
mod wallet;
mod watch;
