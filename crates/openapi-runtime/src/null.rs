//! Deserializes `null` as the default value.

use serde::{Deserialize, Deserializer};

/// Deserializes `null` as the default value. Some servers send `null` for missing fields.
///
/// # Errors
/// If the value cannot be deserialized as a `T`.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
