//! Why a session is over.

use serde::{Deserialize, Serialize};

/// Why a session is over, as the server says it and the page tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person signed out, here or in another tab.
    SignedOut,
    /// Somebody signed in over it, in the same browser.
    Replaced,
    /// The idle or the absolute limit has passed.
    Expired,
    /// A refresh token that had been replaced was used again: somebody may have a copy.
    TokenReused,
    /// Its renewals were never confirmed, several times in a row.
    Unconfirmed,
    /// The person ended it from another device.
    EndedElsewhere,
    /// An administrator ended it, or it was ended for a reason that this client doesn't know.
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
