// Generated from specs/inference.yml and its overlays by `cargo xtask generate`. Do not edit.

//! Types for composing operation parameters.
#![allow(clippy::all)]

use super::types;
#[allow(unused_imports)]
use super::{
    ByteStream, ClientInfo, ClientHooks, Error, OperationInfo, RequestBuilderExt,
    ResponseValue,
};

/// Builder for [`Client::list_models`]
///
/// [`Client::list_models`]: super::Client::list_models
#[derive(Debug, Clone)]
pub struct ListModels<'a> {
    client: &'a super::Client,
    x_prime_team_id: Result<Option<::std::string::String>, String>,
}

impl<'a> ListModels<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            x_prime_team_id: Ok(None),
        }
    }
    pub fn x_prime_team_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.x_prime_team_id = value
            .try_into()
            .map(Some)
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for x_prime_team_id failed"
                    .to_string()
            });
        self
    }
    /// Sends `GET /models`, documented at <https://docs.primeintellect.ai/inference/overview>.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<types::ModelList>, Error<types::ErrorBody>> {
        let Self { client, x_prime_team_id } = self;
        let x_prime_team_id = x_prime_team_id.map_err(Error::InvalidRequest)?;
        let url = format!("{}/models", client.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
        if let Some(value) = x_prime_team_id {
            header_map.append("X-Prime-Team-ID", value.to_string().try_into()?);
        }
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
        let info = super::operations::LIST_MODELS;
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

/// Builder for [`Client::create_chat_completion`]
///
/// [`Client::create_chat_completion`]: super::Client::create_chat_completion
#[derive(Debug, Clone)]
pub struct CreateChatCompletion<'a> {
    client: &'a super::Client,
    x_prime_team_id: Result<Option<::std::string::String>, String>,
    body: Result<types::builder::ChatCompletionRequest, String>,
}

impl<'a> CreateChatCompletion<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            x_prime_team_id: Ok(None),
            body: Ok(::std::default::Default::default()),
        }
    }
    pub fn x_prime_team_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.x_prime_team_id = value
            .try_into()
            .map(Some)
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for x_prime_team_id failed"
                    .to_string()
            });
        self
    }
    pub fn body<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<types::ChatCompletionRequest>,
        <V as std::convert::TryInto<
            types::ChatCompletionRequest,
        >>::Error: std::fmt::Display,
    {
        self.body = value
            .try_into()
            .map(From::from)
            .map_err(|s| {
                format!("conversion to `ChatCompletionRequest` for body failed: {}", s)
            });
        self
    }
    pub fn body_map<F>(mut self, f: F) -> Self
    where
        F: std::ops::FnOnce(
            types::builder::ChatCompletionRequest,
        ) -> types::builder::ChatCompletionRequest,
    {
        self.body = self.body.map(f);
        self
    }
    /// Sends `POST /chat/completions`, documented at <https://docs.primeintellect.ai/inference/overview>.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<types::ChatCompletionResponse>, Error<types::ErrorBody>> {
        let Self { client, x_prime_team_id, body } = self;
        let x_prime_team_id = x_prime_team_id.map_err(Error::InvalidRequest)?;
        let body = body
            .and_then(|v| {
                types::ChatCompletionRequest::try_from(v).map_err(|e| e.to_string())
            })
            .map_err(Error::InvalidRequest)?;
        body.check_limits()?;
        let url = format!("{}/chat/completions", client.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
        if let Some(value) = x_prime_team_id {
            header_map.append("X-Prime-Team-ID", value.to_string().try_into()?);
        }
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
        let info = super::operations::CREATE_CHAT_COMPLETION;
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

/// Builder for [`Client::create_chat_completion_stream`]
///
/// [`Client::create_chat_completion_stream`]: super::Client::create_chat_completion_stream
#[derive(Debug, Clone)]
pub struct CreateChatCompletionStream<'a> {
    client: &'a super::Client,
    x_prime_team_id: Result<Option<::std::string::String>, String>,
    body: Result<types::builder::ChatCompletionRequest, String>,
}

impl<'a> CreateChatCompletionStream<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            x_prime_team_id: Ok(None),
            body: Ok(::std::default::Default::default()),
        }
    }
    pub fn x_prime_team_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.x_prime_team_id = value
            .try_into()
            .map(Some)
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for x_prime_team_id failed"
                    .to_string()
            });
        self
    }
    pub fn body<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<types::ChatCompletionRequest>,
        <V as std::convert::TryInto<
            types::ChatCompletionRequest,
        >>::Error: std::fmt::Display,
    {
        self.body = value
            .try_into()
            .map(From::from)
            .map_err(|s| {
                format!("conversion to `ChatCompletionRequest` for body failed: {}", s)
            });
        self
    }
    pub fn body_map<F>(mut self, f: F) -> Self
    where
        F: std::ops::FnOnce(
            types::builder::ChatCompletionRequest,
        ) -> types::builder::ChatCompletionRequest,
    {
        self.body = self.body.map(f);
        self
    }
    /// Sends `POST /chat/completions`, documented at <https://docs.primeintellect.ai/inference/overview>.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<ByteStream>, Error<types::ErrorBody>> {
        let Self { client, x_prime_team_id, body } = self;
        let x_prime_team_id = x_prime_team_id.map_err(Error::InvalidRequest)?;
        let body = body
            .and_then(|v| {
                types::ChatCompletionRequest::try_from(v).map_err(|e| e.to_string())
            })
            .map_err(Error::InvalidRequest)?;
        body.check_limits()?;
        let url = format!("{}/chat/completions", client.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
        if let Some(value) = x_prime_team_id {
            header_map.append("X-Prime-Team-ID", value.to_string().try_into()?);
        }
        #[allow(unused_mut)]
        let mut request = client
            .client
            .post(url)
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = super::operations::CREATE_CHAT_COMPLETION_STREAM;
        let result = client.exec(request, &info).await;
        let response = result?;
        match response.status().as_u16() {
            200..=299 => Ok(ResponseValue::stream(response)),
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

/// Builder for [`Client::get_model`]
///
/// [`Client::get_model`]: super::Client::get_model
#[derive(Debug, Clone)]
pub struct GetModel<'a> {
    client: &'a super::Client,
    model_id: Result<::std::string::String, String>,
    x_prime_team_id: Result<Option<::std::string::String>, String>,
}

impl<'a> GetModel<'a> {
    pub fn new(client: &'a super::Client) -> Self {
        Self {
            client: client,
            model_id: Err("model_id was not initialized".to_string()),
            x_prime_team_id: Ok(None),
        }
    }
    pub fn model_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.model_id = value
            .try_into()
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for model_id failed"
                    .to_string()
            });
        self
    }
    pub fn x_prime_team_id<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::string::String>,
    {
        self.x_prime_team_id = value
            .try_into()
            .map(Some)
            .map_err(|_| {
                "conversion to `:: std :: string :: String` for x_prime_team_id failed"
                    .to_string()
            });
        self
    }
    /// Sends `GET /models/{model_id}`, documented at <https://docs.primeintellect.ai/inference/overview>.
    pub async fn send(
        self,
    ) -> Result<ResponseValue<types::Model>, Error<types::ErrorBody>> {
        let Self { client, model_id, x_prime_team_id } = self;
        let model_id = model_id.map_err(Error::InvalidRequest)?;
        let x_prime_team_id = x_prime_team_id.map_err(Error::InvalidRequest)?;
        let url = format!(
            "{}/models/{}", client.baseurl, progenitor_client::path_segments("model_id",
            & model_id.to_string()) ?,
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
        if let Some(value) = x_prime_team_id {
            header_map.append("X-Prime-Team-ID", value.to_string().try_into()?);
        }
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
        let info = super::operations::GET_MODEL;
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
