//! Ctrl-C.

use tokio::signal::ctrl_c;

use crate::exit::Failure;

/// Runs `work` until it is done or Ctrl-C is pressed. The note says how to continue.
pub(crate) async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    note: impl FnOnce() -> String,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        done = work => done,
        () = interrupted() => Err(Failure::interrupted(note())),
    }
}

/// Completes when Ctrl-C is pressed.
pub(crate) async fn interrupted() {
    // Without a handler, Ctrl-C ends the process, as it does by default.
    if ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
