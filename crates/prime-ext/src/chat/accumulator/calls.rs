//! Combines the fragments of the tool calls of one choice.

use std::collections::HashMap;

use pinference_api::types::{FunctionCall, ToolCall, ToolCallDelta};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::chat::merge;

/// The tool calls of one choice, in the order in which they began.
///
/// Servers set the index, id and name of fragments in different ways. The first rule that matches decides which call
/// a fragment belongs to:
///
/// 1. Known id: the call with that id, and with that index if there are several. But a fragment with another index and
///    a name begins a new call if the arguments of that call are complete, or if the name differs.
/// 2. Known index: the latest call with that index. But a fragment with a name begins a new call if the arguments
///    of that call are complete, or if the id is new and the name differs.
/// 3. New index: a new call. But a fragment without id and name continues the latest call if that is incomplete.
/// 4. No index: the latest call, or a new call if its arguments are complete or the fragment has a different name.
///
/// An empty id counts as missing. A lookup takes constant time.
#[derive(Debug, Default, Clone)]
pub(super) struct Calls {
    calls: Vec<Call>,
    by_id: HashMap<String, usize>,
    /// The latest call with each index.
    by_index: HashMap<i64, usize>,
}

#[derive(Debug, Default, Clone)]
struct Call {
    index: Option<i64>,
    id: Option<String>,
    kind: Option<String>,
    function: Option<FunctionCall>,
    arguments: Progress,
    extra: Map<String, Value>,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn add(&mut self, fragment: &ToolCallDelta) {
        let id = fragment.id.as_deref().filter(|id| !id.is_empty());
        let at = self.position(fragment, id).unwrap_or_else(|| {
            self.calls.push(Call {
                index: fragment.index,
                ..Call::default()
            });
            self.calls.len() - 1
        });
        if let Some(index) = fragment.index {
            self.by_index.insert(index, at);
        }
        if let Some(id) = id
            && !self.by_id.contains_key(id)
        {
            self.by_id.insert(id.to_owned(), at);
        }
        self.calls[at].add(fragment);
    }

    /// Returns the call that a fragment belongs to, or `None` if it begins a new one.
    fn position(&self, fragment: &ToolCallDelta, id: Option<&str>) -> Option<usize> {
        let function = fragment.function.as_ref();
        let name = function.and_then(|function| function.name.as_deref());
        let name = name.filter(|name| !name.is_empty());
        let is_other = |call: &Call| name.is_some_and(|name| call.name() != Some(name));
        if let Some(at) = id.and_then(|id| self.by_id.get(id)) {
            // Several calls may have this id.
            let of_index = fragment.index.and_then(|index| self.by_index.get(&index));
            if let Some(at) = of_index.filter(|at| self.calls[**at].id.as_deref() == id) {
                return Some(*at);
            }
            let call = &self.calls[*at];
            let begins = fragment.index.is_some()
                && fragment.index != call.index
                && name.is_some()
                && (call.arguments.is_complete() || is_other(call));
            return (!begins).then_some(*at);
        }
        let latest = self.calls.len().checked_sub(1);
        let Some(index) = fragment.index else {
            return latest.filter(|at| {
                let call = &self.calls[*at];
                !call.arguments.is_complete() && !is_other(call)
            });
        };
        match self.by_index.get(&index) {
            Some(at) => {
                let call = &self.calls[*at];
                let begins = name.is_some()
                    && (call.arguments.is_complete() || id.is_some() && is_other(call));
                (!begins).then_some(*at)
            }
            None => latest.filter(|at| {
                id.is_none() && name.is_none() && !self.calls[*at].arguments.is_complete()
            }),
        }
    }

    /// Returns the calls sorted by index; calls with the same index stay in the order in which they began.
    pub(super) fn to_vec(&self) -> Vec<ToolCall> {
        let mut calls: Vec<&Call> = self.calls.iter().collect();
        calls.sort_by_key(|call| call.index);
        calls.into_iter().map(Call::to_tool_call).collect()
    }
}

impl Call {
    fn name(&self) -> Option<&str> {
        let function = self.function.as_ref()?;
        Some(function.name.as_str()).filter(|name| !name.is_empty())
    }

    fn add(&mut self, fragment: &ToolCallDelta) {
        if self.id.is_none() {
            self.id = fragment.id.clone().filter(|id| !id.is_empty());
        }
        if self.kind.is_none() {
            self.kind.clone_from(&fragment.type_);
        }
        merge::add(&mut self.extra, &fragment.extra);
        if let Some(fragment) = &fragment.function {
            let function = self.function.get_or_insert_default();
            // Some servers repeat the name in every fragment.
            let name = fragment.name.as_deref().unwrap_or_default();
            if function.name != name {
                function.name.push_str(name);
            }
            if let Some(arguments) = &fragment.arguments {
                let kept = function.arguments.get_or_insert_default();
                kept.push_str(arguments);
                self.arguments.advance(arguments, kept);
            }
            merge::add(&mut function.extra, &fragment.extra);
        }
    }

    fn to_tool_call(&self) -> ToolCall {
        let mut call = ToolCall::default();
        call.id.clone_from(&self.id);
        call.type_.clone_from(&self.kind);
        call.function.clone_from(&self.function);
        call.extra.clone_from(&self.extra);
        // `ToolCallDelta` does not declare this field, but `ToolCall` does.
        call.custom = call.extra.remove("custom");
        call
    }
}

/// How much of the arguments of a call was received. Each byte is examined once, so that many small fragments take as
/// long as one large one.
#[derive(Debug, Default, Clone, Copy)]
enum Progress {
    /// Only whitespace.
    #[default]
    Empty,
    /// Inside an object.
    Open { depth: u32, string: InString },
    /// One object, followed by nothing but whitespace.
    Complete,
    /// Not an object. The end of such arguments cannot be detected.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InString {
    No,
    Yes,
    Escaped,
}

impl Progress {
    fn is_complete(self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Reads a fragment, which is already the end of `arguments`.
    fn advance(&mut self, fragment: &str, arguments: &str) {
        let was_complete = self.is_complete();
        for byte in fragment.bytes() {
            *self = match (*self, byte) {
                (Self::Other, _) => return,
                (Self::Empty | Self::Complete, b' ' | b'\t' | b'\n' | b'\r') => *self,
                (Self::Empty, b'{') => Self::Open {
                    depth: 1,
                    string: InString::No,
                },
                (Self::Empty | Self::Complete, _) => Self::Other,
                (Self::Open { depth, string }, byte) => Self::next(depth, string, byte),
            };
        }
        // The brackets are balanced, but the JSON may still be invalid. Whitespace after it changes nothing.
        if !was_complete
            && self.is_complete()
            && serde_json::from_str::<IgnoredAny>(arguments).is_err()
        {
            *self = Self::Other;
        }
    }

    fn next(depth: u32, string: InString, byte: u8) -> Self {
        let (depth, string) = match (string, byte) {
            (InString::Escaped, _) => (depth, InString::Yes),
            (InString::Yes, b'\\') => (depth, InString::Escaped),
            (InString::Yes, b'"') => (depth, InString::No),
            (InString::Yes, _) => (depth, InString::Yes),
            (InString::No, b'"') => (depth, InString::Yes),
            (InString::No, b'{' | b'[') => (depth.saturating_add(1), InString::No),
            (InString::No, b'}' | b']') if depth == 1 => return Self::Complete,
            (InString::No, b'}' | b']') => (depth - 1, InString::No),
            (InString::No, _) => (depth, InString::No),
        };
        Self::Open { depth, string }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_complete_when_their_object_is() {
        for (arguments, complete) in [
            ("", false),
            (" ", false),
            ("{", false),
            ("{}", true),
            (" {\"a\": [{}, \"}\\\"]\"]} \n", true),
            ("{\"a\": \"}", false),
            ("{\"a\": \"\\", false),
            ("{]", false),
            ("{} {}", false),
            ("1", false),
            ("[]", false),
            ("null", false),
        ] {
            // In one fragment, and in fragments of every size.
            for size in 1..=arguments.len().max(1) {
                let mut progress = Progress::default();
                let mut all = String::new();
                for fragment in arguments.as_bytes().chunks(size) {
                    let fragment = std::str::from_utf8(fragment).unwrap_or_default();
                    all.push_str(fragment);
                    progress.advance(fragment, &all);
                }
                assert_eq!(progress.is_complete(), complete, "{arguments} by {size}");
            }
        }
    }
}
