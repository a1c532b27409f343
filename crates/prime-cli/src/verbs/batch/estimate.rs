//! `batch estimate`: the largest cost, before anything is paid.

use std::path::PathBuf;

use prime_batch::{Batch, Checked};
use prime_ext::UsdSum;
use schemars::JsonSchema;
use serde::Serialize;

use super::input::Input;
use crate::context::{Context, block_on_threads};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::number;

/// Check an input, and add up the largest cost of its requests
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Only the models are requested, which costs nothing. The upper bound of a request counts each byte as a token, and \
max_tokens, or else the largest number of tokens of the model. Requests usually cost much less.

JSON: {\"requests\", \"at_most_usd\", \"requests_without_bound\", \"requests_without_max_tokens\", \"models\": \
[{\"model\", \"requests\"}]}

Examples:
  prime-rs batch estimate questions.jsonl
  prime-rs batch estimate prompts.txt --model openai/gpt-oss-120b --max-tokens 200")]
pub(crate) struct Estimate {
    #[command(flatten)]
    input: Input,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct View<'a> {
    requests: u64,
    #[schemars(with = "String")]
    at_most_usd: UsdSum,
    requests_without_bound: u64,
    requests_without_max_tokens: u64,
    models: Vec<Model<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Model<'a> {
    model: &'a str,
    requests: u64,
}

impl Estimate {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        // Nothing is written.
        let batch = Batch::open(self.input.read()?, PathBuf::new());
        let estimate = block_on_threads(until_interrupted(
            async { Ok(batch.estimate(&client).await?) },
            || "interrupted; nothing was sent".to_owned(),
        ))?;
        let (out, input) = (&context.out, &estimate.input);
        if out.is_json() {
            let models = input.models.iter();
            let models = models.map(|(model, requests)| Model {
                model,
                requests: *requests,
            });
            return out.json(&View {
                requests: input.requests,
                at_most_usd: input.bound,
                requests_without_bound: input.without_bound,
                requests_without_max_tokens: input.without_max_tokens,
                models: models.collect(),
            });
        }
        out.line(&summary(input))?;
        for (model, requests) in &input.models {
            out.line(&format!("  {model}: {requests} requests"))?;
        }
        Ok(())
    }
}

/// Returns what an input costs at most.
pub(super) fn summary(input: &Checked) -> String {
    let bounded = input.requests - input.without_bound;
    let mut text = format!(
        "{bounded} requests cost at most {} (an upper bound)",
        number::usd(input.bound.usd())
    );
    if input.without_bound > 0 {
        text.push_str(&format!(
            "\n{} requests have no upper bound: their price, their largest answer, or the size of an image is unknown",
            input.without_bound
        ));
    }
    if input.without_max_tokens > 0 {
        text.push_str(&format!(
            "\n{} requests do not set max_tokens: the largest answer of their model counts",
            input.without_max_tokens
        ));
    }
    text
}
