// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Types used as operation parameters and responses.
#![allow(clippy::all)]

mod enums;
pub use self::enums::*;
pub mod error;
mod defaults;
pub mod builder;

/// A single row from the Billing table, with the resource derived from
/// whichever foreign-key column is non-null.
///
/// `resource_type` mirrors the strings the dashboard's billing page filters
/// by (`compute`, `training`, `inference`, `disks`, `sandboxes`, `images`).
/// `resource_id` is the matching FK value, so callers can drill back into
/// the run / pod / disk / etc. that produced the charge.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct BillingEntry {
    /// What was charged in this row.
    pub amount_usd: ::progenitor_client::Usd,
    pub created_at: ::progenitor_client::Timestamp,
    pub currency: ::std::string::String,
    pub id: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub last_billed_at: ::std::option::Option<::progenitor_client::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub resource_id: ::std::option::Option<::std::string::String>,
    pub resource_type: ::std::string::String,
    pub updated_at: ::progenitor_client::Timestamp,
}

impl BillingEntry {
    pub fn builder() -> builder::BillingEntry {
        Default::default()
    }
}

/// `CreateDedicatedRunRequest`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct CreateDedicatedRunRequest {
    /// Full prime-rl-style TOML, parsed to a dict. Same shape as `prime-rl/examples/*/rl.toml`; the platform splits it into trainer / orchestrator / inference subconfigs and bakes each into the corresponding pod's startup command.
    pub config: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    /// HF token for gated/private model downloads.
    ///
    /// On the wire: `hfToken`.
    #[serde(rename = "hfToken", skip_serializing_if = "::std::option::Option::is_none")]
    pub hf_token: ::std::option::Option<::progenitor_client::Secret>,
    /// prime-rl container image tag. If it is left out, the service takes `"main"`.
    ///
    /// On the wire: `imageTag`.
    #[serde(rename = "imageTag", skip_serializing_if = "::std::option::Option::is_none")]
    pub image_tag: ::std::option::Option<::std::string::String>,
    /// Optional human-readable run name
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
    /// Owning team (defaults to caller's user)
    ///
    /// On the wire: `teamId`.
    #[serde(rename = "teamId", skip_serializing_if = "::std::option::Option::is_none")]
    pub team_id: ::std::option::Option<::std::string::String>,
    /// W&B key. Materialised into the run's k8s Secret only — never stored on the RFTRun row.
    ///
    /// On the wire: `wandbApiKey`.
    #[serde(
        rename = "wandbApiKey",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub wandb_api_key: ::std::option::Option<::progenitor_client::Secret>,
    #[serde(flatten)]
    pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
}

impl CreateDedicatedRunRequest {
    /// With what is required, and nothing else.
    pub fn new(
        config: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    ) -> Self {
        Self {
            config: config,
            hf_token: Default::default(),
            image_tag: Default::default(),
            name: Default::default(),
            team_id: Default::default(),
            wandb_api_key: Default::default(),
            extra: Default::default(),
        }
    }
}

impl CreateDedicatedRunRequest {
    /// The fields that the specification lists, by their names on the wire.
    pub const FIELDS: &'static [&'static str] = &[
        "config",
        "hfToken",
        "imageTag",
        "name",
        "teamId",
        "wandbApiKey",
    ];
}

impl CreateDedicatedRunRequest {
    pub fn builder() -> builder::CreateDedicatedRunRequest {
        Default::default()
    }
}

/// `CreateDedicatedRunResponse`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct CreateDedicatedRunResponse {
    /// US dollars for an hour of the run.
    ///
    /// On the wire: `estimatedCostPerHour`.
    #[serde(
        rename = "estimatedCostPerHour",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub estimated_cost_per_hour: ::std::option::Option<::progenitor_client::Usd>,
    /// On the wire: `gpuType`.
    #[serde(rename = "gpuType", skip_serializing_if = "::std::option::Option::is_none")]
    pub gpu_type: ::std::option::Option<::std::string::String>,
    /// On the wire: `isBeta`.
    #[serde(rename = "isBeta", skip_serializing_if = "::std::option::Option::is_none")]
    pub is_beta: ::std::option::Option<bool>,
    /// On the wire: `jobId`.
    #[serde(rename = "jobId", skip_serializing_if = "::std::option::Option::is_none")]
    pub job_id: ::std::option::Option<::std::string::String>,
    /// On the wire: `onDemand`.
    #[serde(rename = "onDemand", skip_serializing_if = "::std::option::Option::is_none")]
    pub on_demand: ::std::option::Option<bool>,
    /// US dollars for a GPU and hour.
    ///
    /// On the wire: `pricePerGpuHour`.
    #[serde(
        rename = "pricePerGpuHour",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub price_per_gpu_hour: ::std::option::Option<::progenitor_client::Usd>,
    /// On the wire: `runId`.
    #[serde(rename = "runId")]
    pub run_id: ::std::string::String,
    /// PRIME_API_KEY for this run. Returned once — the platform stores only the token id.
    ///
    /// On the wire: `tokenValue`.
    #[serde(rename = "tokenValue")]
    pub token_value: ::progenitor_client::Secret,
}

impl CreateDedicatedRunResponse {
    /// With what is required, and nothing else.
    pub fn new(
        run_id: impl Into<::std::string::String>,
        token_value: ::progenitor_client::Secret,
    ) -> Self {
        Self {
            estimated_cost_per_hour: Default::default(),
            gpu_type: Default::default(),
            is_beta: Default::default(),
            job_id: Default::default(),
            on_demand: Default::default(),
            price_per_gpu_hour: Default::default(),
            run_id: run_id.into(),
            token_value: token_value,
        }
    }
}

impl CreateDedicatedRunResponse {
    pub fn builder() -> builder::CreateDedicatedRunResponse {
        Default::default()
    }
}

/// `DeleteRunResponse`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct DeleteRunResponse {
    pub deleted: bool,
    /// On the wire: `runId`.
    #[serde(rename = "runId")]
    pub run_id: ::std::string::String,
}

impl DeleteRunResponse {
    /// With what is required, and nothing else.
    pub fn new(deleted: bool, run_id: impl Into<::std::string::String>) -> Self {
        Self {
            deleted: deleted,
            run_id: run_id.into(),
        }
    }
}

impl DeleteRunResponse {
    pub fn builder() -> builder::DeleteRunResponse {
        Default::default()
    }
}

/// `ErrorDetail`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct ErrorDetail {
    pub details: ::std::string::String,
    pub param: ::std::string::String,
}

impl ErrorDetail {
    pub fn builder() -> builder::ErrorDetail {
        Default::default()
    }
}

/// `ErrorResponse`
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// A sentence, or a list of `{"loc", "msg"}`.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub detail: ::std::option::Option<::serde_json::Value>,
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub errors: ::std::vec::Vec<ErrorDetail>,
}

impl ErrorResponse {
    pub fn builder() -> builder::ErrorResponse {
        Default::default()
    }
}

/// Snapshotted per-million-token pricing used to bill the run.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
#[non_exhaustive]
pub struct RunPricing {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub inference_input_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub inference_output_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub training_per_mtok: ::std::option::Option<::progenitor_client::Usd>,
}

impl RunPricing {
    pub fn builder() -> builder::RunPricing {
        Default::default()
    }
}

/// Token + cost totals for a single usage type within a run.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct RunUsageBreakdown {
    /// Total cost charged for this usage type
    #[serde(default = "defaults::run_usage_breakdown_cost_usd")]
    #[serde(deserialize_with = "run_usage_breakdown_cost_usd_for_null")]
    pub cost_usd: ::progenitor_client::Usd,
    /// Total input tokens (only populated for INFERENCE)
    #[serde(default)]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub input_tokens: i64,
    /// Total output tokens (only populated for INFERENCE)
    #[serde(default)]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub output_tokens: i64,
    /// Total tokens recorded for this usage type
    #[serde(default)]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub tokens: i64,
}

impl ::std::default::Default for RunUsageBreakdown {
    fn default() -> Self {
        Self {
            cost_usd: defaults::run_usage_breakdown_cost_usd(),
            input_tokens: Default::default(),
            output_tokens: Default::default(),
            tokens: Default::default(),
        }
    }
}

impl RunUsageBreakdown {
    pub fn builder() -> builder::RunUsageBreakdown {
        Default::default()
    }
}

/// Per-run usage totals — drives `prime train usage <run_id>`.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct RunUsageResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub base_model: ::std::option::Option<::std::string::String>,
    pub inference: RunUsageBreakdown,
    pub pricing: RunPricing,
    #[serde(default)]
    #[serde(deserialize_with = "::progenitor_client::null_as_default")]
    pub record_count: i64,
    pub run_id: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub run_name: ::std::option::Option<::std::string::String>,
    /// Compared without regard to case. A run that is STOPPED, FAILED, COMPLETED or PAUSED has ended.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub status: ::std::option::Option<crate::types::RunStatus>,
    pub total_cost_usd: ::progenitor_client::Usd,
    pub total_tokens: i64,
    pub training: RunUsageBreakdown,
}

impl RunUsageResponse {
    pub fn builder() -> builder::RunUsageResponse {
        Default::default()
    }
}

/// Snapshot of a wallet's balance + most recent billing rows.
///
/// Drives `prime wallet`. One call returns everything an agent needs to
/// audit the billing flow against a known training run.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[non_exhaustive]
pub struct WalletResponse {
    /// Current balance in USD
    pub balance_usd: ::progenitor_client::Usd,
    pub currency: ::std::string::String,
    pub recent_billings: ::std::vec::Vec<BillingEntry>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub team_id: ::std::option::Option<::std::string::String>,
    /// Total billing rows on the wallet (across all pages)
    pub total_billings: i64,
    pub wallet_id: ::std::string::String,
}

impl WalletResponse {
    pub fn builder() -> builder::WalletResponse {
        Default::default()
    }
}

fn run_usage_breakdown_cost_usd_for_null<'de, D: ::serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<::progenitor_client::Usd, D::Error> {
    let value: Option<::progenitor_client::Usd> = ::serde::Deserialize::deserialize(
        deserializer,
    )?;
    Ok(value.unwrap_or_else(defaults::run_usage_breakdown_cost_usd))
}
