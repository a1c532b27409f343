//! Counts the values of open enumerations that are not listed.
//!
//! An open enumeration reads any text. If several alternatives of a union preserve a value, the best one is that whose
//! enumerations list most of its texts.

use std::cell::Cell;

thread_local! {
    static UNLISTED: Cell<usize> = const { Cell::new(0) };
}

/// Adds to the number of unlisted values that this thread has read. Generated enumerations and unions use this function.
pub fn add_unlisted(number: usize) {
    UNLISTED.set(UNLISTED.get().saturating_add(number));
}

/// Calls a function, and returns how many unlisted values it has read. A count around this one does not contain them.
pub fn count_unlisted<T>(read: impl FnOnce() -> T) -> (T, usize) {
    let before = UNLISTED.replace(0);
    let value = read();
    (value, UNLISTED.replace(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_separate() {
        let ((), outer) = count_unlisted(|| {
            add_unlisted(1);
            assert_eq!(count_unlisted(|| add_unlisted(5)), ((), 5));
            add_unlisted(2);
        });
        assert_eq!(outer, 3);
    }
}
