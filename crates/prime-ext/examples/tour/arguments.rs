//! The command line.

use lexopt::prelude::*;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A tour of the Prime Intellect SDK.

Usage: cargo run --example tour [-- OPTIONS]

Without options, everything runs in this process, against a simulator.

Options:
  --only PART    only `inference` or only `training`
  --live         call the service in your settings (PRIME_API_KEY, PRIME_INFERENCE_URL, …
                 or ~/.prime/config.json); make only calls that cost nothing
  --spend        with --live: also ask a question and stream a story, which cost a little
  --model ID     with --live: the model to ask; default: the first in the list
  -h, --help     print this help";

/// A part of the tour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Only {
    Inference,
    Training,
}

#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) live: bool,
    pub(crate) model: Option<String>,
    only: Option<Only>,
    spend: bool,
}

impl Arguments {
    /// Reads the command line. For `--help`, prints the help and returns `None`.
    pub(crate) fn parse() -> Result<Option<Self>, lexopt::Error> {
        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("live") => arguments.live = true,
                Long("spend") => arguments.spend = true,
                Long("model") => arguments.model = Some(parser.value()?.string()?),
                Long("only") => {
                    arguments.only = Some(match parser.value()?.string()?.as_str() {
                        "inference" => Only::Inference,
                        "training" => Only::Training,
                        other => {
                            return Err(format!(
                                "--only takes `inference` or `training`, not {other:?}"
                            )
                            .into());
                        }
                    });
                }
                Long("help") | Short('h') => {
                    println!("{HELP}");
                    return Ok(None);
                }
                other => return Err(other.unexpected()),
            }
        }
        if !arguments.live && (arguments.spend || arguments.model.is_some()) {
            return Err("--spend and --model require --live".into());
        }
        Ok(Some(arguments))
    }

    /// Returns whether a part is included in the tour.
    pub(crate) fn has(&self, part: Only) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    /// Returns whether the tour may call chat: with `--spend`, or if the service runs on this machine and is therefore
    /// free.
    pub(crate) fn may_spend(&self, prime: &prime_ext::Client) -> bool {
        let host = prime.inference_url().host_str().unwrap_or_default();
        self.spend || ["127.0.0.1", "[::1]", "localhost"].contains(&host)
    }
}
