//! The outcome of a deletion.

use std::fmt;

use prime_training_api::types::DeleteRunResponse;

/// The outcome of a call to delete a run.
#[derive(Debug, Clone)]
pub struct Deletion {
    response: DeleteRunResponse,
    repeated: bool,
}

/// Whether a call deleted the run, or the run had been deleted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionOutcome {
    /// This call deleted the run.
    Now,
    /// There was nothing to delete: the run was deleted earlier, or it never existed.
    AlreadyGone,
    /// The run is gone, but it is unknown whether this call deleted it: the call was retried after a response
    /// was lost, and the lost response may have reported the deletion.
    NowOrBefore,
}

impl Deletion {
    /// `repeated` is whether an earlier request was sent and its response was lost.
    pub(super) fn new(response: DeleteRunResponse, repeated: bool) -> Self {
        Self { response, repeated }
    }

    /// Creates the deletion of a run of which the service responds that it does not exist.
    pub(super) fn not_found(run_id: &str, repeated: bool) -> Self {
        Self::new(DeleteRunResponse::new(false, run_id), repeated)
    }

    /// Returns whether this call deleted the run.
    pub fn outcome(&self) -> DeletionOutcome {
        match (self.response.deleted, self.repeated) {
            (true, _) => DeletionOutcome::Now,
            (false, false) => DeletionOutcome::AlreadyGone,
            (false, true) => DeletionOutcome::NowOrBefore,
        }
    }

    /// Returns the id of the run, as the service spells it.
    pub fn run_id(&self) -> &str {
        &self.response.run_id
    }

    /// Returns the generated type.
    pub fn raw(&self) -> &DeleteRunResponse {
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
