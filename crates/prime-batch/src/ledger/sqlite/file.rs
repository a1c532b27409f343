//! Opens and creates ledger files.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::Job;
use super::books::{Fault, now};
use crate::ledger::{LedgerError, Limits};

/// The version of the schema: `PRAGMA user_version`.
const VERSION: i64 = 1;

/// Marks a file as a ledger: `PRAGMA application_id`. The bytes of `PrBa`.
const APPLICATION_ID: i64 = 0x5072_4261;

const SCHEMA: &str = include_str!("schema.sql");

/// The statements that upgrade a ledger from each version to the next, beginning with version 1.
const UPGRADES: [&str; VERSION as usize - 1] = [];

/// How long a statement waits for another process, such as one that changes the limits.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens or creates a ledger for the process that runs the job, and takes the lease. Returns the fencing token.
pub(super) fn open(path: &Path, job: &Job) -> Result<(Connection, i64), LedgerError> {
    create(path).map_err(|error| LedgerError::Failed {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let token = prepare(&mut connection, path, job)?;
    Ok((connection, token))
}

/// Connects to an existing ledger, and checks that it is one.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, LedgerError> {
    let failed = |error: rusqlite::Error| Fault::from(error).into_error(path);
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let id = pragma("application_id").map_err(failed)?;
    let version = pragma("user_version").map_err(failed)?;
    if version > VERSION {
        return Err(LedgerError::Newer {
            path: path.display().to_string(),
            version,
            known: VERSION,
        });
    }
    let is_new = version == 0 && id == 0 && is_empty(&connection).map_err(failed)?;
    if id != APPLICATION_ID && !is_new {
        return Err(LedgerError::NotALedger(path.display().to_string()));
    }
    Ok(connection)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) = 0 FROM sqlite_schema";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Creates the file, which only its owner can read: it has prompts and answers. SQLite gives its other files the same
/// mode.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn prepare(connection: &mut Connection, path: &Path, job: &Job) -> Result<i64, LedgerError> {
    let failed = |error: rusqlite::Error| Fault::from(error).into_error(path);
    // A commit is on disk when it returns. Readers are not blocked.
    let pragmas =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;";
    connection.execute_batch(pragmas).map_err(failed)?;
    let behavior = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior);
    let transaction = transaction.map_err(failed)?;
    upgrade(&transaction, job).map_err(failed)?;
    check_job(&transaction, path, job)?;
    let owner = format!(
        "process {} on {}",
        std::process::id(),
        gethostname::gethostname().to_string_lossy()
    );
    let sql = "UPDATE job SET token = token + 1, owner = ?1, owner_since = ?2 RETURNING token";
    let token = transaction.query_row(sql, params![owner, now()], |row| row.get(0));
    let token = token.map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(token)
}

/// Creates the tables, or upgrades them to the current version.
fn upgrade(connection: &Connection, job: &Job) -> rusqlite::Result<()> {
    if is_empty(connection)? {
        connection.execute_batch(SCHEMA)?;
        let limits = Limits::default();
        connection.execute(
            "INSERT INTO job (one, created_at, endpoint, team, shard, input, discards_content, min_concurrency,
                max_concurrency, token, output_position, output_bytes)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0)",
            params![
                now(),
                job.endpoint,
                job.team,
                job.shard,
                job.input,
                job.discards_content,
                limits.min_concurrency,
                limits.max_concurrency
            ],
        )?;
    } else {
        let pragma = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let version = connection.pragma_query_value(None, "user_version", pragma)?;
        let done = usize::try_from(version - 1).unwrap_or_default();
        for statements in UPGRADES.iter().skip(done) {
            connection.execute_batch(statements)?;
        }
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// Refuses a ledger of another endpoint, account or shard.
fn check_job(connection: &Connection, path: &Path, job: &Job) -> Result<(), LedgerError> {
    let sql = "SELECT endpoint, team, shard FROM job";
    let read = connection.query_row(sql, [], |row| {
        Ok(Job {
            endpoint: row.get(0)?,
            team: row.get(1)?,
            shard: row.get(2)?,
            ..job.clone()
        })
    });
    let recorded = read.map_err(|error| Fault::from(error).into_error(path))?;
    recorded.check_same(&path.display().to_string(), job)
}
