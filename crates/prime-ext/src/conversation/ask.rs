//! Asks a question and adds the turn.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{Conversation, Turn};
use crate::chat::{ChatDelta, ChatRequest};
use crate::error::Error;
use crate::tools::{LoopEnd, ToolEvent, ToolLoop, ToolStream, Transcript};

/// A question. Returned by [`Conversation::ask`].
///
/// Awaiting it returns the [`Transcript`] of the turn. [`stream`](Self::stream) returns the answer as it arrives. The
/// conversation has the turn once the answer is complete, and is unchanged if there is an error.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client, tools: Vec<prime_ext::Tool>) -> Result<(), prime_ext::Error> {
/// use prime_ext::Conversation;
///
/// let mut conversation = Conversation::new("openai/gpt-oss-120b");
/// let answer = conversation
///     .ask(&prime, "Do I need an umbrella in Paris?")
///     .request(|request| request.temperature(0.2).tools(tools))
///     .tool_loop(|tools| tools.round_limit(3))
///     .await?;
/// println!("{}", answer.text());
/// # Ok(())
/// # }
/// ```
#[must_use = "a question is sent when it is awaited or streamed"]
pub struct Ask<'a> {
    conversation: &'a mut Conversation,
    tools: ToolLoop,
}

impl<'a> Ask<'a> {
    pub(super) fn new(conversation: &'a mut Conversation, request: ChatRequest) -> Self {
        Self {
            conversation,
            tools: request.run(),
        }
    }

    /// Changes the request: its parameters, tools and options. Do not change its messages: the conversation keeps all of
    /// them.
    pub fn request(mut self, change: impl FnOnce(ChatRequest) -> ChatRequest) -> Self {
        self.tools = self.tools.map_request(change);
        self
    }

    /// Changes how tool calls run: limits and the hook.
    pub fn tool_loop(mut self, change: impl FnOnce(ToolLoop) -> ToolLoop) -> Self {
        self.tools = change(self.tools);
        self
    }

    /// Returns what happens in the turn as a stream of events, with the text of the answer as it arrives.
    pub fn stream(self) -> AskStream<'a> {
        let events = self.tools.stream();
        AskStream::new(self.conversation, events)
    }
}

/// Sends the question and returns the transcript of the turn.
///
/// # Errors
/// Returns the errors of [`ToolLoop`]. The conversation is then unchanged.
impl<'a> IntoFuture for Ask<'a> {
    type Output = Result<Transcript, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let events = self.tools.into_events(false);
        Box::pin(AskStream::new(self.conversation, events).finish())
    }
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ask").field(&self.tools).finish()
    }
}

/// A turn as a stream of events. Returned by [`Ask::stream`].
///
/// The conversation has the turn once [`try_next`](Self::try_next) has returned `None`, or [`finish`](Self::finish) the
/// transcript. Dropping the stream cancels the turn.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut conversation = prime_ext::Conversation::new("openai/gpt-oss-120b");
/// let mut answer = conversation.ask(&prime, "A story").stream();
/// while let Some(text) = answer.next_text().await? {
///     print!("{text}");
/// }
/// assert_eq!(conversation.turns().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before the first event is read"]
pub struct AskStream<'a> {
    conversation: &'a mut Conversation,
    events: ToolStream,
    /// The number of messages before the turn.
    earlier: usize,
    is_added: bool,
}

impl<'a> AskStream<'a> {
    fn new(conversation: &'a mut Conversation, events: ToolStream) -> Self {
        // The last message of the request is the question.
        let earlier = events.transcript().messages().len().saturating_sub(1);
        Self {
            conversation,
            events,
            earlier,
            is_added: false,
        }
    }

    /// Returns the next event, or `None` once the turn is complete.
    ///
    /// # Errors
    /// Returns the errors of [`ToolStream::try_next`]. The conversation is then unchanged.
    pub async fn try_next(&mut self) -> Result<Option<ToolEvent>, Error> {
        let event = self.events.try_next().await?;
        if event.is_none() {
            self.add();
        }
        Ok(event)
    }

    /// Returns the next text, or `None` once the turn is complete. Everything else is skipped, but is part of the
    /// conversation.
    ///
    /// # Errors
    /// Returns the same errors as [`try_next`](Self::try_next).
    pub async fn next_text(&mut self) -> Result<Option<String>, Error> {
        loop {
            match self.try_next().await? {
                Some(ToolEvent::Delta(ChatDelta::Text(text))) => return Ok(Some(text)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Returns what has happened so far in the turn.
    pub fn transcript(&self) -> &Transcript {
        self.events.transcript()
    }

    /// Runs the turn to its end and returns its transcript.
    ///
    /// # Errors
    /// Returns the same errors as [`ToolStream::finish`]. The conversation is then unchanged.
    pub async fn finish(mut self) -> Result<Transcript, Error> {
        while self.try_next().await?.is_some() {}
        self.events.finish().await
    }

    /// Adds the turn to the conversation if it is complete. Only the first call has an effect.
    fn add(&mut self) {
        let transcript = self.events.transcript();
        if self.is_added || transcript.end() != Some(LoopEnd::Finished) {
            return;
        }
        self.is_added = true;
        let messages = transcript.messages().get(self.earlier..);
        self.conversation.turns.push(Turn {
            messages: messages.unwrap_or_default().to_vec(),
            spent: *transcript.spent(),
        });
    }
}

impl Stream for AskStream<'_> {
    type Item = Result<ToolEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = Pin::new(&mut self.events).poll_next(cx);
        if let Poll::Ready(None) = event {
            self.add();
        }
        event
    }
}
