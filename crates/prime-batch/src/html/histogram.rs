//! A histogram of latencies with a fixed size.

/// The number of ranges for each power of two. A percentile is exact to about 3 %.
const RANGES: u64 = 16;

/// The number of ranges for latencies up to 2³² ms.
const SIZE: usize = 464;

/// Counts latencies in ranges that grow with the latency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    /// The number of latencies in each range. Empty until the first one is added.
    counts: Vec<u64>,
    total: u64,
    /// The smallest and the largest latency, in milliseconds.
    range: Option<(u64, u64)>,
}

impl Histogram {
    /// Adds a latency in milliseconds.
    pub(super) fn add(&mut self, latency: u64) {
        self.counts.resize(SIZE, 0);
        if let Some(count) = self.counts.get_mut(index(latency)) {
            *count += 1;
        }
        self.total += 1;
        self.include(latency, latency);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let Some((min, max)) = other.range else {
            return;
        };
        self.counts.resize(SIZE, 0);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.include(min, max);
    }

    fn include(&mut self, min: u64, max: u64) {
        let range = self.range.get_or_insert((min, max));
        *range = (range.0.min(min), range.1.max(max));
    }

    /// Returns the latency, in milliseconds, that this share of the latencies does not exceed. `None` if there are none.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let (min, max) = self.range?;
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut below = 0;
        let index = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        Some(middle(index as u64).clamp(min, max))
    }
}

/// Returns the range of a latency. The ranges below 16 ms have one millisecond.
fn index(latency: u64) -> usize {
    let latency = latency.min(u64::from(u32::MAX));
    let index = match latency.checked_ilog2() {
        Some(power) if power >= 4 => {
            u64::from(power - 3) * RANGES + ((latency >> (power - 4)) % RANGES)
        }
        _ => latency,
    };
    usize::try_from(index).unwrap_or(0)
}

/// Returns the middle of a range.
fn middle(index: u64) -> u64 {
    if index < RANGES {
        return index;
    }
    let shift = index / RANGES - 1;
    let first = (RANGES + index % RANGES) << shift;
    first + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_narrow_and_in_order() {
        let mut before = 0;
        for latency in (0..5_000).chain((5_000..4_000_000_000).step_by(999_983)) {
            let index = index(latency);
            assert!(index < SIZE && index >= before, "{latency}");
            before = index;
            let error = middle(index as u64).abs_diff(latency);
            assert!(error * 32 <= latency, "{latency}: {error}");
        }
        assert_eq!(index(u64::MAX), SIZE - 1);
    }

    #[test]
    fn percentiles_are_close() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), None);
        (1..=10_000).for_each(|latency| histogram.add(latency));
        for (percent, expected) in [(50, 5_000), (95, 9_500), (99, 9_900)] {
            let latency = histogram.percentile(percent).unwrap_or_default();
            assert!(latency.abs_diff(expected) * 32 <= expected, "{latency}");
        }
        assert_eq!(histogram.percentile(100), Some(9_983));
        assert_eq!(histogram.percentile(0), Some(1));
    }

    #[test]
    fn one_latency_is_exact() {
        let mut histogram = Histogram::default();
        histogram.add(12_345);
        assert_eq!(histogram.percentile(50), Some(12_345));
        assert_eq!(histogram.percentile(95), Some(12_345));
    }

    #[test]
    fn merging_equals_adding() {
        let (mut all, mut odd, mut even) = <(Histogram, Histogram, Histogram)>::default();
        for latency in 0..1_000 {
            all.add(latency * latency);
            let half = if latency % 2 == 0 {
                &mut even
            } else {
                &mut odd
            };
            half.add(latency * latency);
        }
        odd.merge(&even);
        odd.merge(&Histogram::default());
        assert_eq!(all, odd);
    }
}
