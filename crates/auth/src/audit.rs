//! The audit log: what happened to accounts and sessions, who did it, and from where.
//!
//! An entry is written in the transaction of what it tells of, and never rewritten. The names follow OWASP's Logging
//! Vocabulary as far as it has them. Nothing secret is in it, and nothing that a client wrote of itself: names of
//! ours, ids, a shortened network.

use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::store::{EndReason, NewSession, Rotation, SessionId, User, UserId};
use crate::time::Timestamp;

/// What may be told. The names are stored and sent; they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// An account was made.
    UserCreated,
    /// An account was renamed, closed or opened.
    UserUpdated,
    /// Somebody signed in.
    AuthnLoginSuccess,
    /// A password was wrong, or the address has no account.
    AuthnLoginFail,
    /// One account had many wrong passwords in a short time.
    AuthnLoginFailMax,
    /// A password was changed; all other sessions ended.
    AuthnPasswordChange,
    /// The current password was wrong.
    AuthnPasswordChangeFail,
    /// A session was ended.
    AuthnTokenRevoked,
    /// A replaced refresh token was used again; its session was ended.
    AuthnTokenReuse,
    /// A session was renewed in a way worth noting.
    SessionRenewed,
    /// A session is renewed far too often.
    ExcessRateLimitExceeded,
    /// Somebody asked for what his scopes do not allow.
    AuthzFail,
    /// Somebody's role was changed.
    AuthzChange,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 13] = [
        Self::UserCreated,
        Self::UserUpdated,
        Self::AuthnLoginSuccess,
        Self::AuthnLoginFail,
        Self::AuthnLoginFailMax,
        Self::AuthnPasswordChange,
        Self::AuthnPasswordChangeFail,
        Self::AuthnTokenRevoked,
        Self::AuthnTokenReuse,
        Self::SessionRenewed,
        Self::ExcessRateLimitExceeded,
        Self::AuthzFail,
        Self::AuthzChange,
    ];

    /// The stored name.
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

    /// The event with this stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// What the end of a session is, and its detail.
    pub const fn of_end(reason: EndReason) -> (Self, Option<&'static str>) {
        match reason {
            EndReason::TokenReused => (Self::AuthnTokenReuse, None),
            _ => (Self::AuthnTokenRevoked, Some(reason.name())),
        }
    }

    /// Whether the person whom it concerns is to be shown it.
    pub fn is_notice(self, detail: Option<&str>) -> bool {
        match self {
            // Only where he never came from before.
            Self::AuthnLoginSuccess => detail.is_some(),
            Self::SessionRenewed => detail.is_some_and(|detail| detail != RECOVERED),
            Self::AuthnLoginFailMax
            | Self::AuthnPasswordChange
            | Self::AuthnTokenReuse
            | Self::ExcessRateLimitExceeded
            | Self::AuthzChange => true,
            Self::UserCreated
            | Self::UserUpdated
            | Self::AuthnLoginFail
            | Self::AuthnPasswordChangeFail
            | Self::AuthnTokenRevoked
            | Self::AuthzFail => false,
        }
    }
}

/// The detail of [`Event::SessionRenewed`] when an answer had been lost (rule 5).
pub const RECOVERED: &str = "recovered";

/// The detail of a sign-in or a renewal from a browser that was not there before.
pub const NEW_BROWSER: &str = "new_browser";

/// The detail of a sign-in or a renewal from a network that was not there before.
pub const NEW_NETWORK: &str = "new_network";

/// The detail of [`Event::UserUpdated`] when a person's name was changed.
pub const RENAMED: &str = "renamed";

/// The detail of [`Event::UserUpdated`] when an account was closed, and of [`Event::AuthnLoginFail`] when it is.
pub const DISABLED: &str = "disabled";

/// The detail of [`Event::UserUpdated`] when an account was opened again.
pub const ENABLED: &str = "enabled";

/// What is different where a session is used from where it was used before, if that is worth noting. Who was unknown
/// before says nothing; who is unknown now may hide.
pub fn moved(before: &Device, now: &Device) -> Option<&'static str> {
    let differ = |before: &Option<String>, now: &Option<String>| before.is_some() && before != now;
    if differ(&before.browser, &now.browser) || differ(&before.system, &now.system) {
        Some(NEW_BROWSER)
    } else if differ(&before.network, &now.network) {
        Some(NEW_NETWORK)
    } else {
        None
    }
}

/// Who did something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Actor {
    /// The person whom it concerns.
    #[default]
    Owner,
    /// An administrator.
    Admin(UserId),
    /// Somebody at the server's command line.
    CommandLine,
    /// The server by itself.
    Server,
}

impl Actor {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin(_) => "admin",
            Self::CommandLine => "command_line",
            Self::Server => "server",
        }
    }

    /// Every stored name.
    pub const NAMES: [&str; 4] = ["owner", "admin", "command_line", "server"];

    /// The administrator, if it is one.
    pub const fn admin(self) -> Option<UserId> {
        match self {
            Self::Admin(id) => Some(id),
            Self::Owner | Self::CommandLine | Self::Server => None,
        }
    }

    /// The actor with this stored name.
    pub fn from_name(name: &str, admin: Option<UserId>) -> Option<Self> {
        match (name, admin) {
            ("owner", None) => Some(Self::Owner),
            ("admin", Some(id)) => Some(Self::Admin(id)),
            ("command_line", None) => Some(Self::CommandLine),
            ("server", None) => Some(Self::Server),
            _ => None,
        }
    }
}

/// Who does something, and where: what the store writes beside what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub device: Device,
}

impl By {
    /// The person whom it concerns.
    pub const fn owner(device: Device) -> Self {
        Self { actor: Actor::Owner, device }
    }

    /// An administrator.
    pub const fn admin(id: UserId, device: Device) -> Self {
        Self { actor: Actor::Admin(id), device }
    }

    /// Somebody at the command line.
    pub fn command_line() -> Self {
        Self { actor: Actor::CommandLine, device: Device::default() }
    }

    /// The server by itself, about what came from there.
    pub const fn server(device: Device) -> Self {
        Self { actor: Actor::Server, device }
    }
}

/// An entry to be written. The store sets when.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What.
    pub event: Event,
    /// More exactly.
    pub detail: Option<&'static str>,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// Which session it concerns.
    pub session: Option<SessionId>,
    /// Who did it, and from where.
    pub by: By,
}

impl NewEntry {
    /// A session was ended.
    pub const fn ended(user: UserId, sid: SessionId, reason: EndReason, by: By) -> Self {
        let (event, detail) = Event::of_end(reason);
        Self { event, detail, user: Some(user), session: Some(sid), by }
    }

    /// Somebody signed in who had been here before, or not: ever, with this browser, from this network. Whoever is new
    /// comes from nowhere new.
    pub fn signed_in(session: &NewSession, ever: bool, with_browser: bool, from_network: bool) -> Self {
        Self {
            event: Event::AuthnLoginSuccess,
            detail: match (ever, with_browser, from_network) {
                (true, false, _) => Some(NEW_BROWSER),
                (true, true, false) => Some(NEW_NETWORK),
                (false, ..) | (true, true, true) => None,
            },
            user: Some(session.user_id),
            session: Some(session.sid),
            by: By::owner(session.device.clone()),
        }
    }

    /// A session was renewed in a way worth noting.
    pub fn renewed(rotation: &Rotation, user: UserId, detail: &'static str) -> Self {
        Self {
            event: Event::SessionRenewed,
            detail: Some(detail),
            user: Some(user),
            session: Some(rotation.seen.sid),
            by: By::server(rotation.device.clone()),
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in the log.
    pub place: Place,
    /// What.
    pub event: Event,
    /// More exactly: an end's reason, a role, or one of the constants of this module.
    pub detail: Option<String>,
    /// Who did it.
    pub actor: Actor,
    /// The administrator who did it, as he is now.
    pub admin: Option<User>,
    /// Whom it concerns, as he is now; none when the address had no account.
    pub user: Option<User>,
    /// Which session it concerns.
    pub session: Option<SessionId>,
    /// Whether that session is neither ended nor past its absolute limit.
    pub is_live: bool,
    /// From where.
    pub device: Device,
    /// Where that session is used, while it is kept. A rotation writes it, so the session itself must not be told.
    pub session_device: Device,
}

/// An entry's place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When it was written.
    pub at: Timestamp,
    /// Tells entries of one moment apart.
    pub id: i64,
}

/// Which entries are asked for, the newest first: those that match everything that is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// About this person.
    pub user: Option<UserId>,
    /// Of this kind.
    pub event: Option<Event>,
    /// Written then or later.
    pub from: Option<Timestamp>,
    /// Written before then.
    pub until: Option<Timestamp>,
    /// Behind this one.
    pub after: Option<Place>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for event in Event::ALL {
            assert_eq!(Event::from_name(event.name()), Some(event));
        }
        assert_eq!(Event::from_name("authn"), None);
        let admin = UserId(uuid::Uuid::from_u128(1));
        for actor in [Actor::Owner, Actor::Admin(admin), Actor::CommandLine, Actor::Server] {
            assert_eq!(Actor::from_name(actor.name(), actor.admin()), Some(actor));
            assert!(Actor::NAMES.contains(&actor.name()));
        }
        assert_eq!(Actor::from_name("admin", None), None);
        assert_eq!(Actor::from_name("owner", Some(admin)), None);
    }

    #[test]
    fn who_can_not_be_seen_any_more_has_moved() {
        let device = |browser: Option<&str>, network: &str| Device {
            browser: browser.map(str::to_owned),
            system: None,
            network: Some(network.to_owned()),
        };
        let before = device(Some("Firefox"), "192.0.2.*");
        assert_eq!(moved(&before, &before), None);
        assert_eq!(moved(&before, &device(None, "192.0.2.*")), Some(NEW_BROWSER));
        assert_eq!(moved(&before, &device(Some("Chrome"), "198.51.100.*")), Some(NEW_BROWSER));
        assert_eq!(moved(&before, &device(Some("Firefox"), "198.51.100.*")), Some(NEW_NETWORK));
        assert_eq!(moved(&Device::default(), &before), None);
    }

    #[test]
    fn a_person_is_shown_what_he_may_not_have_done() {
        let shown = |event: Event, detail| event.is_notice(detail);
        assert!(!shown(Event::AuthnLoginSuccess, None) && shown(Event::AuthnLoginSuccess, Some(NEW_BROWSER)));
        assert!(
            !shown(Event::SessionRenewed, Some(RECOVERED)) && shown(Event::SessionRenewed, Some(NEW_NETWORK))
        );
        assert!(shown(Event::AuthnTokenReuse, None) && !shown(Event::AuthnLoginFail, None));
    }
}
