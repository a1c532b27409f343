//! Constructs voices.

use crate::types::{CustomVoice, Voice};

impl Voice {
    /// A voice that was created from audio samples, by its id.
    pub fn custom(id: impl Into<String>) -> Self {
        Self::CustomVoice(CustomVoice::new(id))
    }
}

/// A built-in voice, by its name.
impl From<&str> for Voice {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}
