//! The simulator over plain HTTP, as any client meets it.
#![allow(clippy::unwrap_used, reason = "a test that fails may say so this way")]

mod access;
mod chat;
mod documents;
mod faults;
mod models;
mod replies;
mod runs;
mod server;
mod wallet;

use std::sync::Once;

use prime_sim::Simulator;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// A simulator whose time passes only when it is told to.
async fn still() -> Simulator {
    Simulator::builder()
        .seed(7)
        .time_scale(0.0)
        .start()
        .await
        .unwrap()
}

/// A plain client. A test of the whole workspace builds reqwest without crypto of its own.
fn http() -> reqwest::Client {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    // What comes is looked at as it comes, whatever features other crates switch on in reqwest.
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .build()
        .unwrap()
}

/// A request with the simulator's key.
fn ask(sim: &Simulator, method: Method, url: String) -> RequestBuilder {
    http().request(method, url).bearer_auth(sim.key())
}

fn inference(sim: &Simulator, method: Method, path: &str) -> RequestBuilder {
    ask(sim, method, format!("{}{path}", sim.inference_url()))
}

fn platform(sim: &Simulator, method: Method, path: &str) -> RequestBuilder {
    ask(sim, method, format!("{}{path}", sim.platform_url()))
}

/// The answer's JSON, which has to come with a status.
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
