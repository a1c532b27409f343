use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn add(assembly: &mut ChatAccumulator, chunk: &Value) {
    let json = chunk.to_string();
    let mut chunk = Chunk::default();
    chunk.read_json(&json).unwrap();
    assembly.add(&chunk, json.len());
}

fn assemble(chunks: &[Value]) -> Value {
    let mut assembly = ChatAccumulator::with_limits(1, usize::MAX);
    for chunk in chunks {
        add(&mut assembly, chunk);
    }
    serde_json::to_value(assembly.finish()).unwrap()
}

#[test]
fn tool_calls_reasoning_and_log_probabilities() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let answer = assemble(&[
        json!({"id": "c1", "model": "m", "created": 1, "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": null}}]}),
        delta(json!({"reasoning": "hm"})),
        delta(json!({"reasoning": "m", "reasoning_details": [{"type": "a"}]})),
        delta(
            json!({"tool_calls": [{"index": 0, "id": "t0", "type": "function",
            "function": {"name": "add", "arguments": ""}}]}),
        ),
        delta(json!({"tool_calls": [{"index": 1, "id": "t1",
            "function": {"name": "sub", "arguments": "{\"b\""}}]})),
        delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"a\":1}"}}]})),
        delta(json!({"tool_calls": [{"index": 1, "function": {"arguments": ":2}"}}]})),
        json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [1]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [2]},
            "finish_reason": "tool_calls"}]}),
        json!({"choices": [], "usage": {"total_tokens": 9, "cost": "0.10"}}),
    ]);
    assert_eq!(
        answer,
        json!({
            "id": "c1", "model": "m", "created": 1, "object": "chat.completion",
            "choices": [{
                "index": 0, "finish_reason": "tool_calls", "logprobs": {"content": [1, 2]},
                "message": {
                    "role": "assistant", "reasoning": "hmm", "reasoning_details": [{"type": "a"}],
                    "tool_calls": [
                        {"id": "t0", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}},
                        {"id": "t1", "function": {"name": "sub", "arguments": "{\"b\":2}"}},
                    ],
                },
            }],
            "usage": {"total_tokens": 9, "cost": 0.10},
        })
    );
}

#[test]
fn tool_calls_without_or_with_one_index_are_told_apart_by_id() {
    let call = |call: Value| json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
    for index in [json!(0), json!(null)] {
        let answer = assemble(&[
            call(json!({"index": index, "id": "a", "function": {"name": "f", "arguments": "1"}})),
            call(json!({"index": index, "id": "", "function": {"name": "f", "arguments": "2"}})),
            call(json!({"index": index, "id": "b", "function": {"name": "g", "arguments": "3"}})),
            call(json!({"index": index, "function": {"arguments": "4"}})),
        ]);
        let calls = &answer["choices"][0]["message"]["tool_calls"];
        assert_eq!(
            *calls,
            json!([
                {"id": "a", "function": {"name": "f", "arguments": "12"}},
                {"id": "b", "function": {"name": "g", "arguments": "34"}},
            ])
        );
    }
}

/// What a delta has and no step above takes in would be lost.
#[test]
fn every_field_of_a_delta_is_assembled() {
    let delta = json!({
        "role": "assistant", "content": "c", "reasoning": "r", "reasoning_content": "s",
        "reasoning_details": [1], "refusal": "no",
        "tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}],
    });
    let empty = format!(
        "{:?}",
        pinference_api::types::ChatCompletionDelta::default()
    );
    let fields = empty
        .split(['{', ',', '}'])
        .filter_map(|f| f.trim().strip_suffix(": None"));
    let fields: BTreeSet<&str> = fields.collect();
    let tried: BTreeSet<&str> = delta
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(tried, fields, "not every field is tried here");
    let answer = assemble(&[json!({"choices": [{"index": 0, "delta": delta}]})]);
    let message = answer["choices"][0]["message"].as_object().unwrap();
    for field in delta.as_object().unwrap().keys() {
        assert!(message.contains_key(field), "{field} is lost");
    }
}

#[test]
fn parts_and_what_nobody_lists_are_kept() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let answer = assemble(&[
        delta(json!({"content": "", "annotations": [1]})),
        delta(json!({"content": [{"type": "thinking", "thinking": "hm"}], "annotations": [2]})),
        delta(json!({"content": "a"})),
        delta(json!({"content": "b", "thought_signature": "sig"})),
        delta(
            json!({"tool_calls": [{"index": 0, "id": "t", "custom": {"name": "f", "input": "x"}}]}),
        ),
    ]);
    assert_eq!(
        answer["choices"][0]["message"],
        json!({
            "role": "assistant", "annotations": [1, 2], "thought_signature": "sig",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "ab"}],
            "tool_calls": [{"id": "t", "custom": {"name": "f", "input": "x"}}],
        })
    );
}

/// Of the delta and its parts, what comes adds up; of the chunk and the choice, the last counts.
#[test]
fn what_nobody_lists_is_put_together() {
    let answer = assemble(&[
        json!({"provider": "p", "citations": ["a"], "x": {"id": 1}, "choices": [
            {"delta": {"audio": {"id": "i", "data": "ab"}, "thinking": "h", "signature": "s"},
            "native": null, "filter": {"hate": 0}}]}),
        json!({"provider": "p", "citations": ["a", "b"], "x": {"usage": 2}, "choices": [
            {"delta": {"audio": {"id": "i", "data": "cd"}, "thinking": "m", "signature": "s",
                "tool_calls": [{"function": {"name": "f", "more": [1]}, "index": 0, "other": 1}]},
            "native": "stop", "filter": {"hate": 1}}]}),
        json!({"provider": null, "citations": ["c"], "choices": [{"native": null}]}),
    ]);
    assert_eq!(answer["provider"], "p");
    assert_eq!(answer["citations"], json!(["a", "b", "c"]));
    assert_eq!(answer["x"], json!({"id": 1, "usage": 2}));
    let choice = &answer["choices"][0];
    assert_eq!(
        (&choice["native"], &choice["filter"]),
        (&json!("stop"), &json!({"hate": 1}))
    );
    let message = &choice["message"];
    assert_eq!(message["audio"], json!({"id": "i", "data": "abcd"}));
    assert_eq!(
        (&message["thinking"], &message["signature"]),
        (&json!("hm"), &json!("s"))
    );
    let call = &message["tool_calls"][0];
    assert_eq!(
        (&call["function"]["more"], &call["other"]),
        (&json!([1]), &json!(1))
    );
}

#[test]
fn several_choices_come_mixed() {
    let piece =
        |index, text: &str| json!({"choices": [{"index": index, "delta": {"content": text}}]});
    let answer = assemble(&[piece(1, "b"), piece(0, "a"), piece(1, "B"), piece(0, "A")]);
    assert_eq!(answer["choices"][0]["message"]["content"], "aA");
    assert_eq!(answer["choices"][1]["message"]["content"], "bB");
}

#[test]
fn finished_is_said_of_every_choice() {
    let mut assembly = ChatAccumulator::with_limits(1, usize::MAX);
    let mut after = |chunk: Value| {
        add(&mut assembly, &chunk);
        (assembly.is_finished(1), assembly.is_finished(2))
    };
    assert_eq!(after(json!({"choices": []})), (false, false));
    // Written into every piece, it says nothing.
    let empty = json!({"choices": [{"index": 0, "finish_reason": ""}]});
    assert_eq!(after(empty.clone()), (false, false));
    assert_eq!(
        after(json!({"choices": [{"index": 0, "finish_reason": null}]})),
        (true, false)
    );
    assert_eq!(after(empty), (true, false));
    assert_eq!(
        after(json!({"choices": [{"index": 1, "delta": {}}]})),
        (false, false)
    );
    assert_eq!(
        after(json!({"choices": [{"index": 1, "finish_reason": "abort"}]})),
        (true, true)
    );
}

#[test]
fn an_empty_reason_is_no_end_by_itself() {
    let piece =
        |reason: Value| json!({"choices": [{"delta": {"content": "a"}, "finish_reason": reason}]});
    let ended = |reasons: &[Value]| {
        let mut assembly = ChatAccumulator::with_limits(1, usize::MAX);
        for reason in reasons {
            add(&mut assembly, &piece(reason.clone()));
        }
        (assembly.is_finished(1), assembly.says_why(1))
    };
    assert_eq!(ended(&[Value::Null]), (false, false));
    assert_eq!(ended(&["".into(), "".into()]), (false, false));
    // Where something else says that it is the end.
    assert_eq!(ended(&[Value::Null, "".into()]), (true, false));
    assert_eq!(ended(&[Value::Null, "null".into()]), (false, false));
    assert_eq!(
        ended(&[Value::Null, "".into(), "stop".into()]),
        (true, true)
    );
    assert_eq!(ended(&["stop".into(), "".into()]), (true, true));
}

#[test]
fn tool_calls_that_come_in_turns() {
    let piece = |id: &str, name: &str, arguments: &str| {
        let function = json!({"name": name, "arguments": arguments});
        json!({"id": id, "function": function})
    };
    let calls = |pieces: &[Value], index: Option<i64>| {
        let chunks = pieces.iter().map(|piece| {
            let mut piece = piece.clone();
            if let Some(index) = index {
                piece["index"] = index.into();
            }
            json!({"choices": [{"delta": {"tool_calls": [piece]}}]})
        });
        let answer = assemble(&chunks.collect::<Vec<_>>());
        let calls = answer["choices"][0]["message"]["tool_calls"].clone();
        let calls = calls.as_array().unwrap().iter().map(|call| {
            let function = &call["function"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            [text(&function["name"]), text(&function["arguments"])].concat()
        });
        calls.collect::<Vec<_>>()
    };
    let by_id = [
        piece("A", "pay", "{\"usd\":1"),
        piece("B", "log", "{}"),
        piece("A", "", "00}"),
    ];
    for index in [None, Some(0)] {
        assert_eq!(calls(&by_id, index), ["pay{\"usd\":100}", "log{}"]);
    }
    let whole = [
        piece("", "pay", "{\"usd\":1"),
        piece("", "pay", "00}"),
        piece("", "log", "{}"),
    ];
    assert_eq!(calls(&whole, None), ["pay{\"usd\":100}", "log{}"]);
}

#[test]
fn whatever_is_kept_counts() {
    let assembled = |chunks: &[Value]| {
        let mut assembly = ChatAccumulator::with_limits(1, usize::MAX);
        for chunk in chunks {
            add(&mut assembly, chunk);
        }
        assembly
    };
    let kept = |chunks: &[Value]| assembled(chunks).kept;
    let member = |name: &str, text: &str| json!({"choices": [], name: text});
    // New members, and longer ones; not those that take the place of others.
    let long = "x".repeat(1000);
    assert!(kept(&[member("a", &long), member("b", &long)]) >= 2000);
    assert!(kept(&[member("a", ""), member("a", &long)]) >= 1000);
    assert_eq!(
        kept(&[member("a", &long), member("a", "y")]),
        kept(&[member("a", &long)])
    );
    let answers = |from: i64, count: i64| {
        let indices = (from..from + count).rev();
        let choices = indices.map(|index| json!({"index": index, "finish_reason": "z"}));
        json!({"choices": choices.collect::<Vec<_>>()})
    };
    assert!(kept(&[answers(0, 1000)]) >= 1000 * size_of::<Choice>() / 2);
    let most = i64::from(MAX_CHOICES);
    assert_eq!(assembled(&[answers(0, most)]).excess(), None);
    assert!(
        assembled(&[answers(0, most), answers(most, 1)])
            .excess()
            .is_some()
    );
    for (count, expected) in [(most, false), (most + 1, true), (80_000, true)] {
        let json = answers(0, count).to_string();
        let mut chunk = Chunk::default();
        chunk.read_json(&json).unwrap();
        assert_eq!(chunk.has_too_many_choices(), expected);
        assert!(chunk.choices().count() <= MAX_CHOICES as usize);
    }
    let calls = |count: usize| {
        let calls = (0..count).map(|index| json!({"index": index, "function": {"name": "f"}}));
        json!({"choices": [{"delta": {"tool_calls": calls.collect::<Vec<_>>()}}]})
    };
    assert_eq!(assembled(&[calls(2048)]).excess(), None);
    let excess = assembled(&[calls(2049)]).excess();
    assert_eq!(
        excess.as_deref(),
        Some("there are more than 2048 tool calls")
    );
}

/// Seen: a fresh id for each piece; whole calls that all have index 0; indices that are left out.
#[test]
fn pieces_of_tool_calls_find_their_call() {
    let calls = |pieces: &[Value]| {
        let pieces = pieces
            .iter()
            .map(|piece| json!({"choices": [{"delta": {"tool_calls": [piece]}}]}));
        let answer = assemble(&pieces.collect::<Vec<_>>());
        answer["choices"][0]["message"]["tool_calls"].clone()
    };
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "function": {"name": name, "arguments": arguments}});
    let fresh_ids = [
        json!({"index": 0, "id": "a", "function": {"name": "add", "arguments": ""}}),
        json!({"index": 0, "id": "b", "function": {"arguments": "{\"x\""}}),
        json!({"index": 0, "id": "c", "function": {"name": "add", "arguments": ":1}"}}),
        json!({"index": 0, "id": "d", "function": {"arguments": ""}}),
    ];
    assert_eq!(calls(&fresh_ids), json!([call("a", "add", "{\"x\":1}")]));
    for index in [json!(0), json!(null)] {
        let whole = [
            json!({"index": index, "id": "", "function": {"name": "get_time", "arguments": "{}"}}),
            json!({"index": index, "function": {"name": "get_time", "arguments": "{\"z\":1}"}}),
            json!({"index": index, "id": "r", "function": {"name": "get_rate", "arguments": "{}"}}),
        ];
        let expected = json!([
            {"function": {"name": "get_time", "arguments": "{}"}},
            {"function": {"name": "get_time", "arguments": "{\"z\":1}"}},
            call("r", "get_rate", "{}"),
        ]);
        assert_eq!(calls(&whole), expected);
    }
    // A new index without id and name goes on with a call that is incomplete, and with no other.
    let left_out = [
        json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}),
        json!({"index": 1, "function": {"arguments": "}"}}),
        json!({"index": 2, "function": {"arguments": "{}"}}),
    ];
    let expected = json!([
        call("a", "f", "{}"),
        {"function": {"name": "", "arguments": "{}"}},
    ]);
    assert_eq!(calls(&left_out), expected);
    // An id that was seen decides, whatever the index.
    let by_id = [
        json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}),
        json!({"index": 1, "id": "b", "function": {"name": "g", "arguments": "{"}}),
        json!({"index": 1, "id": "a", "function": {"arguments": "}"}}),
        json!({"index": 2, "id": "b", "function": {"arguments": "}"}}),
    ];
    assert_eq!(
        calls(&by_id),
        json!([call("a", "f", "{}"), call("b", "g", "{}")])
    );
}
