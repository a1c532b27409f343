//! The shapes in which servers send tool calls and reasoning.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ids::mix;

/// An unusual shape of tool calls, for [`Reply::tool_call_shape`](crate::Reply::tool_call_shape).
///
/// The documentation of each shape names the servers that send it. A shape applies to complete
/// responses and to streams, unless it says otherwise. In a script, the names are in kebab case:
/// `tool_call_shapes = ["missing-id", "object-arguments"]`.
///
/// Other shapes need no special setting: [`Reply::finish_reason`](crate::Reply::finish_reason)
/// sends `stop` beside tool calls, as Ollama and Gemini do, and
/// [`Reply::text`](crate::Reply::text) with
/// [`Reply::and_tool_call`](crate::Reply::and_tool_call) sends a text before the calls, as Claude
/// does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ToolCallShape {
    /// The arguments are an object instead of a string. A stream sends each call in one chunk.
    /// Seen from llama.cpp and from gateways to Ollama.
    ObjectArguments,
    /// The arguments are encoded twice: the string contains a JSON string. Seen from gateways.
    DoubleEncodedArguments,
    /// A call without arguments (`{}`) has no `arguments`. Seen from vLLM and gateways.
    MissingArguments,
    /// The `arguments` of a call without arguments (`{}`) are null. Seen from vLLM.
    NullArguments,
    /// The `arguments` of a call without arguments (`{}`) are an empty string. Seen from OpenAI,
    /// vLLM, Ollama, and Claude on Bedrock.
    EmptyArguments,
    /// The arguments end after half of their characters, and the finish reason is `length`. All
    /// servers do this at the token limit.
    CutOffArguments,
    /// The calls have no `id`. Seen from Ollama.
    MissingId,
    /// The `id` of each call is null. Seen from gateways.
    NullId,
    /// The `id` of each call is empty. Seen from Gemini and gateways to it.
    EmptyId,
    /// All calls have the same `id`. Seen from DeepSeek, GLM and servers behind OpenRouter.
    SameId,
    /// Each fragment of a call has another `id` (streams only). Seen from vLLM.
    ChangingId,
    /// The calls have no `type`. Seen from Ollama.
    MissingType,
    /// The fragments have no `index` (streams only). Seen from Gemini and older versions of Ollama.
    MissingIndex,
    /// All fragments have `index` 0 (streams only). Seen from Ollama, Gemini, SGLang and gateways
    /// to Claude.
    ZeroIndex,
    /// The `index` counts from 1 (streams only). Seen from gateways to Claude, which count the text
    /// or the reasoning as 0.
    IndexFromOne,
    /// Each fragment repeats the id, the type and the name (streams only). Seen from Fireworks.
    RepeatedHead,
    /// Each call is one chunk (streams only). Seen from Gemini and Ollama.
    WholeCalls,
    /// All calls are in one chunk (streams only). Seen from Gemini.
    OneChunk,
    /// The fragments of the calls alternate (streams only). No known server sends this, but the
    /// format allows it.
    Interleaved,
    /// Each chunk has the finish reason (streams only). OpenRouter sends it in two chunks.
    FinishOnEveryChunk,
    /// The deprecated `function_call` with one call instead of `tool_calls`, and the finish reason
    /// `function_call`. Seen from older servers.
    FunctionCall,
}

impl ToolCallShape {
    /// Changes the text of the arguments of a call.
    pub(crate) fn change_text(self, arguments: &mut String) {
        match self {
            Self::DoubleEncodedArguments => {
                *arguments = Value::from(arguments.as_str()).to_string()
            }
            Self::CutOffArguments => {
                let half = arguments.chars().count() / 2;
                *arguments = arguments.chars().take(half).collect();
            }
            _ => {}
        }
    }

    /// Returns whether a stream must send a call with these arguments in one chunk.
    pub(crate) fn needs_whole_call(self, arguments: &str) -> bool {
        match self {
            Self::ObjectArguments | Self::WholeCalls | Self::OneChunk => true,
            Self::MissingArguments | Self::NullArguments | Self::EmptyArguments => {
                is_empty(arguments)
            }
            _ => false,
        }
    }

    /// Changes a complete call or a fragment of one. `whole` says whether it has all arguments, and
    /// `first_id` is the id of the first call.
    pub(crate) fn change(self, call: &mut Value, whole: bool, first_id: &str) {
        let Some(fields) = call.as_object_mut() else {
            return;
        };
        let mut set = |name: &str, value: Value| {
            if let Some(field) = fields.get_mut(name) {
                *field = value;
            }
        };
        match self {
            Self::NullId => set("id", Value::Null),
            Self::EmptyId => set("id", "".into()),
            Self::SameId => set("id", first_id.into()),
            Self::ZeroIndex => set("index", 0.into()),
            Self::IndexFromOne => {
                let index = fields.get("index").and_then(Value::as_u64);
                if let Some(index) = index {
                    fields.insert("index".to_owned(), (index + 1).into());
                }
            }
            Self::MissingId => drop(fields.remove("id")),
            Self::MissingType => drop(fields.remove("type")),
            Self::MissingIndex => drop(fields.remove("index")),
            _ if whole => self.change_arguments(&mut call["function"]),
            _ => {}
        }
    }

    fn change_arguments(self, function: &mut Value) {
        let text = function["arguments"].as_str().unwrap_or_default();
        match self {
            Self::ObjectArguments => {
                if let Ok(object) = serde_json::from_str(text) {
                    function["arguments"] = object;
                }
            }
            Self::NullArguments if is_empty(text) => function["arguments"] = Value::Null,
            Self::EmptyArguments if is_empty(text) => function["arguments"] = "".into(),
            Self::MissingArguments if is_empty(text) => {
                if let Some(function) = function.as_object_mut() {
                    function.remove("arguments");
                }
            }
            _ => {}
        }
    }
}

/// Returns whether a call has no arguments.
fn is_empty(arguments: &str) -> bool {
    matches!(arguments.trim(), "" | "{}" | "null")
}

/// The field that contains the reasoning of a message, for
/// [`Reply::reasoning_as`](crate::Reply::reasoning_as). In a script, the names are those of the
/// fields: `reasoning_as = "reasoning_details"`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReasoningField {
    /// `reasoning_content`, a text. Used by DeepSeek, Qwen, Moonshot and older versions of vLLM.
    #[default]
    ReasoningContent,
    /// `reasoning`, a text. Used by vLLM, Groq and OpenRouter.
    Reasoning,
    /// `reasoning_details`, an array of parts. Used by OpenRouter. The parts are a
    /// `reasoning.text` with a signature and a `reasoning.encrypted`. A stream sends the text in
    /// several parts with the same `index`, then the signature. They must be sent back unchanged:
    /// [`Fault::requires_reasoning`](crate::Fault::requires_reasoning) checks the signature.
    ReasoningDetails,
}

impl ReasoningField {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReasoningContent => "reasoning_content",
            Self::Reasoning => "reasoning",
            Self::ReasoningDetails => "reasoning_details",
        }
    }

    /// Returns the value of the field for a complete text.
    pub(crate) fn complete(self, text: &str) -> Value {
        match self {
            Self::ReasoningDetails => {
                let mut part = text_part("text", text);
                part["signature"] = signature(text).into();
                json!([part, encrypted_part(text)])
            }
            _ => text.into(),
        }
    }

    /// Returns the value of the field for a part of the text.
    pub(crate) fn fragment(self, text: &str) -> Value {
        match self {
            Self::ReasoningDetails => json!([text_part("text", text)]),
            _ => text.into(),
        }
    }

    /// Returns the value of the field after the text is complete, if there is one.
    pub(crate) fn end(self, text: &str) -> Option<Value> {
        (self == Self::ReasoningDetails).then(|| {
            json!([
                text_part("signature", &signature(text)),
                encrypted_part(text)
            ])
        })
    }
}

/// The fields that can contain reasoning.
pub(crate) const REASONING_FIELDS: [ReasoningField; 3] = [
    ReasoningField::ReasoningContent,
    ReasoningField::Reasoning,
    ReasoningField::ReasoningDetails,
];

fn text_part(field: &str, text: &str) -> Value {
    json!({ "type": "reasoning.text", field: text, "format": "anthropic-claude-v1", "index": 0 })
}

fn encrypted_part(text: &str) -> Value {
    let data = signature(&signature(text));
    json!({ "type": "reasoning.encrypted", "data": data, "format": "anthropic-claude-v1", "index": 1 })
}

/// Returns the signature of a reasoning text.
pub(crate) fn signature(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    format!("sig_{hash:016x}")
}
