//! Generates the documents in `tests/documents`, which were chosen for their variety. The snapshots contain the report
//! and the generated public items.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use openapi_codegen::{Generator, render, report, surface};

fn documents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents");
    let entries = fs::read_dir(folder).unwrap();
    let mut documents: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    documents.sort();
    documents
}

#[test]
fn reports_and_public_surfaces() {
    for document in documents() {
        let name = document.file_stem().unwrap().to_str().unwrap();
        let lowered = Generator::new(&document).lower().unwrap();
        let files = render::render(name, &lowered).unwrap();
        let (report, surface) = (
            report::text(&lowered.notes),
            surface::surface(&files).unwrap(),
        );
        insta::assert_snapshot!(name, format!("{report}{surface}"));
    }
}

#[test]
fn every_snapshot_has_a_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let names = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_prefix("surfaces__")?.strip_suffix(".snap")?;
        Some(name.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    let documents = documents();
    let documents: Vec<&str> = documents
        .iter()
        .map(|document| document.file_stem().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, documents);
}
