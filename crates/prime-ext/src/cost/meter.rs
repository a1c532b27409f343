//! Counts responses and adds up their tokens and cost.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openapi_runtime::Usd;
use pinference_api::types::{Model, ModelPricing, Usage};

use super::{Cost, Reservation, Spent, UsdSum};
use crate::account::Account;
use crate::chat::ChatResponse;
use crate::models::ModelId;

/// Adds up the tokens and the cost of responses. Clones share the same sums and can be used from any task.
///
/// The meter of [`Client::with_meter`](crate::Client::with_meter) counts every chat call of a client, streamed or not:
///
/// - A complete response counts with the usage that it states.
/// - A response that was cut off, dropped or lost may be billed. If its usage has arrived, the response counts with
///   that usage, and otherwise as a response with an unknown cost.
/// - Each earlier attempt with an unknown outcome counts as a response with an unknown cost.
/// - A request that the service refused does not count.
///
/// [`add`](Self::add) counts a response that no client has counted. Do not add the responses of a client that has this
/// meter: they would be counted twice.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    prices: Arc<HashMap<String, ModelPricing>>,
    spent: Mutex<BTreeMap<(String, Payer), Spent>>,
    /// What is reserved, and what was spent without a response. Locked before `spent`.
    reserved: Mutex<UsdSum>,
    parent: Option<Meter>,
}

/// The account that is billed: a team's id, or `None` for the personal account of the API key's owner.
pub type Payer = Option<String>;

impl Meter {
    /// Creates a meter that does not estimate costs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a meter that estimates a cost from the prices of these models if the service does not state the cost. If
    /// an adapter has no prices, the prices of its base model apply.
    pub fn with_prices<'a>(models: impl IntoIterator<Item = &'a Model>) -> Self {
        let prices: HashMap<_, _> = models
            .into_iter()
            .filter_map(|model| Some((model.id.clone(), model.pricing.clone()?)))
            .collect();
        Self(Arc::new(Inner {
            prices: Arc::new(prices),
            ..Inner::default()
        }))
    }

    /// Creates a meter for a part of the responses. It has the prices of `parent`, which counts these responses too.
    pub(crate) fn child(parent: Option<&Self>) -> Self {
        let prices = parent.map(|parent| parent.0.prices.clone());
        Self(Arc::new(Inner {
            prices: prices.unwrap_or_default(),
            parent: parent.cloned(),
            ..Inner::default()
        }))
    }

    /// Counts a response that is billed to `account`, for the model that the response names.
    pub fn add(&self, response: &ChatResponse, account: &Account) {
        let model = response.model().unwrap_or_default();
        self.count(model, payer(account), response.usage());
    }

    /// Reserves an amount, if a limit allows it: what was spent (known and estimated), what is reserved and `amount` must
    /// not exceed `limit`. Returns `None` if they do.
    ///
    /// Reserve the upper bound of a request before you send it, and [release](Reservation::release) it when the response
    /// was counted. A reservation that is dropped stays reserved: its request may have been billed.
    ///
    /// ```
    /// use prime_ext::Meter;
    ///
    /// let meter = Meter::new();
    /// let limit = "0.10".parse()?;
    /// let reservation = meter.reserve("0.08".parse()?, limit).ok_or("the limit is reached")?;
    /// assert!(meter.reserve("0.03".parse()?, limit).is_none());
    /// // Here the request is sent, and its response is counted.
    /// reservation.release();
    /// assert!(meter.reserve("0.03".parse()?, limit).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve(&self, amount: Usd, limit: Usd) -> Option<Reservation> {
        let mut reserved = self.reserved();
        let mut sum = *reserved + amount;
        let spent = self.total();
        sum += spent.known;
        sum += spent.estimated;
        if amount < Usd::ZERO || sum.usd() > limit {
            return None;
        }
        *reserved += amount;
        Some(Reservation::new(self.clone(), amount))
    }

    /// Returns what is reserved, and what was spent without a response.
    pub fn reserved_amount(&self) -> UsdSum {
        *self.reserved()
    }

    pub(super) fn reserved(&self) -> MutexGuard<'_, UsdSum> {
        self.0
            .reserved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the cost of a response, estimated if the service does not state it.
    pub(crate) fn cost(&self, model: &str, usage: Option<&Usage>) -> Cost {
        let prices = self.0.prices.get(model).or_else(|| {
            let id = ModelId::parse(model).ok()?;
            self.0.prices.get(id.base())
        });
        Cost::of(usage).or_estimate(usage, prices)
    }

    pub(super) fn count(&self, model: &str, payer: Payer, usage: Option<&Usage>) {
        let cost = self.cost(model, usage);
        let key = (model.to_owned(), payer.clone());
        self.spent().entry(key).or_default().add(usage, cost);
        if let Some(parent) = &self.0.parent {
            parent.count(model, payer, usage);
        }
    }

    /// Returns the total.
    pub fn total(&self) -> Spent {
        let mut total = Spent::default();
        self.spent().values().for_each(|spent| total.merge(spent));
        total
    }

    /// Returns the sums by model.
    pub fn by_model(&self) -> BTreeMap<String, Spent> {
        self.by(|(model, _)| model.clone())
    }

    /// Returns the sums by payer: each team, and the personal account.
    pub fn by_payer(&self) -> BTreeMap<Payer, Spent> {
        self.by(|(_, payer)| payer.clone())
    }

    /// Returns the sums by model and payer.
    pub fn by_model_and_payer(&self) -> BTreeMap<(String, Payer), Spent> {
        self.spent().clone()
    }

    /// Returns the sums by model and payer, and resets the meter. No response is lost or counted twice between the two
    /// steps.
    pub fn take(&self) -> BTreeMap<(String, Payer), Spent> {
        std::mem::take(&mut *self.spent())
    }

    fn by<K: Ord>(&self, key: impl Fn(&(String, Payer)) -> K) -> BTreeMap<K, Spent> {
        let mut sums: BTreeMap<K, Spent> = BTreeMap::new();
        for (entry, spent) in &*self.spent() {
            sums.entry(key(entry)).or_default().merge(spent);
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

    /// The sums of four tasks must equal sums of integer billionths.
    #[test]
    fn a_million_responses_are_summed_exactly() {
        const RESPONSES_PER_TASK: i64 = 250_000;
        let meter = Meter::new();
        std::thread::scope(|scope| {
            for task in 0..4_i64 {
                let meter = meter.clone();
                scope.spawn(move || {
                    let payer = (task % 2 == 0).then(|| "team_1".to_owned());
                    for number in 0..RESPONSES_PER_TASK {
                        let mut usage = Usage::default();
                        usage.prompt_tokens = Some(number);
                        usage.completion_tokens = Some(1);
                        let billionths = number * 7_919 + task;
                        let cost = rust_decimal::Decimal::new(billionths, 9);
                        // Every fifth response has no cost.
                        usage.cost = (number % 5 != 0).then(|| cost.into());
                        meter.count("model", payer.clone(), Some(&usage));
                    }
                });
            }
        });
        let billionths: i64 = (0..4)
            .flat_map(|task| (0..RESPONSES_PER_TASK).map(move |number| (task, number)))
            .filter(|(_, number)| number % 5 != 0)
            .map(|(task, number)| number * 7_919 + task)
            .sum();
        let total = meter.total();
        assert_eq!(total.responses, 1_000_000);
        assert_eq!(
            (total.with_known_cost, total.with_unknown_cost),
            (800_000, 200_000)
        );
        let expected = rust_decimal::Decimal::new(billionths, 9);
        assert_eq!(total.known.to_string(), expected.to_string());
        assert_eq!(total.known.usd().decimal(), expected);
        assert_eq!(total.completion_tokens, 1_000_000);
        assert_eq!(meter.by_payer().len(), 2);
        let known: UsdSum = meter.by_payer().values().map(|spent| spent.known).sum();
        assert_eq!(known, total.known);
    }
}
