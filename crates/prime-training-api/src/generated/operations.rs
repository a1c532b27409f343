// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

//! What the specification says of each operation.

pub use progenitor_client::Operation;

/// Every operation, in the order of the specification.
pub const ALL: &[Operation] = &[GET_RUN_USAGE, GET_WALLET, CREATE_RUN, DELETE_RUN];

/// Token usage and cost for a single RFT run: `GET /api/v1/billing/runs/{run_id}/usage`.
pub const GET_RUN_USAGE: Operation = Operation::new(
    "get_run_usage",
    "GET",
    "/api/v1/billing/runs/{run_id}/usage",
    false,
);

/// Wallet balance + most recent billing rows: `GET /api/v1/billing/wallet`.
pub const GET_WALLET: Operation = Operation::new(
    "get_wallet",
    "GET",
    "/api/v1/billing/wallet",
    false,
);

/// Create Dedicated Run: `POST /api/v1/training/runs`.
pub const CREATE_RUN: Operation = Operation::new(
    "create_run",
    "POST",
    "/api/v1/training/runs",
    false,
);

/// Delete Dedicated Run: `DELETE /api/v1/training/runs/{run_id}`.
pub const DELETE_RUN: Operation = Operation::new(
    "delete_run",
    "DELETE",
    "/api/v1/training/runs/{run_id}",
    false,
);
