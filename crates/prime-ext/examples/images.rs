//! Asks a model about images: one by its URL, and one with its bytes.
//!
//! `cargo run --example images`, or with `-- --live` against the real service, which costs a little.

mod common;

use prime_ext::ContentPart;

const MODEL: &str = "anthropic/claude-3-5-sonnet-20241022";

/// A PNG image of one red pixel.
const RED: &[u8] = b"\x89PNG\r\n\x1a\n\
    \0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\
    \0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\
    \0\0\0\0IEND\xaeB`\x82";

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let prime = &service.client;

    // The service downloads the image.
    let url =
        "https://upload.wikimedia.org/wikipedia/commons/a/a8/Tour_Eiffel_Wikimedia_Commons.jpg";
    let response = prime
        .chat(MODEL)
        .user([
            ContentPart::text("In which city is this?"),
            ContentPart::image_url(url).detail("low"),
        ])
        .max_tokens(50)
        .await?;
    println!("{}", response.text());

    // The image is sent within the request.
    let response = prime
        .chat(MODEL)
        .user([
            ContentPart::text("Which color is this?"),
            ContentPart::image("image/png", RED),
        ])
        .max_tokens(50)
        .await?;
    println!("{}", response.text());
    Ok(())
}
