//! The JSON of each verb matches its JSON Schema, and has no field that the schema lacks.

use serde_json::{Value, json};

use crate::common::Cli;

/// Rejects fields that a schema does not describe. Only objects with some described fields are closed: others may have any.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("unevaluatedProperties".to_owned(), false.into());
            }
            for value in fields.values_mut() {
                *value = closed(value.take());
            }
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| *value = closed(value.take())),
        _ => {}
    }
    schema
}

#[track_caller]
fn check(cli: &Cli, verb: &[&str], outputs: &[Value]) {
    let schema = cli.run(&[verb, &["--json-schema"]].concat()).json();
    let validator = jsonschema::validator_for(&closed(schema.clone())).unwrap();
    assert!(!outputs.is_empty(), "{verb:?}");
    for output in outputs {
        let errors: Vec<String> = validator
            .iter_errors(output)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{verb:?}: {errors:?}: {output}");
        if let Some(fields) = output.as_object() {
            let mut more = fields.clone();
            more.insert("unexpected field".to_owned(), json!(1));
            let is_open = ["inference", "chat"].contains(&verb[0]);
            assert!(
                is_open || !validator.is_valid(&more.into()),
                "{verb:?}: the schema accepts any field"
            );
        }
    }
    assert!(
        !validator.is_valid(&json!("text")),
        "{verb:?}: the schema accepts anything"
    );
}

/// Runs a verb with `-o json` and returns each line, or the whole output if it is one value.
fn outputs(cli: &Cli, arguments: &[&str], stdin: &str) -> Vec<Value> {
    let ran = cli
        .run_with(&[arguments, &["-o", "json"]].concat(), stdin)
        .succeeds();
    let values = serde_json::Deserializer::from_str(&ran.stdout).into_iter();
    values.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_output_of_every_verb_matches_its_schema() {
    let cli = Cli::with_stopped_clock().await;
    cli.write("rl.toml", crate::common::CONFIG);
    crate::batch::write_questions(&cli, 3);
    cli.sim
        .bill(None, ("training", "run_1"), "1.25".parse().unwrap())
        .unwrap();
    let (paused, gone) = (cli.paused_run(), cli.start_run());
    let (running, run) = (cli.start_run(), cli.running_run());
    for (verb, arguments, stdin) in [
        (&["inference", "models"][..], &[][..], ""),
        (&["inference", "chat"], &["sim/echo", "hi"], ""),
        (&["inference", "chat"], &["sim/echo", "hi", "--stream"], ""),
        (&["chat"], &["sim/echo"], "hi\n/cost\n"),
        (&["batch", "estimate"], &["questions.jsonl"], ""),
        (&["batch", "run"], &["questions.jsonl", "answers.jsonl"], ""),
        (
            &["batch", "retry"],
            &["questions.jsonl", "answers.jsonl"],
            "",
        ),
        (&["batch", "status"], &["answers.jsonl"], ""),
        (&["batch", "report"], &["answers.jsonl"], ""),
        (&["batch", "set"], &["answers.jsonl", "--budget", "5"], ""),
        (
            &["batch", "merge"],
            &["answers.jsonl", "--into", "all.jsonl"],
            "",
        ),
        (&["wallet"], &[], ""),
        (&["wallet"], &["--by", "day", "--by", "resource-type"], ""),
        (
            &["train", "create"],
            &["rl.toml", "-y", "--save-token", "run.token"],
            "",
        ),
        (&["train", "list"], &[], ""),
        (&["train", "get"], &[&run], ""),
        (&["train", "usage"], &[&run], ""),
        (&["train", "logs"], &[&run], ""),
        (&["train", "restart"], &[&running, "-f"], ""),
        (&["train", "pause"], &[&run, "-f"], ""),
        (&["train", "resume"], &[&paused, "-y"], ""),
        (&["train", "stop"], &[&run, "-f"], ""),
        (&["train", "delete"], &[&gone, "-f"], ""),
        (&["whoami"], &[], ""),
        (&["teams", "list"], &[], ""),
        (&["switch"], &[cli.sim.team()], ""),
        (&["switch"], &["personal"], ""),
        (&["config", "view"], &[], ""),
        (&["config", "envs"], &[], ""),
        (&["doctor"], &[], ""),
        (&["login"], &["--api-key", cli.sim.key()], ""),
    ] {
        let arguments = [verb, arguments].concat();
        check(&cli, verb, &outputs(&cli, &arguments, stdin));
    }
    let watched = Cli::start().await;
    let run = watched.start_run();
    let lines = outputs(
        &watched,
        &["train", "usage", &run, "--watch", "-n", "2"],
        "",
    );
    check(&watched, &["train", "usage"], &lines);
}

/// Every verb that describes its JSON in the help has a schema, and the others have none.
#[tokio::test(flavor = "multi_thread")]
async fn every_verb_with_json_has_a_schema() {
    let cli = Cli::start().await;
    let mut count = 0;
    for (words, text) in crate::help::pages(&cli) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if words == ["train"] {
            // Short for `train create`.
            continue;
        }
        let has_json = text.contains("\nJSON: ");
        let ran = cli.run(&[&words[..], &["--json-schema"]].concat());
        assert_eq!(
            ran.code,
            Some(if has_json { 0 } else { 2 }),
            "{words:?}: {ran:?}"
        );
        count += usize::from(has_json);
    }
    assert!(count >= 20, "{count}");
    assert!(cli.sim.requests().is_empty(), "nothing is sent");
}
