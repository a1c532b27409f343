//! The API documents.

use openapi_pipeline::{document, lower, overlay};
use serde_json::Value;

use crate::json::Json;
use crate::shape::{Shape, shape};

/// The document of an API in one of its forms.
pub(crate) struct Document {
    /// The name for messages.
    pub(crate) name: String,
    /// `inference` or `training`.
    pub(crate) api: &'static str,
    pub(crate) root: Value,
}

impl Document {
    /// Returns the names of the schemas.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &str> {
        let schemas = self.root["components"]["schemas"].as_object().unwrap();
        schemas.keys().map(String::as_str)
    }

    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.root["components"]["schemas"][name]
    }

    /// Returns the default of a schema.
    pub(crate) fn default_of(&self, schema: &Value) -> Option<Json> {
        Some(Json::read(&schema.get("default")?.to_string()))
    }

    pub(crate) fn shape(&self, schema: &Value) -> Shape {
        shape(&self.root, schema)
    }
}

/// Returns the documents of both APIs, as published with overlays and as lowered for progenitor.
pub(crate) fn documents() -> Vec<Document> {
    let mut documents = Vec::new();
    for api in ["inference", "training"] {
        let mut root = document::parse(api, &read(&format!("{api}.yml"))).unwrap();
        let overlays: &[&str] = match api {
            "inference" => &["documented", "openai", "observed"],
            _ => &["documented", "observed"],
        };
        for kind in overlays {
            let name = format!("overlays/{api}-{kind}.yml");
            overlay::apply(&mut root, &name, &read(&name)).unwrap();
        }
        let lowered = lower::lower(&root).unwrap().document;
        for (form, root) in [("published", root), ("lowered", lowered)] {
            let name = format!("{api}, {form}");
            documents.push(Document { name, api, root });
        }
    }
    documents
}

fn read(name: &str) -> String {
    let specs = prime_tests::folder().join("../specs");
    std::fs::read_to_string(specs.join(name)).unwrap()
}
