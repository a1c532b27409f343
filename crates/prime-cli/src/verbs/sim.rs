//! `sim`: runs the simulator, which is a program of its own: `prime-sim`.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::exit::Failure;

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
        let mut command = Command::new(program());
        let error = start(command.args(self.arguments));
        Err(match error.kind() {
            io::ErrorKind::NotFound => Failure::other(
                "the program prime-sim was not found next to prime-rs or in PATH; in the repository, run \
                 `cargo install --path crates/prime-sim`, or `cargo run -p prime-sim` instead of this command",
            ),
            _ => Failure::other(format!("cannot run prime-sim: {error}")),
        })
    }
}

fn program() -> PathBuf {
    let name = format!("prime-sim{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe()
        .ok()
        .map(|path| path.with_file_name(&name));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| name.into())
}

/// Replaces this process. Returns only if that fails.
#[cfg(unix)]
fn start(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// Runs the program and ends this process with its exit code. Returns only if the program cannot be started.
#[cfg(not(unix))]
fn start(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
