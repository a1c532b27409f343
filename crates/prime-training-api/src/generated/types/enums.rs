// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

/// Compared without regard to case. A run that is STOPPED, FAILED, COMPLETED or PAUSED has ended.
///
/// A value that nobody listed is kept as it came, and goes back the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RunStatus {
    /// `QUEUED`.
    Queued,
    /// `PENDING`.
    Pending,
    /// `RUNNING`.
    Running,
    /// `PAUSING`.
    Pausing,
    /// `STOPPED`.
    Stopped,
    /// `FAILED`.
    Failed,
    /// `COMPLETED`.
    Completed,
    /// `PAUSED`.
    Paused,
    /// Any other value.
    Other(String),
}

impl RunStatus {
    /// The listed values.
    pub const LISTED: &'static [Self] = &[
        Self::Queued,
        Self::Pending,
        Self::Running,
        Self::Pausing,
        Self::Stopped,
        Self::Failed,
        Self::Completed,
        Self::Paused,
    ];
    /// The value as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "QUEUED",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Pausing => "PAUSING",
            Self::Stopped => "STOPPED",
            Self::Failed => "FAILED",
            Self::Completed => "COMPLETED",
            Self::Paused => "PAUSED",
            Self::Other(value) => value,
        }
    }
    fn listed(value: &str) -> Option<Self> {
        match value {
            "QUEUED" => Some(Self::Queued),
            "PENDING" => Some(Self::Pending),
            "RUNNING" => Some(Self::Running),
            "PAUSING" => Some(Self::Pausing),
            "STOPPED" => Some(Self::Stopped),
            "FAILED" => Some(Self::Failed),
            "COMPLETED" => Some(Self::Completed),
            "PAUSED" => Some(Self::Paused),
            _ => None,
        }
    }
}

impl From<&str> for RunStatus {
    fn from(value: &str) -> Self {
        Self::listed(value).unwrap_or_else(|| Self::Other(value.to_owned()))
    }
}

impl From<String> for RunStatus {
    fn from(value: String) -> Self {
        Self::listed(&value).unwrap_or(Self::Other(value))
    }
}

impl ::std::str::FromStr for RunStatus {
    type Err = ::std::convert::Infallible;
    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(value.into())
    }
}

impl ::std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl PartialEq<str> for RunStatus {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for RunStatus {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl ::serde::Serialize for RunStatus {
    fn serialize<S: ::serde::Serializer>(
        &self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> ::serde::Deserialize<'de> for RunStatus {
    fn deserialize<D: ::serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        struct Visitor;
        impl ::serde::de::Visitor<'_> for Visitor {
            type Value = RunStatus;
            fn expecting(
                &self,
                f: &mut ::std::fmt::Formatter<'_>,
            ) -> ::std::fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(value.into())
            }
            fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
                Ok(value.into())
            }
        }
        deserializer.deserialize_string(Visitor)
    }
}
