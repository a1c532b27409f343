//! The state of the server.
//!
//! | file | contents |
//! |---|---|
//! | `shared` | [`Shared`], which all handlers can access, and its mutable part, [`State`] |
//! | `access` | people, keys, teams, permissions |
//! | `clock` | simulated time |
//! | `account` | accounts, balances and billing rows |
//! | `models` | the model catalog |
//! | `runs` | training runs, their status and usage |

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod clock;
pub(crate) mod models;
pub(crate) mod runs;
mod shared;

pub use access::{Key, Permission, Team};
pub use account::Wallet;
pub use runs::RunSnapshot;
pub(crate) use shared::{Shared, State};
