//! The arguments that describe the input of a batch.

use std::path::PathBuf;

use prime_batch::{Shard, Template};
use serde_json::Value;

use crate::exit::Failure;

/// Where the requests come from.
#[derive(Debug, clap::Args)]
pub(super) struct Input {
    /// A file of JSON Lines: requests of OpenAI's batch format ("custom_id", "body"), or bodies ("model", "messages").
    /// With --model or --template, a text file with a prompt in each line
    #[arg(value_name = "INPUT")]
    input: PathBuf,

    /// Ask this model each prompt of a text file
    #[arg(short, long, value_name = "MODEL", conflicts_with = "template")]
    model: Option<String>,

    /// The system message, with --model
    #[arg(short, long, value_name = "TEXT", requires = "model")]
    system: Option<String>,

    /// The largest number of tokens of an answer, with --model
    #[arg(short = 't', long, value_name = "NUMBER", requires = "model")]
    max_tokens: Option<u32>,

    /// Make requests of a text file with this chat request, a file of JSON. Each prompt replaces {prompt} in its messages
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,

    /// Use only a part of the input, such as 3/16. The output is then named OUTPUT.3-of-16
    #[arg(long, value_name = "PART/PARTS")]
    shard: Option<Shard>,
}

impl Input {
    pub(super) fn read(&self) -> Result<prime_batch::Input, Failure> {
        let mut input = prime_batch::Input::new(&self.input);
        if let Some(template) = self.template()? {
            input = input.template(template);
        }
        if let Some(shard) = self.shard {
            input = input.shard(shard);
        }
        Ok(input)
    }

    fn template(&self) -> Result<Option<Template>, Failure> {
        let template = match (&self.model, &self.template) {
            (Some(model), _) => Template::for_model(model, self.system.as_deref(), self.max_tokens),
            (None, Some(path)) => {
                let invalid =
                    |reason: String| Failure::usage(format!("{}: {reason}", path.display()));
                let text = std::fs::read(path).map_err(|error| invalid(error.to_string()))?;
                let body = serde_json::from_slice::<Value>(&text);
                Template::new(body.map_err(|error| invalid(error.to_string()))?)
            }
            (None, None) => return Ok(None),
        };
        let template = template.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Some(template))
    }
}
