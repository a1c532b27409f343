//! The operations of the simulator.

use std::fmt;
use std::str::FromStr;

use pinference_api::operations as inference;
use prime_platform_api::operations as platform;
use prime_training_api::operations as training;

/// An operation of one of the APIs.
///
/// Its name is the `operationId` of the specification, as in the generated crates. An operation that
/// is marked as unofficial is not in a specification of the provider: the official client (prime
/// 0.18.0) calls it, and `specs/platform-unofficial.yml` describes it.
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
    /// `POST /api/v1/training/runs/prepare`, unofficial.
    PrepareRun,
    /// `GET /api/v1/rft/runs`, unofficial.
    ListRuns,
    /// `GET /api/v1/rft/runs/{run_id}`, unofficial.
    GetRun,
    /// `DELETE /api/v1/rft/runs/{run_id}`, unofficial.
    DeleteRftRun,
    /// `PUT /api/v1/rft/runs/{run_id}/stop`, unofficial.
    StopRun,
    /// `PUT /api/v1/rft/runs/{run_id}/restart`, unofficial.
    RestartRun,
    /// `GET /api/v1/rft/runs/{run_id}/logs`, unofficial.
    GetRunLogs,
    /// `GET /api/v1/rft/runs/{run_id}/progress`, unofficial.
    GetRunProgress,
    /// `POST /api/v1/training/runs/{run_id}/pause`, unofficial.
    PauseRun,
    /// `POST /api/v1/training/runs/{run_id}/resume`, unofficial.
    ResumeRun,
    /// `GET /api/v1/user/whoami`, unofficial.
    Whoami,
    /// `GET /api/v1/user/teams`, unofficial.
    ListTeams,
}

/// The specification of an operation. The Inference API has other error bodies than the other two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Inference,
    Training,
    Platform,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 19] = [
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
        Self::DeleteRftRun,
        Self::StopRun,
        Self::RestartRun,
        Self::GetRunLogs,
        Self::GetRunProgress,
        Self::PauseRun,
        Self::ResumeRun,
        Self::Whoami,
        Self::ListTeams,
    ];

    /// Returns the name, such as `create_run`.
    pub fn id(self) -> &'static str {
        self.specified().id
    }

    /// Returns the properties of the operation in its specification.
    pub(crate) fn specified(self) -> &'static openapi_runtime::Operation {
        match self {
            Self::ListModels => &inference::LIST_MODELS,
            Self::GetModel => &inference::GET_MODEL,
            Self::CreateChatCompletion => &inference::CREATE_CHAT_COMPLETION,
            Self::GetWallet => &training::GET_WALLET,
            Self::CreateRun => &training::CREATE_RUN,
            Self::GetRunUsage => &training::GET_RUN_USAGE,
            Self::DeleteRun => &training::DELETE_RUN,
            Self::PrepareRun => &platform::PREPARE_RUN,
            Self::ListRuns => &platform::LIST_RUNS,
            Self::GetRun => &platform::GET_RUN,
            Self::DeleteRftRun => &platform::DELETE_RFT_RUN,
            Self::StopRun => &platform::STOP_RUN,
            Self::RestartRun => &platform::RESTART_RUN,
            Self::GetRunLogs => &platform::GET_RUN_LOGS,
            Self::GetRunProgress => &platform::GET_RUN_PROGRESS,
            Self::PauseRun => &platform::PAUSE_RUN,
            Self::ResumeRun => &platform::RESUME_RUN,
            Self::Whoami => &platform::WHOAMI,
            Self::ListTeams => &platform::LIST_TEAMS,
        }
    }

    pub(crate) fn api(self) -> Api {
        match self {
            Self::ListModels | Self::GetModel | Self::CreateChatCompletion => Api::Inference,
            Self::GetWallet | Self::CreateRun | Self::GetRunUsage | Self::DeleteRun => {
                Api::Training
            }
            _ => Api::Platform,
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
        let unofficial = platform::ALL;
        for operation in inference::ALL.iter().chain(training::ALL).chain(unofficial) {
            // The streamed variant of an operation uses the same route.
            let id = operation.id.trim_end_matches("_stream");
            assert!(id.parse::<Operation>().is_ok(), "{id}");
        }
        assert!("create_rnu".parse::<Operation>().is_err());
    }
}
