//! What belongs to one call.

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use crate::options::CallOptions;

/// What belongs to one call: its options, and the hooks of the layer above.
///
/// It is passed to the `send_with` of a generated operation, down to each attempt, and comes back in the
/// [metadata](crate::ResponseMeta::context) of the response. A clone is cheap. The default has the default options
/// and no hooks.
#[derive(Debug, Clone, Default)]
pub struct CallContext {
    options: Option<Arc<CallOptions>>,
    hooks: Option<Arc<dyn CallHooks>>,
}

/// What the layer above does at points of a call.
///
/// Each method has a default that does nothing.
pub trait CallHooks: Debug + Send + Sync {
    /// The account that the call is made for, as traces show it.
    fn account(&self) -> Option<&str> {
        None
    }

    /// Called before each attempt and after each that failed, with the number of attempts that may have been carried
    /// out so far, the one under way included. If the call is dropped, the last number counts.
    fn attempts_in_doubt(&self, _attempts: u32) {}
}

impl CallContext {
    /// A context with the default options and no hooks.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same context with other options.
    #[must_use]
    pub fn with_options(mut self, options: impl Into<Arc<CallOptions>>) -> Self {
        self.options = Some(options.into());
        self
    }

    /// The same context with other hooks.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Arc<dyn CallHooks>) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// The options.
    pub fn options(&self) -> &CallOptions {
        static DEFAULT: LazyLock<CallOptions> = LazyLock::new(CallOptions::default);
        self.options.as_deref().unwrap_or(&DEFAULT)
    }

    /// The hooks.
    pub fn hooks(&self) -> Option<&dyn CallHooks> {
        self.hooks.as_deref()
    }
}
