//! The owner of the key, and teams.

use prime_sim::Team;
use serde_json::{Value, json};

use crate::common::{Cli, Ran};

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_shown_and_saved() {
    let cli = Cli::start().await;
    cli.write(".prime/config.json", r#"{"other": 1}"#);
    let owner = cli.run(&["whoami", "-o", "json"]).json();
    assert_eq!(owner["id"], "user_owner");
    assert_eq!(
        owner["scope"]["billing"],
        json!({"read": true, "write": true})
    );
    assert_eq!(
        cli.config(),
        json!({"other": 1, "user_id": "user_owner", "user_name": "owner"})
    );
    let text = cli.run(&["whoami"]).succeeds().stdout;
    for part in [
        "Personal",
        "owner@example.com",
        "billing     yes",
        "Concurrent VM sandboxes          10",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    // A temporary context is not changed.
    cli.write(".prime/environments/lab.json", r#"{"team_id": null}"#);
    cli.run(&["--context", "lab", "whoami"]).succeeds();
    let lab = std::fs::read_to_string(cli.home.join(".prime/environments/lab.json")).unwrap();
    assert_eq!(lab, r#"{"team_id": null}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_have_the_fields_of_the_official_client() {
    let cli = Cli::start().await;
    cli.sim.add_team(Team::new("other-team").member("owner"));
    let teams = cli.run(&["teams", "list", "-o", "json"]).json();
    let fields: Vec<_> = teams.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["teams", "total_count", "offset", "limit"]);
    let first = teams["teams"][0].as_object().unwrap();
    let mut fields: Vec<_> = first.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["createdAt", "name", "role", "slug", "teamId"]);
    assert_eq!(
        (&teams["total_count"], &teams["limit"]),
        (&json!(2), &json!(100))
    );
    let second = cli
        .run(&[
            "teams", "list", "--offset", "1", "--limit", "1", "-o", "json",
        ])
        .json();
    assert_eq!(second["teams"].as_array().unwrap().len(), 1);
    cli.run(&["teams", "list", "--limit", "1"])
        .fails(0, "--offset 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_selected_by_slug_id_or_name() {
    let cli = Cli::start().await;
    let team = cli.sim.team().to_owned();
    let selected = cli
        .run(&["switch", &team.to_uppercase(), "-o", "json"])
        .json();
    assert_eq!(
        selected,
        json!({"team_id": team, "team_name": team, "team_role": "ADMIN"})
    );
    let expected = json!({"team_id": team, "team_name": team, "team_role": "ADMIN"});
    assert_eq!(cli.config(), expected);
    let wallet: Value = cli.run(&["wallet", "-o", "json"]).json();
    assert_eq!(wallet["team_id"], team);
    let who = cli.run(&["whoami", "-o", "json"]).json();
    assert_eq!(who["team_role"], "ADMIN");
    let ran = cli.run(&["switch", "no-team"]).fails(5, "personal, team_");
    assert!(ran.stdout.is_empty());
    assert_eq!(cli.config()["team_id"], json!(team), "nothing is changed");
    let before = cli.sim.requests().len();
    cli.run(&["switch", "Personal"]).succeeds();
    assert_eq!(cli.config()["team_id"], Value::Null);
    assert_eq!(cli.sim.requests().len(), before, "no request is needed");
    let ran = cli
        .command()
        .env("PRIME_TEAM_ID", &team)
        .args(["switch", "personal"])
        .output();
    Ran::from(ran.unwrap()).fails(2, "unset it");
}

/// Answers a question on a terminal, with the program `script`. Returns `None` if there is no such program.
#[cfg(unix)]
fn on_terminal(cli: &Cli, command: &str, question: &str, answers: &[&str]) -> Option<Ran> {
    use std::io::{Read as _, Write as _};
    let mut script = std::process::Command::new("script");
    cli.prepare(&mut script);
    let line = format!("{} {command}", env!("CARGO_BIN_EXE_prime-rs"));
    script
        .args(["-qec", &line, "/dev/null"])
        .stdin(std::process::Stdio::piped());
    let mut child = script.spawn().ok()?;
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut text = Vec::new();
    for answer in answers {
        // The question is asked again after a wrong answer.
        let before = text.len();
        let mut byte = [0];
        while !String::from_utf8_lossy(&text[before..]).contains(question) {
            assert_eq!(
                stdout.read(&mut byte).unwrap(),
                1,
                "{}",
                String::from_utf8_lossy(&text)
            );
            text.push(byte[0]);
        }
        stdin.write_all(answer.as_bytes()).unwrap();
    }
    stdout.read_to_end(&mut text).unwrap();
    let mut ran = Ran::from(child.wait_with_output().unwrap());
    ran.stderr = String::from_utf8(text).unwrap();
    Some(ran)
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn an_account_is_selected_on_a_terminal() {
    let cli = Cli::start().await;
    let Some(ran) = on_terminal(&cli, "switch", "Account [1]: ", &["7\n", "2\n"]) else {
        return;
    };
    ran.fails(0, "Enter a number from 1 to 2");
    let config = cli.config();
    assert_eq!(config["team_id"], cli.sim.team());
    // Ctrl-C and Ctrl-D.
    for (key, code) in [("\u{3}", 130), ("\u{4}", 2)] {
        let ran = on_terminal(&cli, "switch", "Account [1]: ", &[key]).unwrap();
        ran.fails(code, "nothing was changed");
        assert_eq!(cli.config(), config);
    }
}
