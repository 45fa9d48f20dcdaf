//! The WASM entry points: they take over the page that the server drew, or draw it anew. The script that the page began
//! with calls one of them (`app/src/shell/start.js`).
#![cfg(target_arch = "wasm32")]

use lanyard_app::browser;
use lanyard_app::shell::{App, CONTAINER};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::HtmlElement;

/// Takes over what the server drew.
///
/// # Errors
/// The document has no container. Where it is not as the server sent it, this panics.
#[wasm_bindgen]
pub fn hydrate() -> Result<(), JsValue> {
    leptos::mount::hydrate_from(container()?, App).forget();
    Ok(())
}

/// Draws the page into the empty container.
///
/// # Errors
/// The document has none.
#[wasm_bindgen]
pub fn mount() -> Result<(), JsValue> {
    leptos::mount::mount_to_renderer(&container()?.into(), App).forget();
    Ok(())
}

fn container() -> Result<HtmlElement, JsValue> {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        browser::start::fall();
    }));
    let document = web_sys::window().and_then(|window| window.document());
    let container = document.and_then(|document| document.get_element_by_id(CONTAINER));
    container.and_then(|it| it.dyn_into().ok()).ok_or_else(|| CONTAINER.into())
}
