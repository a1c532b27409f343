//! Compares two documents: changes on the wire, changes for a Rust caller, and the resulting version.

use std::fmt::Write as _;

use crate::lower::{self, Options};
use crate::wire;
use serde_json::{Value, json};

use crate::rust_api::{self, Bump, Items};
use crate::{Error, Result, render};

/// The changes between two documents.
#[derive(Debug)]
pub struct Difference {
    /// The names of the old and the new document.
    pub names: (String, String),
    /// Changes on the wire.
    pub wire: Vec<wire::Finding>,
    /// Changes for a Rust caller.
    pub rust: Vec<rust_api::Finding>,
    /// The version bump required by the changes for a Rust caller.
    pub bump: Bump,
    /// The current version of the crate, if known.
    pub version: Option<String>,
}

impl Difference {
    /// Compares two documents with their overlays applied.
    ///
    /// The wire format is compared in the documents, the Rust API in the code generated from them. Operations
    /// that cannot be generated are ignored.
    ///
    /// # Errors
    /// Returns an error if code cannot be generated from a document.
    pub fn of(names: (&str, &str), old: &Value, new: &Value) -> Result<Self> {
        let files = |name: &str, document: &Value| -> Result<Vec<(String, String)>> {
            let options = Options::new().skip_unsupported(true);
            let mut lowered = lower::lower_with(document, &options)
                .map_err(|e| Error::new(format!("{name}: {e}")))?;
            render::render_supported(name, &mut lowered)
        };
        let (before, now) = (files(names.0, old)?, files(names.1, new)?);
        let wire = wire::compare(old, new);
        Self::of_files(names, wire, &before, &now)
    }

    /// Compares code that is already generated.
    ///
    /// # Errors
    /// Returns an error if the code is not valid Rust.
    pub fn of_files(
        names: (&str, &str),
        wire: Vec<wire::Finding>,
        before: &[(String, String)],
        now: &[(String, String)],
    ) -> Result<Self> {
        let items = (&rust_api::items(before)?, &rust_api::items(now)?);
        Ok(Self::of_items(names, wire, items, before != now))
    }

    /// Compares public items. `differs` is whether anything else in the code differs.
    pub fn of_items(
        names: (&str, &str),
        wire: Vec<wire::Finding>,
        (before, now): (&Items, &Items),
        differs: bool,
    ) -> Self {
        let rust = rust_api::compare(before, now);
        let bump = rust_api::bump(&rust, differs || !wire.is_empty());
        Self {
            names: (names.0.to_owned(), names.1.to_owned()),
            wire,
            rust,
            bump,
            version: None,
        }
    }

    /// Returns whether there is a breaking change on the wire or for callers.
    pub fn is_breaking(&self) -> bool {
        self.wire.iter().any(|finding| finding.breaking) || self.bump == Bump::Major
    }

    fn verdict(&self) -> String {
        let mut verdict = format!("version bump: {}", self.bump.name());
        if let Some(version) = &self.version
            && let Some(next) = self.bump.after(version)
        {
            let _ = write!(verdict, " ({version} -> {next})");
        }
        verdict
    }

    /// Formats the changes as plain text.
    pub fn text(&self) -> String {
        let mut text = format!("{} -> {}\n", self.names.0, self.names.1);
        text.push_str("\non the wire:");
        if self.wire.is_empty() {
            text.push_str(" no changes");
        }
        text.push('\n');
        for finding in &self.wire {
            let _ = writeln!(text, "  {finding}");
        }
        text.push_str("\nfor a Rust caller:");
        if self.rust.is_empty() {
            text.push_str(" no changes");
        }
        text.push('\n');
        for finding in &self.rust {
            let word = if finding.breaking {
                "breaking"
            } else {
                "compatible"
            };
            let _ = writeln!(text, "  {word}: {}: {}", finding.item, finding.what);
        }
        let _ = writeln!(text, "\n{}", self.verdict());
        text
    }

    /// Formats the changes as Markdown for a pull request.
    pub fn markdown(&self) -> String {
        let breaking = self.wire.iter().filter(|finding| finding.breaking).count();
        let broken = self.rust.iter().filter(|finding| finding.breaking).count();
        let mut text = format!(
            "**{}**: {breaking} breaking changes on the wire, {broken} for Rust callers.\n",
            self.verdict()
        );
        if !self.wire.is_empty() {
            text.push_str("\n### On the wire\n\n| | where | what | why |\n|---|---|---|---|\n");
            for finding in &self.wire {
                let (place, what) = (finding.place.to_string(), cell(&finding.what));
                let _ = writeln!(
                    text,
                    "| {} | `{}` | {what} | {} |",
                    mark(finding.breaking),
                    cell(&place),
                    finding.why
                );
            }
        }
        if !self.rust.is_empty() {
            text.push_str("\n### For Rust callers\n\n| | item | what |\n|---|---|---|\n");
            for finding in &self.rust {
                let _ = writeln!(
                    text,
                    "| {} | `{}` | {} |",
                    mark(finding.breaking),
                    cell(&finding.item),
                    cell(&finding.what)
                );
            }
        }
        text
    }

    /// Formats the changes as JSON.
    pub fn json(&self) -> Value {
        let wire = self.wire.iter().map(|finding| {
            json!({
                "place": finding.place.to_string(),
                "breaking": finding.breaking,
                "what": finding.what,
                "why": finding.why,
            })
        });
        let rust = self.rust.iter().map(|finding| {
            json!({"item": finding.item, "breaking": finding.breaking, "what": finding.what})
        });
        json!({
            "old": self.names.0,
            "new": self.names.1,
            "breaking": self.is_breaking(),
            "bump": self.bump.name(),
            "version": self.version.as_deref().and_then(|version| self.bump.after(version)),
            "wire": wire.collect::<Vec<_>>(),
            "rust": rust.collect::<Vec<_>>(),
        })
    }
}

fn mark(breaking: bool) -> &'static str {
    if breaking {
        "**breaking**"
    } else {
        "compatible"
    }
}

/// Escapes text for a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
