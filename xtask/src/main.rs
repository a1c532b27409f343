//! Command-line entry point of `cargo xtask`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use openapi_codegen::{json_schema, report};
use xtask::bench::Suite;
use xtask::project::Project;
use xtask::update::{self, Checks, Format};
use xtask::{Result, bench, conformance, generate, inputs};

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
}

/// The exit code of a command that failed. The exit code of a check that found differences is 1.
const EXIT_ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = openapi_codegen::on_large_stack(|| run(arguments));
    match result {
        Ok(code) => code,
        Err(error) => {
            report::print_error(&format!("error: {error}\n"));
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let project = Project::find()?;
    let (text, success) = match arguments.command {
        Command::Generate { check: false } => {
            let written = generate::write(&project)?;
            let mut text: String = written.iter().map(|change| format!("{change}\n")).collect();
            text.push_str(&format!("{} generated files changed\n", written.len()));
            (text, true)
        }
        Command::Generate { check: true } => {
            let stale = generate::check(&project)?;
            let diffs = stale
                .iter()
                .map(|change| format!("{change}\n{}", change.diff()));
            let mut text: String = diffs.collect();
            text.push_str(&match stale.len() {
                0 => "all generated files are up to date\n".to_owned(),
                count => format!("{count} stale files; run `cargo xtask generate`\n"),
            });
            (text, stale.is_empty())
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
            let api = project.api(&api)?;
            (
                update::update(&project, api, &source, checks, format)?,
                true,
            )
        }
        Command::Conformance { suites, strict } => conformance::run(&project, &suites, strict)?,
        Command::Bench { suite, quick } => (String::new(), bench::run(&project, suite, quick)?),
        Command::Schema { api } => {
            let lowered = inputs::read(&project, project.api(&api)?)?.lowered;
            (format!("{:#}\n", json_schema::of(&lowered)), true)
        }
    };
    report::print(&text)?;
    Ok(match success {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
