//! Constructs messages.

use openapi_runtime::TextOrParts;

use crate::types::{ChatMessage, Role};

/// The content is a text, or a list of [`ContentPart`](crate::types::ContentPart)s.
impl ChatMessage {
    /// Creates a message with a role and without content.
    ///
    /// The generated type has a default role, because some servers omit it in responses. A request must state it.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            ..Self::default()
        }
    }

    /// Creates a system message: instructions for the model.
    pub fn system(content: impl Into<TextOrParts>) -> Self {
        Self::with_content(Role::System, content.into())
    }

    /// Creates a developer message: instructions for the model, which OpenAI's newer models expect instead of a system
    /// message.
    pub fn developer(content: impl Into<TextOrParts>) -> Self {
        Self::with_content(Role::Developer, content.into())
    }

    /// Creates a user message.
    pub fn user(content: impl Into<TextOrParts>) -> Self {
        Self::with_content(Role::User, content.into())
    }

    /// Creates an assistant message, such as an earlier response of the model.
    pub fn assistant(content: impl Into<TextOrParts>) -> Self {
        Self::with_content(Role::Assistant, content.into())
    }

    /// Creates a tool message: the result of the tool call with this id.
    pub fn tool(tool_call_id: impl Into<String>, content: impl Into<TextOrParts>) -> Self {
        Self {
            tool_call_id: Some(tool_call_id.into()),
            ..Self::with_content(Role::Tool, content.into())
        }
    }

    /// Sets the name of the author, which distinguishes authors with the same role.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    fn with_content(role: Role, content: TextOrParts) -> Self {
        Self {
            content: Some(content),
            ..Self::new(role)
        }
    }
}
