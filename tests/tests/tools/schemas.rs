//! The schema of a type.

use prime_ext::schemars::{self, JsonSchema};
use prime_ext::tools::Tool;
use prime_sim::Reply;
use serde::Deserialize;
use serde_json::{Value, json};

use super::support::{sent_results, simulator};
use crate::support::{MODEL, client};

/// Returns the weather of a place.
#[derive(Deserialize, JsonSchema)]
struct Place {
    /// The city.
    city: String,
    unit: Option<Unit>,
    #[serde(default)]
    days: u8,
    position: Option<Position>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Unit {
    Celsius,
    Fahrenheit,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Position {
    x: f64,
}

async fn weather(place: Place) -> Result<String, std::fmt::Error> {
    let Place {
        city,
        unit,
        days,
        position,
    } = place;
    Ok(format!(
        "{city} {unit:?} {days} {:?}",
        position.map(|position| position.x)
    ))
}

#[tokio::test]
async fn an_async_function_is_a_tool() {
    let tool = Tool::new("weather", weather);
    let definition = serde_json::to_value(tool.definition()).unwrap();
    assert_eq!(
        definition["function"]["description"],
        "Returns the weather of a place."
    );
    assert_eq!(
        definition["function"]["parameters"],
        json!({
            "type": "object",
            "properties": {
                "city": { "type": "string", "description": "The city." },
                "unit": { "type": ["string", "null"], "enum": ["Celsius", "Fahrenheit", null] },
                "days": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255, "default": 0 },
                "position": {
                    "type": ["object", "null"],
                    "properties": { "x": { "type": "number", "format": "double" } },
                    "required": ["x"],
                },
            },
            "required": ["city"],
        })
    );
    let arguments = json!({ "city": "Rome", "unit": "Celsius", "position": { "x": 1.5 } });
    let sim = simulator([Reply::tool_call("weather", arguments), Reply::text("Rain.")]).await;
    client(&sim)
        .chat(MODEL)
        .user("A question")
        .tools([tool])
        .run()
        .await
        .unwrap();
    assert_eq!(sent_results(&sim), ["Rome Some(Celsius) 0 Some(1.5)"]);
}

#[derive(Deserialize, JsonSchema)]
struct Tree {
    #[allow(dead_code, reason = "only the schema is read")]
    children: Vec<Tree>,
}

#[test]
fn a_description_in_code_replaces_the_comment_and_recursive_types_have_references() {
    let tool = Tool::new("weather", weather).description("Other.");
    assert_eq!(
        tool.definition().function.unwrap().description.as_deref(),
        Some("Other.")
    );
    let tool = Tool::new("tree", |_: Tree| async {});
    let schema = Value::from(tool.schema().unwrap().clone());
    assert_eq!(schema["type"], "object");
    assert_eq!(
        schema["properties"]["children"]["items"],
        json!({ "$ref": "#" })
    );
}
