//! Compiles generated crates, as the README shows them. These tests take minutes without a warm target folder:
//!
//! ```sh
//! cargo test -p openapi-codegen --test compile -- --ignored
//! ```

#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

mod readme;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.parent().unwrap().parent().unwrap()
}

/// Creates an empty folder below the target folder, which is a workspace with the members.
fn workspace(name: &str, members: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    // With the same versions and profile, most crates from crates.io are those that were compiled for the tests.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let profile = &manifest[manifest.find("[profile.dev]").unwrap()..];
    let text = format!("[workspace]\nmembers = {members:?}\nresolver = \"3\"\n\n{profile}");
    fs::write(folder.join("Cargo.toml"), text).unwrap();
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

fn generate(document: &Path, out: &Path, more: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_openapi-codegen"))
        .arg("generate")
        .args([document, Path::new("--out"), out])
        .args(more)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", document.display());
    // The crates that only other TLS features need are not downloaded.
    let manifest = out.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let text = text.replace("[\"reqwest/rustls\"]", "[]");
    let text = text.replace("[\"reqwest/native-tls\"]", "[]");
    fs::write(manifest, text).unwrap();
}

/// Runs Cargo in a workspace without network access. Returns both outputs.
fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(folder)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap(),
        )
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "cargo {arguments:?}: {text}");
    text
}

#[test]
#[ignore = "compiles crates"]
fn program_of_the_readme_calls_a_generated_crate() {
    let folder = workspace("readme", &["bookmarks", "program"]);
    let document = folder.join("bookmarks.yml");
    fs::write(&document, readme::block("yaml", 0)).unwrap();
    generate(&document, &folder.join("bookmarks"), &[]);
    let head = "[package]\nname = \"program\"\nedition = \"2024\"\n\n";
    fs::create_dir_all(folder.join("program/src")).unwrap();
    let manifest = format!("{head}{}", readme::block("toml", 0));
    fs::write(folder.join("program/Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("program/src/main.rs"), readme::block("rust", 0)).unwrap();
    // The generated crate has no warnings.
    assert_eq!(cargo(&folder, &["check", "--workspace", "--quiet"]), "");
}

#[test]
#[ignore = "compiles crates"]
fn build_script_of_the_readme_generates_a_module() {
    let folder = workspace("build-script", &["program"]);
    let program = folder.join("program");
    fs::create_dir_all(program.join("src")).unwrap();
    fs::write(program.join("bookmarks.yml"), readme::block("yaml", 0)).unwrap();
    let head = "[package]\nname = \"program\"\nedition = \"2024\"\n\n";
    let crates = root().join("crates").display().to_string();
    let manifest = readme::block("toml", 1).replace("../prime-rs/crates", &crates);
    fs::write(program.join("Cargo.toml"), format!("{head}{manifest}")).unwrap();
    fs::write(program.join("build.rs"), readme::block("rust", 1)).unwrap();
    let main = "fn main() {\n    let request = bookmarks::types::Bookmark::new(\"u\");\n    println!(\"{} {}\", bookmarks::Client::API_VERSION, request.url);\n}\n";
    fs::write(
        program.join("src/main.rs"),
        format!("{}\n{main}", readme::block("rust", 2)),
    )
    .unwrap();
    let printed = cargo(&folder, &["run"]);
    assert!(printed.contains("1.2 u\n"), "{printed}");
    // What is lost is a warning. The generated code has none.
    assert!(
        printed.contains("bookmarks.yml: 1 dropped, 1 lost, 2 unchecked; see "),
        "{printed}"
    );
    let warnings = printed.lines().filter(|line| line.starts_with("warning: "));
    let warnings = warnings.filter(|line| line.contains("program"));
    assert_eq!(warnings.count(), 1, "{printed}");
}

#[test]
#[ignore = "compiles crates"]
fn documents_of_the_snapshots_compile() {
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents");
    let folder = workspace("documents", &["*"]);
    for entry in fs::read_dir(documents).unwrap() {
        let document = entry.unwrap().path();
        let name = document.file_stem().unwrap().to_str().unwrap();
        let runtime = root().join("crates/openapi-runtime").display().to_string();
        generate(&document, &folder.join(name), &["--runtime", &runtime]);
    }
    assert_eq!(cargo(&folder, &["check", "--workspace", "--quiet"]), "");
}

/// Values of unions, which the tests of the generator cannot read.
const CHOICES: &str = "openapi: 3.2.0
info: {title: Choices, version: '1'}
paths:
  /a:
    get:
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}}
components:
  schemas:
    Color: {type: string, enum: [red]}
    Size: {type: string, enum: [large]}
    Cat: {type: object, required: [kind], properties: {kind: {type: string}, lives: {type: integer}}}
    Any: {type: object, properties: {kind: {type: string}, name: {type: string}}}
    Thing:
      type: object
      properties:
        text: {oneOf: [{$ref: '#/components/schemas/Color'}, {$ref: '#/components/schemas/Size'}, {type: integer}]}
        list: {oneOf: [{type: array, items: {$ref: '#/components/schemas/Color'}}, {type: array, items: {$ref: '#/components/schemas/Size'}}]}
        pet:
          oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Any'}]
          discriminator: {propertyName: kind, mapping: {cat: Cat}, defaultMapping: Any}
        scalar: {oneOf: [{type: string}, {type: integer}]}
        counts: {type: object, properties: {name: {type: string}}, additionalProperties: {type: integer}}
";

/// A program that reads a value from its argument.
const READER: &str = r#"fn main() {
    let json = std::env::args().nth(1).unwrap();
    let (thing, _) = choices::lenient::from_json::<choices::types::Thing>(json.as_bytes()).unwrap();
    println!("{thing:?}");
}
"#;

#[test]
#[ignore = "compiles crates"]
fn unions_read_the_alternative_that_fits() {
    let folder = workspace("choices", &["choices", "reader"]);
    let document = folder.join("choices.yml");
    fs::write(&document, CHOICES).unwrap();
    generate(&document, &folder.join("choices"), &[]);
    fs::create_dir_all(folder.join("reader/src")).unwrap();
    let manifest = "[package]\nname = \"reader\"\nedition = \"2024\"\n\n[dependencies]\nchoices = { path = \"../choices\" }\n";
    fs::write(folder.join("reader/Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("reader/src/main.rs"), READER).unwrap();
    for (json, read) in [
        (r#"{"text": "red"}"#, "text: Some(Color(Red))"),
        (r#"{"text": "large"}"#, "text: Some(Size(Large))"),
        (r#"{"text": "new"}"#, "text: Some(Color(Other(\"new\")))"),
        (r#"{"list": ["large"]}"#, "[Large]"),
        (r#"{"list": ["red"]}"#, "[Red]"),
        (
            r#"{"pet": {"kind": "cat", "lives": 9}}"#,
            "pet: Some(Cat(Cat {",
        ),
        (
            r#"{"pet": {"kind": "dog", "name": "n"}}"#,
            "pet: Some(Any(Any {",
        ),
        (r#"{"scalar": 42.0}"#, "scalar: Some(Integer(42))"),
        (r#"{"counts": {"name": "n", "a": 5.0}}"#, "{\"a\": 5}"),
    ] {
        let printed = cargo(&folder, &["run", "--quiet", "-p", "reader", "--", json]);
        assert!(printed.contains(read), "{json}: {printed}");
    }
}

#[test]
fn a_package_contains_the_runtime() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let list = String::from_utf8_lossy(&output.stdout);
    for file in [
        "build.rs",
        "README.md",
        "runtime/lib.rs",
        "runtime/call/attempts.rs",
    ] {
        assert!(list.lines().any(|line| line == file), "{file}\n{list}");
    }
}
