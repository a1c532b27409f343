//! Generates IDs from the seed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Generates numbers and IDs. Each kind has its own sequence. For example, the ID of the third run
/// does not depend on the number of earlier chat requests.
pub(crate) struct Ids {
    seed: u64,
    counters: Mutex<HashMap<&'static str, u64>>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            counters: Mutex::default(),
        }
    }

    /// Returns the next number of a kind.
    pub(crate) fn number(&self, kind: &'static str) -> u64 {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counters.entry(kind).or_default();
        *count += 1;
        let kind = kind.bytes().fold(self.seed, |hash, byte| {
            mix(hash.wrapping_add(u64::from(byte)))
        });
        mix(kind.wrapping_add(*count))
    }

    /// Returns the next ID of a kind: the prefix and 24 hexadecimal digits, such as `run_5f1e…`.
    pub(crate) fn id(&self, kind: &'static str) -> String {
        let (high, low) = (self.number(kind), self.number(kind));
        format!("{kind}{high:016x}{:08x}", low >> 32)
    }

    /// Returns the next secret of a kind: an ID with 48 more digits.
    pub(crate) fn secret(&self, kind: &'static str) -> String {
        (0..3).fold(self.id(kind), |secret, _| {
            format!("{secret}{:016x}", self.number(kind))
        })
    }
}

/// The mixing step of splitmix64.
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_sequence() {
        let (one, two) = (Ids::new(7), Ids::new(7));
        for _ in 0..5 {
            one.id("chatcmpl-");
        }
        let run = one.id("run_");
        assert_eq!(run, two.id("run_"));
        assert_ne!(run, one.id("run_"));
        assert_ne!(run, Ids::new(8).id("run_"));
        assert_eq!(run.len(), 28);
        assert_eq!(one.secret("pit_").len(), 4 + 72);
    }
}
