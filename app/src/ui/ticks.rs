//! A clock for what runs down on the page.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;

use crate::session::Session;

/// How often it ticks. The ring's transition in `badge.css` lasts as long, so that the ring moves evenly.
const PERIOD: Duration = Duration::from_millis(250);

/// [`Session::now`], again and again for as long as the calling component lives; none on the server and before
/// hydration.
pub fn use_ticks() -> Signal<Option<f64>> {
    let session = Session::expect();
    let now = RwSignal::new(None);
    Effect::new(move |_| {
        let tick = move || now.set(Some(session.now()));
        tick();
        if let Ok(interval) = set_interval_with_handle(tick, PERIOD) {
            on_cleanup(move || interval.clear());
        }
    });
    now.into()
}
