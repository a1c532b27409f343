//! Clients and replies for the tests.
