//! A form that may be sent twice does its work once: the key that it carries, and the script that holds a second press
//! back until the WASM is there.

use leptos::html::Input;
use leptos::prelude::*;

use crate::api::{ApiError, ErrorCode};

/// A small script for the document's head: a plain form is sent once.
#[cfg(feature = "ssr")]
pub const SENT_ONCE: &str = include_str!("sent_once.js");

/// The idempotency key of a form. The server makes it with the page, and the plain form sends it; the input belongs to
/// the browser, so that hydration keeps it. [`KeyField`] puts it into its form.
#[derive(Clone, Copy, Default)]
pub struct FormKey {
    input: NodeRef<Input>,
}

impl FormKey {
    /// The key; none where nobody could make one.
    pub fn get(self) -> Option<String> {
        let key = self.input.get_untracked()?.value();
        Some(key).filter(|key| !key.is_empty())
    }

    /// Waits for the answer to a request with the key. What was done needs another key next time, and so does what was
    /// sent before with other contents; what was refused, or lost, keeps its own.
    pub async fn until<T>(self, request: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let answer = request.await;
        let is_used = match &answer {
            Ok(_) => true,
            Err(error) => error.error == ErrorCode::IdempotencyKeyReused,
        };
        // The page may have been left meanwhile.
        if let Some(input) = self.input.try_get_untracked().flatten().filter(|_| is_used) {
            input.set_value(&fresh_key().unwrap_or_default());
        }
        answer
    }
}

/// The key as a part of its form. Browsers that fill in forms again leave it alone.
#[component]
pub fn KeyField(
    /// The form's.
    key: FormKey,
) -> impl IntoView {
    view! { <input node_ref=key.input type="hidden" name="idempotency_key" value=fresh_key() autocomplete="off" /> }
}

/// 128 random bits that nobody guesses.
fn fresh_key() -> Option<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    random_bytes().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(feature = "hydrate")]
fn random_bytes() -> Option<[u8; 16]> {
    crate::browser::clock::secret()
}

#[cfg(all(feature = "ssr", not(feature = "hydrate")))]
fn random_bytes() -> Option<[u8; 16]> {
    lanyard_auth::random::Random::System.bytes().ok()
}

#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
fn random_bytes() -> Option<[u8; 16]> {
    None
}
