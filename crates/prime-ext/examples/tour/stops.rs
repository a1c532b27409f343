//! The stops of the tour. Each one does what your own program would do.

use std::collections::BTreeMap;
use std::time::Duration;

use prime_ext::{Client, Error, RunConfig, Usd};

use crate::screen::Screen;

/// Lists the models. Returns the id of one of them, if possible of a Llama model or of one whose id has a slash.
pub(crate) async fn models(screen: &Screen, prime: &Client) -> Result<String, Error> {
    screen.stop("Which models are there?", "prime.models().list()");
    let models = prime.models().list().await?;
    let mut ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    for id in ids.iter().take(8) {
        screen.line(id);
    }
    if ids.len() > 8 {
        screen.line(format_args!("… and {} more", ids.len() - 8));
    }
    ids.sort_by_key(|id| (!id.contains("llama"), !id.contains('/')));
    Ok(ids.first().copied().unwrap_or_default().to_owned())
}

/// Gets one model. Its id may contain a slash.
pub(crate) async fn model(screen: &Screen, prime: &Client, id: &str) -> Result<(), Error> {
    screen.stop("What is this one?", &format!("prime.models().get({id:?})"));
    let model = prime.models().get(id).await?;
    screen.fact("id", &model.id);
    screen.fact("owner", model.owned_by.as_deref().unwrap_or("?"));
    if let Some(context) = model.specs.and_then(|specs| specs.context_window) {
        screen.fact("context", format_args!("{context} tokens"));
    }
    if let Some(pricing) = model.pricing {
        let price = |price: Option<Usd>| price.map_or("?".to_owned(), |price| format!("${price}"));
        let (input, output) = (
            price(pricing.input_usd_per_mtok),
            price(pricing.output_usd_per_mtok),
        );
        screen.fact(
            "price",
            format_args!("{input} in, {output} out, per million tokens"),
        );
    }
    Ok(())
}

/// Asks a question, and shows the answer, the tokens and the cost.
pub(crate) async fn question(screen: &Screen, prime: &Client, model: &str) -> Result<(), Error> {
    screen.stop(
        "A question",
        "prime.chat(model).system(…).user(…).max_tokens(50).await",
    );
    let answer = prime
        .chat(model)
        .system("Be brief.")
        .user("What is the capital of France?")
        .max_tokens(50)
        .await?;
    screen.fact("answer", answer.text().trim());
    if let Some(usage) = answer.usage() {
        let (asked, answered) = (usage.prompt_tokens, usage.completion_tokens);
        let (asked, answered) = (asked.unwrap_or_default(), answered.unwrap_or_default());
        screen.fact(
            "tokens",
            format_args!("{asked} in the prompt, {answered} in the answer"),
        );
    }
    screen.fact("cost", answer.cost());
    Ok(())
}

/// Streams a story, token by token.
pub(crate) async fn story(screen: &Screen, prime: &Client, model: &str) -> Result<(), Error> {
    screen.stop(
        "A story, as it arrives",
        "prime.chat(model).user(…).stream()",
    );
    let question = prime
        .chat(model)
        .user("Tell me a short story.")
        .max_tokens(120);
    let mut story = question.stream().await?;
    screen.piece("  ");
    let mut pieces = 0;
    while let Some(text) = story.next_text().await? {
        screen.piece(&text);
        pieces += 1;
    }
    screen.piece("\n");
    // `finish` returns an error unless the response is complete.
    let whole = story.finish().await?;
    screen.fact("pieces", pieces);
    screen.fact(
        "ended by",
        whole
            .finish_reason()
            .map_or("[DONE]", |reason| reason.as_str()),
    );
    screen.fact("cost", whole.cost());
    Ok(())
}

/// Asks as a team, and shows that the team paid.
pub(crate) async fn team(
    screen: &Screen,
    prime: &Client,
    lab: &Client,
    model: &str,
) -> Result<(), Error> {
    screen.stop(
        "The same, as a team",
        "let lab = prime.team(id); lab.chat(model)…",
    );
    let before = (
        prime.wallet().get().await?.balance_usd,
        lab.wallet().get().await?.balance_usd,
    );
    let answer = lab
        .chat(model)
        .user("What is the capital of France?")
        .await?;
    let after = (
        prime.wallet().get().await?.balance_usd,
        lab.wallet().get().await?.balance_usd,
    );
    screen.fact("answer", answer.text());
    screen.fact("cost", answer.cost());
    screen.fact("team paid", format_args!("${}", before.1 - after.1));
    screen.fact("you paid", format_args!("${}", (before.0 - after.0)));
    Ok(())
}

/// Reads the rows of a wallet, page by page.
pub(crate) async fn wallet(screen: &Screen, lab: &Client, most: usize) -> Result<(), Error> {
    screen.stop(
        "Where did the money go?",
        "let mut rows = lab.wallet().billings();",
    );
    let wallet = lab.wallet().get().await?;
    screen.fact("balance", format_args!("${}", wallet.balance_usd));
    let mut spent: BTreeMap<String, (usize, Usd)> = BTreeMap::new();
    let mut rows = lab.wallet().billings();
    let mut count = 0;
    while count < most {
        let Some(row) = rows.try_next().await? else {
            break;
        };
        let (rows, sum) = spent.entry(row.resource_type).or_default();
        *rows += 1;
        *sum += row.amount_usd;
        count += 1;
    }
    screen.fact(
        "rows",
        format_args!("{count} of {}, in pages of 100", wallet.total_billings),
    );
    for (resource, (rows, sum)) in &spent {
        screen.fact(resource, format_args!("{rows:>4} rows  ${sum}"));
    }
    Ok(())
}

/// Creates a run from an `rl.toml`, watches it until it ends, and deletes it.
pub(crate) async fn run(screen: &Screen, lab: &Client, every: Duration) -> Result<(), Error> {
    screen.stop(
        "A training run",
        "lab.runs().create(RunConfig::from_toml(…)?).name(…).await",
    );
    let config = RunConfig::from_toml(include_str!("rl.toml"))?;
    let run = lab.runs().create(config).name("first").await?;
    screen.fact("run", run.run_id());
    screen.fact(
        "token",
        format_args!("{:?}; the service returns it only once", run.token()),
    );

    let mut usage = lab.runs().watch(run.run_id()).every(every);
    let mut last = None;
    while let Some(usage) = usage.try_next().await? {
        let status = usage
            .status
            .as_ref()
            .map_or("?", |status| status.as_str())
            .to_owned();
        // Prints a line only if the status has changed.
        if last.as_ref() != Some(&status) {
            let (tokens, cost) = (usage.total_tokens, usage.total_cost_usd);
            screen.fact("", format_args!("{status:<10} {tokens:>9} tokens  ${cost}"));
        }
        last = Some(status);
    }
    let deleted = lab.runs().delete(run.run_id()).await?;
    screen.fact("run", deleted);
    Ok(())
}

/// Shows what errors look like.
pub(crate) async fn errors(
    screen: &Screen,
    prime: &Client,
    stranger: &Client,
) -> Result<(), Error> {
    screen.stop("A wrong key", "error.is_auth()");
    match stranger
        .chat("meta-llama/llama-3.1-70b-instruct")
        .user("Hello?")
        .await
    {
        Err(error) if error.is_auth() => screen.error(&error),
        other => return unexpected(screen, other),
    }
    screen.stop("A model that does not exist", "error.is_not_found()");
    match prime.models().get("nobody/has-this").await {
        Err(error) if error.is_not_found() => screen.error(&error),
        other => return unexpected(screen, other),
    }
    Ok(())
}

/// Another error than the expected one ends the tour. A success is only noted.
fn unexpected<T>(screen: &Screen, outcome: Result<T, Error>) -> Result<(), Error> {
    outcome.map(|_| screen.line("the call succeeded on this service"))
}
