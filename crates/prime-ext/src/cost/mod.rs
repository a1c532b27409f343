//! What answers cost: known, estimated or unknown, and never a silent zero.
//!
//! An answer says its cost where the service does; asking for it is
//! [`include_cost`](crate::ChatRequest::include_cost). A [`Meter`] adds up the answers of any number of
//! tasks, by model and by who pays:
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
//! use prime_ext::Meter;
//!
//! let meter = Meter::with_prices(&prime.models().list().await?);
//! let metered = prime.with_meter(&meter); // every chat through it, or a clone of it, is counted
//! metered.chat("openai/gpt-oss-120b").user("Hello").include_cost().await?;
//! metered.team("team_123").chat("openai/gpt-oss-120b").user("Hello").await?;
//!
//! println!("{}", meter.total()); // 2 answers: $0.000012, and about $0.00001 for 1 of them
//! for (model, spent) in meter.by_model() {
//!     println!("{model}: {spent}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `amount` | [`Cost`]: of one answer |
//! | `estimate` | what tokens cost at a model's prices |
//! | `sum` | [`UsdSum`]: a sum that loses no digit |
//! | `spent` | [`Spent`]: tokens and cost of many answers |
//! | `meter` | [`Meter`]: counts answers, from many tasks |
//! | `guard` | counts one question, whatever becomes of it |

mod amount;
mod estimate;
mod guard;
mod meter;

mod spent;
mod sum;

pub use amount::Cost;
pub(crate) use estimate::per_million;
pub(crate) use guard::MeterGuard;
pub use meter::{Meter, Payer};

pub use spent::Spent;
pub use sum::UsdSum;
