//! What every request can reach.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pinference_api::types::Model;
use prime_training_api::types::DeleteRunResponse;
use serde::Deserialize;

use crate::builder::Builder;
use crate::connection::Gate;
use crate::faults::{Fault, Faults, Kind};
use crate::ids::Ids;
use crate::price::usd;
use crate::record::{OnAnswer, Recorder};
use crate::routes::Operations;
use crate::state::account::{Account, AccountId};
use crate::state::clock::Clock;
use crate::state::models;
use crate::state::runs::{Run, RunSnapshot};

/// The simulator behind its routes.
pub(crate) struct Shared {
    pub(crate) key: String,
    pub(crate) team: String,
    pub(crate) seed: u64,
    pub(crate) token_delay: Duration,
    pub(crate) models: Vec<Model>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) recorder: Recorder,
    pub(crate) operations: Operations,
    pub(crate) faults: Faults,
    pub(crate) gate: Arc<Gate>,
    pub(crate) on_answer: Option<OnAnswer>,
    state: Mutex<State>,
}

/// The part that changes.
pub(crate) struct State {
    pub(crate) clock: Clock,
    /// Those that the key may act for; the personal one first.
    pub(crate) accounts: Vec<Account>,
    pub(crate) runs: Vec<Run>,
    pub(crate) ids: Arc<Ids>,
}

impl Shared {
    pub(crate) fn new(settings: Builder) -> Self {
        let ids = Arc::new(Ids::new(settings.seed));
        let team = ids.id("team_");
        let (rows, balance) = (settings.billing_rows, settings.balance);
        let faults = Faults::new(settings.seed);
        for fault in settings.faults {
            faults.add(fault);
        }
        Self {
            key: ids.secret("pit_"),
            seed: settings.seed,
            token_delay: settings.token_delay,
            models: models::catalogue(),
            recorder: Recorder::new(settings.record),
            operations: Operations::new(),
            faults,
            gate: Arc::new(Gate::new()),
            on_answer: settings.on_answer,
            state: Mutex::new(State {
                clock: Clock::new(settings.time_scale),
                accounts: vec![
                    Account::new(&ids, None, balance, rows.min(5)),
                    Account::new(&ids, Some(team.clone()), balance, rows),
                ],
                runs: Vec::new(),
                ids: Arc::clone(&ids),
            }),
            team,
            ids,
        }
    }

    /// The state, with all that has come due until now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }
}

/// What a request of a wallet says.
#[derive(Default, Deserialize)]
struct OfTeam {
    #[serde(rename = "teamId")]
    team: Option<String>,
}

impl Shared {
    /// Changes what a request of a wallet asks about, ahead of its answer.
    pub(crate) fn change(&self, fault: &Fault, query: Option<&str>) {
        let asked: OfTeam = serde_urlencoded::from_str(query.unwrap_or("")).unwrap_or_default();
        let mut state = self.state();
        if let Some(account) = state.account_of(asked.team.as_deref()) {
            match fault.kind {
                Kind::RowsArrive(rows) => state.rows_arrive(account, rows),
                Kind::RowsMove(rows) => state.rows_move(account, rows),
                _ => {}
            }
        }
    }
}

impl State {
    /// The account that a request names: a team of the caller's, or without one their own.
    pub(crate) fn account_of(&self, team: Option<&str>) -> Option<AccountId> {
        self.accounts
            .iter()
            .position(|account| account.team.as_deref() == team)
    }

    /// New rows in a wallet, as if something had been paid for.
    pub(crate) fn rows_arrive(&mut self, account: AccountId, rows: usize) {
        let now = self.clock.now();
        if let Some(account) = self.accounts.get_mut(account) {
            for _ in 0..rows {
                let resource = self.ids.id("res_");
                account.bill(&self.ids, now, ("compute", &resource), usd(25, 2));
            }
        }
    }

    /// The last rows of a wallet are billed once more, the very last one first.
    pub(crate) fn rows_move(&mut self, account: AccountId, rows: usize) {
        let now = self.clock.now();
        if let Some(account) = self.accounts.get_mut(account) {
            for id in account.last_rows(rows) {
                account.bill_more(&id, now, usd(25, 2));
            }
        }
    }

    /// The run of an id, if the caller may see it. Every account here is the caller's.
    pub(crate) fn run(&self, id: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// Deletes a run. The second time, and for a run that never was, nothing is deleted.
    pub(crate) fn delete_run(&mut self, id: &str) -> DeleteRunResponse {
        let now = self.clock.now();
        let run = self.runs.iter_mut().find(|run| run.id == id);
        DeleteRunResponse::new(run.is_some_and(|run| run.delete(now)), id)
    }

    pub(crate) fn run_snapshots(&self) -> Vec<RunSnapshot> {
        let now = self.clock.now();
        let team = |id: AccountId| self.accounts.get(id).and_then(|owner| owner.team.clone());
        // Every snapshot can be had: its usage lacks no field, and a test says so.
        self.runs
            .iter()
            .filter_map(|run| run.snapshot(now, team(run.account)).ok())
            .collect()
    }

    /// Bills what runs have used since they were billed last. Done before anybody looks, so that it
    /// does not matter who looks when.
    fn settle(&mut self) {
        let now = self.clock.now();
        let mut due: Vec<_> = (0..self.runs.len())
            .filter_map(|run| Some((self.runs[run].due(now)?, run)))
            .collect();
        // Rows stand in the order of billing, and a run that ended long ago was billed then.
        due.sort_by_key(|(due, _)| due.at);
        for (due, run) in due {
            let run = &mut self.runs[run];
            let Some(account) = self.accounts.get_mut(run.account) else {
                continue;
            };
            match &run.row {
                Some(row) => {
                    account.bill_more(row, due.at, due.amount);
                }
                None => {
                    let resource = ("training", run.id.as_str());
                    run.row = Some(account.bill(&self.ids, due.at, resource, due.amount));
                }
            }
            run.billed += due.amount;
        }
    }
}
