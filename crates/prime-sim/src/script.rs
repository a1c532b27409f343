//! TOML scripts with keys, teams, adapters, replies and faults.

use serde::Deserialize;
use serde_json::Value;

use crate::builder::Builder;
use crate::faults::Parameters;
use crate::replies::{Reply, Rule};
use crate::shapes::{ReasoningField, ToolCallShape};
use crate::state::{Key, Team};
use crate::when::When;

/// The error returned for an invalid script.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The script is invalid TOML, has an unknown field or lacks a required field.
    #[error("{0}")]
    Toml(String),
    /// A fault is invalid.
    #[error("fault {index}: {problem}")]
    Fault {
        /// The position of the entry, counted from 1.
        index: usize,
        /// Why the entry is invalid.
        problem: String,
    },
    /// A reply is invalid.
    #[error("reply {index}: {problem}")]
    Reply {
        /// The position of the entry, counted from 1.
        index: usize,
        /// Why the entry is invalid.
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
    adapter: Vec<AdapterEntry>,
    #[serde(default)]
    reply: Vec<ReplyEntry>,
    #[serde(default)]
    fault: Vec<Parameters>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdapterEntry {
    base: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyEntry {
    when: Option<String>,
    model: Option<String>,
    round: Option<usize>,
    #[serde(default)]
    after_tool_results: bool,
    tool_result: Option<String>,
    times: Option<u64>,
    text: Option<String>,
    reasoning: Option<String>,
    #[serde(default)]
    reasoning_as: ReasoningField,
    refusal: Option<String>,
    finish_reason: Option<String>,
    #[serde(default)]
    tool_calls: Vec<ToolCallEntry>,
    #[serde(default)]
    tool_call_shapes: Vec<ToolCallShape>,
    #[serde(default)]
    without_cost: bool,
    #[serde(default)]
    without_usage: bool,
    #[serde(default)]
    echo: bool,
    json: Option<Value>,
    events: Option<Vec<String>>,
    bytes: Option<String>,
    content_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCallEntry {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl Builder {
    /// Adds the keys, teams, adapters, replies and faults of a TOML script. `prime-sim --script`
    /// reads such a script from a file.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let script = r#"
    /// [[fault]]
    /// fault = "status"              # the name, see `Fault`
    /// status = 503                  # the parameters of this fault
    /// retry_after = 1
    /// on = "create_run"             # an operation or an array of operations (default all)
    /// times = 2                     # also: skip, chance, model
    ///
    /// [[fault]]
    /// fault = "cut-off"
    /// after = 5
    /// on = "create_chat_completion"
    /// chance = 0.1
    ///
    /// [[reply]]
    /// when = "weather"              # and: model = "…", tool_result = "…", after_tool_results = true
    /// round = 1                     # also: times
    /// tool_calls = [
    ///     { name = "get_weather", arguments = { city = "Paris" } },
    ///     { name = "get_weather", arguments = { city = "Rome" } },
    /// ]
    /// tool_call_shapes = ["missing-id", "object-arguments"]  # see `ToolCallShape`
    /// reasoning = "I need the weather."                      # also: refusal, finish_reason
    /// reasoning_as = "reasoning_details"                     # see `ReasoningField`
    ///
    /// [[reply]]
    /// when = "weather"
    /// round = 2
    /// text = "It rains."            # or: echo = true, json = …, events = […], bytes = "…"
    /// without_cost = true           # or: without_usage = true
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
    /// Returns an error if the script is invalid. The error names the entry and the reason.
    pub fn script(mut self, script: &str) -> Result<Self, ScriptError> {
        let script: Script =
            toml::from_str(script).map_err(|error| ScriptError::Toml(error.to_string()))?;
        self.keys.extend(script.key);
        self.teams.extend(script.team);
        let adapters = script.adapter.into_iter();
        self.adapters
            .extend(adapters.map(|adapter| (adapter.base, adapter.id)));
        for (index, says) in (1..).zip(script.reply) {
            let rule = says.rule();
            let rule = rule.map_err(|problem| ScriptError::Reply { index, problem })?;
            self.replies.push(rule);
        }
        for (index, parameters) in (1..).zip(script.fault) {
            let fault = parameters.fault();
            let fault = fault.map_err(|problem| ScriptError::Fault { index, problem })?;
            self.faults.push(fault);
        }
        Ok(self)
    }
}

impl ReplyEntry {
    fn rule(self) -> Result<Rule, String> {
        let conditions = [
            self.when.map(When::contains),
            self.model.map(When::model),
            self.round.map(When::round),
            self.after_tool_results.then(When::after_tool_results),
            self.tool_result.map(When::tool_result),
        ];
        let when = conditions.into_iter().flatten().reduce(When::and);
        let when = when.unwrap_or_else(When::any);
        let message = self.text.is_some() || self.refusal.is_some() || !self.tool_calls.is_empty();
        let kinds = [
            message,
            self.echo,
            self.json.is_some(),
            self.events.is_some(),
        ];
        let kinds = kinds.into_iter().chain([self.bytes.is_some()]);
        if kinds.filter(|given| *given).count() != 1 {
            return Err(
                "exactly one of 'text' (or 'refusal', 'tool_calls'), 'echo', 'json', 'events' \
                        and 'bytes' is required"
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
        } else {
            let mut reply = if self.echo {
                Reply::echo()
            } else {
                Reply::text(self.text.unwrap_or_default())
            };
            reply = reply.reasoning_as(self.reasoning_as);
            for shape in self.tool_call_shapes {
                reply = reply.tool_call_shape(shape);
            }
            if self.without_cost {
                reply = reply.without_cost();
            }
            if self.without_usage {
                reply = reply.without_usage();
            }
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
    fn an_invalid_script_is_rejected_with_the_reason() {
        for (script, expected) in [
            ("[[fault]]\n", "missing field `fault`"),
            ("[[fault]]\nfault = 'rest'", "fault 1: unknown fault 'rest'"),
            (
                "[[fault]]\nfault = 'reset'\ntmies = 2",
                "unknown field `tmies`",
            ),
            (
                "[[fault]]\nfault = 'reset'\non = 'run'",
                "fault 1: unknown operation",
            ),
            ("[[reply]]\nwhen = 'x'", "reply 1: exactly one of"),
            (
                "[[reply]]\ntext = 'x'\necho = true",
                "reply 1: exactly one of",
            ),
            (
                "[[reply]]\ntext = 'x'\ntool_call_shapes = ['odd']",
                "unknown variant `odd`",
            ),
            ("[[kye]]\n", "unknown field `kye`"),
            ("x", "expected"),
        ] {
            let error = Simulator::builder().script(script).unwrap_err().to_string();
            assert!(error.contains(expected), "{script}: {error}");
        }
    }
}
