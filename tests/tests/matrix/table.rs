//! The table of results.
//!
//! A cell has the result and `attempts/reached`: the number of attempts and of requests that
//! reached the service. `?` means `outcome_unknown`. `ok 3` is a success after three requests.

use std::time::Duration;

use prime_ext::RetryPolicy;
use prime_sim::{Envelope, Fault, Simulator};

use super::cell::{CALLS, Call, client, outcome, quick};

/// A fault and the results for the columns of [`column`].
type Row = (&'static str, Fault, [&'static str; 5]);

const QUOTA: &str = r#"{"error": {"message": "no more", "code": "insufficient_quota"}}"#;
const QUOTA_TEXT: &str = r#"{"detail": "image limit exceeded"}"#;

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let api = |status: u16| Fault::status(status);
    let twice = |fault: Fault| fault.times(2);
    let ms = Duration::from_millis;
    vec![
    // name                    fault                                           GET
    // DELETE                    chat                      stream                    create
    ("reset before",           Fault::reset(),                                 ["Disconnected 3/3",     "Disconnected 3/3 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?"]),
    ("closed before",          Fault::close(),                                 ["Disconnected 3/3",     "Disconnected 3/3 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?"]),
    ("closed twice, then ok",  twice(Fault::close()),                         ["ok 3",                 "ok 3",                   "Disconnected 1/1 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?"]),
    ("response lost",          Fault::lost_response(),                           ["Disconnected 3/3",     "Disconnected 3/3 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?",     "Disconnected 1/1 ?"]),
    ("reset midway",           Fault::reset_midway(),                          ["Disconnected 3/3",     "Disconnected 3/3 ?",     "Disconnected 1/1 ?",     "CutOff 1/1",             "Disconnected 1/1 ?"]),
    ("cut off, clean end",     Fault::cut_off(),                               ["UnexpectedResponse 1/1", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "CutOff 1/1",             "UnexpectedResponse 1/1 ?"]),
    ("stall before",           Fault::stall(),                                 ["Timeout 1/1",          "Timeout 1/1 ?",          "Timeout 1/1 ?",          "Timeout 1/1 ?",          "Timeout 1/1 ?"]),
    ("stall midway",           Fault::stall_midway(),                          ["Timeout 1/1",          "Timeout 1/1 ?",          "Timeout 1/1 ?",          "Timeout 1/1",            "Timeout 1/1 ?"]),
    ("400",                    api(400),                                       ["Api 400 1/1",          "Api 400 1/1",            "Api 400 1/1",            "Api 400 1/1",            "Api 400 1/1"]),
    ("401",                    api(401),                                       ["Api 401 1/1",          "Api 401 1/1",            "Api 401 1/1",            "Api 401 1/1",            "Api 401 1/1"]),
    ("402",                    api(402),                                       ["Api 402 1/1",          "Api 402 1/1",            "Api 402 1/1",            "Api 402 1/1",            "Api 402 1/1"]),
    ("403",                    api(403),                                       ["Api 403 1/1",          "Api 403 1/1",            "Api 403 1/1",            "Api 403 1/1",            "Api 403 1/1"]),
    ("404",                    api(404),                                       ["Api 404 1/1",          "Api 404 1/1",            "Api 404 1/1",            "Api 404 1/1",            "Api 404 1/1"]),
    ("408",                    api(408),                                       ["Api 408 3/3",          "Api 408 3/3",            "Api 408 3/3",            "Api 408 3/3",            "Api 408 1/1"]),
    ("409",                    api(409),                                       ["Api 409 1/1",          "Api 409 1/1",            "Api 409 1/1",            "Api 409 1/1",            "Api 409 1/1"]),
    ("422, OpenAI's",          api(422).envelope(Envelope::Error),             ["Api 422 1/1",          "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1"]),
    ("422, the platform's",    api(422).envelope(Envelope::Errors),            ["Api 422 1/1",          "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1"]),
    ("422, a detail",          api(422).envelope(Envelope::Detail),            ["Api 422 1/1",          "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1"]),
    ("422, details",           api(422).envelope(Envelope::DetailList),        ["Api 422 1/1",          "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1"]),
    ("422, text",              api(422).envelope(Envelope::Text),              ["Api 422 1/1",          "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1"]),
    ("422, nothing",           api(422).envelope(Envelope::Empty),             ["Api 422 1/1",          "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1",            "Api 422 1/1"]),
    ("429",                    Fault::rate_limited(),                          ["Api 429 3/3",          "Api 429 3/3",            "Api 429 3/3",            "Api 429 3/3",            "Api 429 1/1"]),
    ("429 twice, then fine",   twice(Fault::rate_limited()),                   ["ok 3",                 "ok 3",                   "ok 3",                   "ok 3",                   "Api 429 1/1"]),
    ("429, wait 0 s",          Fault::rate_limited().retry_after(0),           ["Api 429 3/3",          "Api 429 3/3",            "Api 429 3/3",            "Api 429 3/3",            "Api 429 1/1"]),
    ("429, wait 20 ms",        Fault::rate_limited().retry_after_ms(20),       ["Api 429 3/3",          "Api 429 3/3",            "Api 429 3/3",            "Api 429 3/3",            "Api 429 1/1"]),
    ("429, wait until now",    Fault::rate_limited().retry_after_date(ms(0)),  ["Api 429 3/3",          "Api 429 3/3",            "Api 429 3/3",            "Api 429 3/3",            "Api 429 1/1"]),
    ("429, wait 61 s",         Fault::rate_limited().retry_after(61),          ["Api 429 1/1",          "Api 429 1/1",            "Api 429 1/1",            "Api 429 1/1",            "Api 429 1/1"]),
    ("429, a quota by code",   Fault::rate_limited().body(QUOTA),              ["Api 429 1/1",          "Api 429 1/1",            "Api 429 1/1",            "Api 429 1/1",            "Api 429 1/1"]),
    // Words are not gone by: it is tried again, in vain.
    ("429, a quota in words",  Fault::rate_limited().body(QUOTA_TEXT),     ["Api 429 3/3",          "Api 429 3/3",            "Api 429 3/3",            "Api 429 3/3",            "Api 429 1/1"]),
    ("500",                    api(500),                                       ["Api 500 3/3",          "Api 500 3/3 ?",          "Api 500 1/1 ?",          "Api 500 1/1 ?",          "Api 500 1/1 ?"]),
    ("500, to be repeated",    api(500).header("x-should-retry", "true"),      ["Api 500 3/3",          "Api 500 3/3 ?",          "Api 500 1/1 ?",          "Api 500 1/1 ?",          "Api 500 1/1 ?"]),
    ("409, to be repeated",    api(409).header("x-should-retry", "true"),      ["Api 409 3/3",          "Api 409 3/3",            "Api 409 3/3",            "Api 409 3/3",            "Api 409 1/1"]),
    ("520",                    api(520),                                       ["Api 520 3/3",          "Api 520 3/3 ?",          "Api 520 1/1 ?",          "Api 520 1/1 ?",          "Api 520 1/1 ?"]),
    ("522",                    api(522),                                       ["Api 522 3/3",          "Api 522 3/3",            "Api 522 3/3",            "Api 522 3/3",            "Api 522 1/1"]),
    ("529",                    api(529),                                       ["Api 529 3/3",          "Api 529 3/3",            "Api 529 3/3",            "Api 529 3/3",            "Api 529 1/1"]),
    ("503, not to be repeated", api(503).header("x-should-retry", "false"),    ["Api 503 1/1",          "Api 503 1/1 ?",          "Api 503 1/1 ?",          "Api 503 1/1 ?",          "Api 503 1/1 ?"]),
    ("502 in HTML",            Fault::html(502),                               ["Api 502 3/3",          "Api 502 3/3 ?",          "Api 502 1/1 ?",          "Api 502 1/1 ?",          "Api 502 1/1 ?"]),
    ("503 twice, then fine",   twice(api(503)),                                ["ok 3",                 "ok 3",                   "ok 3",                   "ok 3",                   "Api 503 1/1 ?"]),
    ("504",                    api(504),                                       ["Api 504 3/3",          "Api 504 3/3 ?",          "Api 504 1/1 ?",          "Api 504 1/1 ?",          "Api 504 1/1 ?"]),
    ("broken JSON",            Fault::malformed_chunk(),                       ["UnexpectedResponse 1/1", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "MalformedEvent 1/1",     "UnexpectedResponse 1/1 ?"]),
    ("HTML with 200",          Fault::html(200),                               ["UnexpectedResponse 1/1", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?"]),
    ("wrong content type",     Fault::content_type("text/plain"),              ["ok 1",                 "ok 1",                   "ok 1",                   "ok 1",                   "ok 1"]),
    ("endless body",           Fault::endless_body(),                          ["UnexpectedResponse 1/1", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "MalformedEvent 1/1",     "UnexpectedResponse 1/1 ?"]),
    ("endless line",           Fault::endless_line(),                          ["UnexpectedResponse 1/1", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "MalformedEvent 1/1",     "UnexpectedResponse 1/1 ?"]),
    ("gzip bomb",              Fault::gzip_bomb(4) ,                           ["UnexpectedResponse 1/1", "UnexpectedResponse 1/1 ?", "UnexpectedResponse 1/1 ?", "MalformedEvent 1/1 ?",   "UnexpectedResponse 1/1 ?"]),
    ]
}

/// GET, other idempotent operations, chat, stream, and operations that are never repeated.
fn column(call: Call) -> usize {
    match call {
        Call::ListModels | Call::GetModel | Call::GetWallet | Call::GetUsage => 0,
        Call::ListRuns | Call::GetRun | Call::RunLogs | Call::Progress => 0,
        Call::Whoami | Call::Teams => 0,
        Call::DeleteRun | Call::StopRun | Call::PauseRun => 1,
        Call::Chat => 2,
        Call::Stream => 3,
        Call::CreateRun | Call::RestartRun | Call::ResumeRun => 4,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_with_each_fault_has_the_expected_result() {
    let mut mismatches = Vec::new();
    for (name, fault, expected) in rows() {
        let cells = CALLS.map(|call| {
            let fault = fault.clone();
            tokio::spawn(async move { (call, outcome(call, &fault, quick()).await) })
        });
        for cell in cells {
            let (call, result) = cell.await.unwrap();
            let expected = expected[column(call)];
            if result != expected {
                mismatches.push(format!("{name}, {call:?}: {result}, expected {expected}"));
            }
        }
    }
    assert!(mismatches.is_empty(), "\n{}", mismatches.join("\n"));
}

/// `allow_duplicate_billing` retries a chat completion that may have been processed, but never a
/// create request.
#[tokio::test(flavor = "multi_thread")]
async fn allow_duplicate_billing_retries_chat_but_not_create() {
    let rows = [
        (Fault::reset(), "Disconnected 3/3 ?", "Disconnected 1/1 ?"),
        (Fault::status(500), "Api 500 3/3 ?", "Api 500 1/1 ?"),
        (Fault::html(502).times(2), "ok 3", "Api 502 1/1 ?"),
        (Fault::stall(), "Timeout 1/1 ?", "Timeout 1/1 ?"),
    ];
    for (fault, chat, create) in rows {
        let policy = || quick().allow_duplicate_billing();
        assert_eq!(outcome(Call::Chat, &fault, policy()).await, chat);
        assert_eq!(outcome(Call::Stream, &fault, policy()).await, chat);
        assert_eq!(outcome(Call::CreateRun, &fault, policy()).await, create);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_retries_each_request_is_sent_once() {
    for fault in [Fault::reset(), Fault::status(503), Fault::rate_limited()] {
        for call in CALLS {
            let result = outcome(call, &fault, RetryPolicy::none()).await;
            assert!(result.contains(" 1/1"), "{call:?}: {result}");
        }
    }
}

/// No request was sent, so all operations are retried.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_retried_for_all_operations() {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let client = client(&sim, quick());
    drop(sim);
    for call in CALLS {
        let error = call.make(&client, "run_1").await.unwrap_err();
        assert!(
            error.is_connect() && error.is_retryable(),
            "{call:?}: {error:?}"
        );
        assert_eq!(error.attempts(), 3, "{call:?}");
        assert!(!error.outcome_unknown(), "{call:?}");
    }
}

/// The error names the target and the setting that would follow the redirect.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_another_host_is_not_followed() {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let other = Simulator::builder().seed(8).start().await.unwrap();
    sim.inject(Fault::redirect(other.platform_url() + "/there?key=1"));
    let client = client(&sim, quick());
    for call in CALLS {
        let error = call.make(&client, "run_1").await.unwrap_err();
        assert_eq!(
            (error.status().unwrap().as_u16(), error.attempts()),
            (307, 1)
        );
        let result = error.to_string();
        assert!(
            result.contains(&(other.platform_url() + "/there;")),
            "{result}"
        );
        assert!(result.contains("set the base URL"), "{result}");
    }
    assert!(other.requests().is_empty());
}
