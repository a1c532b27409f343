//! Proxies from the environment and the builder, for local and remote URLs.
//!
//! Each combination of environment variables runs in a child process, which is this binary with
//! only the test [`child`].

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use prime_ext::{CallOptions, Client, RetryPolicy, reqwest};

const KEY: &str = "pit_key_5f1e0c7a";
/// A host that only a proxy can reach.
const REMOTE: &str = "http://api.example.test";
const MODELS: &str = r#"{"data": []}"#;
const WALLET: &str = r#"{"wallet_id": "w", "balance_usd": 1, "currency": "USD", "total_billings": 0, "recent_billings": []}"#;

/// A server that also acts as a proxy, and the request lines.
struct Server {
    url: String,
    lines: Receiver<String>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (mut connection, sender) = (connection.unwrap(), sender.clone());
                thread::spawn(move || {
                    let reader = BufReader::new(connection.try_clone().unwrap());
                    let mut lines = reader.lines().map_while(Result::ok);
                    while let Some(line) = lines.next() {
                        for header in lines.by_ref().take_while(|line| !line.is_empty()) {
                            drop(header);
                        }
                        let body = if line.contains("models") {
                            MODELS
                        } else {
                            WALLET
                        };
                        drop(sender.send(line));
                        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
                        let length = body.len();
                        let response = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
                        connection.write_all(response.as_bytes()).unwrap();
                    }
                });
            }
        });
        Self { url, lines }
    }

    fn requests(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

/// The body of a child process. It does nothing in a normal run.
#[test]
fn child() {
    let Ok(inference) = std::env::var("PROXIES_INFERENCE") else {
        return;
    };
    let platform = std::env::var("PROXIES_PLATFORM").unwrap();
    let mut builder = Client::builder()
        .api_key(KEY)
        .inference_url(format!("{inference}/api/v1"))
        .platform_url(platform)
        .allow_plain_http()
        .options(CallOptions::new().retry(RetryPolicy::none()));
    if let Ok(proxy) = std::env::var("PROXIES_BUILDER") {
        builder = builder.proxy(reqwest::Proxy::all(proxy).unwrap());
    }
    let prime = builder.build().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let models = prime.models().list().await.is_ok();
        let wallet = prime.wallet().get().await.is_ok();
        println!("models {models}, wallet {wallet}");
    });
}

/// Requests the models and the wallet in a child process. Returns whether each request succeeded.
fn request(inference: &str, platform: &str, variables: &[(&str, &str)]) -> (bool, bool) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
        .args(["--exact", "child", "--nocapture"])
        .env("PROXIES_INFERENCE", inference)
        .env("PROXIES_PLATFORM", platform)
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).unwrap();
    (
        output.contains("models true"),
        output.contains("wallet true"),
    )
}

#[test]
fn a_local_url_is_never_requested_through_a_proxy() {
    let proxy = Server::start();
    let local = Server::start();
    let settings = [
        &["HTTP_PROXY"][..],
        &["http_proxy"],
        &["ALL_PROXY"],
        &["all_proxy"],
        &["HTTP_PROXY", "ALL_PROXY"],
        &["PROXIES_BUILDER"],
        &["PROXIES_BUILDER", "HTTP_PROXY"],
    ];
    for setting in settings {
        for exempt in ["", "other.test", "api.example.test", "*"] {
            for urls in [
                [&*local.url, &*local.url],
                [&*local.url, REMOTE],
                [REMOTE, &*local.url],
                [REMOTE, REMOTE],
            ] {
                let [inference, platform] = urls;
                let remote_urls = urls.iter().filter(|url| **url == REMOTE).count();
                let mut variables: Vec<(&str, &str)> =
                    setting.iter().map(|name| (*name, &*proxy.url)).collect();
                variables.push(("NO_PROXY", exempt));
                let case = format!("{variables:?}, {inference}, {platform}");
                let succeeded = request(inference, platform, &variables);

                let at_proxy = proxy.requests();
                let to_remote = |line: &String| line.contains(&format!(" {REMOTE}/"));
                assert!(at_proxy.iter().all(to_remote), "{case}: {at_proxy:?}");
                let is_exempt = ["api.example.test", "*"].contains(&exempt);
                // `NO_PROXY` does not apply to the proxy of the builder.
                let proxied = !is_exempt || setting.contains(&"PROXIES_BUILDER");
                let expected = if proxied { remote_urls } else { 0 };
                assert_eq!(at_proxy.len(), expected, "{case}");
                assert_eq!(local.requests().len(), 2 - remote_urls, "{case}");
                let expected = (
                    inference != REMOTE || proxied,
                    platform != REMOTE || proxied,
                );
                assert_eq!(succeeded, expected, "{case}");
            }
        }
    }
}

#[test]
fn all_loopback_addresses_are_local() {
    let proxy = Server::start();
    let local = Server::start();
    let port = local.url.rsplit_once(':').unwrap().1.to_owned();
    for host in [
        "localhost",
        "LOCALHOST",
        "127.1",
        "0x7f.0.0.1",
        "[::ffff:127.0.0.1]",
    ] {
        let inference = format!("http://{host}:{port}");
        let succeeded = request(&inference, REMOTE, &[("ALL_PROXY", &proxy.url)]);
        assert_eq!(succeeded, (true, true), "{host}");
        assert_eq!(local.requests().len(), 1, "{host}");
        let at_proxy = proxy.requests();
        assert!(
            at_proxy.len() == 1 && at_proxy[0].contains(REMOTE),
            "{host}: {at_proxy:?}"
        );
    }
}

/// The generated client of another API sends requests with the caller of a client.
#[test]
fn a_local_url_that_is_not_in_the_settings_is_local_too() {
    let proxy = Server::start();
    let local = Server::start();
    let prime = Client::builder()
        .api_key(KEY)
        .proxy(reqwest::Proxy::all(&proxy.url).unwrap())
        .build()
        .unwrap();
    let other = prime_training_api::Client::with_caller(&local.url, prime.caller().clone());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(other.get_wallet().send()).unwrap();
    assert_eq!(local.requests(), ["GET /api/v1/billing/wallet HTTP/1.1"]);
    assert!(proxy.requests().is_empty());
}
