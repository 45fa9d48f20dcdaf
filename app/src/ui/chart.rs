//! Bars over time, drawn from numbers.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::text::text;
use super::words;

/// A bar's place, in the drawing's units; the bar itself leaves a gap to the next.
const PLACE: usize = 10;
const BAR: usize = 8;
/// How high the highest bar may be, in the drawing's units.
const HEIGHT: u32 = 100;
/// What the scale reaches at least, so that a single event is no full bar.
const LEAST: u32 = 4;

/// One series: its heading, what it means, its numbers in a sentence, and the bars.
#[component]
pub fn Chart(
    /// The heading's id, unique on the page.
    id: &'static str,
    /// What is counted.
    heading: &'static str,
    /// What such an event is, and whether it is anything to worry about.
    about: &'static str,
    /// Which token it is about: `badge` or `passport`; none for both.
    #[prop(optional)]
    token: Option<&'static str>,
    /// One number for each stretch of time, the oldest first; the last stretch is not over yet.
    values: Signal<Vec<u32>>,
    /// How long a stretch is, in seconds.
    step: Signal<u32>,
) -> impl IntoView {
    let top = Memo::new(move |_| values.with(|values| scale(values)));
    let drawn = move |of: fn(&[u32]) -> (usize, &[u32])| {
        move || {
            values.with(|values| {
                let (first, part) = of(values);
                bars(first, part, top.get())
            })
        }
    };
    let width = move || values.with(|values| values.len().max(1) * PLACE);
    let sentence = id.to_owned() + "-told";
    view! {
        <section class="panel chart" aria-labelledby=id data-token=token>
            <h2 id=id>{heading}</h2>
            <p class="note">{about}</p>
            <p
                id=sentence.clone()
                class="chart-told"
                inner_html=text(move || values.with(|values| told(values, step.get())))
            ></p>
            <div class="chart-area">
                <span
                    class="chart-top"
                    aria-hidden="true"
                    translate="no"
                    inner_html=text(move || top.get().to_string())
                ></span>
                <svg
                    role="img"
                    aria-labelledby=format!("{id} {sentence}")
                    viewBox=move || format!("0 0 {} {HEIGHT}", width())
                    preserveAspectRatio="none"
                >
                    <path d=drawn(over) />
                    <path class="chart-now" d=drawn(going_on) />
                </svg>
            </div>
            <p class="chart-ends note" aria-hidden="true">
                <span inner_html=text(move || ago(values.with(Vec::len), step.get()))></span>
                <span>"now"</span>
            </p>
        </section>
    }
    .into_any()
}

/// The stretches that are over, and the first one's place.
fn over(values: &[u32]) -> (usize, &[u32]) {
    (0, values.split_last().map_or(&[], |(_, over)| over))
}

/// The stretch that is not, and its place.
fn going_on(values: &[u32]) -> (usize, &[u32]) {
    let last = values.len().saturating_sub(1);
    (last, values.get(last..).unwrap_or_default())
}

/// The number at the top: 4, or what the highest bar needs, of 1, 2 or 5 times a power of ten.
fn scale(values: &[u32]) -> u32 {
    let most = values.iter().copied().max().unwrap_or_default().max(LEAST);
    if most == LEAST {
        return LEAST;
    }
    let power = 10_u32.pow(most.ilog10());
    [1, 2, 5]
        .into_iter()
        .map(|step| power.saturating_mul(step))
        .find(|top| *top >= most)
        .unwrap_or(power.saturating_mul(10))
}

/// The outline of bars from a place on, for a path's `d`. Nothing where nothing was.
fn bars(first: usize, values: &[u32], top: u32) -> String {
    let mut path = String::new();
    for (place, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
        let x = (first + place) * PLACE;
        // Seen, however small.
        let height = (u64::from(*value) * u64::from(HEIGHT) / u64::from(top.max(1))).max(2);
        // Writing to a string can't fail.
        let _ = write!(path, "M{x} {HEIGHT}v-{height}h{BAR}v{height}z");
    }
    path
}

/// The series in a sentence.
fn told(values: &[u32], step: u32) -> String {
    let total: u64 = values.iter().copied().map(u64::from).sum();
    let whole = lasting(values.len(), step);
    match (values.iter().max(), total) {
        (None, _) => "…".to_owned(),
        (Some(_), 0) => format!("None in the last {whole}."),
        (Some(most), _) => {
            format!("{total} in the last {whole}, {most} in the busiest {}.", lasting(1, step))
        }
    }
}

fn ago(stretches: usize, step: u32) -> String {
    if stretches == 0 { String::new() } else { format!("{} ago", lasting(stretches, step)) }
}

fn lasting(stretches: usize, step: u32) -> String {
    words::lasting(u64::try_from(stretches).unwrap_or(u64::MAX).saturating_mul(u64::from(step) * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_and_holds_the_highest_bar() {
        for (most, top) in
            [(0, 4), (1, 4), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (99, 100), (100, 100), (501, 1000)]
        {
            assert_eq!(scale(&[0, most]), top, "{most}");
        }
        assert_eq!(scale(&[]), 4);
        assert_eq!(scale(&[u32::MAX]), u32::MAX);
    }

    #[test]
    fn each_number_is_a_bar_in_its_place() {
        assert_eq!(bars(0, &[], 4), "");
        assert_eq!(bars(0, &[4, 0, 1], 4), "M0 100v-100h8v100zM20 100v-25h8v25z");
        assert_eq!(bars(2, &[1], 1_000_000), "M20 100v-2h8v2z");
        assert_eq!(going_on(&[1, 2, 3]), (2, [3].as_slice()));
        assert_eq!(over(&[1, 2, 3]), (0, [1, 2].as_slice()));
        assert_eq!((over(&[]), going_on(&[])), ((0, [].as_slice()), (0, [].as_slice())));
    }

    #[test]
    fn a_series_is_told_in_a_sentence() {
        assert_eq!(told(&[], 10), "…");
        assert_eq!(told(&[0; 60], 10), "None in the last 10 minutes.");
        assert_eq!(told(&[0, 3, 1, 0, 0, 0], 10), "4 in the last 1 minute, 3 in the busiest 10 seconds.");
    }
}
