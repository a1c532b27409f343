//! The benchmark of streams, which is a workspace of its own: what it compares with is built for nobody
//! else.

use std::process::Command;

use crate::project::Project;
use crate::{Error, Result};

/// Builds and runs `tests/bench`, which prints its table; whether it succeeded.
pub fn run(project: &Project, quick: bool) -> Result<bool> {
    let folder = project.path("tests/bench");
    let cargo = |words: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(words).current_dir(&folder);
        let status = command.status();
        status.map_err(|e| Error::new(format!("cargo {}: {e}", words.join(" "))))
    };
    if !cargo(&["build", "--release", "--quiet", "--locked"])?.success() {
        return Ok(false);
    }
    let mut run = vec!["run", "--release", "--quiet", "--locked", "--"];
    run.extend(quick.then_some("--quick"));
    Ok(cargo(&run)?.success())
}
