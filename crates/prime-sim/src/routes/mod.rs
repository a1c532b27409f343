//! The request handlers, one file for each group of operations.
//!
//! | file | contents |
//! |---|---|
//! | `router` | the routes |
//! | `middleware` | recording and faults, for all requests |
//! | `auth` | API keys, permissions and accounts |
//! | `models` | `list_models`, `get_model` |
//! | `chat`, `request`, `choice`, `message`, `stream` | `create_chat_completion` |
//! | `wallet` | `get_wallet` |
//! | `runs` | `create_run`, `get_run_usage`, `delete_run` |
//! | `official_client` | further operations on runs, which only the official client describes |
//! | `users` | `whoami`, `list_teams`, which only the official client describes |
//! | `query` | validated query parameters |

mod auth;
mod chat;
mod choice;
mod message;
mod middleware;
mod models;
mod official_client;
mod query;
mod request;
mod router;
mod runs;
mod stream;
mod users;
mod wallet;

pub(crate) use router::{Operations, inference_base, router};
