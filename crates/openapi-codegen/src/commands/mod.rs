//! Arguments and output of the commands.

pub(crate) mod diff;
pub(crate) mod generate;
pub(crate) mod lower;
pub(crate) mod output;
pub(crate) mod overlay;
