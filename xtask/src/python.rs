//! Installs Python packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns a Python interpreter of a virtual environment with the packages of a file, which are installed when the file
/// changes. The error says what is missing.
pub(crate) fn with_packages(venv: &Path, file: &Path, more: &[&str]) -> Result<PathBuf, String> {
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = venv.join(bin).join("python");
    let wanted = std::fs::read_to_string(file).unwrap_or_default();
    let stamp = venv.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let system = ["python3", "python"]
        .into_iter()
        .find(|python| succeeds(Command::new(python).arg("--version")))
        .ok_or("Python is not on the PATH")?;
    if !succeeds(Command::new(system).args(["-m", "venv"]).arg(venv)) {
        return Err(format!("{system} does not have the module venv"));
    }
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    if !succeeds(pip.args(more).arg("-r").arg(file)) {
        return Err(format!("pip failed to install {}", file.display()));
    }
    drop(std::fs::write(&stamp, wanted));
    Ok(python)
}

/// Runs a program without its output. Returns whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let results = command.stdout(Stdio::null()).stdin(Stdio::null()).status();
    results.is_ok_and(|status| status.success())
}
