//! The parameters of chat requests.

use openapi_runtime::TextOrParts;
use pinference_api::types::{
    AudioFormat, AudioOptions, Modality, Moderation, Prediction, PromptCacheOptions,
    PromptCacheRetention, ReasoningEffort, ResponseFormat, ServiceTier, StopSequences, ToolChoice,
    Verbosity, Voice, WebSearchOptions,
};

use super::ChatRequest;

/// Declares methods that set the parameter of the same name.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, $name: $type) -> Self {
            self.body.$name = Some($name.into());
            self
        }
    )*};
}

/// # Parameters
///
/// A parameter that is not set is not sent, and the default of the service applies. Names and meanings are those of
/// OpenAI's API reference, unless a method says otherwise. Not every model supports every parameter. A value outside
/// the documented limits is an error, and the request is not sent. Text that stands for one of several values, such as
/// `"low"`, may be any text.
impl ChatRequest {
    setters! {
        /// Sets the maximum number of tokens to generate. This is the limit that the provider documents.
        max_tokens: u32,
        /// Sets the maximum number of tokens to generate, including reasoning. OpenAI's newer models expect this limit
        /// instead of [`max_tokens`](Self::max_tokens).
        max_completion_tokens: u32,
        /// Sets the sampling temperature, from 0 to 2. Higher values make the response more random.
        temperature: f64,
        /// Sets the total probability of the tokens that are considered: at 0.1, only the most likely tokens that
        /// together have a probability of 10%.
        top_p: f64,
        /// Sets a penalty, from -2 to 2, on tokens by how often they occur in the text so far.
        frequency_penalty: f64,
        /// Sets a penalty, from -2 to 2, on tokens that occur in the text so far.
        presence_penalty: f64,
        /// Sets the seed of sampling. With the same seed and parameters, some models give the same response.
        seed: i64,
        /// Sets the number of choices to generate. The tokens of every choice are billed. The service's default is 1.
        n: u32,
        /// Sets how much the model reasons: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`.
        reasoning_effort: impl Into<ReasoningEffort>,
        /// Sets how long the response is: `low`, `medium` or `high`.
        verbosity: impl Into<Verbosity>,
        /// Sets the format of the response, such as JSON that matches a schema.
        response_format: ResponseFormat,
        /// Sets whether the model calls tools, or which one: `"none"`, `"auto"`, `"required"`, or
        /// [`ToolChoice::function`].
        tool_choice: impl Into<ToolChoice>,
        /// Sets whether the model may request several tool calls at once.
        parallel_tool_calls: bool,
        /// Sets how the web is searched for the response. The default value of the type sets no option.
        web_search_options: WebSearchOptions,
        /// Sets the class of processing, which affects speed and price: `auto`, `default`, `flex`, `scale`, `priority`
        /// or `fast`.
        service_tier: impl Into<ServiceTier>,
        /// Sets whether the service stores the response, for distillation and evaluations.
        store: bool,
        /// Sets a key that similar requests share, so that more of their prompts are read from the cache.
        prompt_cache_key: impl Into<String>,
        /// Sets how the prompt is cached.
        prompt_cache_options: PromptCacheOptions,
        /// Sets how long the prompt is cached at most: `in_memory` or `24h`. OpenAI has deprecated this parameter; its
        /// replacement is `ttl` of [`prompt_cache_options`](Self::prompt_cache_options).
        prompt_cache_retention: impl Into<PromptCacheRetention>,
        /// Sets an identifier of the end user, so that misuse can be detected. It has at most 128 characters, and
        /// should not reveal the user: send a hash of the user name.
        safety_identifier: impl Into<String>,
        /// Sets the moderation of the messages and of the response.
        moderation: Moderation,
    }

    /// Sets the identifier of the end user: the parameter `user`. OpenAI is replacing it by
    /// [`safety_identifier`](Self::safety_identifier) and [`prompt_cache_key`](Self::prompt_cache_key).
    pub fn end_user(mut self, id: impl Into<String>) -> Self {
        self.body.user = Some(id.into());
        self
    }

    /// Sets the texts at which the model stops generating. OpenAI accepts up to four.
    pub fn stop<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().map(Into::into).collect();
        self.body.stop = Some(StopSequences::Several(texts));
        self
    }

    /// Makes a token more or less likely, in addition to other tokens. The token is its id in the model's tokenizer.
    /// The bias is from -100, which bans the token, to 100, which makes it nearly certain.
    pub fn logit_bias(mut self, token: u32, bias: i32) -> Self {
        let biases = self.body.logit_bias.get_or_insert_default();
        biases.insert(token.to_string(), bias.into());
        self
    }

    /// Requests the log probabilities of the generated tokens, and at each position those of the `top` most likely
    /// tokens, at most 20: the parameters `logprobs` and `top_logprobs`. See
    /// [`ChatResponse::logprobs`](super::ChatResponse::logprobs).
    pub fn logprobs(mut self, top: u32) -> Self {
        self.body.logprobs = Some(true);
        self.body.top_logprobs = (top > 0).then_some(top.into());
        self
    }

    /// Adds a label to the request, for searches. OpenAI accepts 16 labels, with keys of up to 64 characters and values
    /// of up to 512.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let labels = self.body.metadata.get_or_insert_default();
        labels.insert(key.into(), value.into());
        self
    }

    /// Sets the kinds of output to generate, such as `["text", "audio"]`. Audio also needs [`audio`](Self::audio).
    pub fn modalities<T: Into<Modality>>(mut self, kinds: impl IntoIterator<Item = T>) -> Self {
        self.body.modalities = Some(kinds.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the format and the voice of generated audio, such as `"wav"` and `"alloy"`. See
    /// [`modalities`](Self::modalities).
    pub fn audio(mut self, format: impl Into<AudioFormat>, voice: impl Into<Voice>) -> Self {
        self.body.audio = Some(AudioOptions::new(format.into(), voice.into()));
        self
    }

    /// Sets text that the response is likely to repeat, such as the file that it changes. The response is then
    /// generated faster. Predicted tokens that it does not repeat are billed.
    pub fn prediction(mut self, content: impl Into<TextOrParts>) -> Self {
        self.body.prediction = Some(Prediction::new(content.into(), "content"));
        self
    }

    /// Requests the cost in addition to the tokens: `"usage": {"include": true}`. This is a parameter of the provider.
    pub fn include_cost(mut self) -> Self {
        self.body.usage.get_or_insert_default().include = Some(true);
        self
    }

    /// Sets whether a stream ends with its usage, which includes the cost if the service reports it. Default: `true`.
    pub fn include_usage(mut self, yes: bool) -> Self {
        let options = self.body.stream_options.get_or_insert_default();
        options.include_usage = Some(yes);
        self
    }

    /// Sets whether the chunks of a stream are padded to similar sizes, so that an observer of the network learns less.
    /// OpenAI's default is `true`.
    pub fn include_obfuscation(mut self, yes: bool) -> Self {
        let options = self.body.stream_options.get_or_insert_default();
        options.include_obfuscation = Some(yes);
        self
    }
}
