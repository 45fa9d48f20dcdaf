//! Why a session is over.

use serde::{Deserialize, Serialize};

/// Why a session is over, as the server says it and the page tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person signed out, here or in another tab or on another device.
    SignedOut,
    /// Somebody signed in over it, in the same browser.
    Replaced,
    /// The idle or the absolute limit has passed.
    Expired,
    /// A refresh token that had been replaced was used again: somebody may have a copy.
    TokenReused,
    /// Its renewals were never confirmed, several times in a row.
    Unconfirmed,
    /// An administrator or the person ended it from elsewhere.
    KickedOut,
    /// The password was changed.
    PasswordChanged,
    /// The account was closed.
    AccountDisabled,
    /// The server does not know the refresh token.
    Unknown,
    /// The browser keeps no cookies, so nothing could renew the badge. Only a client says so, never the server.
    CookieRefused,
}
