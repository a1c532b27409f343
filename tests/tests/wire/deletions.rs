//! Runs that are deleted by a service that loses answers, stalls, or is busy.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, Deleted, ErrorKind, RetryPolicy};

use crate::support::{Answer, RawServer, Wire};

const RUNNING: &str = r#"{"run_id": "r", "status": "RUNNING", "training": {}, "inference": {},
    "total_tokens": 0, "total_cost_usd": 30, "pricing": {}}"#;
const LOST: &str = "";
/// The answer's head, and nothing more for ever.
const STALLED: &str =
    "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";

fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn gone() -> String {
    http(200, r#"{"runId": "r", "deleted": false}"#)
}

/// A client that repeats a call twice, as by default, but without the wait.
fn repeating(server: &RawServer) -> Client {
    let soon = Duration::from_millis(1);
    let policy = RetryPolicy::new().backoff(soon, soon);
    let options = CallOptions::new().retry(policy);
    server.personal().with_options(options)
}

#[tokio::test]
async fn what_a_repeated_deletion_did_depends_on_what_became_of_the_first() {
    let (gone, busy) = (gone(), http(429, "{}"));
    for (answers, expected) in [
        (&[&*gone][..], Deleted::AlreadyGone),
        // It was refused: nobody else than another can have deleted the run.
        (&[&busy, &gone], Deleted::AlreadyGone),
        (&[LOST, &gone], Deleted::NowOrBefore),
        (&[LOST, &busy, &gone], Deleted::NowOrBefore),
    ] {
        let server = RawServer::start(answers).await;
        let runs = repeating(&server).runs();
        assert_eq!(runs.delete("r").await.unwrap().which(), expected);
        assert_eq!(server.hits(), answers.len());
        let server = RawServer::start(answers).await;
        let runs = repeating(&server).runs();
        assert_eq!(runs.ensure_deleted("r").await.unwrap().which(), expected);
    }
}

/// A service that forgets a run that was deleted.
#[tokio::test]
async fn a_run_that_is_not_found_after_a_lost_answer_is_deleted() {
    let unknown = http(404, r#"{"detail": "no such run"}"#);
    for repeats in [true, false] {
        let client = |server: &RawServer| match repeats {
            true => repeating(server),
            false => server.personal(),
        };
        let server = RawServer::start(&[LOST, &unknown]).await;
        let deletion = client(&server).runs().ensure_deleted("r").await.unwrap();
        assert_eq!(deletion.which(), Deleted::NowOrBefore);
        assert_eq!(server.hits(), 2);

        let server = RawServer::start(&[&unknown]).await;
        let error = client(&server).runs().ensure_deleted("r").await;
        let error = error.unwrap_err();
        assert!(error.is_not_found() && !error.outcome_unknown(), "{error}");
    }
    let server = RawServer::start(&[LOST, &unknown]).await;
    let error = repeating(&server).runs().delete("r").await.unwrap_err();
    assert!(error.is_not_found() && error.outcome_unknown(), "{error}");
}

/// A try has the client's own time, if that is shorter.
#[tokio::test]
async fn a_deletion_that_stalls_is_tried_again() {
    let server = RawServer::start(&[STALLED, &gone()]).await;
    let short = CallOptions::new().timeout(Duration::from_millis(200));
    let runs = server.personal().with_options(short).runs();
    let deletion = runs.ensure_deleted("r").await.unwrap();
    assert_eq!(deletion.which(), Deleted::NowOrBefore);
}

/// Nobody knows what became of the run that was meant.
#[tokio::test]
async fn the_deletion_of_another_run_is_none() {
    let other = http(200, r#"{"runId": "s", "deleted": true}"#);
    let server = RawServer::start(&[&other]).await;
    let error = server.personal().runs().delete("r").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
    assert_eq!(error.operation(), Some("delete_run"));
    assert!(error.outcome_unknown() && error.to_string().contains("\"s\""));
    assert_eq!(error.status().unwrap(), 200);
    let server = RawServer::start(&[&other, &gone()]).await;
    let error = server.personal().runs().ensure_deleted("r").await;
    assert!(error.unwrap_err().outcome_unknown());
    assert_eq!(server.hits(), 1, "it would be the same again");
    // The same run, or none, is not another.
    for named in ["r", " R ", ""] {
        let answer = http(200, &format!(r#"{{"runId": "{named}", "deleted": true}}"#));
        let server = RawServer::start(&[&answer]).await;
        server.personal().runs().delete(" r").await.unwrap();
    }
}

/// Who had a run held to its cost learns that it is not held any more.
#[tokio::test]
async fn a_watch_that_ends_says_that_nobody_holds_the_run_to_its_cost() {
    let cheap = RUNNING.replace("30", "1");
    for (status, body) in [(401, "{}"), (200, cheap.as_str())] {
        let wire = Wire::platform(Answer::json(status, body)).await;
        let watch = || wire.personal().runs().watch_usage("r");
        for (held, watch) in [
            (true, watch().delete_at_cost("25".parse().unwrap())),
            (false, watch()),
        ] {
            let watch = watch.deadline(Duration::from_millis(50));
            let error = watch.until_finished().await.unwrap_err();
            let said = "nobody deletes the run any more when it has cost 25 USD";
            assert_eq!(error.to_string().contains(said), held, "{error}");
        }
    }
    // It has cost too much, and may not be deleted; it was seen, and is not found.
    for (answers, said) in [
        (
            [http(200, RUNNING), http(403, "{}")],
            "the run has cost 30 USD, and may go on",
        ),
        (
            [http(200, &cheap), http(404, "{}")],
            "nobody deletes the run any more",
        ),
    ] {
        let server = RawServer::start(&[&answers[0], &answers[1]]).await;
        let watch = server.personal().runs().watch_usage("r");
        let watch = watch.every(Duration::from_millis(1));
        let watch = watch.delete_at_cost("25".parse().unwrap());
        let error = watch.until_finished().await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_deadline_does_not_wait_for_a_deletion_that_stalls() {
    let server = RawServer::start(&[&http(200, RUNNING), STALLED]).await;
    let watch = server.personal().runs().watch_usage("r");
    let watch = watch.deadline(Duration::from_millis(300));
    let began = Instant::now();
    let error = watch.delete_at_cost("25".parse().unwrap()).try_next().await;
    let error = error.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(8));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.operation(), Some("delete_run"));
    assert!(error.outcome_unknown());
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].starts_with("DELETE "), "it was tried");
}

#[tokio::test]
async fn a_deadline_ends_the_tries_to_delete() {
    let down = Answer::json(503, "{}");
    let wire = Wire::platform_in_turn(vec![Answer::json(200, RUNNING), down]).await;
    let watch = wire.personal().runs().watch_usage("r");
    let watch = watch.deadline(Duration::from_millis(600));
    let began = Instant::now();
    let error = watch.delete_at_cost("25".parse().unwrap()).try_next().await;
    assert_eq!(error.unwrap_err().status().unwrap(), 503);
    assert!(began.elapsed() >= Duration::from_millis(500));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!((3..6).contains(&wire.hits()), "{} requests", wire.hits());
}

/// Times beyond what a clock can tell are no end at all.
#[tokio::test]
async fn the_longest_times_are_without_end() {
    let down = Answer::json(503, "{}");
    let done = Answer::json(200, &RUNNING.replace("RUNNING", "COMPLETED"));
    for time in [Duration::MAX, Duration::from_secs(u64::MAX / 4)] {
        let wire = Wire::platform_in_turn(vec![down.clone(), down.clone(), done.clone()]).await;
        let watch = wire.personal().runs().watch_usage("r");
        let watch = watch.every(Duration::from_millis(1));
        let watch = watch.deadline(time).patience(time);
        watch.until_finished().await.unwrap();
        assert_eq!(wire.hits(), 3);

        let wire = Wire::platform(down.clone()).await;
        let watch = wire.personal().runs().watch_usage("r").every(time);
        let waits = watch.patience(time).deadline(Duration::from_millis(50));
        let error = waits.until_finished().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}
