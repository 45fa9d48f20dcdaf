//! What the browser tells a page about its own life: seen, online, put away into the back-forward cache.

use std::cell::Cell;
use std::rc::Rc;

use lanyard_client::{Input, Wake};
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget, PageTransitionEvent, VisibilityState};

use super::{end_unkept, step};

/// Listens for as long as the page lives. None of these is an `unload` handler, which would keep the page out
/// of the back-forward cache.
pub fn listen() {
    let Some(window) = web_sys::window() else { return };
    if let Some(document) = window.document() {
        let seen = document.clone();
        on(&document, "visibilitychange", move |_| {
            if seen.visibility_state() == VisibilityState::Visible {
                step(Input::Woke(Wake::Visible));
            }
        });
    }
    on(&window, "focus", |_| step(Input::Woke(Wake::Visible)));
    on(&window, "online", |_| step(Input::Woke(Wake::Online)));
    // Only shown: a browser that believes to be offline may well reach a server on its own machine.
    on(&window, "offline", |_| step(Input::Deadline));
    // Another tab noted a sign-out, or settled it.
    on(&window, "storage", |_| step(Input::Deadline));
    let ended = Rc::new(Cell::new(false));
    let has_ended = Rc::clone(&ended);
    on(&window, "pagehide", move |event| {
        // In the browser's memory as well: a page that never comes back from there could not do it any more.
        ended.set(end_unkept());
        if is_kept(&event) {
            veil(true);
            step(Input::Hidden);
        }
    });
    let place = window.location();
    on(&window, "pageshow", move |event| {
        if is_kept(&event) && has_ended.get() {
            // Without cookie and session there is nothing to go on with.
            let _ = place.reload();
        } else if is_kept(&event) {
            step(Input::Woke(Wake::Shown));
        }
    });
}

/// Whether the browser says that it is online.
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Blanks the page, or shows it again. Set on the element itself, since a style sheet could be missing; the
/// layout stays, so that the page comes back where it was scrolled to.
pub fn veil(veiled: bool) {
    let body = web_sys::window().and_then(|window| window.document()?.body());
    if let Some(body) = body {
        let visibility = if veiled { "hidden" } else { "" };
        let _ = body.style().set_property("visibility", visibility);
    }
}

/// Whether the page goes into the back-forward cache, or comes out of it.
fn is_kept(event: &Event) -> bool {
    event.dyn_ref::<PageTransitionEvent>().is_some_and(PageTransitionEvent::persisted)
}

fn on(target: &EventTarget, name: &str, listener: impl FnMut(Event) + 'static) {
    let listener = Closure::<dyn FnMut(Event)>::new(listener);
    let _ = target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    // The page's own life is the listener's.
    listener.forget();
}
