//! Closed pipes, full disks, dumb terminals.

use std::fs::File;
use std::io::Read as _;

use crate::common::{Cli, Ran};

const COMMANDS: [&[&str]; 5] = [
    &["inference", "models"],
    &["inference", "chat", "sim/echo", "hi", "--stream"],
    &["wallet", "--all", "-o", "json"],
    &["config", "view"],
    &["--help"],
];

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_no_error() {
    let cli = Cli::start().await;
    for arguments in COMMANDS {
        let mut child = cli.command().args(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
    // A stream ends when its reader is gone.
    let mut child = cli
        .command()
        .args(["inference", "chat", "sim/slow-drip", "hi", "--stream"])
        .spawn()
        .unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_failure() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let cli = Cli::start().await;
    for arguments in COMMANDS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = cli.command().args(arguments).stdout(full).output().unwrap();
        Ran::from(ran).fails(1, "cannot write to standard output");
    }
    // The run exists, and its token is saved first.
    cli.start_run();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let create = ["train", "rl.toml", "-y", "--save-token", "run.token"];
    Ran::from(cli.command().args(create).stdout(full).output().unwrap()).fails(1, "cannot write");
    assert!(cli.home.join("run.token").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn output_without_a_terminal_has_no_escape_codes() {
    let cli = Cli::start().await;
    let run = cli.start_run();
    for arguments in [
        &["inference", "models"][..],
        &["wallet"],
        &["doctor"],
        &["train", "usage", &run],
        &["train", "usage", &run, "--watch", "-n", "2"],
    ] {
        let ran = cli.run(arguments).succeeds();
        assert!(
            !ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'),
            "{ran:?}"
        );
    }
}

/// Runs a command on a terminal, with the program `script`.
fn on_terminal(cli: &Cli, command: &str, variables: &[(&str, &str)]) -> Option<String> {
    let mut script = std::process::Command::new("script");
    cli.prepare(&mut script);
    script.envs(variables.iter().copied());
    let line = format!("{} {command}", env!("CARGO_BIN_EXE_prime-rs"));
    let output = script.args(["-qec", &line, "/dev/null"]).output().ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn colors_follow_the_terminal_and_the_variables() {
    let cli = Cli::start().await;
    let Some(colored) = on_terminal(&cli, "wallet", &[("TERM", "xterm")]) else {
        return;
    };
    assert!(colored.contains("\x1b[1mWallet"), "{colored:?}");
    for (command, variable) in [
        ("wallet", ("TERM", "dumb")),
        ("wallet", ("NO_COLOR", "1")),
        ("wallet --no-color", ("TERM", "xterm")),
        ("wallet --plain", ("TERM", "xterm")),
        ("wallet -o json", ("TERM", "xterm")),
    ] {
        let text = on_terminal(&cli, command, &[variable]).unwrap();
        assert!(
            text.contains("100") && !text.contains('\x1b'),
            "{command} {variable:?}: {text:?}"
        );
    }
    let chat = on_terminal(
        &cli,
        "inference chat sim/echo \"$(printf 'a\\033[2Jb')\"",
        &[("TERM", "xterm")],
    );
    assert!(
        chat.unwrap().contains("a[2Jb"),
        "escape codes of a model are not written to a terminal"
    );
}
