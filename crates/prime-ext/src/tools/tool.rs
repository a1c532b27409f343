//! A Rust function that a model can call.

use std::collections::HashSet;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use openapi_runtime::Warning;
use pinference_api::types::{FunctionDefinition, Tool as Definition, ToolCall};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calls;
use super::output::{ToolOutput, ToolOutputResult};
use super::transcript::FinishedCall;
use crate::schema::{self, StrictVerdict};

/// The future of a call: the text for the model, or the message of an error for the model.
pub(super) type CallFuture = Pin<Box<dyn Future<Output = Called> + Send>>;

/// How the function of a tool ended.
pub(super) enum Called {
    /// The arguments do not fit the type of the function, which was not called.
    InvalidArguments(String),
    Returned(ToolOutputResult),
}

/// A Rust function that a model can call: its name, its description, the JSON Schema of its arguments and the function.
///
/// Clones share the function.
///
/// With the feature `schemars`, `Tool::new` derives the schema from the type of the arguments:
///
/// ```
/// # #[cfg(feature = "schemars")] {
/// use prime_ext::schemars::{self, JsonSchema};
/// use prime_ext::tools::Tool;
///
/// #[derive(serde::Deserialize, JsonSchema)]
/// struct Place {
///     /// The city, such as `Paris`.
///     city: String,
/// }
///
/// async fn weather(place: Place) -> Result<String, std::io::Error> {
///     Ok(format!("It rains in {}.", place.city))
/// }
///
/// let tool = Tool::new("weather", weather).description("Returns the current weather of a city.");
/// # }
/// ```
///
/// [`Tool::with_schema`] takes a schema:
///
/// ```
/// use prime_ext::tools::Tool;
/// use serde_json::{Value, json};
///
/// let schema = json!({
///     "type": "object",
///     "properties": { "a": { "type": "integer" }, "b": { "type": "integer" } },
///     "required": ["a", "b"],
/// });
/// let add = Tool::with_schema("add", schema, |arguments: Value| async move {
///     let (a, b) = (arguments["a"].as_i64(), arguments["b"].as_i64());
///     a.zip(b).and_then(|(a, b)| a.checked_add(b)).ok_or("a sum of integers needs two integers")
/// });
/// ```
///
/// # What the function returns
///
/// The function returns a text, a JSON value, or a `Result` of anything that can be serialized: see [`ToolOutput`]. The
/// model receives the text of an error, and can then correct its call.
///
/// Each call runs as a task of its own. A function that blocks its thread cannot be cancelled: run blocking code with
/// `tokio::task::spawn_blocking`.
#[derive(Clone)]
pub struct Tool(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    definition: FunctionDefinition,
    /// Whether the schema can be used in strict mode, if that was requested.
    strict: Option<StrictVerdict>,
    function: Arc<dyn Fn(Value) -> CallFuture + Send + Sync>,
    timeout: Option<Duration>,
}

impl Tool {
    /// Creates a tool from a function. The schema comes from the type of the function's argument, and so does the
    /// description, if that type has a doc comment.
    ///
    /// The argument must be a struct. The schema is in JSON Schema 2020-12. It contains no `$ref`, unless the type is
    /// recursive, because some servers do not resolve references.
    #[cfg(feature = "schemars")]
    pub fn new<A, F, R>(name: impl Into<String>, function: F) -> Self
    where
        A: DeserializeOwned + schemars::JsonSchema + Send + 'static,
        F: Fn(A) -> R + Send + Sync + 'static,
        R: Future<Output: ToolOutput> + Send + 'static,
    {
        let (schema, description) = schema::parts_of::<A>();
        let tool = Self::with_schema(name, schema, function);
        match description {
            Some(description) => tool.description(description),
            None => tool,
        }
    }

    /// Creates a tool from a function and the JSON Schema of its arguments. The arguments of a call are deserialized
    /// into the type of the function's argument, which can be [`Value`].
    ///
    /// Calls are checked against the schema's list of required properties, and otherwise only against the type.
    pub fn with_schema<A, F, R>(name: impl Into<String>, schema: Value, function: F) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        F: Fn(A) -> R + Send + Sync + 'static,
        R: Future<Output: ToolOutput> + Send + 'static,
    {
        let mut definition = FunctionDefinition::new(name);
        definition.parameters = match schema {
            Value::Object(schema) => Some(schema),
            // Such a schema accepts everything.
            _ => None,
        };
        let function = move |arguments: Value| -> CallFuture {
            match serde_path_to_error::deserialize::<_, A>(arguments) {
                Ok(arguments) => {
                    let returned = function(arguments);
                    Box::pin(returned.map(|output| Called::Returned(output.into_result())))
                }
                Err(error) => Box::pin(ready(Called::InvalidArguments(error.to_string()))),
            }
        };
        Self(Arc::new(Inner {
            definition,
            strict: None,
            function: Arc::new(function),
            timeout: None,
        }))
    }

    /// Describes the tool. The model decides by the description when to call the tool.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.definition.description = Some(description.into());
        self
    }

    /// Sets whether the service must guarantee that the arguments match the schema. Default: `false`, and `strict` is
    /// then not sent.
    ///
    /// The schema is adapted to strict mode: see [`to_strict`](schema::to_strict). If strict mode is impossible, the
    /// original schema is sent without `strict`, and each response has a [warning](crate::ChatResponse::warnings) that
    /// says why. If the schema is unsupported, the request is not sent: it fails with an error.
    #[must_use]
    pub fn strict(mut self, yes: bool) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        let parameters = inner.definition.parameters.clone().unwrap_or_default();
        inner.strict = yes.then(|| schema::to_strict(&parameters.into()));
        self
    }

    /// Returns the name that the model calls.
    pub fn name(&self) -> &str {
        &self.0.definition.name
    }

    /// Returns the JSON Schema of the arguments, before it is adapted to strict mode.
    pub fn schema(&self) -> Option<&serde_json::Map<String, Value>> {
        self.0.definition.parameters.as_ref()
    }

    /// Returns the definition that a request contains.
    pub fn definition(&self) -> Definition {
        let mut function = self.0.definition.clone();
        if let Some(StrictVerdict::Possible {
            schema: Value::Object(schema),
            ..
        }) = &self.0.strict
        {
            function.parameters = Some(schema.clone());
            function.strict = Some(true);
        }
        let mut definition = Definition::new("function");
        definition.function = Some(function);
        definition
    }

    /// Sets the timeout of each call in a tool loop. Default: that of the loop,
    /// [`ToolLoop::call_timeout`](super::ToolLoop::call_timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.0).timeout = Some(timeout);
        self
    }

    pub(super) fn get_timeout(&self) -> Option<Duration> {
        self.0.timeout
    }

    /// Runs a call without a tool loop, and without a timeout. The result is for the model, whether the call succeeds or
    /// not: send [`FinishedCall::message`] after the message of the response.
    ///
    /// ```no_run
    /// # async fn example(request: prime_ext::ChatRequest, weather: prime_ext::Tool) -> Result<(), prime_ext::Error> {
    /// let response = request.clone().tools([weather.clone()]).await?;
    /// let message = response.message().cloned().unwrap_or_default();
    /// let mut next = request.message(message);
    /// for call in response.tool_calls() {
    ///     next = next.message(weather.call(call).await.message());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call(&self, call: &ToolCall) -> FinishedCall {
        calls::run_alone(self, call).await
    }

    /// Calls the function.
    pub(super) fn invoke(&self, arguments: Value) -> CallFuture {
        (self.0.function)(arguments)
    }
}

/// Returns why a request cannot have these tools, if it cannot.
pub(crate) fn fault(tools: &[Tool]) -> Option<String> {
    let mut names = HashSet::new();
    tools.iter().find_map(|tool| {
        let name = tool.name();
        let kind = tool.schema().and_then(|schema| schema.get("type"));
        if !names.insert(name) {
            Some(format!("there are two tools of the name {name:?}"))
        } else if kind.is_some_and(|kind| kind != "object") {
            Some(format!(
                "the arguments of the tool {name:?} are not an object; use a struct as their type"
            ))
        } else if let Some(StrictVerdict::Unsupported(reasons)) = &tool.0.strict {
            let reasons = schema::join(reasons);
            Some(format!(
                "the schema of the tool {name:?} cannot be sent: {reasons}"
            ))
        } else {
            None
        }
    })
}

/// Returns a warning for each tool that is sent without strict mode, although it was requested.
pub(crate) fn warnings(tools: &[Tool]) -> impl Iterator<Item = Warning> {
    tools.iter().filter_map(|tool| match &tool.0.strict {
        Some(StrictVerdict::Impossible(reasons)) => {
            let (name, reasons) = (tool.name(), schema::join(reasons));
            let reason = format!("the tool {name:?} was sent without `strict`: {reasons}");
            Some(Warning::new("", reason))
        }
        _ => None,
    })
}

/// Writes the name.
impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tool").field(&self.name()).finish()
    }
}
