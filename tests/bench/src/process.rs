//! This process: its core, its CPU time, its memory.

use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// Keeps the process on a core; on a machine with fewer cores, on the last.
pub fn pin(core: usize) -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    let mut set = CpuSet::new();
    set.set(core.min(cores - 1));
    sched_setaffinity(None, &set)?;
    Ok(())
}

/// CPU time of the process, all its threads together, in user and in kernel mode.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Memory in bytes that the process has in RAM: now, and at most so far.
pub fn memory() -> Result<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    match (field("VmRSS:"), field("VmHWM:")) {
        (Some(now), Some(most)) => Ok((now << 10, most << 10)),
        _ => Err("/proc/self/status says nothing of memory".into()),
    }
}

/// Forgets the most memory so far.
pub fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
