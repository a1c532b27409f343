//! The calls of one response: decides about each, runs them, and collects the results in order.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use pinference_api::types::{ChatMessage, ToolCall};
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::arguments;
use super::hook::{CallDecision, Hook};
use super::stream::ToolEvent;
use super::tool::{Called, Tool};
use super::transcript::{CallOutcome, FinishedCall, PendingCall};

/// The calls of one response.
#[derive(Default)]
pub(super) struct Calls {
    /// In the order of the response.
    calls: Vec<Call>,
    /// The position of the call that the hook decides about, and its decision.
    decision: Option<(usize, BoxFuture<'static, CallDecision>)>,
    running: FuturesUnordered<BoxFuture<'static, (usize, FinishedCall)>>,
}

enum Call {
    /// The hook has not decided about the call.
    Undecided(PendingCall, Tool),
    /// The call may run.
    Waiting(PendingCall, Tool),
    Running(PendingCall),
    Finished(FinishedCall),
}

/// The hook stopped the loop.
pub(super) struct Stopped;

impl Calls {
    /// Reads the calls of a message. A call that cannot run has its result at once.
    pub(super) fn new(calls: &[ToolCall], tools: &[Tool], round: u32) -> Self {
        let calls = calls.iter().map(|call| match read(call, tools, round) {
            Ok((call, tool)) => Call::Undecided(call, tool.clone()),
            Err(finished) => Call::Finished(*finished),
        });
        Self {
            calls: calls.collect(),
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Returns the calls that have a result, in the order of the response.
    pub(super) fn finished(&self) -> impl Iterator<Item = &FinishedCall> {
        self.calls.iter().filter_map(|call| match call {
            Call::Finished(finished) => Some(finished),
            _ => None,
        })
    }

    /// Returns the next event, or `None` once every call has a result. The hook decides about all calls before the
    /// first one runs. At most `concurrent` calls run at the same time.
    pub(super) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        hook: &mut Option<Hook>,
        concurrent: usize,
        timeout: Duration,
    ) -> Poll<Result<Option<ToolEvent>, Stopped>> {
        loop {
            if let Some((position, decision)) = &mut self.decision {
                let decision = ready!(decision.poll_unpin(cx));
                let position = *position;
                self.decision = None;
                if let Some(finished) = self.decide(position, decision)? {
                    return Poll::Ready(Ok(Some(self.finish(position, finished))));
                }
            } else if let Some((position, call)) = self.first_undecided() {
                match hook {
                    Some(hook) => self.decision = Some((position, hook(call.clone()))),
                    None => {
                        self.decide(position, CallDecision::Run)?;
                    }
                }
            } else if self.running.len() < concurrent
                && let Some((position, call, tool)) = self.first_waiting()
            {
                let (call, tool) = (call.clone(), tool.clone());
                self.calls[position] = Call::Running(call.clone());
                let finished = run(call.clone(), tool, timeout);
                let finished = finished.map(move |finished| (position, finished));
                self.running.push(finished.boxed());
                return Poll::Ready(Ok(Some(ToolEvent::CallStarted(call))));
            } else {
                let finished = ready!(self.running.poll_next_unpin(cx));
                let event = finished.map(|(position, finished)| self.finish(position, finished));
                return Poll::Ready(Ok(event));
            }
        }
    }

    fn first_undecided(&self) -> Option<(usize, &PendingCall)> {
        let mut calls = self.calls.iter().enumerate();
        calls.find_map(|(position, call)| match call {
            Call::Undecided(call, _) => Some((position, call)),
            _ => None,
        })
    }

    fn first_waiting(&self) -> Option<(usize, &PendingCall, &Tool)> {
        let mut calls = self.calls.iter().enumerate();
        calls.find_map(|(position, call)| match call {
            Call::Waiting(call, tool) => Some((position, call, tool)),
            _ => None,
        })
    }

    /// Applies a decision to an undecided call. Returns its result if it does not run.
    fn decide(
        &mut self,
        position: usize,
        decision: CallDecision,
    ) -> Result<Option<FinishedCall>, Stopped> {
        let Call::Undecided(call, tool) = &self.calls[position] else {
            return Ok(None);
        };
        let mut call = call.clone();
        match decision {
            CallDecision::Run => {}
            CallDecision::RunWith(arguments) => call.arguments = arguments,
            CallDecision::Deny(reason) => {
                return Ok(Some(call.error(CallOutcome::Denied, &reason)));
            }
            CallDecision::Stop => return Err(Stopped),
        }
        self.calls[position] = Call::Waiting(call, tool.clone());
        Ok(None)
    }

    fn finish(&mut self, position: usize, finished: FinishedCall) -> ToolEvent {
        self.calls[position] = Call::Finished(finished.clone());
        ToolEvent::CallFinished(finished)
    }

    /// Cancels the calls that run, and returns all calls in the order of the response. `reason` is why the loop ended,
    /// for the calls that have no result.
    pub(super) fn into_finished(self, reason: &str) -> Vec<FinishedCall> {
        let calls = self.calls.into_iter().map(|call| match call {
            Call::Finished(finished) => finished,
            Call::Running(call) => {
                let reason = format!("the call was cancelled, because {reason}");
                call.error(CallOutcome::Cancelled, &reason)
            }
            Call::Undecided(call, _) | Call::Waiting(call, _) => {
                let reason = format!("the call did not run, because {reason}");
                call.error(CallOutcome::NotRun, &reason)
            }
        });
        calls.collect()
    }
}

impl PendingCall {
    fn error(&self, outcome: CallOutcome, reason: &str) -> FinishedCall {
        self.result(outcome, format!("Error: {reason}"))
    }

    fn result(&self, outcome: CallOutcome, content: String) -> FinishedCall {
        FinishedCall {
            id: self.id.clone(),
            name: self.name.clone(),
            arguments: self.arguments.clone(),
            content,
            outcome,
        }
    }
}

/// Reads a call and finds its tool. A call that cannot run is an error, and has its result.
fn read<'t>(
    call: &ToolCall,
    tools: &'t [Tool],
    round: u32,
) -> Result<(PendingCall, &'t Tool), Box<FinishedCall>> {
    let function = call.function.as_ref();
    let name = function.map(|function| function.name.as_str());
    let name = name.unwrap_or_default();
    let mut call = PendingCall {
        id: call.id.clone().unwrap_or_default(),
        name: name.to_owned(),
        arguments: Value::Null,
        round,
    };
    let Some(tool) = tools.iter().find(|tool| tool.name() == name) else {
        let reason = unknown_tool(name, tools);
        return Err(call.error(CallOutcome::UnknownTool, &reason).into());
    };
    let arguments = function.and_then(|function| function.arguments.as_deref());
    match arguments::read(tool, arguments) {
        Ok(arguments) => {
            call.arguments = arguments;
            Ok((call, tool))
        }
        Err(reason) => Err(call.error(CallOutcome::InvalidArguments, &reason).into()),
    }
}

/// Runs one call of a tool without a loop.
pub(super) async fn run_alone(tool: &Tool, call: &ToolCall) -> FinishedCall {
    match read(call, std::slice::from_ref(tool), 1) {
        Ok((call, tool)) => invoke(call, tool.clone()).await,
        Err(finished) => *finished,
    }
}

/// Runs a call as a task of its own, so that it does not wait for the caller to read events, and the caller does not
/// wait for a call that blocks. The call begins at once.
fn run(
    call: PendingCall,
    tool: Tool,
    timeout: Duration,
) -> impl Future<Output = FinishedCall> + Send + 'static {
    let timeout = tool.get_timeout().unwrap_or(timeout);
    let span = tracing::debug_span!("execute_tool", gen_ai.tool.name = call.name);
    let invoked = invoke(call.clone(), tool).instrument(span.clone());
    let mut task = Task(tokio::spawn(invoked));
    async move {
        let finished = match tokio::time::timeout(timeout, &mut task.0).await {
            Ok(Ok(finished)) => finished,
            // The runtime shuts down.
            Ok(Err(_)) => call.error(CallOutcome::Cancelled, "the call was cancelled"),
            Err(_elapsed) => {
                let reason = format!("the tool did not return within {timeout:?}");
                call.error(CallOutcome::TimedOut, &reason)
            }
        };
        span.in_scope(|| tracing::debug!(outcome = ?finished.outcome, "the call ended"));
        finished
    }
}

/// A task that is cancelled on drop.
struct Task(JoinHandle<FinishedCall>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Invokes the function of a tool. A panic is caught, because the model must receive a result for each call.
async fn invoke(call: PendingCall, tool: Tool) -> FinishedCall {
    let arguments = call.arguments.clone();
    // The function is called inside the block, so that its panics are caught too.
    let called = AssertUnwindSafe(async move { tool.invoke(arguments).await }).catch_unwind();
    match called.await {
        Ok(Called::Returned(Ok(content))) => call.result(CallOutcome::Returned, content),
        Ok(Called::Returned(Err(error))) => call.error(CallOutcome::Failed, &error),
        Ok(Called::InvalidArguments(error)) => {
            let reason = format!("the arguments do not fit the tool: {error}");
            call.error(CallOutcome::InvalidArguments, &reason)
        }
        Err(_panic) => call.error(CallOutcome::Panicked, "the tool panicked"),
    }
}

fn unknown_tool(name: &str, tools: &[Tool]) -> String {
    let names: Vec<&str> = tools.iter().map(Tool::name).collect();
    match names[..] {
        [] => format!("there is no tool {name:?}: there are no tools"),
        _ => format!(
            "there is no tool {name:?}; the tools are: {}",
            names.join(", ")
        ),
    }
}

/// Moves a deprecated `function_call` to the tool calls. Some servers send it although the request has tools.
pub(super) fn move_function_call(message: &mut ChatMessage) {
    if message.tool_calls.as_ref().is_none_or(Vec::is_empty)
        && let Some(function) = message.function_call.take()
    {
        let mut call = ToolCall::default();
        call.function = Some(function);
        message.tool_calls = Some(vec![call]);
    }
}

/// Gives each call of a message a type, and an id of its own, which its result names. Some servers send no ids, or the
/// same id for all calls.
pub(super) fn assign_ids(message: &mut ChatMessage, round: u32) {
    let mut ids = HashSet::new();
    for (index, call) in message.tool_calls.iter_mut().flatten().enumerate() {
        let id = call.id.take();
        let id = id.filter(|id| !id.is_empty() && !ids.contains(id));
        let id = id.unwrap_or_else(|| format!("call_{round}_{index}"));
        ids.insert(id.clone());
        call.id = Some(id);
        call.type_.get_or_insert_with(|| "function".to_owned());
    }
}

/// Replaces arguments that are not valid JSON by `{}`. A server that parses the arguments of earlier calls, such as
/// llama.cpp, would reject the conversation. The result of such a call tells the model what it wrote.
pub(super) fn replace_invalid_arguments(message: &mut ChatMessage) {
    let calls = message.tool_calls.iter_mut().flatten();
    for function in calls.filter_map(|call| call.function.as_mut()) {
        let arguments = function.arguments.get_or_insert_default();
        if serde_json::from_str::<IgnoredAny>(arguments).is_err() {
            *arguments = "{}".to_owned();
        }
    }
}
