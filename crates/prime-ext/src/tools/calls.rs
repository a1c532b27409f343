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

use super::arguments;
use super::hook::{Hook, ToolDecision};
use super::stream::ToolEvent;
use super::tool::{Called, Tool};
use super::transcript::{PendingCall, ToolOutcome, ToolResult};

/// The calls of one response.
#[derive(Default)]
pub(super) struct Calls {
    entries: Vec<Entry>,
    /// The call that the hook decides about: its position, its tool and the decision.
    decision: Option<(usize, Tool, BoxFuture<'static, ToolDecision>)>,
    running: FuturesUnordered<BoxFuture<'static, (usize, ToolResult)>>,
}

struct Entry {
    call: PendingCall,
    state: State,
}

enum State {
    /// The hook has not decided about the call.
    Undecided(Tool),
    /// The call may run.
    Waiting(Tool),
    Running,
    Done(ToolResult),
}

/// The hook stopped the loop.
pub(super) struct Stopped;

impl Calls {
    /// Reads the calls of a message. A call that cannot run has its result at once.
    pub(super) fn new(calls: &[ToolCall], tools: &[Tool], round: u32) -> Self {
        let entries = calls.iter().map(|call| {
            let function = call.function.as_ref();
            let name = function.map(|function| function.name.as_str());
            let name = name.unwrap_or_default();
            let mut pending = PendingCall {
                id: call.id.clone().unwrap_or_default(),
                name: name.to_owned(),
                arguments: Value::Null,
                round,
            };
            let Some(tool) = tools.iter().find(|tool| tool.name() == name) else {
                let reason = unknown_tool(name, tools);
                let result = pending.error(ToolOutcome::UnknownTool, &reason);
                return Entry::done(pending, result);
            };
            let text = function.and_then(|function| function.arguments.as_deref());
            match arguments::read(tool, text) {
                Ok(arguments) => {
                    pending.arguments = arguments;
                    Entry {
                        call: pending,
                        state: State::Undecided(tool.clone()),
                    }
                }
                Err(reason) => {
                    let result = pending.error(ToolOutcome::InvalidArguments, &reason);
                    Entry::done(pending, result)
                }
            }
        });
        Self {
            entries: entries.collect(),
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the results so far, in the order of the calls.
    pub(super) fn results(&self) -> impl Iterator<Item = &ToolResult> {
        self.entries.iter().filter_map(|entry| match &entry.state {
            State::Done(result) => Some(result),
            _ => None,
        })
    }

    /// Returns the next event, or `None` once every call has a result. The hook decides about all calls before the
    /// first one runs. At most `parallel` calls run at the same time.
    pub(super) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        hook: &mut Option<Hook>,
        parallel: usize,
        timeout: Duration,
    ) -> Poll<Result<Option<ToolEvent>, Stopped>> {
        loop {
            if let Some((position, tool, decision)) = &mut self.decision {
                let decision = ready!(decision.poll_unpin(cx));
                let (position, tool) = (*position, tool.clone());
                self.decision = None;
                let entry = &mut self.entries[position];
                match decision {
                    ToolDecision::Run => {}
                    ToolDecision::RunWith(arguments) => entry.call.arguments = arguments,
                    ToolDecision::Deny(reason) => {
                        let result = entry.call.error(ToolOutcome::Denied, &reason);
                        return Poll::Ready(Ok(Some(self.finish(position, result))));
                    }
                    ToolDecision::Stop => return Poll::Ready(Err(Stopped)),
                }
                entry.state = State::Waiting(tool);
            } else if let Some((position, tool)) = self.first_undecided() {
                let entry = &mut self.entries[position];
                match hook {
                    None => entry.state = State::Waiting(tool),
                    Some(hook) => self.decision = Some((position, tool, hook(entry.call.clone()))),
                }
            } else if self.running.len() < parallel
                && let Some((position, tool)) = self.first_waiting()
            {
                let entry = &mut self.entries[position];
                entry.state = State::Running;
                let call = entry.call.clone();
                let result = run(call.clone(), tool, timeout);
                let result = result.map(move |result| (position, result));
                self.running.push(result.boxed());
                return Poll::Ready(Ok(Some(ToolEvent::CallStarted(call))));
            } else {
                let finished = ready!(self.running.poll_next_unpin(cx));
                let event = finished.map(|(position, result)| self.finish(position, result));
                return Poll::Ready(Ok(event));
            }
        }
    }

    fn first_undecided(&self) -> Option<(usize, Tool)> {
        self.first(|state| match state {
            State::Undecided(tool) => Some(tool),
            _ => None,
        })
    }

    fn first_waiting(&self) -> Option<(usize, Tool)> {
        self.first(|state| match state {
            State::Waiting(tool) => Some(tool),
            _ => None,
        })
    }

    fn first(&self, tool: impl Fn(&State) -> Option<&Tool>) -> Option<(usize, Tool)> {
        let mut entries = self.entries.iter().enumerate();
        entries.find_map(|(position, entry)| Some((position, tool(&entry.state)?.clone())))
    }

    fn finish(&mut self, position: usize, result: ToolResult) -> ToolEvent {
        self.entries[position].state = State::Done(result.clone());
        ToolEvent::CallFinished(result)
    }

    /// Drops the calls that run, and returns a result for each call, in the order of the calls. `reason` is why the
    /// loop ended, for the calls that have no result.
    pub(super) fn into_results(self, reason: &str) -> Vec<ToolResult> {
        let results = self.entries.into_iter().map(|entry| match entry.state {
            State::Done(result) => result,
            State::Running => {
                let reason = format!("the call was cancelled, because {reason}");
                entry.call.error(ToolOutcome::Cancelled, &reason)
            }
            State::Undecided(_) | State::Waiting(_) => {
                let reason = format!("the call did not run, because {reason}");
                entry.call.error(ToolOutcome::NotRun, &reason)
            }
        });
        results.collect()
    }
}

impl Entry {
    fn done(call: PendingCall, result: ToolResult) -> Self {
        Self {
            call,
            state: State::Done(result),
        }
    }
}

impl PendingCall {
    fn error(&self, outcome: ToolOutcome, reason: &str) -> ToolResult {
        self.result(outcome, format!("Error: {reason}"))
    }

    fn result(&self, outcome: ToolOutcome, content: String) -> ToolResult {
        ToolResult {
            id: self.id.clone(),
            name: self.name.clone(),
            arguments: self.arguments.clone(),
            content,
            outcome,
        }
    }
}

/// Runs a call. A panic is caught, because the model must receive a result for each call.
async fn run(call: PendingCall, tool: Tool, timeout: Duration) -> ToolResult {
    let arguments = call.arguments.clone();
    // The function is called inside the block, so that its panics are caught too.
    let called = AssertUnwindSafe(async move { tool.call(arguments).await }).catch_unwind();
    match tokio::time::timeout(timeout, called).await {
        Ok(Ok(Called::Returned(Ok(content)))) => call.result(ToolOutcome::Returned, content),
        Ok(Ok(Called::Returned(Err(error)))) => call.error(ToolOutcome::Failed, &error),
        Ok(Ok(Called::InvalidArguments(error))) => {
            let reason = format!("the arguments do not fit the tool: {error}");
            call.error(ToolOutcome::InvalidArguments, &reason)
        }
        Ok(Err(_panic)) => call.error(ToolOutcome::Panicked, "the tool panicked"),
        Err(_elapsed) => {
            let reason = format!("the tool did not return within {timeout:?}");
            call.error(ToolOutcome::TimedOut, &reason)
        }
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
