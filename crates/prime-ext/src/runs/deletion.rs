//! What became of a run that was to be deleted.

use std::fmt;
use std::ops::Deref;

use prime_training_api::types::DeleteRunResponse;

/// What became of a run that was to be deleted. The service's own words are in the
/// [`DeleteRunResponse`] to which it dereferences.
#[derive(Debug, Clone)]
pub struct Deletion {
    response: DeleteRunResponse,
    repeated: bool,
}

/// Which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionOutcome {
    /// This call deleted the run.
    Now,
    /// There was nothing to delete: the run was deleted before, or never was.
    AlreadyGone,
    /// The run is gone. The call was sent again after its answer was lost, so it cannot be told whether
    /// it deleted the run the first time, or somebody else did before.
    NowOrBefore,
}

impl Deletion {
    /// `repeated`: whether it was asked for before, without an answer.
    pub(super) fn new(response: DeleteRunResponse, repeated: bool) -> Self {
        Self { response, repeated }
    }

    /// The deletion of a run that the service no longer knows.
    pub(super) fn not_found(run_id: &str, repeated: bool) -> Self {
        Self::new(DeleteRunResponse::new(false, run_id), repeated)
    }

    /// Which it was.
    pub fn outcome(&self) -> DeletionOutcome {
        match (self.response.deleted, self.repeated) {
            (true, _) => DeletionOutcome::Now,
            (false, false) => DeletionOutcome::AlreadyGone,
            (false, true) => DeletionOutcome::NowOrBefore,
        }
    }
}

impl Deref for Deletion {
    type Target = DeleteRunResponse;

    fn deref(&self) -> &DeleteRunResponse {
        &self.response
    }
}

impl fmt::Display for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.outcome() {
            DeletionOutcome::Now => "deleted",
            DeletionOutcome::AlreadyGone => "already gone",
            DeletionOutcome::NowOrBefore => "deleted or already gone",
        })
    }
}
