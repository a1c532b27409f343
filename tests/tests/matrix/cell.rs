//! Tests one operation with one fault.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, Error, RetryPolicy, RunConfig};
use prime_sim::{Fault, Operation, Simulator};

/// The operations, in the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    ListModels,
    GetModel,
    GetWallet,
    GetUsage,
    ListRuns,
    GetRun,
    RunLogs,
    Progress,
    Whoami,
    Teams,
    DeleteRun,
    StopRun,
    PauseRun,
    Chat,
    Stream,
    CreateRun,
    RestartRun,
    ResumeRun,
}

pub(crate) const CALLS: [Call; 18] = [
    Call::ListModels,
    Call::GetModel,
    Call::GetWallet,
    Call::GetUsage,
    Call::ListRuns,
    Call::GetRun,
    Call::RunLogs,
    Call::Progress,
    Call::Whoami,
    Call::Teams,
    Call::DeleteRun,
    Call::StopRun,
    Call::PauseRun,
    Call::Chat,
    Call::Stream,
    Call::CreateRun,
    Call::RestartRun,
    Call::ResumeRun,
];

pub(crate) use crate::support::MODEL;

/// Returns the idle timeout: short for a stall, and otherwise long enough for a busy machine.
fn idle(fault: &Fault) -> Duration {
    let stalls = format!("{fault:?}").contains("stall");
    Duration::from_millis(if stalls { 150 } else { 60_000 })
}

/// Returns the default retry policy with shorter delays.
pub(crate) fn quick() -> RetryPolicy {
    RetryPolicy::new().backoff(Duration::from_millis(1), Duration::from_millis(2))
}

pub(crate) fn client(sim: &Simulator, policy: RetryPolicy) -> Client {
    let options = CallOptions::new()
        .retry(policy)
        .max_body(1 << 18)
        .max_event(1 << 16);
    Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .options(options)
        .build()
        .unwrap()
}

impl Call {
    pub(crate) async fn make(self, client: &Client, run: &str) -> Result<(), Error> {
        match self {
            Self::ListModels => client.models().list().await.map(drop),
            Self::GetModel => client.models().get(MODEL).await.map(drop),
            Self::GetWallet => client.wallet().get().await.map(drop),
            Self::GetUsage => client.runs().usage(run).await.map(drop),
            Self::ListRuns => client.runs().list().try_next().await.map(drop),
            Self::GetRun => client.runs().get(run).await.map(drop),
            Self::RunLogs => client.runs().logs(run).await.map(drop),
            Self::Progress => client.runs().progress(run).await.map(drop),
            Self::Whoami => client.whoami().await.map(drop),
            Self::Teams => client.teams().await.map(drop),
            Self::DeleteRun => client.runs().delete(run).await.map(drop),
            Self::StopRun => client.runs().stop(run).await.map(drop),
            Self::PauseRun => client.runs().pause(run).await.map(drop),
            Self::RestartRun => client.runs().restart(run).await.map(drop),
            Self::ResumeRun => client.runs().resume(run).await.map(drop),
            Self::Chat => question(client).await.map(drop),
            Self::Stream => question(client).stream().await?.finish().await.map(drop),
            Self::CreateRun => {
                let config = RunConfig::from_toml("max_steps = 20").unwrap();
                client.runs().create(config).await.map(drop)
            }
        }
    }
}

fn question(client: &Client) -> prime_ext::ChatRequest {
    client.chat(MODEL).user("Say something.").max_tokens(20)
}

/// Tests an operation with a fault and returns a summary. `Api 503 3/3 ?` is an error with that
/// status after three attempts, of which three reached the service, with an unknown outcome.
pub(crate) async fn outcome(call: Call, fault: &Fault, policy: RetryPolicy) -> String {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let client = client(&sim, policy);
    let config = RunConfig::from_toml("max_steps = 20").unwrap();
    let run = client.runs().create(config).await.unwrap();
    let run = run.run_id();
    // Only a running run can be paused and restarted, and only a paused one can be resumed.
    sim.advance(Duration::from_secs(15));
    if call == Call::ResumeRun {
        client.runs().pause(run).await.unwrap();
        sim.advance(Duration::from_secs(5));
    }
    let before = sim.requests().len();
    let runs = sim.runs().len();

    sim.inject(fault.clone());
    let client = client.with_options(CallOptions::new().idle_timeout(idle(fault)));
    let started = Instant::now();
    let result = call.make(&client, run).await;
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "{call:?} took {took:?}");

    let mut requests = sim.requests().split_off(before);
    // After a failure, a deletion tries the path of the official client, and a creation looks for the run.
    let operation = requests.first().and_then(|request| request.operation);
    requests.retain(|request| match call {
        Call::DeleteRun | Call::CreateRun | Call::ResumeRun => {
            assert!(
                [
                    operation,
                    Some(Operation::ListRuns),
                    Some(Operation::DeleteRftRun)
                ]
                .contains(&request.operation)
            );
            request.operation == operation
        }
        _ => true,
    });
    for request in &requests {
        assert_eq!(
            request.body, requests[0].body,
            "all attempts send the same body"
        );
        assert_eq!(request.path, requests[0].path);
        assert_eq!(request.query, requests[0].query);
    }
    let reached = requests.len();
    let summary = match &result {
        Ok(()) => format!("ok {reached}"),
        Err(error) => {
            let status = error.status().filter(|status| !status.is_success());
            let status = status
                .map(|s| format!(" {}", s.as_u16()))
                .unwrap_or_default();
            let unknown = if error.outcome_unknown() { " ?" } else { "" };
            let attempts = error.attempts();
            format!("{:?}{status} {attempts}/{reached}{unknown}", error.kind())
        }
    };
    // A created run is returned, or the outcome is unknown.
    let created = sim.runs().len() - runs;
    let creates = [Call::CreateRun, Call::ResumeRun].contains(&call);
    let known = usize::from(creates && result.is_ok());
    let unknown = result.is_err_and(|error| error.outcome_unknown());
    assert!(created == known || unknown, "{call:?}: {summary}");
    assert!(created <= 1, "{call:?} created {created} runs");
    summary
}
