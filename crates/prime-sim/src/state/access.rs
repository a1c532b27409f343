//! API keys, teams and permissions.

use std::collections::HashMap;

use openapi_runtime::Usd;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The owner of the simulator's default key and team.
pub(crate) const OWNER: &str = "owner";

/// Returns the ID of a person as a user.
pub(crate) fn user_id(person: &str) -> String {
    format!("user_{person}")
}

/// A permission of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Permission {
    /// The Inference API.
    Inference,
    /// Creating, reading, stopping and deleting runs.
    Training,
    /// Reading wallets and run usage.
    Billing,
}

impl Permission {
    pub(crate) const ALL: [Self; 3] = [Self::Inference, Self::Training, Self::Billing];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Training => "training",
            Self::Billing => "billing",
        }
    }
}

/// An API key, its owner and its permissions.
///
/// ```
/// use prime_sim::{Key, Permission};
///
/// let full = Key::new("pit_full");                                 // all permissions
/// let bobs = Key::new("pit_bobs").owned_by("bob");
/// let billing = Key::new("pit_billing").only([Permission::Billing]);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "pass the key to `Simulator::add_key`"]
pub struct Key {
    #[serde(rename = "key")]
    pub(crate) secret: String,
    #[serde(rename = "of", default = "default_owner")]
    pub(crate) owner: String,
    #[serde(rename = "only", default = "all_permissions")]
    pub(crate) permissions: Vec<Permission>,
}

fn default_owner() -> String {
    OWNER.to_owned()
}

fn all_permissions() -> Vec<Permission> {
    Permission::ALL.to_vec()
}

impl Key {
    /// Creates a key with all permissions. Its owner is `owner`, who also owns [`Simulator::key`].
    ///
    /// [`Simulator::key`]: crate::Simulator::key
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            owner: default_owner(),
            permissions: all_permissions(),
        }
    }

    /// Sets the owner. A new owner gets an account and a wallet with the default balance.
    pub fn owned_by(mut self, person: impl Into<String>) -> Self {
        self.owner = person.into();
        self
    }

    /// Restricts the permissions.
    pub fn only(mut self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        self.permissions = permissions.into_iter().collect();
        self
    }
}

/// A team with its members and its wallet.
///
/// ```
/// use prime_sim::Team;
///
/// let lab = Team::new("team_lab").member("owner").member("bob").balance("0.25".parse()?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "pass the team to `Simulator::add_team`"]
pub struct Team {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) members: Vec<String>,
    #[serde(default, deserialize_with = "amount")]
    pub(crate) balance: Option<Usd>,
    #[serde(default)]
    pub(crate) rows: usize,
}

/// Reads an amount from a string, because TOML has no decimal type.
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usd>, D::Error> {
    let amount = String::deserialize(deserializer)?;
    amount.parse().map(Some).map_err(D::Error::custom)
}

impl Team {
    /// Creates a team with no members, the default balance and no billing rows.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            members: Vec::new(),
            balance: None,
            rows: 0,
        }
    }

    /// Adds a member: `owner`, or the owner of a key ([`Key::owned_by`]).
    pub fn member(mut self, person: impl Into<String>) -> Self {
        self.members.push(person.into());
        self
    }

    /// Sets the balance of the wallet.
    pub fn balance(mut self, balance: Usd) -> Self {
        self.balance = Some(balance);
        self
    }

    /// Sets the initial number of billing rows.
    pub fn billing_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }
}

/// The owner and permissions of a valid key.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) person: String,
    permissions: Vec<Permission>,
}

impl Caller {
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// All API keys.
#[derive(Default)]
pub(crate) struct Keys(HashMap<String, Caller>);

impl Keys {
    pub(crate) fn add(&mut self, key: Key) {
        let caller = Caller {
            person: key.owner,
            permissions: key.permissions,
        };
        self.0.insert(key.secret, caller);
    }

    pub(crate) fn revoke(&mut self, secret: &str) -> bool {
        self.0.remove(secret).is_some()
    }

    pub(crate) fn get(&self, secret: &str) -> Option<&Caller> {
        self.0.get(secret)
    }
}
