// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Generation of default values for serde.

pub(super) fn run_usage_breakdown_cost_usd() -> ::progenitor_client::Usd {
    ::serde_json::from_str::<::progenitor_client::Usd>("0.0").unwrap()
}
