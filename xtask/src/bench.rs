//! Runs the benchmark of calls and streams. The benchmark is a separate workspace, so no other command builds its
//! dependencies.

use std::process::Command;

use crate::project::Project;
use crate::{Error, Result};

/// Builds and runs `tests/bench`, which prints its table. Returns whether it succeeded.
pub fn run(project: &Project, quick: bool) -> Result<bool> {
    let folder = project.path("tests/bench");
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(arguments).current_dir(&folder);
        let status = command.status();
        status.map_err(|e| Error::new(format!("cargo {}: {e}", arguments.join(" "))))
    };
    if !cargo(&["build", "--release", "--quiet", "--locked"])?.success() {
        return Ok(false);
    }
    let mut run = vec!["run", "--release", "--quiet", "--locked", "--"];
    run.extend(quick.then_some("--quick"));
    Ok(cargo(&run)?.success())
}
