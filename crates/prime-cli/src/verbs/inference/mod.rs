//! `inference`: models and chat.

mod chat;
mod models;

pub(crate) use chat::Parameters;

use crate::context::Context;
use crate::exit::Failure;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    Models(models::Models),
    Chat(chat::Chat),
}

impl Verb {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Models(verb) => verb.run(context),
            Self::Chat(verb) => verb.run(context),
        }
    }
}
