//! Sets timeouts and retries, and handles errors by their kind.
//!
//! `cargo run --example errors_and_retries`, or with `-- --live` against the real service. It costs nothing.

mod common;

use std::time::Duration;

use prime_ext::{CallOptions, RetryPolicy};

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;

    // For all calls of a client.
    let options = CallOptions::new()
        .timeout(Duration::from_secs(30))
        .retry(RetryPolicy::new().max_retries(4));
    let prime = service.client.with_options(options);

    // For one call, with the status, the headers and the number of attempts.
    let models = prime.models().list().max_retries(1).with_response().await?;
    println!(
        "{} models, status {}, request {:?}, {} attempt(s)",
        models.value().len(),
        models.meta().status(),
        models.meta().request_id(),
        models.meta().attempts(),
    );

    let error = match prime.chat("no/such-model").user("Hello?").await {
        Err(error) => error,
        Ok(response) => return Err(format!("unexpected response {response:?}").into()),
    };
    if error.outcome_unknown() {
        // The request was sent, but its response was lost: it may have been billed.
        println!("check the wallet before you repeat the request: {error}");
    } else if error.is_auth() {
        println!("check PRIME_API_KEY: {error}");
    } else if error.is_quota_exceeded() {
        println!("waiting does not help: {error}");
    } else if error.is_rate_limited() {
        println!("wait {:?}: {error}", error.retry_after());
    } else {
        println!("status {:?}: {error}", error.status());
    }
    Ok(())
}
