//! Tests a program without a network: a transport that returns a prepared response.
//!
//! `cargo run --example mock_transport`.

use std::sync::{Arc, Mutex};

use prime_ext::reqwest::Request;
use prime_ext::{Client, Transport, TransportFuture, TransportResponse};

/// Records the URLs of requests, and returns the same response to each.
#[derive(Debug, Clone)]
struct Mock {
    body: &'static str,
    urls: Arc<Mutex<Vec<String>>>,
}

impl Transport for Mock {
    fn send(&self, request: Request) -> TransportFuture<'_> {
        if let Ok(mut urls) = self.urls.lock() {
            urls.push(request.url().to_string());
        }
        let response = TransportResponse::from(http::Response::new(self.body));
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// The function to test.
async fn capital(prime: &Client, country: &str) -> Result<String, prime_ext::Error> {
    let question = format!("What is the capital of {country}?");
    let response = prime.chat("some/model").user(question).await?;
    Ok(response.text().into_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = Mock {
        body: r#"{"choices": [{"message": {"role": "assistant", "content": "Paris"}}]}"#,
        urls: Arc::default(),
    };
    let prime = Client::builder()
        .api_key("test")
        .transport(mock.clone())
        .build()?;
    assert_eq!(capital(&prime, "France").await?, "Paris");
    println!(
        "requested {:?}",
        mock.urls.lock().map_err(|e| e.to_string())?
    );
    Ok(())
}
