//! Inputs and outputs.

use prime_batch::{Batch, Error, Input, State, Template, merge};
use serde_json::json;

use crate::support::{Lab, MODEL, line};

#[tokio::test]
async fn openai_lines_become_openai_lines() {
    let lab = Lab::new("openai-lines").await;
    lab.input(50);
    let report = lab.batch().run(&lab.client).await.unwrap();
    assert!(report.is_complete(), "{report}");
    let answers = lab.answers();
    assert_eq!(answers.len(), 50);
    let answer = &answers["q7"];
    assert_eq!(answer["error"], json!(null));
    assert_eq!(answer["response"]["status_code"], 200);
    assert!(answer["response"]["body"]["choices"][0]["message"]["content"].is_string());
    assert!(answer["id"].as_str().unwrap().starts_with("batch_req_"));
    assert!(answer["response"]["request_id"].is_string());
    assert!(lab.carried_out().values().all(|count| *count == 1));
    assert!(!lab.path("answers.errors.jsonl").exists());
    // The same command sends nothing more.
    let before = lab.sim.requests().len();
    let again = lab.batch().run(&lab.client).await.unwrap();
    assert_eq!(again.count(State::Answered), 50);
    assert_eq!(
        lab.sim.requests().len(),
        before + 1,
        "only the models were listed"
    );
}

#[tokio::test]
async fn bodies_and_prompts_are_inputs_too() {
    let lab = Lab::new("bodies").await;
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": "Hello?"}]});
    // Repeated prompts are separate samples. Empty lines are skipped.
    let text = format!("\u{feff}{body}\r\n\r\n{body}\n{body}");
    let input = lab.write("questions.jsonl", text);
    lab.batch().run(&lab.client).await.unwrap();
    let ids: Vec<String> = lab.answers().into_keys().collect();
    assert_eq!(ids, ["line-1", "line-3", "line-4"]);

    let template = Template::new(
        json!({"model": MODEL, "messages": [{"role": "user", "content": "Say {prompt}!"}]}),
    );
    lab.write("prompts.txt", "a \"word\"\n\nanother\n");
    let prompts = Input::new(lab.path("prompts.txt")).template(template.unwrap());
    let report = Batch::open(prompts, lab.path("said.jsonl"))
        .run(&lab.client)
        .await
        .unwrap();
    assert_eq!(report.count(State::Answered), 2);
    assert_eq!(lab.carried_out()["Say a \"word\"!"], 1);
    // Another template makes other requests, although the file is the same.
    let template =
        json!({"model": MODEL, "messages": [{"role": "user", "content": "Sing {prompt}!"}]});
    let prompts = Input::new(lab.path("prompts.txt")).template(Template::new(template).unwrap());
    let report = Batch::open(prompts, lab.path("said.jsonl"))
        .run(&lab.client)
        .await
        .unwrap();
    assert_eq!(
        (report.count(State::Answered), report.former_answers()),
        (2, 2)
    );
    let lines = std::fs::read_to_string(lab.path("said.jsonl")).unwrap();
    assert_eq!(
        lines.lines().count(),
        2,
        "the output has only the current answers"
    );
    drop(input);
}

#[tokio::test]
async fn an_input_is_checked_before_anything_is_paid() {
    let lab = Lab::new("checked").await;
    let good = line("a", "Hello?");
    let cases = [
        (format!("{good}{{\n"), "line 2: invalid JSON"),
        (
            format!("{good}{}{good}", line("b", "Why?")),
            "line 3: the custom_id \"a\" is in line 1 already",
        ),
        (
            good.replace(MODEL, "no/such-model"),
            "line 1: the model \"no/such-model\" does not exist",
        ),
        (
            good.replace("/v1/chat/completions", "/v1/embeddings"),
            "line 1: the url",
        ),
        (
            good.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\""),
            "line 1: the body requests a stream",
        ),
        (String::new(), "no requests"),
        ("Tell me a story\n".to_owned(), "template"),
    ];
    for (input, reason) in cases {
        lab.write("questions.jsonl", &input);
        let error = lab.batch().run(&lab.client).await.unwrap_err();
        assert!(matches!(error, Error::Input { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(lab.carried_out().is_empty());
    assert!(!lab.path("answers.jsonl").exists() && !lab.path("answers.jsonl.ledger").exists());

    // An adapter counts as its base model.
    let adapter = lab.sim.add_adapter(MODEL, "adapter").unwrap();
    lab.write("questions.jsonl", good.replace(MODEL, &adapter));
    assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
}

#[tokio::test]
async fn other_files_are_not_overwritten() {
    let lab = Lab::new("other-files").await;
    let input = lab.input(2);
    let before = std::fs::read(&input).unwrap();
    let error = Batch::open(&input, &input)
        .run(&lab.client)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is the input"), "{error}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&input, lab.path("link.jsonl")).unwrap();
        let error = Batch::open(&input, lab.path("link.jsonl"))
            .run(&lab.client)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("is the input"), "{error}");
    }
    assert_eq!(std::fs::read(&input).unwrap(), before);
    // An output of something else, and a file that is no ledger.
    lab.write("answers.jsonl", "{}\n");
    let error = lab.batch().run(&lab.client).await.unwrap_err();
    assert!(error.to_string().contains("its ledger"), "{error}");
    std::fs::remove_file(lab.path("answers.jsonl")).unwrap();
    lab.write(
        "answers.jsonl.ledger",
        "not a database, but some text that is long enough to be one",
    );
    let error = lab.batch().run(&lab.client).await.unwrap_err();
    assert!(error.to_string().contains("not a ledger"), "{error}");
    // A folder, and a file that does not exist.
    for input in [lab.path(""), lab.path("nothing.jsonl")] {
        let error = Batch::open(&input, lab.path("x.jsonl"))
            .run(&lab.client)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
    }
    assert!(lab.carried_out().is_empty());
}

#[tokio::test]
async fn shards_split_an_input() {
    let lab = Lab::new("shards").await;
    let input = lab.input(60);
    for number in 1..=3 {
        let shard = Input::new(&input).shard(format!("{number}/3").parse().unwrap());
        let batch = Batch::open(shard, lab.path("answers.jsonl"));
        assert!(
            batch
                .output_path()
                .ends_with(format!("answers.{number}-of-3.jsonl"))
        );
        let report = batch.run(&lab.client).await.unwrap();
        assert!(report.is_complete() && report.count(State::Answered) > 10);
    }
    let carried_out = lab.carried_out();
    assert_eq!(carried_out.len(), 60);
    assert!(carried_out.values().all(|count| *count == 1));

    // Merged twice, the second time with the shard that was missing.
    let shard = |number| lab.path(&format!("answers.{number}-of-3.jsonl"));
    let merged = merge(vec![shard(1), shard(3)], lab.path("answers.jsonl"))
        .await
        .unwrap();
    assert_eq!(merged.missing, ["2/3".parse().unwrap()]);
    assert!(merged.report.count(State::Answered) < 60);
    let merged = merge(
        vec![shard(1), shard(2), shard(3)],
        lab.path("answers.jsonl"),
    )
    .await
    .unwrap();
    assert!(
        merged.missing.is_empty() && merged.report.is_complete(),
        "{}",
        merged.report
    );
    assert_eq!(lab.answers().len(), 60);
    assert_eq!(merged.report.totals().answered, 60);
    let error = merge(vec![shard(1)], shard(1)).await.unwrap_err();
    assert!(matches!(error, Error::Output { .. }), "{error}");
    // It is a batch like any other.
    assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
    assert_eq!(lab.carried_out().len(), 60);
}

#[tokio::test]
async fn contents_can_be_discarded() {
    let lab = Lab::new("discard").await;
    lab.input(20);
    lab.batch()
        .discard_content()
        .run(&lab.client)
        .await
        .unwrap();
    assert_eq!(lab.answers().len(), 20);
    let ledger = std::fs::read(lab.path("answers.jsonl.ledger")).unwrap();
    let contains = |text: &str| {
        ledger
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(contains("q7") && !contains("Question 7?"));
    // A complete batch stays complete, but its output cannot be written again.
    assert!(
        lab.batch()
            .discard_content()
            .run(&lab.client)
            .await
            .unwrap()
            .is_complete()
    );
    std::fs::remove_file(lab.path("answers.jsonl")).unwrap();
    let error = lab
        .batch()
        .discard_content()
        .run(&lab.client)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("does not keep answers"),
        "{error}"
    );
    assert!(lab.carried_out().values().all(|count| *count == 1));
}
