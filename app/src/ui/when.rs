//! A moment in a `<time>`, as people say it.

use leptos::prelude::*;

use super::calendar::Moment;
use super::device;
use super::text::text;

/// Says when something was or will be, in this device's time zone; a placeholder while it is not known, as on the server.
#[component]
pub fn When(
    /// In seconds since the Unix epoch. Said anew whenever it is set, be it to the same: today soon becomes yesterday.
    #[prop(into)]
    at: Signal<Option<i64>>,
    /// Whether it is said to the second, whenever it was.
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    let machine = move || at.get().map(|seconds| Moment::new(seconds.saturating_mul(1000), 0).machine());
    #[expect(clippy::cast_precision_loss, reason = "a date is exact as a float for 285,000 years")]
    let said = move || {
        let at = at.get().and_then(|seconds| device::local(seconds as f64 * 1000.0));
        let say = if exact { Moment::said_exactly } else { Moment::said_at };
        at.zip(device::now()).map_or_else(|| "…".to_owned(), |(at, now)| say(at, now))
    };
    view! { <time datetime=machine inner_html=text(said)></time> }
}
