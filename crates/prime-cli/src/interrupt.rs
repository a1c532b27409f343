//! Ctrl-C.

use tokio::sync::Notify;

use crate::exit::Failure;

/// Keeps one interrupt until it is awaited, so that none is missed while the program does something else.
static INTERRUPTS: Notify = Notify::const_new();

/// Notices Ctrl-C from now on, instead of ending the process. Must be called within a runtime.
pub(crate) fn listen() {
    drop(tokio::spawn(async {
        // Without a handler, Ctrl-C ends the process, as it does by default.
        while tokio::signal::ctrl_c().await.is_ok() {
            INTERRUPTS.notify_one();
        }
    }));
}

/// Completes when Ctrl-C is pressed, or at once if it was pressed before and nothing has awaited it.
pub(crate) async fn interrupted() {
    INTERRUPTS.notified().await;
}

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
