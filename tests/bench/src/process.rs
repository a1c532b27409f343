//! CPU affinity, CPU time and memory of the process.

use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// Pins the process to a core, or to the last core if there are fewer.
pub fn pin(core: usize) -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    let mut set = CpuSet::new();
    set.set(core.min(cores - 1));
    sched_setaffinity(None, &set)?;
    Ok(())
}

/// Returns the user and kernel CPU time of all threads.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Returns the current and the maximum resident memory in bytes.
pub fn memory() -> Result<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    match (field("VmRSS:"), field("VmHWM:")) {
        (Some(now), Some(max)) => Ok((now << 10, max << 10)),
        _ => Err("/proc/self/status lacks VmRSS or VmHWM".into()),
    }
}

/// Resets the maximum.
pub fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
