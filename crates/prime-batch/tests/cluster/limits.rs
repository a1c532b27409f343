//! Budgets and limits per minute that workers share.

use std::time::{Duration, Instant};

use prime_batch::ChunkEnd;
use prime_ext::Usd;
use prime_sim::{Fault, Operation, Simulator};

use crate::support::line;
use crate::team::{Team, ask_all};

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_budget_is_not_exceeded() {
    let Some(team) = Team::new("budget", Simulator::builder()).await else {
        return;
    };
    team.lab.input(400);
    let before = team.lab.sim.wallet(None).unwrap().balance;
    let estimate = team.lab.batch().estimate(&team.lab.client).await.unwrap();
    let budget = Usd::from(estimate.input.bound.usd().decimal() / rust_decimal::Decimal::TEN);
    let mut submission = team.submission();
    submission.limits.budget = Some(budget);
    let job = team.submit_as(submission).await.job;
    let workers = [team.worker("a", &job).await, team.worker("b", &job).await];
    let mut ends = Vec::new();
    for _ in 0..30 {
        let mut tasks = tokio::task::JoinSet::new();
        for chunk in 0..job.chunks {
            let worker = workers[chunk as usize % 2].clone();
            tasks.spawn(async move { worker.ask(chunk).await.unwrap().end });
        }
        ends = tasks.join_all().await;
    }
    assert!(ends.contains(&ChunkEnd::Budget), "{ends:?}");
    let spent = before - team.lab.sim.wallet(None).unwrap().balance;
    let status = team.ledger.status(job.id).await.unwrap();
    assert!(spent <= budget && spent > Usd::ZERO, "{spent} of {budget}");
    assert_eq!(status.spent, spent);
    assert!(status.reserved.is_zero());
    // Requests cost less than their bounds, so that more than a tenth is answered.
    assert!(
        status.tally.answered > 40 && status.tally.answered < 400,
        "{:?}",
        status.tally
    );
    team.ledger
        .change_limits(job.id, |limits| limits.budget = None)
        .await
        .unwrap();
    assert_eq!(ask_all(&team, &workers).await.answered, 400);
    team.assert_once(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_responses_take_their_bounds_from_a_shared_budget() {
    let Some(team) = Team::new("held", Simulator::builder()).await else {
        return;
    };
    team.lab.input(100);
    let fault = Fault::lost_response().on(Operation::CreateChatCompletion);
    team.lab.sim.inject(fault);
    let bound = team
        .lab
        .batch()
        .estimate(&team.lab.client)
        .await
        .unwrap()
        .input
        .bound
        .usd();
    let mut submission = team.submission();
    submission.limits.budget = Some(Usd::from(bound.decimal() / rust_decimal::Decimal::TEN));
    let job = team.submit_as(submission).await.job;
    let worker = team.worker("a", &job).await;
    for _ in 0..3 {
        for chunk in 0..5 {
            worker.ask(chunk).await.unwrap();
        }
    }
    let tally = team.ledger.status(job.id).await.unwrap().tally;
    assert!((8..=11).contains(&tally.ambiguous), "{tally:?}");
    assert_eq!(team.lab.carried_out().len() as u64, tally.ambiguous);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_bound_is_not_sent_under_a_budget() {
    let Some(team) = Team::new("unpriced", Simulator::builder()).await else {
        return;
    };
    let image = line("image", "x").replace(
        "\"content\":\"x\"",
        r#""content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]"#,
    );
    team.lab
        .write("questions.jsonl", line("a", "Hello?") + &image);
    let mut submission = team.submission();
    submission.limits.budget = Some("10".parse().unwrap());
    let job = team.submit_as(submission.clone()).await.job;
    let worker = team.worker("a", &job).await;
    let report = worker.ask(0).await.unwrap();
    assert_eq!(report.end, ChunkEnd::Complete);
    assert_eq!(
        (
            report.tally.answered,
            report.tally.unsent,
            report.tally.unpriced
        ),
        (1, 1, 1)
    );
    drop(worker);
    submission.options.allow_unpriced = true;
    team.submit_as(submission).await;
    let worker = team.worker("b", &job).await;
    assert_eq!(worker.ask(0).await.unwrap().tally.answered, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_shared() {
    let Some(team) = Team::new("rate", Simulator::builder()).await else {
        return;
    };
    team.lab.input(200);
    let mut submission = team.submission();
    submission.limits.requests_per_minute = Some(3_000);
    let job = team.submit_as(submission).await.job;
    let workers = [team.worker("a", &job).await, team.worker("b", &job).await];
    let start = Instant::now();
    let tally = ask_all(&team, &workers).await;
    let took = start.elapsed();
    assert_eq!(tally.answered, 200);
    // 50 requests a second, of which the first 50 are sent at once.
    assert!(took > Duration::from_secs_f64(2.5), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}
