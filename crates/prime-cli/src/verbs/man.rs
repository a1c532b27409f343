//! `man`: writes the man pages.

use std::path::PathBuf;

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Failure;

/// Write the man pages: that of prime-rs to standard output, or those of all commands to a directory
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  prime-rs man > prime-rs.1
  prime-rs man --directory man1")]
pub(crate) struct Man {
    /// Write a page for each command to this directory, which is created
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self.directory {
            Some(directory) => {
                let written = std::fs::create_dir_all(&directory)
                    .and_then(|()| clap_mangen::generate_to(Cli::command(), &directory));
                written.map_err(|error| {
                    Failure::other(format!("cannot write to {}: {error}", directory.display()))
                })
            }
            None => {
                let mut page = Vec::new();
                let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
                rendered
                    .map_err(|error| Failure::other(format!("cannot render the page: {error}")))?;
                context.out.text(&String::from_utf8_lossy(&page))
            }
        }
    }
}
