//! The suite `cluster`: `prime-rs batch` with PostgreSQL, Temporal and several workers.

use std::path::Path;
use std::process::Command;

use super::{Check, Environment, Missing, checks};
use crate::python;

pub(super) fn cluster(env: &Environment) -> Result<Vec<Check>, Missing> {
    if !has_postgres() {
        let reason = "PostgreSQL is neither on the PATH nor in /usr/lib/postgresql";
        return Err(Missing(reason.to_owned()));
    }
    let python = env.python("cluster", "cluster-requirements.txt", &[])?;
    let temporal = python.with_file_name(format!("temporal{}", std::env::consts::EXE_SUFFIX));
    let root = env.scripts.join("../..");
    // Temporal's SDK is a workspace of its own.
    let folder = root.join("crates/prime-batch-temporal");
    build(env, &folder, &[])?;
    // The simulator answers for all workers, in one thread: it must not limit them.
    let optimized = env.work.join("cluster-simulator");
    let target = optimized.display().to_string();
    let quick = [
        "--config=profile.release.lto=false",
        "--config=profile.release.codegen-units=16",
    ];
    let arguments = ["-p", "prime-sim", "--release", "--target-dir", &target];
    build(env, &root, &[&arguments[..], &quick].concat())?;
    let name = format!("prime-sim{}", std::env::consts::EXE_SUFFIX);
    let simulator = optimized.join("release").join(name);

    // `prime-rs` finds `prime-rs-batch` in PATH.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [folder.join("target/debug")].into_iter();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path)));
    let path = path.map_err(|error| Missing(format!("PATH: {error}")))?;
    let script = env.scripts.join("cluster.py");
    Ok(checks(
        env.programs(Command::new(python).arg(script))
            .env("PRIME_SIM", simulator)
            .env("TEMPORAL", temporal)
            .env("PATH", path),
    ))
}

fn build(env: &Environment, folder: &Path, arguments: &[&str]) -> Result<(), Missing> {
    let mut build = Command::new(&env.cargo);
    build.args(["build", "--quiet", "--locked"]).args(arguments);
    match python::succeeds(build.current_dir(folder).env_remove("CARGO_TARGET_DIR")) {
        true => Ok(()),
        false => Err(Missing(format!("cannot build {}", folder.display()))),
    }
}

fn has_postgres() -> bool {
    python::succeeds(Command::new("initdb").arg("--version"))
        || std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|versions| {
            versions
                .flatten()
                .any(|one| one.path().join("bin/initdb").exists())
        })
}
