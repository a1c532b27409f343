//! Tables that a service returns page by page.
//!
//! - [`offset`] reads the pages of a table in order. It knows nothing about the rows.
//! - [`reconcile`] builds on it. It yields every row once, although rows move while the table is read.
//!
//! Filters and limits belong to the caller.

mod offset;
mod reconcile;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use offset::Page;
pub(crate) use reconcile::{Options, Reconciler, Row, Sighting, Sightings};
