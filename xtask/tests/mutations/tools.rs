//! The tables against the tools that they name. These tests need the tools and minutes:
//!
//! ```sh
//! cargo install cargo-semver-checks --locked --version 0.51.0
//! cargo test -p xtask --test mutations -- --ignored
//! ```
//!
//! The packages of the others come from npm into the target directory; Node 20 or newer is the machine's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use openapi_pipeline::lower::{self, Options};
use serde_json::{Value, json};
use xtask::project::root;
use xtask::rust_api::Bump::{self, Major, Minor, None as Nothing};
use xtask::standalone::{self, Crate};

use super::{Mutation, Side, TABLES, Table};

/// In the versions that the tables were made with.
const PACKAGES: [&str; 8] = [
    "@apiture/openapi-down-convert@0.14.2",
    "@useoptic/openapi-io@1.0.9",
    "@useoptic/openapi-utilities@1.0.9",
    "@useoptic/rulesets-base@1.0.9",
    "@useoptic/standard-rulesets@1.0.9",
    // One for all of optic's parts: they do not work with two.
    "ajv@8.20.0",
    "api-smart-diff@1.0.6",
    "openapi-diff@0.24.1",
];

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|e| panic!("{command:?} cannot be run: {e}"))
}

fn run_well(command: &mut Command) -> String {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of a test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What a document is called among the files.
fn file_name(table: &Table, mutation: Option<usize>) -> String {
    match mutation {
        Some(index) => format!("{}-{index}", table.name),
        None => table.name.to_owned(),
    }
}

/// Every document, by its name among the files.
fn documents() -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    for table in &TABLES {
        let old = table.document();
        for (index, mutation) in table.mutations.iter().enumerate() {
            documents.push((file_name(table, Some(index)), mutation.applied(&old)));
        }
        documents.push((file_name(table, None), old));
    }
    documents
}

/// Each way of each change: the two documents' names, and what the table says.
fn sides() -> Vec<(String, String, String, &'static Side)> {
    let mut sides = Vec::new();
    for table in &TABLES {
        for (index, mutation) in table.mutations.iter().enumerate() {
            let (old, new) = (file_name(table, None), file_name(table, Some(index)));
            let Mutation {
                name, there, back, ..
            } = mutation;
            let name = |way: &str| format!("{}: {name}, {way}", table.name);
            sides.push((name("there"), old.clone(), new.clone(), there));
            sides.push((name("back"), new, old, back));
        }
    }
    sides
}

#[test]
#[ignore = "needs cargo-semver-checks and ten minutes"]
fn no_bump_is_smaller_than_what_semver_checks_finds() {
    let folder = folder("semver-checks");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("semver-checks-target");
    let krate = folder.join("crate");
    for (name, document) in documents() {
        let options = Options::new().skip_unsupported(true);
        let mut lowered = lower::lower_with(&document, &options).unwrap();
        let runtime = root().join("crates/openapi-runtime");
        let description = Crate {
            name: "mutated",
            source: &name,
            runtime: Some(&runtime),
            own_workspace: true,
        };
        let files = standalone::files(&description, &mut lowered, true).unwrap();
        standalone::write(&krate, &files).unwrap();
        // As cargo-semver-checks has it done: rustdoc's JSON is not stable, the tool follows it.
        run_well(
            Command::new(env!("CARGO"))
                .args(["rustdoc", "--quiet", "--features", "schemars", "--"])
                .args(["-Zunstable-options", "--output-format", "json"])
                .args(["--cap-lints", "allow"])
                .current_dir(&krate)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_DIR", &target),
        );
        let json = folder.join(format!("{name}.json"));
        fs::copy(target.join("doc/mutated.json"), json).unwrap();
    }

    let mut wrong = Vec::new();
    for (name, old, new, side) in sides() {
        let json = |name: &str| folder.join(format!("{name}.json"));
        let found = found(&json(&old), &json(&new));
        if found != side.found || side.bump < found {
            let (said, ours) = (side.found.name(), side.bump.name());
            let found = found.name();
            wrong.push(format!(
                "{name}: it finds {found}, the table says {said}; ours is {ours}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bump that cargo-semver-checks asks for. Its warnings count: they are majors that it is not sure of.
fn found(old: &Path, new: &Path) -> Bump {
    let output = run(Command::new(env!("CARGO"))
        .args([
            "semver-checks",
            "--color",
            "never",
            "--release-type",
            "patch",
        ])
        .arg("--baseline-rustdoc")
        .arg(old)
        .arg("--current-rustdoc")
        .arg(new));
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("semver requires new major version") || said.contains("--- warning ") {
        Major
    } else if said.contains("semver requires new minor version") {
        Minor
    } else if said.contains("no semver update required") {
        Nothing
    } else {
        panic!("cargo-semver-checks: {said}")
    }
}

#[test]
#[ignore = "needs Node and packages from npm"]
fn public_tools_find_nothing_else_on_the_wire() {
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire-tools");
    fs::create_dir_all(&packages).unwrap();
    fs::write(packages.join("package.json"), "{}").unwrap();
    run_well(
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
            .args(PACKAGES)
            .current_dir(&packages),
    );
    let folder = folder("wire-tools-documents");
    for (name, document) in documents() {
        let options = Options::new().skip_unsupported(true);
        let lowered = lower::lower_with(&document, &options).unwrap().document;
        for (kind, document) in [("", &document), (".30", &lowered)] {
            let path = folder.join(format!("{name}{kind}.json"));
            fs::write(path, document.to_string()).unwrap();
        }
    }
    let pairs: Vec<Value> = sides()
        .into_iter()
        .map(|(name, old, new, _)| {
            let path = |name: &str, kind: &str| folder.join(format!("{name}{kind}.json"));
            json!({
                "name": name,
                "old": path(&old, ""),
                "new": path(&new, ""),
                "old30": path(&old, ".30"),
                "new30": path(&new, ".30"),
            })
        })
        .collect();
    let file = folder.join("pairs.json");
    fs::write(&file, Value::from(pairs).to_string()).unwrap();
    let script = root().join("tests/real/wire_tools.mjs");
    let said = run_well(Command::new("node").arg(script).arg(packages).arg(&file));

    let mut wrong = Vec::new();
    for ((name, .., side), line) in sides().into_iter().zip(said.lines()) {
        let (of, tools) = line.split_once('\t').unwrap();
        assert_eq!(of, name);
        if tools != side.tools {
            wrong.push(format!(
                "{name}: {tools:?}, the table says {:?}",
                side.tools
            ));
        }
    }
    assert_eq!(said.lines().count(), sides().len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
