//! The settings, their variables and their defaults. Source: the official client, prime 0.18.0 (`core/config.py`).

use serde_json::Value;

/// A setting of the official client.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The key in the files.
    pub(crate) name: &'static str,
    /// The name in tables.
    pub(crate) label: &'static str,
    /// The environment variables. The first that is set wins.
    pub(crate) variables: &'static [&'static str],
    /// What is used if nothing sets it.
    default: Default,
    /// Whether `/api/v1` is removed from its end.
    is_base: bool,
}

#[derive(Debug)]
enum Default {
    None,
    Text(&'static str),
    SshKey,
}

const fn setting(
    name: &'static str,
    label: &'static str,
    variables: &'static [&'static str],
    default: Default,
) -> Setting {
    Setting {
        name,
        label,
        variables,
        default,
        is_base: false,
    }
}

const fn base(mut setting: Setting) -> Setting {
    setting.is_base = true;
    setting
}

pub(crate) const API_KEY: &Setting = &SETTINGS[0];

/// All settings, in the order in which they are shown.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("api_key", "API Key", &["PRIME_API_KEY"], Default::None),
    setting("team_id", "Team", &["PRIME_TEAM_ID"], Default::None),
    setting("user_id", "User", &["PRIME_USER_ID"], Default::None),
    base(setting(
        "base_url",
        "Base URL",
        &["PRIME_API_BASE_URL", "PRIME_BASE_URL"],
        Default::Text("https://api.primeintellect.ai"),
    )),
    setting(
        "frontend_url",
        "Frontend URL",
        &["PRIME_FRONTEND_URL"],
        Default::Text("https://app.primeintellect.ai"),
    ),
    setting(
        "inference_url",
        "Inference URL",
        &["PRIME_INFERENCE_URL"],
        Default::Text("https://api.pinference.ai/api/v1"),
    ),
    base(setting(
        "traces_url",
        "Traces URL",
        &["PRIME_TRACES_URL"],
        Default::Text("https://api.primeintellect.ai"),
    )),
    setting(
        "ssh_key_path",
        "SSH Key Path",
        &["PRIME_SSH_KEY_PATH"],
        Default::SshKey,
    ),
    setting(
        "share_resources_with_team",
        "Share Resources With Team",
        &[],
        Default::Text("false"),
    ),
    setting(
        "traces_opt_out",
        "Traces Opt Out",
        &["PRIME_TRACES_OPT_OUT"],
        Default::Text("false"),
    ),
];

impl Setting {
    /// Returns a value without the parts that do not matter.
    pub(crate) fn normal(&self, value: &str) -> String {
        if !self.name.ends_with("_url") {
            return value.to_owned();
        }
        let value = value.trim_end_matches('/');
        let value = if self.is_base {
            value.strip_suffix("/api/v1").unwrap_or(value)
        } else {
            value
        };
        value.to_owned()
    }

    pub(crate) fn default_value(&self) -> Option<String> {
        match self.default {
            Default::None => None,
            Default::Text(text) => Some(text.to_owned()),
            Default::SshKey => {
                let path = std::env::home_dir()?.join(".ssh").join("id_rsa");
                Some(path.display().to_string())
            }
        }
    }
}

/// Returns what the files have for a setting that is not set. The default of the traces URL is not written, as by the
/// official client.
pub(crate) fn default_of(name: &str) -> Value {
    let setting = SETTINGS
        .iter()
        .find(|setting| setting.name == name && name != "traces_url");
    let default = setting.and_then(Setting::default_value);
    default.map_or(Value::Null, Value::String)
}
