//! The settings of a client and the source of each.
//!
//! The order of precedence is the same as in the provider's own client: values set by the caller, environment
//! variables, the context named by `PRIME_CONTEXT`, `~/.prime/config.json`, and the default URLs of the specifications.
//! Files are never written.

mod key;
mod partial_config;

use std::fmt;
use std::path::PathBuf;

use openapi_runtime::Secret;
use reqwest::Url;

pub(crate) use key::clean as clean_key;
pub(crate) use partial_config::{EnvSource, PartialConfig};

use crate::account::Account;

/// The settings of a client and the source of each. Returned by [`Client::settings`](crate::Client::settings).
///
/// `Display` shows a table in which the key is hidden:
///
/// ```
/// # fn example() -> Result<(), prime_ext::Error> {
/// let prime = prime_ext::Client::builder().api_key("pit_123").team("team_123").build()?;
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
    /// The default account. [`Client::team`](crate::Client::team) selects another.
    pub account: Setting<Account>,
    /// The base URL of the Inference API, including its path.
    pub inference_url: Setting<Url>,
    /// The base URL of the platform, without `/api/v1`.
    pub platform_url: Setting<Url>,
}

/// A value and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// The source of the value.
    pub source: Source,
}

/// The source of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The program set it.
    Program,
    /// The environment variable with this name.
    Variable(&'static str),
    /// The file with this path.
    File(PathBuf),
    /// The default value.
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
