//! What a ledger belongs to, and what it records about its job.

use prime_ext::{Account, Client};

use super::{LedgerError, Limits};

/// What a ledger belongs to. Another job cannot use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The base URL of the service.
    pub endpoint: String,
    /// The team that is billed. `None` for the personal account.
    pub team: Option<String>,
    /// The part of the input, such as `3/16`. `None` for the whole input.
    pub shard: Option<String>,
    /// The file with the requests.
    pub input: String,
    /// Whether the ledger does not keep prompts and answers.
    pub discards_content: bool,
}

impl Job {
    /// Creates the job of a client, with the whole input.
    pub fn of(client: &Client, input: impl Into<String>) -> Self {
        Self {
            endpoint: client.inference_url().to_string(),
            team: match client.account() {
                Account::Team(id) => Some(id.clone()),
                _ => None,
            },
            shard: None,
            input: input.into(),
            discards_content: false,
        }
    }

    /// Checks that a ledger, whose job this is, belongs to another job: to its endpoint, account and shard.
    pub(crate) fn check_same(&self, path: &str, given: &Self) -> Result<(), LedgerError> {
        let account = |job: &Job| match &job.team {
            Some(team) => format!("team {team}"),
            None => "personal".to_owned(),
        };
        let shard = |job: &Job| job.shard.clone().unwrap_or_else(|| "none".to_owned());
        let endpoint = |job: &Job| job.endpoint.clone();
        for (field, recorded, given) in [
            ("endpoint", endpoint(self), endpoint(given)),
            ("account", account(self), account(given)),
            ("shard", shard(self), shard(given)),
        ] {
            if recorded != given {
                return Err(LedgerError::OtherJob {
                    path: path.to_owned(),
                    field,
                    recorded,
                    given,
                });
            }
        }
        Ok(())
    }
}

/// What a ledger records about its job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobRecord {
    /// What the ledger belongs to.
    pub job: Job,
    /// The number of requests in the input. `None` if the input was not read to its end.
    pub requests: Option<u64>,
    /// The limits.
    pub limits: Limits,
    /// The number of requests in flight that the service accepted.
    pub level: Option<u32>,
    /// The process that runs the job, or ran it last.
    pub owner: Option<String>,
    /// Whether a process runs the job now.
    pub is_running: bool,
    /// The time at which the job was created, in milliseconds since 1970.
    pub created_at: i64,
    /// The requests up to this position are in the output file.
    pub(crate) output_position: i64,
    /// The size of the output file with these requests.
    pub(crate) output_bytes: u64,
}
