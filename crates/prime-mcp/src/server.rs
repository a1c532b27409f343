//! The protocol.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prime_ext::Client;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ContentBlock, Implementation, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ReadResourceRequestParams,
    ReadResourceResult, ServerCapabilities, ServerConfig, Tool as Definition,
};
use rmcp::service::{RequestContext, RoleServer, ServerInitializeError};
use rmcp::{ErrorData, ServerHandler, ServiceExt as _};
use serde_json::Value;

use crate::session::{Options, Session};
use crate::tool::{Progress, Tool};
use crate::{docs, http, tools};

/// An MCP server.
#[derive(Debug, Clone)]
pub struct Server {
    session: Arc<Session>,
}

/// The error of a server.
#[derive(Debug)]
pub struct Error(pub(crate) String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// How long batches may take to finish their requests in flight when the server ends.
const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// Creates a server that calls the services with a client.
    pub fn new(client: Client, options: Options) -> Self {
        Self {
            session: Arc::new(Session::new(client, options)),
        }
    }

    /// Serves a client over standard input and output, until it closes standard input. Nothing else may write to
    /// standard output.
    ///
    /// # Errors
    /// Returns an error if the client does not speak the protocol.
    pub async fn serve_stdio(self) -> Result<(), Error> {
        self.serve(rmcp::transport::stdio()).await
    }

    /// Serves a client over any transport, until it ends. Batches that run are then stopped; they can be continued.
    ///
    /// # Errors
    /// Returns an error if the client does not speak the protocol.
    pub async fn serve<T, E, A>(self, transport: T) -> Result<(), Error>
    where
        T: rmcp::transport::IntoTransport<RoleServer, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let handler = Handler::new(self.session.clone());
        let failed = |error: &dyn std::fmt::Display| Error(format!("the session failed: {error}"));
        let running = match handler.serve(transport).await {
            Ok(running) => running,
            // The client ended before it began.
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(failed(&error)),
        };
        let ended = running.waiting().await;
        self.stop_batches().await;
        ended.map(drop).map_err(|error| failed(&error))
    }

    /// Serves clients over streamable HTTP, at the path `/mcp`, until `stop` is ready. Only a loopback address is
    /// allowed, because the server has no authentication. `listening` is called with the address.
    ///
    /// # Errors
    /// Returns an error if the address is not a loopback address, or if it cannot be listened to.
    pub async fn serve_http(
        self,
        address: SocketAddr,
        listening: impl FnOnce(SocketAddr),
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let session = self.session.clone();
        let factory = move || Ok(Handler::new(session.clone()));
        http::serve(address, factory, listening, stop).await?;
        self.stop_batches().await;
        Ok(())
    }

    /// Stops the batches that run, and waits until their requests in flight are finished, for at most a minute. The
    /// other methods do this at their end; call it if you drop their futures.
    pub async fn stop_batches(&self) {
        self.session.stop_batches(PATIENCE).await;
    }
}

/// Handles the requests of a client.
pub(crate) struct Handler {
    session: Arc<Session>,
    tools: Vec<Tool>,
}

impl Handler {
    fn new(session: Arc<Session>) -> Self {
        let mut tools = tools::all();
        tools.retain(|tool| session.options.allows(tool.needs));
        Self { session, tools }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources();
        let mut info = ServerConfig::new(capabilities.build());
        info.server_info = Implementation::new("prime-mcp", env!("CARGO_PKG_VERSION"));
        info.with_instructions(docs::instructions(&self.session))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let definitions = self.tools.iter().map(|tool| tool.definition.clone());
        Ok(ListToolsResult::with_all_items(definitions.collect()))
    }

    fn get_tool(&self, name: &str) -> Option<Definition> {
        let tool = self
            .tools
            .iter()
            .find(|tool| tool.definition.name == name)?;
        Some(tool.definition.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<rmcp::model::CallToolResponse, ErrorData> {
        let tool = self
            .tools
            .iter()
            .find(|tool| tool.definition.name == request.name);
        let Some(tool) = tool else {
            let message = format!("there is no tool {:?}", request.name);
            return Err(ErrorData::invalid_params(message, None));
        };
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let progress = progress(&context);
        let call = tool.call(self.session.clone(), progress, arguments);
        // A cancelled call is dropped. What it has reserved stays reserved.
        let result = tokio::select! {
            result = call => result,
            () = context.ct.cancelled() => return Ok(failed("the call was cancelled").into()),
        };
        Ok(match result {
            Ok(value) => CallToolResult::success(vec![ContentBlock::text(value.to_string())]),
            Err(fault) => failed(&fault.to_string()),
        }
        .into())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(docs::resources()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<rmcp::model::ReadResourceResponse, ErrorData> {
        let contents = docs::read(&request.uri).ok_or_else(|| {
            ErrorData::resource_not_found(format!("there is no resource {:?}", request.uri), None)
        })?;
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

fn failed(message: &str) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message)])
}

/// Returns what tells the client about progress, if it asks for it.
fn progress(context: &RequestContext<RoleServer>) -> Progress {
    let Some(token) = context.meta.get_progress_token() else {
        return Arc::new(|_, _| {});
    };
    let peer = context.peer.clone();
    Arc::new(move |done, message| {
        let notification =
            ProgressNotificationParam::new(token.clone(), done).with_message(message);
        let peer = peer.clone();
        drop(tokio::spawn(async move {
            // A client that is gone needs no notification.
            let _ = peer.notify_progress(notification).await;
        }));
    })
}
