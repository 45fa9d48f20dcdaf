//! The device's own clock and time zone, for display only: nothing is decided by them. On the server both are
//! unknown, so what depends on them is shown only in the browser.

use super::calendar::Moment;

/// What the wall clock shows now.
#[cfg(feature = "hydrate")]
pub fn now() -> Option<Moment> {
    local(crate::browser::clock::wall())
}

/// What the wall clock shows at `unix_ms`, with the time zone's rules of that day.
#[cfg(feature = "hydrate")]
pub fn local(unix_ms: f64) -> Option<Moment> {
    let west_minutes = js_sys::Date::new(&unix_ms.into()).get_timezone_offset();
    west_minutes.is_finite().then(|| Moment::new(whole(unix_ms), -whole(west_minutes)))
}

/// What the wall clock shows now: not known on the server.
#[cfg(not(feature = "hydrate"))]
pub fn now() -> Option<Moment> {
    None
}

/// What the wall clock shows at `unix_ms`: not known on the server.
#[cfg(not(feature = "hydrate"))]
pub fn local(_unix_ms: f64) -> Option<Moment> {
    None
}

/// When a day (such as `2026-12-20`) begins here, or so many days later one does: in seconds since the Unix epoch. None for
/// what is no day.
#[cfg(feature = "hydrate")]
pub fn midnight(day: &str, days_later: u32) -> Option<i64> {
    let date = js_sys::Date::new(&format!("{day}T00:00").into());
    // As the calendar counts: not every day has 24 hours.
    date.set_date(date.get_date() + days_later);
    let ms = date.get_time();
    ms.is_finite().then(|| whole(ms) / 1000)
}

/// When a day begins: not known on the server.
#[cfg(not(feature = "hydrate"))]
pub fn midnight(_day: &str, _days_later: u32) -> Option<i64> {
    None
}

#[cfg(feature = "hydrate")]
#[expect(clippy::cast_possible_truncation, reason = "a float too large becomes the largest integer")]
fn whole(number: f64) -> i64 {
    number as i64
}
