//! `cargo xtask`: the project's own commands.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::project::Project;
use xtask::update::{self, Checks, Form};
use xtask::{Error, Result, bench, conformance, generate, inputs, journal};

use commands::output::say;

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
        #[command(flatten)]
        standalone: commands::generate::Standalone,
    },
    /// Take over a new version of a specification, or leave everything as it is.
    ///
    /// Everything is made and checked in a copy of the project first: overlays, lowering, generated
    /// code, snapshots, `cargo check` of the workspace. Only then are the files replaced, and what
    /// changed is printed and noted in CHANGELOG.md.
    Update {
        /// Name of the API in specs/apis.toml.
        api: String,
        /// The new specification: a file, or an address that begins with http.
        source: String,
        /// Take it over although handwritten code does not compile with it, and has to follow.
        #[arg(long)]
        generated_only: bool,
        /// Print what changed as Markdown, for a pull request; nothing if nothing did.
        #[arg(long)]
        markdown: bool,
    },
    /// Try the simulator with real clients and validators, and the SDK with a real server.
    ///
    /// Needs Python 3.10 or newer and Node 20 or newer, PyPI and npm; installs into the target
    /// directory. Prints a table, which also says what is missing.
    Conformance {
        /// The suites to run (default all): openai-python, openai-node, prime-cli,
        /// schemathesis-inference, schemathesis-training, llama.
        suites: Vec<String>,
        /// Fail if anything is missing.
        #[arg(long)]
        strict: bool,
    },
    /// Measure streams against what reqwest, memchr and serde_json need together, and print the table.
    Bench {
        /// Fewer rounds.
        #[arg(long)]
        quick: bool,
    },
    /// Print the JSON Schemas (2020-12) of an API's types.
    Schema {
        /// Name of the API in specs/apis.toml.
        api: String,
    },
    Lower(commands::lower::Lower),
    Overlay(commands::overlay::Overlay),
    Diff(commands::diff::Diff),
}

/// The exit code of a command that could not do what it was asked; 1 is for one that found something.
const COULD_NOT: u8 = 2;

/// Documents are nested, and what reads them goes as deep: no document may overflow the stack.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || run(arguments));
    let result = thread
        .map_err(|e| Error::new(format!("no thread: {e}")))
        .and_then(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(Error::new("a defect of xtask, told above")))
        });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(COULD_NOT)
        }
    }
}

fn exit_code(good: bool) -> ExitCode {
    match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    // These need no project.
    match &arguments.command {
        Command::Generate { standalone, .. } => {
            if let Some(code) = commands::generate::run(standalone)? {
                return Ok(code);
            }
        }
        Command::Overlay(arguments) => return commands::overlay::run(arguments),
        Command::Lower(arguments) => return commands::lower::run(arguments),
        Command::Diff(arguments) => return commands::diff::run(arguments),
        _ => {}
    }
    let project = Project::find()?;
    if journal::recover(&project)? {
        eprintln!("note: an update was interrupted; its files are as they were before it");
    }
    match arguments.command {
        Command::Generate { check: false, .. } => {
            let written = generate::write(&project)?;
            for change in &written {
                say(&format!("{change}\n"))?;
            }
            say(&format!(
                "{} of the generated files changed\n",
                written.len()
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Generate { check: true, .. } => {
            let stale = generate::check(&project)?;
            if stale.is_empty() {
                say("all generated files match their specifications\n")?;
                return Ok(ExitCode::SUCCESS);
            }
            for change in &stale {
                say(&format!("{change}\n"))?;
                say(&change.diff())?;
            }
            say(&format!(
                "{} stale; to mend: cargo xtask generate
",
                stale.len()
            ))?;
            Ok(ExitCode::FAILURE)
        }
        Command::Update {
            api,
            source,
            generated_only,
            markdown,
        } => {
            let form = if markdown { Form::Markdown } else { Form::Text };
            let checks = if generated_only {
                Checks::Generated
            } else {
                Checks::Workspace
            };
            let report = update::update(&project, project.api(&api)?, &source, checks, form)?;
            say(&report)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Conformance { suites, strict } => {
            let (table, good) = conformance::run(&project, &suites, strict)?;
            say(&table)?;
            Ok(exit_code(good))
        }
        Command::Bench { quick } => Ok(exit_code(bench::run(&project, quick)?)),
        Command::Schema { api } => {
            let inputs = inputs::read(&project, project.api(&api)?)?;
            say(&format!(
                "{:#}
",
                openapi_pipeline::json_schema::of(&inputs.lowered)
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        // Done above.
        Command::Lower(_) | Command::Overlay(_) | Command::Diff(_) => Ok(ExitCode::SUCCESS),
    }
}
