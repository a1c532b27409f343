//! The wire: what leaves the client for each operation, byte for byte where it matters, and what
//! becomes of every answer that is known to come back.
//!
//! Answers are literal texts, from the provider's documentation and specifications or as servers were
//! seen to send them; none is written by the types that read it.
//!
//! | module | what it shows |
//! |---|---|
//! | `models` | `GET /models`, `GET /models/{model_id}` |
//! | `chat` | `POST /chat/completions`, answered whole |
//! | `stream` | `POST /chat/completions`, answered as an event stream |
//! | `wallet` | `GET /api/v1/billing/wallet` |
//! | `creations` | `POST /api/v1/training/runs` |
//! | `runs` | `GET /api/v1/billing/runs/{run_id}/usage`, `DELETE /api/v1/training/runs/{run_id}` |
//! | `deletions` | runs that are deleted by a service that loses answers or stalls |
//! | `metered` | what a meter counts where questions were lost, or no answer came |
//! | `openings` | streams that fail at their beginning |
//! | `endings` | how streams end, and what becomes of the connection |
//! | `patience` | servers that never end, point elsewhere, or name a team twice |
//! | `errors` | every shape of error, and what the caller learns of it |
//! | `large_events` | streams of many or large parts |
//! | `gzip` | answers that come compressed |
//! | `http2` | the same over HTTP/2 |
//! | `transports` | transports of the caller's own |
//! | `raw` | whole requests as bytes |

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

mod chat;
mod creations;
mod deletions;
mod endings;
mod errors;
mod gzip;
mod http2;
mod large_events;
mod metered;
mod models;
mod openings;
mod patience;
mod raw;
mod runs;
mod stream;
mod support;
mod transports;
mod wallet;
