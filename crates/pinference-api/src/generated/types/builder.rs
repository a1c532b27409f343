// Generated from specs/inference.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Types for composing complex structures.

#[derive(Clone, Debug)]
pub struct ChatCompletionChoice {
    finish_reason: ::std::result::Result<
        ::std::option::Option<crate::types::FinishReason>,
        ::std::string::String,
    >,
    index: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    logprobs: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
    message: ::std::result::Result<
        ::std::option::Option<super::ChatMessage>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatCompletionChoice {
    fn default() -> Self {
        Self {
            finish_reason: Ok(Default::default()),
            index: Ok(Default::default()),
            logprobs: Ok(Default::default()),
            message: Ok(Default::default()),
        }
    }
}

impl ChatCompletionChoice {
    pub fn finish_reason<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<crate::types::FinishReason>>,
        T::Error: ::std::fmt::Display,
    {
        self.finish_reason = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for finish_reason: {e}")
            });
        self
    }
    pub fn index<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.index = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for index: {e}"));
        self
    }
    pub fn logprobs<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.logprobs = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for logprobs: {e}"));
        self
    }
    pub fn message<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::ChatMessage>>,
        T::Error: ::std::fmt::Display,
    {
        self.message = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for message: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatCompletionChoice> for super::ChatCompletionChoice {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatCompletionChoice,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            finish_reason: value.finish_reason?,
            index: value.index?,
            logprobs: value.logprobs?,
            message: value.message?,
        })
    }
}

impl ::std::convert::From<super::ChatCompletionChoice> for ChatCompletionChoice {
    fn from(value: super::ChatCompletionChoice) -> Self {
        Self {
            finish_reason: Ok(value.finish_reason),
            index: Ok(value.index),
            logprobs: Ok(value.logprobs),
            message: Ok(value.message),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ChatCompletionChunk {
    choices: ::std::result::Result<
        ::std::vec::Vec<super::ChatCompletionChunkChoice>,
        ::std::string::String,
    >,
    created: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    error: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
    id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    model: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    object: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    service_tier: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    system_fingerprint: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    usage: ::std::result::Result<
        ::std::option::Option<super::Usage>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatCompletionChunk {
    fn default() -> Self {
        Self {
            choices: Ok(Default::default()),
            created: Ok(Default::default()),
            error: Ok(Default::default()),
            id: Ok(Default::default()),
            model: Ok(Default::default()),
            object: Ok(Default::default()),
            service_tier: Ok(Default::default()),
            system_fingerprint: Ok(Default::default()),
            usage: Ok(Default::default()),
        }
    }
}

impl ChatCompletionChunk {
    pub fn choices<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::ChatCompletionChunkChoice>>,
        T::Error: ::std::fmt::Display,
    {
        self.choices = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for choices: {e}"));
        self
    }
    pub fn created<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.created = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for created: {e}"));
        self
    }
    pub fn error<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.error = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for error: {e}"));
        self
    }
    pub fn id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for id: {e}"));
        self
    }
    pub fn model<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.model = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for model: {e}"));
        self
    }
    pub fn object<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.object = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for object: {e}"));
        self
    }
    pub fn service_tier<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.service_tier = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for service_tier: {e}")
            });
        self
    }
    pub fn system_fingerprint<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.system_fingerprint = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for system_fingerprint: {e}")
            });
        self
    }
    pub fn usage<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::Usage>>,
        T::Error: ::std::fmt::Display,
    {
        self.usage = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for usage: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatCompletionChunk> for super::ChatCompletionChunk {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatCompletionChunk,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            choices: value.choices?,
            created: value.created?,
            error: value.error?,
            id: value.id?,
            model: value.model?,
            object: value.object?,
            service_tier: value.service_tier?,
            system_fingerprint: value.system_fingerprint?,
            usage: value.usage?,
        })
    }
}

impl ::std::convert::From<super::ChatCompletionChunk> for ChatCompletionChunk {
    fn from(value: super::ChatCompletionChunk) -> Self {
        Self {
            choices: Ok(value.choices),
            created: Ok(value.created),
            error: Ok(value.error),
            id: Ok(value.id),
            model: Ok(value.model),
            object: Ok(value.object),
            service_tier: Ok(value.service_tier),
            system_fingerprint: Ok(value.system_fingerprint),
            usage: Ok(value.usage),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ChatCompletionChunkChoice {
    delta: ::std::result::Result<
        ::std::option::Option<super::ChatCompletionDelta>,
        ::std::string::String,
    >,
    finish_reason: ::std::result::Result<
        ::std::option::Option<crate::types::FinishReason>,
        ::std::string::String,
    >,
    index: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    logprobs: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatCompletionChunkChoice {
    fn default() -> Self {
        Self {
            delta: Ok(Default::default()),
            finish_reason: Ok(Default::default()),
            index: Ok(Default::default()),
            logprobs: Ok(Default::default()),
        }
    }
}

impl ChatCompletionChunkChoice {
    pub fn delta<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::ChatCompletionDelta>>,
        T::Error: ::std::fmt::Display,
    {
        self.delta = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for delta: {e}"));
        self
    }
    pub fn finish_reason<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<crate::types::FinishReason>>,
        T::Error: ::std::fmt::Display,
    {
        self.finish_reason = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for finish_reason: {e}")
            });
        self
    }
    pub fn index<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.index = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for index: {e}"));
        self
    }
    pub fn logprobs<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.logprobs = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for logprobs: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatCompletionChunkChoice>
for super::ChatCompletionChunkChoice {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatCompletionChunkChoice,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            delta: value.delta?,
            finish_reason: value.finish_reason?,
            index: value.index?,
            logprobs: value.logprobs?,
        })
    }
}

impl ::std::convert::From<super::ChatCompletionChunkChoice>
for ChatCompletionChunkChoice {
    fn from(value: super::ChatCompletionChunkChoice) -> Self {
        Self {
            delta: Ok(value.delta),
            finish_reason: Ok(value.finish_reason),
            index: Ok(value.index),
            logprobs: Ok(value.logprobs),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ChatCompletionDelta {
    content: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    reasoning: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    reasoning_content: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    reasoning_details: ::std::result::Result<
        ::std::option::Option<::std::vec::Vec<::serde_json::Value>>,
        ::std::string::String,
    >,
    refusal: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    role: ::std::result::Result<
        ::std::option::Option<crate::types::Role>,
        ::std::string::String,
    >,
    tool_calls: ::std::result::Result<
        ::std::option::Option<::std::vec::Vec<super::ToolCallDelta>>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatCompletionDelta {
    fn default() -> Self {
        Self {
            content: Ok(Default::default()),
            reasoning: Ok(Default::default()),
            reasoning_content: Ok(Default::default()),
            reasoning_details: Ok(Default::default()),
            refusal: Ok(Default::default()),
            role: Ok(Default::default()),
            tool_calls: Ok(Default::default()),
        }
    }
}

impl ChatCompletionDelta {
    pub fn content<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.content = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for content: {e}"));
        self
    }
    pub fn reasoning<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for reasoning: {e}"));
        self
    }
    pub fn reasoning_content<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning_content = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for reasoning_content: {e}")
            });
        self
    }
    pub fn reasoning_details<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::std::option::Option<::std::vec::Vec<::serde_json::Value>>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning_details = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for reasoning_details: {e}")
            });
        self
    }
    pub fn refusal<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.refusal = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for refusal: {e}"));
        self
    }
    pub fn role<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<crate::types::Role>>,
        T::Error: ::std::fmt::Display,
    {
        self.role = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for role: {e}"));
        self
    }
    pub fn tool_calls<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::std::option::Option<::std::vec::Vec<super::ToolCallDelta>>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.tool_calls = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for tool_calls: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatCompletionDelta> for super::ChatCompletionDelta {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatCompletionDelta,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            content: value.content?,
            reasoning: value.reasoning?,
            reasoning_content: value.reasoning_content?,
            reasoning_details: value.reasoning_details?,
            refusal: value.refusal?,
            role: value.role?,
            tool_calls: value.tool_calls?,
        })
    }
}

impl ::std::convert::From<super::ChatCompletionDelta> for ChatCompletionDelta {
    fn from(value: super::ChatCompletionDelta) -> Self {
        Self {
            content: Ok(value.content),
            reasoning: Ok(value.reasoning),
            reasoning_content: Ok(value.reasoning_content),
            reasoning_details: Ok(value.reasoning_details),
            refusal: Ok(value.refusal),
            role: Ok(value.role),
            tool_calls: Ok(value.tool_calls),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ChatCompletionRequest {
    frequency_penalty: ::std::result::Result<
        ::std::option::Option<f64>,
        ::std::string::String,
    >,
    logprobs: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
    max_completion_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
    max_tokens: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    messages: ::std::result::Result<
        ::std::vec::Vec<super::ChatMessage>,
        ::std::string::String,
    >,
    model: ::std::result::Result<::std::string::String, ::std::string::String>,
    n: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    parallel_tool_calls: ::std::result::Result<
        ::std::option::Option<bool>,
        ::std::string::String,
    >,
    presence_penalty: ::std::result::Result<
        ::std::option::Option<f64>,
        ::std::string::String,
    >,
    reasoning_effort: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    response_format: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
    seed: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    stop: ::std::result::Result<
        ::std::option::Option<super::StopSequences>,
        ::std::string::String,
    >,
    stream: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
    stream_options: ::std::result::Result<
        ::std::option::Option<super::StreamOptions>,
        ::std::string::String,
    >,
    temperature: ::std::result::Result<
        ::std::option::Option<f64>,
        ::std::string::String,
    >,
    tool_choice: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
    tools: ::std::result::Result<::std::vec::Vec<super::Tool>, ::std::string::String>,
    top_logprobs: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
    top_p: ::std::result::Result<::std::option::Option<f64>, ::std::string::String>,
    usage: ::std::result::Result<
        ::std::option::Option<super::UsageOptions>,
        ::std::string::String,
    >,
    user: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    extra: ::std::result::Result<
        ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatCompletionRequest {
    fn default() -> Self {
        Self {
            frequency_penalty: Ok(Default::default()),
            logprobs: Ok(Default::default()),
            max_completion_tokens: Ok(Default::default()),
            max_tokens: Ok(Default::default()),
            messages: Err("no value supplied for messages".to_string()),
            model: Err("no value supplied for model".to_string()),
            n: Ok(Default::default()),
            parallel_tool_calls: Ok(Default::default()),
            presence_penalty: Ok(Default::default()),
            reasoning_effort: Ok(Default::default()),
            response_format: Ok(Default::default()),
            seed: Ok(Default::default()),
            stop: Ok(Default::default()),
            stream: Ok(Default::default()),
            stream_options: Ok(Default::default()),
            temperature: Ok(Default::default()),
            tool_choice: Ok(Default::default()),
            tools: Ok(Default::default()),
            top_logprobs: Ok(Default::default()),
            top_p: Ok(Default::default()),
            usage: Ok(Default::default()),
            user: Ok(Default::default()),
            extra: Ok(Default::default()),
        }
    }
}

impl ChatCompletionRequest {
    pub fn frequency_penalty<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<f64>>,
        T::Error: ::std::fmt::Display,
    {
        self.frequency_penalty = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for frequency_penalty: {e}")
            });
        self
    }
    pub fn logprobs<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.logprobs = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for logprobs: {e}"));
        self
    }
    pub fn max_completion_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.max_completion_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for max_completion_tokens: {e}")
            });
        self
    }
    pub fn max_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.max_tokens = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for max_tokens: {e}"));
        self
    }
    pub fn messages<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::ChatMessage>>,
        T::Error: ::std::fmt::Display,
    {
        self.messages = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for messages: {e}"));
        self
    }
    pub fn model<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.model = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for model: {e}"));
        self
    }
    pub fn n<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.n = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for n: {e}"));
        self
    }
    pub fn parallel_tool_calls<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.parallel_tool_calls = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for parallel_tool_calls: {e}")
            });
        self
    }
    pub fn presence_penalty<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<f64>>,
        T::Error: ::std::fmt::Display,
    {
        self.presence_penalty = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for presence_penalty: {e}")
            });
        self
    }
    pub fn reasoning_effort<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning_effort = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for reasoning_effort: {e}")
            });
        self
    }
    pub fn response_format<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.response_format = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for response_format: {e}")
            });
        self
    }
    pub fn seed<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.seed = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for seed: {e}"));
        self
    }
    pub fn stop<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::StopSequences>>,
        T::Error: ::std::fmt::Display,
    {
        self.stop = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for stop: {e}"));
        self
    }
    pub fn stream<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.stream = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for stream: {e}"));
        self
    }
    pub fn stream_options<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::StreamOptions>>,
        T::Error: ::std::fmt::Display,
    {
        self.stream_options = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for stream_options: {e}")
            });
        self
    }
    pub fn temperature<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<f64>>,
        T::Error: ::std::fmt::Display,
    {
        self.temperature = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for temperature: {e}")
            });
        self
    }
    pub fn tool_choice<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.tool_choice = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for tool_choice: {e}")
            });
        self
    }
    pub fn tools<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::Tool>>,
        T::Error: ::std::fmt::Display,
    {
        self.tools = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for tools: {e}"));
        self
    }
    pub fn top_logprobs<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.top_logprobs = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for top_logprobs: {e}")
            });
        self
    }
    pub fn top_p<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<f64>>,
        T::Error: ::std::fmt::Display,
    {
        self.top_p = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for top_p: {e}"));
        self
    }
    pub fn usage<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::UsageOptions>>,
        T::Error: ::std::fmt::Display,
    {
        self.usage = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for usage: {e}"));
        self
    }
    pub fn user<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.user = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for user: {e}"));
        self
    }
    pub fn extra<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.extra = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for extra: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatCompletionRequest> for super::ChatCompletionRequest {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatCompletionRequest,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            frequency_penalty: value.frequency_penalty?,
            logprobs: value.logprobs?,
            max_completion_tokens: value.max_completion_tokens?,
            max_tokens: value.max_tokens?,
            messages: value.messages?,
            model: value.model?,
            n: value.n?,
            parallel_tool_calls: value.parallel_tool_calls?,
            presence_penalty: value.presence_penalty?,
            reasoning_effort: value.reasoning_effort?,
            response_format: value.response_format?,
            seed: value.seed?,
            stop: value.stop?,
            stream: value.stream?,
            stream_options: value.stream_options?,
            temperature: value.temperature?,
            tool_choice: value.tool_choice?,
            tools: value.tools?,
            top_logprobs: value.top_logprobs?,
            top_p: value.top_p?,
            usage: value.usage?,
            user: value.user?,
            extra: value.extra?,
        })
    }
}

impl ::std::convert::From<super::ChatCompletionRequest> for ChatCompletionRequest {
    fn from(value: super::ChatCompletionRequest) -> Self {
        Self {
            frequency_penalty: Ok(value.frequency_penalty),
            logprobs: Ok(value.logprobs),
            max_completion_tokens: Ok(value.max_completion_tokens),
            max_tokens: Ok(value.max_tokens),
            messages: Ok(value.messages),
            model: Ok(value.model),
            n: Ok(value.n),
            parallel_tool_calls: Ok(value.parallel_tool_calls),
            presence_penalty: Ok(value.presence_penalty),
            reasoning_effort: Ok(value.reasoning_effort),
            response_format: Ok(value.response_format),
            seed: Ok(value.seed),
            stop: Ok(value.stop),
            stream: Ok(value.stream),
            stream_options: Ok(value.stream_options),
            temperature: Ok(value.temperature),
            tool_choice: Ok(value.tool_choice),
            tools: Ok(value.tools),
            top_logprobs: Ok(value.top_logprobs),
            top_p: Ok(value.top_p),
            usage: Ok(value.usage),
            user: Ok(value.user),
            extra: Ok(value.extra),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ChatCompletionResponse {
    choices: ::std::result::Result<
        ::std::vec::Vec<super::ChatCompletionChoice>,
        ::std::string::String,
    >,
    created: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    model: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    object: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    service_tier: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    system_fingerprint: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    usage: ::std::result::Result<
        ::std::option::Option<super::Usage>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatCompletionResponse {
    fn default() -> Self {
        Self {
            choices: Err("no value supplied for choices".to_string()),
            created: Ok(Default::default()),
            id: Ok(Default::default()),
            model: Ok(Default::default()),
            object: Ok(Default::default()),
            service_tier: Ok(Default::default()),
            system_fingerprint: Ok(Default::default()),
            usage: Ok(Default::default()),
        }
    }
}

impl ChatCompletionResponse {
    pub fn choices<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::ChatCompletionChoice>>,
        T::Error: ::std::fmt::Display,
    {
        self.choices = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for choices: {e}"));
        self
    }
    pub fn created<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.created = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for created: {e}"));
        self
    }
    pub fn id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for id: {e}"));
        self
    }
    pub fn model<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.model = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for model: {e}"));
        self
    }
    pub fn object<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.object = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for object: {e}"));
        self
    }
    pub fn service_tier<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.service_tier = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for service_tier: {e}")
            });
        self
    }
    pub fn system_fingerprint<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.system_fingerprint = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for system_fingerprint: {e}")
            });
        self
    }
    pub fn usage<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::Usage>>,
        T::Error: ::std::fmt::Display,
    {
        self.usage = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for usage: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatCompletionResponse> for super::ChatCompletionResponse {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatCompletionResponse,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            choices: value.choices?,
            created: value.created?,
            id: value.id?,
            model: value.model?,
            object: value.object?,
            service_tier: value.service_tier?,
            system_fingerprint: value.system_fingerprint?,
            usage: value.usage?,
        })
    }
}

impl ::std::convert::From<super::ChatCompletionResponse> for ChatCompletionResponse {
    fn from(value: super::ChatCompletionResponse) -> Self {
        Self {
            choices: Ok(value.choices),
            created: Ok(value.created),
            id: Ok(value.id),
            model: Ok(value.model),
            object: Ok(value.object),
            service_tier: Ok(value.service_tier),
            system_fingerprint: Ok(value.system_fingerprint),
            usage: Ok(value.usage),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ChatMessage {
    content: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    name: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    reasoning: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    reasoning_content: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    reasoning_details: ::std::result::Result<
        ::std::option::Option<::std::vec::Vec<::serde_json::Value>>,
        ::std::string::String,
    >,
    refusal: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    role: ::std::result::Result<crate::types::Role, ::std::string::String>,
    tool_call_id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    tool_calls: ::std::result::Result<
        ::std::option::Option<::std::vec::Vec<super::ToolCall>>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ChatMessage {
    fn default() -> Self {
        Self {
            content: Ok(Default::default()),
            name: Ok(Default::default()),
            reasoning: Ok(Default::default()),
            reasoning_content: Ok(Default::default()),
            reasoning_details: Ok(Default::default()),
            refusal: Ok(Default::default()),
            role: Err("no value supplied for role".to_string()),
            tool_call_id: Ok(Default::default()),
            tool_calls: Ok(Default::default()),
        }
    }
}

impl ChatMessage {
    pub fn content<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.content = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for content: {e}"));
        self
    }
    pub fn name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.name = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for name: {e}"));
        self
    }
    pub fn reasoning<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for reasoning: {e}"));
        self
    }
    pub fn reasoning_content<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning_content = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for reasoning_content: {e}")
            });
        self
    }
    pub fn reasoning_details<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::std::option::Option<::std::vec::Vec<::serde_json::Value>>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning_details = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for reasoning_details: {e}")
            });
        self
    }
    pub fn refusal<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.refusal = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for refusal: {e}"));
        self
    }
    pub fn role<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<crate::types::Role>,
        T::Error: ::std::fmt::Display,
    {
        self.role = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for role: {e}"));
        self
    }
    pub fn tool_call_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.tool_call_id = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for tool_call_id: {e}")
            });
        self
    }
    pub fn tool_calls<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::std::option::Option<::std::vec::Vec<super::ToolCall>>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.tool_calls = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for tool_calls: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ChatMessage> for super::ChatMessage {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ChatMessage,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            content: value.content?,
            name: value.name?,
            reasoning: value.reasoning?,
            reasoning_content: value.reasoning_content?,
            reasoning_details: value.reasoning_details?,
            refusal: value.refusal?,
            role: value.role?,
            tool_call_id: value.tool_call_id?,
            tool_calls: value.tool_calls?,
        })
    }
}

impl ::std::convert::From<super::ChatMessage> for ChatMessage {
    fn from(value: super::ChatMessage) -> Self {
        Self {
            content: Ok(value.content),
            name: Ok(value.name),
            reasoning: Ok(value.reasoning),
            reasoning_content: Ok(value.reasoning_content),
            reasoning_details: Ok(value.reasoning_details),
            refusal: Ok(value.refusal),
            role: Ok(value.role),
            tool_call_id: Ok(value.tool_call_id),
            tool_calls: Ok(value.tool_calls),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CompletionTokensDetails {
    reasoning_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for CompletionTokensDetails {
    fn default() -> Self {
        Self {
            reasoning_tokens: Ok(Default::default()),
        }
    }
}

impl CompletionTokensDetails {
    pub fn reasoning_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.reasoning_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for reasoning_tokens: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<CompletionTokensDetails>
for super::CompletionTokensDetails {
    type Error = super::error::ConversionError;
    fn try_from(
        value: CompletionTokensDetails,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            reasoning_tokens: value.reasoning_tokens?,
        })
    }
}

impl ::std::convert::From<super::CompletionTokensDetails> for CompletionTokensDetails {
    fn from(value: super::CompletionTokensDetails) -> Self {
        Self {
            reasoning_tokens: Ok(value.reasoning_tokens),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ErrorBody {
    error: ::std::result::Result<super::ErrorDetail, ::std::string::String>,
}

impl ::std::default::Default for ErrorBody {
    fn default() -> Self {
        Self {
            error: Err("no value supplied for error".to_string()),
        }
    }
}

impl ErrorBody {
    pub fn error<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<super::ErrorDetail>,
        T::Error: ::std::fmt::Display,
    {
        self.error = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for error: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ErrorBody> for super::ErrorBody {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ErrorBody,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self { error: value.error? })
    }
}

impl ::std::convert::From<super::ErrorBody> for ErrorBody {
    fn from(value: super::ErrorBody) -> Self {
        Self { error: Ok(value.error) }
    }
}

#[derive(Clone, Debug)]
pub struct ErrorDetail {
    code: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
    message: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    param: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    type_: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ErrorDetail {
    fn default() -> Self {
        Self {
            code: Ok(Default::default()),
            message: Ok(Default::default()),
            param: Ok(Default::default()),
            type_: Ok(Default::default()),
        }
    }
}

impl ErrorDetail {
    pub fn code<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.code = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for code: {e}"));
        self
    }
    pub fn message<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.message = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for message: {e}"));
        self
    }
    pub fn param<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.param = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for param: {e}"));
        self
    }
    pub fn type_<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.type_ = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for type_: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ErrorDetail> for super::ErrorDetail {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ErrorDetail,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            code: value.code?,
            message: value.message?,
            param: value.param?,
            type_: value.type_?,
        })
    }
}

impl ::std::convert::From<super::ErrorDetail> for ErrorDetail {
    fn from(value: super::ErrorDetail) -> Self {
        Self {
            code: Ok(value.code),
            message: Ok(value.message),
            param: Ok(value.param),
            type_: Ok(value.type_),
        }
    }
}

#[derive(Clone, Debug)]
pub struct FunctionCall {
    arguments: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    name: ::std::result::Result<::std::string::String, ::std::string::String>,
}

impl ::std::default::Default for FunctionCall {
    fn default() -> Self {
        Self {
            arguments: Ok(Default::default()),
            name: Err("no value supplied for name".to_string()),
        }
    }
}

impl FunctionCall {
    pub fn arguments<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.arguments = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for arguments: {e}"));
        self
    }
    pub fn name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.name = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for name: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<FunctionCall> for super::FunctionCall {
    type Error = super::error::ConversionError;
    fn try_from(
        value: FunctionCall,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            arguments: value.arguments?,
            name: value.name?,
        })
    }
}

impl ::std::convert::From<super::FunctionCall> for FunctionCall {
    fn from(value: super::FunctionCall) -> Self {
        Self {
            arguments: Ok(value.arguments),
            name: Ok(value.name),
        }
    }
}

#[derive(Clone, Debug)]
pub struct FunctionCallDelta {
    arguments: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    name: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for FunctionCallDelta {
    fn default() -> Self {
        Self {
            arguments: Ok(Default::default()),
            name: Ok(Default::default()),
        }
    }
}

impl FunctionCallDelta {
    pub fn arguments<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.arguments = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for arguments: {e}"));
        self
    }
    pub fn name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.name = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for name: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<FunctionCallDelta> for super::FunctionCallDelta {
    type Error = super::error::ConversionError;
    fn try_from(
        value: FunctionCallDelta,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            arguments: value.arguments?,
            name: value.name?,
        })
    }
}

impl ::std::convert::From<super::FunctionCallDelta> for FunctionCallDelta {
    fn from(value: super::FunctionCallDelta) -> Self {
        Self {
            arguments: Ok(value.arguments),
            name: Ok(value.name),
        }
    }
}

#[derive(Clone, Debug)]
pub struct FunctionDefinition {
    description: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    name: ::std::result::Result<::std::string::String, ::std::string::String>,
    parameters: ::std::result::Result<
        ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        ::std::string::String,
    >,
    strict: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
}

impl ::std::default::Default for FunctionDefinition {
    fn default() -> Self {
        Self {
            description: Ok(Default::default()),
            name: Err("no value supplied for name".to_string()),
            parameters: Ok(Default::default()),
            strict: Ok(Default::default()),
        }
    }
}

impl FunctionDefinition {
    pub fn description<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.description = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for description: {e}")
            });
        self
    }
    pub fn name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.name = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for name: {e}"));
        self
    }
    pub fn parameters<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.parameters = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for parameters: {e}"));
        self
    }
    pub fn strict<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.strict = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for strict: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<FunctionDefinition> for super::FunctionDefinition {
    type Error = super::error::ConversionError;
    fn try_from(
        value: FunctionDefinition,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            description: value.description?,
            name: value.name?,
            parameters: value.parameters?,
            strict: value.strict?,
        })
    }
}

impl ::std::convert::From<super::FunctionDefinition> for FunctionDefinition {
    fn from(value: super::FunctionDefinition) -> Self {
        Self {
            description: Ok(value.description),
            name: Ok(value.name),
            parameters: Ok(value.parameters),
            strict: Ok(value.strict),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Model {
    created: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    display_name: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    id: ::std::result::Result<::std::string::String, ::std::string::String>,
    object: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    owned_by: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    pricing: ::std::result::Result<
        ::std::option::Option<super::ModelPricing>,
        ::std::string::String,
    >,
    serving: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    specs: ::std::result::Result<
        ::std::option::Option<super::ModelSpecs>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for Model {
    fn default() -> Self {
        Self {
            created: Ok(Default::default()),
            display_name: Ok(Default::default()),
            id: Err("no value supplied for id".to_string()),
            object: Ok(Default::default()),
            owned_by: Ok(Default::default()),
            pricing: Ok(Default::default()),
            serving: Ok(Default::default()),
            specs: Ok(Default::default()),
        }
    }
}

impl Model {
    pub fn created<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.created = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for created: {e}"));
        self
    }
    pub fn display_name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.display_name = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for display_name: {e}")
            });
        self
    }
    pub fn id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for id: {e}"));
        self
    }
    pub fn object<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.object = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for object: {e}"));
        self
    }
    pub fn owned_by<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.owned_by = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for owned_by: {e}"));
        self
    }
    pub fn pricing<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::ModelPricing>>,
        T::Error: ::std::fmt::Display,
    {
        self.pricing = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for pricing: {e}"));
        self
    }
    pub fn serving<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.serving = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for serving: {e}"));
        self
    }
    pub fn specs<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::ModelSpecs>>,
        T::Error: ::std::fmt::Display,
    {
        self.specs = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for specs: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<Model> for super::Model {
    type Error = super::error::ConversionError;
    fn try_from(
        value: Model,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            created: value.created?,
            display_name: value.display_name?,
            id: value.id?,
            object: value.object?,
            owned_by: value.owned_by?,
            pricing: value.pricing?,
            serving: value.serving?,
            specs: value.specs?,
        })
    }
}

impl ::std::convert::From<super::Model> for Model {
    fn from(value: super::Model) -> Self {
        Self {
            created: Ok(value.created),
            display_name: Ok(value.display_name),
            id: Ok(value.id),
            object: Ok(value.object),
            owned_by: Ok(value.owned_by),
            pricing: Ok(value.pricing),
            serving: Ok(value.serving),
            specs: Ok(value.specs),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ModelList {
    data: ::std::result::Result<::std::vec::Vec<super::Model>, ::std::string::String>,
    object: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ModelList {
    fn default() -> Self {
        Self {
            data: Err("no value supplied for data".to_string()),
            object: Ok(Default::default()),
        }
    }
}

impl ModelList {
    pub fn data<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::Model>>,
        T::Error: ::std::fmt::Display,
    {
        self.data = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for data: {e}"));
        self
    }
    pub fn object<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.object = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for object: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ModelList> for super::ModelList {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ModelList,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            data: value.data?,
            object: value.object?,
        })
    }
}

impl ::std::convert::From<super::ModelList> for ModelList {
    fn from(value: super::ModelList) -> Self {
        Self {
            data: Ok(value.data),
            object: Ok(value.object),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ModelPricing {
    cache_read_usd_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    cache_write_usd_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    input_usd_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    output_usd_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ModelPricing {
    fn default() -> Self {
        Self {
            cache_read_usd_per_mtok: Ok(Default::default()),
            cache_write_usd_per_mtok: Ok(Default::default()),
            input_usd_per_mtok: Ok(Default::default()),
            output_usd_per_mtok: Ok(Default::default()),
        }
    }
}

impl ModelPricing {
    pub fn cache_read_usd_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.cache_read_usd_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!(
                    "error converting supplied value for cache_read_usd_per_mtok: {e}"
                )
            });
        self
    }
    pub fn cache_write_usd_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.cache_write_usd_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!(
                    "error converting supplied value for cache_write_usd_per_mtok: {e}"
                )
            });
        self
    }
    pub fn input_usd_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.input_usd_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for input_usd_per_mtok: {e}")
            });
        self
    }
    pub fn output_usd_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.output_usd_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for output_usd_per_mtok: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<ModelPricing> for super::ModelPricing {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ModelPricing,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            cache_read_usd_per_mtok: value.cache_read_usd_per_mtok?,
            cache_write_usd_per_mtok: value.cache_write_usd_per_mtok?,
            input_usd_per_mtok: value.input_usd_per_mtok?,
            output_usd_per_mtok: value.output_usd_per_mtok?,
        })
    }
}

impl ::std::convert::From<super::ModelPricing> for ModelPricing {
    fn from(value: super::ModelPricing) -> Self {
        Self {
            cache_read_usd_per_mtok: Ok(value.cache_read_usd_per_mtok),
            cache_write_usd_per_mtok: Ok(value.cache_write_usd_per_mtok),
            input_usd_per_mtok: Ok(value.input_usd_per_mtok),
            output_usd_per_mtok: Ok(value.output_usd_per_mtok),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ModelSpecs {
    context_window: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
    max_output_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
    supports_reasoning: ::std::result::Result<
        ::std::option::Option<bool>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ModelSpecs {
    fn default() -> Self {
        Self {
            context_window: Ok(Default::default()),
            max_output_tokens: Ok(Default::default()),
            supports_reasoning: Ok(Default::default()),
        }
    }
}

impl ModelSpecs {
    pub fn context_window<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.context_window = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for context_window: {e}")
            });
        self
    }
    pub fn max_output_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.max_output_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for max_output_tokens: {e}")
            });
        self
    }
    pub fn supports_reasoning<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.supports_reasoning = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for supports_reasoning: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<ModelSpecs> for super::ModelSpecs {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ModelSpecs,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            context_window: value.context_window?,
            max_output_tokens: value.max_output_tokens?,
            supports_reasoning: value.supports_reasoning?,
        })
    }
}

impl ::std::convert::From<super::ModelSpecs> for ModelSpecs {
    fn from(value: super::ModelSpecs) -> Self {
        Self {
            context_window: Ok(value.context_window),
            max_output_tokens: Ok(value.max_output_tokens),
            supports_reasoning: Ok(value.supports_reasoning),
        }
    }
}

#[derive(Clone, Debug)]
pub struct PromptTokensDetails {
    cached_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for PromptTokensDetails {
    fn default() -> Self {
        Self {
            cached_tokens: Ok(Default::default()),
        }
    }
}

impl PromptTokensDetails {
    pub fn cached_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.cached_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for cached_tokens: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<PromptTokensDetails> for super::PromptTokensDetails {
    type Error = super::error::ConversionError;
    fn try_from(
        value: PromptTokensDetails,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            cached_tokens: value.cached_tokens?,
        })
    }
}

impl ::std::convert::From<super::PromptTokensDetails> for PromptTokensDetails {
    fn from(value: super::PromptTokensDetails) -> Self {
        Self {
            cached_tokens: Ok(value.cached_tokens),
        }
    }
}

#[derive(Clone, Debug)]
pub struct StreamOptions {
    include_usage: ::std::result::Result<
        ::std::option::Option<bool>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for StreamOptions {
    fn default() -> Self {
        Self {
            include_usage: Ok(Default::default()),
        }
    }
}

impl StreamOptions {
    pub fn include_usage<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.include_usage = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for include_usage: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<StreamOptions> for super::StreamOptions {
    type Error = super::error::ConversionError;
    fn try_from(
        value: StreamOptions,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            include_usage: value.include_usage?,
        })
    }
}

impl ::std::convert::From<super::StreamOptions> for StreamOptions {
    fn from(value: super::StreamOptions) -> Self {
        Self {
            include_usage: Ok(value.include_usage),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Tool {
    function: ::std::result::Result<super::FunctionDefinition, ::std::string::String>,
    type_: ::std::result::Result<::std::string::String, ::std::string::String>,
}

impl ::std::default::Default for Tool {
    fn default() -> Self {
        Self {
            function: Err("no value supplied for function".to_string()),
            type_: Err("no value supplied for type_".to_string()),
        }
    }
}

impl Tool {
    pub fn function<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<super::FunctionDefinition>,
        T::Error: ::std::fmt::Display,
    {
        self.function = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for function: {e}"));
        self
    }
    pub fn type_<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.type_ = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for type_: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<Tool> for super::Tool {
    type Error = super::error::ConversionError;
    fn try_from(
        value: Tool,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            function: value.function?,
            type_: value.type_?,
        })
    }
}

impl ::std::convert::From<super::Tool> for Tool {
    fn from(value: super::Tool) -> Self {
        Self {
            function: Ok(value.function),
            type_: Ok(value.type_),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ToolCall {
    function: ::std::result::Result<super::FunctionCall, ::std::string::String>,
    id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    type_: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ToolCall {
    fn default() -> Self {
        Self {
            function: Err("no value supplied for function".to_string()),
            id: Ok(Default::default()),
            type_: Ok(Default::default()),
        }
    }
}

impl ToolCall {
    pub fn function<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<super::FunctionCall>,
        T::Error: ::std::fmt::Display,
    {
        self.function = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for function: {e}"));
        self
    }
    pub fn id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for id: {e}"));
        self
    }
    pub fn type_<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.type_ = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for type_: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ToolCall> for super::ToolCall {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ToolCall,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            function: value.function?,
            id: value.id?,
            type_: value.type_?,
        })
    }
}

impl ::std::convert::From<super::ToolCall> for ToolCall {
    fn from(value: super::ToolCall) -> Self {
        Self {
            function: Ok(value.function),
            id: Ok(value.id),
            type_: Ok(value.type_),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ToolCallDelta {
    function: ::std::result::Result<
        ::std::option::Option<super::FunctionCallDelta>,
        ::std::string::String,
    >,
    id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    index: ::std::result::Result<::std::option::Option<i64>, ::std::string::String>,
    type_: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ToolCallDelta {
    fn default() -> Self {
        Self {
            function: Ok(Default::default()),
            id: Ok(Default::default()),
            index: Ok(Default::default()),
            type_: Ok(Default::default()),
        }
    }
}

impl ToolCallDelta {
    pub fn function<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::FunctionCallDelta>>,
        T::Error: ::std::fmt::Display,
    {
        self.function = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for function: {e}"));
        self
    }
    pub fn id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for id: {e}"));
        self
    }
    pub fn index<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.index = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for index: {e}"));
        self
    }
    pub fn type_<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.type_ = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for type_: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ToolCallDelta> for super::ToolCallDelta {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ToolCallDelta,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            function: value.function?,
            id: value.id?,
            index: value.index?,
            type_: value.type_?,
        })
    }
}

impl ::std::convert::From<super::ToolCallDelta> for ToolCallDelta {
    fn from(value: super::ToolCallDelta) -> Self {
        Self {
            function: Ok(value.function),
            id: Ok(value.id),
            index: Ok(value.index),
            type_: Ok(value.type_),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Usage {
    completion_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
    completion_tokens_details: ::std::result::Result<
        ::std::option::Option<super::CompletionTokensDetails>,
        ::std::string::String,
    >,
    cost: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    prompt_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
    prompt_tokens_details: ::std::result::Result<
        ::std::option::Option<super::PromptTokensDetails>,
        ::std::string::String,
    >,
    total_tokens: ::std::result::Result<
        ::std::option::Option<i64>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for Usage {
    fn default() -> Self {
        Self {
            completion_tokens: Ok(Default::default()),
            completion_tokens_details: Ok(Default::default()),
            cost: Ok(Default::default()),
            prompt_tokens: Ok(Default::default()),
            prompt_tokens_details: Ok(Default::default()),
            total_tokens: Ok(Default::default()),
        }
    }
}

impl Usage {
    pub fn completion_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.completion_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for completion_tokens: {e}")
            });
        self
    }
    pub fn completion_tokens_details<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::std::option::Option<super::CompletionTokensDetails>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.completion_tokens_details = value
            .try_into()
            .map_err(|e| {
                format!(
                    "error converting supplied value for completion_tokens_details: {e}"
                )
            });
        self
    }
    pub fn cost<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.cost = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for cost: {e}"));
        self
    }
    pub fn prompt_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.prompt_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for prompt_tokens: {e}")
            });
        self
    }
    pub fn prompt_tokens_details<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<super::PromptTokensDetails>>,
        T::Error: ::std::fmt::Display,
    {
        self.prompt_tokens_details = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for prompt_tokens_details: {e}")
            });
        self
    }
    pub fn total_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<i64>>,
        T::Error: ::std::fmt::Display,
    {
        self.total_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for total_tokens: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<Usage> for super::Usage {
    type Error = super::error::ConversionError;
    fn try_from(
        value: Usage,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            completion_tokens: value.completion_tokens?,
            completion_tokens_details: value.completion_tokens_details?,
            cost: value.cost?,
            prompt_tokens: value.prompt_tokens?,
            prompt_tokens_details: value.prompt_tokens_details?,
            total_tokens: value.total_tokens?,
        })
    }
}

impl ::std::convert::From<super::Usage> for Usage {
    fn from(value: super::Usage) -> Self {
        Self {
            completion_tokens: Ok(value.completion_tokens),
            completion_tokens_details: Ok(value.completion_tokens_details),
            cost: Ok(value.cost),
            prompt_tokens: Ok(value.prompt_tokens),
            prompt_tokens_details: Ok(value.prompt_tokens_details),
            total_tokens: Ok(value.total_tokens),
        }
    }
}

#[derive(Clone, Debug)]
pub struct UsageOptions {
    include: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
}

impl ::std::default::Default for UsageOptions {
    fn default() -> Self {
        Self {
            include: Ok(Default::default()),
        }
    }
}

impl UsageOptions {
    pub fn include<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.include = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for include: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<UsageOptions> for super::UsageOptions {
    type Error = super::error::ConversionError;
    fn try_from(
        value: UsageOptions,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self { include: value.include? })
    }
}

impl ::std::convert::From<super::UsageOptions> for UsageOptions {
    fn from(value: super::UsageOptions) -> Self {
        Self { include: Ok(value.include) }
    }
}
