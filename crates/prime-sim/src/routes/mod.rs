//! Requests in, answers out: a file for each group of operations.
//!
//! | file | what it answers |
//! |---|---|
//! | `router` | which path goes where |
//! | `through` | what every request goes through |
//! | `auth` | who asks, and for which account |
//! | `models` | `list_models`, `get_model` |
//! | `chat`, `ask`, `answer`, `stream` | `create_chat_completion`: its request, what is said, the stream of it |
//! | `wallet` | `get_wallet` |
//! | `runs` | `create_run`, `get_run_usage`, `delete_run` |
//! | `official` | what the official client calls beside them |

mod answer;
mod ask;
mod auth;
mod chat;
mod models;
mod official;
mod router;
mod runs;
mod stream;
mod through;
mod wallet;

pub(crate) use router::{Operations, inference_base, router};
