//! The verbs, one module each. A verb is a type with its arguments and a method `run`.

pub(crate) mod batch;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod inference;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod schema;
pub(crate) mod sim;
pub(crate) mod switch;
pub(crate) mod teams;
pub(crate) mod train;
pub(crate) mod wallet;
pub(crate) mod whoami;
