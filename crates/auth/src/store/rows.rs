//! What crosses the storage trait: rows, what is to be written, and what was seen.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::device::Device;
use crate::idempotency::IdempotencyRecord;
use crate::password::PasswordHash;
use crate::refresh::{KeyId, Salt, SecretHash};
use crate::scope::Role;
use crate::time::Timestamp;

/// Names a session. Knowing it entitles to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// Unique; in the form of [`crate::email::canonical`], or of before.
    pub email: String,
    /// As the person wrote it.
    pub name: String,
    /// Sessions of an older version are over.
    pub version: u32,
    /// What the person may do.
    pub role: Role,
    /// Access tokens of an older version of that are to be renewed.
    pub authz_version: u32,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When an administrator closed the account, if one did.
    pub disabled_at: Option<Timestamp>,
}

/// A user with what is needed to check his password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The person.
    pub user: User,
    /// The password's hash.
    pub password_hash: PasswordHash,
}

/// A user to be made. The store sets `created_at`.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// A fresh id.
    pub id: UserId,
    /// In the form of [`crate::email::canonical`].
    pub email: String,
    /// As the person wrote it.
    pub name: String,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// What the person may do.
    pub role: Role,
    /// What an equal request is to find.
    pub idempotency: Option<IdempotencyRecord>,
}

/// A session to be made, at generation 0, which counts as confirmed. The store sets the times.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// A fresh id.
    pub sid: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The user's version that the password was checked against.
    pub user_version: u32,
    /// Hash of the first token's secret.
    pub secret_hash: SecretHash,
    /// The master key of the first token.
    pub kid: KeyId,
    /// The session ends so long after now.
    pub absolute: Duration,
    /// Where it begins.
    pub device: Device,
}

/// A session's row, with its user.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub sid: SessionId,
    /// Whose it is, as the user is now.
    pub user: User,
    /// The user's version when the session began.
    pub user_version: u32,
    /// The newest token's number.
    pub generation: u32,
    /// Hash of the newest token's secret.
    pub current: SecretHash,
    /// Hash of the secret that the last rotation was made from.
    pub previous: Option<SecretHash>,
    /// The salt of the last rotation.
    pub salt: Option<Salt>,
    /// The master key that made the newest token.
    pub kid: KeyId,
    /// When the last rotation was, or the sign-in.
    pub rotated_at: Timestamp,
    /// Whether a client has shown that it holds the newest token.
    pub confirmed: bool,
    /// Rotations by rule 5 in a row.
    pub recoveries: u8,
    /// The sign-in.
    pub created_at: Timestamp,
    /// The absolute limit.
    pub expires_at: Timestamp,
    /// Set once the session was ended on purpose.
    pub ended: Option<Ended>,
    /// Where it was last rotated.
    pub device: Device,
    /// What its owner calls it.
    pub label: Option<String>,
}

impl Session {
    /// Why it is over, if it was ended: by itself, or with all of its user's.
    pub fn why_over(&self) -> Option<EndReason> {
        match self.ended {
            Some(ended) => Some(ended.reason),
            None if self.user.disabled_at.is_some() => Some(EndReason::AccountDisabled),
            None if self.user.version != self.user_version => Some(EndReason::KickedOut),
            None => None,
        }
    }

    /// When it expires if it is not rotated before: `idle` after the last rotation, or at the absolute limit.
    pub fn not_after(&self, idle: Duration) -> Timestamp {
        self.expires_at.min(self.rotated_at.after(idle))
    }
}

/// When and why a session was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// Why a session was ended. The names are stored and sent; they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its owner signed out.
    SignedOut,
    /// Somebody signed in over it, in the same browser.
    Replaced,
    /// A token that had been replaced was used again: theft.
    TokenReused,
    /// Its renewals were never confirmed, several times in a row.
    Unconfirmed,
    /// Its owner ended it, from another session.
    EndedElsewhere,
    /// An administrator ended it.
    KickedOut,
    /// The password was changed.
    PasswordChanged,
    /// The account was closed.
    AccountDisabled,
}

impl EndReason {
    /// Every reason, for stores and tests.
    pub const ALL: [Self; 8] = [
        Self::SignedOut,
        Self::Replaced,
        Self::TokenReused,
        Self::Unconfirmed,
        Self::EndedElsewhere,
        Self::KickedOut,
        Self::PasswordChanged,
        Self::AccountDisabled,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::TokenReused => "token_reused",
            Self::Unconfirmed => "unconfirmed",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::KickedOut => "kicked_out",
            Self::PasswordChanged => "password_changed",
            Self::AccountDisabled => "account_disabled",
        }
    }

    /// The reason with this stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// A row together with the database's time when it was read, so that ages are judged by one clock.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    /// The row.
    pub row: T,
    /// The database's time.
    pub now: Timestamp,
}

/// What the writer saw of a session. A compare-and-swap succeeds only while the row is still so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Which session.
    pub sid: SessionId,
    /// The generation that was seen.
    pub generation: u32,
    /// Whether it was confirmed.
    pub confirmed: bool,
}

/// A rotation to be written: the generation rises by one, the new one is unconfirmed.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// What was seen.
    pub seen: Guard,
    /// Hash of the presented secret: the new `previous`.
    pub presented: SecretHash,
    /// Hash of the successor's secret: the new `current`.
    pub next: SecretHash,
    /// The salt it was derived with.
    pub salt: Salt,
    /// The master key it was derived with.
    pub kid: KeyId,
    /// 0 after rule 2, one more than was seen after rule 5, which also writes a `recovered` event.
    pub recoveries: u8,
    /// When the session expires, as it was seen: from then on nothing is written.
    pub not_after: Timestamp,
    /// Where it was asked for.
    pub device: Device,
    /// What is different there from where the session was seen last: [`crate::audit::NEW_BROWSER`] or
    /// [`crate::audit::NEW_NETWORK`].
    pub moved: Option<&'static str>,
}

/// A password change: what was seen, what is to be, and who goes on.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose password.
    pub user: UserId,
    /// The hash that the current password was checked against.
    pub seen: PasswordHash,
    /// The new password's hash.
    pub new: PasswordHash,
    /// The session that asked; it stays, with the access tokens it has.
    pub keep: SessionId,
    /// Where it was asked for.
    pub device: Device,
    /// What an equal request is to find.
    pub idempotency: Option<IdempotencyRecord>,
}

/// What became of the closing of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It is closed now, and its sessions ended.
    Closed(RaisedVersion),
    /// It was closed already, or there is no such user. Nothing was written.
    NotOpen,
    /// It is the last administrator's, and stays open.
    LastAdmin,
}

/// What became of a change of role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// The user as he is now; the authorisation version has risen.
    Changed(User),
    /// He had that role.
    Same(User),
    /// He is the last administrator who could do anything, and stays one.
    LastAdmin,
    /// There is no such user.
    NoUser,
}

/// What became of a user whose version was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedVersion {
    /// The new version.
    pub version: u32,
    /// The sessions that were live until now.
    pub ended: Vec<SessionId>,
}

/// Whose access tokens are refused although they have not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Those of a session that was ended then.
    Session {
        /// The session.
        sid: SessionId,
        /// When it was ended.
        at: Timestamp,
        /// Why, to be told to whoever still uses it.
        reason: EndReason,
    },
    /// Those of a user that carry a version below this one.
    User {
        /// The user.
        id: UserId,
        /// The oldest version that is still good.
        version: u32,
        /// When the versions below it were revoked.
        at: Timestamp,
    },
    /// Those of a user that carry an authorisation version below this one. They are to be renewed; nobody is signed
    /// out.
    Authz {
        /// The user.
        id: UserId,
        /// The oldest version that is still good.
        version: u32,
        /// When the user's role was changed.
        at: Timestamp,
    },
}

impl Revocation {
    /// When it was revoked.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Session { at, .. } | Self::User { at, .. } | Self::Authz { at, .. } => *at,
        }
    }
}
