//! Checks at compile time that public types are `Send` or `Sync` and that futures can be spawned.

use prime_ext::{
    Account, Billings, ChatRequest, ChatResponse, ChatStream, Client, Cost, Error, ErrorKind,
    FieldError, Models, RunConfig, Runs, Secret, Timestamp, UsageWatch, Usd, Wallet,
};

fn send<T: Send + 'static>() {}
fn send_sync<T: Send + Sync + 'static>() {}
fn unpin<T: Unpin>() {}
fn spawn<T: Send + 'static>(_: impl Future<Output = T> + Send + 'static) {}
fn is_send<T: Send>(_: impl Future<Output = T> + Send) {}

#[test]
fn public_types_are_send_and_sync() {
    send_sync::<Client>();
    send_sync::<prime_ext::ClientBuilder>();
    send_sync::<Account>();
    send_sync::<Models>();
    send_sync::<Wallet>();
    send_sync::<Runs>();
    send_sync::<ChatRequest>();
    send_sync::<prime_ext::runs::CreateRun>();
    send_sync::<prime_ext::runs::ResumeRun>();
    send_sync::<prime_ext::runs::RunLogs>();
    send_sync::<RunConfig>();
    send_sync::<ChatResponse>();
    send_sync::<Cost>();
    send_sync::<Error>();
    send_sync::<ErrorKind>();
    send_sync::<FieldError>();
    send_sync::<Secret>();
    send_sync::<Timestamp>();
    send_sync::<Usd>();
    // Streams need only be `Send`.
    send::<ChatStream>();
    send::<Billings>();
    send::<UsageWatch>();
    send::<prime_ext::RunList>();
    unpin::<ChatStream>();
    unpin::<Billings>();
    unpin::<UsageWatch>();
    unpin::<prime_ext::RunList>();
    // Errors convert to boxed errors.
    fn any<E: Into<Box<dyn std::error::Error + Send + Sync>>>() {}
    any::<Error>();
    any::<pinference_api::Error>();
    any::<prime_training_api::Error>();
}

#[test]
fn types_of_the_generated_crates_are_send_and_sync() {
    send_sync::<pinference_api::Client>();
    send_sync::<prime_training_api::Client>();
    send_sync::<prime_platform_api::Client>();
    send_sync::<pinference_api::Error>();
    send_sync::<prime_training_api::Error>();
    send_sync::<pinference_api::Response<pinference_api::types::ChatCompletionResponse>>();
    send::<pinference_api::Response<pinference_api::ByteStream>>();
    send_sync::<pinference_api::types::ChatCompletionRequest>();
    send_sync::<pinference_api::types::ChatCompletionChunk>();
    send_sync::<prime_training_api::types::WalletResponse>();
    send_sync::<prime_training_api::types::RunUsageResponse>();
}

/// Only compiled, never called.
#[allow(dead_code)]
fn futures_of_calls_are_send(client: &Client, config: &RunConfig, stream: ChatStream) {
    let c = || client.clone();

    let models = c().models();
    spawn(async move { models.list().await });
    let models = c().models();
    spawn(async move { models.get("m").await });

    // The futures themselves can be spawned.
    spawn(c().chat("m").user("x").into_future());
    spawn(c().chat("m").user("x").stream());
    spawn(stream.finish());
    spawn(c().runs().create(config.clone()).into_future());
    spawn(c().runs().watch("r").until_finished());

    let client = c();
    spawn(async move {
        let mut stream = client.chat("m").user("x").stream().await?;
        let mut texts = Vec::new();
        while let Some(text) = stream.next_text().await? {
            texts.push(text);
        }
        let chunk = stream.try_next().await?;
        let whole = stream.finish().await?;
        Ok::<_, Error>((texts, chunk, whole))
    });

    let wallet = c().wallet();
    spawn(async move { wallet.get().await });
    let mut rows = c().wallet().billings();
    spawn(async move {
        let first = rows.try_next().await;
        (first, rows)
    });
    let mut watch = c().runs().watch("r");
    spawn(async move {
        let first = watch.try_next().await;
        (first, watch)
    });
    let runs = c().runs();
    spawn(async move { (runs.usage("r").await, runs.delete("r").await) });
    let runs = c().runs();
    spawn(async move {
        (
            runs.get("r").await,
            runs.logs("r").await,
            runs.resume("r").await,
        )
    });
    let mut runs = c().runs().list();
    spawn(async move { runs.try_next().await });
    spawn(c().whoami().into_future());
    spawn(c().teams().into_future());

    // Futures with borrows are `Send` too.
    let mut rows = c().wallet().billings();
    is_send(rows.try_next());
    let mut watch = c().runs().watch("r");
    is_send(watch.try_next());
    let models = c().models();
    is_send(models.get("m").into_future());
}

#[allow(dead_code)]
fn futures_of_generated_calls_are_send(
    inference: pinference_api::Client,
    training: prime_training_api::Client,
    question: pinference_api::types::ChatCompletionRequest,
) {
    spawn(async move {
        let models = inference.list_models().send().await.is_ok();
        let model = inference.get_model().model_id("m").send().await.is_ok();
        let call = inference.create_chat_completion().body(question.clone());
        let whole = call.send().await.is_ok();
        let call = inference.create_chat_completion_stream().body(question);
        (models, model, whole, call.send().await.is_ok())
    });
    spawn(async move {
        let wallet = training.get_wallet().send().await.is_ok();
        let usage = training.get_run_usage().run_id("r").send().await.is_ok();
        (
            wallet,
            usage,
            training.delete_run().run_id("r").send().await.is_ok(),
        )
    });
}
