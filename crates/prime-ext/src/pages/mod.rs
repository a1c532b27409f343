//! Reads tables that a service returns page by page.
//!
//! - [`offset`] reads the pages of a table in order. It does not examine the rows.
//! - [`reconcile`] builds on `offset`. It yields every row once, even if rows move while the table is read.
//!
//! The caller applies filters and limits.

mod offset;
mod reconcile;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use offset::Page;
pub(crate) use reconcile::{Options, Reconciler, Row, Sighting, Sightings};
