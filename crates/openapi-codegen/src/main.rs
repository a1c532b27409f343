//! Command-line entry point of `openapi-codegen`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use openapi_codegen::{Result, report};

/// Much of the time goes into small allocations: the tokens and the syntax tree of megabytes of code. With the
/// allocator of glibc, everything takes 1.6 times as long. Its transparent huge pages are off (`no_thp`): clearing pages that
/// are used in part takes more time than they save.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Generates Rust clients from OpenAPI documents.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(commands::generate::Generate),
    Check(commands::check::Check),
    Lower(commands::lower::Lower),
    Overlay(commands::overlay::Overlay),
    Diff(commands::diff::Diff),
    Schema(commands::schema::Schema),
}

/// The exit code of a command that failed. The exit code of a check that found differences is 1.
const EXIT_ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = openapi_codegen::on_large_stack(|| run(&arguments.command));
    match result {
        Ok(code) => code,
        Err(error) => {
            report::print_error(&format!("error: {error}\n"));
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Generate(arguments) => commands::generate::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Lower(arguments) => commands::lower::run(arguments),
        Command::Overlay(arguments) => commands::overlay::run(arguments),
        Command::Diff(arguments) => commands::diff::run(arguments),
        Command::Schema(arguments) => commands::schema::run(arguments),
    }
}
