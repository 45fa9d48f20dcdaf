//! The browser's clocks and randomness. The one file of this crate that may ask for them.
#![allow(clippy::disallowed_methods)]

/// Milliseconds on the page's monotonic clock; it may stop while the machine sleeps.
pub fn monotonic() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// Milliseconds since the Unix epoch, by the device's clock, which a person can set.
pub fn wall() -> f64 {
    js_sys::Date::now()
}

/// A random number for jitter. Nothing secret hangs on it.
pub fn random() -> u64 {
    // 2^53: what a JavaScript number holds exactly.
    whole(js_sys::Math::random() * 9_007_199_254_740_992.0)
}

/// Random bytes that nobody guesses; none where the browser has none to give.
pub fn secret() -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let crypto = web_sys::window()?.crypto().ok()?;
    crypto.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes)
}

/// A number of milliseconds without its fraction; below zero counts as zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, which is what we want
pub fn whole(millis: f64) -> u64 {
    millis as u64
}

/// For arithmetic with the page's clock. Exact up to 2^53, 285,000 years of milliseconds.
#[allow(clippy::cast_precision_loss)]
pub fn fraction(millis: u64) -> f64 {
    millis as f64
}

/// What a `Retry-After` header says, in seconds: a number of them, or a date, which counts from the answer's own
/// `Date` since the device's clock may be off (RFC 9110, 10.2.3).
pub fn seconds_to_wait(retry_after: &str, answered: Option<&str>) -> Option<u32> {
    let text = retry_after.trim();
    text.parse().ok().or_else(|| {
        let wait = js_sys::Date::parse(text) - js_sys::Date::parse(answered?);
        (!wait.is_nan()).then(|| u32::try_from(whole(wait).div_ceil(1_000)).unwrap_or(u32::MAX))
    })
}
