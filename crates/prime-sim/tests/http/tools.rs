//! Conversations with tools: rounds, shapes of tool calls, parallel calls and validation.

use prime_sim::{Reply, Simulator, ToolCallShape, When};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::replies::{ask, stream, with};
use crate::{inference, json, still};

fn tools(names: &[&str]) -> Value {
    let tool = |name: &&str| json!({ "type": "function", "function": { "name": name } });
    json!({ "tools": names.iter().map(tool).collect::<Vec<_>>() })
}

fn call(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": "{}" } })
}

fn result(id: &str, content: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": content })
}

/// Returns a request body field with a question, two calls and the given messages.
fn after_calls(question: &str, more: &[Value]) -> Value {
    let calls = [call("a", "get_weather"), call("b", "get_time")];
    let mut messages = vec![
        json!({ "role": "user", "content": question }),
        json!({ "role": "assistant", "content": null, "tool_calls": calls }),
    ];
    messages.extend_from_slice(more);
    json!({ "messages": messages })
}

fn both_results() -> Value {
    after_calls("Paris?", &[result("a", "17 degrees"), result("b", "12:30")])
}

fn message(answer: &Value) -> &Value {
    &answer["choices"][0]["message"]
}

#[tokio::test]
async fn a_conversation_with_rounds_can_be_scripted() {
    let script = r#"
        [[reply]]
        when = "script"
        round = 1
        tool_calls = [{ name = "get_weather", arguments = { city = "Paris" } }, { name = "get_time" }]

        [[reply]]
        when = "script"
        after_tool_results = true
        text = "It rains at noon."
    "#;
    let sim = Simulator::builder()
        .script(script)
        .unwrap()
        .start()
        .await
        .unwrap();
    sim.on_chat(When::contains("Paris").and(When::round(1)))
        .reply(Reply::tool_call("get_weather", json!({})).and_tool_call("get_time", json!({})));
    sim.on_chat(When::tool_result("17 DEGREES")).reply("Warm.");
    sim.on_chat(When::after_tool_results())
        .reply("Other results.");
    sim.on_chat(When::round(3)).reply("Third round.");

    for _ in 0..2 {
        // A repeated request gets the same answer.
        let first = ask(&sim, "Paris?", json!({})).await;
        assert_eq!(message(&first)["tool_calls"].as_array().unwrap().len(), 2);
    }
    let second = ask(&sim, "", both_results()).await;
    assert_eq!(message(&second)["content"], "Warm.");
    let cold = after_calls("Paris?", &[result("a", "3 degrees"), result("b", "12:30")]);
    assert_eq!(
        message(&ask(&sim, "", cold).await)["content"],
        "Other results."
    );
    let third = [
        result("a", "17 degrees"),
        result("b", "12:30"),
        json!({ "role": "assistant", "content": "Warm." }),
        json!({ "role": "system", "content": "Go on." }),
    ];
    let third = ask(&sim, "", after_calls("Paris?", &third)).await;
    assert_eq!(message(&third)["content"], "Third round.");

    let scripted = ask(&sim, "A script?", json!({})).await;
    assert_eq!(
        message(&scripted)["tool_calls"][1]["function"]["name"],
        "get_time"
    );
    let results = [result("a", "1"), result("b", "2")];
    let scripted = ask(&sim, "", after_calls("A script?", &results)).await;
    assert_eq!(message(&scripted)["content"], "It rains at noon.");
}

/// Returns the complete calls and the streamed deltas of two calls in a shape: one with arguments,
/// one without.
async fn shaped(shapes: &[ToolCallShape]) -> (Value, Vec<Value>) {
    let sim = still().await;
    let reply = Reply::text("Wait.")
        .and_tool_call("f", json!({ "x": 1 }))
        .and_tool_call("g", json!({}));
    let reply = shapes
        .iter()
        .fold(reply, |reply, shape| reply.tool_call_shape(*shape));
    sim.on_chat(When::any()).reply(reply);
    let mut answer = ask(&sim, "?", json!({})).await;
    let chunks = stream(&sim, "?", json!({})).await;
    let choices = chunks
        .into_iter()
        .map(|mut chunk| chunk["choices"][0].take());
    (answer["choices"][0].take(), choices.collect())
}

/// Returns the fragments of all calls in a stream.
fn fragments(chunks: &[Value]) -> Vec<Value> {
    let calls = chunks
        .iter()
        .filter_map(|chunk| chunk["delta"]["tool_calls"].as_array());
    calls.flatten().cloned().collect()
}

/// Returns the streamed arguments of the calls with an index.
fn arguments(fragments: &[Value], index: u64) -> String {
    let own = fragments
        .iter()
        .filter(|fragment| fragment["index"] == index);
    own.filter_map(|fragment| fragment["function"]["arguments"].as_str())
        .collect()
}

#[tokio::test]
async fn without_a_shape_calls_are_sent_as_openai_does() {
    let (complete, chunks) = shaped(&[]).await;
    assert_eq!(complete["message"]["content"], "Wait.");
    assert_eq!(complete["finish_reason"], "tool_calls");
    let call = &complete["message"]["tool_calls"][0];
    assert_eq!(
        call["function"],
        json!({ "name": "f", "arguments": "{\"x\":1}" })
    );
    let fragments = fragments(&chunks);
    assert_eq!(arguments(&fragments, 0), "{\"x\":1}");
    assert_eq!(arguments(&fragments, 1), "{}");
    let heads = fragments
        .iter()
        .filter(|fragment| fragment.get("id").is_some());
    assert_eq!(heads.map(|head| &head["index"]).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(chunks[1]["delta"], json!({ "content": "Wait" }));
}

#[tokio::test]
async fn arguments_have_each_shape() {
    use ToolCallShape as S;
    // The arguments of the first and the second call.
    for (shape, expected) in [
        (
            S::ObjectArguments,
            [Some(json!({ "x": 1 })), Some(json!({}))],
        ),
        (
            S::DoubleEncodedArguments,
            [Some(json!(r#""{\"x\":1}""#)), Some(json!("\"{}\""))],
        ),
        (S::MissingArguments, [Some(json!("{\"x\":1}")), None]),
        (
            S::NullArguments,
            [Some(json!("{\"x\":1}")), Some(Value::Null)],
        ),
        (
            S::EmptyArguments,
            [Some(json!("{\"x\":1}")), Some(json!(""))],
        ),
        (S::CutOffArguments, [Some(json!("{\"x")), Some(json!("{"))]),
    ] {
        let (complete, chunks) = shaped(&[shape]).await;
        let fragments = fragments(&chunks);
        for (index, expected) in (0..).zip(&expected) {
            let call = &complete["message"]["tool_calls"][index]["function"];
            assert_eq!(call.get("arguments"), expected.as_ref(), "{shape:?}");
            let own: Vec<_> = fragments
                .iter()
                .filter(|one| one["index"] == index)
                .collect();
            match expected {
                Some(Value::String(text)) => {
                    assert_eq!(&arguments(&fragments, index as u64), text, "{shape:?}");
                }
                expected => {
                    assert_eq!(own.len(), 1, "{shape:?}");
                    assert_eq!(own[0]["function"].get("arguments"), expected.as_ref());
                }
            }
        }
        let finish = if shape == S::CutOffArguments {
            "length"
        } else {
            "tool_calls"
        };
        assert_eq!(complete["finish_reason"], finish);
        assert_eq!(chunks.last().unwrap()["finish_reason"], finish);
    }
}

#[tokio::test]
async fn ids_types_and_indices_have_each_shape() {
    use ToolCallShape as S;
    for (shape, field, expected) in [
        (S::MissingId, "id", None),
        (S::NullId, "id", Some(Value::Null)),
        (S::EmptyId, "id", Some(json!(""))),
        (S::MissingType, "type", None),
    ] {
        let (complete, chunks) = shaped(&[shape]).await;
        let fragments = fragments(&chunks);
        let heads = fragments
            .iter()
            .filter(|one| one["function"].get("name").is_some());
        let calls = complete["message"]["tool_calls"].as_array().unwrap();
        let values: Vec<_> = calls
            .iter()
            .chain(heads)
            .map(|one| one.get(field))
            .collect();
        assert_eq!(values, [expected.as_ref(); 4], "{shape:?}");
    }
    let (complete, chunks) = shaped(&[S::SameId]).await;
    let calls = &complete["message"]["tool_calls"];
    assert!(calls[0]["id"].is_string());
    assert_eq!(calls[0]["id"], calls[1]["id"]);
    let ids: Vec<_> = fragments(&chunks)
        .into_iter()
        .filter_map(|mut one| one.get_mut("id").map(Value::take))
        .collect();
    assert!(ids.len() == 2 && ids[0] == ids[1]);

    let indices = async |shape| -> Vec<Option<u64>> {
        let fragments = fragments(&shaped(&[shape]).await.1);
        let mut indices: Vec<_> = fragments.iter().map(|one| one["index"].as_u64()).collect();
        indices.dedup();
        indices
    };
    assert_eq!(indices(S::MissingIndex).await, [None]);
    assert_eq!(indices(S::ZeroIndex).await, [Some(0)]);
    assert_eq!(indices(S::IndexFromOne).await, [Some(1), Some(2)]);
    assert!(indices(S::Interleaved).await.len() > 3);
}

#[tokio::test]
async fn fragments_have_each_shape_and_shapes_can_be_combined() {
    use ToolCallShape as S;
    let heads = |fragments: &[Value]| {
        let mut ids: Vec<_> = fragments.iter().map(|one| one["id"].clone()).collect();
        ids.dedup();
        ids.len()
    };
    let repeated = fragments(&shaped(&[S::RepeatedHead]).await.1);
    assert!(repeated.len() > 4 && heads(&repeated) == 2);
    assert!(
        repeated
            .iter()
            .all(|one| one["function"]["name"].is_string())
    );
    assert_eq!(arguments(&repeated, 0), "{\"x\":1}");
    let changing = fragments(&shaped(&[S::ChangingId]).await.1);
    assert_eq!(heads(&changing), changing.len());

    let (_, whole) = shaped(&[S::WholeCalls, S::ZeroIndex, S::EmptyId]).await;
    let whole = fragments(&whole);
    let whole: Vec<_> = whole
        .iter()
        .map(|one| (&one["index"], &one["id"], &one["function"]["arguments"]))
        .collect();
    let (zero, empty) = (json!(0), json!(""));
    assert_eq!(
        whole,
        [
            (&zero, &empty, &json!("{\"x\":1}")),
            (&zero, &empty, &json!("{}"))
        ]
    );

    let (_, chunks) = shaped(&[S::OneChunk]).await;
    let one: Vec<_> = chunks
        .iter()
        .filter_map(|chunk| chunk["delta"]["tool_calls"].as_array())
        .collect();
    assert_eq!(one.iter().map(|calls| calls.len()).collect::<Vec<_>>(), [2]);

    let (_, chunks) = shaped(&[S::FinishOnEveryChunk]).await;
    assert!(
        chunks[1..]
            .iter()
            .all(|chunk| chunk["finish_reason"] == "tool_calls")
    );

    let (complete, chunks) = shaped(&[S::FunctionCall]).await;
    assert_eq!(complete["finish_reason"], "function_call");
    assert_eq!(
        complete["message"]["function_call"],
        json!({ "name": "f", "arguments": "{\"x\":1}" })
    );
    assert_eq!(complete["message"].get("tool_calls"), None);
    let streamed: String = chunks
        .iter()
        .filter_map(|chunk| chunk["delta"]["function_call"]["arguments"].as_str())
        .collect();
    assert_eq!(streamed, "{\"x\":1}");

    // The shape does not change what a call costs, complete or streamed.
    let sim = still().await;
    sim.on_chat("whole")
        .reply(Reply::tool_call("f", json!({ "x": 1 })).tool_call_shape(S::WholeCalls));
    sim.on_chat("tokens")
        .reply(Reply::tool_call("f", json!({ "x": 1 })).finish_reason("stop"));
    let usage = json!({ "stream_options": { "include_usage": true } });
    let whole = stream(&sim, "whole", usage.clone()).await.pop().unwrap();
    let tokens = stream(&sim, "tokens", usage).await;
    assert_eq!(whole["usage"], tokens.last().unwrap()["usage"]);
    assert_eq!(
        tokens[tokens.len() - 2]["choices"][0]["finish_reason"],
        "stop"
    );
}

#[tokio::test]
async fn all_mentioned_tools_are_called_and_all_results_are_mentioned() {
    let sim = still().await;
    let names = async |more: Value| {
        let mut body = tools(&["get_weather", "get_moon", "get_time"]);
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = ask(&sim, "The time and the weather?", body).await;
        let calls = message(&answer)["tool_calls"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let names = calls
            .into_iter()
            .map(|call| call["function"]["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let allowed = |mode: &str, name: &str| {
        let tools = [json!({ "type": "function", "function": { "name": name } })];
        json!({ "tool_choice": { "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": tools } } })
    };
    let named =
        json!({ "tool_choice": { "type": "function", "function": { "name": "get_moon" } } });
    for (more, expected) in [
        (json!({}), &["get_weather", "get_time"][..]),
        (
            json!({ "tool_choice": "required" }),
            &["get_weather", "get_time"],
        ),
        (json!({ "parallel_tool_calls": false }), &["get_weather"]),
        (json!({ "tool_choice": "none" }), &[]),
        (named, &["get_moon"]),
        (allowed("auto", "get_time"), &["get_time"]),
        (allowed("auto", "get_moon"), &[]),
        (allowed("required", "get_moon"), &["get_moon"]),
    ] {
        assert_eq!(names(more.clone()).await, expected, "{more}");
    }
    let answer = ask(&sim, "", both_results()).await;
    assert_eq!(
        message(&answer)["content"],
        "The tools say: 17 degrees; 12:30"
    );
}

#[tokio::test]
async fn conversations_with_tools_are_validated() {
    let sim = still().await;
    let user = json!({ "role": "user", "content": "Paris?" });
    let missing = "An assistant message with 'tool_calls' must be followed by tool messages \
                   responding to each 'tool_call_id'. The following tool_call_ids did not have \
                   response messages: ";
    let stray = "Invalid parameter: messages with role 'tool' must be a response to a preceeding \
                 message with 'tool_calls'.";
    for (body, param, message) in [
        (after_calls("?", &[]), "messages.[1].role", format!("{missing}a, b")),
        (after_calls("?", &[result("b", "")]), "messages.[2].role", format!("{missing}a")),
        (
            after_calls("?", &[result("a", ""), user.clone(), result("b", "")]),
            "messages.[3].role",
            format!("{missing}b"),
        ),
        (json!({ "messages": [user, result("a", "")] }), "messages.[1].role", stray.to_owned()),
        (
            after_calls("?", &[result("c", "")]),
            "messages.[2].tool_call_id",
            "Invalid parameter: 'tool_call_id' of 'c' not found in 'tool_calls' of previous message.".to_owned(),
        ),
        (
            after_calls("?", &[json!({ "role": "tool", "content": "" })]),
            "messages.[2].tool_call_id",
            "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.".to_owned(),
        ),
    ] {
        let request = inference(&sim, Method::POST, "/chat/completions").json(&with("", body));
        let error = json(request, StatusCode::BAD_REQUEST).await;
        assert_eq!(error["error"]["message"], message);
        assert_eq!(error["error"]["param"], param);
        assert_eq!(error["error"]["type"], "invalid_request_error");
    }
    // The order of the results does not matter.
    ask(
        &sim,
        "",
        after_calls("?", &[result("b", ""), result("a", "")]),
    )
    .await;
    // Calls with the same id need a result each, and calls without an id need results without one.
    let messages = |id: Option<&str>, results: usize| {
        let mut call = call("", "f");
        let mut result = result("", "17 degrees");
        match id {
            Some(id) => {
                call["id"] = id.into();
                result["tool_call_id"] = id.into();
            }
            None => {
                call.as_object_mut().unwrap().remove("id");
                result.as_object_mut().unwrap().remove("tool_call_id");
            }
        }
        let mut messages = vec![
            json!({ "role": "user", "content": "?" }),
            json!({ "role": "assistant", "tool_calls": [call.clone(), call] }),
        ];
        messages.extend(vec![result; results]);
        json!({ "messages": messages })
    };
    for id in [Some("same"), None] {
        ask(&sim, "", messages(id, 2)).await;
        let request = inference(&sim, Method::POST, "/chat/completions");
        json(
            request.json(&with("", messages(id, 1))),
            StatusCode::BAD_REQUEST,
        )
        .await;
    }
}
