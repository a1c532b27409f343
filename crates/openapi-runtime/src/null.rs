//! `null` where a list or a number with a default is expected.

use serde::{Deserialize, Deserializer};

/// Reads `null` as if the field were missing: servers write both.
///
/// # Errors
/// As the type's own.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
