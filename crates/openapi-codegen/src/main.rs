//! Command-line entry point of `openapi-codegen`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use openapi_codegen::{Error, Result};

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
    Lower(commands::lower::Lower),
    Overlay(commands::overlay::Overlay),
    Diff(commands::diff::Diff),
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
        .spawn(move || run(&arguments.command));
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

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Generate(arguments) => commands::generate::run(arguments),
        Command::Lower(arguments) => commands::lower::run(arguments),
        Command::Overlay(arguments) => commands::overlay::run(arguments),
        Command::Diff(arguments) => commands::diff::run(arguments),
    }
}
