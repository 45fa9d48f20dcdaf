//! What crosses the wire.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A password on its way to the server. Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// As it was typed.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for hashing and sending only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// An access token, or a refresh token in a body. Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct AccessToken(String);

impl AccessToken {
    /// As the server made it.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for an `Authorization` header only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

macro_rules! debug_shows_nothing {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
debug_shows_nothing!(Password AccessToken);

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Never changes.
    pub id: Uuid,
    /// Lower case.
    pub email: String,
    /// As the person wrote it.
    pub name: String,
}

/// The answer of register, login and refresh (RFC 6749, 5.1, and ours).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The access token.
    pub access_token: AccessToken,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: u32,
    /// The session.
    pub session_id: Uuid,
    /// The session's absolute limit, in seconds since the Unix epoch. It never moves.
    pub session_expires_at: i64,
    /// Whose it is.
    pub user: UserInfo,
    /// The new refresh token, only for a client without a cookie jar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<AccessToken>,
}
