//! The definition of a tool.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{JsonObject, Tool as Definition, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::schema;
use crate::session::Session;

/// What a tool needs the user to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Spending,
    Runs,
}

/// A tool.
pub(crate) struct Tool {
    pub(crate) definition: Definition,
    pub(crate) needs: Needs,
    call: Box<Call>,
}

type Call = dyn Fn(Arc<Session>, Progress, Value) -> Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send>>
    + Send
    + Sync;

/// Tells the client about the progress of a call.
pub(crate) type Progress = Arc<dyn Fn(f64, String) + Send + Sync>;

/// Why a call of a tool failed, and what to do next.
#[derive(Debug)]
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<prime_ext::Error> for Fault {
    fn from(error: prime_ext::Error) -> Self {
        let mut message = error.to_string();
        if error.outcome_unknown() {
            message.push_str(
                "; it is unknown whether the call was carried out and billed: check before you repeat it",
            );
        }
        Self(message)
    }
}

impl From<prime_batch::Error> for Fault {
    fn from(error: prime_batch::Error) -> Self {
        Self(error.to_string())
    }
}

impl Tool {
    /// Creates a tool that only reads.
    pub(crate) fn read<A, F>(
        name: &'static str,
        description: &'static str,
        call: impl Fn(Arc<Session>, A) -> F + Send + Sync + Copy + 'static,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Future<Output = Result<Value, Fault>> + Send + 'static,
    {
        let annotations = ToolAnnotations::new().read_only(true).open_world(true);
        let call = move |session, _, arguments| call(session, arguments);
        Self::new(name, description, Needs::Nothing, annotations, call)
    }

    /// Creates a tool that changes something or spends money.
    pub(crate) fn change<A, F>(
        name: &'static str,
        description: &'static str,
        needs: Needs,
        is_destructive: bool,
        call: impl Fn(Arc<Session>, Progress, A) -> F + Send + Sync + Copy + 'static,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Future<Output = Result<Value, Fault>> + Send + 'static,
    {
        let annotations = ToolAnnotations::new()
            .read_only(false)
            .destructive(is_destructive)
            .idempotent(false)
            .open_world(true);
        Self::new(name, description, needs, annotations, call)
    }

    fn new<A, F>(
        name: &'static str,
        description: &'static str,
        needs: Needs,
        annotations: ToolAnnotations,
        call: impl Fn(Arc<Session>, Progress, A) -> F + Send + Sync + Copy + 'static,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Future<Output = Result<Value, Fault>> + Send + 'static,
    {
        let schema: JsonObject = schema::of::<A>();
        let definition = Definition::new(name, description, Arc::new(schema));
        Self {
            definition: definition.with_annotations(annotations),
            needs,
            call: Box::new(move |session, progress, arguments| {
                Box::pin(async move {
                    let arguments = serde_json::from_value(arguments)
                        .map_err(|error| Fault::new(format!("invalid arguments: {error}")))?;
                    call(session, progress, arguments).await
                })
            }),
        }
    }

    pub(crate) async fn call(
        &self,
        session: Arc<Session>,
        progress: Progress,
        arguments: Value,
    ) -> Result<Value, Fault> {
        (self.call)(session, progress, arguments).await
    }
}
