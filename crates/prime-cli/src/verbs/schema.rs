//! `--json-schema`: the JSON Schema of what a verb writes with `-o json`.

use prime_ext::ChatMessage;
use prime_ext::pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse, ModelList};
use schemars::{JsonSchema, Schema};

use crate::verbs::{batch, config, doctor, login, switch, teams, train, wallet, whoami};

/// Returns the schema of a verb, named by its words. `None` if it writes no JSON.
pub(crate) fn of(verb: &[&str]) -> Option<Schema> {
    Some(match verb {
        ["inference", "models"] => schema::<ModelList>(),
        ["inference", "chat"] => schema::<Answer>(),
        ["chat"] => schema::<Conversation>(),
        // `train FILE` is short for `train create FILE`.
        ["train"] | ["train", "create" | "resume"] => schema::<train::created::View<'_>>(),
        ["train", "list"] => schema::<train::list::View>(),
        ["train", "get"] => schema::<train::get::View>(),
        ["train", "usage"] => schema::<train::usage_view::View<'_>>(),
        ["train", "logs"] => schema::<train::logs::Line<'_>>(),
        ["train", "pause" | "restart" | "stop"] => schema::<train::Status<'_>>(),
        ["train", "delete"] => schema::<train::delete::View<'_>>(),
        ["batch", "run" | "retry" | "status" | "merge"] => schema::<batch::view::Batch<'_>>(),
        ["batch", "estimate"] => schema::<batch::estimate::View<'_>>(),
        ["batch", "report"] => schema::<batch::report::View>(),
        ["batch", "set"] => schema::<batch::set::View>(),
        ["wallet"] => schema::<wallet::View<'_>>(),
        ["login"] => schema::<login::View<'_>>(),
        ["switch"] => schema::<switch::View<'_>>(),
        ["whoami"] => schema::<whoami::View<'_>>(),
        ["teams", "list"] => schema::<teams::list::View>(),
        ["config", "view"] => schema::<config::View<'_>>(),
        ["config", "envs"] => schema::<config::Contexts<'_>>(),
        ["doctor"] => schema::<doctor::View<'_>>(),
        _ => return None,
    })
}

fn schema<T: JsonSchema>() -> Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}

/// The response of the service, or a line of JSON for each chunk of it with `--stream`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Answer {
    Response(Box<ChatCompletionResponse>),
    Chunk(Box<ChatCompletionChunk>),
}

/// A line of JSON for each question, and for each `/cost`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Conversation {
    Turn {
        /// The question and the answer.
        messages: Vec<ChatMessage>,
        spent: Spent,
    },
    Cost(Spent),
}

/// The tokens and the cost of responses, in US dollars. See `prime_ext::Spent`.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct Spent {
    responses: u64,
    prompt_tokens: u64,
    cached_tokens: u64,
    completion_tokens: u64,
    reasoning_tokens: u64,
    without_tokens: u64,
    known: String,
    with_known_cost: u64,
    estimated: String,
    with_estimated_cost: u64,
    with_unknown_cost: u64,
}
