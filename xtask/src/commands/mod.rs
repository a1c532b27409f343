//! The commands' arguments, and what they print.

pub(crate) mod diff;
pub(crate) mod generate;
pub(crate) mod lower;
pub(crate) mod output;
pub(crate) mod overlay;
