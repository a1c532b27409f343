//! The command line.

use lexopt::prelude::*;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A tour of the Prime Intellect SDK.

Usage: cargo run --example tour [-- OPTIONS]

Without options everything happens in this process, against a simulator.

Options:
  --only PART    only `inference` or only `training`
  --live         talk to the service that your settings name (PRIME_API_KEY, PRIME_INFERENCE_URL, …
                 or ~/.prime/config.json), and do only what costs nothing
  --spend        with --live: also ask a question and stream a story, which cost a little
  --model ID     with --live: the model to ask; the first of the list if it is left out
  -h, --help     print this";

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
    /// Reads the command line; nothing if it asked for help, which is then printed.
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
            return Err("--spend and --model go with --live".into());
        }
        Ok(Some(arguments))
    }

    /// Whether a part is on the tour.
    pub(crate) fn has(&self, part: Only) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    /// Whether questions may be asked: with `--spend`, or if nobody bills them because the service
    /// runs on this machine.
    pub(crate) fn may_spend(&self, prime: &prime_ext::Client) -> bool {
        let host = prime.inference_url().host_str().unwrap_or_default();
        self.spend || ["127.0.0.1", "[::1]", "localhost"].contains(&host)
    }
}
