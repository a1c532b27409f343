//! The provider's own example configurations, as they arrive.

use std::path::PathBuf;

use prime_ext::RunConfig;
use prime_sim::Simulator;
use serde_json::Value;

use crate::support::client;

#[tokio::test]
async fn the_providers_examples_arrive_as_the_official_client_sends_them() {
    let folder = prime_tests::folder().join("tests/journeys/rl-toml");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 17);
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    for file in files {
        let config = RunConfig::from_toml_file(&file).unwrap();
        prime.runs().create(config).await.unwrap();
        let sent = sim.requests().pop().unwrap().body;
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        let official = std::fs::read(file.with_extension("json")).unwrap();
        let official: Value = serde_json::from_slice(&official).unwrap();
        assert_eq!(sent, official, "{}", file.display());
        // `-0.0` and `0.0` are the same number, and not the same text.
        assert_eq!(in_order(&sent), in_order(&official));
    }
}

/// As text, with fields in the order of their names.
fn in_order(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name:?}:{}", in_order(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(in_order).collect();
            format!("[{}]", items.join(","))
        }
        plain => plain.to_string(),
    }
}
