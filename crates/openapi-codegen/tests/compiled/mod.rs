//! Lets a crate outside of this workspace use what was compiled for this workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The name of the package that [`write_package`] writes.
pub(crate) const PACKAGE: &str = "same-dependencies";

/// Writes a package with the dependencies of this workspace, and the features that are enabled for its tests. With it, and
/// with the same lock file, profile and target folder, Cargo compiles few crates from crates.io again.
pub(crate) fn write_package(root: &Path, folder: &Path) {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--depth", "1", "--prefix", "none"])
        .args(["--edges", "normal,dev", "--format", "{p}|{f}"])
        .args(["--locked", "--offline"])
        .current_dir(root)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // A line is `tokio v1.54.1|net,rt`. Local crates are followed by a folder, and repeated ones by `(*)`.
    let crates: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty() && !line.contains(['/', '\\']))
        .collect();
    let lines = crates.iter().enumerate().map(|(index, line)| {
        let (package, features) = line.split_once('|').unwrap();
        let (name, version) = package.split_once(" v").unwrap();
        let version = version.split(' ').next().unwrap();
        let features: Vec<&str> = features.split(',').filter(|name| !name.is_empty()).collect();
        // Several versions of a crate need different names.
        format!("dependency-{index} = {{ package = \"{name}\", version = \"={version}\", default-features = false, features = {features:?} }}\n")
    });
    let lines: String = lines.collect();
    let manifest =
        format!("[package]\nname = \"{PACKAGE}\"\nedition = \"2024\"\n\n[dependencies]\n{lines}");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), "").unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}
