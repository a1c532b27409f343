// Generated from specs/inference.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Types used as operation parameters and responses.
#![allow(clippy::all)]

mod enums;
pub use self::enums::*;
pub mod error;
pub mod builder;

/// `ChatCompletionChoice`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChatCompletionChoice {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finish_reason: ::std::option::Option<crate::types::FinishReason>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub index: ::std::option::Option<i64>,
    /// Log probabilities, as the server gives them.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub logprobs: ::std::option::Option<::serde_json::Value>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub message: ::std::option::Option<ChatMessage>,
}

impl ChatCompletionChoice {
    pub fn builder() -> builder::ChatCompletionChoice {
        Default::default()
    }
}

/// One event of a streamed chat completion. A last chunk may carry `usage` and no choices.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChatCompletionChunk {
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub choices: ::std::vec::Vec<ChatCompletionChunkChoice>,
    /// Unix time in seconds.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub created: ::std::option::Option<i64>,
    /// Set if the answer failed after it had begun.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub error: ::std::option::Option<::serde_json::Value>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub id: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub model: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub object: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub service_tier: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub system_fingerprint: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub usage: ::std::option::Option<Usage>,
}

impl ChatCompletionChunk {
    pub fn builder() -> builder::ChatCompletionChunk {
        Default::default()
    }
}

/// What one event adds to one of the answers.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChatCompletionChunkChoice {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub delta: ::std::option::Option<ChatCompletionDelta>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finish_reason: ::std::option::Option<crate::types::FinishReason>,
    /// Which of the `n` answers this belongs to.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub index: ::std::option::Option<i64>,
    /// Log probabilities, as the server gives them.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub logprobs: ::std::option::Option<::serde_json::Value>,
}

impl ChatCompletionChunkChoice {
    pub fn builder() -> builder::ChatCompletionChunkChoice {
        Default::default()
    }
}

/// The piece of a message that one event carries.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChatCompletionDelta {
    /// The next piece of the text.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub content: ::std::option::Option<::std::string::String>,
    /// The model's reasoning; another spelling.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning: ::std::option::Option<::std::string::String>,
    /// The model's reasoning.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning_content: ::std::option::Option<::std::string::String>,
    /// The model's reasoning in parts, to be sent back unchanged.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning_details: ::std::option::Option<::std::vec::Vec<::serde_json::Value>>,
    /// Why the model will not answer.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub refusal: ::std::option::Option<::std::string::String>,
    /// Who speaks.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub role: ::std::option::Option<crate::types::Role>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub tool_calls: ::std::option::Option<::std::vec::Vec<ToolCallDelta>>,
}

impl ChatCompletionDelta {
    pub fn builder() -> builder::ChatCompletionDelta {
        Default::default()
    }
}

/// `ChatCompletionRequest`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ChatCompletionRequest {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub frequency_penalty: ::std::option::Option<f64>,
    /// Return the log probabilities of the output tokens.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub logprobs: ::std::option::Option<bool>,
    /// Max tokens to generate, reasoning included.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_completion_tokens: ::std::option::Option<i64>,
    /// Max tokens to generate.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_tokens: ::std::option::Option<i64>,
    /// Conversation messages.
    pub messages: ::std::vec::Vec<ChatMessage>,
    /// Model id, as `list_models` gives it.
    pub model: ::std::string::String,
    /// How many answers to generate.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub n: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub parallel_tool_calls: ::std::option::Option<bool>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub presence_penalty: ::std::option::Option<f64>,
    /// How hard to think, such as `low` or `high`.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning_effort: ::std::option::Option<::std::string::String>,
    /// An object such as `{"type": "json_schema", …}`.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub response_format: ::std::option::Option<::serde_json::Value>,
    /// Sample as repeatably as the model can.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub seed: ::std::option::Option<i64>,
    /// Stop sequences.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub stop: ::std::option::Option<StopSequences>,
    /// Enable streaming: the answer is then an event stream. To be set for the operation that reads one, and for no other. If it is left out, the service takes `false`.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub stream: ::std::option::Option<bool>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub stream_options: ::std::option::Option<StreamOptions>,
    /// Sampling temperature (0-2). At least 0, at most 2.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub temperature: ::std::option::Option<f64>,
    /// `"none"`, `"auto"`, `"required"`, or an object that names one function.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub tool_choice: ::std::option::Option<::serde_json::Value>,
    /// Functions that the model may ask for.
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub tools: ::std::vec::Vec<Tool>,
    /// How many likely tokens to return at each place.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub top_logprobs: ::std::option::Option<i64>,
    /// Nucleus sampling mass.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub top_p: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub usage: ::std::option::Option<UsageOptions>,
    /// Your own name for the end user.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub user: ::std::option::Option<::std::string::String>,
    #[serde(flatten)]
    pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
}

impl ChatCompletionRequest {
    /// With what is required, and nothing else.
    pub fn new(
        messages: ::std::vec::Vec<ChatMessage>,
        model: impl Into<::std::string::String>,
    ) -> Self {
        Self {
            frequency_penalty: Default::default(),
            logprobs: Default::default(),
            max_completion_tokens: Default::default(),
            max_tokens: Default::default(),
            messages: messages,
            model: model.into(),
            n: Default::default(),
            parallel_tool_calls: Default::default(),
            presence_penalty: Default::default(),
            reasoning_effort: Default::default(),
            response_format: Default::default(),
            seed: Default::default(),
            stop: Default::default(),
            stream: Default::default(),
            stream_options: Default::default(),
            temperature: Default::default(),
            tool_choice: Default::default(),
            tools: Default::default(),
            top_logprobs: Default::default(),
            top_p: Default::default(),
            usage: Default::default(),
            user: Default::default(),
            extra: Default::default(),
        }
    }
}

impl ChatCompletionRequest {
    /// The fields that the specification lists, by their names on the wire.
    pub const FIELDS: &'static [&'static str] = &[
        "frequency_penalty",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "usage",
        "user",
    ];
}

impl ChatCompletionRequest {
    /// Checks the limits that the specification states, as the operations do that send it.
    pub fn check_limits(&self) -> Result<(), progenitor_client::OutOfLimits> {
        progenitor_client::check_limits(
            "temperature",
            &self.temperature,
            "at least 0, at most 2",
            |n| n >= 0f64 && n <= 2f64,
        )?;
        Ok(())
    }
}

impl ChatCompletionRequest {
    pub fn builder() -> builder::ChatCompletionRequest {
        Default::default()
    }
}

/// `ChatCompletionResponse`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ChatCompletionResponse {
    pub choices: ::std::vec::Vec<ChatCompletionChoice>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub created: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub id: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub model: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub object: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub service_tier: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub system_fingerprint: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub usage: ::std::option::Option<Usage>,
}

impl ChatCompletionResponse {
    /// With what is required, and nothing else.
    pub fn new(choices: ::std::vec::Vec<ChatCompletionChoice>) -> Self {
        Self {
            choices: choices,
            created: Default::default(),
            id: Default::default(),
            model: Default::default(),
            object: Default::default(),
            service_tier: Default::default(),
            system_fingerprint: Default::default(),
            usage: Default::default(),
        }
    }
}

impl ChatCompletionResponse {
    pub fn builder() -> builder::ChatCompletionResponse {
        Default::default()
    }
}

/// A message of a conversation, from either side.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ChatMessage {
    /// The text.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub content: ::std::option::Option<::std::string::String>,
    /// Tells speakers of one role apart.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
    /// The model's reasoning; another spelling.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning: ::std::option::Option<::std::string::String>,
    /// The model's reasoning.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning_content: ::std::option::Option<::std::string::String>,
    /// The model's reasoning in parts, to be sent back unchanged.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning_details: ::std::option::Option<::std::vec::Vec<::serde_json::Value>>,
    /// Why the model will not answer.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub refusal: ::std::option::Option<::std::string::String>,
    /// Who speaks.
    pub role: crate::types::Role,
    /// With role `tool`: the call that this message answers.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub tool_call_id: ::std::option::Option<::std::string::String>,
    /// What the model asks to be called.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub tool_calls: ::std::option::Option<::std::vec::Vec<ToolCall>>,
}

impl ChatMessage {
    /// With what is required, and nothing else.
    pub fn new(role: crate::types::Role) -> Self {
        Self {
            content: Default::default(),
            name: Default::default(),
            reasoning: Default::default(),
            reasoning_content: Default::default(),
            reasoning_details: Default::default(),
            refusal: Default::default(),
            role: role,
            tool_call_id: Default::default(),
            tool_calls: Default::default(),
        }
    }
}

impl ChatMessage {
    pub fn builder() -> builder::ChatMessage {
        Default::default()
    }
}

/// `CompletionTokensDetails`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompletionTokensDetails {
    /// Completion tokens spent on reasoning.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reasoning_tokens: ::std::option::Option<i64>,
}

impl CompletionTokensDetails {
    pub fn builder() -> builder::CompletionTokensDetails {
        Default::default()
    }
}

/// What went wrong, as the service says it.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

impl ErrorBody {
    /// With what is required, and nothing else.
    pub fn new(error: ErrorDetail) -> Self {
        Self { error: error }
    }
}

impl ErrorBody {
    pub fn builder() -> builder::ErrorBody {
        Default::default()
    }
}

/// Decide on the status and on `code`, never on the text of `message`.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// A name for programs, such as `model_not_found`; some servers send an integer or null.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub code: ::std::option::Option<::serde_json::Value>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub message: ::std::option::Option<::std::string::String>,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub param: ::std::option::Option<::std::string::String>,
    /// A class of errors, such as `invalid_request_error`.
    ///
    /// On the wire: `type`.
    #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
    pub type_: ::std::option::Option<::std::string::String>,
}

impl ErrorDetail {
    pub fn builder() -> builder::ErrorDetail {
        Default::default()
    }
}

/// `FunctionCall`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct FunctionCall {
    /// JSON, as the model wrote it: not always valid.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub arguments: ::std::option::Option<::std::string::String>,
    pub name: ::std::string::String,
}

impl FunctionCall {
    /// With what is required, and nothing else.
    pub fn new(name: impl Into<::std::string::String>) -> Self {
        Self {
            arguments: Default::default(),
            name: name.into(),
        }
    }
}

impl FunctionCall {
    pub fn builder() -> builder::FunctionCall {
        Default::default()
    }
}

/// `FunctionCallDelta`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct FunctionCallDelta {
    /// The next piece of the arguments.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub arguments: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
}

impl FunctionCallDelta {
    pub fn builder() -> builder::FunctionCallDelta {
        Default::default()
    }
}

/// `FunctionDefinition`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct FunctionDefinition {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub description: ::std::option::Option<::std::string::String>,
    pub name: ::std::string::String,
    /// A JSON Schema of the arguments.
    #[serde(default, skip_serializing_if = "::serde_json::Map::is_empty")]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub parameters: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub strict: ::std::option::Option<bool>,
}

impl FunctionDefinition {
    /// With what is required, and nothing else.
    pub fn new(name: impl Into<::std::string::String>) -> Self {
        Self {
            description: Default::default(),
            name: name.into(),
            parameters: Default::default(),
            strict: Default::default(),
        }
    }
}

impl FunctionDefinition {
    pub fn builder() -> builder::FunctionDefinition {
        Default::default()
    }
}

/// `Model`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct Model {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub created: ::std::option::Option<i64>,
    /// A name for people.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub display_name: ::std::option::Option<::std::string::String>,
    pub id: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub object: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub owned_by: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub pricing: ::std::option::Option<ModelPricing>,
    /// Who serves it: `hosted`, `gateway`, others.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub serving: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub specs: ::std::option::Option<ModelSpecs>,
}

impl Model {
    /// With what is required, and nothing else.
    pub fn new(id: impl Into<::std::string::String>) -> Self {
        Self {
            created: Default::default(),
            display_name: Default::default(),
            id: id.into(),
            object: Default::default(),
            owned_by: Default::default(),
            pricing: Default::default(),
            serving: Default::default(),
            specs: Default::default(),
        }
    }
}

impl Model {
    pub fn builder() -> builder::Model {
        Default::default()
    }
}

/// `ModelList`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ModelList {
    pub data: ::std::vec::Vec<Model>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub object: ::std::option::Option<::std::string::String>,
}

impl ModelList {
    /// With what is required, and nothing else.
    pub fn new(data: ::std::vec::Vec<Model>) -> Self {
        Self {
            data: data,
            object: Default::default(),
        }
    }
}

impl ModelList {
    pub fn builder() -> builder::ModelList {
        Default::default()
    }
}

/// Prices in US dollars for a million tokens.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelPricing {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cache_read_usd_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cache_write_usd_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub input_usd_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub output_usd_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
}

impl ModelPricing {
    pub fn builder() -> builder::ModelPricing {
        Default::default()
    }
}

/// What the model can take and give.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelSpecs {
    /// In tokens.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub context_window: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_output_tokens: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub supports_reasoning: ::std::option::Option<bool>,
}

impl ModelSpecs {
    pub fn builder() -> builder::ModelSpecs {
        Default::default()
    }
}

/// `PromptTokensDetails`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct PromptTokensDetails {
    /// Prompt tokens read from a cache.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cached_tokens: ::std::option::Option<i64>,
}

impl PromptTokensDetails {
    pub fn builder() -> builder::PromptTokensDetails {
        Default::default()
    }
}

/// One stop sequence, or several.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[serde(untagged)]
#[non_exhaustive]
pub enum StopSequences {
    One(::std::string::String),
    Several(::std::vec::Vec<::std::string::String>),
}

impl ::std::convert::From<::std::vec::Vec<::std::string::String>> for StopSequences {
    fn from(value: ::std::vec::Vec<::std::string::String>) -> Self {
        Self::Several(value)
    }
}

/// `StreamOptions`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct StreamOptions {
    /// End the stream with a chunk that carries `usage`.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub include_usage: ::std::option::Option<bool>,
}

impl StreamOptions {
    pub fn builder() -> builder::StreamOptions {
        Default::default()
    }
}

/// `Tool`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct Tool {
    pub function: FunctionDefinition,
    /// On the wire: `type`.
    #[serde(rename = "type")]
    pub type_: ::std::string::String,
}

impl Tool {
    /// With what is required, and nothing else.
    pub fn new(
        function: FunctionDefinition,
        type_: impl Into<::std::string::String>,
    ) -> Self {
        Self {
            function: function,
            type_: type_.into(),
        }
    }
}

impl Tool {
    pub fn builder() -> builder::Tool {
        Default::default()
    }
}

/// `ToolCall`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ToolCall {
    pub function: FunctionCall,
    /// Goes back as `tool_call_id` with the result.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub id: ::std::option::Option<::std::string::String>,
    /// On the wire: `type`.
    #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
    pub type_: ::std::option::Option<::std::string::String>,
}

impl ToolCall {
    /// With what is required, and nothing else.
    pub fn new(function: FunctionCall) -> Self {
        Self {
            function: function,
            id: Default::default(),
            type_: Default::default(),
        }
    }
}

impl ToolCall {
    pub fn builder() -> builder::ToolCall {
        Default::default()
    }
}

/// The piece of a tool call that one event carries.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ToolCallDelta {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub function: ::std::option::Option<FunctionCallDelta>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub id: ::std::option::Option<::std::string::String>,
    /// Which of the message's tool calls this belongs to.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub index: ::std::option::Option<i64>,
    /// On the wire: `type`.
    #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
    pub type_: ::std::option::Option<::std::string::String>,
}

impl ToolCallDelta {
    pub fn builder() -> builder::ToolCallDelta {
        Default::default()
    }
}

/// `Usage`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct Usage {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub completion_tokens: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub completion_tokens_details: ::std::option::Option<CompletionTokensDetails>,
    /// What the answer cost, in US dollars, where the service says so.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cost: ::std::option::Option<::progenitor_client::Usd>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_tokens: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_tokens_details: ::std::option::Option<PromptTokensDetails>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub total_tokens: ::std::option::Option<i64>,
}

impl Usage {
    pub fn builder() -> builder::Usage {
        Default::default()
    }
}

/// `UsageOptions`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct UsageOptions {
    /// Ask for token counts and cost.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub include: ::std::option::Option<bool>,
}

impl UsageOptions {
    pub fn builder() -> builder::UsageOptions {
        Default::default()
    }
}
