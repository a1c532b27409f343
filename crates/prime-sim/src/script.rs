//! Scripts: keys, teams, replies and faults, written in TOML.

use serde::Deserialize;
use serde_json::Value;

use crate::builder::Builder;
use crate::faults::Parameters;
use crate::replies::{Reply, Rule, When};
use crate::state::{Key, Team};

/// Why a script is not followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// It is no TOML, or has a field that no script has, or lacks one.
    #[error("{0}")]
    Toml(String),
    /// A fault makes no sense.
    #[error("fault {place}: {problem}")]
    Fault {
        /// Which one, from 1.
        place: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A reply makes no sense.
    #[error("reply {place}: {problem}")]
    Reply {
        /// Which one, from 1.
        place: usize,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    #[serde(default)]
    key: Vec<Key>,
    #[serde(default)]
    team: Vec<Team>,
    #[serde(default)]
    adapter: Vec<Adapter>,
    #[serde(default)]
    reply: Vec<Says>,
    #[serde(default)]
    fault: Vec<Parameters>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adapter {
    base: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    when: Option<String>,
    model: Option<String>,
    times: Option<u64>,
    text: Option<String>,
    reasoning: Option<String>,
    refusal: Option<String>,
    finish_reason: Option<String>,
    #[serde(default)]
    tool_calls: Vec<Call>,
    #[serde(default)]
    echo: bool,
    json: Option<Value>,
    events: Option<Vec<String>>,
    bytes: Option<String>,
    content_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl Builder {
    /// What a script says: keys, teams, adapters, replies and faults, in TOML, which `prime-sim
    /// --script` reads from a file. Besides what the builder was told already.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let script = r#"
    /// [[fault]]                     # as `Fault` has them, each with
    /// fault = "status"              #   its name,
    /// status = 503                  #   its parameters,
    /// retry_after = 1
    /// on = "create_run"             #   operations: one, or an array (default all),
    /// times = 2                     #   and when: times, skip, chance, model
    ///
    /// [[fault]]
    /// fault = "cut-off"
    /// after = 5
    /// on = "create_chat_completion"
    /// chance = 0.1
    ///
    /// [[reply]]
    /// when = "weather"              # or: model = "…"
    /// times = 1
    /// tool_calls = [{ name = "get_weather", arguments = { city = "Paris" } }]
    ///
    /// [[reply]]
    /// when = "weather"              # or: echo = true, json = …, events = […], bytes = "…"
    /// text = "It rains."
    ///
    /// [[key]]
    /// key = "pit_bobs"
    /// of = "bob"
    /// only = ["inference", "billing"]
    ///
    /// [[team]]
    /// id = "team_lab"
    /// members = ["owner", "bob"]
    /// balance = "0.25"
    /// rows = 350
    ///
    /// [[adapter]]
    /// base = "qwen/qwen3.5-35b-a3b"
    /// id = "mine"
    /// "#;
    /// let sim = prime_sim::Simulator::builder().script(script)?.start().await?;
    /// # assert!(sim.wallet(Some("team_lab")).is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If it cannot be followed; the error says where and why.
    pub fn script(mut self, script: &str) -> Result<Self, ScriptError> {
        let script: Script =
            toml::from_str(script).map_err(|error| ScriptError::Toml(error.to_string()))?;
        self.keys.extend(script.key);
        self.teams.extend(script.team);
        let adapters = script.adapter.into_iter();
        self.adapters
            .extend(adapters.map(|adapter| (adapter.base, adapter.id)));
        for (place, says) in (1..).zip(script.reply) {
            let rule = says.rule();
            let rule = rule.map_err(|problem| ScriptError::Reply { place, problem })?;
            self.replies.push(rule);
        }
        for (place, parameters) in (1..).zip(script.fault) {
            let fault = parameters.fault();
            let fault = fault.map_err(|problem| ScriptError::Fault { place, problem })?;
            self.faults.push(fault);
        }
        Ok(self)
    }
}

impl Says {
    fn rule(self) -> Result<Rule, String> {
        let when = match (self.when, self.model) {
            (None, None) => When::any(),
            (Some(text), None) => When::says(text),
            (None, Some(model)) => When::model(model),
            (Some(_), Some(_)) => return Err("'when' or 'model', not both".to_owned()),
        };
        let says = self.text.is_some() || self.refusal.is_some() || !self.tool_calls.is_empty();
        let kinds = [says, self.echo, self.json.is_some(), self.events.is_some()];
        let kinds = kinds.into_iter().chain([self.bytes.is_some()]);
        if kinds.filter(|given| *given).count() != 1 {
            return Err(
                "one of 'text' (or 'refusal', 'tool_calls'), 'echo', 'json', 'events' \
                        and 'bytes' is needed"
                    .to_owned(),
            );
        }
        let reply = if let Some(json) = self.json {
            Reply::json(json)
        } else if let Some(events) = self.events {
            Reply::events(events)
        } else if let Some(bytes) = self.bytes {
            let content_type = self.content_type.unwrap_or_else(|| "text/plain".to_owned());
            Reply::bytes(content_type, bytes)
        } else if self.echo {
            Reply::echo()
        } else {
            let mut reply = Reply::text(self.text.unwrap_or_default());
            for call in self.tool_calls {
                reply = reply.and_tool_call(call.name, call.arguments);
            }
            if let Some(reasoning) = self.reasoning {
                reply = reply.reasoning(reasoning);
            }
            if let Some(refusal) = self.refusal {
                reply = reply.refusal(refusal);
            }
            if let Some(reason) = self.finish_reason {
                reply = reply.finish_reason(reason);
            }
            reply
        };
        Ok(Rule::new(when, self.times, reply))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::simulator::Simulator;

    #[test]
    fn what_cannot_be_followed_is_told() {
        for (script, word) in [
            ("[[fault]]\n", "missing field `fault`"),
            (
                "[[fault]]\nfault = 'rest'",
                "fault 1: there is no fault 'rest'",
            ),
            (
                "[[fault]]\nfault = 'reset'\ntmies = 2",
                "unknown field `tmies`",
            ),
            (
                "[[fault]]\nfault = 'reset'\non = 'run'",
                "fault 1: there is no operation",
            ),
            ("[[reply]]\nwhen = 'x'", "reply 1: one of"),
            ("[[reply]]\ntext = 'x'\necho = true", "reply 1: one of"),
            ("[[kye]]\n", "unknown field `kye`"),
            ("x", "expected"),
        ] {
            let error = Simulator::builder().script(script).unwrap_err().to_string();
            assert!(error.contains(word), "{script}: {error}");
        }
    }
}
