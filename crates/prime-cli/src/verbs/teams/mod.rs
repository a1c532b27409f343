//! `teams`: the teams of the key's owner.

pub(crate) mod list;

use crate::context::Context;
use crate::exit::Failure;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    List(list::List),
}

impl Verb {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::List(verb) => verb.run(context),
        }
    }
}
