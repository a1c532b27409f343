//! The commands' arguments, and what they print.

pub(crate) mod generate;
