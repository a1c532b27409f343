//! `prime-rs`: the command line of the Prime Intellect SDK for Rust.
//!
//! It has the verbs, the flags, the settings and the JSON of the provider's own command line, `prime` 0.18.0, for the
//! APIs that this SDK covers.
//!
//! | module | contents |
//! |---|---|
//! | `cli` | the arguments, and which verb they run |
//! | `verbs` | one module per verb |
//! | `context` | what every verb has: its output, the settings and a client |
//! | `settings` | reads and changes the settings files |
//! | `output` | tables, JSON, styles |
//! | `prompt` | questions and confirmations |
//! | `interrupt` | Ctrl-C |
//! | `program` | runs another program of this project |
//! | `exit` | exit codes, and the failures that lead to them |

mod cli;
mod context;
mod exit;
mod interrupt;
mod output;
mod program;
mod prompt;
mod settings;
mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
