//! Runs `prime-rs` against the simulator, as people and scripts do.
//!
//! | module | contents |
//! |---|---|
//! | `common` | a simulator, a home directory and the program |
//! | `batch` | batches, also if the program is killed |
//! | `help` | snapshots of `--help`; runs every example |
//! | `exit_codes` | the exit code and the message of each kind of failure |
//! | `json` | the JSON of each verb has the fields of the official client |
//! | `accounts` | the owner of the key, and teams |
//! | `schemas` | the JSON of each verb matches its JSON Schema |
//! | `settings` | the settings files, also if the program is killed |
//! | `streams` | closed pipes, full disks, dumb terminals |
//! | `interrupts` | Ctrl-C |
//! | `train` | starting and ending runs |
//! | `runs` | listing, reading, pausing and restarting runs |

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod batch;
mod common;
mod exit_codes;
mod help;
#[cfg(unix)]
mod interrupts;
mod json;
mod runs;
mod schemas;
mod settings;
#[cfg(unix)]
mod streams;
mod train;
