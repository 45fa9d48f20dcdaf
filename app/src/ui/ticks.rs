//! A clock for what runs down on the page, and one for what others may change meanwhile.

use std::time::Duration;

use leptos::leptos_dom::helpers::{
    WindowListenerHandle, set_interval_with_handle, window_event_listener_untyped,
};
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

/// Calls `look` at once, and for as long as the calling component lives: every so often while the page can be seen, and
/// whenever it is seen again or the network is back. Never on the server.
pub fn keep_fresh(every: Duration, look: impl Fn() + Copy + 'static) {
    let look_if_seen = move || {
        if !document().hidden() {
            look();
        }
    };
    Effect::new(move |_| {
        look_if_seen();
        // The first is fired at the document, from where it bubbles.
        let listeners = ["visibilitychange", "online"]
            .map(|event| window_event_listener_untyped(event, move |_| look_if_seen()));
        let interval = set_interval_with_handle(look_if_seen, every);
        on_cleanup(move || {
            listeners.into_iter().for_each(WindowListenerHandle::remove);
            if let Ok(interval) = interval {
                interval.clear();
            }
        });
    });
}
