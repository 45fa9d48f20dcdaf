//! Advice on a password as one types it, from a module of its own that is loaded when it is needed first.

use std::sync::Arc;

use futures::lock::Mutex;
use js_sys::{Array, Function, JsString, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use super::start;
use crate::ui::advice::Advice;

thread_local! {
    /// The module, once it is there. Whoever comes while it is loaded waits for it.
    static MODULE: Arc<Mutex<Option<JsValue>>> = Arc::default();
}

/// What there is to say on a password in its one form, for a person of whom this is known; none when the module can't be had. Nothing
/// depends on it: the server judges for itself.
pub async fn advise(password: &str, about: &[String]) -> Option<Advice> {
    let module = module().await.ok()?;
    let about: Array = about.iter().map(|text| JsString::from(text.as_str()).normalize("NFC")).collect();
    let told = function(&module, "advise").ok()?.call2(&module, &password.into(), &about).ok()?;
    serde_json::from_str(&told.as_string()?).ok()
}

/// A password in the form in which the server counts and judges it: composed, and each blank an ASCII one.
pub fn in_one_form(typed: Zeroizing<String>) -> Zeroizing<String> {
    let composed: String = JsString::from(typed.as_str()).normalize("NFC").into();
    Zeroizing::new(Zeroizing::new(composed).chars().map(|c| if is_blank(c) { ' ' } else { c }).collect())
}

/// Unicode's category Zs.
const fn is_blank(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Loads the module, so that it is there when it is needed.
pub async fn prepare() {
    // It is tried again then.
    let _ = module().await;
}

async fn module() -> Result<JsValue, JsValue> {
    let mut held = MODULE.with(Arc::clone).lock_owned().await;
    if let Some(module) = &*held {
        return Ok(module.clone());
    }
    let module = JsFuture::from(start::advice()?).await?;
    *held = Some(module.clone());
    Ok(module)
}

fn function(of: &JsValue, name: &str) -> Result<Function, JsValue> {
    Reflect::get(of, &name.into())?.dyn_into()
}
