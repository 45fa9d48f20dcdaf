//! What outlives the page, in local storage: the chosen patterns, which session is here, and a sign-out that has still to
//! be sent; and of this tab alone, why its last session ended. Nothing secret: a session id entitles to nothing. A browser
//! without storage just forgets.

use lanyard_client::{EndReason, Mark, Patterns, Who};
use uuid::Uuid;
use web_sys::Storage;

use super::jar;

const PATTERNS: &str = "lanyard-patterns";
const OWED: &str = "lanyard-sign-out-owed";
const SESSION: &str = "lanyard-session";
const ENDED: &str = "lanyard-ended";

/// The patterns that were chosen, or both.
pub fn patterns() -> Patterns {
    let text = storage().and_then(|storage| storage.get_item(PATTERNS).ok()?);
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Keeps the choice for the next start of any tab.
pub fn set_patterns(patterns: Patterns) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(&patterns)) {
        let _ = storage.set_item(PATTERNS, &text);
    }
}

/// The sign-out that no answer has settled yet.
pub fn owed() -> Option<Who> {
    let text = storage()?.get_item(OWED).ok()??;
    if let Some(mark) = text.strip_prefix('?') {
        let mark = Mark(u64::from_str_radix(mark, 16).ok()?);
        return Some(Who { mark, id: None });
    }
    let id = jar::session_id(Uuid::parse_str(&text).ok()?);
    Some(Who { mark: jar::mark(id), id: Some(id) })
}

/// Notes a sign-out that has still to be sent: the session's id, or what the hint cookie called it.
pub fn owe(who: Who) {
    let text = match who.id {
        Some(id) => Uuid::from_u128(id.0).to_string(),
        None => format!("?{:016x}", who.mark.0),
    };
    if let Some(storage) = storage() {
        let _ = storage.set_item(OWED, &text);
    }
}

/// This session's sign-out is no longer owed. Another tab may have noted another one since.
pub fn settle(who: Who) {
    if let Some(storage) = storage()
        && owed().is_some_and(|owed| owed.mark == who.mark)
    {
        let _ = storage.remove_item(OWED);
    }
}

/// Keeps in mind which session is here.
pub fn remember(session: Uuid) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(SESSION, &session.to_string());
    }
}

/// None is here any more.
pub fn forget() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(SESSION);
    }
}

/// A session was here when the last page was closed, but no cookie names it, and nobody has signed out: it would live on
/// unseen, so its sign-out is owed.
pub fn owe_what_vanished() {
    let left = storage().and_then(|storage| storage.get_item(SESSION).ok()?);
    if let Some(id) = left.and_then(|id| Uuid::parse_str(&id).ok()).filter(|_| jar::hint().is_none()) {
        let id = jar::session_id(id);
        owe(Who { mark: jar::mark(id), id: Some(id) });
        forget();
    }
}

/// Why the session ended that this tab had last, unless somebody has signed in since.
pub fn ended() -> Option<EndReason> {
    serde_json::from_str(&of_this_tab()?.get_item(ENDED).ok()??).ok()
}

/// Notes why this tab's session ended, to say it once more when the page is loaded again. Whoever signs out knows why.
pub fn note_end(reason: EndReason) {
    match serde_json::to_string(&reason) {
        Ok(text) if reason != EndReason::SignedOut => {
            if let Some(storage) = of_this_tab() {
                let _ = storage.set_item(ENDED, &text);
            }
        }
        _ => forget_end(),
    }
}

/// Somebody is signed in.
pub fn forget_end() {
    if let Some(storage) = of_this_tab() {
        let _ = storage.remove_item(ENDED);
    }
}

fn of_this_tab() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
