//! A simulator, a client, and a folder for the files of a batch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prime_batch::Batch;
use prime_ext::Client;
use prime_sim::{Builder, Operation, Simulator};
use serde_json::{Value, json};

pub(crate) const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

pub(crate) struct Lab {
    pub(crate) sim: Simulator,
    pub(crate) client: Client,
    folder: PathBuf,
}

impl Lab {
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, Simulator::builder()).await
    }

    pub(crate) async fn with(name: &str, builder: Builder) -> Self {
        let sim = builder.record(100_000).start().await.unwrap();
        let client = client(&sim);
        let folder =
            std::env::temp_dir().join(format!("prime-batch-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            sim,
            client,
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes an input with this many requests.
    pub(crate) fn input(&self, requests: usize) -> PathBuf {
        let lines: String = (0..requests)
            .map(|n| line(&format!("q{n}"), &format!("Question {n}?")))
            .collect();
        self.write("questions.jsonl", lines)
    }

    pub(crate) fn batch(&self) -> Batch {
        Batch::open(self.path("questions.jsonl"), self.path("answers.jsonl"))
    }

    /// Returns the lines of the output, by id. Each id occurs once.
    pub(crate) fn answers(&self) -> BTreeMap<String, Value> {
        lines(&self.path("answers.jsonl"))
    }

    /// Returns the lines of the errors, by id.
    pub(crate) fn errors(&self) -> BTreeMap<String, Value> {
        lines(&self.path("answers.errors.jsonl"))
    }

    /// Returns how often the service carried out each question.
    pub(crate) fn carried_out(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.sim.requests() {
            let is_lost = request.fault == Some("lost-response");
            let is_answered = request.status.is_some_and(|status| status.is_success());
            if request.operation == Some(Operation::CreateChatCompletion)
                && (is_answered || is_lost)
            {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let question = body["messages"][0]["content"].as_str().unwrap();
                *counts.entry(question.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn client(sim: &Simulator) -> Client {
    Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .build()
        .unwrap()
}

/// Returns a line of an input.
pub(crate) fn line(id: &str, question: &str) -> String {
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": question}], "max_tokens": 20});
    let line =
        json!({"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": body});
    format!("{line}\n")
}

fn lines(path: &Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "{}",
        path.display()
    );
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let id = line["custom_id"].as_str().unwrap().to_owned();
        assert!(lines.insert(id, line).is_none(), "an id occurs twice");
    }
    lines
}
