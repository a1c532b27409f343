//! Creates jobs.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::SinkExt as _;
use prime_ext::Client;
use tokio_postgres::CopyInSink;

use super::connection::{Fault, Session, transaction};
use super::job::{limit, millis, set_limits};
use super::{JobId, PostgresLedger, Submission, Submitted};
use crate::batch::blocking;
use crate::error::Error;
use crate::input::{Checked, Chunk, Chunks, check_each};
use crate::key::BodyHash;
use crate::ledger::{Job, LedgerError};
use crate::price::Models;
use crate::request::Request;
use crate::runner::is_part;
use crate::store::{Store, is_url};

const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema.
pub(super) const VERSION: i64 = 1;

/// The longest id in bytes: the ids are in an index, whose rows are limited.
const MAX_ID: usize = 1_024;

/// The number of chunks that are sent to the database at once.
const COPY: usize = 4_096;

impl PostgresLedger {
    /// Checks an input, and creates its job in the ledger of an output. If the job exists, its limits and options are
    /// changed, and the requests that may be asked again are.
    ///
    /// # Errors
    /// Returns an error if the input has errors, or if the output belongs to another endpoint or account.
    pub async fn submit(
        &self,
        client: &Client,
        mut submission: Submission,
    ) -> Result<Submitted, Error> {
        submission.limits.check()?;
        if submission.input.get_shard().is_some() {
            let reason = "a job that many machines share has no shards";
            return Err(Error::Option(reason.to_owned()));
        }
        submission.input.make_absolute()?;
        submission.output = absolute(&submission.output)?;
        // Before the input is read, which may take long.
        let given = Job::of(client, submission.input.path().display().to_string());
        if !self.prepare(&submission.output, &given).await? {
            check_output(&submission.output, self.name()).await?;
        }
        let models = Models::of(client).await?;
        let (checked, chunks) = split(&submission, models).await?;
        let (submission, chunks) = (Arc::new(submission), Arc::new(chunks));
        let digest = checked.digest;
        let created = transaction!(self.control(), |session| {
            let ledger = ledger(session, self.name(), &submission, &given).await?;
            set_limits(session, ledger, &submission.limits).await?;
            let existing = existing(session, ledger, digest, &submission).await?;
            match existing {
                Some(job) => Ok((job, false)),
                None => Ok((
                    create(session, ledger, digest, &submission, &chunks).await?,
                    true,
                )),
            }
        });
        let (job, is_new) = created?;
        Ok(Submitted {
            job: self.job(job).await?,
            is_new,
            checked,
        })
    }

    /// Creates the tables if there are none, and checks that an output does not belong to another endpoint or account.
    /// Returns whether the output has a ledger.
    async fn prepare(&self, output: &str, given: &Job) -> Result<bool, LedgerError> {
        transaction!(self.control(), |session| {
            // One process at a time creates the tables.
            session
                .execute("SELECT pg_advisory_xact_lock(5793367158281847393)", &[])
                .await?;
            let sql = "SELECT current_setting('server_encoding') AS encoding";
            let row = session.query_one(sql, &[]).await?;
            let encoding: &str = row.try_get("encoding")?;
            if encoding != "UTF8" {
                return Err(Fault::Ledger(LedgerError::Failed {
                    path: self.name().to_owned(),
                    reason: format!("the database has the encoding {encoding}, but needs UTF8"),
                }));
            }
            if !has_tables(session).await? {
                session.client().batch_execute(SCHEMA).await?;
            }
            let ledger = check_owner(session, self.name(), output, given).await?;
            Ok(ledger.is_some())
        })
    }
}

pub(super) async fn has_tables(session: &Session) -> Result<bool, Fault> {
    let sql = "SELECT to_regclass('prime_batch.version') IS NOT NULL AS exists";
    Ok(session.query_one(sql, &[]).await?.try_get("exists")?)
}

/// Refuses tables that a newer version of this crate created.
pub(super) async fn check_version(session: &Session, name: &str) -> Result<(), Fault> {
    if !has_tables(session).await? {
        return Ok(());
    }
    let sql = "SELECT version FROM prime_batch.version";
    let version: i32 = session.query_one(sql, &[]).await?.try_get("version")?;
    if i64::from(version) > VERSION {
        return Err(Fault::Ledger(LedgerError::Newer {
            path: name.to_owned(),
            version: version.into(),
            known: VERSION,
        }));
    }
    Ok(())
}

/// Returns the ledger of an output, if there is one. Refuses that of another endpoint or account.
async fn check_owner(
    session: &Session,
    name: &str,
    output: &str,
    given: &Job,
) -> Result<Option<i64>, Fault> {
    let sql = "SELECT ledger, endpoint, team FROM prime_batch.ledger WHERE output = $1";
    let Some(row) = session.query_opt(sql, &[&output]).await? else {
        return Ok(None);
    };
    let recorded = Job {
        endpoint: row.try_get("endpoint")?,
        team: row.try_get("team")?,
        ..given.clone()
    };
    recorded.check_same(&format!("of {output} in {name}"), given)?;
    Ok(Some(row.try_get("ledger")?))
}

/// Reads and checks the input, and splits it into chunks.
async fn split(submission: &Submission, models: Models) -> Result<(Checked, Vec<Chunk>), Error> {
    let (input, size) = (submission.input.clone(), submission.chunk_size);
    blocking(move || {
        let mut chunks = Chunks::new(size);
        let checked = check_each(&input, &models, |request, place| {
            check_id(request)?;
            chunks.add(request, place);
            Ok(())
        })?;
        Ok((checked, chunks.finish()))
    })
    .await
}

/// Refuses ids that PostgreSQL cannot store.
fn check_id(request: &Request) -> Result<(), String> {
    let id = &request.key().id;
    if id.len() > MAX_ID {
        return Err(format!("the custom_id has more than {MAX_ID} bytes"));
    }
    match id.contains('\0') {
        true => Err("the custom_id contains the character U+0000".to_owned()),
        false => Ok(()),
    }
}

/// Refuses an output that has parts although its ledger is not in this database: all requests would be asked again.
async fn check_output(output: &str, name: &str) -> Result<(), Error> {
    let in_output = |error| Error::file(Path::new(output), error);
    let store = Store::open(output).map_err(in_output)?;
    match store.has(is_part).await.map_err(in_output)? {
        false => Ok(()),
        true => Err(Error::Output {
            path: output.into(),
            reason: format!(
                "there are parts of an output, but their ledger is not in {name}: use the database that has it, or another \
                 output"
            ),
        }),
    }
}

/// Returns the absolute path of a file, or a URL. It is the same however the path is written.
pub(super) fn absolute(output: &str) -> Result<String, Error> {
    if is_url(Path::new(output)) {
        return Ok(output.trim_end_matches('/').to_owned());
    }
    let path = std::path::absolute(output).map_err(|e| Error::file(Path::new(output), e))?;
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            component => clean.push(component),
        }
    }
    clean
        .into_os_string()
        .into_string()
        .map_err(|_| Error::Option("the path of the output is not valid UTF-8".to_owned()))
}

/// Finds or creates the ledger of an output.
async fn ledger(
    session: &Session,
    name: &str,
    submission: &Submission,
    given: &Job,
) -> Result<i64, Fault> {
    let uid = format!("{:016x}", fastrand::u64(..));
    let limits = &submission.limits;
    let sql = "INSERT INTO prime_batch.ledger (uid, output, endpoint, team, min_concurrency, max_concurrency)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (output) DO NOTHING";
    session
        .execute(
            sql,
            &[
                &uid,
                &submission.output,
                &given.endpoint,
                &given.team,
                &limit(limits.min_concurrency),
                &limit(limits.max_concurrency),
            ],
        )
        .await?;
    let ledger = check_owner(session, name, &submission.output, given).await?;
    let ledger = ledger.ok_or_else(|| super::connection::unreadable("output"))?;
    // One process at a time changes the jobs of a ledger.
    let sql = "SELECT ledger FROM prime_batch.ledger WHERE ledger = $1 FOR NO KEY UPDATE";
    session.execute(sql, &[&ledger]).await?;
    Ok(ledger)
}

/// Finds the job of an input, and applies the options of this submission.
async fn existing(
    session: &Session,
    ledger: i64,
    digest: BodyHash,
    submission: &Submission,
) -> Result<Option<JobId>, Fault> {
    let sql = "SELECT job FROM prime_batch.job WHERE ledger = $1 AND digest = $2";
    let Some(row) = session.query_opt(sql, &[&ledger, &&digest.0[..]]).await? else {
        return Ok(None);
    };
    let job: i64 = row.try_get("job")?;
    let options = &submission.options;
    let sql = "UPDATE prime_batch.job SET submitted_at = now(), state = 'running', input = $2, format = $3,
            ask_failed = $4, ask_ambiguous = $5, allow_unpriced = $6, max_retries = $7, patience_ms = $8
         WHERE job = $1";
    session
        .execute(
            sql,
            &[
                &job,
                &submission.input.path().to_string_lossy(),
                &submission.input.format().to_string(),
                &options.again.failed,
                &options.again.ambiguous,
                &options.allow_unpriced,
                &limit(options.max_retries),
                &millis(options.patience),
            ],
        )
        .await?;
    let sql = "UPDATE prime_batch.chunk SET state = 'open'
         WHERE job = $1 AND state = 'ended'
           AND ($2 AND failed > 0 OR $3 AND ambiguous > 0 OR unpriced > 0)";
    session
        .execute(
            sql,
            &[&job, &options.again.failed, &options.again.ambiguous],
        )
        .await?;
    Ok(Some(JobId(job)))
}

async fn create(
    session: &Session,
    ledger: i64,
    digest: BodyHash,
    submission: &Submission,
    chunks: &[Chunk],
) -> Result<JobId, Fault> {
    let options = &submission.options;
    let requests: u64 = chunks.iter().map(|chunk| u64::from(chunk.requests)).sum();
    let sql = "INSERT INTO prime_batch.job (ledger, input, format, digest, requests, chunks, ask_failed, ask_ambiguous,
            allow_unpriced, max_retries, patience_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING job";
    let row = session
        .query_one(
            sql,
            &[
                &ledger,
                &submission.input.path().to_string_lossy(),
                &submission.input.format().to_string(),
                &&digest.0[..],
                &integer(requests),
                &integer(chunks.len() as u64),
                &options.again.failed,
                &options.again.ambiguous,
                &options.allow_unpriced,
                &limit(options.max_retries),
                &millis(options.patience),
            ],
        )
        .await?;
    let job: i64 = row.try_get("job")?;
    let sql = "COPY prime_batch.chunk (job, chunk, start_at, end_at, first_line, requests, digest) FROM STDIN";
    let sink: CopyInSink<Bytes> = session.client().copy_in(sql).await?;
    let mut sink = std::pin::pin!(sink);
    for (part, chunks) in chunks.chunks(COPY).enumerate() {
        let mut text = String::new();
        for (index, chunk) in chunks.iter().enumerate() {
            let number = part * COPY + index;
            let Chunk {
                place,
                first_line,
                requests,
                digest,
            } = chunk;
            let (start, end) = (place.start, place.end);
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "{job}\t{number}\t{start}\t{end}\t{first_line}\t{requests}\t\\\\x"
            );
            digest.iter().for_each(|byte| {
                let _ = write!(text, "{byte:02x}");
            });
            text.push('\n');
        }
        sink.send(text.into()).await?;
    }
    sink.as_mut().finish().await?;
    // Without statistics, the plans of statements would read all chunks of the job to find one.
    session
        .client()
        .batch_execute("ANALYZE prime_batch.chunk")
        .await?;
    Ok(JobId(job))
}

/// Converts a count. PostgreSQL has no unsigned numbers.
pub(super) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
