//! What crosses the wire.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
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

/// An access token. Shows nothing in `Debug` and is wiped on drop.
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

/// A refresh token in a body, for a client without a cookie jar. Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// As the server made it.
    pub fn new(text: String) -> Self {
        Self(text)
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
debug_shows_nothing!(Password AccessToken RefreshToken);

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See and end his own sessions.
    #[default]
    User,
    /// See and end everybody's.
    Admin,
}

impl Role {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

fn role_if_known<'de, D: Deserializer<'de>>(role: D) -> Result<Role, D::Error> {
    let name = String::deserialize(role)?;
    Ok([Role::User, Role::Admin].into_iter().find(|role| role.name() == name).unwrap_or_default())
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Never changes.
    pub id: Uuid,
    /// In the one form in which it is kept.
    pub email: String,
    /// As the person wrote it.
    pub name: String,
    /// What the person may do. Of a role that only a newer server knows, no more than every account.
    #[serde(default, deserialize_with = "role_if_known")]
    pub role: Role,
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
    pub refresh_token: Option<RefreshToken>,
}

/// How a client wants the refresh token of a new session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDelivery {
    /// In an HttpOnly cookie: browsers.
    #[default]
    Cookie,
    /// In the body: clients without a cookie jar, which must send neither cookies nor an Origin.
    Body,
}

/// A note, stamped at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The note as it arrived.
    pub message: String,
    /// The number of the badge that was shown.
    pub number: u32,
    /// The session that it belongs to.
    pub session_id: Uuid,
}

/// Who the badge belongs to: `GET /api/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The person.
    #[serde(flatten)]
    pub user: UserInfo,
    /// The session.
    pub session_id: Uuid,
    /// The scopes of the badge that was shown, separated by spaces.
    pub scope: String,
    /// When the badge expires, in seconds since the Unix epoch.
    pub expires_at: i64,
}

/// The sessions of whoever asks, a page at a time (see [`super::admin`]): `GET /api/sessions`. The one that asks comes first
/// on every page, besides as many as were asked for; the others follow, the newest sign-in first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// The live ones.
    pub sessions: Vec<SessionInfo>,
    /// Where the next page begins; none when this is the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// One session, as its owner may know it. Of the current one nothing tells of its last rotation, neither when nor
/// where it was: a thief who holds the session's tokens must not learn when to renew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Names it; entitles to nothing.
    pub id: Uuid,
    /// Whether it is the session that asks.
    pub current: bool,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The browser's name, such as `Firefox`, from its User-Agent: a guess. Of the current session: this request's.
    pub browser: Option<String>,
    /// The system's name, such as `Linux`, from its User-Agent: a guess.
    pub system: Option<String>,
    /// The network it was last seen in, shortened: `192.0.2.*` or `2001:db8:1:*`.
    pub network: Option<String>,
    /// The sign-in, in seconds since the Unix epoch.
    pub created_at: i64,
    /// The last renewal, in seconds since the Unix epoch, rounded down to the minute; none for the current one,
    /// which is seen now.
    pub last_seen_at: Option<i64>,
}

/// A new name for a session, or none: `PATCH /api/sessions/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameSession {
    /// At most 60 characters. None takes the name away, which has to be said: a body without this field is refused.
    #[serde(deserialize_with = "Option::deserialize")]
    pub name: Option<String>,
}

/// How many live sessions an action has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSessions {
    /// Their number.
    pub ended: usize,
}

/// A new name for a person: `POST /api/account/name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// 1 to 100 characters.
    pub name: String,
}

/// A new password: `POST /api/account/password`. Ends all other sessions; this one goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The one until now.
    pub current_password: Password,
    /// The one from now on.
    pub new_password: Password,
    /// As the header `Idempotency-Key`: sent again with the same one, it gets the first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}
