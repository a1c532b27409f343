//! The stored form of a conversation and its version.

use std::borrow::Cow;

use pinference_api::types::ChatMessage;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Conversation, Turn};

/// The version that this library writes. A higher one means that a reader of this version would lose something.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    model: Cow<'a, str>,
    preamble: Cow<'a, [ChatMessage]>,
    turns: Cow<'a, [Turn]>,
}

#[derive(Serialize)]
struct Versioned<'a> {
    version: u32,
    #[serde(flatten)]
    conversation: Stored<'a>,
}

impl Serialize for Conversation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let conversation = Stored {
            model: self.model.as_str().into(),
            preamble: self.preamble.as_slice().into(),
            turns: self.turns.as_slice().into(),
        };
        let version = VERSION;
        Versioned {
            version,
            conversation,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Conversation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The version is read first, because the rest of another version may not fit.
        let mut fields = serde_json::Map::deserialize(deserializer)?;
        let version = fields.remove("version");
        match version.as_ref().and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                return Err(D::Error::custom(format!(
                    "the conversation has version {version}; this library reads version {VERSION}"
                )));
            }
            None => return Err(D::Error::missing_field("version")),
        }
        let stored = Stored::deserialize(serde_json::Value::Object(fields));
        let stored = stored.map_err(D::Error::custom)?;
        Ok(Self {
            model: stored.model.into_owned(),
            preamble: stored.preamble.into_owned(),
            turns: stored.turns.into_owned(),
        })
    }
}
