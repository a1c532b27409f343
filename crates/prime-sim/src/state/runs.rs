//! Training runs: their life, and what they use.

use std::time::Duration;

use openapi_runtime::{Timestamp, Usd};
use prime_training_api::types::error::ConversionError;
use prime_training_api::types::{RunPricing, RunStatus, RunUsageBreakdown, RunUsageResponse};
use serde_json::{Map, Value};

use crate::price::{per_million, usd};
use crate::state::account::AccountId;
use crate::state::clock::timestamp;

/// How old a run is when it leaves the queue, starts, and is done.
const PENDING: Duration = Duration::from_secs(5);
const RUNNING: Duration = Duration::from_secs(15);
const COMPLETED: Duration = Duration::from_secs(60);

/// Tokens that a run uses in a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meters {
    training: u64,
    input: u64,
    output: u64,
}

impl Meters {
    /// Meters that differ from run to run.
    pub(crate) fn from_number(number: u64) -> Self {
        Self {
            training: 40_000 + number % 10_007,
            input: 9_000 + number % 3_001,
            output: 12_000 + number % 4_003,
        }
    }
}

/// A training run.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) job: String,
    pub(crate) account: AccountId,
    pub(crate) name: Option<String>,
    pub(crate) image_tag: String,
    pub(crate) config: Map<String, Value>,
    pub(crate) created: Duration,
    pub(crate) stopped: Option<Duration>,
    pub(crate) deleted: bool,
    pub(crate) meters: Meters,
    pub(crate) pricing: RunPricing,
    /// The row of its bill, once there is one.
    pub(crate) row: Option<String>,
    /// What was billed so far.
    pub(crate) billed: Usd,
    /// Whether its adapter was made known.
    pub(crate) adapted: bool,
}

/// What a run owes.
pub(crate) struct Due {
    /// Until when it used what is billed now.
    pub(crate) at: Duration,
    pub(crate) amount: Usd,
}

impl Run {
    /// The prices of every new run.
    pub(crate) fn pricing() -> RunPricing {
        let mut pricing = RunPricing::default();
        pricing.training_per_mtok = Some(usd(1_25, 2));
        pricing.inference_input_per_mtok = Some(usd(125, 3));
        pricing.inference_output_per_mtok = Some(usd(55, 2));
        pricing
    }

    pub(crate) fn status(&self, now: Duration) -> RunStatus {
        let age = now.saturating_sub(self.created);
        match self.stopped {
            Some(_) => RunStatus::Stopped,
            None if age >= COMPLETED => RunStatus::Completed,
            None if age >= RUNNING => RunStatus::Running,
            None if age >= PENDING => RunStatus::Pending,
            None => RunStatus::Queued,
        }
    }

    /// Stops it, unless it has ended.
    pub(crate) fn stop(&mut self, now: Duration) {
        if self.stopped.is_none() && self.status(now) != RunStatus::Completed {
            self.stopped = Some(now);
        }
    }

    /// Deletes it, and says whether it was there to delete. What it used stays known.
    pub(crate) fn delete(&mut self, now: Duration) -> bool {
        self.stop(now);
        !std::mem::replace(&mut self.deleted, true)
    }

    /// Whether it is done now and was not before: then an adapter comes of it.
    pub(crate) fn leaves_adapter(&mut self, now: Duration) -> bool {
        !self.adapted
            && self.status(now) == RunStatus::Completed
            && !std::mem::replace(&mut self.adapted, true)
    }

    /// The model it starts from, where its configuration says so.
    pub(crate) fn base_model(&self) -> Option<String> {
        base_model(&self.config)
    }

    /// How long it has been running.
    fn ran(&self, now: Duration) -> Duration {
        let until = self.stopped.unwrap_or(now).min(now);
        let age = until.saturating_sub(self.created);
        age.min(COMPLETED).saturating_sub(RUNNING)
    }

    /// What it used while it ran: for training and for inference.
    fn used(&self, ran: Duration) -> (RunUsageBreakdown, RunUsageBreakdown) {
        let tokens = |a_second: u64| {
            let tokens = u128::from(a_second) * ran.as_micros() / 1_000_000;
            i64::try_from(tokens).unwrap_or(i64::MAX)
        };
        let cost = |tokens, price: Option<Usd>| per_million(tokens, price.unwrap_or_default());
        let (trained, input, output) = (
            tokens(self.meters.training),
            tokens(self.meters.input),
            tokens(self.meters.output),
        );
        let mut training = RunUsageBreakdown::default();
        training.tokens = trained;
        training.cost_usd = cost(trained, self.pricing.training_per_mtok);

        let mut inference = RunUsageBreakdown::default();
        inference.tokens = input + output;
        inference.input_tokens = input;
        inference.output_tokens = output;
        inference.cost_usd = cost(input, self.pricing.inference_input_per_mtok)
            + cost(output, self.pricing.inference_output_per_mtok);
        (training, inference)
    }

    /// What it used, as the API tells it.
    pub(crate) fn usage(&self, now: Duration) -> Result<RunUsageResponse, ConversionError> {
        let ran = self.ran(now);
        let (training, inference) = self.used(ran);
        RunUsageResponse::builder()
            .run_id(self.id.clone())
            .run_name(self.name.clone())
            .base_model(base_model(&self.config))
            .status(self.status(now))
            .pricing(self.pricing.clone())
            // One record for each second begun.
            .record_count(i64::try_from(ran.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX))
            .total_tokens(training.tokens + inference.tokens)
            .total_cost_usd(training.cost_usd + inference.cost_usd)
            .training(training)
            .inference(inference)
            .try_into()
    }

    /// What it used and was not billed for.
    pub(crate) fn due(&self, now: Duration) -> Option<Due> {
        let ran = self.ran(now);
        let (training, inference) = self.used(ran);
        let amount = training.cost_usd + inference.cost_usd - self.billed;
        (amount > Usd::ZERO).then(|| Due {
            at: self.created + RUNNING + ran,
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
            created_at: timestamp(self.created),
            status: self.status(now),
            deleted: self.deleted,
            usage: self.usage(now)?,
        })
    }
}

/// The model that a configuration starts from, where it says so: `model` or `model.name`.
fn base_model(config: &Map<String, Value>) -> Option<String> {
    let model = config.get("model")?;
    let name = model.as_str().or_else(|| model.get("name")?.as_str())?;
    Some(name.to_owned())
}

/// A training run as it is now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunSnapshot {
    /// Its id.
    pub id: String,
    /// The id of its job.
    pub job_id: String,
    /// The name it was given.
    pub name: Option<String>,
    /// The team that pays for it; none if that is the person who created it.
    pub team: Option<String>,
    /// The image it runs.
    pub image_tag: String,
    /// Its configuration, as it came.
    pub config: Map<String, Value>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Where it is in its life.
    pub status: RunStatus,
    /// Whether it was deleted.
    pub deleted: bool,
    /// What it has used.
    pub usage: RunUsageResponse,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CREATED: Duration = Duration::from_secs(100);

    fn run() -> Run {
        Run {
            id: "run_1".to_owned(),
            job: "job_1".to_owned(),
            account: 0,
            name: None,
            image_tag: "main".to_owned(),
            config: Map::new(),
            created: CREATED,
            stopped: None,
            deleted: false,
            meters: Meters::from_number(0),
            pricing: Run::pricing(),
            row: None,
            billed: Usd::ZERO,
            adapted: false,
        }
    }

    fn at(seconds: u64) -> Duration {
        CREATED + Duration::from_secs(seconds)
    }

    #[test]
    fn a_run_goes_through_its_life() {
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
    fn it_uses_tokens_while_it_runs_and_only_then() {
        let run = run();
        assert_eq!(run.usage(at(15)).unwrap().total_tokens, 0);
        assert!(run.due(at(15)).is_none());

        let usage = run.usage(at(25)).unwrap();
        assert_eq!(usage.training.tokens, 400_000);
        assert_eq!(usage.training.cost_usd, usd(50, 2));
        assert_eq!(usage.inference.input_tokens, 90_000);
        assert_eq!(usage.inference.output_tokens, 120_000);
        assert_eq!(usage.inference.cost_usd, usd(7_725, 5));
        assert_eq!(usage.total_cost_usd, usd(57_725, 5));
        assert_eq!(usage.record_count, 10);

        let end = run.usage(at(60)).unwrap();
        let later = run.usage(at(10_000)).unwrap();
        assert_eq!(end.total_tokens, later.total_tokens);
        assert_eq!(run.due(at(10_000)).unwrap().at, at(60));
    }

    #[test]
    fn a_deleted_run_stops_and_stays_known() {
        let mut run = run();
        assert!(run.delete(at(25)));
        assert!(!run.delete(at(26)));
        assert_eq!(run.status(at(60)), RunStatus::Stopped);
        assert_eq!(run.usage(at(60)).unwrap().training.tokens, 400_000);
    }

    #[test]
    fn a_run_that_was_done_stays_done() {
        let mut run = run();
        assert!(run.delete(at(61)));
        assert_eq!(run.status(at(62)), RunStatus::Completed);
    }

    #[test]
    fn configurations_name_their_model_in_two_ways() {
        for config in [r#"{"model":{"name":"a/b"}}"#, r#"{"model":"a/b"}"#] {
            let config = serde_json::from_str(config).unwrap();
            assert_eq!(base_model(&config).as_deref(), Some("a/b"));
        }
        assert_eq!(base_model(&Map::new()), None);
    }
}
