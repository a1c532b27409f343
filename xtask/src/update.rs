//! Updates a specification, all or nothing.
//!
//! All steps run in a copy of the project in `target/xtask-update`. Only the last step changes the project itself: it
//! replaces files by renaming. If the process is killed between two renames, some files have their new contents and
//! some their old ones. `git restore` brings back the old ones.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use openapi_codegen::difference::Difference;
use openapi_codegen::files::{self, Change};
use openapi_codegen::{changes, document, overlay, render, surface, wire};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::inputs::{self, Inputs};
use crate::project::{Api, Project};
use crate::{Error, Result, generate};

/// The folder of the copy of the project, relative to the project's root.
const SCRATCH: &str = "target/xtask-update";

/// The snapshots that an update may change, relative to the project's root.
const SNAPSHOTS: &str = "xtask/tests/snapshots";

/// The changelog, relative to the project's root.
const CHANGELOG: &str = "CHANGELOG.md";

/// The maximum size of a downloaded specification: 64 MiB.
const MAX_DOWNLOAD_BYTES: u64 = 64 << 20;

/// The checks that must succeed before a specification is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// Compiles the whole workspace, including handwritten code, and runs the tests of generated files and snapshots.
    Workspace,
    /// Only runs the tests of generated files and snapshots. Code that uses the generated crates may fail to compile.
    Generated,
}

/// The format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text, with the list of replaced files.
    Text,
    /// Markdown for a pull request.
    Markdown,
}

/// Updates `api` to the specification at `source`, a file or a URL, and returns a report of the changes.
///
/// # Errors
/// Returns an error if any step fails. The project is then unchanged.
pub fn update(
    project: &Project,
    api: &Api,
    source: &str,
    checks: Checks,
    format: Format,
) -> Result<String> {
    if let Some(stale) = generate::check(project)?.first() {
        let reason = "a generated file is stale; run `cargo xtask generate` first";
        return Err(Error::new(format!("{}: {reason}", stale.path.display())));
    }
    let specification = Path::new("specs").join(&api.specification);
    let text = read_source(source)?;
    if text == project.read(&specification)? {
        return Ok(match format {
            Format::Text => format!("{}: nothing changed\n", specification.display()),
            Format::Markdown => String::new(),
        });
    }
    document::parse(source, &text)?;

    let old = inputs::read(project, api)?;
    let scratch = ScratchProject::copy_of(project)?;
    scratch.write(&specification, &text)?;
    let new = inputs::read(&scratch.0, api)?;
    let mut notes = new.notes.clone();
    notes.extend(stale_replacements(
        project,
        api,
        &old.specification,
        &new.specification,
    )?);
    let report = Report::of(api, &old, &new, &notes)?;

    generate::write(&scratch.0)?;
    let changelog = report.changelog(project.read(CHANGELOG).unwrap_or_default());
    scratch.write(Path::new(CHANGELOG), &changelog)?;
    scratch.check(project, checks)?;

    let changes = scratch.differences(project, &specification)?;
    files::write(&project.path(""), &changes)?;
    if format == Format::Markdown {
        return Ok(format!("# {}\n\n{}", report.heading, report.markdown));
    }
    let mut text = report.text();
    let _ = writeln!(text, "\n{} files replaced:", changes.len());
    for change in &changes {
        let _ = writeln!(text, "  {}", change.path.display());
    }
    Ok(text)
}

fn read_source(source: &str) -> Result<String> {
    let bytes = if source.starts_with("http://") || source.starts_with("https://") {
        fetch(source)?
    } else {
        fs::read(source).map_err(|e| Error::file(Path::new(source), &e))?
    };
    String::from_utf8(bytes).map_err(|_| Error::new(format!("{source}: invalid UTF-8")))
}

fn fetch(url: &str) -> Result<Vec<u8>> {
    let error = |e: ureq::Error| Error::new(format!("{url}: {e}"));
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60)));
    let agent = ureq::Agent::new_with_config(config.build());
    let mut response = agent.get(url).call().map_err(error)?;
    response
        .body_mut()
        .with_config()
        .limit(MAX_DOWNLOAD_BYTES)
        .read_to_vec()
        .map_err(error)
}

/// Returns a note for each value that an overlay replaces and that the provider has changed.
fn stale_replacements(
    project: &Project,
    api: &Api,
    old: &Value,
    new: &Value,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for (name, text) in inputs::overlays(project, api)? {
        let removed = |document| {
            overlay::removed(document, &name, &text).map_err(|e| Error::new(e.to_string()))
        };
        for (before, after) in removed(old)?.iter().zip(removed(new)?) {
            if before.values != after.values {
                notes.push(format!(
                    "{name}#/actions/{}: target {}: replaces a value that the provider has changed; review the action: \
                     {} -> {}",
                    after.action,
                    after.target,
                    Value::from(before.values.clone()),
                    Value::from(after.values)
                ));
            }
        }
    }
    Ok(notes)
}

/// The changes of an update.
struct Report {
    heading: String,
    /// The resulting version bump of the generated crate.
    bump: &'static str,
    wire: Vec<String>,
    /// Markdown for a pull request.
    markdown: String,
    document: Vec<String>,
    surface: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    fn of(api: &Api, old: &Inputs, new: &Inputs, notes: &[String]) -> Result<Self> {
        let version = |inputs: &Inputs| {
            let version = &inputs.specification["info"]["version"];
            version.as_str().unwrap_or("unversioned").to_owned()
        };
        let before = render::render(&api.source(), &old.lowered)?;
        let after = render::render(&api.source(), &new.lowered)?;
        let (old_surface, new_surface) = (surface::surface(&before)?, surface::surface(&after)?);
        let wire = wire::compare(&old.specification, &new.specification);
        let difference =
            Difference::of_files((&version(old), &version(new)), wire, &before, &after)?;
        let document = changes::between(&old.specification, &new.specification);
        Ok(Self {
            heading: format!("{} API: {} -> {}", api.name, version(old), version(new)),
            bump: difference.bump.name(),
            wire: difference.wire.iter().map(ToString::to_string).collect(),
            markdown: difference.markdown(),
            document: document.iter().map(ToString::to_string).collect(),
            surface: surface_changes(&old_surface, &new_surface),
            notes: notes.to_vec(),
        })
    }

    fn text(&self) -> String {
        let mut text = format!("{}\nversion bump: {}\n", self.heading, self.bump);
        let parts = [
            ("in the document", &self.document),
            ("on the wire", &self.wire),
            ("in the generated surface", &self.surface),
            ("to review", &self.notes),
        ];
        for (title, lines) in parts {
            let nothing = if lines.is_empty() { " nothing" } else { "" };
            let _ = writeln!(
                text,
                "
{title}:{nothing}"
            );
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
        }
        text
    }

    /// Adds an entry for this update to the section "Unreleased" of a changelog. Returns the new changelog.
    fn changelog(&self, old: String) -> String {
        const HEAD: &str = "# Changelog\n";
        const UNRELEASED: &str = "\n## Unreleased\n";
        let mut entry = format!("\n- Specification of the {}", self.heading);
        if !self.surface.is_empty() {
            entry.push_str(". Changes for callers:\n\n  ```diff\n");
            for line in &self.surface {
                let _ = writeln!(entry, "  {line}");
            }
            entry.push_str("  ```");
        }
        entry.push('\n');
        let old = if old.is_empty() { HEAD.to_owned() } else { old };
        if old.contains(UNRELEASED) {
            return old.replacen(UNRELEASED, &format!("{UNRELEASED}{entry}"), 1);
        }
        let (head, rest) = old.split_at(old.find("\n## ").unwrap_or(old.len()));
        format!("{head}{UNRELEASED}{entry}{rest}")
    }
}

/// Returns the lines that were added to or removed from a surface. A line within an item is prefixed with the item.
fn surface_changes(old: &str, new: &str) -> Vec<String> {
    let mut item = "";
    let mut lines = Vec::new();
    for change in TextDiff::from_lines(old, new).iter_all_changes() {
        let line = change.value().trim_end();
        if !line.starts_with(' ') {
            item = line;
        }
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        if line.starts_with(' ') {
            lines.push(format!("{sign} {item}: {}", line.trim_start()));
        } else if !line.is_empty() {
            lines.push(format!("{sign} {line}"));
        }
    }
    lines
}

/// A copy of the project. It is deleted on drop.
struct ScratchProject(Project);

impl Drop for ScratchProject {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.path(""));
    }
}

impl ScratchProject {
    fn copy_of(project: &Project) -> Result<Self> {
        let from = project.path("");
        let to = project.path(SCRATCH);
        if to.exists() {
            fs::remove_dir_all(&to).map_err(|e| Error::file(&to, &e))?;
        }
        let entries = fs::read_dir(&from).map_err(|e| Error::file(&from, &e))?;
        for entry in entries {
            let name = entry.map_err(|e| Error::file(&from, &e))?.file_name();
            if name != "target" && name != ".git" {
                copy(&from.join(&name), &to.join(&name))?;
            }
        }
        Ok(Self(Project::at(&to)?))
    }

    /// Replaces a file of this copy.
    fn write(&self, path: &Path, text: &str) -> Result<()> {
        fs::write(self.0.path(path), text).map_err(|e| Error::file(path, &e))
    }

    /// Runs the checks in this copy, and updates its snapshots.
    fn check(&self, project: &Project, checks: Checks) -> Result<()> {
        if checks == Checks::Workspace {
            self.cargo(
                project,
                &["check", "--workspace", "--all-targets", "--quiet"],
            )?;
        }
        // The other tests of this package edit named parts of the specifications. The new specification may lack them.
        let tests = [
            "lowered_documents",
            "public_surfaces",
            "generated_files_are_up_to_date",
        ];
        let test = [
            "test",
            "--package",
            "xtask",
            "--test",
            "generation",
            "--quiet",
            "--",
        ];
        self.cargo(project, &[&test[..], &tests[..]].concat())
    }

    fn cargo(&self, project: &Project, arguments: &[&str]) -> Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments)
            .current_dir(self.0.path(""))
            .env("CARGO_TARGET_DIR", project.path("target"))
            .env("INSTA_UPDATE", "always")
            .output()
            .map_err(|e| Error::new(format!("cannot run cargo: {e}")))?;
        if output.status.success() {
            return Ok(());
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(format!(
            "`cargo {}` fails with the new specification; nothing was changed. To update first and \
             adapt handwritten code afterwards, use --generated-only\n\n{stderr}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout)
        )))
    }

    /// Returns the files that differ from those of the project.
    fn differences(&self, project: &Project, specification: &Path) -> Result<Vec<Change>> {
        let mut paths = files::below(&self.0.path(""), Path::new(SNAPSHOTS))?;
        paths.extend([specification.to_owned(), PathBuf::from(CHANGELOG)]);
        let mut new = generate::read_all(&self.0)?;
        new.extend(generate::read(&self.0, paths)?);
        let mut folders = generate::folders(project);
        folders.push(PathBuf::from(SNAPSHOTS));
        let mut changes = files::changes(&project.path(""), &new, &folders)?;
        // Skips the pending snapshots of insta (`.snap.new`).
        changes.retain(|change| change.path.extension().is_none_or(|ending| ending != "new"));
        Ok(changes)
    }
}

/// Copies a file, or a folder with its contents.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let error = |e: std::io::Error| {
        Error::new(format!(
            "cannot copy {} to {}: {e}",
            from.display(),
            to.display()
        ))
    };
    if from.is_dir() {
        fs::create_dir_all(to).map_err(error)?;
        for entry in fs::read_dir(from).map_err(error)? {
            let name = entry.map_err(error)?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
    } else if from.is_file() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(error)?;
        }
        fs::copy(from, to).map_err(error)?;
    }
    Ok(())
}
