//! Runs that are deleted by a service that loses answers, stalls, or is busy.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, DeletionOutcome, ErrorKind, RetryPolicy, UsageWatch};

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
        (&[&*gone][..], DeletionOutcome::AlreadyGone),
        // It was refused: nobody else than another can have deleted the run.
        (&[&busy, &gone], DeletionOutcome::AlreadyGone),
        (&[LOST, &gone], DeletionOutcome::NowOrBefore),
        (&[LOST, &busy, &gone], DeletionOutcome::NowOrBefore),
    ] {
        let server = RawServer::start(answers).await;
        let runs = repeating(&server).runs();
        assert_eq!(runs.delete("r").await.unwrap().outcome(), expected);
        assert_eq!(server.hits(), answers.len());
        let server = RawServer::start(answers).await;
        let runs = repeating(&server).runs();
        assert_eq!(runs.ensure_deleted("r").await.unwrap().outcome(), expected);
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
        assert_eq!(deletion.outcome(), DeletionOutcome::NowOrBefore);
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
    assert_eq!(deletion.outcome(), DeletionOutcome::NowOrBefore);
}

/// Nobody knows what became of the run that was meant.
#[tokio::test]
async fn the_deletion_of_another_run_is_none() {
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
    // The same run, or none, is not another.
    for named in ["r", " R ", ""] {
        let answer = http(200, &format!(r#"{{"runId": "{named}", "deleted": true}}"#));
        let server = RawServer::start(&[&answer]).await;
        server.personal().runs().delete(" r").await.unwrap();
    }
}

/// The error of a watch says that the cost limit is no longer enforced.
#[tokio::test]
async fn a_watch_that_fails_says_that_the_cost_limit_is_no_longer_enforced() {
    let cheap = RUNNING.replace("30", "1");
    for (status, body) in [(401, "{}"), (200, cheap.as_str())] {
        let wire = Wire::platform(Answer::json(status, body)).await;
        let watch = || wire.personal().runs().watch("r");
        for (limited, watch) in [
            (true, watch().delete_at_cost("25".parse().unwrap())),
            (false, watch()),
        ] {
            let watch = watch.deadline(Duration::from_millis(50));
            let error = watch.until_finished().await.unwrap_err();
            let said = "the cost limit of 25 USD is no longer enforced";
            assert_eq!(error.to_string().contains(said), limited, "{error}");
        }
    }
    let server = RawServer::start(&[&http(200, &cheap), &http(404, "{}")]).await;
    let error = limited(&server).until_finished().await.unwrap_err();
    assert!(error.to_string().contains("no longer enforced"), "{error}");
}

/// A watch that deletes a run at 25 dollars, without waits.
fn limited(server: &RawServer) -> UsageWatch {
    let watch = server.personal().runs().watch("r");
    let watch = watch.every(Duration::from_millis(1));
    watch.delete_at_cost("25".parse().unwrap())
}

/// How a server answered: the methods of its requests.
fn methods(server: &RawServer) -> String {
    let requests = server.requests();
    let methods = requests.iter().map(|request| request.split(' ').next());
    methods.flatten().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_refused_deletion_is_an_error_at_once() {
    for status in [401, 403] {
        let server = RawServer::start(&[&http(200, RUNNING), &http(status, "{}")]).await;
        let error = limited(&server).until_finished().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        let said = "the run has cost 30 USD; it goes on and costs money";
        assert!(error.to_string().contains(said), "{error}");
        assert!(!error.outcome_unknown());
        assert_eq!(methods(&server), "GET DELETE");
    }
}

/// Neither the cost nor the end of another run is this one's.
#[tokio::test]
async fn a_usage_of_another_run_is_an_error_and_deletes_nothing() {
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

/// A run that goes on after its deletion is deleted again; one that is only ending is not.
#[tokio::test]
async fn a_run_that_goes_on_after_its_deletion_is_deleted_again() {
    let running = http(200, RUNNING);
    let more = http(200, &RUNNING.replace("30", "31"));
    let stopped = http(200, &RUNNING.replace("RUNNING", "DELETED"));
    let deleted = http(200, r#"{"runId": "r", "deleted": true}"#);
    let gone = gone();
    for (answers, expected, which) in [
        (
            // It said that there was nothing to delete.
            &[&running, &gone, &running, &deleted, &stopped][..],
            "GET DELETE GET DELETE GET",
            DeletionOutcome::Now,
        ),
        (
            // It said that it deleted the run, which costs more.
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
        let usage = Answer::json(200, RUNNING);
        let wire = Wire::platform_in_turn(vec![usage.clone(), Answer::json(200, answer), usage]);
        let wire = wire.await;
        let watch = wire.personal().runs().watch("r");
        let watch = watch.every(Duration::from_millis(20));
        let watch = watch.deletion_timeout(Duration::from_millis(300));
        let watch = watch.delete_at_cost("25".parse().unwrap());
        let began = Instant::now();
        let error = watch.until_finished().await.unwrap_err();
        // An answer of the wrong shape to a repeated deletion is retried within the same time.
        assert!(began.elapsed() < Duration::from_secs(8), "{error}");
        let told = error.to_string();
        assert!(
            told.contains("may still cost money") || told.contains("may go on and cost money"),
            "{error}"
        );
    }
}

/// The last usage is not lost if the run ends before it can be deleted.
#[tokio::test]
async fn a_run_that_ends_before_it_can_be_deleted_has_ended() {
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
    // Nobody knows it any more.
    let unknown = http(404, "{}");
    let server = RawServer::start(&[&running, &unknown, &unknown]).await;
    let finished = limited(&server).until_finished().await.unwrap();
    assert_eq!(finished.usage.total_cost_usd.to_string(), "30");
    assert_eq!(
        finished.deletion.unwrap().outcome(),
        DeletionOutcome::AlreadyGone
    );
    // It goes on, and cannot be deleted.
    let server = RawServer::start(&[&running, &unknown, &running]).await;
    let error = limited(&server).until_finished().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(error.to_string().contains("goes on and costs money"));
    // It cannot be deleted yet.
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
async fn a_success_without_a_body_is_a_deletion() {
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
    // Anything else that is no deletion is still an error.
    for other in ["", "null", "[]", "<html>", "{"] {
        let server = RawServer::start(&[&http(200, other)]).await;
        let error = server.personal().runs().delete("r").await.unwrap_err();
        assert!(error.outcome_unknown(), "{error}");
    }
}

#[tokio::test]
async fn a_deadline_does_not_wait_for_a_deletion_that_stalls() {
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
async fn a_deadline_ends_the_tries_to_delete() {
    let down = Answer::json(503, "{}");
    let wire = Wire::platform_in_turn(vec![Answer::json(200, RUNNING), down]).await;
    let watch = wire.personal().runs().watch("r");
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
