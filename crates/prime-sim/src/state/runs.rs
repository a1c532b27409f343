//! Training runs, their status and usage.

use std::time::Duration;

use openapi_runtime::{Timestamp, Usd};
use prime_training_api::types::error::ConversionError;
use prime_training_api::types::{RunPricing, RunStatus, RunUsageBreakdown, RunUsageResponse};
use serde_json::{Map, Value};

use crate::price::{per_million, usd};
use crate::state::account::AccountId;
use crate::state::clock::timestamp;

/// The age at which a run reaches each status.
const PENDING: Duration = Duration::from_secs(5);
const RUNNING: Duration = Duration::from_secs(15);
const COMPLETED: Duration = Duration::from_secs(60);

/// How long a run takes to pause, and to restart.
const PAUSING: Duration = Duration::from_secs(5);
const RESTARTING: Duration = Duration::from_secs(5);

/// The tokens that a run uses per second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenRates {
    training: u64,
    input: u64,
    output: u64,
}

impl TokenRates {
    /// Derives the rates from a number, so that different runs have different rates.
    pub(crate) fn from_number(number: u64) -> Self {
        Self {
            training: 40_000 + number % 10_007,
            input: 9_000 + number % 3_001,
            output: 12_000 + number % 4_003,
        }
    }
}

/// What the caller decides about a new run.
pub(crate) struct NewRun {
    pub(crate) account: AccountId,
    pub(crate) creator: String,
    pub(crate) name: Option<String>,
    pub(crate) image_tag: String,
    pub(crate) config: Map<String, Value>,
}

/// A training run.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) job: String,
    pub(crate) account: AccountId,
    pub(crate) name: Option<String>,
    pub(crate) image_tag: String,
    pub(crate) config: Map<String, Value>,
    /// The person who created the run.
    pub(crate) creator: String,
    pub(crate) created: Duration,
    pub(crate) stopped: Option<Duration>,
    /// When the run began to pause.
    pub(crate) paused: Option<Duration>,
    /// When the run was restarted.
    pub(crate) restarts: Vec<Duration>,
    pub(crate) deleted: bool,
    pub(crate) rates: TokenRates,
    pub(crate) pricing: RunPricing,
    /// The ID of the billing row, if there is one.
    pub(crate) row: Option<String>,
    /// The amount billed so far.
    pub(crate) billed: Usd,
    /// Whether the adapter of the run has been added to the models.
    pub(crate) adapter_published: bool,
}

/// An amount that is due.
pub(crate) struct Due {
    /// The end of the billed period.
    pub(crate) at: Duration,
    pub(crate) amount: Usd,
}

impl Run {
    /// Creates a run. `number` selects its rates.
    pub(crate) fn new(id: String, job: String, new: NewRun, number: u64, now: Duration) -> Self {
        Self {
            id,
            job,
            account: new.account,
            creator: new.creator,
            name: new.name,
            image_tag: new.image_tag,
            config: new.config,
            created: now,
            stopped: None,
            paused: None,
            restarts: Vec::new(),
            deleted: false,
            rates: TokenRates::from_number(number),
            pricing: pricing(),
            row: None,
            billed: Usd::ZERO,
            adapter_published: false,
        }
    }

    pub(crate) fn status(&self, now: Duration) -> RunStatus {
        let age = self.age(now);
        let last_restart = self.restarts.last();
        let restarting = last_restart.is_some_and(|at| now.saturating_sub(*at) < RESTARTING);
        match self.end_of_training() {
            Some(end) if now >= end && self.stopped.is_some() => RunStatus::Stopped,
            Some(end) if now >= end => RunStatus::Paused,
            _ if age >= COMPLETED => RunStatus::Completed,
            _ if self.paused.is_some() => RunStatus::Pausing,
            _ if age >= PENDING && restarting => RunStatus::Pending,
            _ if age >= RUNNING => RunStatus::Running,
            _ if age >= PENDING => RunStatus::Pending,
            _ => RunStatus::Queued,
        }
    }

    /// Returns when the run was stopped or paused. The earlier of the two is final.
    fn end_of_training(&self) -> Option<Duration> {
        let paused = self.paused.map(|at| at + PAUSING);
        self.stopped.into_iter().chain(paused).min()
    }

    /// Returns the time since the creation without restarts.
    fn age(&self, now: Duration) -> Duration {
        let since_creation = now.saturating_sub(self.created);
        since_creation.saturating_sub(self.restarting_time(now))
    }

    /// Returns the time spent in restarts.
    fn restarting_time(&self, now: Duration) -> Duration {
        let restarts = self.restarts.iter();
        restarts
            .map(|at| now.saturating_sub(*at).min(RESTARTING))
            .sum()
    }

    fn has_ended(&self, now: Duration) -> bool {
        matches!(
            self.status(now),
            RunStatus::Stopped | RunStatus::Paused | RunStatus::Completed
        )
    }

    /// Stops the run unless it has ended.
    pub(crate) fn stop(&mut self, now: Duration) {
        if !self.has_ended(now) {
            self.stopped = Some(now);
        }
    }

    /// Begins to pause a running run. Returns `false` if the run is not running and not pausing or
    /// paused.
    pub(crate) fn pause(&mut self, now: Duration) -> bool {
        let status = self.status(now);
        if status == RunStatus::Running {
            self.paused = Some(now);
        }
        matches!(
            status,
            RunStatus::Running | RunStatus::Pausing | RunStatus::Paused
        )
    }

    /// Restarts a running run. Returns `false` if the run is not running.
    pub(crate) fn restart(&mut self, now: Duration) -> bool {
        let running = self.status(now) == RunStatus::Running;
        if running {
            self.restarts.push(now);
        }
        running
    }

    /// Deletes the run and keeps its usage. Returns `false` if the run is already deleted.
    pub(crate) fn delete(&mut self, now: Duration) -> bool {
        self.stop(now);
        !std::mem::replace(&mut self.deleted, true)
    }

    /// Returns `true` the first time it is called after completion.
    pub(crate) fn publish_adapter(&mut self, now: Duration) -> bool {
        !self.adapter_published
            && self.status(now) == RunStatus::Completed
            && !std::mem::replace(&mut self.adapter_published, true)
    }

    /// Returns the base model if the configuration names one.
    pub(crate) fn base_model(&self) -> Option<String> {
        base_model(&self.config)
    }

    /// Returns the time spent in status running.
    fn running_time(&self, now: Duration) -> Duration {
        let until = self.end_of_training().unwrap_or(now).min(now);
        self.age(until).min(COMPLETED).saturating_sub(RUNNING)
    }

    /// Returns when the run had an age.
    fn time_at_age(&self, age: Duration) -> Duration {
        let restarts = self.restarts.iter();
        restarts.fold(self.created + age, |time, restart| match *restart < time {
            true => time + RESTARTING,
            false => time,
        })
    }

    /// Returns when the run ended, if it has ended.
    fn ended(&self, now: Duration) -> Option<Duration> {
        let end = match self.status(now) {
            RunStatus::Completed => Some(self.time_at_age(COMPLETED)),
            _ => self.end_of_training(),
        };
        end.filter(|_| self.has_ended(now))
    }

    /// Returns the number of training steps so far: one for each second of running.
    pub(crate) fn steps(&self, now: Duration) -> u64 {
        self.running_time(now).as_secs()
    }

    /// Returns the log so far: a line for each change of the status and for each training step.
    pub(crate) fn log(&self, now: Duration) -> Vec<LogLine> {
        let line = |time: Duration, level, text: String| LogLine { time, level, text };
        let mut lines = vec![line(self.created, "INFO", "run queued".to_owned())];
        let starts = [(PENDING, "scheduled"), (RUNNING, "training started")];
        lines
            .extend(starts.map(|(age, text)| line(self.time_at_age(age), "INFO", text.to_owned())));
        lines.extend((1..=self.steps(now)).map(|step| {
            let time = self.time_at_age(RUNNING + Duration::from_secs(step));
            let reward = 1.0 - 1.0 / (1.0 + step as f64 / 10.0);
            line(time, "INFO", format!("step {step}: reward {reward:.3}"))
        }));
        let restart = "restarting from the latest checkpoint";
        let restarts = self.restarts.iter();
        lines.extend(restarts.map(|at| line(*at, "WARNING", restart.to_owned())));
        if let Some(end) = self.ended(now) {
            let text = format!("run {}", self.status(now).as_str().to_ascii_lowercase());
            lines.push(line(end, "SUCCESS", text));
        }
        lines.retain(|line| line.time <= now);
        lines.sort_by_key(|line| line.time);
        lines
    }

    /// Returns the training and inference usage.
    fn breakdown(&self, running: Duration) -> (RunUsageBreakdown, RunUsageBreakdown) {
        let tokens = |per_second: u64| {
            let tokens = u128::from(per_second) * running.as_micros() / 1_000_000;
            i64::try_from(tokens).unwrap_or(i64::MAX)
        };
        let cost = |tokens, price: Option<Usd>| per_million(tokens, price.unwrap_or_default());
        let (trained, input, output) = (
            tokens(self.rates.training),
            tokens(self.rates.input),
            tokens(self.rates.output),
        );
        let mut training = RunUsageBreakdown::default();
        training.tokens = Some(trained);
        // The service reports 0 for these, not `null`.
        training.input_tokens = Some(0);
        training.output_tokens = Some(0);
        training.cost_usd = Some(cost(trained, self.pricing.training_per_mtok));

        let mut inference = RunUsageBreakdown::default();
        inference.tokens = Some(input + output);
        inference.input_tokens = Some(input);
        inference.output_tokens = Some(output);
        let costs = [
            cost(input, self.pricing.inference_input_per_mtok),
            cost(output, self.pricing.inference_output_per_mtok),
        ];
        inference.cost_usd = Some(costs.into_iter().sum());
        (training, inference)
    }

    /// Returns the usage as the API type.
    pub(crate) fn usage(&self, now: Duration) -> Result<RunUsageResponse, ConversionError> {
        let running = self.running_time(now);
        let (training, inference) = self.breakdown(running);
        let tokens = [training.tokens, inference.tokens].into_iter().flatten();
        RunUsageResponse::builder()
            .run_id(self.id.clone())
            .run_name(self.name.clone())
            .base_model(base_model(&self.config))
            .status(self.status(now))
            .pricing(self.pricing.clone())
            // One record for each started second.
            .record_count(i64::try_from(running.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX))
            .total_tokens(tokens.sum::<i64>())
            .total_cost_usd(total_cost(&training, &inference))
            .training(training)
            .inference(inference)
            .try_into()
    }

    /// Returns the usage that is not billed yet.
    pub(crate) fn due(&self, now: Duration) -> Option<Due> {
        let running = self.running_time(now);
        let (training, inference) = self.breakdown(running);
        let amount = total_cost(&training, &inference) - self.billed;
        (amount > Usd::ZERO).then(|| Due {
            at: self.time_at_age(RUNNING + running),
            amount,
        })
    }

    pub(crate) fn snapshot(
        &self,
        now: Duration,
        team: Option<String>,
    ) -> Result<RunSnapshot, ConversionError> {
        Ok(RunSnapshot {
            id: self.id.clone(),
            job_id: self.job.clone(),
            name: self.name.clone(),
            team,
            image_tag: self.image_tag.clone(),
            config: self.config.clone(),
            created_by: self.creator.clone(),
            created_at: timestamp(self.created),
            started_at: (now >= self.time_at_age(RUNNING)
                && self.running_time(now) > Duration::ZERO)
                .then(|| timestamp(self.time_at_age(RUNNING))),
            ended_at: self.ended(now).map(timestamp),
            status: self.status(now),
            deleted: self.deleted,
            usage: self.usage(now)?,
        })
    }
}

/// Returns the prices of a new run.
fn pricing() -> RunPricing {
    let mut pricing = RunPricing::default();
    pricing.training_per_mtok = Some(usd(1_25, 2));
    pricing.inference_input_per_mtok = Some(usd(125, 3));
    pricing.inference_output_per_mtok = Some(usd(55, 2));
    pricing
}

/// A line of the log of a run.
pub(crate) struct LogLine {
    pub(crate) time: Duration,
    pub(crate) level: &'static str,
    pub(crate) text: String,
}

/// Returns `model` or `model.name` of a configuration.
fn base_model(config: &Map<String, Value>) -> Option<String> {
    let model = config.get("model")?;
    let name = model.as_str().or_else(|| model.get("name")?.as_str())?;
    Some(name.to_owned())
}

/// The current state of a training run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunSnapshot {
    /// The ID.
    pub id: String,
    /// The ID of the job.
    pub job_id: String,
    /// The name, if one was given.
    pub name: Option<String>,
    /// The team that pays, or `None` if the creator pays.
    pub team: Option<String>,
    /// The image tag.
    pub image_tag: String,
    /// The configuration as received.
    pub config: Map<String, Value>,
    /// The person who created the run: the owner of the key.
    pub created_by: String,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The time at which the run began to use tokens, if it did.
    pub started_at: Option<Timestamp>,
    /// The time at which the run was completed, stopped or paused.
    pub ended_at: Option<Timestamp>,
    /// The status.
    pub status: RunStatus,
    /// Whether the run is deleted.
    pub deleted: bool,
    /// The usage.
    pub usage: RunUsageResponse,
}

fn total_cost(training: &RunUsageBreakdown, inference: &RunUsageBreakdown) -> Usd {
    let costs = [training.cost_usd, inference.cost_usd];
    costs.into_iter().flatten().sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CREATED: Duration = Duration::from_secs(100);

    fn run() -> Run {
        let new = NewRun {
            account: 0,
            creator: "owner".to_owned(),
            name: None,
            image_tag: "main".to_owned(),
            config: Map::new(),
        };
        Run::new("run_1".to_owned(), "job_1".to_owned(), new, 0, CREATED)
    }

    fn at(seconds: u64) -> Duration {
        CREATED + Duration::from_secs(seconds)
    }

    #[test]
    fn the_status_depends_on_the_age() {
        let run = run();
        for (seconds, status) in [
            (0, RunStatus::Queued),
            (4, RunStatus::Queued),
            (5, RunStatus::Pending),
            (15, RunStatus::Running),
            (59, RunStatus::Running),
            (60, RunStatus::Completed),
            (10_000, RunStatus::Completed),
        ] {
            assert_eq!(run.status(at(seconds)), status, "{seconds} s");
        }
    }

    #[test]
    fn tokens_are_used_only_while_running() {
        let run = run();
        assert_eq!(run.usage(at(15)).unwrap().total_tokens, 0);
        assert!(run.due(at(15)).is_none());

        let usage = run.usage(at(25)).unwrap();
        assert_eq!(usage.training.tokens, Some(400_000));
        assert_eq!(usage.training.cost_usd, Some(usd(50, 2)));
        assert_eq!(usage.inference.input_tokens, Some(90_000));
        assert_eq!(usage.inference.output_tokens, Some(120_000));
        assert_eq!(usage.inference.cost_usd, Some(usd(7_725, 5)));
        assert_eq!(usage.total_cost_usd, usd(57_725, 5));
        assert_eq!(usage.record_count, 10);

        let end = run.usage(at(60)).unwrap();
        let later = run.usage(at(10_000)).unwrap();
        assert_eq!(end.total_tokens, later.total_tokens);
        assert_eq!(run.due(at(10_000)).unwrap().at, at(60));
    }

    #[test]
    fn a_deleted_run_is_stopped_and_keeps_its_usage() {
        let mut run = run();
        assert!(run.delete(at(25)));
        assert!(!run.delete(at(26)));
        assert_eq!(run.status(at(60)), RunStatus::Stopped);
        assert_eq!(run.usage(at(60)).unwrap().training.tokens, Some(400_000));
    }

    #[test]
    fn a_completed_run_stays_completed_after_deletion() {
        let mut run = run();
        assert!(run.delete(at(61)));
        assert_eq!(run.status(at(62)), RunStatus::Completed);
    }

    #[test]
    fn the_base_model_is_a_string_or_an_object() {
        for config in [r#"{"model":{"name":"a/b"}}"#, r#"{"model":"a/b"}"#] {
            let config = serde_json::from_str(config).unwrap();
            assert_eq!(base_model(&config).as_deref(), Some("a/b"));
        }
        assert_eq!(base_model(&Map::new()), None);
    }

    #[test]
    fn a_paused_run_uses_tokens_until_it_is_paused_and_does_not_continue() {
        let mut run = run();
        assert!(!run.pause(at(14)), "it is pending");
        assert!(
            run.pause(at(20)) && run.pause(at(21)),
            "a repetition has no effect"
        );
        for (seconds, status) in [
            (20, RunStatus::Pausing),
            (24, RunStatus::Pausing),
            (25, RunStatus::Paused),
            (99, RunStatus::Paused),
        ] {
            assert_eq!(run.status(at(seconds)), status, "{seconds} s");
        }
        assert_eq!(run.usage(at(99)).unwrap().training.tokens, Some(400_000));
        run.stop(at(30));
        assert_eq!(run.status(at(99)), RunStatus::Paused);
        assert!(!run.restart(at(99)));
        assert_eq!(run.ended(at(99)), Some(at(25)));
    }

    #[test]
    fn a_run_that_is_stopped_while_it_pauses_is_stopped() {
        let mut run = run();
        assert!(run.pause(at(20)));
        run.stop(at(22));
        assert_eq!(run.status(at(30)), RunStatus::Stopped);
        assert_eq!(run.ended(at(30)), Some(at(22)));
    }

    #[test]
    fn a_restart_delays_the_run() {
        let mut run = run();
        assert!(run.restart(at(20)));
        assert_eq!(run.status(at(24)), RunStatus::Pending);
        assert_eq!(run.steps(at(24)), 5);
        assert_eq!(run.status(at(25)), RunStatus::Running);
        assert_eq!(run.status(at(64)), RunStatus::Running);
        assert_eq!(run.status(at(65)), RunStatus::Completed);
        assert_eq!(run.due(at(99)).unwrap().at, at(65));
        let log = run.log(at(99));
        let texts: Vec<_> = log.iter().map(|line| &*line.text).collect();
        assert_eq!(texts[8], "restarting from the latest checkpoint");
        assert_eq!(texts.last(), Some(&"run completed"));
        assert!(log.is_sorted_by_key(|line| line.time));
        // The log only grows.
        assert_eq!(run.log(at(22)).len(), 9);
    }
}
