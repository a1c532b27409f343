//! A new version of a specification, taken over whole or not at all.
//!
//! Everything is made and checked in a copy of the project below `target`. The project itself is touched
//! once, at the end, by [`journal::replace`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use openapi_pipeline::{changes, document, overlay, wire};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::difference::Difference;
use crate::inputs::{self, Inputs};
use crate::project::{Api, Project};
use crate::{Error, Result, generate, journal, render, surface};

/// Where the copy is made, from the project's root.
const COPY: &str = "target/xtask-update";

/// What an update may touch beside the specification and the generated files, from the root.
const SNAPSHOTS: &str = "xtask/tests/snapshots";

/// The list of what changed, from the root.
const CHANGELOG: &str = "CHANGELOG.md";

/// The largest specification that is fetched: 64 MiB.
const MOST_BYTES: u64 = 64 << 20;

/// What has to compile before a specification is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// The whole workspace, with what is written by hand.
    Workspace,
    /// Nothing but what renders and snapshots it: what is written by hand will follow.
    Generated,
}

/// What the report of an update looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people, with the files that were replaced.
    Text,
    /// For a pull request.
    Markdown,
}

/// Takes over the specification at `source`, a file or an address; says what changed.
///
/// # Errors
/// If anything at all is wrong with it. The project is then as it was.
pub fn update(
    project: &Project,
    api: &Api,
    source: &str,
    checks: Checks,
    form: Form,
) -> Result<String> {
    if let Some(stale) = generate::check(project)?.first() {
        let reason = "a generated file is stale; run `cargo xtask generate` first";
        return Err(Error::new(format!("{}: {reason}", stale.path.display())));
    }
    let specification = Path::new("specs").join(&api.specification);
    let text = read_source(source)?;
    if text == project.read(&specification)? {
        return Ok(match form {
            Form::Text => format!("{}: nothing changed\n", specification.display()),
            Form::Markdown => String::new(),
        });
    }
    document::parse(source, &text)?;

    let old = inputs::read(project, api)?;
    let copy = Copy::of(project)?;
    journal::write_whole(&copy.0.path(&specification), &text)
        .map_err(|e| Error::file(&specification, &e))?;
    let new = inputs::read(&copy.0, api)?;
    let mut notes = new.notes.clone();
    notes.extend(replaced(
        project,
        api,
        &old.specification,
        &new.specification,
    )?);
    let report = Report::of(api, &old, &new, &notes)?;

    generate::write(&copy.0)?;
    let changelog = report.changelog(project.read(CHANGELOG).unwrap_or_default());
    journal::write_whole(&copy.0.path(CHANGELOG), &changelog)
        .map_err(|e| Error::file(Path::new(CHANGELOG), &e))?;
    copy.check(project, checks)?;

    let files = copy.differences(project, &specification)?;
    journal::replace(project, &files)?;
    if form == Form::Markdown {
        return Ok(format!("# {}\n\n{}", report.heading, report.markdown));
    }
    let mut text = report.text();
    let _ = writeln!(text, "\n{} files replaced:", files.len());
    for path in files.keys() {
        let _ = writeln!(text, "  {}", path.display());
    }
    Ok(text)
}

fn read_source(source: &str) -> Result<String> {
    let bytes = if source.starts_with("http://") || source.starts_with("https://") {
        fetch(source)?
    } else {
        fs::read(source).map_err(|e| Error::file(Path::new(source), &e))?
    };
    String::from_utf8(bytes).map_err(|_| Error::new(format!("{source}: not a text in UTF-8")))
}

fn fetch(url: &str) -> Result<Vec<u8>> {
    let fault = |e: ureq::Error| Error::new(format!("{url}: {e}"));
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60)));
    let agent = ureq::Agent::new_with_config(config.build());
    let mut response = agent.get(url).call().map_err(fault)?;
    response
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_to_vec()
        .map_err(fault)
}

/// What overlays take out and put something else for, where the provider has changed it since.
fn replaced(project: &Project, api: &Api, old: &Value, new: &Value) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for (name, text) in inputs::overlays(project, api)? {
        let removed = |document| {
            overlay::removed(document, &name, &text).map_err(|e| Error::new(e.to_string()))
        };
        for (before, now) in removed(old)?.iter().zip(removed(new)?) {
            if before.values != now.values {
                notes.push(format!(
                    "{name}#/actions/{}: target {}: replaces what the provider has changed since: \
                     {} -> {}",
                    now.action,
                    now.target,
                    Value::from(before.values.clone()),
                    Value::from(now.values)
                ));
            }
        }
    }
    Ok(notes)
}

/// What an update changes.
struct Report {
    heading: String,
    /// The version bump that follows for the generated crate.
    bump: &'static str,
    wire: Vec<String>,
    /// For a pull request.
    markdown: String,
    document: Vec<String>,
    surface: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    fn of(api: &Api, old: &Inputs, new: &Inputs, notes: &[String]) -> Result<Self> {
        let version = |inputs: &Inputs| {
            let version = &inputs.specification["info"]["version"];
            version.as_str().unwrap_or("without a version").to_owned()
        };
        let before = render::render(&api.source(), &old.lowered)?;
        let now = render::render(&api.source(), &new.lowered)?;
        let (old_surface, new_surface) = (surface::surface(&before)?, surface::surface(&now)?);
        let wire = wire::compare(&old.specification, &new.specification);
        let difference = Difference::of_files((&version(old), &version(new)), wire, &before, &now)?;
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
            ("to look at", &self.notes),
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

    /// The changelog with an entry for this update, under what is not released yet.
    fn changelog(&self, old: String) -> String {
        const HEAD: &str = "# Changelog\n";
        const UNRELEASED: &str = "\n## Unreleased\n";
        let mut entry = format!("\n- Specification of the {}", self.heading);
        if !self.surface.is_empty() {
            entry.push_str(". What callers see:\n\n  ```diff\n");
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

/// The lines of a surface that came or went, each with the item that it belongs to.
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

/// A copy of the project, gone when it is dropped.
struct Copy(Project);

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.path(""));
    }
}

impl Copy {
    fn of(project: &Project) -> Result<Self> {
        let to = project.path(COPY);
        if to.exists() {
            fs::remove_dir_all(&to).map_err(|e| Error::file(&to, &e))?;
        }
        let entries = fs::read_dir(project.path("")).map_err(|e| Error::file(&to, &e))?;
        for entry in entries {
            let name = entry.map_err(|e| Error::file(&to, &e))?.file_name();
            if name != "target" && name != ".git" {
                copy(&project.path(&name), &to.join(&name))?;
            }
        }
        Ok(Self(Project::at(&to)?))
    }

    /// Compiles everything that the new code is part of, and takes over its snapshots.
    fn check(&self, project: &Project, checks: Checks) -> Result<()> {
        if checks == Checks::Workspace {
            self.cargo(
                project,
                &["check", "--workspace", "--all-targets", "--quiet"],
            )?;
        }
        // The other tests of this package change parts of the specifications by name.
        let snapshots = [
            "lowered_documents",
            "public_surfaces",
            "generated_files_match",
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
        self.cargo(project, &[&test[..], &snapshots[..]].concat())
    }

    fn cargo(&self, project: &Project, arguments: &[&str]) -> Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments)
            .current_dir(self.0.path(""))
            .env("CARGO_TARGET_DIR", project.path("target"))
            .env("INSTA_UPDATE", "always")
            .output()
            .map_err(|e| Error::new(format!("cargo cannot be run: {e}")))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(format!(
            "the new specification does not pass `cargo {}`; nothing was changed. If handwritten \
             code has to follow it, take it over with --generated-only\n\n{said}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout)
        )))
    }

    /// The files that differ from the project's.
    fn differences(
        &self,
        project: &Project,
        specification: &Path,
    ) -> Result<BTreeMap<PathBuf, Option<String>>> {
        let mut paths = vec![specification.to_owned(), PathBuf::from(CHANGELOG)];
        for side in [project, &self.0] {
            paths.extend(generate::read_all(side)?.into_keys());
            paths.extend(generate::files_below(side, Path::new(SNAPSHOTS))?);
        }
        let mut files = BTreeMap::new();
        for path in paths {
            let old = generate::read_if_there(&project.path(&path))?;
            let new = generate::read_if_there(&self.0.path(&path))?;
            // insta leaves proposals beside its snapshots.
            if old != new && path.extension().is_none_or(|ending| ending != "new") {
                files.insert(path, new);
            }
        }
        Ok(files)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let fault = |e: std::io::Error| Error::file(from, &e);
    if from.is_dir() {
        fs::create_dir_all(to).map_err(fault)?;
        for entry in fs::read_dir(from).map_err(fault)? {
            let name = entry.map_err(fault)?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
    } else if from.is_file() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(fault)?;
        }
        fs::copy(from, to).map_err(fault)?;
    }
    Ok(())
}
