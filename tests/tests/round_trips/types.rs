//! Each schema's Rust type.

use pinference_api::types as inference;
use prime_training_api::types as training;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::documents::{Document, documents};

/// Reads a text into a type, and writes it back.
pub(crate) type Through = fn(&str) -> Result<String, serde_json::Error>;

fn through<T: Serialize + DeserializeOwned>(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&serde_json::from_str::<T>(text)?)
}

/// The names of an API's types, with their way.
macro_rules! table {
    ($module:ident: $($name:ident)* $(; $other:ident as $as:ty)*) => {
        &[$((stringify!($name), through::<$module::$name>),)* $((stringify!($other), through::<$as>)),*]
    };
}

const INFERENCE: &[(&str, Through)] = table![inference:
    ChatCompletionChoice ChatCompletionChunk ChatCompletionChunkChoice ChatCompletionDelta
    ChatCompletionRequest ChatCompletionResponse ChatMessage CompletionTokensDetails ErrorBody
    ErrorDetail FinishReason FunctionCall FunctionCallDelta FunctionDefinition Model ModelList
    ModelPricing ModelSpecs PromptTokensDetails Role StopSequences StreamOptions Tool ToolCall
    ToolCallDelta Usage UsageOptions; MessageContent as pinference_api::TextOrParts
];

const TRAINING: &[(&str, Through)] = table![training:
    BillingEntry CreateDedicatedRunRequest CreateDedicatedRunResponse DeleteRunResponse ErrorDetail
    ErrorResponse RunPricing RunStatus RunUsageBreakdown RunUsageResponse WalletResponse
];

/// The types of an API.
pub(crate) fn types(api: &str) -> &'static [(&'static str, Through)] {
    match api {
        "inference" => INFERENCE,
        "training" => TRAINING,
        other => panic!("there is no API {other}"),
    }
}

/// Calls `check` with every schema that has a type, in each form of its document.
pub(crate) fn every_type(mut check: impl FnMut(&Document, &str, &Value, Through)) {
    for document in documents() {
        for (name, through) in types(document.api) {
            if document.schemas().any(|schema| schema == *name) {
                check(&document, name, document.schema(name), *through);
            }
        }
    }
}
