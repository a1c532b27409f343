//! Constructs messages.

use crate::types::{ChatMessage, Role};

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
}
