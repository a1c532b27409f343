//! Faults by name, for scripts and for models such as `sim/cut-off`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::faults::{Envelope, Fault};
use crate::operation::Operation;

/// The prefix of model names that select a fault.
const MODEL_PREFIX: &str = "sim/";

/// The model that requires its reasoning back.
pub(crate) const REQUIRES_REASONING: &str = "sim/requires-reasoning";

/// A fault in a script: its name and its parameters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    fault: String,
    #[serde(default)]
    on: OneOrMore,
    model: Option<String>,
    skip: Option<u64>,
    times: Option<u64>,
    chance: Option<f64>,
    #[serde(default)]
    carried_out: bool,
    after: Option<usize>,
    status: Option<u16>,
    for_ms: Option<u64>,
    bytes: Option<usize>,
    every_ms: Option<u64>,
    content_type: Option<String>,
    to: Option<String>,
    mebibytes: Option<u64>,
    rows: Option<usize>,
    retry_after: Option<u64>,
    retry_after_ms: Option<u64>,
    retry_after_date_ms: Option<u64>,
    body: Option<String>,
    envelope: Option<Envelope>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    #[default]
    None,
    One(String),
    More(Vec<String>),
}

/// The fault names and their specific parameters.
const NAMES: [(&str, &[&str]); 26] = [
    ("refuse", &["for_ms"]),
    ("reset", &[]),
    ("reset-midway", &["after"]),
    ("lost-response", &[]),
    ("close", &[]),
    ("stall", &[]),
    ("stall-midway", &["after"]),
    ("delay", &["for_ms"]),
    ("slow-drip", &["bytes", "every_ms"]),
    ("cut-off", &["after"]),
    ("error-event", &["after"]),
    ("malformed-chunk", &["after"]),
    ("endless-line", &["after"]),
    ("endless-body", &["after"]),
    ("empty-stream", &[]),
    ("content-type", &["content_type"]),
    ("status", &["status", "body", "envelope"]),
    ("html", &["status"]),
    ("rate-limited", &["body", "envelope"]),
    ("quota", &["envelope"]),
    ("requires-reasoning", &["body"]),
    ("rejects-reasoning", &["body"]),
    ("redirect", &["to", "status"]),
    ("gzip-bomb", &["mebibytes"]),
    ("rows-arrive", &["rows"]),
    ("rows-move", &["rows"]),
];

impl Parameters {
    /// Converts the parameters to a fault. Returns an error message if they are invalid.
    pub(crate) fn fault(mut self) -> Result<Fault, String> {
        let name = std::mem::take(&mut self.fault);
        self.check(&name)?;
        let ms = |ms: Option<u64>, default| Duration::from_millis(ms.unwrap_or(default));
        let mut fault = match name.as_str() {
            "refuse" => Fault::refuse(ms(self.for_ms, 100)),
            "reset" => Fault::reset(),
            "reset-midway" => Fault::reset_midway(),
            "lost-response" => Fault::lost_response(),
            "close" => Fault::close(),
            "stall" => Fault::stall(),
            "stall-midway" => Fault::stall_midway(),
            "delay" => Fault::delay(ms(self.for_ms, 1_000)),
            "slow-drip" => Fault::slow_drip(self.bytes.unwrap_or(1), ms(self.every_ms, 10)),
            "cut-off" => Fault::cut_off(),
            "error-event" => Fault::error_event(),
            "malformed-chunk" => Fault::malformed_chunk(),
            "endless-line" => Fault::endless_line(),
            "endless-body" => Fault::endless_body(),
            "empty-stream" => Fault::empty_stream(),
            "content-type" => {
                Fault::content_type(self.content_type.unwrap_or_else(|| "text/plain".to_owned()))
            }
            "status" => Fault::status(self.status.ok_or("'status' is required")?),
            "html" => Fault::html(self.status.unwrap_or(502)),
            "rate-limited" => Fault::rate_limited(),
            "quota" => Fault::quota(),
            "requires-reasoning" => Fault::requires_reasoning(),
            "rejects-reasoning" => Fault::rejects_reasoning(),
            "redirect" => {
                let to = self.to.unwrap_or_else(|| "http://localhost:9/".to_owned());
                Fault::redirect(to).with_status(self.status)
            }
            "gzip-bomb" => Fault::gzip_bomb(self.mebibytes.unwrap_or(1_024)),
            "rows-arrive" => Fault::rows_arrive(self.rows.unwrap_or(1)),
            "rows-move" => Fault::rows_move(self.rows.unwrap_or(1)),
            _ => return Err(unknown(&name)),
        };
        fault.after = self.after.unwrap_or(fault.after);
        fault.carried_out |= self.carried_out;
        if let Some(body) = self.body {
            fault = fault.body(body);
        }
        if let Some(envelope) = self.envelope {
            fault = fault.envelope(envelope);
        }
        if let Some(seconds) = self.retry_after {
            fault = fault.retry_after(seconds);
        }
        if let Some(milliseconds) = self.retry_after_ms {
            fault = fault.retry_after_ms(milliseconds);
        }
        if let Some(milliseconds) = self.retry_after_date_ms {
            fault = fault.retry_after_date(Duration::from_millis(milliseconds));
        }
        for (name, value) in self.headers {
            fault = fault.header(name, value);
        }
        let operations = match self.on {
            OneOrMore::None => Vec::new(),
            OneOrMore::One(operation) => vec![operation],
            OneOrMore::More(operations) => operations,
        };
        for operation in operations {
            fault = fault.on(operation.parse::<Operation>()?);
        }
        fault.model = self.model;
        fault.skip = self.skip.unwrap_or(0);
        fault.times = self.times;
        fault.chance = self.chance;
        Ok(fault)
    }

    /// Rejects parameters that the fault does not have.
    fn check(&self, name: &str) -> Result<(), String> {
        let (_, allowed) = NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| unknown(name))?;
        let given = [
            ("after", self.after.is_some()),
            ("status", self.status.is_some()),
            ("for_ms", self.for_ms.is_some()),
            ("bytes", self.bytes.is_some()),
            ("every_ms", self.every_ms.is_some()),
            ("content_type", self.content_type.is_some()),
            ("to", self.to.is_some()),
            ("mebibytes", self.mebibytes.is_some()),
            ("rows", self.rows.is_some()),
            ("body", self.body.is_some()),
            ("envelope", self.envelope.is_some()),
        ];
        if let Some((extra, _)) = given
            .iter()
            .find(|(parameter, given)| *given && !allowed.contains(parameter))
        {
            return Err(format!("the fault '{name}' has no parameter '{extra}'"));
        }
        match self.chance {
            Some(chance) if !(0.0..=1.0).contains(&chance) => {
                Err(format!("invalid chance {chance}; use a number from 0 to 1"))
            }
            _ => Ok(()),
        }
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
    format!("unknown fault '{name}'; use one of {}", names.join(", "))
}

/// Returns the fault that a model name such as `sim/status?status=503&times=2` selects. Returns
/// `None` if the name does not select a fault.
pub(crate) fn for_model(model: &str) -> Option<Result<Fault, String>> {
    let (name, query) = model
        .strip_prefix(MODEL_PREFIX)
        .map(|rest| rest.split_once('?').unwrap_or((rest, "")))?;
    // Other `sim/…` models are not faults.
    if !NAMES.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let pairs: Vec<(String, String)> = match serde_urlencoded::from_str(query) {
        Ok(pairs) => pairs,
        Err(error) => return Some(Err(error.to_string())),
    };
    let mut parameters = Map::new();
    parameters.insert("fault".to_owned(), name.into());
    for (key, value) in pairs {
        let value = match serde_json::from_str(&value) {
            Ok(plain @ (Value::Number(_) | Value::Bool(_))) => plain,
            _ => Value::String(value),
        };
        parameters.insert(key, value);
    }
    let parameters: Result<Parameters, _> = serde_json::from_value(Value::Object(parameters));
    Some(match parameters {
        Ok(parameters) => parameters.fault(),
        Err(error) => Err(error.to_string()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_name_creates_the_fault_of_that_name() {
        for (name, _) in NAMES {
            let query = if name == "status" { "?status=503" } else { "" };
            let fault = for_model(&format!("sim/{name}{query}")).unwrap().unwrap();
            assert_eq!(fault.name, name);
        }
    }

    #[test]
    fn a_model_name_selects_a_fault_and_its_parameters() {
        let fault = for_model("sim/status?status=503&times=2&chance=0.5&retry_after=7");
        let fault = fault.unwrap().unwrap();
        assert_eq!((fault.times, fault.chance), (Some(2), Some(0.5)));
        assert_eq!(fault.headers, [("retry-after".to_owned(), "7".to_owned())]);
        assert!(for_model("meta-llama/llama-3.1-70b-instruct").is_none());
        assert!(for_model("sim/echo").is_none());
    }

    #[test]
    fn invalid_parameters_are_rejected_with_the_reason() {
        for (model, expected) in [
            ("sim/status", "'status' is required"),
            ("sim/reset?after=3", "no parameter 'after'"),
            ("sim/reset?tmies=3", "tmies"),
            ("sim/reset?times=-1", "invalid value"),
            ("sim/reset?chance=2", "from 0 to 1"),
            ("sim/reset?on=nothing", "unknown operation 'nothing'"),
        ] {
            let error = for_model(model).unwrap().unwrap_err();
            assert!(error.contains(expected), "{model}: {error}");
        }
    }
}
