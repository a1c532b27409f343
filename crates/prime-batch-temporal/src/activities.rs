//! trial
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use crate::workflow::{Asked, Chunk, Counts, HEARTBEAT, Look, Range};

#[derive(Default)]
pub(crate) struct Bookkeeping { pub(crate) done: Arc<Mutex<HashSet<u32>>>, pub(crate) stopped: Mutex<Option<crate::workflow::Stopped>> }

#[activities]
impl Bookkeeping {
    #[activity]
    pub(crate) async fn look(self: Arc<Self>, _ctx: ActivityContext, range: Range) -> Result<Look, ActivityError> {
        if std::fs::exists("/tmp/c/paused").unwrap() { *self.stopped.lock().unwrap() = Some(crate::workflow::Stopped::Paused) } else { *self.stopped.lock().unwrap() = None }
        let done = self.done.lock().unwrap();
        Ok(Look { open: (range.first..range.end).filter(|c| !done.contains(c)).collect(), stopped: *self.stopped.lock().unwrap(), counts: Counts::default() })
    }
    #[activity]
    pub(crate) async fn reconcile(self: Arc<Self>, _ctx: ActivityContext, chunk: Chunk) -> Result<Asked, ActivityError> {
        eprintln!("reconcile {chunk:?}");
        Ok(Asked::default())
    }
    #[activity]
    pub(crate) async fn finish(self: Arc<Self>, _ctx: ActivityContext, _job: i64) -> Result<Counts, ActivityError> {
        Ok(Counts { answered: self.done.lock().unwrap().len() as u64, ..Counts::default() })
    }
}

pub(crate) struct Asking(pub(crate) Arc<Mutex<HashSet<u32>>>);
#[activities]
impl Asking {
    #[activity]
    pub(crate) async fn ask(self: Arc<Self>, ctx: ActivityContext, chunk: Chunk) -> Result<Asked, ActivityError> {
        for i in 0..5u32 {
            ctx.record_heartbeat(i).await?;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(60)) => {}
                () = ctx.cancelled() => { return Err(ActivityError::cancelled()) }
            }
        }
        if std::fs::exists("/tmp/c/paused").unwrap() { return Ok(Asked { unsent: 100, reason: Some("paused".into()) }) }
        self.0.lock().unwrap().insert(chunk.chunk);
        Ok(Asked::default())
    }
}
