//! Builds and sends requests whose answer has a type.

use std::fmt;
use std::marker::PhantomData;

use openapi_runtime::{ErrorKind, Warning};
use pinference_api::types::ResponseFormat;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer;
use super::response::TypedResponse;
use super::stream::TypedStream;
use crate::call::CallFuture;
use crate::chat::ChatRequest;
use crate::error::Error;
use crate::schema::{self, StrictVerdict};

/// The maximum length of the name of a schema.
const MAX_NAME: usize = 64;

/// A chat request whose answer is a value of a type. Returned by [`ChatRequest::parse_with_schema`] and, with the
/// feature `schemars`, by `ChatRequest::parse`.
///
/// Awaiting it returns the value. [`stream`](Self::stream) returns the value as it arrives.
///
/// The JSON Schema of the type is sent as `response_format`, so that the model answers in JSON. Not every model follows
/// it. The answer is therefore deserialized in any case, and never taken for a value that it is not.
///
/// # Errors
///
/// If the call fails, the error is that of [`ChatRequest`]. If the response is complete, but has no value of the type,
/// the error has a [parse failure](Error::parse_failure): its reason (refusal, token limit, filter, not JSON, does not
/// fit the type), and the response with the text and the cost. It is not repeated, because that would be billed again.
///
/// # Text around the JSON
///
/// White space is ignored. A Markdown code block that contains the complete answer is removed, and the response has a
/// [warning](crate::ChatResponse::warnings), because many models write such a block. Every other text before or after
/// the JSON is an error: it may be a part of the answer, such as a reservation.
#[must_use = "requests do nothing unless awaited or streamed"]
pub struct TypedRequest<T> {
    request: ChatRequest,
    name: String,
    description: Option<String>,
    schema: Value,
    strict: bool,
    value: PhantomData<fn() -> T>,
}

impl ChatRequest {
    /// Requests an answer of a type. The JSON Schema of the type is sent. The type must be a struct, or an enum whose
    /// values are all JSON objects.
    ///
    /// ```no_run
    /// use prime_ext::schemars::{self, JsonSchema};
    ///
    /// #[derive(serde::Deserialize, JsonSchema)]
    /// struct Weather {
    ///     /// In degrees Celsius.
    ///     temperature: f64,
    ///     rain: Option<bool>,
    /// }
    ///
    /// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// let weather: Weather = prime.chat("openai/gpt-oss-120b").user("Weather in Paris?").parse().await?;
    /// println!("{} °C", weather.temperature);
    ///
    /// // The same with the response, and in strict mode.
    /// let request = prime.chat("openai/gpt-oss-120b").user("Weather in Paris?").parse::<Weather>();
    /// let (weather, response) = request.strict(true).with_response().await?.into_parts();
    /// println!("{:?} for {}", weather.rain, response.cost());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "schemars")]
    pub fn parse<T>(self) -> TypedRequest<T>
    where
        T: DeserializeOwned + schemars::JsonSchema,
    {
        let (schema, description) = schema::parts_of::<T>();
        let mut typed = self.parse_with_schema(schema);
        typed.name = valid_name(&T::schema_name());
        typed.description = description;
        typed
    }

    /// Requests an answer of a type, and returns it as it arrives. Short for `parse().stream()`.
    ///
    /// # Errors
    /// Returns the same errors as [`TypedRequest::stream`].
    #[cfg(feature = "schemars")]
    pub async fn stream_parse<T>(self) -> Result<TypedStream<T>, Error>
    where
        T: DeserializeOwned + schemars::JsonSchema,
    {
        self.parse().stream().await
    }

    /// Requests an answer of a type, which can be [`Value`], and sends this JSON Schema. The answer is not checked
    /// against the schema, only against the type.
    pub fn parse_with_schema<T: DeserializeOwned>(
        self,
        schema: impl Into<Value>,
    ) -> TypedRequest<T> {
        TypedRequest {
            request: self,
            name: "answer".to_owned(),
            description: None,
            schema: schema.into(),
            strict: false,
            value: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> TypedRequest<T> {
    /// Sets whether the service must guarantee that the answer matches the schema. Default: `false`, and `strict` is
    /// then not sent. Services without strict mode may ignore it or reject it.
    ///
    /// The schema is adapted to strict mode: see [`to_strict`](schema::to_strict). If strict mode is impossible, the
    /// original schema is sent without `strict`, and the response has a [warning](crate::ChatResponse::warnings) that
    /// says why.
    pub fn strict(mut self, yes: bool) -> Self {
        self.strict = yes;
        self
    }

    /// Sets the name of the schema: at most 64 letters, digits, underscores and dashes. Default: the name of the type,
    /// or `answer`.
    pub fn schema_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sends the request, and returns the value and the response.
    ///
    /// # Errors
    /// Returns the same errors as awaiting the request.
    pub fn with_response(self) -> CallFuture<TypedResponse<T>>
    where
        T: 'static,
    {
        Box::pin(async move { answer::read(self.into_request()?.await?) })
    }

    /// Sends the request, and returns the value as it arrives.
    ///
    /// # Errors
    /// Returns the same errors as [`ChatRequest::stream`].
    pub async fn stream(self) -> Result<TypedStream<T>, Error> {
        Ok(TypedStream::new(self.into_request()?.stream().await?))
    }

    /// Returns the request with its response format.
    fn into_request(self) -> Result<ChatRequest, Error> {
        let Self {
            mut request,
            name,
            description,
            schema,
            strict,
            ..
        } = self;
        let invalid = |message: String| Err(Error::new(ErrorKind::Request, message));
        if request.body.response_format.is_some() {
            let message =
                "the type of the answer sets the response format: do not set `response_format`";
            return invalid(message.to_owned());
        }
        if name != valid_name(&name) {
            return invalid(format!(
                "the schema name {name:?} is not 1 to {MAX_NAME} letters, digits, underscores and dashes"
            ));
        }
        let mut is_strict = None;
        let schema = match schema::to_strict(&schema) {
            StrictVerdict::Unsupported(reasons) => {
                let reasons = schema::join(&reasons);
                return invalid(format!(
                    "the schema of the answer cannot be sent: {reasons}"
                ));
            }
            StrictVerdict::Possible { schema, .. } if strict => {
                is_strict = Some(true);
                schema
            }
            StrictVerdict::Impossible(reasons) if strict => {
                let reasons = schema::join(&reasons);
                let reason = format!("the schema was sent without `strict`: {reasons}");
                request.warnings.push(Warning::new("", reason));
                schema
            }
            _ => schema,
        };
        let mut format = ResponseFormat::json_schema(name, schema);
        if let Some(json_schema) = &mut format.json_schema {
            json_schema.description = description;
            json_schema.strict = is_strict;
        }
        Ok(request.response_format(format))
    }
}

/// Sends the request and returns the value.
///
/// # Errors
/// Returns an error if the call fails, or if the response has no value of the type. The error then has a
/// [parse failure](Error::parse_failure).
impl<T: DeserializeOwned + 'static> IntoFuture for TypedRequest<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        Box::pin(async move { Ok(self.with_response().await?.into_value()) })
    }
}

impl<T> fmt::Debug for TypedRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedRequest")
            .field("request", &self.request)
            .field("name", &self.name)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

/// Returns a valid name of a schema: other characters become underscores.
fn valid_name(name: &str) -> String {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name = name.chars().map(|c| if is_valid(c) { c } else { '_' });
    let name: String = name.take(MAX_NAME).collect();
    match name.as_str() {
        "" => "answer".to_owned(),
        _ => name,
    }
}
