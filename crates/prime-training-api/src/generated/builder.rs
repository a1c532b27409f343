// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Types for composing operation parameters.
#![allow(clippy::all)]

use super::types;
#[allow(unused_imports)]
use super::{
    ByteStream, ClientInfo, ClientHooks, Error, OperationInfo, RequestBuilderExt,
    ResponseValue,
};

/// Builder for [`Client::get_run_usage`]
///
/// [`Client::get_run_usage`]: super::Client::get_run_usage
#[derive(Debug, Clone)]
pub struct GetRunUsage<'a> {
    client: &'a super::Client,
    run_id: Result<::std::string::String, String>,
}

impl<'a> GetRunUsage<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            run_id: Err("run_id was not initialized".to_string()),
        }
    }
    pub fn run_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.run_id = value
            .try_into()
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for run_id failed"
                    .to_string()
            });
        self
    }
    /// Sends `GET /api/v1/billing/runs/{run_id}/usage`.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<types::RunUsageResponse>, Error<types::ErrorResponse>> {
        let Self { client, run_id } = self;
        let run_id = run_id.map_err(Error::InvalidRequest)?;
        let url = format!(
            "{}/api/v1/billing/runs/{}/usage", client.baseurl,
            progenitor_client::path_segment("run_id", & run_id.to_string()) ?,
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        #[allow(unused_mut)]
        let mut request = client
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = super::operations::GET_RUN_USAGE;
        let result = client.exec(request, &info).await;
        let response = result?;
        match response.status().as_u16() {
            200..=299 => ResponseValue::from_response(response).await,
            400u16..=499u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            500u16..=599u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}

/// Builder for [`Client::get_wallet`]
///
/// [`Client::get_wallet`]: super::Client::get_wallet
#[derive(Debug, Clone)]
pub struct GetWallet<'a> {
    client: &'a super::Client,
    limit: Result<Option<i64>, String>,
    offset: Result<Option<i64>, String>,
    team_id: Result<Option<::std::string::String>, String>,
}

impl<'a> GetWallet<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            limit: Ok(None),
            offset: Ok(None),
            team_id: Ok(None),
        }
    }
    pub fn limit<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<i64>,
    {
        self.limit = value
            .try_into()
            .map(Some)
            .map_err(|_| "conversion to `i64` for limit failed".to_string());
        self
    }
    pub fn offset<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<i64>,
    {
        self.offset = value
            .try_into()
            .map(Some)
            .map_err(|_| "conversion to `i64` for offset failed".to_string());
        self
    }
    pub fn team_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.team_id = value
            .try_into()
            .map(Some)
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for team_id failed"
                    .to_string()
            });
        self
    }
    /// Sends `GET /api/v1/billing/wallet`.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<types::WalletResponse>, Error<types::ErrorResponse>> {
        let Self { client, limit, offset, team_id } = self;
        let limit = limit.map_err(Error::InvalidRequest)?;
        let offset = offset.map_err(Error::InvalidRequest)?;
        let team_id = team_id.map_err(Error::InvalidRequest)?;
        progenitor_client::check_limits(
            "limit",
            &limit,
            "at least 1, at most 100",
            |n| n >= 1f64 && n <= 100f64,
        )?;
        progenitor_client::check_limits("offset", &offset, "at least 0", |n| n >= 0f64)?;
        let url = format!("{}/api/v1/billing/wallet", client.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        #[allow(unused_mut)]
        let mut request = client
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("limit", &limit))
            .query(&progenitor_client::QueryParam::new("offset", &offset))
            .query(&progenitor_client::QueryParam::new("teamId", &team_id))
            .headers(header_map)
            .build()?;
        let info = super::operations::GET_WALLET;
        let result = client.exec(request, &info).await;
        let response = result?;
        match response.status().as_u16() {
            200..=299 => ResponseValue::from_response(response).await,
            400u16..=499u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            500u16..=599u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}

/// Builder for [`Client::create_run`]
///
/// [`Client::create_run`]: super::Client::create_run
#[derive(Debug, Clone)]
pub struct CreateRun<'a> {
    client: &'a super::Client,
    body: Result<types::builder::CreateDedicatedRunRequest, String>,
}

impl<'a> CreateRun<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            body: Ok(::std::default::Default::default()),
        }
    }
    pub fn body<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<types::CreateDedicatedRunRequest>,
        <V as std::convert::TryInto<
            types::CreateDedicatedRunRequest,
        >>::Error: std::fmt::Display,
    {
        self.body = value
            .try_into()
            .map(From::from)
            .map_err(|s| {
                format!(
                    "conversion to `CreateDedicatedRunRequest` for body failed: {}", s
                )
            });
        self
    }
    pub fn body_map<F>(mut self, f: F) -> Self
    where
        F: std::ops::FnOnce(
            types::builder::CreateDedicatedRunRequest,
        ) -> types::builder::CreateDedicatedRunRequest,
    {
        self.body = self.body.map(f);
        self
    }
    /// Sends `POST /api/v1/training/runs`.
    pub async fn send(
        self,
    ) -> Result<
        ResponseValue<types::CreateDedicatedRunResponse>,
        Error<types::ErrorResponse>,
    > {
        let Self { client, body } = self;
        let body = body
            .and_then(|v| {
                types::CreateDedicatedRunRequest::try_from(v).map_err(|e| e.to_string())
            })
            .map_err(Error::InvalidRequest)?;
        let url = format!("{}/api/v1/training/runs", client.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        #[allow(unused_mut)]
        let mut request = client
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = super::operations::CREATE_RUN;
        let result = client.exec(request, &info).await;
        let response = result?;
        match response.status().as_u16() {
            200..=299 => ResponseValue::from_response(response).await,
            400u16..=499u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            500u16..=599u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}

/// Builder for [`Client::delete_run`]
///
/// [`Client::delete_run`]: super::Client::delete_run
#[derive(Debug, Clone)]
pub struct DeleteRun<'a> {
    client: &'a super::Client,
    run_id: Result<::std::string::String, String>,
}

impl<'a> DeleteRun<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            run_id: Err("run_id was not initialized".to_string()),
        }
    }
    pub fn run_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.run_id = value
            .try_into()
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for run_id failed"
                    .to_string()
            });
        self
    }
    /// Sends `DELETE /api/v1/training/runs/{run_id}`.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<types::DeleteRunResponse>, Error<types::ErrorResponse>> {
        let Self { client, run_id } = self;
        let run_id = run_id.map_err(Error::InvalidRequest)?;
        let url = format!(
            "{}/api/v1/training/runs/{}", client.baseurl,
            progenitor_client::path_segment("run_id", & run_id.to_string()) ?,
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        #[allow(unused_mut)]
        let mut request = client
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = super::operations::DELETE_RUN;
        let result = client.exec(request, &info).await;
        let response = result?;
        match response.status().as_u16() {
            200..=299 => ResponseValue::from_response(response).await,
            400u16..=499u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            500u16..=599u16 => {
                Err(Error::ErrorResponse(ResponseValue::from_response(response).await?))
            }
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}
