//! The lock that all tabs of a browser share (Web Locks API). Without it every turn is won at once.
//!
//! `web-sys` hides this API behind a compiler flag, so it is reached by name.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::Shared;
use js_sys::{Function, Object, Promise, Reflect};
use lanyard_client::{Input, Turn};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::start::Will;
use super::step;

const NAME: &str = "lanyard";

/// The turns that were asked for and not given back yet.
#[derive(Default)]
pub struct Locks {
    turns: HashMap<Turn, Asked>,
}

struct Asked {
    release: oneshot::Sender<()>,
    abort: Option<AbortController>,
}

type Released = Shared<oneshot::Receiver<()>>;

impl Locks {
    /// Asks for the lock; [`Input::LockWon`] tells when it is ours.
    pub fn take(&mut self, turn: Turn) {
        let (release, released) = oneshot::channel();
        let abort = AbortController::new().ok();
        let signal = abort.as_ref().map(|abort| JsValue::from(abort.signal()));
        self.turns.insert(turn, Asked { release, abort });
        spawn_local(async move {
            let released = released.shared();
            let won = match manager() {
                Some(manager) => queue(&manager, turn, signal, released).await,
                None => Err(JsValue::UNDEFINED),
            };
            if won.is_err() {
                // No such API, or it refused (given up turns end here too, and the engine ignores those).
                step(Input::LockWon { turn, waited: false });
            }
        });
    }

    /// Gives the lock back, or stops waiting for it.
    pub fn release(&mut self, turn: Turn) {
        if let Some(asked) = self.turns.remove(&turn) {
            let _ = asked.release.send(());
            if let Some(abort) = asked.abort {
                abort.abort();
            }
        }
    }
}

/// Tries first without waiting, which tells whether another tab has the lock.
async fn queue(
    manager: &JsValue,
    turn: Turn,
    signal: Option<JsValue>,
    released: Released,
) -> Result<(), JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    if request(manager, &options, turn, false, released.clone()).await? {
        return Ok(());
    }
    // A signal can't be combined with `ifAvailable`.
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), &signal.unwrap_or_default())?;
    request(manager, &options, turn, true, released).await.map(|_| ())
}

/// Holds the lock from when it is won until it is released. Answers whether it was won at all.
async fn request(
    manager: &JsValue,
    options: &Object,
    turn: Turn,
    waited: bool,
    released: Released,
) -> Result<bool, JsValue> {
    let won = Rc::new(Cell::new(false));
    let noted = Rc::clone(&won);
    let hold = Closure::once(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            return JsValue::UNDEFINED;
        }
        noted.set(true);
        step(Input::LockWon { turn, waited });
        // Held until this is resolved: by us, or should this instance die, by the script that outlives it.
        let mut resolve = None;
        let held = Promise::new(&mut |resolved, _| resolve = Some(resolved));
        if let Some(resolve) = resolve {
            let will = Will::leave(resolve.clone());
            spawn_local(async move {
                // An error means that the driver is gone, and so is the need for the lock.
                let _ = released.await;
                drop(will);
                let _ = resolve.call0(&JsValue::UNDEFINED);
            });
        }
        held.into()
    });
    let ask: Function = Reflect::get(manager, &"request".into())?.dyn_into()?;
    let done: Promise = ask.call3(manager, &NAME.into(), options, hold.as_ref())?.dyn_into()?;
    JsFuture::from(done).await?;
    Ok(won.get())
}

fn manager() -> Option<JsValue> {
    let navigator = web_sys::window()?.navigator();
    Reflect::get(&navigator, &"locks".into()).ok().filter(JsValue::is_object)
}
