//! The options and hooks of one call.

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use crate::options::CallOptions;

/// The options of one call, and the hooks of the client that makes the call.
///
/// A context is passed to `send_with` of a generated operation, and is available from the
/// [metadata](crate::ResponseMeta::context) of the response. It is cheap to clone. The default context has the default
/// options and no hooks.
#[derive(Debug, Clone, Default)]
pub struct CallContext {
    options: Option<Arc<CallOptions>>,
    hooks: Option<Arc<dyn CallHooks>>,
}

/// Hooks that a client can run during a call.
///
/// By default, each method does nothing.
pub trait CallHooks: Debug + Send + Sync {
    /// Returns the account that the call is made for. Traces show it.
    fn account(&self) -> Option<&str> {
        None
    }

    /// Called before each attempt and after each failed attempt, with the number of attempts that may have been carried
    /// out so far, including the current one. If the call is dropped, the last reported number is final.
    fn unknown_attempts(&self, _attempts: u32) {}
}

impl CallContext {
    /// Creates a context with the default options and no hooks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the options.
    #[must_use]
    pub fn with_options(mut self, options: impl Into<Arc<CallOptions>>) -> Self {
        self.options = Some(options.into());
        self
    }

    /// Sets the hooks.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Arc<dyn CallHooks>) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// Returns the options.
    pub fn options(&self) -> &CallOptions {
        static DEFAULT: LazyLock<CallOptions> = LazyLock::new(CallOptions::default);
        self.options.as_deref().unwrap_or(&DEFAULT)
    }

    /// Returns the hooks.
    pub fn hooks(&self) -> Option<&dyn CallHooks> {
        self.hooks.as_deref()
    }
}
