//! Where the keyboard is, when what had it goes away; and what has to be seen.

use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

/// Puts the focus on an element that is about to be shown; on nothing if its page has been left by then.
pub fn focus_soon<E>(node: NodeRef<E>)
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    soon(node, |element| {
        // Without the focus it is still there.
        let _ = element.focus();
    });
}

/// Scrolls to an element that is about to be shown, as far as that is needed to see it.
pub fn into_sight_soon<E>(node: NodeRef<E>)
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    soon(node, into_sight);
}

#[cfg(feature = "hydrate")]
fn into_sight(element: &HtmlElement) {
    use leptos::web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Only browsers scroll.
#[cfg(not(feature = "hydrate"))]
fn into_sight(_: &HtmlElement) {}

fn soon<E>(node: NodeRef<E>, act: impl FnOnce(&HtmlElement) + 'static)
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    request_animation_frame(move || {
        if let Some(element) = node.try_get_untracked().flatten() {
            act(element.unchecked_ref());
        }
    });
}
