//! The Rust types of the schemas.

use pinference_api::types as inference;
use prime_platform_api::types as platform;
use prime_training_api::types as training;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::documents::{Document, documents};

/// Deserializes a text to a type and serializes it again.
pub(crate) type RoundTrip = fn(&str) -> Result<String, serde_json::Error>;

fn round_trip<T: Serialize + DeserializeOwned>(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&serde_json::from_str::<T>(text)?)
}

/// A table of type names and their round trips.
macro_rules! table {
    ($module:ident: $($name:ident)* $(; $other:ident as $as:ty)*) => {
        &[$((stringify!($name), round_trip::<$module::$name>),)* $((stringify!($other), round_trip::<$as>)),*]
    };
}

const INFERENCE: &[(&str, RoundTrip)] = table![inference:
    AllowedTools Annotation ApproximateLocation AudioFormat AudioOptions ChatCompletionChoice
    ChatCompletionChunk ChatCompletionChunkChoice ChatCompletionDelta ChatCompletionRequest
    ChatCompletionResponse ChatMessage CompletionTokensDetails ContentPart CustomToolDefinition
    CustomToolFormat CustomVoice ErrorBody ErrorDetail FinishReason FunctionCall FunctionCallChoice
    FunctionCallDelta FunctionDefinition Grammar GrammarSyntax ImageDetail ImageUrl InputAudio
    InputAudioFormat InputFile Logprobs MessageAudio Modality Model ModelList ModelPricing ModelSpecs
    Moderation ModerationMode ModerationPolicy ModerationRule NamedToolChoice Prediction
    PromptCacheBreakpoint PromptCacheMode PromptCacheOptions PromptCacheRetention PromptTokensDetails
    ReasoningEffort ResponseFormat ResponseSchema Role SearchContextSize ServiceTier StopSequences
    StreamOptions TokenLogprob Tool ToolCall ToolCallDelta ToolChoice ToolChoiceMode ToolName TopLogprob
    UrlCitation Usage UsageOptions UserLocation Verbosity Voice VoiceName WebSearchOptions;
    MessageContent as pinference_api::TextOrParts
];

const TRAINING: &[(&str, RoundTrip)] = table![training:
    BillingEntry CreateDedicatedRunRequest CreateDedicatedRunResponse DeleteRunResponse ErrorDetail
    ErrorResponse RunPricing RunStatus RunUsageBreakdown RunUsageResponse WalletResponse
];

const PLATFORM: &[(&str, RoundTrip)] = table![platform:
    DeletedRun ErrorResponse PausedRun PrepareRunRequest PreparedRun ResumeRunRequest ResumedRun Run
    RunEnvelope RunLogs RunPage RunProgress RunStatus Team TeamPage Whoami WhoamiResponse
];

/// Returns the types of an API.
pub(crate) fn types(api: &str) -> &'static [(&'static str, RoundTrip)] {
    match api {
        "inference" => INFERENCE,
        "training" => TRAINING,
        "platform" => PLATFORM,
        other => panic!("unknown API {other}"),
    }
}

/// Calls `check` for each schema with a type, in each form of its document.
pub(crate) fn for_each_type(mut check: impl FnMut(&Document, &str, &Value, RoundTrip)) {
    for document in documents() {
        for (name, round_trip) in types(document.api) {
            if document.schemas().any(|schema| schema == *name) {
                check(&document, name, document.schema(name), *round_trip);
            }
        }
    }
}
