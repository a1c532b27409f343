//! What the server remembers.
//!
//! | file | what it holds |
//! |---|---|
//! | `shared` | [`Shared`]: what every request can reach; [`State`]: the part that changes |
//! | `access` | people, keys, teams, permissions |
//! | `clock` | simulated time |
//! | `account` | who pays: balances and billing rows |
//! | `models` | the catalogue |
//! | `runs` | training runs, their life and what they use |

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
