//! The simulator as a program.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use prime_sim::{Answered, Builder, Simulator};

const HELP: &str = "\
A simulator of the Prime Intellect Inference and Training APIs on 127.0.0.1.

Usage: prime-sim [OPTIONS]

Options:
  --port PORT          The port to listen on [default: any free one]
  --seed N             What keys, ids, rows and texts follow from [default: 0]
  --time-scale X       Simulated seconds for each real one [default: 1]
  --token-delay MS     Milliseconds between two streamed tokens [default: 30]
  --billing-rows N     How many rows the team's wallet starts with [default: 45]
  --help               Print this
  --version            Print the version
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = match settings(lexopt::Parser::from_env()) {
        Ok(Asked::Start(settings)) => settings,
        Ok(Asked::Print(text)) => {
            print(text);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&format!("{error}; see --help"));
            return ExitCode::from(2);
        }
    };
    match serve(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&whole(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Builder) -> Result<(), Box<dyn Error>> {
    let sim = settings.record(0).on_answer(log).start().await?;
    print(&format!(
        "# The simulator is ready; Ctrl-C ends it. For the clients in another shell:\n\
         export PRIME_API_KEY={}\n\
         export PRIME_API_BASE_URL={}\n\
         export PRIME_INFERENCE_URL={}\n\
         # To act for the team instead of the personal account:\n\
         # export PRIME_TEAM_ID={}\n",
        sim.key(),
        sim.platform_url(),
        sim.inference_url(),
        sim.team(),
    ));
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// What the arguments ask for.
enum Asked {
    Start(Builder),
    Print(&'static str),
}

fn settings(mut arguments: lexopt::Parser) -> Result<Asked, lexopt::Error> {
    let mut settings = Simulator::builder().token_delay(Duration::from_millis(30));
    while let Some(argument) = arguments.next()? {
        settings = match argument {
            Long("port") => settings.port(arguments.value()?.parse()?),
            Long("seed") => settings.seed(arguments.value()?.parse()?),
            Long("time-scale") => settings.time_scale(arguments.value()?.parse()?),
            Long("token-delay") => {
                settings.token_delay(Duration::from_millis(arguments.value()?.parse()?))
            }
            Long("billing-rows") => settings.billing_rows(arguments.value()?.parse()?),
            Short('h') | Long("help") => return Ok(Asked::Print(HELP)),
            Short('V') | Long("version") => {
                return Ok(Asked::Print(concat!(
                    "prime-sim ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            _ => return Err(argument.unexpected()),
        };
    }
    Ok(Asked::Start(settings))
}

/// A line for each request, beside what a shell may read.
fn log(answer: &Answered) {
    let line = format!(
        "{:<6} {}  {}  {:.1} ms  {}\n",
        answer.method.as_str(),
        answer.path,
        answer.status.map_or(0, |status| status.as_u16()),
        answer.took.as_secs_f64() * 1_000.0,
        answer.request_id,
    );
    // Nobody may be reading any more; the server goes on.
    drop(std::io::stderr().write_all(line.as_bytes()));
}

fn print(text: &str) {
    let mut out = std::io::stdout();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// An error and what it came from, in one sentence.
fn whole(error: &dyn Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        sentence.push_str(&format!(": {error}"));
        cause = error.source();
    }
    sentence
}

fn complain(sentence: &str) {
    drop(writeln!(std::io::stderr(), "prime-sim: {sentence}"));
}
