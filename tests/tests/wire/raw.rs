//! Complete requests as bytes, which shows that they contain nothing unexpected.

use super::support::RawServer;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 33\r\n\r\n{\"id\":\"m\",\"data\":[],\"choices\":[]}";
const WALLET: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n\
    {\"wallet_id\":\"w\",\"balance_usd\":1.0,\"currency\":\"USD\",\"total_billings\":0,\"recent_billings\":[       ]}";

/// Splits a request into its line, its sorted headers and its body.
fn parts(request: &str) -> (&str, Vec<&str>, &str) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let mut headers: Vec<&str> = headers.split("\r\n").collect();
    headers.sort_unstable();
    (line, headers, body)
}

#[tokio::test]
async fn a_chat_request_of_a_team() {
    let server = RawServer::start(&[ANSWER]).await;
    server
        .personal()
        .team("team_4d2a")
        .chat("meta-llama/llama-3.1-70b-instruct")
        .user("Grüße!")
        .await
        .unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let (line, headers, body) = parts(&requests[0]);
    assert_eq!(line, "POST /api/v1/chat/completions HTTP/1.1");
    assert_eq!(
        headers,
        [
            "accept-encoding: identity",
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-length: 95",
            "content-type: application/json",
            &format!("host: {}", server.address()),
            concat!("user-agent: prime-ext/", env!("CARGO_PKG_VERSION")),
            "x-prime-team-id: team_4d2a",
        ]
    );
    assert_eq!(
        body,
        r#"{"messages":[{"content":"Grüße!","role":"user"}],"model":"meta-llama/llama-3.1-70b-instruct"}"#
    );
}

#[tokio::test]
async fn a_wallet_request_of_a_team() {
    let server = RawServer::start(&[WALLET]).await;
    let team = server.personal().team("team_4d2a");
    team.wallet().get().await.unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let (line, headers, body) = parts(&requests[0]);
    assert_eq!(
        line,
        "GET /api/v1/billing/wallet?limit=1&offset=0&teamId=team_4d2a HTTP/1.1"
    );
    assert_eq!(
        headers,
        [
            "accept-encoding: gzip",
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            &format!("host: {}", server.address()),
            concat!("user-agent: prime-ext/", env!("CARGO_PKG_VERSION")),
        ]
    );
    assert_eq!(body, "");
}

#[tokio::test]
async fn a_model_request_of_a_personal_account() {
    let server = RawServer::start(&[ANSWER]).await;
    let models = server.personal().models();
    models.get("owner/naïve model").await.unwrap();

    let requests = server.requests();
    let (line, headers, body) = parts(&requests[0]);
    assert_eq!(line, "GET /api/v1/models/owner/na%C3%AFve%20model HTTP/1.1");
    assert_eq!(
        headers,
        [
            "accept-encoding: gzip",
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            &format!("host: {}", server.address()),
            concat!("user-agent: prime-ext/", env!("CARGO_PKG_VERSION")),
        ]
    );
    assert_eq!(body, "");
}

/// The generated crates add no headers.
#[tokio::test]
async fn a_request_of_the_generated_crate() {
    let server = RawServer::start(&[ANSWER]).await;
    let url = format!("http://{}/api/v1", server.address());
    let http = super::support::http_builder().no_gzip().build().unwrap();
    let bare = pinference_api::Client::new(&url, http);
    bare.list_models().send().await.unwrap();

    let requests = server.requests();
    let (line, headers, body) = parts(&requests[0]);
    assert_eq!(line, "GET /api/v1/models HTTP/1.1");
    assert_eq!(
        headers,
        [
            "accept: application/json",
            &format!("host: {}", server.address()),
        ]
    );
    assert_eq!(body, "");
}
