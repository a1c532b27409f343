//! A large event, whole and in pieces.

use crate::Result;

/// Measures, and prints lines.
pub fn lines(_quick: bool) -> Result<()> {
    Ok(())
}
