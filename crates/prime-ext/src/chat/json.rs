//! Sends a chat request whose body is JSON already.

use bytes::Bytes;
use openapi_runtime::{ErrorKind, IntoRequest as _, Response};
use pinference_api::types::ChatCompletionRequest;
use serde::Deserialize;
use tracing::Instrument as _;

use super::request::complete;
use super::trace::Trace;
use crate::call::Call;
use crate::chat::ChatResponse;
use crate::client::Client;
use crate::error::Error;

/// What this crate reads of the body.
#[derive(Deserialize)]
struct Head {
    model: String,
    #[serde(default)]
    stream: Option<bool>,
}

pub(crate) fn call(client: &Client, body: Bytes) -> Call<ChatResponse> {
    Call::new(client, async move |client: Client| {
        let response = send(&client, body).await?;
        let (meta, body) = (response.meta().clone(), response.body().clone());
        Ok(Response::new(response, meta, body))
    })
}

async fn send(client: &Client, body: Bytes) -> Result<ChatResponse, Error> {
    let invalid = |reason: &str| Error::new(ErrorKind::Request, reason);
    let head: Head = serde_json::from_slice(&body)
        .map_err(|e| invalid("the body is not a JSON object with the model's id").with_source(e))?;
    if head.stream == Some(true) {
        return Err(invalid("the body asks for a stream; remove `stream`"));
    }
    let typed = ChatCompletionRequest::new(Vec::new(), head.model.as_str());
    let trace = Trace::new(&typed, client.account().id(), false);
    let request = client.inference_api().create_chat_completion().body(typed);
    let request = client.on_behalf(request).and_then(|request| {
        let mut request = request.into_request()?;
        *request.body_mut() = Some(body.into());
        Ok(request)
    });
    let span = trace.span().clone();
    let response = complete(client, &head.model, request)
        .instrument(span)
        .await;
    match &response {
        Ok(response) => trace.record_response(response.raw()),
        Err(error) => trace.record_error(error),
    }
    response
}
