//! Conversations: turns of questions and answers, with their tool calls, reasoning and cost.
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use prime_ext::Conversation;
//!
//! let mut conversation = Conversation::new("openai/gpt-oss-120b").system("Be brief.");
//! let answer = conversation.ask(&prime, "Capital of France?").await?;
//! println!("{}", answer.text());
//! let answer = conversation.ask(&prime, "And of Italy?").request(|request| request.max_tokens(100)).await?;
//! println!("{} ({})", answer.text(), conversation.spent());
//!
//! // Conversations are stored with serde.
//! std::fs::write("conversation.json", serde_json::to_vec(&conversation)?)?;
//! let mut stored: Conversation = serde_json::from_slice(&std::fs::read("conversation.json")?)?;
//!
//! // Drop the oldest turns.
//! stored.truncate(8_000);
//! # Ok(())
//! # }
//! ```
//!
//! | module | contents |
//! |---|---|
//! | `ask` | [`Ask`], [`AskStream`]: asks a question and adds the turn |
//! | `estimate` | estimates the number of tokens of a message |
//! | `stored` | the stored form and its version |

use openapi_runtime::TextOrParts;
use pinference_api::types::{ChatMessage, ModelPricing, Role, Usage};

use crate::client::Client;
use crate::cost::{Cost, Spent};

mod ask;
mod estimate;
mod stored;

pub use ask::{Ask, AskStream};
pub use estimate::estimate_tokens;

/// The messages of a conversation with a model, turn by turn.
///
/// [`ask`](Self::ask) sends all messages and a question, and adds a turn when the answer is complete. A turn that fails,
/// is cancelled or is dropped leaves the conversation as it was. What such a turn has cost is in
/// [`Error::transcript`](crate::Error::transcript) and in the [`Meter`](crate::Meter) of the client, but not in
/// [`spent`](Self::spent).
///
/// A clone is a fork: both continue on their own. [`fork`](Self::fork) continues from an earlier turn.
///
/// With serde, a conversation is stored with all messages, as they were received, and the cost of each turn. The stored
/// form has a version. A version that this library does not know is an error.
#[derive(Debug, Clone)]
pub struct Conversation {
    model: String,
    /// The messages before the first turn.
    preamble: Vec<ChatMessage>,
    turns: Vec<Turn>,
}

/// A question, the answer, and the tool calls between them.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Turn {
    /// The question, then the responses of the model and the results of its tool calls. The last message is the answer.
    pub messages: Vec<ChatMessage>,
    /// The tokens and the cost of the responses.
    #[serde(default)]
    pub spent: Spent,
}

impl Conversation {
    /// Creates a conversation without messages.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            preamble: Vec::new(),
            turns: Vec::new(),
        }
    }

    /// Creates a conversation from messages. Each user message begins a turn, unless it follows another user message.
    /// The cost of the turns is not known: each counts as no response.
    pub fn from_messages(
        model: impl Into<String>,
        messages: impl IntoIterator<Item = ChatMessage>,
    ) -> Self {
        let mut this = Self::new(model);
        let mut last_role = None;
        for message in messages {
            let role = message.role.clone();
            let begins = role == Role::User && last_role != Some(Role::User);
            match this.turns.last_mut() {
                Some(turn) if !begins => turn.messages.push(message),
                None if !begins => this.preamble.push(message),
                _ => this.turns.push(Turn {
                    messages: vec![message],
                    spent: Spent::default(),
                }),
            }
            last_role = Some(role);
        }
        this
    }

    /// Adds a system message before the first turn: instructions for the model.
    #[must_use]
    pub fn system(mut self, content: impl Into<TextOrParts>) -> Self {
        self.preamble.push(ChatMessage::system(content));
        self
    }

    /// Sets the model of the next turns.
    pub fn set_model(&mut self, model: impl Into<String>) {
        self.model = model.into();
    }

    /// Returns the model of the next turn.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Asks a question: sends all messages and this one, and adds a turn once the model has answered.
    pub fn ask<'a>(&'a mut self, client: &Client, question: impl Into<TextOrParts>) -> Ask<'a> {
        let messages = self.messages().cloned();
        let request = client.chat(&self.model).messages(messages).user(question);
        Ask::new(self, request)
    }

    /// Returns the turns, the oldest first.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Returns all messages, the oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &ChatMessage> {
        let turns = self.turns.iter().flat_map(|turn| &turn.messages);
        self.preamble.iter().chain(turns)
    }

    /// Removes the last turn and returns it, so that its question can be asked again.
    pub fn pop_turn(&mut self) -> Option<Turn> {
        self.turns.pop()
    }

    /// Returns a conversation with the first `turns` turns.
    #[must_use]
    pub fn fork(&self, turns: usize) -> Self {
        Self {
            model: self.model.clone(),
            preamble: self.preamble.clone(),
            turns: self.turns.iter().take(turns).cloned().collect(),
        }
    }

    /// Returns the tokens and the cost of all turns, without those that were removed.
    pub fn spent(&self) -> Spent {
        let mut total = Spent::default();
        self.turns.iter().for_each(|turn| total.merge(&turn.spent));
        total
    }

    /// Estimates the number of tokens of all messages with [`estimate_tokens`].
    pub fn estimated_tokens(&self) -> u64 {
        self.messages().map(estimate_tokens).sum()
    }

    /// Estimates what it costs to send all messages, at the prices of a model. It does not include the answer.
    pub fn estimated_cost(&self, prices: &ModelPricing) -> Cost {
        let mut usage = Usage::default();
        usage.prompt_tokens = i64::try_from(self.estimated_tokens()).ok();
        usage.completion_tokens = Some(0);
        Cost::Unknown.or_estimate(Some(&usage), Some(prices))
    }

    /// Removes the oldest turns until the messages have at most `tokens` tokens, as [`estimate_tokens`] estimates them.
    /// Returns the removed turns.
    ///
    /// Whole turns are removed, so that each tool call keeps its result. The messages before the first turn and the last
    /// turn are kept, even if they have more tokens.
    pub fn truncate(&mut self, tokens: u64) -> Vec<Turn> {
        self.truncate_with(tokens, estimate_tokens)
    }

    /// Like [`truncate`](Self::truncate), with another estimate of the tokens of a message.
    pub fn truncate_with(
        &mut self,
        tokens: u64,
        estimate: impl Fn(&ChatMessage) -> u64,
    ) -> Vec<Turn> {
        let sum = |messages: &[ChatMessage]| messages.iter().map(&estimate).sum::<u64>();
        let mut total = sum(&self.preamble);
        // The newest turns that fit.
        let mut kept = 0;
        for turn in self.turns.iter().rev() {
            total = total.saturating_add(sum(&turn.messages));
            if kept > 0 && total > tokens {
                break;
            }
            kept += 1;
        }
        let removed = self.turns.len() - kept;
        self.turns.drain(..removed).collect()
    }
}
