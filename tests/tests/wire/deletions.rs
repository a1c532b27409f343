//! Deletions with lost responses, stalls and a busy service.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, DeletionOutcome, ErrorKind, RetryPolicy, UsageWatch};

use super::support::{MockResponse, RawServer, Wire};

const RUNNING: &str = r#"{"run_id": "r", "status": "RUNNING", "training": {}, "inference": {},
    "total_tokens": 0, "total_cost_usd": 30, "pricing": {}}"#;
const LOST: &str = "";
/// A response head without a body.
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

/// Returns a client with two retries, as by default, but without delays.
fn retrying(server: &RawServer) -> Client {
    let soon = Duration::from_millis(1);
    let policy = RetryPolicy::new().backoff(soon, soon);
    let options = CallOptions::new().retry(policy);
    server.personal().with_options(options)
}

#[tokio::test]
async fn a_lost_delete_response_makes_the_result_ambiguous() {
    let (gone, busy) = (gone(), http(429, "{}"));
    for (answers, expected) in [
        (&[&*gone][..], DeletionOutcome::AlreadyGone),
        // The first request was rejected, so somebody else deleted the run.
        (&[&busy, &gone], DeletionOutcome::AlreadyGone),
        (&[LOST, &gone], DeletionOutcome::NowOrBefore),
        (&[LOST, &busy, &gone], DeletionOutcome::NowOrBefore),
    ] {
        let server = RawServer::start(answers).await;
        let runs = retrying(&server).runs();
        assert_eq!(runs.delete("r").await.unwrap().outcome(), expected);
        assert_eq!(server.hits(), answers.len());
        let server = RawServer::start(answers).await;
        let runs = retrying(&server).runs();
        assert_eq!(runs.ensure_deleted("r").await.unwrap().outcome(), expected);
    }
}

/// The service returns 404 for a deleted run.
#[tokio::test]
async fn a_404_after_a_lost_delete_response_is_a_success() {
    let unknown = http(404, r#"{"detail": "no such run"}"#);
    for repeats in [true, false] {
        let client = |server: &RawServer| match repeats {
            true => retrying(server),
            false => server.personal(),
        };
        let server = RawServer::start(&[LOST, &unknown]).await;
        let deletion = client(&server).runs().ensure_deleted("r").await.unwrap();
        assert_eq!(deletion.outcome(), DeletionOutcome::NowOrBefore);
        assert_eq!(server.hits(), 2);

        let server = RawServer::start(&[&unknown]).await;
        let error = client(&server).runs().ensure_deleted("r").await;
        let error = error.unwrap_err();
        assert!(error.is_not_found() && !error.outcome_unknown(), "{error}");
    }
    let server = RawServer::start(&[LOST, &unknown]).await;
    let error = retrying(&server).runs().delete("r").await.unwrap_err();
    assert!(error.is_not_found() && error.outcome_unknown(), "{error}");
}

/// The timeout of an attempt is at most the client's timeout.
#[tokio::test]
async fn a_stalled_deletion_is_retried() {
    let server = RawServer::start(&[STALLED, &gone()]).await;
    let short = CallOptions::new().timeout(Duration::from_millis(200));
    let runs = server.personal().with_options(short).runs();
    let deletion = runs.ensure_deleted("r").await.unwrap();
    assert_eq!(deletion.outcome(), DeletionOutcome::NowOrBefore);
}

/// The outcome for the requested run is unknown.
#[tokio::test]
async fn a_delete_response_for_another_run_is_an_error() {
    let other = http(200, r#"{"runId": "s", "deleted": true}"#);
    let server = RawServer::start(&[&other]).await;
    let error = server.personal().runs().delete("r").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.operation(), Some("delete_run"));
    assert!(error.outcome_unknown() && error.to_string().contains("\"s\""));
    assert_eq!(error.status().unwrap(), 200);
    let server = RawServer::start(&[&other, &gone()]).await;
    let error = server.personal().runs().ensure_deleted("r").await;
    assert!(error.unwrap_err().outcome_unknown());
    assert_eq!(server.hits(), 1, "it would be the same again");
    // The same run ID or none is accepted.
    for named in ["r", " R ", ""] {
        let answer = http(200, &format!(r#"{{"runId": "{named}", "deleted": true}}"#));
        let server = RawServer::start(&[&answer]).await;
        server.personal().runs().delete(" r").await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_watch_reports_that_the_cost_limit_is_no_longer_enforced() {
    let cheap = RUNNING.replace("30", "1");
    for (status, body) in [(401, "{}"), (200, cheap.as_str())] {
        let wire = Wire::platform(MockResponse::json(status, body)).await;
        let watch = || wire.personal().runs().watch("r");
        for (limited, watch) in [
            (true, watch().delete_at_cost("25".parse().unwrap())),
            (false, watch()),
        ] {
            let watch = watch.deadline(Duration::from_millis(50));
            let error = watch.until_finished().await.unwrap_err();
            let expected = "the cost limit of 25 USD is no longer enforced";
            assert_eq!(error.to_string().contains(expected), limited, "{error}");
        }
    }
    let server = RawServer::start(&[&http(200, &cheap), &http(404, "{}")]).await;
    let error = limited(&server).until_finished().await.unwrap_err();
    assert!(error.to_string().contains("no longer enforced"), "{error}");
}

/// Returns a watch with a cost limit of $25 and no delays.
fn limited(server: &RawServer) -> UsageWatch {
    let watch = server.personal().runs().watch("r");
    let watch = watch.every(Duration::from_millis(1));
    watch.delete_at_cost("25".parse().unwrap())
}

/// Returns the methods of the requests.
fn methods(server: &RawServer) -> String {
    let requests = server.requests();
    let methods = requests.iter().map(|request| request.split(' ').next());
    methods.flatten().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_rejected_deletion_is_not_retried() {
    // A deletion that is forbidden is tried by a second path.
    for (status, sent) in [(401, "GET DELETE"), (403, "GET DELETE DELETE")] {
        let refused = http(status, "{}");
        let server = RawServer::start(&[&http(200, RUNNING), &refused, &refused]).await;
        let error = limited(&server).until_finished().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        let expected = "the run has cost 30 USD; it goes on and costs money";
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.outcome_unknown());
        assert_eq!(methods(&server), sent);
    }
}

/// The cost and status of another run are ignored.
#[tokio::test]
async fn usage_of_another_run_is_an_error_and_deletes_nothing() {
    for usage in [
        RUNNING.to_owned(),
        RUNNING.replace("RUNNING", "COMPLETED"),
        RUNNING.replace("30", "1"),
    ] {
        let other = usage.replace("\"r\"", "\"s\"");
        let server = RawServer::start(&[&http(200, &other), &http(200, &other)]).await;
        let error = limited(&server).until_finished().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert!(error.to_string().contains("\"s\""), "{error}");
        assert!(error.to_string().contains("no longer enforced"), "{error}");
        assert_eq!(methods(&server), "GET");
        let error = server.personal().runs().usage("r").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert_eq!(error.operation(), Some("get_run_usage"));
    }
    let padded = RUNNING.replace("\"r\"", "\" R \"");
    let server = RawServer::start(&[&http(200, &padded)]).await;
    server.personal().runs().usage("r").await.unwrap();
}

/// A run that continues after its deletion is deleted again, but not while it is stopping.
#[tokio::test]
async fn a_run_that_continues_after_its_deletion_is_deleted_again() {
    let running = http(200, RUNNING);
    let more = http(200, &RUNNING.replace("30", "31"));
    let stopped = http(200, &RUNNING.replace("RUNNING", "DELETED"));
    let deleted = http(200, r#"{"runId": "r", "deleted": true}"#);
    let gone = gone();
    for (answers, expected, which) in [
        (
            // The response said that there was nothing to delete.
            &[&running, &gone, &running, &deleted, &stopped][..],
            "GET DELETE GET DELETE GET",
            DeletionOutcome::Now,
        ),
        (
            // The response said that the run was deleted, but the cost increases.
            &[&running, &deleted, &more, &deleted, &stopped],
            "GET DELETE GET DELETE GET",
            DeletionOutcome::Now,
        ),
        (
            &[&running, &deleted, &running, &running, &stopped],
            "GET DELETE GET GET GET",
            DeletionOutcome::Now,
        ),
        (
            &[&running, &gone, &stopped],
            "GET DELETE GET",
            DeletionOutcome::AlreadyGone,
        ),
    ] {
        let answers: Vec<&str> = answers.iter().map(|answer| answer.as_str()).collect();
        let server = RawServer::start(&answers).await;
        let finished = limited(&server).until_finished().await.unwrap();
        assert_eq!(methods(&server), expected);
        assert_eq!(finished.deletion.unwrap().outcome(), which);
    }
}

#[tokio::test]
async fn a_run_that_does_not_end_after_its_deletion_is_an_error() {
    let deleted = r#"{"runId": "r", "deleted": true}"#;
    for answer in [deleted, &deleted.replace("true", "false")] {
        let usage = MockResponse::json(200, RUNNING);
        let wire =
            Wire::platform_sequence(vec![usage.clone(), MockResponse::json(200, answer), usage]);
        let wire = wire.await;
        let watch = wire.personal().runs().watch("r");
        let watch = watch.every(Duration::from_millis(20));
        let watch = watch.deletion_timeout(Duration::from_millis(300));
        let watch = watch.delete_at_cost("25".parse().unwrap());
        let began = Instant::now();
        let error = watch.until_finished().await.unwrap_err();
        // An invalid response to a repeated deletion is retried within the same time limit.
        assert!(began.elapsed() < Duration::from_secs(8), "{error}");
        let message = error.to_string();
        assert!(
            message.contains("may still cost money")
                || message.contains("may go on and cost money"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_run_that_ends_before_its_deletion_yields_its_last_usage() {
    let running = http(200, RUNNING);
    let stopped = http(
        200,
        &RUNNING.replace("RUNNING", "STOPPED").replace("30", "32"),
    );
    for status in [404, 409] {
        let refused = http(status, "{}");
        let server = RawServer::start(&[&running, &refused, &stopped]).await;
        let finished = limited(&server).until_finished().await.unwrap();
        assert_eq!(finished.usage.total_cost_usd.to_string(), "32");
        assert!(finished.deletion.is_none());
        assert_eq!(methods(&server), "GET DELETE GET");
    }
    // The run no longer exists.
    let unknown = http(404, "{}");
    let server = RawServer::start(&[&running, &unknown, &unknown]).await;
    let finished = limited(&server).until_finished().await.unwrap();
    assert_eq!(finished.usage.total_cost_usd.to_string(), "30");
    assert_eq!(
        finished.deletion.unwrap().outcome(),
        DeletionOutcome::AlreadyGone
    );
    // The run continues and cannot be deleted.
    let server = RawServer::start(&[&running, &unknown, &running]).await;
    let error = limited(&server).until_finished().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(error.to_string().contains("goes on and costs money"));
    // The run cannot be deleted yet.
    let (conflict, deleted) = (
        http(409, "{}"),
        http(200, r#"{"runId": "r", "deleted": true}"#),
    );
    let answers = [&running, &conflict, &running, &running, &deleted, &stopped];
    let answers = answers.map(String::as_str);
    let server = RawServer::start(&answers).await;
    let finished = limited(&server).until_finished().await.unwrap();
    assert_eq!(finished.deletion.unwrap().outcome(), DeletionOutcome::Now);
    assert_eq!(methods(&server), "GET DELETE GET GET DELETE GET");
}

#[tokio::test]
async fn an_empty_success_response_confirms_the_deletion() {
    let stopped = http(200, &RUNNING.replace("RUNNING", "STOPPED"));
    let no_content = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
    for empty in [no_content, http(204, ""), http(202, " \n")] {
        let server = RawServer::start(&[&empty]).await;
        let deletion = server.personal().runs().delete("r").await.unwrap();
        assert_eq!(
            (deletion.outcome(), deletion.run_id()),
            (DeletionOutcome::Now, "r")
        );
        let server = RawServer::start(&[&http(200, RUNNING), &empty, &stopped]).await;
        let finished = limited(&server).until_finished().await.unwrap();
        assert_eq!(finished.deletion.unwrap().outcome(), DeletionOutcome::Now);
        assert_eq!(methods(&server), "GET DELETE GET");
    }
    // Any other response is an error.
    for other in ["", "null", "[]", "<html>", "{"] {
        let server = RawServer::start(&[&http(200, other)]).await;
        let error = server.personal().runs().delete("r").await.unwrap_err();
        assert!(error.outcome_unknown(), "{error}");
    }
}

#[tokio::test]
async fn a_deadline_ends_a_stalled_deletion() {
    let server = RawServer::start(&[&http(200, RUNNING), STALLED]).await;
    let watch = server.personal().runs().watch("r");
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
async fn a_deadline_ends_the_retries_of_a_deletion() {
    let down = MockResponse::json(503, "{}");
    let wire = Wire::platform_sequence(vec![MockResponse::json(200, RUNNING), down]).await;
    let watch = wire.personal().runs().watch("r");
    let watch = watch.deadline(Duration::from_millis(600));
    let began = Instant::now();
    let error = watch.delete_at_cost("25".parse().unwrap()).try_next().await;
    assert_eq!(error.unwrap_err().status().unwrap(), 503);
    assert!(began.elapsed() >= Duration::from_millis(500));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!((3..6).contains(&wire.hits()), "{} requests", wire.hits());
}

/// Durations beyond the range of the clock mean no limit.
#[tokio::test]
async fn maximal_durations_mean_no_limit() {
    let down = MockResponse::json(503, "{}");
    let done = MockResponse::json(200, &RUNNING.replace("RUNNING", "COMPLETED"));
    for time in [Duration::MAX, Duration::from_secs(u64::MAX / 4)] {
        let wire = Wire::platform_sequence(vec![down.clone(), down.clone(), done.clone()]).await;
        let watch = wire.personal().runs().watch("r");
        let watch = watch.every(Duration::from_millis(1));
        let watch = watch.deadline(time).retry_for(time);
        watch.until_finished().await.unwrap();
        assert_eq!(wire.hits(), 3);

        let wire = Wire::platform(down.clone()).await;
        let watch = wire.personal().runs().watch("r").every(time);
        let waits = watch.retry_for(time).deadline(Duration::from_millis(50));
        let error = waits.until_finished().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}

/// An unknown cost does not delete a run. If it stays unknown, the watch says that the limit is not enforced.
#[tokio::test]
async fn an_unknown_cost_does_not_delete_a_run() {
    let cost = |total: &str, training: &str| {
        let usage = RUNNING.replace("30", total);
        usage.replace(
            "\"training\": {}",
            &format!("\"training\": {{\"cost_usd\": {training}}}"),
        )
    };
    let watch = |wire: &Wire| {
        let watch = wire.personal().runs().watch("r");
        let watch = watch.every(Duration::from_millis(1));
        let watch = watch.retry_for(Duration::from_millis(100));
        watch.delete_at_cost("25".parse().unwrap())
    };
    for (total, training, reason) in [
        ("-30", "0", "total_cost_usd: it is negative"),
        ("30", "-5", "training.cost_usd: it is negative"),
        ("0", "30", "total_cost_usd: it is less than"),
        ("\"much\"", "0", "total_cost_usd"),
        ("null", "30", "total_cost_usd"),
        ("NaN", "30", "total_cost_usd"),
    ] {
        let wire = Wire::platform(MockResponse::json(200, &cost(total, training))).await;
        let began = Instant::now();
        let error = watch(&wire).try_next().await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert_eq!(error.operation(), Some("get_run_usage"));
        let message = error.to_string();
        assert!(message.contains(reason), "{message}");
        let limit = "the cost limit of 25 USD is no longer enforced";
        assert!(message.contains(limit), "{message}");
        assert!(
            wire.requests()
                .iter()
                .all(|seen| seen.line.starts_with("GET "))
        );
    }

    // The limit applies again as soon as the cost is known.
    let stopped = RUNNING.replace("RUNNING", "STOPPED");
    let answers = [
        &cost("-30", "0"),
        RUNNING,
        r#"{"runId": "r", "deleted": true}"#,
        &stopped,
    ];
    let answers = answers.map(|answer| MockResponse::json(200, answer));
    let wire = Wire::platform_sequence(answers.to_vec()).await;
    let finished = watch(&wire).until_finished().await.unwrap();
    assert_eq!(finished.deletion.unwrap().outcome(), DeletionOutcome::Now);
    assert_eq!(wire.hits(), 4);

    // A run that has ended needs no limit.
    let ended = cost("-30", "0").replace("RUNNING", "STOPPED");
    let wire = Wire::platform(MockResponse::json(200, &ended)).await;
    let finished = watch(&wire).until_finished().await.unwrap();
    assert_eq!(finished.usage.total_cost_usd.to_string(), "-30");
    assert_eq!(wire.hits(), 1);
}
