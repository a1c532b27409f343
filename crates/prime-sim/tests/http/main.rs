//! Tests of the simulator with a plain HTTP client.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod access;
mod chat;
mod documents;
mod faults;
mod models;
mod official_client;
mod reasoning;
mod replies;
mod runs;
mod server;
mod tools;
mod wallet;

use std::sync::Once;

use prime_sim::Simulator;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// Starts a simulator whose clock moves only on `advance`.
async fn still() -> Simulator {
    Simulator::builder()
        .seed(7)
        .time_scale(0.0)
        .start()
        .await
        .unwrap()
}

/// Returns a plain client. In a build of the whole workspace, reqwest has no crypto provider.
fn http() -> reqwest::Client {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    // Disables features of reqwest that other crates may enable.
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .build()
        .unwrap()
}

/// Creates a request with the simulator's key.
fn ask(sim: &Simulator, method: Method, url: String) -> RequestBuilder {
    http().request(method, url).bearer_auth(sim.key())
}

fn inference(sim: &Simulator, method: Method, path: &str) -> RequestBuilder {
    ask(sim, method, format!("{}{path}", sim.inference_url()))
}

fn platform(sim: &Simulator, method: Method, path: &str) -> RequestBuilder {
    ask(sim, method, format!("{}{path}", sim.platform_url()))
}

/// Sends a request and returns its JSON. Checks the status.
async fn json(request: RequestBuilder, status: StatusCode) -> Value {
    let response = request.send().await.unwrap();
    read(response, status).await
}

async fn read(response: Response, status: StatusCode) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(
        response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
    response.json().await.unwrap()
}
