// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Types for composing complex structures.

#[derive(Clone, Debug)]
pub struct BillingEntry {
    amount_usd: ::std::result::Result<::progenitor_client::Usd, ::std::string::String>,
    created_at: ::std::result::Result<
        ::progenitor_client::Timestamp,
        ::std::string::String,
    >,
    currency: ::std::result::Result<::std::string::String, ::std::string::String>,
    id: ::std::result::Result<::std::string::String, ::std::string::String>,
    last_billed_at: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Timestamp>,
        ::std::string::String,
    >,
    resource_id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    resource_type: ::std::result::Result<::std::string::String, ::std::string::String>,
    updated_at: ::std::result::Result<
        ::progenitor_client::Timestamp,
        ::std::string::String,
    >,
}

impl ::std::default::Default for BillingEntry {
    fn default() -> Self {
        Self {
            amount_usd: Err("no value supplied for amount_usd".to_string()),
            created_at: Err("no value supplied for created_at".to_string()),
            currency: Err("no value supplied for currency".to_string()),
            id: Err("no value supplied for id".to_string()),
            last_billed_at: Ok(Default::default()),
            resource_id: Ok(Default::default()),
            resource_type: Err("no value supplied for resource_type".to_string()),
            updated_at: Err("no value supplied for updated_at".to_string()),
        }
    }
}

impl BillingEntry {
    pub fn amount_usd<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Usd>,
        T::Error: ::std::fmt::Display,
    {
        self.amount_usd = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for amount_usd: {e}"));
        self
    }
    pub fn created_at<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Timestamp>,
        T::Error: ::std::fmt::Display,
    {
        self.created_at = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for created_at: {e}"));
        self
    }
    pub fn currency<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.currency = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for currency: {e}"));
        self
    }
    pub fn id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for id: {e}"));
        self
    }
    pub fn last_billed_at<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::std::option::Option<::progenitor_client::Timestamp>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.last_billed_at = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for last_billed_at: {e}")
            });
        self
    }
    pub fn resource_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.resource_id = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for resource_id: {e}")
            });
        self
    }
    pub fn resource_type<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.resource_type = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for resource_type: {e}")
            });
        self
    }
    pub fn updated_at<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Timestamp>,
        T::Error: ::std::fmt::Display,
    {
        self.updated_at = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for updated_at: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<BillingEntry> for super::BillingEntry {
    type Error = super::error::ConversionError;
    fn try_from(
        value: BillingEntry,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            amount_usd: value.amount_usd?,
            created_at: value.created_at?,
            currency: value.currency?,
            id: value.id?,
            last_billed_at: value.last_billed_at?,
            resource_id: value.resource_id?,
            resource_type: value.resource_type?,
            updated_at: value.updated_at?,
        })
    }
}

impl ::std::convert::From<super::BillingEntry> for BillingEntry {
    fn from(value: super::BillingEntry) -> Self {
        Self {
            amount_usd: Ok(value.amount_usd),
            created_at: Ok(value.created_at),
            currency: Ok(value.currency),
            id: Ok(value.id),
            last_billed_at: Ok(value.last_billed_at),
            resource_id: Ok(value.resource_id),
            resource_type: Ok(value.resource_type),
            updated_at: Ok(value.updated_at),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CreateDedicatedRunRequest {
    config: ::std::result::Result<
        ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        ::std::string::String,
    >,
    hf_token: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Secret>,
        ::std::string::String,
    >,
    image_tag: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    name: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    team_id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    wandb_api_key: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Secret>,
        ::std::string::String,
    >,
    extra: ::std::result::Result<
        ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for CreateDedicatedRunRequest {
    fn default() -> Self {
        Self {
            config: Err("no value supplied for config".to_string()),
            hf_token: Ok(Default::default()),
            image_tag: Ok(Default::default()),
            name: Ok(Default::default()),
            team_id: Ok(Default::default()),
            wandb_api_key: Ok(Default::default()),
            extra: Ok(Default::default()),
        }
    }
}

impl CreateDedicatedRunRequest {
    pub fn config<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.config = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for config: {e}"));
        self
    }
    pub fn hf_token<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Secret>>,
        T::Error: ::std::fmt::Display,
    {
        self.hf_token = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for hf_token: {e}"));
        self
    }
    pub fn image_tag<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.image_tag = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for image_tag: {e}"));
        self
    }
    pub fn name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.name = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for name: {e}"));
        self
    }
    pub fn team_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.team_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for team_id: {e}"));
        self
    }
    pub fn wandb_api_key<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Secret>>,
        T::Error: ::std::fmt::Display,
    {
        self.wandb_api_key = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for wandb_api_key: {e}")
            });
        self
    }
    pub fn extra<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<
            ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        >,
        T::Error: ::std::fmt::Display,
    {
        self.extra = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for extra: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<CreateDedicatedRunRequest>
for super::CreateDedicatedRunRequest {
    type Error = super::error::ConversionError;
    fn try_from(
        value: CreateDedicatedRunRequest,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            config: value.config?,
            hf_token: value.hf_token?,
            image_tag: value.image_tag?,
            name: value.name?,
            team_id: value.team_id?,
            wandb_api_key: value.wandb_api_key?,
            extra: value.extra?,
        })
    }
}

impl ::std::convert::From<super::CreateDedicatedRunRequest>
for CreateDedicatedRunRequest {
    fn from(value: super::CreateDedicatedRunRequest) -> Self {
        Self {
            config: Ok(value.config),
            hf_token: Ok(value.hf_token),
            image_tag: Ok(value.image_tag),
            name: Ok(value.name),
            team_id: Ok(value.team_id),
            wandb_api_key: Ok(value.wandb_api_key),
            extra: Ok(value.extra),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CreateDedicatedRunResponse {
    estimated_cost_per_hour: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    gpu_type: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    is_beta: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
    job_id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    on_demand: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
    price_per_gpu_hour: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    run_id: ::std::result::Result<::std::string::String, ::std::string::String>,
    token_value: ::std::result::Result<
        ::progenitor_client::Secret,
        ::std::string::String,
    >,
}

impl ::std::default::Default for CreateDedicatedRunResponse {
    fn default() -> Self {
        Self {
            estimated_cost_per_hour: Ok(Default::default()),
            gpu_type: Ok(Default::default()),
            is_beta: Ok(Default::default()),
            job_id: Ok(Default::default()),
            on_demand: Ok(Default::default()),
            price_per_gpu_hour: Ok(Default::default()),
            run_id: Err("no value supplied for run_id".to_string()),
            token_value: Err("no value supplied for token_value".to_string()),
        }
    }
}

impl CreateDedicatedRunResponse {
    pub fn estimated_cost_per_hour<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.estimated_cost_per_hour = value
            .try_into()
            .map_err(|e| {
                format!(
                    "error converting supplied value for estimated_cost_per_hour: {e}"
                )
            });
        self
    }
    pub fn gpu_type<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.gpu_type = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for gpu_type: {e}"));
        self
    }
    pub fn is_beta<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.is_beta = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for is_beta: {e}"));
        self
    }
    pub fn job_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.job_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for job_id: {e}"));
        self
    }
    pub fn on_demand<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<bool>>,
        T::Error: ::std::fmt::Display,
    {
        self.on_demand = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for on_demand: {e}"));
        self
    }
    pub fn price_per_gpu_hour<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.price_per_gpu_hour = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for price_per_gpu_hour: {e}")
            });
        self
    }
    pub fn run_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.run_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for run_id: {e}"));
        self
    }
    pub fn token_value<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Secret>,
        T::Error: ::std::fmt::Display,
    {
        self.token_value = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for token_value: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<CreateDedicatedRunResponse>
for super::CreateDedicatedRunResponse {
    type Error = super::error::ConversionError;
    fn try_from(
        value: CreateDedicatedRunResponse,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            estimated_cost_per_hour: value.estimated_cost_per_hour?,
            gpu_type: value.gpu_type?,
            is_beta: value.is_beta?,
            job_id: value.job_id?,
            on_demand: value.on_demand?,
            price_per_gpu_hour: value.price_per_gpu_hour?,
            run_id: value.run_id?,
            token_value: value.token_value?,
        })
    }
}

impl ::std::convert::From<super::CreateDedicatedRunResponse>
for CreateDedicatedRunResponse {
    fn from(value: super::CreateDedicatedRunResponse) -> Self {
        Self {
            estimated_cost_per_hour: Ok(value.estimated_cost_per_hour),
            gpu_type: Ok(value.gpu_type),
            is_beta: Ok(value.is_beta),
            job_id: Ok(value.job_id),
            on_demand: Ok(value.on_demand),
            price_per_gpu_hour: Ok(value.price_per_gpu_hour),
            run_id: Ok(value.run_id),
            token_value: Ok(value.token_value),
        }
    }
}

#[derive(Clone, Debug)]
pub struct DeleteRunResponse {
    deleted: ::std::result::Result<bool, ::std::string::String>,
    run_id: ::std::result::Result<::std::string::String, ::std::string::String>,
}

impl ::std::default::Default for DeleteRunResponse {
    fn default() -> Self {
        Self {
            deleted: Err("no value supplied for deleted".to_string()),
            run_id: Err("no value supplied for run_id".to_string()),
        }
    }
}

impl DeleteRunResponse {
    pub fn deleted<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<bool>,
        T::Error: ::std::fmt::Display,
    {
        self.deleted = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for deleted: {e}"));
        self
    }
    pub fn run_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.run_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for run_id: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<DeleteRunResponse> for super::DeleteRunResponse {
    type Error = super::error::ConversionError;
    fn try_from(
        value: DeleteRunResponse,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            deleted: value.deleted?,
            run_id: value.run_id?,
        })
    }
}

impl ::std::convert::From<super::DeleteRunResponse> for DeleteRunResponse {
    fn from(value: super::DeleteRunResponse) -> Self {
        Self {
            deleted: Ok(value.deleted),
            run_id: Ok(value.run_id),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ErrorDetail {
    details: ::std::result::Result<::std::string::String, ::std::string::String>,
    param: ::std::result::Result<::std::string::String, ::std::string::String>,
}

impl ::std::default::Default for ErrorDetail {
    fn default() -> Self {
        Self {
            details: Err("no value supplied for details".to_string()),
            param: Err("no value supplied for param".to_string()),
        }
    }
}

impl ErrorDetail {
    pub fn details<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.details = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for details: {e}"));
        self
    }
    pub fn param<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.param = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for param: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ErrorDetail> for super::ErrorDetail {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ErrorDetail,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            details: value.details?,
            param: value.param?,
        })
    }
}

impl ::std::convert::From<super::ErrorDetail> for ErrorDetail {
    fn from(value: super::ErrorDetail) -> Self {
        Self {
            details: Ok(value.details),
            param: Ok(value.param),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ErrorResponse {
    detail: ::std::result::Result<
        ::std::option::Option<::serde_json::Value>,
        ::std::string::String,
    >,
    errors: ::std::result::Result<
        ::std::vec::Vec<super::ErrorDetail>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for ErrorResponse {
    fn default() -> Self {
        Self {
            detail: Ok(Default::default()),
            errors: Ok(Default::default()),
        }
    }
}

impl ErrorResponse {
    pub fn detail<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
        T::Error: ::std::fmt::Display,
    {
        self.detail = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for detail: {e}"));
        self
    }
    pub fn errors<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::ErrorDetail>>,
        T::Error: ::std::fmt::Display,
    {
        self.errors = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for errors: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<ErrorResponse> for super::ErrorResponse {
    type Error = super::error::ConversionError;
    fn try_from(
        value: ErrorResponse,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            detail: value.detail?,
            errors: value.errors?,
        })
    }
}

impl ::std::convert::From<super::ErrorResponse> for ErrorResponse {
    fn from(value: super::ErrorResponse) -> Self {
        Self {
            detail: Ok(value.detail),
            errors: Ok(value.errors),
        }
    }
}

#[derive(Clone, Debug)]
pub struct RunPricing {
    inference_input_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    inference_output_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
    training_per_mtok: ::std::result::Result<
        ::std::option::Option<::progenitor_client::Usd>,
        ::std::string::String,
    >,
}

impl ::std::default::Default for RunPricing {
    fn default() -> Self {
        Self {
            inference_input_per_mtok: Ok(Default::default()),
            inference_output_per_mtok: Ok(Default::default()),
            training_per_mtok: Ok(Default::default()),
        }
    }
}

impl RunPricing {
    pub fn inference_input_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.inference_input_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!(
                    "error converting supplied value for inference_input_per_mtok: {e}"
                )
            });
        self
    }
    pub fn inference_output_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.inference_output_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!(
                    "error converting supplied value for inference_output_per_mtok: {e}"
                )
            });
        self
    }
    pub fn training_per_mtok<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::progenitor_client::Usd>>,
        T::Error: ::std::fmt::Display,
    {
        self.training_per_mtok = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for training_per_mtok: {e}")
            });
        self
    }
}

impl ::std::convert::TryFrom<RunPricing> for super::RunPricing {
    type Error = super::error::ConversionError;
    fn try_from(
        value: RunPricing,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            inference_input_per_mtok: value.inference_input_per_mtok?,
            inference_output_per_mtok: value.inference_output_per_mtok?,
            training_per_mtok: value.training_per_mtok?,
        })
    }
}

impl ::std::convert::From<super::RunPricing> for RunPricing {
    fn from(value: super::RunPricing) -> Self {
        Self {
            inference_input_per_mtok: Ok(value.inference_input_per_mtok),
            inference_output_per_mtok: Ok(value.inference_output_per_mtok),
            training_per_mtok: Ok(value.training_per_mtok),
        }
    }
}

#[derive(Clone, Debug)]
pub struct RunUsageBreakdown {
    cost_usd: ::std::result::Result<::progenitor_client::Usd, ::std::string::String>,
    input_tokens: ::std::result::Result<i64, ::std::string::String>,
    output_tokens: ::std::result::Result<i64, ::std::string::String>,
    tokens: ::std::result::Result<i64, ::std::string::String>,
}

impl ::std::default::Default for RunUsageBreakdown {
    fn default() -> Self {
        Self {
            cost_usd: Ok(super::defaults::run_usage_breakdown_cost_usd()),
            input_tokens: Ok(Default::default()),
            output_tokens: Ok(Default::default()),
            tokens: Ok(Default::default()),
        }
    }
}

impl RunUsageBreakdown {
    pub fn cost_usd<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Usd>,
        T::Error: ::std::fmt::Display,
    {
        self.cost_usd = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for cost_usd: {e}"));
        self
    }
    pub fn input_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<i64>,
        T::Error: ::std::fmt::Display,
    {
        self.input_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for input_tokens: {e}")
            });
        self
    }
    pub fn output_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<i64>,
        T::Error: ::std::fmt::Display,
    {
        self.output_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for output_tokens: {e}")
            });
        self
    }
    pub fn tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<i64>,
        T::Error: ::std::fmt::Display,
    {
        self.tokens = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for tokens: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<RunUsageBreakdown> for super::RunUsageBreakdown {
    type Error = super::error::ConversionError;
    fn try_from(
        value: RunUsageBreakdown,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            cost_usd: value.cost_usd?,
            input_tokens: value.input_tokens?,
            output_tokens: value.output_tokens?,
            tokens: value.tokens?,
        })
    }
}

impl ::std::convert::From<super::RunUsageBreakdown> for RunUsageBreakdown {
    fn from(value: super::RunUsageBreakdown) -> Self {
        Self {
            cost_usd: Ok(value.cost_usd),
            input_tokens: Ok(value.input_tokens),
            output_tokens: Ok(value.output_tokens),
            tokens: Ok(value.tokens),
        }
    }
}

#[derive(Clone, Debug)]
pub struct RunUsageResponse {
    base_model: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    inference: ::std::result::Result<super::RunUsageBreakdown, ::std::string::String>,
    pricing: ::std::result::Result<super::RunPricing, ::std::string::String>,
    record_count: ::std::result::Result<i64, ::std::string::String>,
    run_id: ::std::result::Result<::std::string::String, ::std::string::String>,
    run_name: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    status: ::std::result::Result<
        ::std::option::Option<crate::types::RunStatus>,
        ::std::string::String,
    >,
    total_cost_usd: ::std::result::Result<
        ::progenitor_client::Usd,
        ::std::string::String,
    >,
    total_tokens: ::std::result::Result<i64, ::std::string::String>,
    training: ::std::result::Result<super::RunUsageBreakdown, ::std::string::String>,
}

impl ::std::default::Default for RunUsageResponse {
    fn default() -> Self {
        Self {
            base_model: Ok(Default::default()),
            inference: Err("no value supplied for inference".to_string()),
            pricing: Err("no value supplied for pricing".to_string()),
            record_count: Ok(Default::default()),
            run_id: Err("no value supplied for run_id".to_string()),
            run_name: Ok(Default::default()),
            status: Ok(Default::default()),
            total_cost_usd: Err("no value supplied for total_cost_usd".to_string()),
            total_tokens: Err("no value supplied for total_tokens".to_string()),
            training: Err("no value supplied for training".to_string()),
        }
    }
}

impl RunUsageResponse {
    pub fn base_model<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.base_model = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for base_model: {e}"));
        self
    }
    pub fn inference<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<super::RunUsageBreakdown>,
        T::Error: ::std::fmt::Display,
    {
        self.inference = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for inference: {e}"));
        self
    }
    pub fn pricing<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<super::RunPricing>,
        T::Error: ::std::fmt::Display,
    {
        self.pricing = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for pricing: {e}"));
        self
    }
    pub fn record_count<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<i64>,
        T::Error: ::std::fmt::Display,
    {
        self.record_count = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for record_count: {e}")
            });
        self
    }
    pub fn run_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.run_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for run_id: {e}"));
        self
    }
    pub fn run_name<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.run_name = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for run_name: {e}"));
        self
    }
    pub fn status<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<crate::types::RunStatus>>,
        T::Error: ::std::fmt::Display,
    {
        self.status = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for status: {e}"));
        self
    }
    pub fn total_cost_usd<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Usd>,
        T::Error: ::std::fmt::Display,
    {
        self.total_cost_usd = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for total_cost_usd: {e}")
            });
        self
    }
    pub fn total_tokens<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<i64>,
        T::Error: ::std::fmt::Display,
    {
        self.total_tokens = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for total_tokens: {e}")
            });
        self
    }
    pub fn training<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<super::RunUsageBreakdown>,
        T::Error: ::std::fmt::Display,
    {
        self.training = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for training: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<RunUsageResponse> for super::RunUsageResponse {
    type Error = super::error::ConversionError;
    fn try_from(
        value: RunUsageResponse,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            base_model: value.base_model?,
            inference: value.inference?,
            pricing: value.pricing?,
            record_count: value.record_count?,
            run_id: value.run_id?,
            run_name: value.run_name?,
            status: value.status?,
            total_cost_usd: value.total_cost_usd?,
            total_tokens: value.total_tokens?,
            training: value.training?,
        })
    }
}

impl ::std::convert::From<super::RunUsageResponse> for RunUsageResponse {
    fn from(value: super::RunUsageResponse) -> Self {
        Self {
            base_model: Ok(value.base_model),
            inference: Ok(value.inference),
            pricing: Ok(value.pricing),
            record_count: Ok(value.record_count),
            run_id: Ok(value.run_id),
            run_name: Ok(value.run_name),
            status: Ok(value.status),
            total_cost_usd: Ok(value.total_cost_usd),
            total_tokens: Ok(value.total_tokens),
            training: Ok(value.training),
        }
    }
}

#[derive(Clone, Debug)]
pub struct WalletResponse {
    balance_usd: ::std::result::Result<::progenitor_client::Usd, ::std::string::String>,
    currency: ::std::result::Result<::std::string::String, ::std::string::String>,
    recent_billings: ::std::result::Result<
        ::std::vec::Vec<super::BillingEntry>,
        ::std::string::String,
    >,
    team_id: ::std::result::Result<
        ::std::option::Option<::std::string::String>,
        ::std::string::String,
    >,
    total_billings: ::std::result::Result<i64, ::std::string::String>,
    wallet_id: ::std::result::Result<::std::string::String, ::std::string::String>,
}

impl ::std::default::Default for WalletResponse {
    fn default() -> Self {
        Self {
            balance_usd: Err("no value supplied for balance_usd".to_string()),
            currency: Err("no value supplied for currency".to_string()),
            recent_billings: Err("no value supplied for recent_billings".to_string()),
            team_id: Ok(Default::default()),
            total_billings: Err("no value supplied for total_billings".to_string()),
            wallet_id: Err("no value supplied for wallet_id".to_string()),
        }
    }
}

impl WalletResponse {
    pub fn balance_usd<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::progenitor_client::Usd>,
        T::Error: ::std::fmt::Display,
    {
        self.balance_usd = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for balance_usd: {e}")
            });
        self
    }
    pub fn currency<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.currency = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for currency: {e}"));
        self
    }
    pub fn recent_billings<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::vec::Vec<super::BillingEntry>>,
        T::Error: ::std::fmt::Display,
    {
        self.recent_billings = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for recent_billings: {e}")
            });
        self
    }
    pub fn team_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
        T::Error: ::std::fmt::Display,
    {
        self.team_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for team_id: {e}"));
        self
    }
    pub fn total_billings<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<i64>,
        T::Error: ::std::fmt::Display,
    {
        self.total_billings = value
            .try_into()
            .map_err(|e| {
                format!("error converting supplied value for total_billings: {e}")
            });
        self
    }
    pub fn wallet_id<T>(mut self, value: T) -> Self
    where
        T: ::std::convert::TryInto<::std::string::String>,
        T::Error: ::std::fmt::Display,
    {
        self.wallet_id = value
            .try_into()
            .map_err(|e| format!("error converting supplied value for wallet_id: {e}"));
        self
    }
}

impl ::std::convert::TryFrom<WalletResponse> for super::WalletResponse {
    type Error = super::error::ConversionError;
    fn try_from(
        value: WalletResponse,
    ) -> ::std::result::Result<Self, super::error::ConversionError> {
        Ok(Self {
            balance_usd: value.balance_usd?,
            currency: value.currency?,
            recent_billings: value.recent_billings?,
            team_id: value.team_id?,
            total_billings: value.total_billings?,
            wallet_id: value.wallet_id?,
        })
    }
}

impl ::std::convert::From<super::WalletResponse> for WalletResponse {
    fn from(value: super::WalletResponse) -> Self {
        Self {
            balance_usd: Ok(value.balance_usd),
            currency: Ok(value.currency),
            recent_billings: Ok(value.recent_billings),
            team_id: Ok(value.team_id),
            total_billings: Ok(value.total_billings),
            wallet_id: Ok(value.wallet_id),
        }
    }
}
