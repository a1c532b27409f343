//! Combines the ledgers of several shards.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::books::Fault;
use super::lock::Lock;
use super::{Job, JobRecord, LedgerReader, SqliteLedger, file};
use crate::ledger::LedgerError;

/// The columns that are copied.
const COLUMNS: [&str; 24] = [
    "id",
    "hash",
    "line",
    "model",
    "body",
    "state",
    "is_current",
    "attempts",
    "unknown_attempts",
    "bound",
    "token",
    "sent_at",
    "done_at",
    "latency_ms",
    "status",
    "request_id",
    "answer",
    "error_code",
    "error",
    "known_cost",
    "estimated_cost",
    "held",
    "prompt_tokens",
    "completion_tokens",
];

/// Copies the requests of several ledgers into one, which is created if it does not exist. A request that is in several
/// ledgers is copied once, and an answer replaces another state. Returns the jobs of the ledgers.
pub(crate) fn merge(target: &Path, sources: &[PathBuf]) -> Result<Vec<JobRecord>, LedgerError> {
    let jobs = sources.iter().map(|path| settle(path));
    let jobs: Vec<JobRecord> = jobs.collect::<Result<_, _>>()?;
    let Some(first) = jobs.first() else {
        return Ok(jobs);
    };
    let without_shard = |job: &Job| Job {
        shard: None,
        ..job.clone()
    };
    let combined = without_shard(&first.job);
    for (path, job) in sources.iter().zip(&jobs) {
        without_shard(&job.job).check_same(&path.display().to_string(), &combined)?;
    }
    let _lock = Lock::acquire(target)?;
    let (mut connection, _) = file::open(target, &combined)?;
    let failed = |error: rusqlite::Error| Fault::from(error).into_error(target);
    for path in sources {
        copy(&mut connection, path).map_err(failed)?;
    }
    let requests: Option<u64> = jobs.iter().map(|job| job.requests).sum();
    let requests = requests.map(|requests| i64::try_from(requests).unwrap_or(i64::MAX));
    connection
        .execute("UPDATE job SET requests = ?1", [requests])
        .map_err(failed)?;
    Ok(jobs)
}

/// Makes requests ambiguous that a process left as sent, and returns the job. Fails if a process runs it.
fn settle(path: &Path) -> Result<JobRecord, LedgerError> {
    let job = LedgerReader::open(path)?.job()?;
    drop(SqliteLedger::open(path, job.job.clone())?);
    Ok(job)
}

fn copy(connection: &mut Connection, source: &Path) -> rusqlite::Result<()> {
    connection.execute("ATTACH DATABASE ?1 AS source", [source.to_string_lossy()])?;
    let copied = copy_attached(connection);
    connection.execute("DETACH DATABASE source", [])?;
    copied
}

fn copy_attached(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let columns = COLUMNS.join(", ");
    let updates = COLUMNS.map(|column| format!("{column} = excluded.{column}"));
    let updates = updates.join(", ");
    let sql = format!(
        "INSERT INTO request ({columns}) SELECT {columns} FROM source.request WHERE true ORDER BY position
         ON CONFLICT (id, hash) DO UPDATE SET {updates}, position = NULL
         WHERE excluded.state = 'answered' AND request.state <> 'answered'"
    );
    transaction.execute(&sql, [])?;
    let sql = "UPDATE request SET position = done.number + (SELECT coalesce(max(position), 0) FROM request)
         FROM (SELECT number AS request, row_number() OVER (ORDER BY done_at, number) AS number FROM request
               WHERE position IS NULL AND state IN ('answered', 'failed', 'ambiguous')) AS done
         WHERE done.request = request.number";
    transaction.execute(sql, [])?;
    let sql = "UPDATE job SET input = (SELECT input FROM source.job), input_digest = (SELECT input_digest FROM source.job)";
    transaction.execute(sql, params![])?;
    transaction.commit()
}
