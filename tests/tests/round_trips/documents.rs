//! The API documents.

use openapi_codegen::{document, lower, overlay};
use serde_json::Value;

use super::json::Json;
use super::shape::{Shape, shape};

/// The document of an API in one of its forms.
pub(crate) struct Document {
    /// The name for messages.
    pub(crate) name: String,
    /// The name of the API.
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

/// The APIs: the name, the specification and the overlays.
const APIS: [(&str, &str, &[&str]); 3] = [
    (
        "inference",
        "inference.yml",
        &[
            "overlays/inference-documented.yml",
            "overlays/inference-openai.yml",
            "overlays/inference-observed.yml",
        ],
    ),
    (
        "training",
        "training.yml",
        &[
            "overlays/training-documented.yml",
            "overlays/training-observed.yml",
        ],
    ),
    ("platform", "platform-unofficial.yml", &[]),
];

/// Returns the documents of the APIs, as published with overlays and as lowered for progenitor.
pub(crate) fn documents() -> Vec<Document> {
    let mut documents = Vec::new();
    for (api, specification, overlays) in APIS {
        let mut root = document::parse(api, &read(specification)).unwrap();
        for name in overlays {
            overlay::apply(&mut root, name, &read(name)).unwrap();
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
