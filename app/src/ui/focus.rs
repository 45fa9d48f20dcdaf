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
    request_animation_frame(move || {
        if let Some(element) = node.try_get_untracked().flatten() {
            // Without the focus it is still there.
            let _ = element.unchecked_ref::<HtmlElement>().focus();
        }
    });
}

/// Scrolls to an element that is about to be shown, if it is above what can be seen.
pub fn into_sight_soon<E>(node: NodeRef<E>)
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    request_animation_frame(move || {
        if let Some(element) = node.try_get_untracked().flatten() {
            let element = element.unchecked_ref::<HtmlElement>();
            // Only browsers know.
            #[cfg(feature = "hydrate")]
            if element.get_bounding_client_rect().top() < 0.0 {
                element.scroll_into_view();
            }
            #[cfg(not(feature = "hydrate"))]
            let _ = element;
        }
    });
}
