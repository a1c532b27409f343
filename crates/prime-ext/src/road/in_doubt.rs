//! What a call that is dropped half-way leaves behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many attempts of a call may have been carried out, for who counts also a call that is dropped
/// half-way.
#[derive(Debug, Clone, Default)]
pub(crate) struct InDoubt(Arc<AtomicU32>);

impl InDoubt {
    /// So many attempts may have been carried out: those that ended without saying so, and the one that goes
    /// on, if one does.
    pub(crate) fn attempts(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, attempts: u32) {
        self.0.store(attempts, Ordering::Relaxed);
    }
}
