//! The tools.
//!
//! | module | tools |
//! |---|---|
//! | `models` | `models`, `estimate` |
//! | `chat` | `chat` |
//! | `wallet` | `wallet` |
//! | `runs` | `runs`, `run`, `run_usage`, `run_logs` |
//! | `run_changes` | `run_create`, `run_delete` |
//! | `batch` | `batch_estimate`, `batch_status`, `batch_start`, `batch_stop` |
//! | `settings` | `settings` |
//! | `question` | the arguments of a question |

mod batch;
mod chat;
mod models;
mod question;
mod run_changes;
mod runs;
mod settings;
mod wallet;

use crate::tool::Tool;

/// Returns all tools, also those that the user does not allow.
pub(crate) fn all() -> Vec<Tool> {
    let mut tools = Vec::from(models::tools());
    tools.extend(chat::tools());
    tools.extend(wallet::tools());
    tools.extend(runs::tools());
    tools.extend(run_changes::tools());
    tools.extend(batch::tools());
    tools.extend(settings::tools());
    tools
}

/// The largest number of items in a result.
const MAX_ITEMS: usize = 50;

/// Returns a page of a list, and how to get the next one.
fn page<T>(items: Vec<T>, offset: usize, limit: Option<usize>) -> (Vec<T>, Option<usize>) {
    let limit = limit.unwrap_or(20).clamp(1, MAX_ITEMS);
    let total = items.len();
    let page: Vec<T> = items.into_iter().skip(offset).take(limit).collect();
    let next = offset.saturating_add(page.len());
    (page, (next < total).then_some(next))
}
