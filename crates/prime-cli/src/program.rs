//! Runs another program of this project in place of this one.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::exit::Failure;

/// Replaces this process by a program that is next to it, or in PATH. Returns only if that fails.
pub(crate) fn become_program(name: &str, arguments: impl IntoIterator<Item = OsString>) -> Failure {
    let mut command = Command::new(path(name));
    let error = start(command.args(arguments));
    match error.kind() {
        io::ErrorKind::NotFound => Failure::other(format!(
            "the program {name} was not found next to prime-rs or in PATH; {}",
            how_to_install(name)
        )),
        _ => Failure::other(format!("cannot run {name}: {error}")),
    }
}

fn how_to_install(name: &str) -> String {
    let folder = match name {
        "prime-rs-batch" => "prime-batch-temporal",
        name => name,
    };
    format!("in the repository, run `cargo install --locked --path crates/{folder}`")
}

fn path(name: &str) -> PathBuf {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
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
