//! The baseline: a minimal reader that uses reqwest's byte stream, memchr to split lines, and
//! serde_json with an owned struct of the fields of the SDK's chunk. It does not support errors,
//! truncation, other line endings or other fields.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;

use crate::Result;

#[derive(Deserialize)]
#[allow(dead_code, reason = "the fields are only deserialized")]
pub struct Chunk {
    pub id: Option<String>,
    pub object: Option<String>,
    pub created: Option<i64>,
    pub model: Option<String>,
    pub service_tier: Option<String>,
    pub system_fingerprint: Option<String>,
    #[serde(default)]
    pub choices: Vec<Choice>,
    pub usage: Option<Usage>,
    pub error: Option<Value>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub struct Choice {
    pub index: Option<i64>,
    pub delta: Option<Delta>,
    pub finish_reason: Option<String>,
    pub logprobs: Option<Value>,
    pub error: Option<Value>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub struct Delta {
    pub role: Option<String>,
    pub content: Option<String>,
    pub reasoning: Option<String>,
    pub reasoning_content: Option<String>,
    pub reasoning_details: Option<Vec<Value>>,
    pub refusal: Option<String>,
    pub tool_calls: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub struct Usage {
    pub prompt_tokens: Option<i64>,
    pub completion_tokens: Option<i64>,
    pub total_tokens: Option<i64>,
    pub cost: Option<f64>,
}

pub struct Baseline<S> {
    pieces: S,
    piece: Bytes,
    rest: BytesMut,
}

impl<S: Stream<Item = reqwest::Result<Bytes>> + Unpin> Baseline<S> {
    pub fn new(pieces: S) -> Self {
        Self {
            pieces,
            piece: Bytes::new(),
            rest: BytesMut::new(),
        }
    }

    /// Returns the next chunk, or `None` at `[DONE]`.
    pub async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.piece) {
                let mut line = self.piece.split_to(end + 1);
                if !self.rest.is_empty() {
                    self.rest.extend_from_slice(&line);
                    line = self.rest.split().freeze();
                }
                if let Some(data) = line.strip_prefix(b"data: ") {
                    if data.starts_with(b"[DONE]") {
                        return Ok(None);
                    }
                    return Ok(Some(serde_json::from_slice(data)?));
                }
            }
            self.rest.extend_from_slice(&self.piece);
            match self.pieces.next().await {
                Some(piece) => self.piece = piece?,
                None => return Err("the stream ended before [DONE]".into()),
            }
        }
    }
}
