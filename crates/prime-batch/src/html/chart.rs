//! Charts over time. A chart is an SVG image without texts, which has the width of the page. Its labels are HTML, so that
//! they keep their size.

use std::fmt::{self, Write as _};

use prime_ext::{Usd, UsdSum};

use super::axis::{Scale, TimeTick, time_ticks};
use super::text::{self, Escaped};
use super::timeline::{Interval, Slot, Timeline};

/// A chart over time.
pub(super) struct Chart<'a> {
    timeline: &'a Timeline,
    name: &'static str,
    /// What the chart shows, in a sentence. It is the text alternative too.
    summary: String,
    /// The classes and the names of the series.
    legend: Vec<(&'static str, String)>,
    /// The places and the labels of the vertical axis.
    ticks: Vec<(f64, String)>,
    /// The series, as elements of SVG.
    shapes: String,
    /// The hover text of each interval, without its time.
    hover: Vec<String>,
}

/// The least height of a bar, so that one failure among thousands is visible.
const MIN_HEIGHT: f64 = 1.0;

/// Returns the chart of the requests that were done.
pub(super) fn throughput(timeline: &Timeline) -> Chart<'_> {
    let seconds = timeline.width() as f64 / 1e3;
    let most = intervals(timeline).map(|(_, interval)| interval.done());
    let most = most.max().unwrap_or(0) as f64 / seconds;
    let (factor, unit) = rate_unit(most);
    let scale = Scale::linear(most * factor * 1.04);
    let per_unit = factor / seconds;
    let mut parts = [String::new(), String::new(), String::new()];
    let mut hover = Vec::new();
    let inset = if timeline.len() <= 60 { 0.08 } else { 0.0 };
    for (slot, interval) in intervals(timeline) {
        let mut top = 0.0;
        let counts = [interval.answered, interval.failed, interval.ambiguous];
        for (part, count) in parts.iter_mut().zip(counts) {
            if count > 0 {
                top += scale.place(count as f64 * per_unit).max(MIN_HEIGHT);
                let (left, width) = (slot.start as f64 + inset, 1.0 - 2.0 * inset);
                let (left, width, top) = (number(left), number(width), number(100.0 - top));
                // Writing to a string does not fail.
                let _ = write!(part, "M{left} 100V{top}h{width}V100z");
            }
        }
        let rate = rate(interval.done() as f64 * per_unit);
        let mut text = format!("{rate} {unit}, {} answered", text::count(interval.answered));
        for (count, what) in [
            (interval.failed, "failed"),
            (interval.ambiguous, "ambiguous"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {} {what}", text::count(count));
            }
        }
        hover.push(text);
    }
    let total = timeline.total();
    let mut legend = vec![("answered", "answered".to_owned())];
    for (count, name) in [(total.failed, "failed"), (total.ambiguous, "ambiguous")] {
        if count > 0 {
            legend.push((name, name.to_owned()));
        }
    }
    let [answered, failed, ambiguous] = parts;
    // The bars of a series begin at the bottom: those that are higher are drawn first.
    let shapes = [
        ("ambiguous", ambiguous),
        ("failed", failed),
        ("answered", answered),
    ];
    let shapes = shapes.into_iter().filter(|(_, path)| !path.is_empty());
    let shapes = shapes.map(|(class, path)| format!("<path class=\"{class} bar\" d=\"{path}\"/>"));
    let average = total.done() as f64 * 1e3 / timeline.active().max(1) as f64 * factor;
    Chart {
        timeline,
        name: "Throughput",
        summary: format!(
            "Requests done {unit}: {} on average, at most {}.",
            rate(average),
            rate(most * factor)
        ),
        legend,
        ticks: ticks(&scale, rate),
        shapes: shapes.collect(),
        hover,
    }
}

/// Returns the chart of the latencies, or `None` if nothing was answered.
pub(super) fn latency(timeline: &Timeline) -> Option<Chart<'_>> {
    let total = timeline.total().latencies;
    let overall = [50, 95].map(|percent| total.percentile(percent));
    let [Some(half), Some(most)] = overall else {
        return None;
    };
    let values = |percent| {
        intervals(timeline).filter_map(move |(_, interval)| interval.latencies.percentile(percent))
    };
    let (min, max) = (values(50).min()? as f64, values(95).max()? as f64);
    let is_logarithmic = max > 30.0 * min.max(1.0);
    let scale = match is_logarithmic {
        true => Scale::logarithmic(min, max),
        false => Scale::linear(max),
    };
    let mut shapes = String::new();
    for run in timeline_runs(timeline) {
        let line = |percent| -> Vec<(f64, f64)> {
            let points = run.iter().filter_map(|(slot, interval)| {
                let latency = interval.latencies.percentile(percent)?;
                Some((slot.start as f64 + 0.5, 100.0 - scale.place(latency as f64)))
            });
            let points: Vec<_> = points.collect();
            match points[..] {
                // A point would not be visible.
                [(x, y)] => vec![(x - 0.5, y), (x + 0.5, y)],
                _ => points,
            }
        };
        let (lower, upper) = (line(50), line(95));
        if lower.is_empty() {
            continue;
        }
        let area = upper.iter().chain(lower.iter().rev()).copied();
        let _ = write!(shapes, "<path class=\"band\" d=\"{}z\"/>", path(area));
        for (class, points) in [("p95", upper), ("p50", lower)] {
            let points = path(points);
            let _ = write!(shapes, "<path class=\"line {class}\" d=\"{points}\"/>");
        }
    }
    let hover = intervals(timeline).map(|(_, interval)| {
        let latencies = [50, 95].map(|percent| interval.latencies.percentile(percent));
        match latencies {
            [Some(half), Some(most)] => {
                format!("p50 {}, p95 {}", text::duration(half), text::duration(most))
            }
            _ => "no answers".to_owned(),
        }
    });
    let note = if is_logarithmic {
        " The scale is logarithmic."
    } else {
        ""
    };
    Some(Chart {
        timeline,
        name: "Latency",
        summary: format!(
            "Time to the end of an answer: half took at most {} (p50), and 95 % at most {} (p95).{note}",
            text::duration(half),
            text::duration(most)
        ),
        legend: vec![("p50", "p50".to_owned()), ("p95", "p95".to_owned())],
        ticks: ticks(&scale, short_duration),
        shapes,
        hover: hover.collect(),
    })
}

/// Returns the chart of the cost, or `None` if nothing was billed.
pub(super) fn cost(timeline: &Timeline, budget: Option<Usd>) -> Option<Chart<'_>> {
    let total = timeline.total();
    let all = [total.known_cost, total.estimated_cost, total.held];
    let sum = text::dollars(all.into_iter().sum());
    if sum <= 0.0 {
        return None;
    }
    // A much larger budget would leave no space for the cost.
    let budget = budget.map(UsdSum::from);
    let line = budget
        .map(text::dollars)
        .filter(|budget| *budget <= 2.0 * sum);
    let scale = Scale::linear(line.unwrap_or(0.0).max(sum));
    let mut areas = [(); 3].map(|()| vec![(0.0, 100.0)]);
    let mut sums = [UsdSum::default(); 3];
    let mut hover = Vec::new();
    for (slot, interval) in intervals(timeline) {
        let amounts = [interval.known_cost, interval.estimated_cost, interval.held];
        let mut below = UsdSum::default();
        for ((area, sum), amount) in areas.iter_mut().zip(&mut sums).zip(amounts) {
            let last = area.last().map_or(100.0, |(_, y)| *y);
            *sum += amount;
            below += *sum;
            area.push((slot.start as f64, last));
            area.push((
                slot.start as f64 + 1.0,
                100.0 - scale.place(text::dollars(below)),
            ));
        }
        hover.push(format!("{} so far", amounts_text(sums)));
    }
    let mut shapes = String::new();
    let mut legend = Vec::new();
    let classes = ["known", "estimated", "unknown"];
    let names = ["known", "estimated", "unknown, upper bound"];
    for (((class, name), area), amount) in classes.into_iter().zip(names).zip(&areas).zip(all).rev()
    {
        if amount.is_zero() {
            continue;
        }
        legend.insert(0, (class, name.to_owned()));
        let end = area.last().map_or(0.0, |(x, _)| *x);
        let _ = write!(
            shapes,
            "<path class=\"{class} area\" d=\"{}V100H0z\"/>",
            path(area.iter().copied().chain([(end, 100.0)]))
        );
    }
    if let Some(budget) = line {
        let y = number(100.0 - scale.place(budget));
        let _ = write!(
            shapes,
            "<path class=\"line budget\" d=\"M0 {y}H{}\"/>",
            timeline.len()
        );
        legend.push(("budget", "budget".to_owned()));
    }
    let step = scale.ticks.get(1).copied().unwrap_or(1.0);
    let places = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let places = if places == 1 { 2 } else { places };
    let of = budget.map(|budget| format!("; budget {}", text::usd(budget, 2)));
    Some(Chart {
        timeline,
        name: "Cost",
        summary: format!(
            "Cost since the beginning: {}{}.",
            amounts_text(all),
            of.unwrap_or_default()
        ),
        legend,
        ticks: ticks(&scale, |amount| format!("${amount:.places$}")),
        shapes,
        hover,
    })
}

fn amounts_text([known, estimated, held]: [UsdSum; 3]) -> String {
    let mut text = format!("{} known", text::usd(known, 2));
    if !estimated.is_zero() {
        let _ = write!(text, ", {} estimated", text::usd(estimated, 2));
    }
    if !held.is_zero() {
        let _ = write!(
            text,
            ", {} as upper bounds of unknown costs",
            text::usd(held, 2)
        );
    }
    text
}

fn intervals(timeline: &Timeline) -> impl Iterator<Item = (Slot<'_>, &Interval)> {
    timeline
        .slots()
        .filter_map(|slot| Some((slot, slot.interval?)))
}

/// Returns the intervals between two pauses.
fn timeline_runs(timeline: &Timeline) -> Vec<Vec<(Slot<'_>, &Interval)>> {
    let mut runs = vec![Vec::new()];
    for slot in timeline.slots() {
        match (slot.interval, runs.last_mut()) {
            (Some(interval), Some(run)) => run.push((slot, interval)),
            _ => runs.push(Vec::new()),
        }
    }
    runs
}

/// Returns the factor and the name of the unit in which a rate per second is at least 1.
fn rate_unit(per_second: f64) -> (f64, &'static str) {
    match per_second {
        rate if rate >= 1.0 => (1.0, "per second"),
        rate if rate * 60.0 >= 1.0 => (60.0, "per minute"),
        _ => (3_600.0, "per hour"),
    }
}

/// Writes the mean rate of a number of requests.
pub(super) fn mean_rate(requests: u64, millis: i64) -> String {
    let per_second = requests as f64 * 1e3 / millis.max(1) as f64;
    let (factor, unit) = rate_unit(per_second);
    format!("{} {unit}", rate(per_second * factor))
}

fn rate(rate: f64) -> String {
    if rate == 0.0 || (rate >= 10.0 && rate.fract() < 0.05) || rate >= 100.0 {
        return text::count(rate.round() as u64);
    }
    let text = format!("{rate:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn short_duration(millis: f64) -> String {
    if millis == 0.0 {
        "0".to_owned()
    } else if millis < 1e3 {
        format!("{millis} ms")
    } else {
        format!("{} s", millis / 1e3)
    }
}

fn ticks(scale: &Scale, label: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    let ticks = scale.ticks.iter();
    ticks
        .map(|value| (scale.place(*value), label(*value)))
        .collect()
}

/// Writes a coordinate with at most two decimal places.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn path(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.into_iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{} {}", number(x), number(y));
    }
    path
}

impl fmt::Display for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, summary, .. } = self;
        let summary = Escaped(summary);
        writeln!(f, "<figure class=\"chart\">\n<figcaption>\n<h3>{name}</h3>")?;
        write!(f, "<p>{summary}</p>\n<ul class=\"legend\">")?;
        for (class, series) in &self.legend {
            let series = Escaped(series);
            write!(f, "<li><i class=\"key {class}\"></i>{series}</li>")?;
        }
        writeln!(f, "</ul>\n</figcaption>\n<div class=\"plot\">")?;
        f.write_str("<div class=\"y\" aria-hidden=\"true\">")?;
        for (place, label) in &self.ticks {
            let place = number(*place);
            write!(
                f,
                "<span style=\"bottom:{place}%\">{}</span>",
                Escaped(label)
            )?;
        }
        let len = self.timeline.len();
        writeln!(
            f,
            "</div>\n<svg viewBox=\"0 0 {len} 100\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"{name}. {summary}\">"
        )?;
        f.write_str("<path class=\"grid\" d=\"")?;
        for (place, _) in &self.ticks {
            write!(f, "M0 {}H{len}", number(100.0 - place))?;
        }
        writeln!(f, "\"/>\n{}", self.shapes)?;
        self.write_hover(f)?;
        f.write_str("</svg>\n<div class=\"x\" aria-hidden=\"true\">")?;
        for tick in time_ticks(self.timeline) {
            write_time_tick(f, &tick)?;
        }
        f.write_str("</div>\n</div>\n</figure>\n")
    }
}

impl Chart<'_> {
    fn write_hover(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<g class=\"hover\">\n")?;
        let mut texts = self.hover.iter();
        let format = self.timeline.time_format();
        for slot in self.timeline.slots() {
            let (start, width) = (slot.start, slot.slots());
            let text = match slot.interval {
                Some(_) => texts.next().cloned().unwrap_or_default(),
                None => format!("no requests for {}", text::duration(slot.duration as u64)),
            };
            let class = match slot.interval {
                Some(_) => "",
                None => " class=\"pause\"",
            };
            let time = text::time(slot.time, format);
            let text = Escaped(&text);
            writeln!(
                f,
                "<rect{class} x=\"{start}\" width=\"{width}\" height=\"100\"><title>{time}: {text}</title></rect>"
            )?;
        }
        f.write_str("</g>\n")
    }
}

fn write_time_tick(f: &mut fmt::Formatter<'_>, tick: &TimeTick) -> fmt::Result {
    let side = match tick.place {
        place if place < 6.0 => " start",
        place if place > 94.0 => " end",
        _ => "",
    };
    let optional = if tick.is_optional { " wide" } else { "" };
    let (place, time) = (number(tick.place), &tick.time);
    write!(
        f,
        "<span class=\"tick{side}{optional}\" style=\"left:{place}%\">{time}"
    )?;
    if let Some(date) = &tick.date {
        write!(f, "<br>{date}")?;
    }
    f.write_str("</span>")
}
