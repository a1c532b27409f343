//! Systematic changes of this project's specifications, and what each means: on the wire, and for the
//! version of the generated crate.
//!
//! The last column is the least that semantic versioning asks for the Rust of it: what is gone or has
//! another type is major, what is new is minor.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use openapi_pipeline::{document, overlay};
use serde_json::{Value, json};
use xtask::difference::Difference;
use xtask::inputs;
use xtask::project::Project;
use xtask::rust_api::Bump::{self, Major, Minor, None as Nothing, Patch};

type Change = fn(&mut Value);

/// A specification with its overlays, as code is generated from it.
fn specification(api: &str) -> Value {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let project = Project::at(root).unwrap();
    let api = project.api(api).unwrap();
    let text = project
        .read(std::path::Path::new("specs").join(&api.specification))
        .unwrap();
    let mut value = document::parse("specification", &text).unwrap();
    for (name, text) in inputs::overlays(&project, api).unwrap() {
        overlay::apply(&mut value, &name, &text).unwrap();
    }
    value
}

fn at<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Value {
    value
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer}"))
}

fn remove(value: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/");
    at(value, parent)
        .as_object_mut()
        .unwrap()
        .shift_remove(&last)
        .unwrap_or_else(|| panic!("nothing at {pointer}"));
}

fn unrequire(value: &mut Value, schema: &str, name: &str) {
    let required = at(value, &format!("/components/schemas/{schema}/required"));
    required.as_array_mut().unwrap().retain(|one| one != name);
}

const USAGE: &str = "/components/schemas/RunUsageResponse";
const WALLET: &str = "/paths/~1api~1v1~1billing~1wallet/get";
const CHAT: &str = "/components/schemas/ChatCompletionRequest";
const ASK: &str = "/paths/~1chat~1completions/post";

/// What is changed, how; whether it breaks on the wire; the least bump.
const TRAINING: &[(&str, Change, bool, Bump)] = &[
    ("nothing", |_| {}, false, Nothing),
    (
        "a description",
        |d| d["info"]["description"] = "Another.".into(),
        false,
        Nothing,
    ),
    (
        "the document's version",
        |d| d["info"]["version"] = "9".into(),
        false,
        Nothing,
    ),
    (
        "the address",
        |d| d["servers"][0]["url"] = "https://example.com".into(),
        true,
        Patch,
    ),
    ("an operation goes", |d| remove(d, WALLET), true, Major),
    (
        "an operation comes",
        |d| {
            let get = at(d, WALLET).clone();
            d["paths"]["/new"] = json!({"get": get});
            d["paths"]["/new"]["get"]["operationId"] = "new_one".into();
        },
        false,
        Minor,
    ),
    (
        "an operation moves",
        |d| {
            let get = at(d, WALLET).clone();
            remove(d, "/paths/~1api~1v1~1billing~1wallet");
            d["paths"]["/moved"] = json!({"get": get});
        },
        true,
        Patch,
    ),
    (
        "an operation is renamed",
        |d| at(d, WALLET)["operationId"] = "renamed".into(),
        false,
        Major,
    ),
    (
        "an operation is deprecated",
        |d| at(d, WALLET)["deprecated"] = true.into(),
        false,
        Nothing,
    ),
    (
        "a parameter goes",
        |d| {
            at(d, WALLET)["parameters"]
                .as_array_mut()
                .unwrap()
                .retain(|p| p["name"] != "limit");
        },
        true,
        Major,
    ),
    (
        "a parameter may come",
        |d| {
            at(d, WALLET)["parameters"]
                .as_array_mut()
                .unwrap()
                .push(json!({"name": "sort", "in": "query", "schema": {"type": "string"}}))
        },
        false,
        Minor,
    ),
    (
        "a parameter must come",
        |d| {
            at(d, WALLET)["parameters"].as_array_mut().unwrap().push(json!({"name": "sort", "in": "query", "required": true, "schema": {"type": "string"}}))
        },
        true,
        Minor,
    ),
    (
        "a parameter is of another type",
        |d| {
            let limit = at(d, WALLET)["parameters"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .find(|p| p["name"] == "limit")
                .unwrap();
            limit["schema"] = json!({"type": "string"});
        },
        true,
        Major,
    ),
    (
        "a parameter is limited",
        |d| {
            let limit = at(d, WALLET)["parameters"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .find(|p| p["name"] == "limit")
                .unwrap();
            limit["schema"]["maximum"] = 1.into();
        },
        true,
        Patch,
    ),
    (
        "a parameter has to be sent",
        |d| {
            let limit = at(d, WALLET)["parameters"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .find(|p| p["name"] == "limit")
                .unwrap();
            limit["required"] = true.into();
        },
        true,
        Patch,
    ),
    (
        "a field goes",
        |d| {
            remove(d, &format!("{USAGE}/properties/total_tokens"));
            unrequire(d, "RunUsageResponse", "total_tokens");
        },
        true,
        Major,
    ),
    (
        "a field comes",
        |d| at(d, USAGE)["properties"]["extra_tokens"] = json!({"type": "integer"}),
        false,
        Minor,
    ),
    (
        "a field is text now",
        |d| at(d, USAGE)["properties"]["total_tokens"] = json!({"type": "string"}),
        true,
        Major,
    ),
    (
        "a field is a fraction now",
        |d| at(d, USAGE)["properties"]["total_tokens"] = json!({"type": "number"}),
        true,
        Major,
    ),
    (
        "a field may be null",
        |d| at(d, USAGE)["properties"]["run_id"] = json!({"type": ["string", "null"]}),
        true,
        Major,
    ),
    (
        "a field is a list now",
        |d| {
            at(d, USAGE)["properties"]["run_id"] =
                json!({"type": "array", "items": {"type": "string"}})
        },
        true,
        Major,
    ),
    (
        "a field is described",
        |d| at(d, USAGE)["properties"]["run_id"]["description"] = "Which.".into(),
        false,
        Nothing,
    ),
    (
        "a schema is renamed",
        |d| {
            let text = d.to_string().replace("RunUsageResponse", "UsageOfRun");
            *d = serde_json::from_str(&text).unwrap();
        },
        false,
        Major,
    ),
    (
        "a success of another status",
        |d| {
            let ok = at(d, WALLET)["responses"]["200"].clone();
            at(d, WALLET)["responses"]["203"] = ok;
        },
        true,
        Nothing,
    ),
    (
        "a success without a body",
        |d| at(d, WALLET)["responses"]["200"] = json!({"description": "OK"}),
        true,
        Major,
    ),
    (
        "an answer that is bytes",
        |d| at(d, WALLET)["responses"]["200"]["content"] = json!({"text/csv": {}}),
        true,
        Major,
    ),
    (
        "an error that nobody listed",
        |d| at(d, WALLET)["responses"]["418"] = json!({"description": "Tea."}),
        false,
        Nothing,
    ),
    (
        "another key",
        |d| at(d, WALLET)["security"] = json!([{"Other": []}]),
        true,
        Patch,
    ),
];

const INFERENCE: &[(&str, Change, bool, Bump)] = &[
    (
        "a field of a request goes",
        |d| remove(d, &format!("{CHAT}/properties/temperature")),
        true,
        Major,
    ),
    (
        "a field of a request may come",
        |d| at(d, CHAT)["properties"]["mood"] = json!({"type": "string"}),
        false,
        Minor,
    ),
    (
        "a field of a request must come",
        |d| {
            at(d, CHAT)["properties"]["mood"] = json!({"type": "string"});
            at(d, CHAT)["required"]
                .as_array_mut()
                .unwrap()
                .push("mood".into());
        },
        true,
        Major,
    ),
    (
        "a field of a request is required",
        |d| {
            at(d, CHAT)["required"]
                .as_array_mut()
                .unwrap()
                .push("temperature".into())
        },
        true,
        Major,
    ),
    (
        "a field of a request is not required",
        |d| unrequire(d, "ChatCompletionRequest", "model"),
        false,
        Major,
    ),
    (
        "a field of a request is of another type",
        |d| at(d, CHAT)["properties"]["max_tokens"] = json!({"type": "string"}),
        true,
        Major,
    ),
    (
        "a field of a request is limited",
        |d| at(d, CHAT)["properties"]["temperature"]["maximum"] = json!(0.5),
        true,
        Patch,
    ),
    (
        "a value of an enumeration comes",
        |d| {
            at(d, "/components/schemas/ChatMessage/properties/role/enum")
                .as_array_mut()
                .unwrap()
                .push("narrator".into())
        },
        true,
        Minor,
    ),
    (
        "the body goes",
        |d| remove(d, &format!("{ASK}/requestBody")),
        true,
        Major,
    ),
    (
        "the body is a form",
        |d| {
            let json = at(d, ASK)["requestBody"]["content"]["application/json"].clone();
            at(d, ASK)["requestBody"]["content"] =
                json!({"application/x-www-form-urlencoded": json});
        },
        true,
        Patch,
    ),
    (
        "an operation goes",
        |d| remove(d, "/paths/~1models"),
        true,
        Major,
    ),
    (
        "a list holds something else",
        |d| at(d, CHAT)["properties"]["messages"]["items"] = json!({"type": "string"}),
        true,
        Major,
    ),
    (
        "others are kept",
        |d| at(d, "/components/schemas/StreamOptions")["additionalProperties"] = json!({}),
        false,
        Minor,
    ),
    (
        "alternatives are one",
        |d| {
            let stop = at(d, "/components/schemas/StopSequences")
                .as_object_mut()
                .unwrap();
            stop.shift_remove("oneOf");
            stop.shift_remove("anyOf");
            stop.insert("type".to_owned(), "string".into());
        },
        true,
        Major,
    ),
    (
        "the operation has another name",
        |d| at(d, ASK)["operationId"] = "ask".into(),
        false,
        Major,
    ),
];

#[test]
fn what_each_change_means() {
    let mut table = String::from("change | on the wire | version\n---|---|---\n");
    let mut short = Vec::new();
    for (api, mutations) in [("training", TRAINING), ("inference", INFERENCE)] {
        let old = specification(api);
        for (name, change, breaking, least) in mutations {
            let mut new = old.clone();
            change(&mut new);
            let difference =
                Difference::of((api, api), &old, &new).unwrap_or_else(|e| panic!("{name}: {e}"));
            let breaks = difference.wire.iter().any(|finding| finding.breaking);
            if breaks != *breaking || difference.bump < *least {
                short.push(format!("{api}: {name}: {}", difference.text()));
            }
            let word = if breaks {
                "breaking"
            } else if difference.wire.is_empty() {
                "nothing"
            } else {
                "compatible"
            };
            table.push_str(&format!(
                "{api}: {name} | {word} | {}\n",
                difference.bump.name()
            ));
        }
    }
    assert!(short.is_empty(), "{}", short.join("\n"));
    assert!(TRAINING.len() + INFERENCE.len() >= 40);
    insta::assert_snapshot!("mutations", table);
}

#[test]
fn the_next_version_is_as_cargo_reads_versions() {
    let cases = [
        (Major, "0.1.4", "0.2.0"),
        (Minor, "0.1.4", "0.1.5"),
        (Major, "0.0.4", "0.0.5"),
        (Major, "1.2.3", "2.0.0"),
        (Minor, "1.2.3", "1.3.0"),
        (Patch, "1.2.3", "1.2.4"),
        (Nothing, "1.2.3", "1.2.3"),
    ];
    for (bump, now, next) in cases {
        assert_eq!(bump.after(now).as_deref(), Some(next));
    }
    assert_eq!(Major.after("one"), None);
}
