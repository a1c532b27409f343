//! `sim`: runs the simulator, which is a program of its own: `prime-sim`.

use std::ffi::OsString;

use crate::exit::Failure;
use crate::program::become_program;

/// Run the simulator of both services, to try commands without a key and without cost
///
/// The simulator is the program prime-sim. It is looked for next to this program, and then in PATH. To install it, run
/// `cargo install --path crates/prime-sim` in the repository.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = "\
Examples:
  prime-rs sim --help
  prime-rs sim --port 8080"
)]
pub(crate) struct Sim {
    /// Options of prime-sim
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "OPTIONS"
    )]
    arguments: Vec<OsString>,
}

impl Sim {
    pub(crate) fn run(self) -> Result<(), Failure> {
        Err(become_program("prime-sim", self.arguments))
    }
}
