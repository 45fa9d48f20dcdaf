//! What pages may know of the session, and what they may ask of it.
//!
//! [`Session`] is a context that the `App` component provides. On the server it shows what the hint cookie
//! says and its actions do nothing; in the browser `crate::browser` drives it.

use std::collections::VecDeque;

use lanyard_client::EndReason;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::api::{ApiError, Password, UserInfo};

/// What the server tells the page about the client's durations, in a `<meta name="lanyard-settings">`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSettings {
    /// T: how long one refresh may take, in milliseconds.
    pub timeout_ms: u32,
    /// How long an access token lives, in milliseconds.
    pub access_ttl_ms: u64,
    /// How long a session may idle, in milliseconds.
    pub idle_ttl_ms: u64,
    /// How long a session may live, in milliseconds.
    pub absolute_ttl_ms: u64,
    /// Whether the demo accounts are here.
    pub demo: bool,
}

/// What a page shows of the session.
#[derive(Clone, Debug, PartialEq)]
pub enum View {
    /// The cookie jar seems to hold a session; its badge has not arrived yet. Draw the signed-in frame.
    Checking,
    /// Nobody is signed in; `ended` says why, when somebody was.
    SignedOut {
        /// Why the session that was here is over.
        ended: Option<EndReason>,
    },
    /// Somebody is signed in, and his badge is in this tab's memory.
    SignedIn(SignedIn),
}

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    /// Who.
    pub user: UserInfo,
    /// In which session.
    pub session_id: Uuid,
    /// The session's absolute limit, in seconds since the Unix epoch.
    pub session_expires_at: i64,
    /// The access token, without its text.
    pub badge: Badge,
}

/// What is shown of an access token. Times are milliseconds on the page's monotonic clock
/// (`performance.now()`), see [`Session::now`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Badge {
    /// The refresh generation it was issued with.
    pub number: u32,
    /// When it arrived.
    pub issued_at: f64,
    /// When it expires.
    pub expires_at: f64,
    /// When the silent timer will renew it; none with the timer off.
    pub renews_at: Option<f64>,
    /// What made it be issued.
    pub cause: Cause,
}

/// What made a badge be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Signing in or registering, in this tab.
    SignIn,
    /// The page was opened and the session taken up again.
    Restored,
    /// The silent timer.
    Timer,
    /// A call came back 401.
    Unauthorized,
    /// The page woke up, or came online, with a badge that was too old.
    Woke,
    /// The person asked for it.
    Asked,
    /// Another tab renewed and shared it.
    Peer,
}

/// How the way to the server is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Connection {
    /// Nothing to say.
    Fine,
    /// The browser says that it is offline.
    Offline,
    /// The last renewal failed for now; the next attempt is at this time ([`Session::now`]'s clock).
    Retrying {
        /// When.
        next_at: f64,
    },
}

/// One line of "What just happened".
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Counts up; the key in lists.
    pub id: u64,
    /// When, in milliseconds since the Unix epoch by this device's clock (for display only).
    pub at: f64,
    /// What.
    pub event: Event,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A badge was issued.
    Issued {
        /// Its number.
        number: u32,
        /// Why.
        cause: Cause,
    },
    /// A call to a door was answered.
    Called {
        /// Such as `GET`.
        method: String,
        /// Such as `/api/me`.
        path: String,
        /// The HTTP status.
        status: u16,
        /// Whether this was the second sending, after a 401.
        replayed: bool,
    },
    /// A renewal failed for now; it is tried again.
    RenewalFailed {
        /// The HTTP status; none when nothing came back.
        status: Option<u16>,
    },
    /// Another tab asked for or sent a badge.
    PeerJoined,
    /// The account in the cookie jar changed.
    AccountChanged,
    /// The session is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// The browser refused to keep the cookie.
    CookieRefused,
}

/// Which of the two refresh patterns are on. Kept in the browser's local storage; nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patterns {
    /// Pattern B: renew before expiry, by a timer.
    pub timer: bool,
    /// Pattern A: renew after a 401, then send the call again once.
    pub interceptor: bool,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { timer: true, interceptor: true }
    }
}

/// The session, as pages see it.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Who is signed in.
    pub view: RwSignal<View>,
    /// How the way to the server is.
    pub connection: RwSignal<Connection>,
    /// The last 50 things that happened, newest first.
    pub journal: RwSignal<VecDeque<Entry>>,
    /// Which patterns are on. Change them with [`Session::set_patterns`].
    pub patterns: RwSignal<Patterns>,
    /// Whether the browser refused to keep the refresh cookie (plain http that is not localhost).
    pub cookie_refused: RwSignal<bool>,
    /// Whether the page has been hydrated; nothing that differs from the server's rendering may be shown
    /// before.
    pub hydrated: RwSignal<bool>,
    /// The durations that the server works with.
    pub settings: PageSettings,
}

impl Session {
    /// The session, from context.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Signs in. On success the view becomes [`View::SignedIn`] before this returns.
    ///
    /// # Errors
    /// What the server answered; [`crate::api::ErrorCode::Unavailable`] when it did not.
    pub async fn sign_in(self, _email: String, _password: Password) -> Result<(), ApiError> {
        Ok(())
    }

    /// Makes an account and signs in.
    ///
    /// # Errors
    /// As [`Session::sign_in`].
    pub async fn register(self, _name: String, _email: String, _password: Password) -> Result<(), ApiError> {
        Ok(())
    }

    /// Signs out, here and in every tab; offline too.
    pub fn sign_out(self) {}

    /// Renews the badge now.
    pub fn renew(self) {}

    /// Switches the patterns, in every tab from its next start.
    pub fn set_patterns(self, patterns: Patterns) {
        self.patterns.set(patterns);
    }

    /// The page's monotonic clock, in milliseconds; 0 on the server.
    #[allow(clippy::disallowed_methods)]
    pub fn now(self) -> f64 {
        #[cfg(feature = "hydrate")]
        return web_sys::window().and_then(|it| it.performance()).map_or(0.0, |it| it.now());
        #[cfg(not(feature = "hydrate"))]
        0.0
    }

    /// SHIM
    pub fn provide(settings: PageSettings, view: View) -> Session {
        let session = Session {
            view: RwSignal::new(view),
            connection: RwSignal::new(Connection::Fine),
            journal: RwSignal::new(VecDeque::new()),
            patterns: RwSignal::new(Patterns::default()),
            cookie_refused: RwSignal::new(false),
            hydrated: RwSignal::new(false),
            settings,
        };
        provide_context(session);
        session
    }

    /// SHIM
    pub async fn call(self, _method: &str, path: &str, body: Option<String>) -> Result<Answer, CallError> {
        if path.ends_with("stamp") {
            return Ok(Answer {
                status: 200,
                body: format!(r#"{{"stamped":{}}}"#, body.unwrap_or_default()),
                replayed: true,
            });
        }
        Ok(Answer {
            status: 200,
            body: r#"{"id":"0197","email":"ada@example.com","name":"Ada Lovelace"}"#.into(),
            replayed: false,
        })
    }
}

/// SHIM
#[derive(Debug)]
pub struct Answer {
    /// SHIM
    pub status: u16,
    /// SHIM
    pub body: String,
    /// SHIM
    pub replayed: bool,
}

/// SHIM
#[derive(Debug, thiserror::Error)]
#[error("shim")]
pub struct CallError;
