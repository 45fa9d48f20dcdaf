//! The script that the page began with (`crate::shell`, `start.js`), as far as it does something for us.

use js_sys::{Function, Promise, Reflect, Set};
use wasm_bindgen::{JsCast as _, JsValue};

/// Loads the module that judges passwords: the script knows where it is.
///
/// # Errors
/// It can't be had.
pub fn advice() -> Result<Promise, JsValue> {
    let lanyard = lanyard()?;
    Reflect::get(&lanyard, &"advice".into())?.dyn_into::<Function>()?.call0(&lanyard)?.dyn_into()
}

/// This instance has panicked, and is good for nothing any more: the script draws the page anew, with another.
pub fn fall() {
    // Without the script there is nobody to tell.
    let _ = lanyard()
        .and_then(|lanyard| Reflect::get(&lanyard, &"fall".into())?.dyn_into::<Function>()?.call0(&lanyard));
}

/// What is to be done should this instance die. By a function of the browser's own: none of ours runs after that.
pub struct Will(Option<(Set, Function)>);

impl Will {
    /// Leaves one.
    pub fn leave(act: Function) -> Self {
        let wills = lanyard().and_then(|lanyard| Reflect::get(&lanyard, &"wills".into())?.dyn_into::<Set>());
        Self(wills.ok().map(|wills| {
            wills.add(&act);
            (wills, act)
        }))
    }
}

/// It is done, or needless.
impl Drop for Will {
    fn drop(&mut self) {
        if let Some((wills, act)) = &self.0 {
            wills.delete(act);
        }
    }
}

fn lanyard() -> Result<JsValue, JsValue> {
    Reflect::get(&js_sys::global(), &"lanyard".into())
}
