//! Counts answers, from many tasks.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pinference_api::types::{Model, ModelPricing, Usage};

use super::{Cost, Spent};
use crate::account::Account;
use crate::chat::ChatResponse;
use crate::models::ModelId;

/// Counts tokens and cost of answers. A clone counts into the same sums, from any task.
///
/// [`Client::with_meter`](crate::Client::with_meter) counts every chat of a client, streamed or not, also those
/// that were cut off, dropped half-way or lost on the way: such an answer may be billed, and counts as
/// one that did not say. So does every attempt before the last whose outcome is unknown, since its question
/// may have been answered too; one that was refused counts nothing. What came in the place of an answer, with
/// a status of success, counts by the usage that it says. [`add`](Self::add) counts an answer by hand; do not
/// do both.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    prices: HashMap<String, ModelPricing>,
    spent: Mutex<BTreeMap<(String, Payer), Spent>>,
}

/// Who pays: a team by its id, or the key's owner.
pub type Payer = Option<String>;

impl Meter {
    /// A meter that estimates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A meter that estimates what the service does not say from these models' prices. An adapter that
    /// has no price of its own is estimated at that of its base model.
    pub fn with_prices<'a>(models: impl IntoIterator<Item = &'a Model>) -> Self {
        let prices = models
            .into_iter()
            .filter_map(|model| Some((model.id.clone(), model.pricing.clone()?)))
            .collect();
        Self(Arc::new(Inner {
            prices,
            spent: Mutex::default(),
        }))
    }

    /// Counts an answer, by the model that it names and as paid for by `account`.
    pub fn add(&self, answer: &ChatResponse, account: &Account) {
        let model = answer.model().unwrap_or_default();
        self.count(model, payer(account), answer.usage());
    }

    pub(super) fn count(&self, model: &str, payer: Payer, usage: Option<&Usage>) {
        let prices = self.0.prices.get(model).or_else(|| {
            let id = ModelId::parse(model).ok()?;
            self.0.prices.get(id.base())
        });
        let cost = Cost::of(usage).or_estimate(usage, prices);
        let mut spent = self.spent();
        let spent = spent.entry((model.to_owned(), payer)).or_default();
        spent.add(usage, cost);
    }

    /// All in all.
    pub fn total(&self) -> Spent {
        let mut total = Spent::default();
        self.spent().values().for_each(|spent| total.merge(spent));
        total
    }

    /// By the model that was asked.
    pub fn by_model(&self) -> BTreeMap<String, Spent> {
        self.by(|(model, _)| model.clone())
    }

    /// By who pays.
    pub fn by_team(&self) -> BTreeMap<Payer, Spent> {
        self.by(|(_, payer)| payer.clone())
    }

    /// By model and who pays.
    pub fn by_model_and_team(&self) -> BTreeMap<(String, Payer), Spent> {
        self.spent().clone()
    }

    /// What was counted so far, and begins again at nothing. No answer is lost between the two.
    pub fn take(&self) -> BTreeMap<(String, Payer), Spent> {
        std::mem::take(&mut *self.spent())
    }

    fn by<K: Ord>(&self, key: impl Fn(&(String, Payer)) -> K) -> BTreeMap<K, Spent> {
        let mut sums: BTreeMap<K, Spent> = BTreeMap::new();
        for (of, spent) in &*self.spent() {
            sums.entry(key(of)).or_default().merge(spent);
        }
        sums
    }

    fn spent(&self) -> MutexGuard<'_, BTreeMap<(String, Payer), Spent>> {
        self.0.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn payer(account: &Account) -> Payer {
    match account {
        Account::Personal => None,
        Account::Team(id) => Some(id.clone()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Four tasks, a million answers: the sums are those of whole billionths.
    #[test]
    fn a_million_answers_come_out_to_the_digit() {
        const EACH: i64 = 250_000;
        let meter = Meter::new();
        std::thread::scope(|scope| {
            for task in 0..4_i64 {
                let meter = meter.clone();
                scope.spawn(move || {
                    let payer = (task % 2 == 0).then(|| "team_1".to_owned());
                    for number in 0..EACH {
                        let mut usage = Usage::default();
                        usage.prompt_tokens = Some(number);
                        usage.completion_tokens = Some(1);
                        let billionths = number * 7_919 + task;
                        let cost = rust_decimal::Decimal::new(billionths, 9);
                        // Every fifth does not say.
                        usage.cost = (number % 5 != 0).then(|| cost.into());
                        meter.count("model", payer.clone(), Some(&usage));
                    }
                });
            }
        });
        let billionths: i64 = (0..4)
            .flat_map(|task| (0..EACH).map(move |number| (task, number)))
            .filter(|(_, number)| number % 5 != 0)
            .map(|(task, number)| number * 7_919 + task)
            .sum();
        let total = meter.total();
        assert_eq!(total.answers, 1_000_000);
        assert_eq!(
            (total.with_known_cost, total.with_unknown_cost),
            (800_000, 200_000)
        );
        let expected = rust_decimal::Decimal::new(billionths, 9);
        assert_eq!(total.known.to_string(), expected.to_string());
        assert_eq!(total.known.usd().decimal(), expected);
        assert_eq!(total.completion_tokens, 1_000_000);
        assert_eq!(meter.by_team().len(), 2);
        let known: super::super::UsdSum = meter.by_team().values().map(|spent| spent.known).sum();
        assert_eq!(known, total.known);
    }
}
