use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn add(accumulator: &mut ChatAccumulator, chunk: &Value) {
    let json = chunk.to_string();
    let mut chunk = Chunk::default();
    chunk.read_json(&json).unwrap();
    accumulator.add(&chunk, json.len());
}

fn accumulate(chunks: &[Value]) -> Value {
    let mut accumulator = ChatAccumulator::with_limits(1, usize::MAX);
    for chunk in chunks {
        add(&mut accumulator, chunk);
    }
    serde_json::to_value(accumulator.finish()).unwrap()
}

#[test]
fn tool_calls_reasoning_and_log_probabilities() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let response = accumulate(&[
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
        json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [{"token": "a"}], "x": [1]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [{"token": "b"}], "x": [2]},
            "finish_reason": "tool_calls"}]}),
        json!({"choices": [], "usage": {"total_tokens": 9, "cost": "0.10"}}),
    ]);
    assert_eq!(
        response,
        json!({
            "id": "c1", "model": "m", "created": 1, "object": "chat.completion",
            "choices": [{
                "index": 0, "finish_reason": "tool_calls", "logprobs": {"content": [{"token": "a"}, {"token": "b"}], "x": [1, 2]},
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
        let response = accumulate(&[
            call(json!({"index": index, "id": "a", "function": {"name": "f", "arguments": "1"}})),
            call(json!({"index": index, "id": "", "function": {"name": "f", "arguments": "2"}})),
            call(json!({"index": index, "id": "b", "function": {"name": "g", "arguments": "3"}})),
            call(json!({"index": index, "function": {"arguments": "4"}})),
        ]);
        let calls = &response["choices"][0]["message"]["tool_calls"];
        assert_eq!(
            *calls,
            json!([
                {"id": "a", "function": {"name": "f", "arguments": "12"}},
                {"id": "b", "function": {"name": "g", "arguments": "34"}},
            ])
        );
    }
}

/// A field that `Choice::add` does not handle would be lost.
#[test]
fn every_field_of_a_delta_is_kept() {
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
    assert_eq!(tried, fields, "this test does not cover every field");
    let response = accumulate(&[json!({"choices": [{"index": 0, "delta": delta}]})]);
    let message = response["choices"][0]["message"].as_object().unwrap();
    for field in delta.as_object().unwrap().keys() {
        assert!(message.contains_key(field), "{field} is lost");
    }
}

#[test]
fn parts_and_undeclared_fields_are_kept() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let response = accumulate(&[
        delta(json!({"content": "", "annotations": [1]})),
        delta(json!({"content": [{"type": "thinking", "thinking": "hm"}], "annotations": [2]})),
        delta(json!({"content": "a"})),
        delta(json!({"content": "b", "thought_signature": "sig"})),
        delta(
            json!({"tool_calls": [{"index": 0, "id": "t", "custom": {"name": "f", "input": "x"}}]}),
        ),
    ]);
    assert_eq!(
        response["choices"][0]["message"],
        json!({
            "role": "assistant", "annotations": [1, 2], "thought_signature": "sig",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "ab"}],
            "tool_calls": [{"id": "t", "custom": {"name": "f", "input": "x"}}],
        })
    );
}

/// Fields of a delta and its parts are appended; of those of a chunk and a choice, the last value counts.
#[test]
fn undeclared_fields_are_merged() {
    let response = accumulate(&[
        json!({"provider": "p", "citations": ["a"], "x": {"id": 1}, "choices": [
            {"delta": {"audio": {"id": "i", "data": "ab"}, "thinking": "h", "signature": "s"},
            "native": null, "filter": {"hate": 0}}]}),
        json!({"provider": "p", "citations": ["a", "b"], "x": {"usage": 2}, "choices": [
            {"delta": {"audio": {"id": "i", "data": "cd"}, "thinking": "m", "signature": "s",
                "tool_calls": [{"function": {"name": "f", "more": [1]}, "index": 0, "other": 1}]},
            "native": "stop", "filter": {"hate": 1}}]}),
        json!({"provider": null, "citations": ["c"], "choices": [{"native": null}]}),
    ]);
    assert_eq!(response["provider"], "p");
    assert_eq!(response["citations"], json!(["a", "b", "c"]));
    assert_eq!(response["x"], json!({"id": 1, "usage": 2}));
    let choice = &response["choices"][0];
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
fn rare_members_of_a_message_are_typed() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let mut accumulator = ChatAccumulator::new();
    for chunk in [
        delta(json!({"audio": {"id": "a", "data": "AAAA", "transcript": "ha"}})),
        // Parts may be equal to what was received.
        delta(json!({"audio": {"id": "a", "data": "AAAA", "transcript": "ha"}})),
        delta(
            json!({"audio": {"expires_at": 17}, "function_call": {"name": "f", "arguments": "1"}}),
        ),
        delta(json!({"function_call": {"arguments": "1"}, "annotations": [{"type": "x"}]})),
        delta(json!({"annotations": [{"type": "y"}], "other": 1})),
    ] {
        add(&mut accumulator, &chunk);
    }
    let mut response = accumulator.finish();
    let message = response.choices.remove(0).message.unwrap();
    let audio = message.audio.unwrap();
    assert_eq!(audio.id.as_deref(), Some("a"));
    assert_eq!(audio.data.as_deref(), Some("AAAAAAAA"));
    assert_eq!(audio.transcript.as_deref(), Some("haha"));
    assert_eq!(audio.expires_at, Some(17));
    let call = message.function_call.unwrap();
    assert_eq!(
        (call.name.as_str(), call.arguments.as_deref()),
        ("f", Some("11"))
    );
    assert_eq!(message.annotations.map(|list| list.len()), Some(2));
    assert_eq!(Value::Object(message.extra), json!({"other": 1}));
}

#[test]
fn members_of_another_type_stay_undeclared() {
    let odd = json!({"audio": "AAAA", "annotations": [1], "function_call": 7});
    let mut accumulator = ChatAccumulator::new();
    add(
        &mut accumulator,
        &json!({"choices": [{"index": 0, "delta": odd}]}),
    );
    let mut response = accumulator.finish();
    let message = response.choices.remove(0).message.unwrap();
    assert_eq!(Value::Object(message.extra), odd);
}

#[test]
fn interleaved_choices_are_kept_apart() {
    let chunk =
        |index, text: &str| json!({"choices": [{"index": index, "delta": {"content": text}}]});
    let response = accumulate(&[chunk(1, "b"), chunk(0, "a"), chunk(1, "B"), chunk(0, "A")]);
    assert_eq!(response["choices"][0]["message"]["content"], "aA");
    assert_eq!(response["choices"][1]["message"]["content"], "bB");
}

#[test]
fn is_finished_considers_every_choice() {
    let mut accumulator = ChatAccumulator::with_limits(1, usize::MAX);
    let mut after = |chunk: Value| {
        add(&mut accumulator, &chunk);
        (accumulator.is_finished(1), accumulator.is_finished(2))
    };
    assert_eq!(after(json!({"choices": []})), (false, false));
    // An empty reason in every chunk is not an end.
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
fn an_empty_reason_alone_is_not_an_end() {
    let chunk =
        |reason: Value| json!({"choices": [{"delta": {"content": "a"}, "finish_reason": reason}]});
    let ended = |reasons: &[Value]| {
        let mut accumulator = ChatAccumulator::with_limits(1, usize::MAX);
        for reason in reasons {
            add(&mut accumulator, &chunk(reason.clone()));
        }
        (
            accumulator.is_finished(1),
            accumulator.has_finish_reasons(1),
        )
    };
    assert_eq!(ended(&[Value::Null]), (false, false));
    assert_eq!(ended(&["".into(), "".into()]), (false, false));
    // An empty reason counts if an earlier chunk had none.
    assert_eq!(ended(&[Value::Null, "".into()]), (true, false));
    assert_eq!(ended(&[Value::Null, "null".into()]), (false, false));
    assert_eq!(
        ended(&[Value::Null, "".into(), "stop".into()]),
        (true, true)
    );
    assert_eq!(ended(&["stop".into(), "".into()]), (true, true));
}

#[test]
fn interleaved_tool_calls_are_kept_apart() {
    let fragment = |id: &str, name: &str, arguments: &str| {
        let function = json!({"name": name, "arguments": arguments});
        json!({"id": id, "function": function})
    };
    let calls = |fragments: &[Value], index: Option<i64>| {
        let chunks = fragments.iter().map(|fragment| {
            let mut fragment = fragment.clone();
            if let Some(index) = index {
                fragment["index"] = index.into();
            }
            json!({"choices": [{"delta": {"tool_calls": [fragment]}}]})
        });
        let response = accumulate(&chunks.collect::<Vec<_>>());
        let calls = response["choices"][0]["message"]["tool_calls"].clone();
        let calls = calls.as_array().unwrap().iter().map(|call| {
            let function = &call["function"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            [text(&function["name"]), text(&function["arguments"])].concat()
        });
        calls.collect::<Vec<_>>()
    };
    let by_id = [
        fragment("A", "pay", "{\"usd\":1"),
        fragment("B", "log", "{}"),
        fragment("A", "", "00}"),
    ];
    for index in [None, Some(0)] {
        assert_eq!(calls(&by_id, index), ["pay{\"usd\":100}", "log{}"]);
    }
    let without_id = [
        fragment("", "pay", "{\"usd\":1"),
        fragment("", "pay", "00}"),
        fragment("", "log", "{}"),
    ];
    assert_eq!(calls(&without_id, None), ["pay{\"usd\":100}", "log{}"]);
}

#[test]
fn kept_bytes_are_counted() {
    let accumulated = |chunks: &[Value]| {
        let mut accumulator = ChatAccumulator::with_limits(1, usize::MAX);
        for chunk in chunks {
            add(&mut accumulator, chunk);
        }
        accumulator
    };
    let kept = |chunks: &[Value]| accumulated(chunks).kept_bytes;
    let member = |name: &str, text: &str| json!({"choices": [], name: text});
    // New members and longer values count, but not shorter replacements.
    let long = "x".repeat(1000);
    assert!(kept(&[member("a", &long), member("b", &long)]) >= 2000);
    assert!(kept(&[member("a", ""), member("a", &long)]) >= 1000);
    assert_eq!(
        kept(&[member("a", &long), member("a", "y")]),
        kept(&[member("a", &long)])
    );
    let choices = |from: i64, count: i64| {
        let indices = (from..from + count).rev();
        let choices = indices.map(|index| json!({"index": index, "finish_reason": "z"}));
        json!({"choices": choices.collect::<Vec<_>>()})
    };
    assert!(kept(&[choices(0, 1000)]) >= 1000 * size_of::<Choice>() / 2);
    let most = i64::from(MAX_CHOICES);
    assert_eq!(accumulated(&[choices(0, most)]).excess(), None);
    assert!(
        accumulated(&[choices(0, most), choices(most, 1)])
            .excess()
            .is_some()
    );
    for (count, expected) in [(most, false), (most + 1, true), (80_000, true)] {
        let json = choices(0, count).to_string();
        let mut chunk = Chunk::default();
        chunk.read_json(&json).unwrap();
        assert_eq!(chunk.has_too_many_choices(), expected);
        assert!(chunk.choices().count() <= MAX_CHOICES as usize);
    }
    let calls = |count: usize| {
        let calls = (0..count).map(|index| json!({"index": index, "function": {"name": "f"}}));
        json!({"choices": [{"delta": {"tool_calls": calls.collect::<Vec<_>>()}}]})
    };
    assert_eq!(accumulated(&[calls(2048)]).excess(), None);
    let excess = accumulated(&[calls(2049)]).excess();
    assert_eq!(
        excess.as_deref(),
        Some("there are more than 2048 tool calls")
    );
}

/// Observed: a new id in each fragment, complete calls that all have index 0, and skipped indices.
#[test]
fn fragments_are_assigned_to_their_tool_call() {
    let calls = |fragments: &[Value]| {
        let fragments = fragments
            .iter()
            .map(|fragment| json!({"choices": [{"delta": {"tool_calls": [fragment]}}]}));
        let response = accumulate(&fragments.collect::<Vec<_>>());
        response["choices"][0]["message"]["tool_calls"].clone()
    };
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "function": {"name": name, "arguments": arguments}});
    let new_ids = [
        json!({"index": 0, "id": "a", "function": {"name": "add", "arguments": ""}}),
        json!({"index": 0, "id": "b", "function": {"arguments": "{\"x\""}}),
        json!({"index": 0, "id": "c", "function": {"name": "add", "arguments": ":1}"}}),
        json!({"index": 0, "id": "d", "function": {"arguments": ""}}),
    ];
    assert_eq!(calls(&new_ids), json!([call("a", "add", "{\"x\":1}")]));
    for index in [json!(0), json!(null)] {
        let complete = [
            json!({"index": index, "id": "", "function": {"name": "get_time", "arguments": "{}"}}),
            json!({"index": index, "function": {"name": "get_time", "arguments": "{\"z\":1}"}}),
            json!({"index": index, "id": "r", "function": {"name": "get_rate", "arguments": "{}"}}),
        ];
        let expected = json!([
            {"function": {"name": "get_time", "arguments": "{}"}},
            {"function": {"name": "get_time", "arguments": "{\"z\":1}"}},
            call("r", "get_rate", "{}"),
        ]);
        assert_eq!(calls(&complete), expected);
    }
    // A fragment with a new index, but no id and name, continues an incomplete call only.
    let skipped_indices = [
        json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}),
        json!({"index": 1, "function": {"arguments": "}"}}),
        json!({"index": 2, "function": {"arguments": "{}"}}),
    ];
    let expected = json!([
        call("a", "f", "{}"),
        {"function": {"name": "", "arguments": "{}"}},
    ]);
    assert_eq!(calls(&skipped_indices), expected);
    // A known id takes precedence over the index.
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
