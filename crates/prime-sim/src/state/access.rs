//! Who may do what: people, their keys, their teams.

use std::collections::HashMap;

use openapi_runtime::Usd;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Who the simulator's own key and team belong to.
pub(crate) const OWNER: &str = "owner";

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Permission {
    /// The Inference API.
    Inference,
    /// Creating, seeing and deleting runs.
    Training,
    /// Wallets, and what runs cost.
    Billing,
}

impl Permission {
    const ALL: [Self; 3] = [Self::Inference, Self::Training, Self::Billing];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Training => "training",
            Self::Billing => "billing",
        }
    }
}

/// An API key to be: whose it is, and what it allows.
///
/// ```
/// use prime_sim::{Key, Permission};
///
/// let all = Key::new("pit_mine");                                  // the owner's, for everything
/// let bobs = Key::new("pit_bobs").of("bob");
/// let reads = Key::new("pit_reads").only([Permission::Billing]);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a simulator takes it with `add_key`"]
pub struct Key {
    #[serde(rename = "key")]
    pub(crate) secret: String,
    #[serde(default = "owner")]
    pub(crate) of: String,
    #[serde(default = "all")]
    pub(crate) only: Vec<Permission>,
}

fn owner() -> String {
    OWNER.to_owned()
}

fn all() -> Vec<Permission> {
    Permission::ALL.to_vec()
}

impl Key {
    /// A key that allows everything, of the person `owner`, who has [`Simulator::key`] too.
    ///
    /// [`Simulator::key`]: crate::Simulator::key
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            of: owner(),
            only: all(),
        }
    }

    /// Whose it is. Somebody new has an account and a wallet of their own, with a balance as the
    /// simulator's others.
    pub fn of(mut self, person: impl Into<String>) -> Self {
        self.of = person.into();
        self
    }

    /// All that it allows.
    pub fn only(mut self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        self.only = permissions.into_iter().collect();
        self
    }
}

/// A team to be: its members and its wallet.
///
/// ```
/// use prime_sim::Team;
///
/// let lab = Team::new("team_lab").member("owner").member("bob").balance("0.25".parse()?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a simulator takes it with `add_team`"]
pub struct Team {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) members: Vec<String>,
    #[serde(default, deserialize_with = "amount")]
    pub(crate) balance: Option<Usd>,
    #[serde(default)]
    pub(crate) rows: usize,
}

/// An amount as a string: TOML has no decimals.
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usd>, D::Error> {
    let amount = String::deserialize(deserializer)?;
    amount.parse().map(Some).map_err(D::Error::custom)
}

impl Team {
    /// A team without members, with a balance as the simulator's others and no billing rows.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            members: Vec::new(),
            balance: None,
            rows: 0,
        }
    }

    /// One member more: a person of [`Key::of`], or `owner`.
    pub fn member(mut self, person: impl Into<String>) -> Self {
        self.members.push(person.into());
        self
    }

    /// What is in its wallet.
    pub fn balance(mut self, balance: Usd) -> Self {
        self.balance = Some(balance);
        self
    }

    /// How many billing rows its wallet starts with.
    pub fn billing_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) person: String,
    only: Vec<Permission>,
}

impl Caller {
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.only.contains(&permission)
    }
}

/// Every key.
#[derive(Default)]
pub(crate) struct Keys(HashMap<String, Caller>);

impl Keys {
    pub(crate) fn add(&mut self, key: Key) {
        let caller = Caller {
            person: key.of,
            only: key.only,
        };
        self.0.insert(key.secret, caller);
    }

    pub(crate) fn revoke(&mut self, secret: &str) -> bool {
        self.0.remove(secret).is_some()
    }

    pub(crate) fn of(&self, secret: &str) -> Option<&Caller> {
        self.0.get(secret)
    }
}
