//! Counts allocations, only in the program `counting` because counting takes time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// The system allocator with counters.
pub struct Counting;

fn grew(size: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    let live = LIVE.fetch_add(size as u64, Relaxed) + size as u64;
    PEAK.fetch_max(live, Relaxed);
}

// SAFETY: all calls are forwarded to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Relaxed);
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size() as u64, Relaxed);
        grew(size);
        unsafe { System.realloc(ptr, layout, size) }
    }
}

/// Returns the number of allocations, including reallocations.
pub fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed)
}

/// Returns the current and the maximum number of allocated bytes.
pub fn live() -> (u64, u64) {
    (LIVE.load(Relaxed), PEAK.load(Relaxed))
}

/// Resets the maximum.
pub fn forget_peak() {
    PEAK.store(LIVE.load(Relaxed), Relaxed);
}
