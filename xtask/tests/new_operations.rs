//! Adds an operation with each kind of fact to a copy of a specification, and calls them through prime-ext, which needs
//! no change to treat them right.

#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use openapi_codegen::standalone::{Crate, Runtime};
use openapi_codegen::{document, lower, overlay};

const OVERLAY: &str = include_str!("new_operations/overlay.yml");
const PROGRAM: &str = include_str!("new_operations/check.rs");

#[test]
fn facts_of_new_operations_decide_how_they_are_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let specification = fs::read_to_string(root.join("specs/training.yml")).unwrap();
    let mut copy = document::parse("training.yml", &specification).unwrap();
    for name in ["training-documented.yml", "training-observed.yml"] {
        let text = fs::read_to_string(root.join("specs/overlays").join(name)).unwrap();
        overlay::apply(&mut copy, name, &text).unwrap();
    }
    overlay::apply(&mut copy, "overlay.yml", OVERLAY).unwrap();
    let mut lowered = lower::lower(&copy).unwrap();

    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = temporary.join("new-operations");
    let krate = Crate {
        name: "new-operations",
        source: "training.yml",
        folder: &folder,
        runtime: &Runtime::Path(root.join("crates/openapi-runtime")),
    };
    let _ = fs::remove_dir_all(&folder);
    let files = krate.files(&mut lowered, false).unwrap();
    krate.write(files).unwrap();
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let prime_ext = root.join("crates/prime-ext").display().to_string();
    let needed = format!(
        "[dependencies]\nprime-ext = {{ path = {prime_ext:?} }}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"time\"] }}\n"
    );
    // The crates that only other TLS features need are not downloaded.
    let text = text.replace("[\"reqwest/rustls\"]", "[]");
    let text = text.replace("[\"reqwest/native-tls\"]", "[]");
    let text = text.replace("[dependencies]\n", &needed);
    // With the same profile, most crates from crates.io are those that were compiled for the tests.
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let profile = &workspace[workspace.find("[profile.dev]").unwrap()..];
    fs::write(&manifest, format!("{text}\n{profile}")).unwrap();
    fs::create_dir_all(folder.join("examples")).unwrap();
    fs::write(folder.join("examples/check.rs"), PROGRAM).unwrap();
    // The same versions of everything.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--example", "check"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", temporary.parent().unwrap())
        .output()
        .unwrap();
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("all facts hold"), "{said}\n{complained}");
}
