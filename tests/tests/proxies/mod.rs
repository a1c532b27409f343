//! Proxies from the environment and the builder, for local and remote URLs.
//!
//! Each combination of environment variables runs in a child process, which is this binary with
//! only the test [`child`].

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use prime_ext::{CallOptions, Client, RetryPolicy, reqwest};

const KEY: &str = "pit_key_5f1e0c7a";
/// A host that only a proxy can reach.
const REMOTE: &str = "http://api.example.test";
const MODELS: &str = r#"{"data": []}"#;
const WALLET: &str = r#"{"wallet_id": "w", "balance_usd": 1, "currency": "USD", "total_billings": 0, "recent_billings": []}"#;

/// A server that also acts as a proxy, by HTTP or SOCKS, and the request lines.
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
                    if let Some(target) = accept_socks(&mut connection) {
                        drop(sender.send(target));
                    }
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

/// Accepts a connection by SOCKS 5 or 4a, and returns its target. Other connections are left as they are.
fn accept_socks(connection: &mut TcpStream) -> Option<String> {
    let mut version = [0];
    connection.peek(&mut version).unwrap();
    let host = match version[0] {
        5 => {
            let methods = read(connection, 2)[1];
            read(connection, methods);
            connection.write_all(&[5, 0]).unwrap();
            let length = read(connection, 5)[4];
            let host = read(connection, length);
            read(connection, 2);
            let granted = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
            connection.write_all(&granted).unwrap();
            host
        }
        4 => {
            read(connection, 8);
            read_text(connection);
            let host = read_text(connection);
            connection.write_all(&[0, 90, 0, 0, 0, 0, 0, 0]).unwrap();
            host
        }
        _ => return None,
    };
    Some(format!("SOCKS {}", String::from_utf8(host).unwrap()))
}

fn read(connection: &mut TcpStream, count: u8) -> Vec<u8> {
    let mut bytes = vec![0; count.into()];
    connection.read_exact(&mut bytes).unwrap();
    bytes
}

/// Reads up to a zero byte.
fn read_text(connection: &mut TcpStream) -> Vec<u8> {
    let next = || Some(read(connection, 1)[0]).filter(|byte| *byte != 0);
    std::iter::from_fn(next).collect()
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
    let prime = match builder.build() {
        Ok(prime) => prime,
        Err(error) => return println!("no client: {error}"),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let models = prime.models().list().await.is_ok();
        let wallet = prime.wallet().get().await.is_ok();
        println!("models {models}, wallet {wallet}");
    });
}

/// Requests the models and the wallet in a child process. Returns whether each request succeeded.
fn request(inference: &str, platform: &str, variables: &[(&str, &str)]) -> (bool, bool) {
    let output = output(inference, platform, variables);
    assert!(!output.contains("no client"), "{variables:?}: {output}");
    (
        output.contains("models true"),
        output.contains("wallet true"),
    )
}

/// Requests the models and the wallet in a child process, and returns its output.
fn output(inference: &str, platform: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
        .args(["--exact", "proxies::child", "--nocapture"])
        .env("PROXIES_INFERENCE", inference)
        .env("PROXIES_PLATFORM", platform)
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("1 passed"), "{output}");
    output
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

#[test]
fn a_socks_proxy_is_used() {
    let proxy = Server::start();
    let local = Server::start();
    for scheme in ["socks5h", "socks4a"] {
        let url = proxy.url.replace("http", scheme);
        for name in ["ALL_PROXY", "http_proxy", "PROXIES_BUILDER"] {
            let succeeded = request(&local.url, REMOTE, &[(name, &url)]);
            assert_eq!(succeeded, (true, true), "{name}={url}");
            let at_proxy = proxy.requests();
            assert_eq!(at_proxy.len(), 2, "{name}={url}: {at_proxy:?}");
            assert_eq!(at_proxy[0], "SOCKS api.example.test");
            assert!(at_proxy[1].starts_with("GET /api/v1/billing/wallet"));
            assert_eq!(local.requests().len(), 1, "{name}={url}");
        }
    }
}

/// A variable that cannot be used is an error if a URL would be requested through it, and only then.
#[test]
fn an_unusable_proxy_is_named() {
    let local = Server::start();
    let https = "https://api.example.test";
    let secret = "http://user:p4ssw0rd@pro xy:1";
    for (platform, variables, named) in [
        (
            REMOTE,
            &[("ALL_PROXY", "socks://127.0.0.1:1")][..],
            Some("ALL_PROXY"),
        ),
        (
            REMOTE,
            &[("all_proxy", "quic://127.0.0.1:1")],
            Some("all_proxy"),
        ),
        (
            REMOTE,
            &[("HTTP_PROXY", secret), ("ALL_PROXY", "http://127.0.0.1:1")],
            Some("HTTP_PROXY"),
        ),
        (https, &[("https_proxy", secret)], Some("https_proxy")),
        (
            https,
            &[("HTTPS_PROXY", ""), ("ALL_PROXY", secret)],
            Some("ALL_PROXY"),
        ),
        (
            https,
            &[("HTTPS_PROXY", secret), ("NO_PROXY", "other.test")],
            Some("HTTPS_PROXY"),
        ),
        (
            https,
            &[("HTTPS_PROXY", secret), ("NO_PROXY", ".example.test")],
            None,
        ),
        (https, &[("HTTPS_PROXY", secret), ("no_proxy", "*")], None),
        (https, &[("HTTP_PROXY", secret)], None),
        (
            https,
            &[("HTTPS_PROXY", "127.0.0.1:1"), ("ALL_PROXY", secret)],
            None,
        ),
        (
            https,
            &[
                ("HTTPS_PROXY", secret),
                ("PROXIES_BUILDER", "http://127.0.0.1:1"),
            ],
            None,
        ),
        (
            &local.url,
            &[("ALL_PROXY", secret), ("HTTP_PROXY", secret)],
            None,
        ),
    ] {
        let shown = output(&local.url, platform, variables);
        let error = shown
            .lines()
            .find_map(|line| line.split_once("no client: "));
        let case = format!("{platform}, {variables:?}: {shown}");
        match named {
            None => assert_eq!(error, None, "{case}"),
            Some(name) => {
                let (_, error) = error.expect(&case);
                assert!(error.starts_with(&format!("invalid {name}: ")), "{case}");
                assert!(!error.contains("p4ssw0rd"), "{case}");
            }
        }
        local.requests();
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
