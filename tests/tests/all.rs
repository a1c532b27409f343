//! All tests that need no binary of their own. One binary compiles and links once, and its tests run
//! concurrently.

mod canary;
mod journeys;
mod matrix;
mod odd_values;
mod proxies;
mod recordings;
mod round_trips;
mod structured;
#[allow(clippy::unwrap_used, reason = "a panic fails the test")]
mod support;
mod tools;
mod wire;
