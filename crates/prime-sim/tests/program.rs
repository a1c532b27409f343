//! Tests of the `prime-sim` program.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prime-sim"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A child process that is killed on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn output(arguments: &[&str]) -> (Output, String, String) {
    let output = program(arguments).output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    (output, out, err)
}

fn get(url: &str, path: &str) -> String {
    send(url, &format!("GET {path}"))
}

/// Sends a request without a body. `line` is its method and path.
fn send(url: &str, line: &str) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn it_prints_the_client_settings_and_logs_each_response() {
    let mut child = Running(program(&["--seed", "7"]).spawn().unwrap());
    let out = BufReader::new(child.0.stdout.take().unwrap());
    let mut settings = out.lines().map_while(Result::ok);
    let mut setting = |name: &str| {
        let prefix = format!("export {name}=");
        settings
            .find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
            .unwrap()
    };
    assert!(setting("PRIME_API_KEY").starts_with("pit_"));
    let url = setting("PRIME_API_BASE_URL");
    assert_eq!(setting("PRIME_INFERENCE_URL"), format!("{url}/api/v1"));
    assert!(get(&url, "/api/v1/models").starts_with("HTTP/1.1 200 OK"));
    get(&url, "/api/v1/billing/wallet");
    let err = BufReader::new(child.0.stderr.take().unwrap());
    let lines: Vec<_> = err.lines().take(2).map(Result::unwrap).collect();
    assert!(
        lines[0].starts_with("200  GET    list_models "),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("401  GET    get_wallet "), "{lines:?}");
    assert!(
        !lines.concat().contains('\u{1b}'),
        "no colors without a terminal"
    );
}

#[test]
fn with_json_each_line_is_an_object() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let script = format!("{folder}/faults.toml");
    std::fs::write(
        &script,
        "[[fault]]\nfault = 'html'\nstatus = 502\ntimes = 1\n",
    )
    .unwrap();
    let mut child = Running(program(&["--json", "--script", &script]).spawn().unwrap());
    let out = BufReader::new(child.0.stdout.take().unwrap());
    let mut lines = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let ready = lines.next().unwrap();
    assert_eq!(ready["event"], "ready");
    let url = ready["PRIME_API_BASE_URL"].as_str().unwrap();
    for (status, attempt, fault) in [(502, 1, "html".into()), (200, 2, Value::Null)] {
        get(url, "/api/v1/models");
        let line = lines.next().unwrap();
        assert_eq!(
            (&line["status"], &line["attempt"]),
            (&status.into(), &attempt.into())
        );
        assert_eq!(
            (&line["operation"], &line["fault"]),
            (&"list_models".into(), &fault)
        );
    }
}

#[test]
fn chat_requests_are_limited() {
    let mut child = Running(program(&["--json", "--chat-limit", "0"]).spawn().unwrap());
    let mut ready = String::new();
    let mut out = BufReader::new(child.0.stdout.take().unwrap());
    out.read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let url = ready["PRIME_API_BASE_URL"].as_str().unwrap();
    let refused = send(url, "POST /api/v1/chat/completions");
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(get(url, "/api/v1/models").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn invalid_arguments_are_reported() {
    let (output, out, _) = output(&["--help"]);
    assert!(output.status.success() && out.contains("--script FILE"));
    let folder = env!("CARGO_TARGET_TMPDIR");
    let script = format!("{folder}/wrong.toml");
    std::fs::write(&script, "[[fault]]\nfault = 'rest'\n").unwrap();
    for (arguments, expected) in [
        (&["--port", "x"][..], "invalid digit"),
        (&["--scirpt", "x"], "--scirpt"),
        (&["--script", "/nowhere.toml"], "/nowhere.toml: "),
        (
            &["--script", &script],
            "wrong.toml: fault 1: unknown fault 'rest'",
        ),
    ] {
        let (output, out, err) = self::output(arguments);
        assert_eq!((output.status.code(), out.as_str()), (Some(2), ""));
        assert!(
            err.starts_with("prime-sim: ") && err.contains(expected),
            "{err}"
        );
    }
    // A setting that the simulator rejects is not a usage error.
    let (output, _, err) = self::output(&["--balance", "2000000000000"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("cannot be stored exactly"), "{err}");
}
