//! The hook that sees every call before it runs.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::transcript::PendingCall;

/// The hook of [`ToolLoop::before_call`](super::ToolLoop::before_call).
pub(super) type Hook = Box<dyn FnMut(PendingCall) -> BoxFuture<'static, CallDecision> + Send>;

/// Whether a call may run. Returned by the hook of [`ToolLoop::before_call`](super::ToolLoop::before_call).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CallDecision {
    /// The call runs.
    Run,
    /// The call runs with other arguments. The model is not told: its own arguments stay in the conversation.
    RunWith(Value),
    /// The call does not run. The model receives the reason.
    Deny(String),
    /// No call of this response runs, and the loop ends with [`LoopEnd::Stopped`](super::LoopEnd::Stopped).
    Stop,
}

impl CallDecision {
    /// Denies the call for this reason.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::Deny(reason.into())
    }
}
