//! Jobs: submitted once and again, with other inputs, options and accounts.

use prime_batch::ledger::postgres::JobState;
use prime_batch::ledger::{LedgerError, PostgresLedger};
use prime_batch::{ChunkEnd, Error, Limits, Runner, State};
use prime_ext::Usd;
use prime_sim::{Fault, Operation, Simulator};
use serde_json::Value;

use crate::support::{client, line};
use crate::team::{Team, ask_all};

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_job() {
    let Some(team) = Team::new("shared", Simulator::builder()).await else {
        return;
    };
    team.lab.input(1_000);
    let before = team.lab.sim.wallet(None).unwrap().balance;
    let submitted = team.submit().await;
    assert!(submitted.is_new);
    let job = submitted.job;
    assert_eq!((job.requests, job.chunks), (1_000, 50));
    let workers = [team.worker("a", &job).await, team.worker("b", &job).await];
    let tally = ask_all(&team, &workers).await;
    assert_eq!((tally.answered, tally.unsent), (1_000, 0), "{tally:?}");
    team.assert_once(1_000);
    assert_eq!(team.answers(&job).len(), 1_000);

    let status = team.ledger.status(job.id).await.unwrap();
    assert_eq!(status.job.state, JobState::Done);
    assert_eq!((status.chunks.ended, status.chunks.open), (50, 0));
    assert_eq!(
        status.spent,
        before - team.lab.sim.wallet(None).unwrap().balance
    );
    assert!(status.reserved.is_zero());
    assert_eq!(status.workers.len(), 2);
    let report = team.ledger.report(job.id).await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.totals().known_cost, status.spent);

    let manifest = std::fs::read(team.lab.path("answers/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["answered"], 1_000);
    assert_eq!(manifest["parts"].as_array().unwrap().len(), 50);
    // The answers are in the order of the input, and a part that is written again has the same bytes.
    let path = team
        .lab
        .path("answers")
        .join(manifest["parts"][3]["path"].as_str().unwrap());
    let part = std::fs::read_to_string(&path).unwrap();
    let ids: Vec<Value> = part
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["custom_id"].clone())
        .collect();
    let expected: Vec<Value> = (60..80).map(|n| format!("q{n}").into()).collect();
    assert_eq!(ids, expected);
    std::fs::remove_file(&path).unwrap();
    team.execute("UPDATE prime_batch.chunk SET written_changes = NULL WHERE chunk = 3")
        .await;
    workers[0].finish().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), part);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_job_is_submitted_twice() {
    let Some(team) = Team::new("twice", Simulator::builder()).await else {
        return;
    };
    team.lab.input(100);
    let first = team.submit().await.job;
    let worker = team.worker("a", &first).await;
    ask_all(&team, std::slice::from_ref(&worker)).await;
    let sent = team.lab.sim.requests().len();

    let mut submission = team.submission();
    submission.limits.budget = Some("12.5".parse().unwrap());
    submission.options.again.ambiguous = true;
    submission.output = format!("{}/../answers/.//", submission.output);
    let second = team.submit_as(submission).await;
    assert!(!second.is_new);
    assert_eq!((second.job.id, &second.job.name), (first.id, &first.name));
    assert_eq!(second.job.limits.budget, Some("12.5".parse().unwrap()));
    assert!(second.job.options.again.ambiguous);
    assert_eq!(team.ledger.jobs(None).await.unwrap().len(), 1);
    for chunk in 0..second.job.chunks {
        let report = worker.ask(chunk).await.unwrap();
        assert_eq!(
            (report.end, report.tally.answered),
            (ChunkEnd::Complete, 20)
        );
    }
    // A second submission asks only for the models.
    assert_eq!(team.lab.sim.requests().len(), sent + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_input_asks_only_what_changed() {
    let Some(team) = Team::new("edited", Simulator::builder()).await else {
        return;
    };
    team.lab.input(100);
    let first = team.submit().await.job;
    ask_all(&team, &[team.worker("a", &first).await]).await;
    let text = std::fs::read_to_string(team.lab.path("questions.jsonl")).unwrap();
    let edited = text.replace("Question 7?", "Another question?") + &line("new", "A new question?");
    team.lab.write(
        "questions.jsonl",
        line("before", "A question before?") + &edited,
    );

    let second = team.submit().await;
    assert!(second.is_new);
    assert_eq!(second.job.requests, 102);
    let tally = ask_all(&team, &[team.worker("b", &second.job).await]).await;
    assert_eq!(tally.answered, 102);
    team.assert_once(103);
    assert_eq!(team.answers(&second.job).len(), 102);
    let report = team.ledger.report(second.job.id).await.unwrap();
    assert_eq!(
        (report.count(State::Answered), report.former_answers()),
        (102, 1)
    );
    let jobs = team.ledger.jobs(Some(&team.output())).await.unwrap();
    assert_eq!(
        jobs.iter().map(|job| job.id).collect::<Vec<_>>(),
        [second.job.id, first.id]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_of_a_ledger_run_at_the_same_time() {
    let Some(team) = Team::new("both", Simulator::builder()).await else {
        return;
    };
    team.lab.input(300);
    let delay = Fault::delay(std::time::Duration::from_millis(20));
    team.lab
        .sim
        .inject(delay.on(Operation::CreateChatCompletion));
    let mut submission = team.submission();
    submission.limits.max_concurrency = 20;
    let first = team.submit_as(submission.clone()).await.job;
    let text = std::fs::read_to_string(team.lab.path("questions.jsonl")).unwrap();
    // Another file, with the requests in other chunks.
    let mut lines: Vec<&str> = text.lines().rev().collect();
    let new = line("new", "A new question?");
    lines.insert(7, new.trim_end());
    team.lab.write("others.jsonl", lines.join("\n"));
    submission.input = team.lab.path("others.jsonl").into();
    let second = team.submit_as(submission).await.job;
    let workers = (
        [team.worker("a", &first).await],
        [team.worker("b", &second).await],
    );
    let (one, two) = tokio::join!(ask_all(&team, &workers.0), ask_all(&team, &workers.1));
    assert_eq!((one.unsent, two.unsent), (0, 0), "{one:?} {two:?}");
    team.assert_once(301);
    // Each output has the answers to its input, whichever job asked the question.
    assert_eq!(team.answers(&second).len(), 301);
    assert_eq!(team.answers(&first).len(), 300);
    assert!(
        team.ledger
            .status(first.id)
            .await
            .unwrap()
            .reserved
            .is_zero()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_changes_while_a_job_runs_is_an_error() {
    let Some(team) = Team::new("changed", Simulator::builder()).await else {
        return;
    };
    team.lab.input(100);
    let job = team.submit().await.job;
    let text = std::fs::read_to_string(team.lab.path("questions.jsonl")).unwrap();
    team.lab.write(
        "questions.jsonl",
        text.replace("Question 50?", "Question 51?"),
    );
    let worker = team.worker("a", &job).await;
    let error = worker.ask(2).await.unwrap_err();
    assert!(
        matches!(error, Error::InputChanged(_)) && !error.is_transient(),
        "{error}"
    );
    assert_eq!(worker.ask(1).await.unwrap().end, ChunkEnd::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_accounts_and_endpoints_are_refused() {
    let Some(team) = Team::new("accounts", Simulator::builder()).await else {
        return;
    };
    team.lab.input(20);
    let job = team.submit().await.job;
    let others = [
        team.lab.client.team("another-team"),
        client(&Simulator::builder().start().await.unwrap()),
    ];
    for (other, field) in others.iter().zip(["account", "endpoint"]) {
        let submitted = team.ledger.submit(other, team.submission()).await.map(drop);
        let started = Runner::start(other, team.ledger.clone(), job.id, "a")
            .await
            .map(drop);
        for refused in [submitted, started] {
            match refused.unwrap_err() {
                Error::Ledger(LedgerError::OtherJob {
                    field: found,
                    recorded,
                    given,
                    ..
                }) => {
                    assert_eq!(found, field);
                    assert_ne!(recorded, given);
                }
                error => panic!("{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_asked_again_on_request() {
    let Some(team) = Team::new("again", Simulator::builder()).await else {
        return;
    };
    team.lab.input(60);
    let on_chat = |fault: Fault| fault.on(Operation::CreateChatCompletion);
    team.lab.sim.inject(on_chat(Fault::status(400).chance(0.2)));
    team.lab
        .sim
        .inject(on_chat(Fault::lost_response().chance(0.2)));
    let job = team.submit().await.job;
    let worker = team.worker("a", &job).await;
    let tally = ask_all(&team, std::slice::from_ref(&worker)).await;
    assert!(tally.failed > 2 && tally.ambiguous > 2, "{tally:?}");
    assert_eq!(tally.unsent, 0);
    let failures = team
        .ledger
        .requests(job.id, &[State::Failed, State::Ambiguous], 100);
    let failures = failures.await.unwrap();
    assert_eq!(failures.len() as u64, tally.failed + tally.ambiguous);
    assert!(failures.is_sorted_by_key(|row| row.line));
    team.lab.sim.clear_faults();

    let sent = team.lab.sim.requests().len() as u64;
    team.submit().await;
    ask_all(&team, std::slice::from_ref(&worker)).await;
    assert_eq!(team.lab.sim.requests().len() as u64, sent + 1);

    let mut submission = team.submission();
    submission.options.again.failed = true;
    team.submit_as(submission.clone()).await;
    drop(worker);
    let worker = team.worker("b", &job).await;
    let after = ask_all(&team, std::slice::from_ref(&worker)).await;
    assert_eq!((after.failed, after.ambiguous), (0, tally.ambiguous));
    submission.options.again.ambiguous = true;
    team.submit_as(submission).await;
    // The worker learns the new options with its next renewal.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let after = ask_all(&team, &[worker]).await;
    assert_eq!((after.answered, after.ambiguous), (60, 0));
    let twice = team
        .lab
        .carried_out()
        .values()
        .filter(|count| **count == 2)
        .count();
    assert_eq!(twice as u64, tally.ambiguous);
    assert!(!team.lab.path("answers").join("part.errors").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_paused_and_cancelled() {
    let Some(team) = Team::new("paused", Simulator::builder()).await else {
        return;
    };
    team.lab.input(100);
    let on_chat = |fault: Fault| fault.on(Operation::CreateChatCompletion);
    let delay = std::time::Duration::from_millis(200);
    team.lab.sim.inject(on_chat(Fault::delay(delay)));
    let mut submission = team.submission();
    submission.chunk_size = 100;
    submission.limits.max_concurrency = 4;
    let job = team.submit_as(submission).await.job;
    let worker = team.worker("a", &job).await;
    let asking = tokio::spawn({
        let worker = worker.clone();
        async move { worker.ask(0).await.unwrap() }
    });
    tokio::time::sleep(delay * 2).await;
    team.ledger
        .set_state(job.id, JobState::Paused)
        .await
        .unwrap();
    let report = asking.await.unwrap();
    assert_eq!(report.end, ChunkEnd::Paused);
    assert!(
        report.tally.answered > 0 && report.tally.unsent > 20,
        "{report:?}"
    );
    assert_eq!((report.tally.ambiguous, report.tally.failed), (0, 0));
    assert_eq!(worker.ask(0).await.unwrap().end, ChunkEnd::Paused);
    assert!(team.ledger.status(job.id).await.unwrap().reserved.is_zero());

    team.ledger
        .set_state(job.id, JobState::Cancelled)
        .await
        .unwrap();
    assert_eq!(worker.ask(0).await.unwrap().end, ChunkEnd::Cancelled);
    // What was answered so far is in the output.
    let tally = worker.finish().await.unwrap();
    assert_eq!(team.answers(&job).len() as u64, tally.answered);

    team.ledger
        .set_state(job.id, JobState::Running)
        .await
        .unwrap();
    let limits: Limits = team
        .ledger
        .change_limits(job.id, |limits| {
            limits.max_concurrency = 50;
            limits.budget = Some(Usd::from(rust_decimal::Decimal::from(10)));
        })
        .await
        .unwrap();
    assert_eq!(limits.max_concurrency, 50);
    assert_eq!(ask_all(&team, &[worker]).await.answered, 100);
    team.assert_once(100);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_without_its_ledger_is_refused() {
    let Some(team) = Team::new("orphan", Simulator::builder()).await else {
        return;
    };
    team.lab.input(20);
    let job = team.submit().await.job;
    ask_all(&team, &[team.worker("a", &job).await]).await;
    let sent = team.lab.sim.requests().len();
    team.execute("DROP SCHEMA prime_batch CASCADE").await;
    let ledger = PostgresLedger::connect(&team.url).await.unwrap();
    let mut outputs = vec![team.output()];
    if cfg!(feature = "object-store") {
        outputs.push(format!("file://{}", team.output()));
    }
    for output in outputs {
        let mut submission = team.submission();
        submission.output = output;
        let error = ledger
            .submit(&team.lab.client, submission)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Output { .. }), "{error}");
    }
    assert_eq!(team.lab.sim.requests().len(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_the_database_cannot_store_are_refused() {
    let Some(team) = Team::new("ids", Simulator::builder()).await else {
        return;
    };
    let long = "x".repeat(2_000);
    let lines = line("ok", "Hello?") + &line(&long, "Hello?") + &line("a\0b", "Hello?");
    team.lab.write("questions.jsonl", lines);
    let submitted = team
        .ledger
        .submit(&team.lab.client, team.submission())
        .await;
    let error = submitted.unwrap_err().to_string();
    assert!(
        error.contains("line 2") && error.contains("line 3"),
        "{error}"
    );
    assert!(team.ledger.jobs(None).await.unwrap().is_empty());
}
