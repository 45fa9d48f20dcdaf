//! The hint cookie, the only thing of the cookie jar that a script can see, and what sessions are called in
//! it. `lanyard_auth::hint` makes the values.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard_client::{Mark, SessionId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlDocument;

const HINT: &str = "__Host-lanyard-hint";
const NO_HINT: &str = "__Host-lanyard-hint=; Max-Age=0; Path=/; Secure; SameSite=Lax";

/// Which session the hint cookie names.
pub fn hint() -> Option<Mark> {
    let cookies = document()?.cookie().ok()?;
    let value = cookies.split("; ").find_map(|cookie| cookie.strip_prefix(HINT)?.strip_prefix('='))?;
    let (session, _generation) = value.split_once('.')?;
    let bytes = URL_SAFE_NO_PAD.decode(session).ok()?;
    Some(Mark(u64::from_be_bytes(bytes.try_into().ok()?)))
}

/// Deletes the hint cookie.
pub fn drop_hint() {
    if let Some(document) = document() {
        // A browser that refuses cookies has nothing to delete either.
        let _ = document.set_cookie(NO_HINT);
    }
}

/// What the hint cookie calls a session.
pub fn mark(session: SessionId) -> Mark {
    let digest: [u8; 32] = Sha256::digest(session.0.to_be_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    Mark(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

/// A session's id as the engine counts it.
pub fn session_id(id: Uuid) -> SessionId {
    SessionId(id.as_u128())
}

fn document() -> Option<HtmlDocument> {
    web_sys::window()?.document()?.dyn_into().ok()
}
