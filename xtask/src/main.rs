//! Command-line entry point of `cargo xtask`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use xtask::project::Project;
use xtask::update::{self, Checks, Format};
use xtask::{Error, Result, bench, conformance, generate, inputs, journal};

use commands::output::print;

/// Code generation and maintenance commands of this repository.
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
    /// Regenerate the API crates and specs/specs.lock from the specifications and overlays.
    Generate {
        /// Write nothing. Print a diff of every stale file, and exit with 1 if there is any.
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        standalone: commands::generate::Standalone,
    },
    /// Update an API to a new version of its specification, all or nothing.
    ///
    /// Applies the overlays, lowers, generates, updates snapshots and runs `cargo check` in a copy of the
    /// project. If all of that succeeds, replaces the files of the project, prints the changes and adds them
    /// to CHANGELOG.md.
    Update {
        /// Name of the API in specs/apis.toml.
        api: String,
        /// The new specification: a file or an HTTP(S) URL.
        source: String,
        /// Update even if handwritten code does not compile with the new types.
        #[arg(long)]
        generated_only: bool,
        /// Print the changes as Markdown for a pull request, or nothing if nothing changed.
        #[arg(long)]
        markdown: bool,
    },
    /// Test the simulator with third-party clients and validators, and the SDK with a third-party server and with
    /// recorded responses.
    ///
    /// Requires Python 3.10 or newer, Node 20 or newer, and access to PyPI and npm. Installs packages into
    /// the target directory. Prints a table of results, including suites that could not run.
    Conformance {
        /// The suites to run (default: all): openai-python, openai-node, prime-cli, schemathesis-inference,
        /// schemathesis-training, llama, recordings, …; `cluster` takes half an hour.
        suites: Vec<String>,
        /// Fail if a suite could not run.
        #[arg(long)]
        strict: bool,
    },
    /// Run a benchmark and print its tables.
    ///
    /// `calls` compares calls and streams with a baseline of reqwest, memchr and serde_json, and with async-openai.
    /// `batch` compares many requests at once with scripts that use async-openai and openai-python, and takes some
    /// minutes. openai-python is installed from PyPI, and skipped if that is impossible.
    Bench {
        /// What is measured.
        #[arg(value_enum, default_value_t = Suite::Calls)]
        suite: Suite,
        /// Run fewer rounds.
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

/// What `bench` measures.
#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    Calls,
    Batch,
}

/// The exit code of a command that failed. The exit code of a check that found differences is 1.
const EXIT_ERROR: u8 = 2;

/// The stack size in bytes. Documents are processed recursively, and a deeply nested document must not overflow the
/// stack.
const STACK_SIZE: usize = 256 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let thread = std::thread::Builder::new()
        .stack_size(STACK_SIZE)
        .spawn(move || run(arguments));
    let result = thread
        .map_err(|e| Error::new(format!("cannot start thread: {e}")))
        .and_then(|thread| {
            thread.join().unwrap_or_else(|_| {
                Err(Error::new(
                    "internal error: a thread panicked (message above)",
                ))
            })
        });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn exit_code(success: bool) -> ExitCode {
    match success {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    // These commands do not need a project.
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
        eprintln!("note: restored the files of an interrupted update");
    }
    match arguments.command {
        Command::Generate { check: false, .. } => {
            let written = generate::write(&project)?;
            for change in &written {
                print(&format!("{change}\n"))?;
            }
            print(&format!("{} generated files changed\n", written.len()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Generate { check: true, .. } => {
            let stale = generate::check(&project)?;
            if stale.is_empty() {
                print("all generated files are up to date\n")?;
                return Ok(ExitCode::SUCCESS);
            }
            for change in &stale {
                print(&format!("{change}\n"))?;
                print(&change.diff())?;
            }
            print(&format!(
                "{} stale files; run `cargo xtask generate`
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
            let format = if markdown {
                Format::Markdown
            } else {
                Format::Text
            };
            let checks = if generated_only {
                Checks::Generated
            } else {
                Checks::Workspace
            };
            let report = update::update(&project, project.api(&api)?, &source, checks, format)?;
            print(&report)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Conformance { suites, strict } => {
            let (table, success) = conformance::run(&project, &suites, strict)?;
            print(&table)?;
            Ok(exit_code(success))
        }
        Command::Bench { suite, quick } => {
            let suite = match suite {
                Suite::Calls => bench::Suite::Calls,
                Suite::Batch => bench::Suite::Batch,
            };
            Ok(exit_code(bench::run(&project, suite, quick)?))
        }
        Command::Schema { api } => {
            let inputs = inputs::read(&project, project.api(&api)?)?;
            print(&format!(
                "{:#}
",
                openapi_pipeline::json_schema::of(&inputs.lowered)
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        // These commands were handled above.
        Command::Lower(_) | Command::Overlay(_) | Command::Diff(_) => Ok(ExitCode::SUCCESS),
    }
}
