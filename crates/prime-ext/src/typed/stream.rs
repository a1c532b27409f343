//! Reads a typed answer as it arrives.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer;
use super::partial_json::PartialJson;
use super::response::TypedResponse;
use crate::chat::{ChatResponse, ChatStream};
use crate::error::Error;

/// A typed answer as it arrives. Returned by [`TypedRequest::stream`](super::TypedRequest::stream).
///
/// [`try_next`](Self::try_next) returns the JSON value so far, and [`finish`](Self::finish) the complete value of the
/// type. The value so far contains strings that are not complete, but no other value that may still change: a number, a
/// literal or the name of a property appears when it is complete.
///
/// To read the value so far into a type of your own, deserialize from the reference. All its fields must be optional,
/// and an enum cannot be read while its text is not complete:
///
/// ```no_run
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[serde(default)]
/// #[derive(Default)]
/// struct PartialStory {
///     title: String,
///     chapters: Vec<String>,
/// }
///
/// # async fn example<T: serde::de::DeserializeOwned>(mut story: prime_ext::typed::TypedStream<T>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// while let Some(value) = story.try_next().await? {
///     let story = PartialStory::deserialize(value)?;
///     println!("{}: {} chapters", story.title, story.chapters.len());
/// }
/// let story: T = story.finish().await?.into_value();
/// # Ok(())
/// # }
/// ```
///
/// A fragment takes time in proportion to its length, not to that of the answer. The items borrow from the stream, so
/// it is no `Stream`. The methods are cancel safe: dropping their futures loses no data.
///
/// If the text is not JSON, or has more than 262,144 values, the value so far does not change any more. The rest of the
/// response is still read, because it has the cost.
#[must_use = "read the stream with `finish`, or end it with `cancel`"]
pub struct TypedStream<T> {
    chat: ChatStream,
    json: PartialJson,
    progress: Progress,
    value: PhantomData<fn() -> T>,
}

/// What of the text was read.
enum Progress {
    /// The text before the JSON.
    Opening(String),
    Json,
    /// No more JSON can be read.
    Stopped,
}

impl<T: DeserializeOwned> TypedStream<T> {
    pub(super) fn new(chat: ChatStream) -> Self {
        Self {
            chat,
            json: PartialJson::default(),
            progress: Progress::Opening(String::new()),
            value: PhantomData,
        }
    }

    /// Waits until the value changes, and returns the value so far. Returns `None` once the response is complete.
    ///
    /// # Errors
    /// Returns an error if the stream ends before the response is complete. Whether the answer fits the type is found
    /// out by [`finish`](Self::finish).
    pub async fn try_next(&mut self) -> Result<Option<&Value>, Error> {
        while let Some(text) = self.chat.next_text().await? {
            if self.push(&text) {
                return Ok(self.json.value());
            }
        }
        Ok(None)
    }

    /// Returns the value so far, or `None` before it begins.
    pub fn partial(&self) -> Option<&Value> {
        self.json.value()
    }

    /// Returns the stream of the response, with the text, the reasoning and the usage so far.
    pub fn chat_stream(&self) -> &ChatStream {
        &self.chat
    }

    /// Reads the rest of the stream, and returns the value and the response.
    ///
    /// # Errors
    /// Returns an error if the stream ends, or has ended, before the response is complete, or if the response has no
    /// value of the type. The latter has a [parse failure](Error::parse_failure).
    pub async fn finish(self) -> Result<TypedResponse<T>, Error> {
        answer::read(self.chat.finish().await?)
    }

    /// Ends the stream and returns the part of the response received so far. See [`ChatStream::cancel`].
    pub fn cancel(self) -> ChatResponse {
        self.chat.cancel()
    }

    /// Reads a fragment of the text, and returns whether the value has changed.
    fn push(&mut self, text: &str) -> bool {
        let pushed = match &mut self.progress {
            Progress::Opening(start) => {
                start.push_str(text);
                let Some(length) = answer::opening(start) else {
                    // A server may send white space without end.
                    if start.trim_start().is_empty() {
                        start.clear();
                    }
                    return false;
                };
                let pushed = self.json.push(&start[length..]);
                self.progress = Progress::Json;
                pushed
            }
            Progress::Json => self.json.push(text),
            Progress::Stopped => return false,
        };
        pushed.unwrap_or_else(|_| {
            self.progress = Progress::Stopped;
            false
        })
    }
}

impl<T> fmt::Debug for TypedStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedStream")
            .field("chat", &self.chat)
            .finish_non_exhaustive()
    }
}
