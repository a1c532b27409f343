//! What every request can reach.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openapi_runtime::Usd;
use pinference_api::types::Model;
use prime_training_api::types::DeleteRunResponse;
use serde::Deserialize;

use crate::builder::Builder;
use crate::connection::Gate;
use crate::faults::{Fault, Faults, Kind};
use crate::ids::Ids;
use crate::price::usd;
use crate::record::{OnAnswer, Recorder};
use crate::replies::Replies;
use crate::routes::Operations;
use crate::state::access::{Caller, Key, Keys, OWNER, Team};
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
    pub(crate) ids: Arc<Ids>,
    pub(crate) recorder: Recorder,
    pub(crate) operations: Operations,
    pub(crate) faults: Faults,
    pub(crate) replies: Replies,
    pub(crate) gate: Arc<Gate>,
    pub(crate) on_answer: Option<OnAnswer>,
    state: Mutex<State>,
}

/// The part that changes.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    /// Those of people and of teams.
    pub(crate) accounts: Vec<Account>,
    /// The catalogue, and adapters of its models.
    pub(crate) models: Vec<Model>,
    pub(crate) runs: Vec<Run>,
    pub(crate) ids: Arc<Ids>,
    /// What is in a wallet that nobody said more of.
    balance: Usd,
}

impl Shared {
    pub(crate) fn new(settings: Builder) -> Self {
        let ids = Arc::new(Ids::new(settings.seed));
        let team = ids.id("team_");
        let key = ids.secret("pit_");
        let (rows, balance) = (settings.billing_rows, settings.balance);
        let faults = Faults::new(settings.seed);
        for fault in settings.faults {
            faults.add(fault);
        }
        let replies = Replies::default();
        for rule in settings.replies {
            replies.add(rule);
        }
        let own = Account::new(&ids, None, balance, rows.min(5));
        let teams = Account::new(&ids, Some(team.clone()), balance, rows);
        let mut state = State {
            clock: Clock::new(settings.time_scale),
            keys: Keys::default(),
            accounts: [own, teams]
                .map(|account| account.with_members(vec![OWNER.to_owned()]))
                .into(),
            models: models::catalogue(),
            runs: Vec::new(),
            ids: Arc::clone(&ids),
            balance,
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
            recorder: Recorder::new(settings.record),
            operations: Operations::new(),
            faults,
            replies,
            gate: Arc::new(Gate::new()),
            on_answer: settings.on_answer,
            state: Mutex::new(state),
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
        if let Some(account) = state.account_named(asked.team.as_deref()) {
            match fault.kind {
                Kind::RowsArrive(rows) => state.rows_arrive(account, rows),
                Kind::RowsMove(rows) => state.rows_move(account, rows),
                _ => {}
            }
        }
    }
}

impl State {
    /// The account that a caller names: a team of theirs, or without one their own.
    pub(crate) fn account_of(&self, caller: &Caller, team: Option<&str>) -> Option<AccountId> {
        self.accounts
            .iter()
            .position(|account| account.team.as_deref() == team && account.is_of(caller))
    }

    /// A team's account, or without one the owner's.
    pub(crate) fn account_named(&self, team: Option<&str>) -> Option<AccountId> {
        self.accounts
            .iter()
            .position(|account| account.team.as_deref() == team)
    }

    pub(crate) fn add_key(&mut self, key: Key) {
        let mut own = self.accounts.iter().filter(|one| one.team.is_none());
        if !own.any(|account| account.members.contains(&key.of)) {
            let account = Account::new(&self.ids, None, self.balance, 0);
            let account = account.with_members(vec![key.of.clone()]);
            self.accounts.push(account);
        }
        self.keys.add(key);
    }

    /// A team of an id that is there already takes its place.
    pub(crate) fn add_team(&mut self, team: Team) {
        let balance = team.balance.unwrap_or(self.balance);
        let account = Account::new(&self.ids, Some(team.id.clone()), balance, team.rows);
        let account = account.with_members(team.members);
        match self.account_named(Some(&team.id)) {
            Some(place) => self.accounts[place] = account,
            None => self.accounts.push(account),
        }
    }

    /// An adapter of a model of the catalogue: its id as a model, unless there is no such base.
    pub(crate) fn add_adapter(&mut self, base: &str, adapter: &str) -> Option<String> {
        let adapted = models::adapter(models::find(&self.models, base)?, adapter);
        let id = adapted.id.clone();
        if models::find(&self.models, &id).is_none() {
            self.models.push(adapted);
        }
        Some(id)
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

    /// The run of an id, if the caller may see it.
    pub(crate) fn run(&self, caller: &Caller, id: &str) -> Option<&Run> {
        let run = self.runs.iter().find(|run| run.id == id)?;
        self.accounts.get(run.account)?.is_of(caller).then_some(run)
    }

    /// Stops a run, if the caller may see it and it has not ended.
    pub(crate) fn stop_run(&mut self, caller: &Caller, id: &str) {
        let now = self.clock.now();
        if self.run(caller, id).is_some()
            && let Some(run) = self.runs.iter_mut().find(|run| run.id == id)
        {
            run.stop(now);
        }
    }

    /// Deletes a run. The second time, and for a run that never was, nothing is deleted.
    pub(crate) fn delete_run(&mut self, caller: &Caller, id: &str) -> DeleteRunResponse {
        let now = self.clock.now();
        let accounts = &self.accounts;
        let run = self.runs.iter_mut().find(|run| {
            let account = accounts.get(run.account);
            run.id == id && account.is_some_and(|account| account.is_of(caller))
        });
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
        let runs = self.runs.iter_mut();
        let adapters: Vec<_> = runs
            .filter_map(|run| {
                run.leaves_adapter(now)
                    .then(|| (run.base_model(), run.id.clone()))
            })
            .collect();
        for (base, adapter) in adapters {
            base.and_then(|base| self.add_adapter(&base, &adapter));
        }
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
