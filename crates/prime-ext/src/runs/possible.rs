//! Finds the runs that a failed call may have created.

use std::time::{Duration, SystemTime};

use openapi_runtime::{Response, Timestamp};
use prime_platform_api::types::RunPage;
use tokio::time::Instant;

use super::list::{self, PAGE_SIZE};
use crate::client::Client;
use crate::error::Error;
use crate::options::CallOptions;

/// The timeout of the look-up, including its retries.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// How much earlier than the beginning of the call a run may seem to be created. The `Date` of a response has whole
/// seconds.
const TOLERANCE: Duration = Duration::from_secs(2);

/// The maximum number of ids in a message.
const MAX_IDS: usize = 3;

/// Adds to the error of a call with an unknown outcome which runs it may have created. The error is unchanged if these
/// runs cannot be listed. No run is created or changed.
pub(super) async fn add_possible_runs(
    client: &Client,
    name: Option<&str>,
    began: Instant,
    error: Error,
) -> Error {
    if !error.outcome_unknown() {
        return error;
    }
    let timeout = client.options().get_timeout();
    let timeout = timeout.map_or(LOOK_UP_TIMEOUT, |own| own.min(LOOK_UP_TIMEOUT));
    let client = client.with_options(CallOptions::new().timeout(timeout));
    // The newest runs are on the first page.
    let Ok(page) = list::page(&client, true, 1, PAGE_SIZE).await else {
        return error;
    };
    let earliest = earliest(&page, began.elapsed());
    let meta = page.meta().clone();
    let mut runs = page.into_value().runs;
    runs.retain(|run| {
        let has_name = name.is_none() || run.name.as_deref() == name;
        has_name
            && earliest.is_some_and(|earliest| run.created_at >= earliest)
            && !client.has_created_run(&run.id)
    });
    let ids: Vec<&str> = runs.iter().map(|run| &*run.id).take(MAX_IDS).collect();
    let more = if runs.len() > MAX_IDS { ", …" } else { "" };
    let note = match &ids[..] {
        [] => "no such run has been listed since the call began, but it may be listed later"
            .to_owned(),
        ids => format!(
            "the call may have created a run that is listed since then: {}{more}; its token cannot be obtained again",
            meta.redact(&ids.join(", "))
        ),
    };
    error.with_note(&note).with_possible_runs(runs)
}

/// Returns the earliest time at which the call can have created a run, by the clock of the service. `None` if the clock
/// cannot represent it.
fn earliest(page: &Response<RunPage>, elapsed: Duration) -> Option<Timestamp> {
    let date = page.headers().get(http::header::DATE);
    let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let now = date.unwrap_or_else(SystemTime::now);
    now.checked_sub(elapsed + TOLERANCE).map(Timestamp::from)
}
