//! What crosses the wire for administrators: `/api/admin`. Moments are seconds since the Unix epoch.
//!
//! A list is read a page at a time: `limit` says how many (50 by default, 200 at most), and `next` of an answer, sent
//! back as `after`, asks for the page behind it. A list that grows meanwhile is neither skipped nor repeated.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::types::{Password, Role, UserInfo};

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who.
    #[serde(flatten)]
    pub user: UserInfo,
    /// When the account was made.
    pub created_at: i64,
    /// When it was closed, if it is.
    pub disabled_at: Option<i64>,
}

/// Accounts, the newest first; those of a search by the word that it found: `GET /api/admin/users`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// One page.
    pub users: Vec<Account>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

/// An account to be made: `POST /api/admin/users`, answered with an [`Account`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAccount {
    /// 1 to 100 characters.
    pub name: String,
    /// An address that has no account yet.
    pub email: String,
    /// 8 to 128 characters, not easy to guess.
    pub password: Password,
    /// What its owner may do.
    #[serde(default)]
    pub role: Role,
    /// As the header `Idempotency-Key`: sent again with the same one, it gets the same account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// What to change of an account: `PATCH /api/admin/users/{id}`, answered with the [`Account`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// What its owner may do from now on. He is not signed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether the account is closed. Closing it ends its sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// Somebody's live session, as an administrator may know it. Of the one that asks nothing tells of its last rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSession {
    /// Whose it is.
    pub user: UserInfo,
    /// The session, as its owner sees it.
    #[serde(flatten)]
    pub session: super::types::SessionInfo,
    /// Its absolute limit.
    pub expires_at: i64,
}

/// Live sessions, the newest sign-in first: `GET /api/admin/sessions`, with `user=<id>` those of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSessions {
    /// One page.
    pub sessions: Vec<AccountSession>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

/// What may be told in the audit log. The names follow OWASP's Logging Vocabulary, as far as it has them, and never
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditEvent {
    /// An account was made.
    UserCreated,
    /// An account was renamed, closed or opened; `detail` says which.
    UserUpdated,
    /// Somebody signed in. `detail`: `new_browser` or `new_network`, if he never came from there before.
    AuthnLoginSuccess,
    /// A password was wrong, or the address has no account.
    AuthnLoginFail,
    /// One account had many wrong passwords in a short time.
    AuthnLoginFailMax,
    /// A password was changed; all other sessions ended.
    AuthnPasswordChange,
    /// The current password was wrong.
    AuthnPasswordChangeFail,
    /// A session was ended; `detail` is the reason.
    AuthnTokenRevoked,
    /// A replaced refresh token was used again; its session was ended.
    AuthnTokenReuse,
    /// A session was renewed in a way worth noting. `detail`: `recovered` (an answer had been lost), `new_browser` or
    /// `new_network`.
    SessionRenewed,
    /// A session is renewed far too often.
    ExcessRateLimitExceeded,
    /// Somebody asked for what his scopes do not allow.
    AuthzFail,
    /// Somebody's role was changed; `detail` is the new one.
    AuthzChange,
}

impl AuditEvent {
    /// Every event, in the order in which a list offers them.
    pub const ALL: [Self; 13] = [
        Self::AuthnLoginSuccess,
        Self::AuthnLoginFail,
        Self::AuthnLoginFailMax,
        Self::AuthnTokenRevoked,
        Self::AuthnTokenReuse,
        Self::SessionRenewed,
        Self::ExcessRateLimitExceeded,
        Self::AuthnPasswordChange,
        Self::AuthnPasswordChangeFail,
        Self::UserCreated,
        Self::UserUpdated,
        Self::AuthzChange,
        Self::AuthzFail,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserCreated => "user_created",
            Self::UserUpdated => "user_updated",
            Self::AuthnLoginSuccess => "authn_login_success",
            Self::AuthnLoginFail => "authn_login_fail",
            Self::AuthnLoginFailMax => "authn_login_fail_max",
            Self::AuthnPasswordChange => "authn_password_change",
            Self::AuthnPasswordChangeFail => "authn_password_change_fail",
            Self::AuthnTokenRevoked => "authn_token_revoked",
            Self::AuthnTokenReuse => "authn_token_reuse",
            Self::SessionRenewed => "session_renewed",
            Self::ExcessRateLimitExceeded => "excess_rate_limit_exceeded",
            Self::AuthzFail => "authz_fail",
            Self::AuthzChange => "authz_change",
        }
    }
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who did what an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The person whom it concerns.
    Owner,
    /// An administrator.
    Admin,
    /// Somebody at the server's command line.
    CommandLine,
    /// The server by itself.
    Server,
}

/// One line of the audit log. No secret is in it, and nothing that a client wrote of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counts up.
    pub id: i64,
    /// When.
    pub at: i64,
    /// What.
    pub event: AuditEvent,
    /// More exactly; see [`AuditEvent`].
    pub detail: Option<String>,
    /// Who did it.
    pub actor: Actor,
    /// The administrator, if one did it.
    pub admin: Option<UserInfo>,
    /// Whom it concerns; none when the address had no account.
    pub user: Option<UserInfo>,
    /// Which session it concerns.
    pub session_id: Option<Uuid>,
    /// From which browser it was asked for, from its User-Agent: a guess.
    pub browser: Option<String>,
    /// From which system: a guess.
    pub system: Option<String>,
    /// From which network, shortened.
    pub network: Option<String>,
    /// In which browser that session is or was used, while it is kept; never told to that session itself.
    pub session_browser: Option<String>,
    /// On which system.
    pub session_system: Option<String>,
    /// In which network, shortened.
    pub session_network: Option<String>,
}

/// Entries, the newest first: `GET /api/admin/audit`, with `user=<id>`, `event=<name>`, `from=` and `until=` (seconds)
/// those that match all of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// One page.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

/// What this server has done of late, for charts: `GET /api/admin/activity`. Each series has one number for each
/// stretch of time, the oldest first; the last stretch is not over yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// How long a stretch is, in seconds.
    pub step: u32,
    /// When the last stretch began.
    pub until: i64,
    /// Sign-ins that went well.
    pub sign_ins: Vec<u32>,
    /// Renewals that went well.
    pub renewals: Vec<u32>,
    /// Answers with the status 401.
    pub unauthorized: Vec<u32>,
    /// Replaced refresh tokens that were used again.
    pub reuse: Vec<u32>,
}

/// What a person should look at, the newest first: `GET /api/notices`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// At most twenty of those that this session has not seen, of the last 30 days: the oldest of them, so that none is put
    /// away unseen.
    pub notices: Vec<Notice>,
}

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Notice {
    /// Names it; counts up.
    pub id: i64,
    /// When it happened.
    pub at: i64,
    /// What.
    pub event: AuditEvent,
    /// More exactly; see [`AuditEvent`].
    pub detail: Option<String>,
    /// Who did it.
    pub actor: Actor,
    /// The session that it concerns, if that is still live and may be ended: `DELETE /api/sessions/{id}`.
    pub session_id: Option<Uuid>,
    /// From which browser, from its User-Agent: a guess.
    pub browser: Option<String>,
    /// From which system: a guess.
    pub system: Option<String>,
    /// From which network, shortened.
    pub network: Option<String>,
}

/// Everything up to this notice was looked at, and is not told again: `POST /api/notices/seen`, answered by 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticesSeen {
    /// Its id.
    pub up_to: i64,
}
