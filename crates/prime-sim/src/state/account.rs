//! Accounts and their wallets.

use std::collections::VecDeque;
use std::time::Duration;

use openapi_runtime::{Timestamp, Usd};
use prime_training_api::types::BillingEntry;
use prime_training_api::types::error::ConversionError;

use crate::ids::Ids;
use crate::price::usd;
use crate::state::access::Caller;
use crate::state::clock::{before, timestamp};

/// The index of an account in the state.
pub(crate) type AccountId = usize;

/// The currency of every wallet.
pub(crate) const CURRENCY: &str = "USD";

/// The billable resource types of the specification.
const RESOURCE_TYPES: [&str; 6] = [
    "compute",
    "training",
    "inference",
    "disks",
    "sandboxes",
    "images",
];

/// Typical amounts, both round ones and ones with many digits. Each entry is the maximum number of
/// units and the number of decimal places of a unit.
const AMOUNTS: [(u64, u32); 6] = [
    (500, 2),
    (40_000, 4),
    (9, 0),
    (3_000_000, 6),
    (7_000, 3),
    (2_000_000_000, 9),
];

/// The maximum number of rows of a wallet. Older rows are dropped.
const MAX_ROWS: usize = 100_000;

/// The account of a person or a team.
pub(crate) struct Account {
    /// The ID of the wallet.
    pub(crate) wallet: String,
    /// The ID of the team, or `None` for a personal account.
    pub(crate) team: Option<String>,
    /// The people who may use the account.
    pub(crate) members: Vec<String>,
    pub(crate) balance: Usd,
    /// The most recently billed row first.
    pub(crate) rows: VecDeque<Row>,
}

/// A billing row.
pub(crate) struct Row {
    id: String,
    amount: Usd,
    created: Timestamp,
    /// The time of the last charge.
    billed: Timestamp,
    resource_type: String,
    resource_id: Option<String>,
}

impl Row {
    /// Converts the row to the API type.
    pub(crate) fn entry(&self) -> Result<BillingEntry, ConversionError> {
        BillingEntry::builder()
            .id(self.id.clone())
            .amount_usd(self.amount)
            .created_at(self.created)
            .updated_at(self.billed)
            .last_billed_at(self.billed)
            .currency(CURRENCY)
            .resource_type(self.resource_type.clone())
            .resource_id(self.resource_id.clone())
            .try_into()
    }
}

impl Account {
    pub(crate) fn new(ids: &Ids, team: Option<String>, balance: Usd, rows: usize) -> Self {
        let mut age = Duration::ZERO;
        let rows = (0..rows).map(|row| {
            age += Duration::from_secs(60 + ids.number("age") % 7_200);
            past_row(ids, row, age)
        });
        Self {
            wallet: ids.id("wallet_"),
            rows: rows.collect(),
            team,
            members: Vec::new(),
            balance,
        }
    }

    /// Sets the people who may use the account.
    pub(crate) fn with_members(mut self, members: Vec<String>) -> Self {
        self.members = members;
        self
    }

    /// Returns whether the caller may use the account.
    pub(crate) fn allows(&self, caller: &Caller) -> bool {
        self.members.contains(&caller.person)
    }

    /// Charges an amount and adds a row at the front. Returns the ID of the row.
    pub(crate) fn bill(
        &mut self,
        ids: &Ids,
        now: Duration,
        resource: (&str, &str),
        amount: Usd,
    ) -> String {
        let id = ids.id("bill_");
        let at = timestamp(now);
        self.balance -= amount;
        self.rows.truncate(MAX_ROWS - 1);
        self.rows.push_front(Row {
            id: id.clone(),
            amount,
            created: at,
            billed: at,
            resource_type: resource.0.to_owned(),
            resource_id: Some(resource.1.to_owned()),
        });
        id
    }

    /// Adds to the amount of a row and moves it to the front. Returns `false` if the row does not
    /// exist.
    pub(crate) fn bill_more(&mut self, row: &str, now: Duration, more: Usd) -> bool {
        let index = self.rows.iter().position(|entry| entry.id == row);
        let Some(mut entry) = index.and_then(|index| self.rows.remove(index)) else {
            return false;
        };
        self.balance -= more;
        entry.amount += more;
        entry.billed = timestamp(now);
        self.rows.push_front(entry);
        true
    }

    /// Returns the IDs of the last `count` rows, the last row first.
    pub(crate) fn last_rows(&self, count: usize) -> Vec<String> {
        let last = self.rows.iter().rev().take(count);
        last.map(|row| row.id.clone()).collect()
    }

    pub(crate) fn snapshot(&self) -> Result<Wallet, ConversionError> {
        let rows: Result<Vec<_>, _> = self.rows.iter().map(Row::entry).collect();
        Ok(Wallet {
            id: self.wallet.clone(),
            team: self.team.clone(),
            balance: self.balance,
            rows: rows?,
        })
    }
}

/// Creates a row that was last billed `age` before the start of the simulation.
fn past_row(ids: &Ids, row: usize, age: Duration) -> Row {
    let resource_type = RESOURCE_TYPES[row % RESOURCE_TYPES.len()];
    // Combines each resource type with each size.
    let (max_units, decimals) = AMOUNTS[(row / RESOURCE_TYPES.len() + row) % AMOUNTS.len()];
    let units = 1 + ids.number("amount") % max_units;
    let active = Duration::from_secs(ids.number("age") % 90_000);
    Row {
        id: ids.id("bill_"),
        amount: usd(i64::try_from(units).unwrap_or(1), decimals),
        created: before(age + active),
        billed: before(age),
        resource_type: resource_type.to_owned(),
        // Some resources no longer exist.
        resource_id: (row % 7 != 5).then(|| ids.id("res_")),
    }
}

/// The current state of a wallet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Wallet {
    /// The ID.
    pub id: String,
    /// The team, or `None` for a personal wallet.
    pub team: Option<String>,
    /// The balance.
    pub balance: Usd,
    /// The billing rows, newest first.
    pub rows: Vec<BillingEntry>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn initial_rows_are_sorted_and_varied() {
        let account = Account::new(&Ids::new(7), None, usd(1, 0), 100);
        let account = account.snapshot().unwrap();
        let billed: Vec<_> = account.rows.iter().map(|row| row.last_billed_at).collect();
        assert!(billed.is_sorted_by(|newer, older| newer > older));
        let has = |test: fn(&BillingEntry) -> bool| account.rows.iter().any(test);
        assert!(has(|row| row.resource_id.is_none()));
        assert!(has(|row| row.amount_usd.decimal().scale() == 0));
        assert!(has(|row| row.amount_usd.decimal().scale() == 9));
        assert!(account.rows.iter().all(|row| row.amount_usd > Usd::ZERO));
        for kind in RESOURCE_TYPES {
            assert!(account.rows.iter().any(|row| row.resource_type == kind));
        }
    }

    #[test]
    fn a_charge_reduces_the_balance_and_adds_a_row_at_the_front() {
        let ids = Ids::new(7);
        let mut account = Account::new(&ids, None, usd(1, 0), 3);
        let second = Duration::from_secs(1);
        let run = account.bill(&ids, second, ("training", "run_1"), usd(1, 9));
        account.bill(&ids, 2 * second, ("inference", "m"), usd(25, 2));
        account.bill_more(&run, 3 * second, usd(2, 9));
        let account = account.snapshot().unwrap();

        assert_eq!(account.balance.to_string(), "0.749999997");
        assert_eq!(account.rows.len(), 5);
        assert_eq!(account.rows[0].id, run);
        assert_eq!(account.rows[0].amount_usd, usd(3, 9));
        assert_eq!(account.rows[0].created_at, timestamp(second));
        assert_eq!(account.rows[0].last_billed_at, Some(timestamp(3 * second)));
        assert_eq!(account.rows[1].resource_type, "inference");
    }
}
