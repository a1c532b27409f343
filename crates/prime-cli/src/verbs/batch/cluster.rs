//! The verbs of a batch on many machines, which a program of its own runs: `prime-rs-batch`.

use std::ffi::OsString;

use crate::exit::Failure;
use crate::program::become_program;

/// The verbs that only `prime-rs-batch` has. It also runs the others if they name the ledger of a cluster.
const VERBS: [&str; 5] = ["submit", "worker", "pause", "resume", "cancel"];

/// The arguments of a verb of `prime-rs-batch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The program prime-rs-batch runs this command, and has its options. It is looked for next to this program, and then in PATH. \
To install it, run `cargo install --locked --path crates/prime-batch-temporal` in the repository.")]
pub(crate) struct Cluster {
    /// Arguments of prime-rs-batch
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

impl Cluster {
    pub(super) fn run(self, verb: &str) -> Result<(), Failure> {
        let arguments = std::iter::once(verb.into()).chain(self.arguments);
        Err(become_program("prime-rs-batch", arguments))
    }
}

/// Runs `prime-rs-batch` instead of this program if the arguments are about a batch on a cluster. `batch` and `verb` are
/// the places of the word `batch` and of the verb. Returns only if they are not, or if the program cannot be run.
pub(crate) fn dispatch(arguments: &[OsString], batch: usize, verb: usize) -> Option<Failure> {
    let name = arguments[verb].to_str()?;
    let (before, after) = (&arguments[1..batch], &arguments[batch + 1..]);
    let names_ledger = after
        .iter()
        .filter_map(|text| text.to_str())
        .any(|text| text == "--ledger" || text.starts_with("--ledger="));
    let is_about_cluster =
        VERBS.contains(&name) || names_ledger && ["status", "set"].contains(&name);
    let all = before.iter().chain(after).cloned();
    is_about_cluster.then(|| become_program("prime-rs-batch", all))
}
