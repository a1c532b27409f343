//! Messages to send.

use crate::types::{ChatMessage, Role};

impl ChatMessage {
    /// A message of that speaker, without content.
    ///
    /// The specification's own type has a role that may be missing, since some servers leave it out of
    /// their answers; who writes a message has to say who speaks.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            ..Self::default()
        }
    }
}
