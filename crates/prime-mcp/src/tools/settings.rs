//! `settings`.

use std::sync::Arc;

use prime_ext::Account;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::session::Session;
use crate::tool::{Fault, Tool};

pub(super) fn tools() -> [Tool; 1] {
    [Tool::read(
        "settings",
        "Return the settings of this server and where each comes from, and the spending limit. The API key is not shown. \
         Costs nothing.",
        read,
    )]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn read(session: Arc<Session>, _arguments: Nothing) -> Result<Value, Fault> {
    let settings = session.client.settings();
    let account = match session.client.account() {
        Account::Team(id) => format!("team {id}"),
        _ => "personal".to_owned(),
    };
    let source = |source: &prime_ext::Source| source.to_string();
    Ok(json!({
        "api_key": {"value": "[redacted]", "source": source(&settings.api_key.source)},
        "account": {"value": account, "source": source(&settings.account.source)},
        "inference_url": {"value": settings.inference_url.value.as_str(), "source": source(&settings.inference_url.source)},
        "platform_url": {"value": settings.platform_url.value.as_str(), "source": source(&settings.platform_url.source)},
        "spending": {
            "limit_usd": session.limit(),
            "left_usd": session.limit().map(|_| session.left()),
            "spent_usd": session.meter.total().known,
        },
    }))
}
