//! The documents that clients can read.

use rmcp::model::{Resource, ResourceContents};

use crate::session::Session;

/// A document: its URI, its name, what it is about, and its text.
struct Document {
    uri: &'static str,
    name: &'static str,
    description: &'static str,
    text: &'static str,
}

const DOCUMENTS: [Document; 3] = [
    Document {
        uri: "prime://docs/spending",
        name: "Spending",
        description: "What costs money, how the limit works, and what an unknown outcome is",
        text: include_str!("../docs/spending.md"),
    },
    Document {
        uri: "prime://docs/batches",
        name: "Batches",
        description: "How to ask the questions of a file, and what is in the output",
        text: include_str!("../docs/batches.md"),
    },
    Document {
        uri: "prime://docs/runs",
        name: "Training runs",
        description: "How to start, watch and delete a training run, and what it costs",
        text: include_str!("../docs/runs.md"),
    },
];

pub(crate) fn resources() -> Vec<Resource> {
    let resource = |document: &Document| {
        Resource::new(document.uri, document.name)
            .with_description(document.description)
            .with_mime_type("text/markdown")
    };
    DOCUMENTS.iter().map(resource).collect()
}

pub(crate) fn read(uri: &str) -> Option<ResourceContents> {
    let document = DOCUMENTS.iter().find(|document| document.uri == uri)?;
    let contents = ResourceContents::text(document.text, document.uri);
    Some(contents.with_mime_type("text/markdown"))
}

/// Returns what a model should know before it calls a tool.
pub(crate) fn instructions(session: &Session) -> String {
    let mut text = "Tools for Prime Intellect: models and prices, the wallet, training runs and batches of questions. \
        Amounts are US dollars: decimal numbers, and strings for sums. An unknown cost is null, and not zero. "
        .to_owned();
    match session.limit() {
        Some(limit) => text.push_str(&format!(
            "chat and batch_start cost money, up to ${limit} for this server. "
        )),
        None => text.push_str("Nothing here costs money. "),
    }
    text.push_str("The resources prime://docs/… explain costs, batches and runs.");
    text
}
