//! Reads recorded responses with `prime-ext`, through a transport that returns them.
//!
//! A recording is two files of one name: `NAME.body` has the body as received, and `NAME.json` says what it belongs to:
//!
//! | field | content |
//! |---|---|
//! | `status` | the status of the response |
//! | `content_type` | its content type; empty if it has none |
//! | `stream` | whether the request asked for a stream |
//!
//! Other fields are for other readers.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use prime_ext::bytes::Bytes;
use prime_ext::pinference_api::ByteStream;
use prime_ext::{ChatResponse, ChatStream, Client, Error, transport};
use serde_json::{Value, json};

/// A recorded response.
pub(crate) struct Recording {
    pub(crate) name: String,
    /// The contents of `NAME.json`.
    pub(crate) about: Value,
    pub(crate) body: Bytes,
}

impl Recording {
    /// Reads the recordings in a folder, sorted by name.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let files = fs::read_dir(folder).expect("a folder of recordings");
        let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        });
        paths.sort();
        let read = |path: PathBuf| Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            about: serde_json::from_slice(&fs::read(&path).unwrap()).unwrap(),
            body: fs::read(path.with_extension("body")).unwrap().into(),
        };
        paths.into_iter().map(read).collect()
    }

    /// Returns whether the request asked for a stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.about["stream"] == true
    }

    /// Reads the response as requested, or with another content type.
    pub(crate) async fn read(&self, stream: bool, content_type: Option<&str>) -> Value {
        let recorded = self.about["content_type"].as_str();
        let media = content_type.or(recorded).unwrap_or_default().to_owned();
        let status = self.about["status"].as_u64().unwrap_or(200) as u16;
        let body = self.body.clone();
        let transport = transport::from_fn(move |_| {
            let mut response = http::Response::builder().status(status);
            if !media.is_empty() {
                response = response.header("content-type", &media);
            }
            response.body(body.clone()).unwrap()
        });
        let client = Client::builder().api_key("test").transport(transport);
        let request = client.build().unwrap().chat("some/model").user("Hello");
        let request = request.max_retries(0);
        if stream {
            match request.stream().await {
                Ok(stream) => finish(stream).await,
                Err(error) => failure(&error),
            }
        } else {
            request
                .await
                .map_or_else(|error| failure(&error), |response| contents(&response))
        }
    }

    /// Reads the body as a stream that arrives in pieces of `size` bytes.
    pub(crate) async fn read_in_pieces(&self, size: usize) -> Value {
        let body = self.body.clone();
        let pieces = (0..body.len())
            .step_by(size)
            .map(move |start| Ok::<_, Infallible>(body.slice(start..body.len().min(start + size))));
        let pieces = ByteStream::new(futures_util::stream::iter(pieces));
        match ChatStream::from_byte_stream(pieces).await {
            Ok(stream) => finish(stream).await,
            Err(error) => failure(&error),
        }
    }
}

/// Reads the rest of a stream.
async fn finish(mut stream: ChatStream) -> Value {
    let mut text = String::new();
    let result = loop {
        match stream.next_text().await {
            Ok(Some(delta)) => text.push_str(&delta),
            Ok(None) => break stream.finish().await,
            Err(error) => break Err(error),
        }
    };
    let result = result.map_or_else(|error| failure(&error), |response| contents(&response));
    assert_eq!(result["text"], text, "the deltas are the text");
    result
}

/// Returns an error with the partial response in it.
fn failure(error: &Error) -> Value {
    let mut value = error
        .partial_response()
        .map_or_else(|| json!({"text": ""}), contents);
    value["error"] = format!("{:?}: {error}", error.kind()).into();
    value
}

/// Returns what is compared with openai-python, and what shows how the response was read.
fn contents(response: &ChatResponse) -> Value {
    let calls = response.tool_calls().iter().map(|call| {
        let function = call.function.as_ref();
        json!({
            // An empty id is no id.
            "id": call.id.as_ref().filter(|id| !id.is_empty()),
            "name": function.map(|function| &function.name),
            "arguments": function.and_then(|function| function.arguments.as_ref()),
        })
    });
    let usage = response.usage().map(|usage| {
        json!([
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens
        ])
    });
    let choices = &response.raw().choices;
    json!({
        "text": response.text(),
        "reasoning": response.reasoning(),
        "refusal": response.message().and_then(|message| message.refusal.as_ref()),
        "finish_reasons": choices.iter().map(|choice| &choice.finish_reason).collect::<Vec<_>>(),
        "tool_calls": calls.collect::<Vec<_>>(),
        "usage": usage,
        "stream_end": response.stream_end().map(|end| format!("{end:?}")),
        "warnings": response.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
