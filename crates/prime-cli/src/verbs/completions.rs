//! `completions`: writes a completion script.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Failure;

/// Write a completion script to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  prime-rs completions bash > prime-rs.bash
  prime-rs completions zsh > _prime-rs

Load the script in the settings of your shell, or put it where the shell looks for completions, such as \
~/.local/share/bash-completion/completions/prime-rs or a directory in the fpath of zsh.")]
pub(crate) struct Completions {
    /// The shell: bash, elvish, fish, powershell or zsh
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "prime-rs", &mut script);
        context.out.text(&String::from_utf8_lossy(&script))
    }
}
