//! `cargo xtask`: the project's own commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::project::Project;
use xtask::{Result, generate, inputs};

/// The project's own commands.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the generated crates and specs/specs.lock anew from the specifications and overlays.
    Generate {
        /// Write nothing; report every file that is stale, with what differs, and exit with 1.
        #[arg(long)]
        check: bool,
    },
    /// Print the OpenAPI 3.0.3 document that an API's specification and overlays become.
    Lower {
        /// Name of the API in specs/apis.toml.
        api: String,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let project = Project::find()?;
    match arguments.command {
        Command::Generate { check: false } => {
            let written = generate::write(&project)?;
            for change in &written {
                println!("{change}");
            }
            println!("{} of the generated files changed", written.len());
            Ok(ExitCode::SUCCESS)
        }
        Command::Generate { check: true } => {
            let stale = generate::check(&project)?;
            if stale.is_empty() {
                println!("all generated files match their specifications");
                return Ok(ExitCode::SUCCESS);
            }
            for change in &stale {
                println!("{change}");
                print!("{}", change.diff());
            }
            println!("{} stale; to mend: cargo xtask generate", stale.len());
            Ok(ExitCode::FAILURE)
        }
        Command::Lower { api } => {
            let lowered = inputs::lower(&project, project.api(&api)?)?;
            for note in &lowered.notes {
                eprintln!("note: {}: {}", note.place, note.what);
            }
            print!(
                "{}",
                openapi_pipeline::document::to_yaml(&lowered.document)?
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}
