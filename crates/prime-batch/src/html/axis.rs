//! The axes of a chart.

use super::text;
use super::timeline::Timeline;

/// A vertical axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    min: f64,
    max: f64,
    is_logarithmic: bool,
    /// The values that have a line and a label.
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// Creates an axis from 0 to at least this maximum.
    pub(super) fn linear(max: f64) -> Self {
        let max = if max.is_finite() && max > 0.0 {
            max
        } else {
            1.0
        };
        let power = 10_f64.powf((max / 4.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| *step >= max / 4.0);
        let step = step.unwrap_or(max / 4.0);
        // A maximum that is a multiple of the step may be a little more than it.
        let count = (max / step - 1e-9).ceil() as u32;
        Self {
            min: 0.0,
            max: step * f64::from(count),
            is_logarithmic: false,
            ticks: (0..=count).map(|tick| step * f64::from(tick)).collect(),
        }
    }

    /// Creates an axis for values that differ by orders of magnitude. The axis has full powers of ten.
    pub(super) fn logarithmic(min: f64, max: f64) -> Self {
        let low = min.max(1.0).log10().floor() as i32;
        let high = (max.max(1.0).log10().ceil() as i32).max(low + 1);
        Self {
            min: 10_f64.powi(low),
            max: 10_f64.powi(high),
            is_logarithmic: true,
            ticks: (low..=high).map(|power| 10_f64.powi(power)).collect(),
        }
    }

    /// Returns the place of a value, as a percentage of the height from the bottom.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = if self.is_logarithmic {
            (value.max(self.min) / self.min).log10() / (self.max / self.min).log10()
        } else {
            value / self.max
        };
        (share * 100.0).clamp(0.0, 100.0)
    }
}

/// A label of the time axis.
#[derive(Debug, PartialEq)]
pub(super) struct TimeTick {
    /// The place, as a percentage of the width.
    pub(super) place: f64,
    pub(super) time: String,
    pub(super) date: Option<String>,
    /// Whether there is no space for the label on a narrow screen.
    pub(super) is_optional: bool,
}

/// The steps between the labels, in seconds.
const STEPS: [i64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 2_592_000, 31_536_000,
];

/// The smallest distance between labels, as a percentage of the width of a wide screen and of a narrow one.
const DISTANCES: (f64, f64) = (12.0, 26.0);

/// Returns the labels of the time axis.
pub(super) fn time_ticks(timeline: &Timeline) -> Vec<TimeTick> {
    let seconds = timeline.active() / 1_000;
    let step = STEPS.into_iter().find(|step| seconds / step <= 6);
    let step = step.unwrap_or(STEPS[STEPS.len() - 1] * 100) * 1_000;
    let format = if step < 60_000 { "%H:%M:%S" } else { "%H:%M" };
    let dates = || {
        timeline
            .slots()
            .map(|slot| text::time(slot.time, "%-d %b %Y"))
    };
    let has_one_date = dates().next() == dates().last();
    let len = timeline.len().max(1) as f64;
    // A run begins with a label, because the time jumps there. The others fill the space that remains.
    let (mut begins, mut others) = (Vec::new(), Vec::new());
    for (start, time, end) in runs(timeline) {
        let first = time.div_euclid(step) + i64::from(time.rem_euclid(step) > 0);
        let multiples = (first..).map(|number| number * step);
        let multiples = multiples.take_while(|time| *time < end);
        let place = |at: i64| {
            let slots = (at - time) as f64 / timeline.width() as f64;
            (start as f64 + slots) / len * 100.0
        };
        if start > 0 || first * step >= end {
            begins.push((place(time), time));
        }
        others.extend(multiples.map(|at| (place(at), at)));
    }
    let mut chosen: Vec<(f64, i64)> = Vec::new();
    for (place, at) in begins.into_iter().chain(others) {
        let is_free = |(other, _): &(f64, i64)| (other - place).abs() >= DISTANCES.0;
        if place <= 97.0 && chosen.iter().all(is_free) {
            chosen.push((place, at));
        }
    }
    chosen.sort_by_key(|(_, at)| *at);
    let mut last_required = f64::NEG_INFINITY;
    let ticks = chosen.into_iter().enumerate();
    let ticks = ticks.map(|(index, (place, at))| {
        let is_optional = place - last_required < DISTANCES.1;
        if !is_optional {
            last_required = place;
        }
        let has_date = index == 0 || !has_one_date;
        TimeTick {
            place,
            time: text::time(at, format),
            date: has_date.then(|| text::time(at, "%-d %b")),
            is_optional,
        }
    });
    ticks.collect()
}

/// Returns the first slot, the beginning and the end of each time between two pauses.
fn runs(timeline: &Timeline) -> Vec<(i64, i64, i64)> {
    let mut runs: Vec<(i64, i64, i64)> = Vec::new();
    let mut is_new = true;
    for slot in timeline.slots() {
        let end = slot.time + slot.duration;
        match runs.last_mut() {
            _ if slot.interval.is_none() => is_new = true,
            Some(run) if !is_new => run.2 = end,
            _ => {
                runs.push((slot.start, slot.time, end));
                is_new = false;
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_axes_have_round_steps() {
        for (max, ticks) in [
            (0.0, &[0.0, 0.5, 1.0][..]),
            (4.0, &[0.0, 1.0, 2.0, 3.0, 4.0]),
            (73.0, &[0.0, 20.0, 40.0, 60.0, 80.0]),
            (1_001.0, &[0.0, 500.0, 1_000.0, 1_500.0]),
        ] {
            assert_eq!(Scale::linear(max).ticks, ticks, "{max}");
        }
        let scale = Scale::linear(73.0);
        assert_eq!((scale.place(40.0), scale.place(500.0)), (50.0, 100.0));
        assert_eq!(Scale::linear(f64::NAN), Scale::linear(1.0));
        assert!(Scale::linear(1e-12).ticks.len() >= 3);
    }

    #[test]
    fn logarithmic_axes_have_powers_of_ten() {
        let scale = Scale::logarithmic(20.0, 40_000.0);
        assert_eq!(scale.ticks, [10.0, 100.0, 1_000.0, 10_000.0, 100_000.0]);
        assert!((scale.place(1_000.0) - 50.0).abs() < 1e-9);
        assert_eq!((scale.place(0.0), scale.place(1e9)), (0.0, 100.0));
        assert_eq!(Scale::logarithmic(0.0, 0.0).ticks, [1.0, 10.0]);
    }
}
