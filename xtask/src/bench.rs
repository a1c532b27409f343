//! Runs the benchmarks. They are a separate workspace, so no other command builds their dependencies.

use std::process::Command;

use clap::ValueEnum;

use crate::project::Project;
use crate::{Error, Result, python};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// Calls and streams of `prime-ext`.
    Calls,
    /// Many requests with `prime-batch`.
    Batch,
}

/// Builds and runs `tests/bench`, which prints its tables. Returns whether it succeeded.
pub fn run(project: &Project, suite: Suite, quick: bool) -> Result<bool> {
    let folder = project.path("tests/bench");
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--quiet", "--locked"]);
    if !succeeds(build.current_dir(&folder))? {
        return Ok(false);
    }
    let mut run = Command::new("cargo");
    run.args(["run", "--release", "--quiet", "--locked", "--"]);
    if suite == Suite::Batch {
        run.arg("batch");
        let venv = project.target().join("conformance/python");
        let requirements = project.path("tests/real/requirements.txt");
        match python::with_packages(&venv, &requirements, &[]) {
            Ok(python) => drop(run.env("PRIME_BENCH_PYTHON", python)),
            Err(missing) => eprintln!("openai-python is skipped: {missing}"),
        }
    }
    run.args(quick.then_some("--quick"));
    succeeds(run.current_dir(&folder))
}

fn succeeds(command: &mut Command) -> Result<bool> {
    let status = command.status();
    let status = status.map_err(|e| Error::new(format!("cargo: {e}")))?;
    Ok(status.success())
}
