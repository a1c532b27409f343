//! Validated query parameters.

use std::collections::HashMap;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;

use crate::document;
use crate::errors::{ApiError, platform};
use crate::operation::Operation;

/// The query of a request, as extracted.
pub(crate) type RawQuery = Result<Query<HashMap<String, String>>, QueryRejection>;

/// The query parameters of a request, validated against the specification.
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(crate) fn new(operation: Operation, query: RawQuery) -> Result<Self, ApiError> {
        let Query(query) = query.map_err(|error| {
            platform::params(vec![platform::param("query", &error.to_string())])
        })?;
        let problems = document::query(operation, &query);
        if problems.is_empty() {
            return Ok(Self(query));
        }
        let problems = problems.iter();
        let problems = problems.map(|problem| platform::param(&problem.param, &problem.message));
        Err(platform::params(problems.collect()))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}
