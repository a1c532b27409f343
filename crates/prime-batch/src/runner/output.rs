//! Writes the parts of the output, and their list.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::Shared;
use crate::batch::blocking;
use crate::error::Error;
use crate::key::Key;
use crate::ledger::State;
use crate::ledger::postgres::Tally;
use crate::output::line;

/// The number of parts that are written at once.
const WRITES: usize = 8;

/// Writes the part of a chunk, unless it has all results. It is written from the ledger, so that it has the same bytes if
/// it is written again. `keys` are those of the chunk; they are read from the input if they are not given.
pub(super) async fn write_part(
    shared: &Shared,
    chunk: i64,
    keys: Option<Vec<Key>>,
) -> Result<(), Error> {
    let mut keys = keys;
    loop {
        let record = shared.ledger.chunk(shared.job.id, chunk).await?;
        if record.written.unwrap_or(0) == record.changes {
            return Ok(());
        }
        let known = match keys.take() {
            Some(keys) => keys,
            None => {
                let input = shared.job.input.clone();
                let requests = blocking(move || input.read_chunk(&record.chunk)).await?;
                requests
                    .iter()
                    .map(|request| request.key().clone())
                    .collect()
            }
        };
        let rows = shared.ledger.answers(&shared.job, &known).await?;
        keys = Some(known);
        let (mut answers, mut errors) = (Vec::new(), Vec::new());
        for row in &rows {
            match row.state {
                State::Answered => answers.extend(line::answer(row)),
                State::Failed | State::Ambiguous => errors.extend(line::error(row)),
                State::Unsent | State::Sent => {}
            }
        }
        let in_output = |error| Error::file(shared.job.output.as_ref(), error);
        let (name, errors_name) = (part(shared, chunk, ""), part(shared, chunk, ".errors"));
        shared.store.put(&name, answers).await.map_err(in_output)?;
        if !errors.is_empty() {
            let put = shared.store.put(&errors_name, errors).await;
            put.map_err(in_output)?;
        } else if record.written.is_some() {
            let removed = shared.store.remove(&errors_name).await;
            removed.map_err(in_output)?;
        }
        // If there are new results, they may have been written before these.
        let written = shared
            .ledger
            .part_written(shared.job.id, chunk, record.changes);
        if written.await? {
            return Ok(());
        }
    }
}

/// Returns the name of a part.
fn part(shared: &Shared, chunk: i64, infix: &str) -> String {
    let mut digest = shared.job.digest.to_string();
    digest.truncate(8);
    format!("part-{digest}-{chunk:07}{infix}.jsonl")
}

/// The name of the list of the parts.
const MANIFEST: &str = "manifest.json";

/// Returns whether a file has this name because it is a part of an output, or their list.
pub(crate) fn is_part(name: &str) -> bool {
    name == MANIFEST || name.starts_with("part-") && name.ends_with(".jsonl")
}

/// The list of the parts of an output.
#[derive(Serialize)]
struct Manifest<'a> {
    job: &'a str,
    input: String,
    input_sha256: String,
    requests: u64,
    answered: u64,
    failed: u64,
    ambiguous: u64,
    unsent: u64,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    path: String,
    answers: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_path: Option<String>,
    errors: u64,
}

/// Writes the parts that are missing, and the list of all parts.
pub(super) async fn finish(shared: &Shared) -> Result<Tally, Error> {
    let (job, ledger) = (&shared.job, &shared.ledger);
    let mut first = 0;
    loop {
        let chunks = ledger.unwritten(job.id, first).await?;
        let Some(last) = chunks.last() else { break };
        first = last + 1;
        let writes = stream::iter(chunks).map(|chunk| write_part(shared, chunk, None));
        let writes = writes.buffer_unordered(WRITES);
        writes.try_collect::<()>().await?;
    }
    let mut parts = Vec::new();
    let mut first = 0;
    loop {
        let page = ledger.parts(job.id, first).await?;
        let Some(last) = page.last() else { break };
        first = last.chunk + 1;
        parts.extend(page.iter().map(|record| Part {
            path: part(shared, record.chunk, ""),
            answers: record.answers,
            errors_path: (record.errors > 0).then(|| part(shared, record.chunk, ".errors")),
            errors: record.errors,
        }));
    }
    let tally = ledger.open_chunks(job.id, 0..job.chunks).await?.tally;
    let manifest = Manifest {
        job: &job.name,
        input: job.input.path().display().to_string(),
        input_sha256: job.digest.to_string(),
        requests: job.requests,
        answered: tally.answered,
        failed: tally.failed,
        ambiguous: tally.ambiguous,
        unsent: tally.unsent,
        parts,
    };
    // Only texts and numbers: serialization does not fail.
    let json = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    let put = shared.store.put(MANIFEST, json).await;
    put.map_err(|error| Error::file(job.output.as_ref(), error))?;
    ledger.finish_job(job.id).await?;
    Ok(tally)
}
