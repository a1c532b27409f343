//! Code generation from the real specifications.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use openapi_codegen::lower::NoteKind;
use openapi_codegen::{render, surface};
use xtask::project::{Project, root};
use xtask::{generate, inputs, lock};

fn project() -> Project {
    Project::at(&root()).unwrap()
}

/// A copy of the specifications and the generated crates.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        copy(&root().join("specs"), &folder.join("specs"));
        let documents = generate::DOCUMENTS;
        copy(&root().join(documents), &folder.join(documents));
        for api in &project().apis {
            let generated = Path::new("crates").join(&api.package).join("src/generated");
            copy(&root().join(&generated), &folder.join(&generated));
            for file in ["Cargo.toml", "src/lib.rs"] {
                let file = Path::new("crates").join(&api.package).join(file);
                fs::copy(root().join(&file), folder.join(&file)).unwrap();
            }
        }
        Self(folder)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }

    /// Returns the error of generating, and checks that no file has changed.
    fn error(&self) -> String {
        let before = generate::read_all(&Project::at(&root()).unwrap()).unwrap();
        let error = match Project::at(&self.0) {
            Ok(project) => generate::write(&project).unwrap_err(),
            Err(error) => return error.to_string(),
        };
        assert_eq!(
            before,
            generate::read_all(&Project::at(&self.0).unwrap()).unwrap()
        );
        error.to_string()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn generated_files_are_up_to_date() {
    let stale = generate::check(&project()).unwrap();
    let stale: Vec<String> = stale.iter().map(ToString::to_string).collect();
    assert!(
        stale.is_empty(),
        "stale, run `cargo xtask generate`: {stale:#?}"
    );
}

#[test]
fn lock_matches_specifications() {
    let project = project();
    assert_eq!(
        project.read(lock::LOCK).unwrap(),
        lock::text(&project).unwrap()
    );
}

#[test]
fn lowered_documents() {
    let project = project();
    for api in &project.apis {
        let lowered = inputs::read(&project, api).unwrap().lowered;
        let notes = lowered.notes.iter();
        let notes = notes.filter(|note| note.kind != NoteKind::Unchecked);
        let notes: Vec<_> = notes.map(|n| (&n.place, &n.what)).collect();
        assert!(
            notes.is_empty(),
            "{}: unexpected notes: {notes:?}",
            api.name
        );
        let text = openapi_codegen::document::to_yaml(&lowered.document).unwrap();
        insta::assert_snapshot!(format!("{}_lowered", api.name), text);
    }
}

#[test]
fn public_surfaces() {
    let project = project();
    for api in &project.apis {
        let files =
            render::render(&api.source(), &inputs::read(&project, api).unwrap().lowered).unwrap();
        let text = surface::surface(&files).unwrap();
        insta::assert_snapshot!(format!("{}_surface", api.name), text);
    }
}

#[test]
fn rendering_is_deterministic() {
    let project = project();
    assert_eq!(
        generate::render_all(&project).unwrap(),
        generate::render_all(&project).unwrap()
    );
}

#[test]
fn changed_type_makes_affected_files_stale() {
    let copy = Copy::new("changed-type");
    copy.edit(
        "specs/training.yml",
        "total_tokens:\n          type: integer",
        "total_tokens:\n          type: string",
    );
    let stale = generate::check(&Project::at(&copy.0).unwrap()).unwrap();
    let paths: Vec<String> = stale
        .iter()
        .map(|change| change.path.display().to_string())
        .collect();
    let folder = "crates/prime-training-api/src/generated";
    for touched in [
        format!("{folder}/types.rs"),
        format!("{folder}/types/builder.rs"),
    ] {
        let change = stale
            .iter()
            .find(|change| change.path.display().to_string() == touched);
        assert!(change.is_some_and(|change| change.diff().contains("::std::string::String")));
    }
    // Each file contains the digests of its inputs.
    assert!(paths.contains(&"specs/specs.lock".to_owned()));
    assert!(paths.iter().all(|path| path.starts_with(folder)
        || path.starts_with(generate::DOCUMENTS)
        || path == "specs/specs.lock"));
}

#[test]
fn generated_files_name_their_inputs_and_tools() {
    let project = project();
    let lock = project.read("Cargo.lock").unwrap();
    assert!(lock.contains(&format!(
        "name = \"progenitor\"\nversion = \"{}\"",
        lock::PROGENITOR
    )));
    for (path, text) in generate::render_all(&project).unwrap() {
        if path.extension().is_some_and(|ending| ending == "rs") {
            // The specification and its overlays.
            let api = project
                .apis
                .iter()
                .find(|api| path.starts_with(Path::new("crates").join(&api.package)));
            let inputs = 1 + api.unwrap().overlays.len();
            let first = text.lines().next().unwrap();
            assert!(
                first.starts_with("// Generated by `cargo xtask generate`"),
                "{}",
                path.display()
            );
            assert_eq!(
                text.matches("\n//   sha256 ").count(),
                inputs,
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn writing_replaces_stale_missing_and_obsolete_files() {
    let copy = Copy::new("rewrite");
    let folder = "crates/pinference-api/src/generated";
    copy.edit(
        &format!("{folder}/mod.rs"),
        "pub struct Client",
        "pub struct Edited",
    );
    fs::remove_file(copy.0.join(folder).join("operations.rs")).unwrap();
    fs::write(copy.0.join(folder).join("types/old.rs"), "// old").unwrap();
    let project = Project::at(&copy.0).unwrap();
    assert_eq!(generate::check(&project).unwrap().len(), 3);
    assert_eq!(generate::write(&project).unwrap().len(), 3);
    assert!(generate::check(&project).unwrap().is_empty());
}

#[test]
fn adds_an_api_from_its_specification_and_a_table() {
    let copy = Copy::new("third");
    copy.edit(
        "specs/apis.toml",
        "[[api]]",
        "[[api]]\nname = \"third\"\nspecification = \"training.yml\"\ncrate = \"third-api\"\n\n[[api]]",
    );
    let project = Project::at(&copy.0).unwrap();
    generate::write(&project).unwrap();
    for file in [
        "Cargo.toml",
        "src/lib.rs",
        "src/generated/mod.rs",
        "src/generated/types.rs",
    ] {
        assert!(
            copy.0.join("crates/third-api").join(file).is_file(),
            "{file}"
        );
    }
    // Handwritten files are not overwritten.
    fs::write(copy.0.join("crates/third-api/src/lib.rs"), "// mine").unwrap();
    assert!(generate::check(&project).unwrap().is_empty());
}

#[test]
fn reports_redundant_actions() {
    let copy = Copy::new("redundant");
    let old = "operationId: get_run_usage_api_v1_billing_runs__run_id__usage_get";
    copy.edit("specs/training.yml", old, "operationId: get_run_usage");
    let project = Project::at(&copy.0).unwrap();
    let notes = inputs::read(&project, project.api("training").unwrap())
        .unwrap()
        .notes;
    let place = "specs/overlays/training-documented.yml#/actions/0: ";
    assert!(notes.len() == 1 && notes[0].starts_with(place), "{notes:?}");
}

#[test]
fn errors_name_file_location_and_reason() {
    let cases = [
        (
            "specs/training.yml",
            "openapi: 3.1.0",
            "openapi: 2.0.0",
            "specs/training.yml, overlays applied: #/openapi: unsupported version",
        ),
        (
            "specs/training.yml",
            "  /api/v1/billing/wallet:",
            "  /api/v1/billing/purse:",
            "specs/overlays/training-documented.yml#/actions/1: target $.paths['/api/v1/billing/wallet'].get: matches nothing",
        ),
        (
            "specs/training.yml",
            "      title: ErrorDetail",
            "     title: ErrorDetail",
            "specs/training.yml: not valid YAML",
        ),
        (
            "specs/training.yml",
            "#/components/schemas/RunPricing'",
            "#/components/schemas/Gone'",
            "specs/training.yml, overlays applied: #/components/schemas/RunUsageResponse/properties/pricing/$ref: \"#/components/schemas/Gone\" cannot be resolved",
        ),
        (
            "specs/inference.yml",
            "          - system\n",
            "          - 1\n",
            "specs/inference.yml, overlays applied: #/components/schemas/ChatMessage/properties/role/enum/0: 1 does not have type \"string\"",
        ),
        (
            "specs/inference.yml",
            "          - tool\n",
            "          - tool\n          - critic\n",
            "specs/inference.yml, overlays applied: #/components/schemas/ChatCompletionDelta/properties/role: the name \"Role\", which another enumeration has",
        ),
        (
            "specs/training.yml",
            "        in: query\n",
            "        in: nowhere\n",
            "specs/training.yml, overlays applied: #/paths/~1api~1v1~1billing~1wallet/get/parameters/0: unknown parameter location \"nowhere\"",
        ),
        (
            "specs/overlays/inference-observed.yml",
            "overlay: 1.0.0",
            "overlay: 9.0.0",
            "specs/overlays/inference-observed.yml: not a valid Overlay",
        ),
        (
            "specs/overlays/inference-observed.yml",
            "target: $.components.schemas.Model.properties",
            "target: '$.['",
            "specs/overlays/inference-observed.yml: not a valid Overlay",
        ),
        (
            "specs/apis.toml",
            "inference.yml",
            "nowhere.yml",
            "specs/nowhere.yml: No such file",
        ),
        (
            "specs/apis.toml",
            "inference.yml",
            "../../etc/passwd",
            "specs/apis.toml: api \"inference\"",
        ),
        ("specs/apis.toml", "[[api]]", "[[api]", "specs/apis.toml: "),
    ];
    for (number, (file, from, to, expected)) in cases.into_iter().enumerate() {
        let copy = Copy::new(&format!("error-{number}"));
        copy.edit(file, from, to);
        let error = copy.error();
        assert!(
            error.starts_with(expected),
            "expected {expected}\ngot {error}"
        );
    }
}

/// The checkout may have moved since xtask was compiled, and checkouts may share a target directory.
#[test]
fn commands_use_the_project_that_cargo_runs() {
    let copy = Copy::new("started-from");
    copy.edit(
        "crates/pinference-api/src/generated/operations.rs",
        "GET",
        "got",
    );
    let nowhere = std::env::temp_dir();
    let check = |manifest_dir: Option<&Path>, folder: &Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["generate", "--check"]).current_dir(folder);
        match manifest_dir {
            Some(manifest_dir) => command.env("CARGO_MANIFEST_DIR", manifest_dir),
            None => command.env_remove("CARGO_MANIFEST_DIR"),
        };
        let output = command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), stdout.contains("pinference-api"))
    };
    let (up_to_date, stale) = ((Some(0), false), (Some(1), true));
    // `CARGO_MANIFEST_DIR` takes precedence over the current folder.
    assert_eq!(check(Some(&copy.0.join("xtask")), &root()), stale);
    assert_eq!(check(Some(&root().join("xtask")), &copy.0), up_to_date);
    // If it is outside of a project or not set, the current folder is used.
    assert_eq!(check(Some(&nowhere), &copy.0), stale);
    assert_eq!(check(None, &copy.0), stale);
    // Outside of any project, the compiled-in path is used.
    assert_eq!(check(None, &nowhere), up_to_date);
}
