//! Constructs tool choices.

use crate::types::{NamedToolChoice, ToolChoice, ToolChoiceMode, ToolName};

impl ToolChoice {
    /// The model decides whether it calls tools. This is the service's default if there are tools.
    pub fn auto() -> Self {
        Self::Mode(ToolChoiceMode::Auto)
    }

    /// The model calls no tool.
    pub fn none() -> Self {
        Self::Mode(ToolChoiceMode::None)
    }

    /// The model calls at least one tool.
    pub fn required() -> Self {
        Self::Mode(ToolChoiceMode::Required)
    }

    /// The model calls the function of this name.
    pub fn function(name: impl Into<String>) -> Self {
        Self::NamedToolChoice(NamedToolChoice {
            function: Some(ToolName::new(name)),
            ..NamedToolChoice::new("function")
        })
    }

    /// The model calls the custom tool of this name.
    pub fn custom(name: impl Into<String>) -> Self {
        Self::NamedToolChoice(NamedToolChoice {
            custom: Some(ToolName::new(name)),
            ..NamedToolChoice::new("custom")
        })
    }
}

/// A mode, such as `auto`.
impl From<&str> for ToolChoice {
    fn from(mode: &str) -> Self {
        Self::Mode(mode.into())
    }
}
