//! Tools and tool loops over the simulator.
//!
//! | file | subject |
//! |---|---|
//! | `loops` | what a loop sends, its results and its transcript |
//! | `limits` | how a loop ends before the model is done |
//! | `failures` | tools and requests that fail |
//! | `reasoning` | reasoning in the requests of a loop |
//! | `hooks` | decisions about calls |
//! | `streams` | events, and loops that are dropped |
//! | `shapes` | tool calls and reasoning in each shape that servers send |
//! | `schemas` | the schema of a type |

#![allow(clippy::unwrap_used, clippy::panic)]

mod failures;
mod hooks;
mod limits;
mod loops;
mod reasoning;
mod schemas;
mod shapes;
mod streams;
mod support;
