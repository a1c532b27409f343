//! Kinds of documents that are easily lowered to a wrong type, or lose something without a note.
//!
//! | module | subject |
//! |---|---|
//! | `references` | references, and what they lead to |
//! | `alternatives` | alternatives, discriminators and base schemas |
//! | `schemas` | types and constraints of schemas |
//! | `operations` | operations: methods, servers and bodies |
//! | `parameters` | parameters of operations |
//! | `documentation` | what the documentation of generated code says |
//! | `notes` | notes about what is lost, and their locations |

#![allow(clippy::unwrap_used, missing_docs)]

mod alternatives;
mod documentation;
mod notes;
mod operations;
mod parameters;
mod references;
mod schemas;

use openapi_codegen::lower::{Lowered, METHOD, NoteKind, Options, lower, lower_with};
use openapi_codegen::{document, render, wire};
use serde_json::{Value, json};

/// Returns a document with the given version and members.
fn document(version: &str, members: &str) -> Value {
    let text = format!("openapi: {version}\ninfo: {{title: T, version: '1'}}\n{members}");
    document::parse("kinds.yml", &text).unwrap()
}

/// Returns a document with the given schemas. One operation sends and returns the schema `Thing`.
fn with_schemas(schemas: &str) -> Value {
    let indented: String = schemas
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    document(
        "3.1.0",
        &format!(
            "paths:
  /things:
    post:
      operationId: make
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}
      responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Thing'}}}}}}}}}}
components:
  schemas:
{indented}"
        ),
    )
}

/// Lowers a document twice and checks that the second time changes nothing.
fn lowered(document: &Value) -> Lowered {
    let lowered = lower(document).unwrap();
    assert_eq!(lower(&lowered.document).unwrap().document, lowered.document);
    lowered
}

fn schemas(document: &Value) -> Value {
    lowered(document).document["components"]["schemas"].clone()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Returns the notes of a kind as text, without the kind.
fn notes(lowered: &Lowered, kind: NoteKind) -> Vec<String> {
    let notes = lowered.notes.iter().filter(|note| note.kind == kind);
    notes
        .map(|note| format!("{}: {}", note.place, note.what))
        .collect()
}

/// Returns the generated module `types`, without line breaks.
fn types(document: &Value) -> String {
    file(document, "types.rs")
}

/// Returns a generated file, without line breaks.
fn file(document: &Value, path: &str) -> String {
    let files = render::render("kinds.yml", &lowered(document)).unwrap();
    let mut files = files.into_iter();
    let (_, text) = files.find(|(other, _)| other == path).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
