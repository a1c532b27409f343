//! The cost of responses: known, estimated or unknown. An unknown cost is never reported as zero.
//!
//! [`include_cost`](crate::ChatRequest::include_cost) asks the service to state the cost of a response. A [`Meter`]
//! adds up the tokens and the cost of responses, by model and by payer, across any number of tasks:
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
//! use prime_ext::Meter;
//!
//! let meter = Meter::with_prices(&prime.models().list().await?);
//! let metered = prime.with_meter(&meter); // counts every chat call of this client and its clones
//! metered.chat("openai/gpt-oss-120b").user("Hello").include_cost().await?;
//! metered.team("team_123").chat("openai/gpt-oss-120b").user("Hello").await?;
//!
//! println!("{}", meter.total()); // 2 responses: $0.000012, and about $0.00001 for 1 of them
//! for (model, spent) in meter.by_model() {
//!     println!("{model}: {spent}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | module | contents |
//! |---|---|
//! | `amount` | [`Cost`]: the cost of one response |
//! | `estimate` | estimates a cost from tokens and a model's prices |
//! | `sum` | [`UsdSum`]: an exact sum of amounts |
//! | `spent` | [`Spent`]: the tokens and cost of many responses |
//! | `meter` | [`Meter`]: adds up the tokens and cost of responses |
//! | `reservation` | [`Reservation`]: a part of a limit that is reserved before a request is sent |
//! | `guard` | counts one request exactly once, even if it fails or is dropped |

mod amount;
mod estimate;
mod guard;
mod meter;
mod reservation;
mod spent;
mod sum;

pub use amount::Cost;
pub(crate) use estimate::per_million;
pub(crate) use guard::MeterGuard;
pub use meter::{Meter, Payer};
pub use reservation::Reservation;
pub use spent::Spent;
pub use sum::{ParseUsdSumError, UsdSum};
