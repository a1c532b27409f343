//! Compares the tables with the public tools. These tests need the tools, and take an hour:
//!
//! ```sh
//! cargo install cargo-semver-checks --locked --version 0.51.0
//! cargo test -p openapi-codegen --test mutations -- --ignored
//! ```
//!
//! The other tools are installed from npm into the target directory and need Node 20 or newer.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use openapi_codegen::difference::Difference;
use openapi_codegen::document;
use openapi_codegen::lower::{self, Options};
use openapi_codegen::rust_api::Bump::{self, Major, Minor, None as NoBump};
use openapi_codegen::standalone::{Crate, Runtime};
use serde_json::{Value, json};

use super::edit::root;
use super::{Expectation, Mutation, TABLES, Table};

/// The packages, with the versions that the tables were made with.
const PACKAGES: [&str; 8] = [
    "@apiture/openapi-down-convert@0.14.2",
    "@useoptic/openapi-io@1.0.9",
    "@useoptic/openapi-utilities@1.0.9",
    "@useoptic/rulesets-base@1.0.9",
    "@useoptic/standard-rulesets@1.0.9",
    // A single version for all packages of optic, which do not work with two.
    "ajv@8.20.0",
    "api-smart-diff@1.0.6",
    "openapi-diff@0.24.1",
];

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"))
}

fn run_successfully(command: &mut Command) -> String {
    let output = run(command);
    let output_text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {output_text}");
    String::from_utf8(output.stdout).unwrap()
}

/// Creates an empty folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Returns the file name of a document.
fn file_name(table: &Table, mutation: Option<usize>) -> String {
    match mutation {
        Some(index) => format!("{}-{index}", table.name),
        None => table.name.to_owned(),
    }
}

/// Returns all documents with their file names.
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

/// Returns both directions of every change: its name, the names of both documents, and the expectation.
fn expectations() -> Vec<(String, String, String, &'static Expectation)> {
    let mut expectations = Vec::new();
    for table in &TABLES {
        for (index, mutation) in table.mutations.iter().enumerate() {
            let (old, new) = (file_name(table, None), file_name(table, Some(index)));
            let Mutation {
                name,
                forward,
                backward,
                ..
            } = mutation;
            let name = |way: &str| format!("{}: {name}, {way}", table.name);
            expectations.push((name("forward"), old.clone(), new.clone(), forward));
            expectations.push((name("backward"), new, old, backward));
        }
    }
    expectations
}

#[test]
#[ignore = "needs cargo-semver-checks and ten minutes"]
fn bumps_cover_semver_checks_findings() {
    let folder = folder("semver-checks");
    let documents = documents().into_iter();
    let described: BTreeMap<String, PathBuf> = documents
        .map(|(name, document)| {
            let path = described(&folder, &name, &document);
            (name, path)
        })
        .collect();

    let mut wrong = Vec::new();
    for (name, old, new, expected) in expectations() {
        let found = found(&described[&old], &described[&new]);
        if found != expected.found || expected.bump < found {
            let (listed, ours) = (expected.found.name(), expected.bump.name());
            let found = found.name();
            wrong.push(format!(
                "{name}: cargo-semver-checks finds {found}, expected {listed}; ours is {ours}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs cargo-semver-checks, and pairs of documents in the folder OPENAPI_PAIRS"]
fn bumps_cover_semver_checks_findings_in_pairs_of_documents() {
    let pairs = env::var("OPENAPI_PAIRS").unwrap();
    let folder = folder("semver-checks-pairs");
    let mut compared = Vec::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(pairs).unwrap() {
        let new = entry.unwrap().path();
        let file = new.file_name().unwrap().to_str().unwrap();
        let Some((name, extension)) = file.split_once(".new.") else {
            continue;
        };
        let old = new.with_file_name(format!("{name}.old.{extension}"));
        let read = |path: &Path| document::parse(name, &fs::read_to_string(path).unwrap()).unwrap();
        let (old, new) = (read(&old), read(&new));
        let ours = Difference::of(("old", "new"), &old, &new).unwrap().bump;
        let described =
            |side: &str, document| described(&folder, &format!("{name}-{side}"), document);
        let found = found(&described("old", &old), &described("new", &new));
        let line = format!(
            "{name}: ours {}, cargo-semver-checks {}",
            ours.name(),
            found.name()
        );
        if ours < found {
            wrong.push(line.clone());
        }
        compared.push(line);
    }
    println!("{}", compared.join("\n"));
    assert!(!compared.is_empty(), "no pairs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Generates the crate of a document and returns the path of its rustdoc JSON.
fn described(folder: &Path, name: &str, document: &Value) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("semver-checks-target");
    let krate = folder.join("crate");
    let options = Options::new().skip_unsupported(true);
    let mut lowered = lower::lower_with(document, &options).unwrap();
    let description = Crate {
        name: "mutated",
        source: name,
        folder: &krate,
        runtime: &Runtime::Path(root().join("crates/openapi-runtime")),
    };
    let files = description.files(&mut lowered, true).unwrap();
    description.write(files).unwrap();
    // The same call that cargo-semver-checks makes; the rustdoc JSON format is unstable.
    run_successfully(
        Command::new(env!("CARGO"))
            .args(["rustdoc", "--quiet", "--features", "schemars", "--"])
            .args(["-Zunstable-options", "--output-format", "json"])
            .args(["--cap-lints", "allow"])
            .current_dir(&krate)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", &target),
    );
    let json = folder.join(format!("{name}.json"));
    fs::copy(target.join("doc/mutated.json"), &json).unwrap();
    json
}

/// Returns the bump that cargo-semver-checks requires. Its warnings count as potential major changes.
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
    let output_text = String::from_utf8_lossy(&output.stderr);
    if output_text.contains("semver requires new major version")
        || output_text.contains("--- warning ")
    {
        Major
    } else if output_text.contains("semver requires new minor version") {
        Minor
    } else if output_text.contains("no semver update required") {
        NoBump
    } else {
        panic!("cargo-semver-checks: {output_text}")
    }
}

#[test]
#[ignore = "needs Node and packages from npm"]
fn wire_findings_match_public_tools() {
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire-tools");
    fs::create_dir_all(&packages).unwrap();
    fs::write(packages.join("package.json"), "{}").unwrap();
    run_successfully(
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
    let pairs: Vec<Value> = expectations()
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
    let script = root().join("tests/real/wire_tools.mjs");
    let processes = thread::available_parallelism().map_or(1, NonZero::get);
    let parts = pairs.chunks(pairs.len().div_ceil(processes)).enumerate();
    let output_text: String = thread::scope(|scope| {
        let running: Vec<_> = parts
            .map(|(index, part)| {
                let file = folder.join(format!("pairs-{index}.json"));
                fs::write(&file, json!(part).to_string()).unwrap();
                let mut command = Command::new("node");
                command.arg(&script).arg(&packages).arg(file);
                scope.spawn(move || run_successfully(&mut command))
            })
            .collect();
        let outputs = running.into_iter().map(|process| process.join().unwrap());
        outputs.collect()
    });

    let mut wrong = Vec::new();
    for ((name, .., expected), line) in expectations().into_iter().zip(output_text.lines()) {
        let (of, tools) = line.split_once('\t').unwrap();
        assert_eq!(of, name);
        if tools != expected.tools {
            wrong.push(format!(
                "{name}: tools report {tools:?}, expected {:?}",
                expected.tools
            ));
        }
    }
    assert_eq!(output_text.lines().count(), expectations().len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
