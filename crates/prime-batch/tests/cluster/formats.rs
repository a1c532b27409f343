//! Inputs and outputs of other kinds.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use prime_batch::ledger::postgres::Submission;
use prime_batch::{Batch, Input, Template};
use prime_sim::Simulator;
use serde_json::json;

use crate::support::{Lab, MODEL};
use crate::team::{Team, ask_all};

/// Writes a Parquet file with prompts and ids.
fn parquet(team: &Team, rows: i64) {
    let schema = "message rows { required int64 id; required binary prompt (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = std::fs::File::create(team.lab.path("questions.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let ids: Vec<i64> = (0..rows).map(|row| 1_000 + row).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&ids, None, None)
        .unwrap();
    column.close().unwrap();
    let prompt = |row| ByteArray::from(format!("Question {row}?").into_bytes());
    let prompts: Vec<ByteArray> = (0..rows).map(prompt).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&prompts, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn a_batch_on_one_machine_reads_an_object() {
    let lab = Lab::new("object").await;
    let path = lab.input(300);
    let input = Input::new(format!("file://{}", path.display()));
    let batch = Batch::open(input, lab.path("answers.jsonl"));
    let report = batch.run(&lab.client).await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!(lab.answers().len(), 300);
}

/// Reads and writes a bucket. The environment names it (`BATCH_BUCKET`, such as `s3://bucket/folder`), its service
/// (`AWS_ENDPOINT`, `AWS_ALLOW_HTTP`) and its keys.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a bucket"]
async fn a_bucket_is_read_and_written() {
    let bucket = std::env::var("BATCH_BUCKET").unwrap();
    let Some(team) = Team::new("bucket", Simulator::builder()).await else {
        return;
    };
    let input = Input::new(format!("{bucket}/questions.jsonl"));
    let job = team
        .submit_as(Submission::new(input, format!("{bucket}/answers")))
        .await
        .job;
    assert!(job.chunks > 1);
    let worker = team.worker("a", &job).await;
    let tally = ask_all(&team, std::slice::from_ref(&worker)).await;
    assert_eq!(tally.answered, job.requests);
    team.assert_once(job.requests as usize);
    worker.finish().await.unwrap();
    // The output of one job is the input of another, which has no requests.
    let output = format!("{bucket}/answers/manifest.json");
    let submission = Submission::new(Input::new(output), format!("{bucket}/other"));
    let error = team
        .ledger
        .submit(&team.lab.client, submission)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("manifest.json has errors"),
        "{error}"
    );
    let submission = Submission::new(
        Input::new(format!("{bucket}/none")),
        format!("{bucket}/other"),
    );
    let error = team
        .ledger
        .submit(&team.lab.client, submission)
        .await
        .unwrap_err();
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_object_are_asked() {
    let Some(team) = Team::new("objects", Simulator::builder()).await else {
        return;
    };
    parquet(&team, 250);
    let template = json!({"model": MODEL, "messages": [{"role": "user", "content": "{prompt}"}], "max_tokens": 20});
    let template = Template::new(template).unwrap();
    let folder = format!("file://{}", team.lab.path("").display());
    let folder = folder.trim_end_matches('/');
    let input = Input::parquet(format!("{folder}/questions.parquet"), "prompt", template);
    let mut submission = Submission::new(input.id_column("id"), format!("{folder}/answers"));
    submission.chunk_size = 60;
    let job = team.submit_as(submission.clone()).await.job;
    assert_eq!((job.requests, job.chunks), (250, 5));
    let tally = ask_all(&team, &[team.worker("a", &job).await]).await;
    assert_eq!(tally.answered, 250);
    team.assert_once(250);
    let answers = team.answers(&job);
    assert_eq!((answers.len(), answers[0].as_str()), (250, "1000"));
    assert!(team.lab.path("answers/manifest.json").exists());
    assert!(!team.submit_as(submission).await.is_new);

    let page = team.lab.path("page.html");
    team.ledger.write_html(job.id, &page).await.unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains("250") && page.contains(team.ledger.name()) && !page.contains("Question")
    );
}
