//! The tool calls of one answer, put together from their pieces.

use std::collections::HashMap;

use pinference_api::types::{FunctionCall, ToolCall, ToolCallDelta};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::chat::merge;

/// The tool calls of one answer, in the order in which they began.
///
/// Servers number, name and identify the pieces of a call in different ways. The first rule that fits decides which
/// call a piece belongs to:
///
/// 1. An id that was seen before: that call.
/// 2. An index that was seen before: the latest call of that index. If the piece has a name, it begins a new call
///    where the arguments of that call are complete, or where both its id is new and its name is different.
/// 3. A new index: a new call. A piece with neither id nor name continues the latest call if that is incomplete.
/// 4. No index: the latest call, if its arguments are incomplete and the piece has no other name; else a new call.
///
/// An empty id is none. Finding the call takes constant time, however many there are.
#[derive(Debug, Default, Clone)]
pub(super) struct Calls {
    calls: Vec<Call>,
    by_id: HashMap<String, usize>,
    /// The latest call of each index.
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

    pub(super) fn add(&mut self, piece: &ToolCallDelta) {
        let id = piece.id.as_deref().filter(|id| !id.is_empty());
        let at = self.position(piece, id).unwrap_or_else(|| {
            self.calls.push(Call {
                index: piece.index,
                ..Call::default()
            });
            self.calls.len() - 1
        });
        if let Some(index) = piece.index {
            self.by_index.insert(index, at);
        }
        if let Some(id) = id
            && !self.by_id.contains_key(id)
        {
            self.by_id.insert(id.to_owned(), at);
        }
        self.calls[at].add(piece);
    }

    /// The call that a piece belongs to; `None` if it begins a new one.
    fn position(&self, piece: &ToolCallDelta, id: Option<&str>) -> Option<usize> {
        if let Some(at) = id.and_then(|id| self.by_id.get(id)) {
            return Some(*at);
        }
        let function = piece.function.as_ref();
        let name = function.and_then(|function| function.name.as_deref());
        let name = name.filter(|name| !name.is_empty());
        let is_other = |call: &Call| name.is_some_and(|name| call.name() != Some(name));
        let latest = self.calls.len().checked_sub(1);
        let Some(index) = piece.index else {
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

    /// In the order of their indices; those of one index in the order in which they began.
    pub(super) fn finished(&self) -> Vec<ToolCall> {
        let mut calls: Vec<&Call> = self.calls.iter().collect();
        calls.sort_by_key(|call| call.index);
        calls.into_iter().map(Call::finished).collect()
    }
}

impl Call {
    fn name(&self) -> Option<&str> {
        let function = self.function.as_ref()?;
        Some(function.name.as_str()).filter(|name| !name.is_empty())
    }

    fn add(&mut self, piece: &ToolCallDelta) {
        if self.id.is_none() {
            self.id = piece.id.clone().filter(|id| !id.is_empty());
        }
        if self.kind.is_none() {
            self.kind.clone_from(&piece.type_);
        }
        merge::add(&mut self.extra, &piece.extra);
        if let Some(piece) = &piece.function {
            let function = self
                .function
                .get_or_insert_with(|| FunctionCall::new(String::new()));
            // Some servers repeat the name in every piece.
            let name = piece.name.as_deref().unwrap_or_default();
            if function.name != name {
                function.name.push_str(name);
            }
            if let Some(arguments) = &piece.arguments {
                let kept = function.arguments.get_or_insert_default();
                kept.push_str(arguments);
                self.arguments.advance(arguments, kept);
            }
            merge::add(&mut function.extra, &piece.extra);
        }
    }

    fn finished(&self) -> ToolCall {
        let mut call = ToolCall::default();
        call.id.clone_from(&self.id);
        call.type_.clone_from(&self.kind);
        call.function.clone_from(&self.function);
        call.extra.clone_from(&self.extra);
        // A piece of a call does not list what a whole one does.
        call.custom = call.extra.remove("custom");
        call
    }
}

/// How far the arguments of a call have come. Each byte is looked at once, so that many small pieces take as long as
/// one large piece.
#[derive(Debug, Default, Clone, Copy)]
enum Progress {
    /// Nothing but whitespace.
    #[default]
    Empty,
    /// Within an object.
    Open { depth: u32, string: InString },
    /// One object, and nothing after it.
    Complete,
    /// No object. It may still be what the model meant, but nobody can tell where it ends.
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

    /// Takes in a piece, which is already at the end of all that came.
    fn advance(&mut self, piece: &str, all: &str) {
        for byte in piece.bytes() {
            *self = match (*self, byte) {
                (Self::Other, _) => return,
                (Self::Empty | Self::Complete, b' ' | b'\t' | b'\n' | b'\r') => *self,
                (Self::Empty, b'{') => Self::Open {
                    depth: 1,
                    string: InString::No,
                },
                (Self::Empty | Self::Complete, _) => Self::Other,
                (Self::Open { depth, string }, byte) => Self::within(depth, string, byte),
            };
        }
        // The braces match. Once for each call: there is no way back from `Complete` but to `Other`.
        if let Self::Complete = self
            && serde_json::from_str::<IgnoredAny>(all).is_err()
        {
            *self = Self::Other;
        }
    }

    fn within(depth: u32, string: InString, byte: u8) -> Self {
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
            // At once, and in pieces of each size.
            for size in 1..=arguments.len().max(1) {
                let mut progress = Progress::default();
                let mut all = String::new();
                for piece in arguments.as_bytes().chunks(size) {
                    let piece = std::str::from_utf8(piece).unwrap_or_default();
                    all.push_str(piece);
                    progress.advance(piece, &all);
                }
                assert_eq!(progress.is_complete(), complete, "{arguments} by {size}");
            }
        }
    }
}
