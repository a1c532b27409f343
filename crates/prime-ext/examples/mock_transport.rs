//! Tests a program without a network: a transport that returns a prepared response.
//!
//! `cargo run --example mock_transport`.

use prime_ext::{Client, transport};

/// The function to test.
async fn capital(prime: &Client, country: &str) -> Result<String, prime_ext::Error> {
    let question = format!("What is the capital of {country}?");
    let response = prime.chat("some/model").user(question).await?;
    Ok(response.text().into_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), prime_ext::Error> {
    let transport = transport::from_fn(|request| {
        println!("{} {}", request.method(), request.url());
        http::Response::new(
            r#"{"choices": [{"message": {"role": "assistant", "content": "Paris"}}]}"#,
        )
    });
    let prime = Client::builder()
        .api_key("test")
        .transport(transport)
        .build()?;
    assert_eq!(capital(&prime, "France").await?, "Paris");
    Ok(())
}
