//! Ctrl-C.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};
use std::time::Duration;

use prime_sim::{Fault, Operation};

use crate::common::{Cli, Ran};

fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits until the simulator has received a request for this operation.
fn wait_for(cli: &Cli, operation: Operation) {
    for _ in 0..500 {
        if cli
            .sim
            .requests()
            .iter()
            .any(|request| request.operation == Some(operation))
        {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no request for {operation:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_says_how_to_continue() {
    let cli = Cli::start().await;
    let run = cli.start_run();
    cli.sim.inject(Fault::stall().on(Operation::GetRunUsage));
    let child = cli
        .command()
        .args(["train", "usage", &run, "--watch"])
        .spawn()
        .unwrap();
    wait_for(&cli, Operation::GetRunUsage);
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap());
    ran.fails(130, &format!("prime-rs train usage {run} --watch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_cancelled() {
    let cli = Cli::start().await;
    let arguments = ["inference", "chat", "sim/stall-midway", "hi", "--stream"];
    let mut child = cli.command().args(arguments).spawn().unwrap();
    let mut first = [0; 1];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).fails(130, "may be billed");
    assert!(ran.stdout.ends_with('\n'), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_creation_of_a_run_is_awaited() {
    let cli = Cli::start().await;
    cli.start_run();
    cli.sim.inject(
        Fault::delay(Duration::from_secs(2))
            .on(Operation::CreateRun)
            .once(),
    );
    let before = cli.sim.requests().len();
    let create = ["train", "rl.toml", "--yes", "--save-token", "run.token"];
    let mut child = cli.command().args(create).spawn().unwrap();
    for _ in 0..500 {
        if cli.sim.requests().len() > before {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    interrupt(&child);
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("may already exist"), "{line}");
    let ran = Ran::from(child.wait_with_output().unwrap()).succeeds();
    assert!(ran.stdout.contains("Started the run"), "{ran:?}");
    assert!(cli.home.join("run.token").is_file(), "the token is saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_leaves_the_outcome_unknown() {
    let cli = Cli::start().await;
    cli.write("rl.toml", crate::common::CONFIG);
    cli.sim.inject(Fault::stall().on(Operation::CreateRun));
    let mut child = cli
        .command()
        .args(["train", "rl.toml", "--yes"])
        .spawn()
        .unwrap();
    wait_for(&cli, Operation::CreateRun);
    interrupt(&child);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    interrupt(&child);
    stderr.read_line(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7), "{line}");
    assert!(line.contains("the run may exist and cost money"), "{line}");
}

/// A run that has not started has no log. Its log is awaited.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_awaited() {
    let cli = Cli::with_stopped_clock().await;
    let run = cli.start_run();
    let not_yet = Fault::status(404).body(r#"{"detail": "Logs are not available yet"}"#);
    cli.sim.inject(not_yet.on(Operation::GetRunLogs));
    for (arguments, note) in [
        (&["train", "logs", &run][..], "Waiting for up to"),
        (&["train", "logs", &run, "-f"], "Waiting for it"),
    ] {
        let mut child = cli.command().args(arguments).spawn().unwrap();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        assert!(line.contains(note), "{line}");
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
}
