//! A tour of the SDK: `cargo run --example tour`.
//!
//! It runs against an embedded simulator, and needs no key, no account and no network. With `--live`, it calls the
//! service in your settings, and makes only calls that cost nothing, unless `--spend` is given.

mod arguments;
mod screen;
mod stops;

use std::process::ExitCode;
use std::time::Duration;

use arguments::{Arguments, Only};
use prime_ext::{Client, Error};
use prime_sim::Simulator;
use screen::Screen;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    let tour = if arguments.live {
        live(&arguments).await
    } else {
        simulated(&arguments).await
    };
    match tour {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nthe tour ends here: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Makes every stop, against a simulator in this process.
async fn simulated(arguments: &Arguments) -> Outcome {
    let sim = Simulator::builder()
        .seed(7)
        .billing_rows(340)
        .time_scale(30.0)
        .token_delay(Duration::from_millis(12))
        .start()
        .await?;
    let client = |key: &str| {
        Client::builder()
            .api_key(key)
            .inference_url(sim.inference_url())
            .platform_url(sim.platform_url())
            .build()
    };
    let prime = client(sim.key())?;
    let lab = prime.team(sim.team());
    let screen = Screen::new();
    screen.title(
        "A simulator of both services is running in this process",
        &sim.platform_url(),
    );

    if arguments.has(Only::Inference) {
        let model = stops::models(&screen, &prime).await?;
        stops::model(&screen, &prime, &model).await?;
        stops::question(&screen, &prime, &model).await?;
        stops::story(&screen, &prime, &model).await?;
        stops::team(&screen, &prime, &lab, &model).await?;
    }
    if arguments.has(Only::Training) {
        stops::wallet(&screen, &lab, usize::MAX).await?;
        stops::run(&screen, &lab, Duration::from_millis(100)).await?;
    }
    if arguments.has(Only::Inference) {
        stops::errors(&screen, &prime, &client("not-a-key")?).await?;
    }
    screen.end("That was all. The simulator ends with this process.");
    Ok(())
}

/// Makes the stops that cost nothing, against the service in the settings. With `--spend`, also makes those that cost a
/// little. Never creates a run, because its hardware costs too much for a tour.
async fn live(arguments: &Arguments) -> Outcome {
    let prime = Client::from_env()?;
    let screen = Screen::new();
    screen.title(
        "The service in your settings",
        &format!("as {:?}", prime.account()),
    );

    if arguments.has(Only::Inference) {
        let model = stops::models(&screen, &prime).await?;
        let model = arguments.model.clone().unwrap_or(model);
        lacking(&screen, stops::model(&screen, &prime, &model).await)?;
        if arguments.may_spend(&prime) {
            stops::question(&screen, &prime, &model).await?;
            stops::story(&screen, &prime, &model).await?;
        } else {
            screen.skipped(
                "asking a question and streaming a story",
                "cost money; add --spend",
            );
        }
    }
    if arguments.has(Only::Training) {
        lacking(&screen, stops::wallet(&screen, &prime, 10).await)?;
        screen.skipped(
            "creating a run",
            "starts hardware that costs money; the simulator shows it",
        );
    }
    screen.end("That was all.");
    Ok(())
}

/// Prints an error that says that the service lacks something, and continues the tour. Other errors end the tour.
fn lacking(screen: &Screen, outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if error.is_not_found() => {
            screen.missing(&error);
            Ok(())
        }
        outcome => outcome,
    }
}
