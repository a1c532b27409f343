//! The example configurations of the provider.

use std::path::PathBuf;

use prime_ext::RunConfig;
use prime_sim::Simulator;
use serde_json::Value;

use crate::support::client;

#[tokio::test]
async fn example_configurations_are_sent_like_the_official_client() {
    let folder = prime_tests::folder().join("tests/journeys/rl-toml");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "toml")
        })
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
        // `-0.0` and `0.0` are equal numbers but different texts.
        assert_eq!(sorted_text(&sent), sorted_text(&official));
    }
}

/// Formats a value with sorted fields.
fn sorted_text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name:?}:{}", sorted_text(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(sorted_text).collect();
            format!("[{}]", items.join(","))
        }
        plain => plain.to_string(),
    }
}
