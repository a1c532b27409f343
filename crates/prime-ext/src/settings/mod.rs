//! What a client works with, and where each of it came from.
//!
//! The rules are those of the provider's own client: what the caller says comes first, then the
//! environment, then the context that `PRIME_CONTEXT` names, then `~/.prime/config.json`, then the
//! addresses that the specifications state. Files are only read.
//!
//! | file | what it holds |
//! |---|---|
//! | `found` | what the environment and the files say |

mod found;

use std::fmt;
use std::path::PathBuf;

use openapi_runtime::Secret;
use reqwest::Url;

pub(crate) use found::{Found, Surroundings};

use crate::account::Account;

/// What a client works with, and where each of it came from. From
/// [`Client::settings`](crate::Client::settings).
///
/// `Display` is a table for people, without the key:
///
/// ```
/// # fn example() -> Result<(), prime_ext::Error> {
/// let prime = prime_ext::Client::builder().api_key("pit_…").team("team_123").build()?;
/// println!("{}", prime.settings());
/// # assert!(prime.settings().to_string().contains("team_123"));
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The API key.
    pub api_key: Setting<Secret>,
    /// Whose account is used where [`Client::team`](crate::Client::team) says nothing else.
    pub account: Setting<Account>,
    /// Address of the Inference API, with its path.
    pub inference_url: Setting<Url>,
    /// Address of the platform, without `/api/v1`.
    pub platform_url: Setting<Url>,
}

/// A value, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The program said it.
    Program,
    /// A variable of the environment, by its name.
    Variable(&'static str),
    /// A file, by its path.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl<T> Setting<T> {
    pub(crate) fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => f.write_str("the program"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = match &self.account.value {
            Account::Personal => "personal",
            Account::Team(id) => id,
        };
        let inference_url = self.inference_url.value.as_str();
        let platform_url = self.platform_url.value.as_str();
        let rows = [
            ("API key", "(hidden)", &self.api_key.source),
            ("account", account, &self.account.source),
            ("inference URL", inference_url, &self.inference_url.source),
            ("platform URL", platform_url, &self.platform_url.source),
        ];
        let width = rows.iter().map(|row| row.1.len()).max().unwrap_or_default();
        for (i, (name, value, source)) in rows.into_iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<13}  {value:<width$}  from {source}")?;
        }
        Ok(())
    }
}
