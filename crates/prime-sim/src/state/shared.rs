//! The state that all handlers share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openapi_runtime::Usd;
use pinference_api::types::Model;
use prime_training_api::types::DeleteRunResponse;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::builder::Builder;
use crate::connection::Gate;
use crate::faults::{ActiveFaults, Fault, Kind};
use crate::ids::Ids;
use crate::price::usd;
use crate::record::{OnResponse, Recorder};
use crate::replies::Replies;
use crate::routes::Operations;
use crate::state::access::{Caller, Key, Keys, OWNER, Team};
use crate::state::account::{Account, AccountId};
use crate::state::clock::Clock;
use crate::state::models;
use crate::state::runs::{Run, RunSnapshot};

/// The state of a simulator.
pub(crate) struct Shared {
    pub(crate) key: String,
    pub(crate) team: String,
    pub(crate) seed: u64,
    pub(crate) token_delay: Duration,
    /// The places for chat requests, if their number is limited.
    pub(crate) chat_places: Option<Arc<Semaphore>>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) recorder: Recorder,
    pub(crate) operations: Operations,
    pub(crate) faults: ActiveFaults,
    pub(crate) replies: Replies,
    pub(crate) gate: Arc<Gate>,
    pub(crate) on_response: Option<OnResponse>,
    state: Mutex<State>,
}

/// The mutable part of the state.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    /// The accounts of people and teams.
    pub(crate) accounts: Vec<Account>,
    /// The catalog and the adapters.
    pub(crate) models: Vec<Model>,
    pub(crate) runs: Vec<Run>,
    pub(crate) ids: Arc<Ids>,
    /// The default balance of a new wallet.
    default_balance: Usd,
}

impl Shared {
    pub(crate) fn new(settings: Builder) -> Self {
        let ids = Arc::new(Ids::new(settings.seed));
        let team = ids.id("team_");
        let key = ids.secret("pit_");
        let (rows, balance) = (settings.billing_rows, settings.balance);
        let faults = ActiveFaults::new(settings.seed);
        for fault in settings.faults {
            faults.add(fault);
        }
        let replies = Replies::default();
        for rule in settings.replies {
            replies.add(rule);
        }
        let personal = Account::new(&ids, None, balance, rows.min(5));
        let shared = Account::new(&ids, Some(team.clone()), balance, rows);
        let mut state = State {
            clock: Clock::new(settings.time_scale),
            keys: Keys::default(),
            accounts: [personal, shared]
                .map(|account| account.with_members(vec![OWNER.to_owned()]))
                .into(),
            models: models::catalog(),
            runs: Vec::new(),
            ids: Arc::clone(&ids),
            default_balance: balance,
        };
        state.add_key(Key::new(key.clone()));
        for team in settings.teams {
            state.add_team(team);
        }
        for key in settings.keys {
            state.add_key(key);
        }
        for (base, adapter) in settings.adapters {
            state.add_adapter(&base, &adapter);
        }
        Self {
            key,
            seed: settings.seed,
            token_delay: settings.token_delay,
            chat_places: settings
                .chat_limit
                .map(|limit| Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)))),
            recorder: Recorder::new(settings.record),
            operations: Operations::new(),
            faults,
            replies,
            gate: Arc::new(Gate::new()),
            on_response: settings.on_response,
            state: Mutex::new(state),
            team,
            ids,
        }
    }

    /// Locks the state, and bills all usage up to now.
    pub(crate) fn billed_state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bill_runs();
        state
    }
}

/// The query parameters of a wallet request.
#[derive(Default, Deserialize)]
struct WalletQuery {
    #[serde(rename = "teamId")]
    team: Option<String>,
}

impl Shared {
    /// Changes the billing rows of the requested wallet as the fault says, before the request is
    /// handled.
    pub(crate) fn change_rows(&self, fault: &Fault, query: Option<&str>) {
        let query: WalletQuery =
            serde_urlencoded::from_str(query.unwrap_or("")).unwrap_or_default();
        let mut state = self.billed_state();
        if let Some(account) = state.account_by_team(query.team.as_deref()) {
            match fault.kind {
                Kind::RowsArrive(rows) => state.add_rows(account, rows),
                Kind::RowsMove(rows) => state.bill_last_rows_again(account, rows),
                _ => {}
            }
        }
    }
}

impl State {
    /// Returns the account of a team, or the personal account of the caller if `team` is `None`.
    /// Returns `None` if the caller may not use the account.
    pub(crate) fn account_for(&self, caller: &Caller, team: Option<&str>) -> Option<AccountId> {
        self.accounts
            .iter()
            .position(|account| account.team.as_deref() == team && account.allows(caller))
    }

    /// Returns the account of a team, or the personal account of [`OWNER`] if `team` is `None`.
    pub(crate) fn account_by_team(&self, team: Option<&str>) -> Option<AccountId> {
        self.accounts
            .iter()
            .position(|account| account.team.as_deref() == team)
    }

    /// Adds a key. A new owner gets a personal account.
    pub(crate) fn add_key(&mut self, key: Key) {
        let mut personal = self.accounts.iter().filter(|one| one.team.is_none());
        if !personal.any(|account| account.members.contains(&key.owner)) {
            let account = Account::new(&self.ids, None, self.default_balance, 0);
            let account = account.with_members(vec![key.owner.clone()]);
            self.accounts.push(account);
        }
        self.keys.add(key);
    }

    /// Adds a team. It replaces a team with the same ID.
    pub(crate) fn add_team(&mut self, team: Team) {
        let balance = team.balance.unwrap_or(self.default_balance);
        let account = Account::new(&self.ids, Some(team.id.clone()), balance, team.rows);
        let account = account.with_members(team.members);
        match self.account_by_team(Some(&team.id)) {
            Some(index) => self.accounts[index] = account,
            None => self.accounts.push(account),
        }
    }

    /// Adds an adapter. Returns the ID of its model, or `None` if the base does not exist.
    pub(crate) fn add_adapter(&mut self, base: &str, adapter: &str) -> Option<String> {
        let adapted = models::adapter(models::find(&self.models, base)?, adapter);
        let id = adapted.id.clone();
        if models::find(&self.models, &id).is_none() {
            self.models.push(adapted);
        }
        Some(id)
    }

    /// Adds new billing rows at the front of a wallet.
    pub(crate) fn add_rows(&mut self, account: AccountId, rows: usize) {
        let now = self.clock.now();
        if let Some(account) = self.accounts.get_mut(account) {
            for _ in 0..rows {
                let resource = self.ids.id("res_");
                account.bill(&self.ids, now, ("compute", &resource), usd(25, 2));
            }
        }
    }

    /// Bills the last rows of a wallet again, beginning with the last row. This moves the rows to
    /// the front.
    pub(crate) fn bill_last_rows_again(&mut self, account: AccountId, rows: usize) {
        let now = self.clock.now();
        if let Some(account) = self.accounts.get_mut(account) {
            for id in account.last_rows(rows) {
                account.bill_more(&id, now, usd(25, 2));
            }
        }
    }

    /// Returns the run with the ID, if it exists and the caller has access to it.
    pub(crate) fn run(&self, caller: &Caller, id: &str) -> Option<&Run> {
        let run = self.runs.iter().find(|run| run.id == id)?;
        self.accounts
            .get(run.account)?
            .allows(caller)
            .then_some(run)
    }

    /// Returns the run with the ID, if it exists, is not deleted and the caller has access to it.
    pub(crate) fn run_mut(&mut self, caller: &Caller, id: &str) -> Option<&mut Run> {
        let accounts = &self.accounts;
        self.runs.iter_mut().find(|run| {
            let account = accounts.get(run.account);
            run.id == id && !run.deleted && account.is_some_and(|account| account.allows(caller))
        })
    }

    /// Deletes a run. In the response, `deleted` is `false` if the run does not exist or is already
    /// deleted, or if the caller has no access to it.
    pub(crate) fn delete_run(&mut self, caller: &Caller, id: &str) -> DeleteRunResponse {
        let now = self.clock.now();
        let accounts = &self.accounts;
        let run = self.runs.iter_mut().find(|run| {
            let account = accounts.get(run.account);
            run.id == id && account.is_some_and(|account| account.allows(caller))
        });
        DeleteRunResponse::new(run.is_some_and(|run| run.delete(now)), id)
    }

    /// Returns the current state of all runs.
    pub(crate) fn run_snapshots(&self) -> Vec<RunSnapshot> {
        let now = self.clock.now();
        let team = |id: AccountId| {
            self.accounts
                .get(id)
                .and_then(|account| account.team.clone())
        };
        // A snapshot cannot fail, because the usage has all required fields. A test checks this.
        self.runs
            .iter()
            .filter_map(|run| run.snapshot(now, team(run.account)).ok())
            .collect()
    }

    /// Bills the usage of all runs since their last charge, and adds the adapters of completed
    /// runs. This happens on each access to the state, so that the result does not depend on the
    /// order of accesses.
    fn bill_runs(&mut self) {
        let now = self.clock.now();
        let mut due: Vec<_> = (0..self.runs.len())
            .filter_map(|run| Some((self.runs[run].due(now)?, run)))
            .collect();
        let runs = self.runs.iter_mut();
        let adapters: Vec<_> = runs
            .filter_map(|run| {
                run.publish_adapter(now)
                    .then(|| (run.base_model(), run.id.clone()))
            })
            .collect();
        for (base, adapter) in adapters {
            base.and_then(|base| self.add_adapter(&base, &adapter));
        }
        // The rows of a wallet are in the order of their last charge. The last charge of an ended
        // run is at the end of the run.
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
