//! The operations of the simulator.

use std::fmt;
use std::str::FromStr;

use pinference_api::operations as inference;
use prime_training_api::operations as training;

/// An operation of one of the two APIs.
///
/// Its name is the `operationId` of the specification, as in the generated crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET /models` of the Inference API.
    ListModels,
    /// `GET /models/{model_id}` of the Inference API.
    GetModel,
    /// `POST /chat/completions` of the Inference API, streamed or not.
    CreateChatCompletion,
    /// `GET /api/v1/billing/wallet` of the Training API.
    GetWallet,
    /// `POST /api/v1/training/runs` of the Training API.
    CreateRun,
    /// `GET /api/v1/billing/runs/{run_id}/usage` of the Training API.
    GetRunUsage,
    /// `DELETE /api/v1/training/runs/{run_id}` of the Training API.
    DeleteRun,
    /// `POST /api/v1/training/runs/prepare`, which the official client calls before it creates a
    /// run. Not part of a specification.
    PrepareRun,
    /// `GET /api/v1/rft/runs`, with which the official client lists runs. Not part of a
    /// specification.
    ListRuns,
    /// `GET /api/v1/rft/runs/{run_id}`, with which the official client reads a run. Not part of a
    /// specification.
    GetRun,
    /// `PUT /api/v1/rft/runs/{run_id}/stop`, with which the official client stops a run. Not part
    /// of a specification.
    StopRun,
    /// `DELETE /api/v1/rft/runs/{run_id}`, with which the official client deletes a run. Not part
    /// of a specification.
    DeleteRftRun,
}

/// The API of an operation. The APIs differ in their error bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Inference,
    Training,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 12] = [
        Self::ListModels,
        Self::GetModel,
        Self::CreateChatCompletion,
        Self::GetWallet,
        Self::CreateRun,
        Self::GetRunUsage,
        Self::DeleteRun,
        Self::PrepareRun,
        Self::ListRuns,
        Self::GetRun,
        Self::StopRun,
        Self::DeleteRftRun,
    ];

    /// Returns the name, such as `create_run`.
    pub fn id(self) -> &'static str {
        match self {
            Self::ListModels => inference::LIST_MODELS.id,
            Self::GetModel => inference::GET_MODEL.id,
            Self::CreateChatCompletion => inference::CREATE_CHAT_COMPLETION.id,
            Self::GetWallet => training::GET_WALLET.id,
            Self::CreateRun => training::CREATE_RUN.id,
            Self::GetRunUsage => training::GET_RUN_USAGE.id,
            Self::DeleteRun => training::DELETE_RUN.id,
            Self::PrepareRun => "prepare_run",
            Self::ListRuns => "list_runs",
            Self::GetRun => "get_run",
            Self::StopRun => "stop_run",
            Self::DeleteRftRun => "delete_rft_run",
        }
    }

    pub(crate) fn api(self) -> Api {
        match self {
            Self::ListModels | Self::GetModel | Self::CreateChatCompletion => Api::Inference,
            _ => Api::Training,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|operation| operation.id() == id);
        known.ok_or_else(|| {
            let ids = Self::ALL.map(Self::id).join(", ");
            format!("unknown operation '{id}'; use one of {ids}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_operations_of_the_specifications_are_known() {
        for operation in inference::ALL.iter().chain(training::ALL) {
            // The streamed variant of an operation uses the same route.
            let id = operation.id.trim_end_matches("_stream");
            assert!(id.parse::<Operation>().is_ok(), "{id}");
        }
        assert!("create_rnu".parse::<Operation>().is_err());
    }
}
