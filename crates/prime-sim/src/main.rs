//! The `prime-sim` program.

mod log;

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use log::Log;
use prime_sim::{Builder, Simulator};

const HELP: &str = "\
Simulates the Prime Intellect Inference and Training APIs on 127.0.0.1.

Usage: prime-sim [OPTIONS]

Options:
  --port PORT          Port to listen on [default: any free port]
  --seed N             Seed for keys, IDs, billing rows, texts and random faults [default: 0]
  --script FILE        TOML file with keys, teams, adapters, replies and faults
  --time-scale X       Simulated seconds per real second [default: 1]
  --token-delay MS     Milliseconds between two streamed tokens [default: 30]
  --chat-limit N       Chat requests handled at once; more get status 429 [default: no limit]
  --balance USD        Initial balance of each wallet [default: 100]
  --billing-rows N     Initial number of billing rows of the team's wallet [default: 45]
  --json               Write JSON lines to standard output: the addresses, then each response
  --quiet              Do not log responses
  --help               Print this help
  --version            Print the version

Standard output lists the environment variables that clients need, as shell commands.
Standard error lists each response.

Example script:

  [[fault]]
  fault = \"status\"
  status = 503
  on = \"create_run\"      # list_models, get_model, create_chat_completion, get_wallet, create_run,
  times = 2              # get_run_usage, delete_run, prepare_run, list_runs, get_run,
                         # stop_run, delete_rft_run

  [[reply]]
  when = \"weather\"
  round = 1
  tool_calls = [{ name = \"get_weather\", arguments = { city = \"Paris\" } }]

  [[reply]]
  when = \"weather\"       # also: model, round, after_tool_results, tool_result, times
  text = \"It rains.\"

Parameters of replies: text, tool_calls, refusal, reasoning, finish_reason, tool_call_shapes,
reasoning_as, without_cost, without_usage; or echo, json, events, bytes (content_type).

Faults and their parameters: reset, close, stall, lost-response, reset-midway (after), stall-midway
(after), cut-off (after), error-event (after), malformed-chunk (after), endless-line (after),
endless-body (after), empty-stream, slow-drip (bytes, every_ms), delay (for_ms), refuse (for_ms),
content-type (content_type), status (status, body, envelope), html (status), rate-limited, quota,
requires-reasoning (body), rejects-reasoning (body), redirect (to, status), gzip-bomb (mebibytes),
rows-arrive (rows), rows-move (rows). All faults also take: on, model, times, skip, chance,
carried_out, headers, retry_after, retry_after_ms, retry_after_date_ms.

The model sim/echo repeats the question. Each fault is also a model: sim/cut-off,
\"sim/status?status=503&times=2\".
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (settings, log) = match settings(lexopt::Parser::from_env()) {
        Ok(Action::Start(settings, log)) => (settings, log),
        Ok(Action::Print(text)) => {
            print(text);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            print_error(&format!("{error}; see --help"));
            return ExitCode::from(2);
        }
    };
    match serve(*settings, log).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Builder, log: Log) -> Result<(), Box<dyn Error>> {
    let json = matches!(log, Log::Json);
    let sim = settings
        .record(0)
        .on_response(move |response| log.response(response))
        .start()
        .await?;
    if json {
        print(&log::ready(&sim));
    } else {
        print(&format!(
            "# The simulator is ready. Press Ctrl-C to stop it. Set these variables for clients:\n\
             export PRIME_API_KEY={}\n\
             export PRIME_API_BASE_URL={}\n\
             export PRIME_INFERENCE_URL={}\n\
             # To use the team account instead of the personal account:\n\
             # export PRIME_TEAM_ID={}\n",
            sim.key(),
            sim.platform_url(),
            sim.inference_url(),
            sim.team(),
        ));
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// The action that the arguments select.
enum Action {
    Start(Box<Builder>, Log),
    Print(&'static str),
}

fn settings(mut arguments: lexopt::Parser) -> Result<Action, lexopt::Error> {
    let mut settings = Simulator::builder().token_delay(Duration::from_millis(30));
    let terminal = std::io::stderr().is_terminal();
    let mut log = Log::Lines {
        color: terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
    };
    while let Some(argument) = arguments.next()? {
        settings = match argument {
            Long("port") => settings.port(arguments.value()?.parse()?),
            Long("seed") => settings.seed(arguments.value()?.parse()?),
            Long("script") => script(settings, Path::new(&arguments.value()?))?,
            Long("time-scale") => settings.time_scale(arguments.value()?.parse()?),
            Long("token-delay") => {
                settings.token_delay(Duration::from_millis(arguments.value()?.parse()?))
            }
            Long("chat-limit") => settings.chat_limit(arguments.value()?.parse()?),
            Long("balance") => settings.balance(arguments.value()?.parse()?),
            Long("billing-rows") => settings.billing_rows(arguments.value()?.parse()?),
            Long("json") => {
                log = Log::Json;
                settings
            }
            Long("quiet") => {
                log = Log::Off;
                settings
            }
            Short('h') | Long("help") => return Ok(Action::Print(HELP)),
            Short('V') | Long("version") => {
                return Ok(Action::Print(concat!(
                    "prime-sim ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            _ => return Err(argument.unexpected()),
        };
    }
    Ok(Action::Start(Box::new(settings), log))
}

fn script(settings: Builder, path: &Path) -> Result<Builder, lexopt::Error> {
    let in_file = |error: &dyn Error| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| in_file(&error))?;
    Ok(settings.script(&text).map_err(|error| in_file(&error))?)
}

fn print(text: &str) {
    let mut out = std::io::stdout();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Formats an error with its sources.
fn with_sources(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(&format!(": {error}"));
        cause = error.source();
    }
    message
}

fn print_error(message: &str) {
    drop(writeln!(std::io::stderr(), "prime-sim: {message}"));
}
