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

/// Where an account stands in the state.
pub(crate) type AccountId = usize;

/// The currency of every wallet.
pub(crate) const CURRENCY: &str = "USD";

/// What costs money, as the specification lists it.
const RESOURCES: [&str; 6] = [
    "compute",
    "training",
    "inference",
    "disks",
    "sandboxes",
    "images",
];

/// Amounts as wallets have them, round ones and ones with many digits: the most units, and how many
/// decimals a unit has.
const AMOUNTS: [(u64, u32); 6] = [
    (500, 2),
    (40_000, 4),
    (9, 0),
    (3_000_000, 6),
    (7_000, 3),
    (2_000_000_000, 9),
];

/// More rows than this are not kept: the oldest are forgotten.
const MAX_ROWS: usize = 100_000;

/// Somebody who pays: a person or a team.
pub(crate) struct Account {
    /// The wallet's id.
    pub(crate) wallet: String,
    /// The team's id; without it, the account is a person's own.
    pub(crate) team: Option<String>,
    /// Who may act for it; the person whose own it is, alone.
    pub(crate) members: Vec<String>,
    pub(crate) balance: Usd,
    /// Newest first, as they were billed last.
    pub(crate) rows: VecDeque<Row>,
}

/// Something that was paid for.
pub(crate) struct Row {
    id: String,
    amount: Usd,
    created: Timestamp,
    /// When it was billed last.
    billed: Timestamp,
    kind: String,
    resource: Option<String>,
}

impl Row {
    /// The row as the API tells it.
    pub(crate) fn entry(&self) -> Result<BillingEntry, ConversionError> {
        BillingEntry::builder()
            .id(self.id.clone())
            .amount_usd(self.amount)
            .created_at(self.created)
            .updated_at(self.billed)
            .last_billed_at(self.billed)
            .currency(CURRENCY)
            .resource_type(self.kind.clone())
            .resource_id(self.resource.clone())
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

    /// The same, for these people.
    pub(crate) fn with_members(mut self, members: Vec<String>) -> Self {
        self.members = members;
        self
    }

    /// Whether a caller may act for it.
    pub(crate) fn is_of(&self, caller: &Caller) -> bool {
        self.members.contains(&caller.person)
    }

    /// Charges something new: a row at the front. Gives the row's id.
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
            kind: resource.0.to_owned(),
            resource: Some(resource.1.to_owned()),
        });
        id
    }

    /// Charges more of something: its row grows and moves to the front. False if there is no such row.
    pub(crate) fn bill_more(&mut self, row: &str, now: Duration, more: Usd) -> bool {
        let place = self.rows.iter().position(|entry| entry.id == row);
        let Some(mut entry) = place.and_then(|place| self.rows.remove(place)) else {
            return false;
        };
        self.balance -= more;
        entry.amount += more;
        entry.billed = timestamp(now);
        self.rows.push_front(entry);
        true
    }

    /// The ids of the last rows, the very last one first.
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

/// A row from before the simulation began, billed last `age` ago.
fn past_row(ids: &Ids, row: usize, age: Duration) -> Row {
    let kind = RESOURCES[row % RESOURCES.len()];
    // Each kind meets each size in turn.
    let (most, decimals) = AMOUNTS[(row / RESOURCES.len() + row) % AMOUNTS.len()];
    let units = 1 + ids.number("amount") % most;
    let lasted = Duration::from_secs(ids.number("age") % 90_000);
    Row {
        id: ids.id("bill_"),
        amount: usd(i64::try_from(units).unwrap_or(1), decimals),
        created: before(age + lasted),
        billed: before(age),
        kind: kind.to_owned(),
        // What was paid for may be gone.
        resource: (row % 7 != 5).then(|| ids.id("res_")),
    }
}

/// A wallet as it is now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Wallet {
    /// Its id.
    pub id: String,
    /// The team it belongs to; none for the personal one.
    pub team: Option<String>,
    /// What is left in it.
    pub balance: Usd,
    /// What was charged, newest first.
    pub rows: Vec<BillingEntry>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_sorted_and_varied() {
        let account = Account::new(&Ids::new(7), None, usd(1, 0), 100);
        let account = account.snapshot().unwrap();
        let billed: Vec<_> = account.rows.iter().map(|row| row.last_billed_at).collect();
        assert!(billed.is_sorted_by(|newer, older| newer > older));
        let has = |test: fn(&BillingEntry) -> bool| account.rows.iter().any(test);
        assert!(has(|row| row.resource_id.is_none()));
        assert!(has(|row| row.amount_usd.decimal().scale() == 0));
        assert!(has(|row| row.amount_usd.decimal().scale() == 9));
        assert!(account.rows.iter().all(|row| row.amount_usd > Usd::ZERO));
        for kind in RESOURCES {
            assert!(account.rows.iter().any(|row| row.resource_type == kind));
        }
    }

    #[test]
    fn what_is_billed_is_gone_and_stands_in_front() {
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
