//! Tools in strict mode.

use prime_ext::ErrorKind;
use prime_ext::tools::Tool;
use prime_sim::Reply;
use serde_json::{Value, json};

use super::support::{Weather, request, sent, simulator};

fn tool(schema: Value) -> Tool {
    Tool::with_schema("time", schema, |_: Value| async { "12:00" })
}

#[tokio::test]
async fn a_tool_in_strict_mode_has_the_adapted_schema() {
    let tool = Tool::new("report", |_: Weather| async {});
    let original = tool.schema().unwrap().clone();
    assert_eq!(tool.definition().function.unwrap().strict, None);
    let strict = tool.strict(true);
    assert_eq!(strict.schema(), Some(&original));
    let function = strict.definition().function.unwrap();
    assert_eq!(function.strict, Some(true));
    let parameters = function.parameters.unwrap();
    assert_eq!(
        parameters["required"],
        json!(["city", "temperature", "rain"])
    );
    assert_eq!(parameters["additionalProperties"], false);
    let function = strict.strict(false).definition().function.unwrap();
    assert_eq!(
        (function.strict, function.parameters),
        (None, Some(original))
    );
}

#[tokio::test]
async fn a_tool_that_strict_mode_cannot_express_is_sent_without_it() {
    let sim = simulator(Reply::text("Noon.")).await;
    let schema = json!({ "type": "object", "properties": { "zone": { "type": "string" } } });
    let request = request(&sim).tools([tool(schema.clone()).strict(true)]);
    let response = request.clone().await.unwrap();
    let streamed = request
        .clone()
        .stream()
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    let transcript = request.run().await.unwrap();
    for response in [&response, &streamed, transcript.response().unwrap()] {
        let [warning] = response.warnings() else {
            panic!("{:?}", response.warnings());
        };
        let expected = "the tool \"time\" was sent without `strict`: /properties/zone: the property is optional";
        assert!(warning.reason.starts_with(expected), "{warning}");
    }
    let function = sent(&sim)["tools"][0]["function"].clone();
    assert_eq!(function.get("strict"), None);
    assert_eq!(function["parameters"], schema);
}

#[tokio::test]
async fn a_tool_with_an_unsupported_schema_is_an_error_in_strict_mode() {
    let sim = simulator(Reply::text("Noon.")).await;
    let unsupported =
        tool(json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/a" } } }));
    let error = request(&sim)
        .tools([unsupported.clone().strict(true)])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    let expected = "the schema of the tool \"time\" cannot be sent: /properties/a: the reference";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(sim.requests().len(), 0);
}
