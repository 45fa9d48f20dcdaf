//! What pages may know of the session, and what they may ask of it.
//!
//! [`Session`] is a context that the `App` component provides. On the server it shows what the hint cookie
//! says and its actions do nothing; in the browser `crate::browser` drives it.

use std::collections::VecDeque;

use http::Method;
pub use lanyard_client::{Cause, Patterns};
use lanyard_client::{EndReason, Serial};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::api::client::{self, Request};
use crate::api::{ApiError, CallError, Password, UserInfo};

/// What the server tells the page about the client's durations, in a `<meta name="lanyard-settings">`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSettings {
    /// T: how long one refresh may take, in milliseconds.
    pub timeout_ms: u32,
    /// How long an access token lives, in milliseconds.
    pub access_ttl_ms: u64,
    /// S: for how long a renewal does not replace the refresh token, in milliseconds.
    pub settle_ms: u64,
    /// How long a session may idle, in milliseconds.
    pub idle_ttl_ms: u64,
    /// How long a session may live, in milliseconds.
    pub absolute_ttl_ms: u64,
    /// Whether an ended session's badge is refused at once.
    pub immediate_revocation: bool,
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
    /// Which one of this tab. Each renewal has another, even if its generation is the same.
    pub serial: Serial,
    /// The refresh generation it was issued with.
    pub number: u32,
    /// When it was asked for.
    pub issued_at: f64,
    /// When it expires.
    pub expires_at: f64,
    /// When the silent timer will renew it; none when it won't.
    pub renews_at: Option<f64>,
    /// What made it be issued.
    pub cause: Cause,
}

/// How the way to the server is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Connection {
    /// Nothing to say.
    Fine,
    /// The browser says that it is offline.
    Offline,
    /// The last renewal, or sign-out, failed for now; the next attempt is at this time ([`Session::now`]'s clock).
    Retrying {
        /// When.
        next_at: f64,
        /// Whether renewals came back without a badge several times in a row: it may stay so, and signing in again helps.
        stuck: bool,
    },
    /// The server refused to renew (a 400 of ours). Nothing is tried until the person does something.
    Refused,
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
    /// The server refused to renew; it is not tried again by itself.
    RenewalRefused,
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

impl Event {
    /// Whether another account's story begins with it: what happened before is none of the newcomer's business.
    #[cfg(feature = "hydrate")]
    const fn begins_anew(&self) -> bool {
        matches!(self, Self::AccountChanged | Self::Ended { .. } | Self::Issued { cause: Cause::SignIn, .. })
    }
}

/// The session, as pages see it.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Who is signed in.
    pub view: RwSignal<View>,
    /// How the way to the server is.
    pub connection: RwSignal<Connection>,
    /// The last 50 things that happened to the account that is here, newest first.
    pub journal: RwSignal<VecDeque<Entry>>,
    /// Which patterns are on. Change them with [`Session::set_patterns`].
    pub patterns: RwSignal<Patterns>,
    /// Whether the server has still to hear of a sign-out.
    pub owes_sign_out: RwSignal<bool>,
    /// Whether the browser refused to keep the refresh cookie (plain http that is not localhost).
    pub cookie_refused: RwSignal<bool>,
    /// Whether the page has been hydrated; nothing that differs from the server's rendering may be shown
    /// before.
    pub hydrated: RwSignal<bool>,
    /// The durations that the server works with.
    pub settings: PageSettings,
}

/// What a door answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, good or bad.
    pub status: u16,
    /// The body, mostly JSON.
    pub body: String,
    /// Whether this answers the second sending, after a 401.
    pub replayed: bool,
}

/// How many lines "What just happened" keeps.
#[cfg(feature = "hydrate")]
const JOURNAL: usize = 50;

impl Session {
    /// Makes the session and puts it into context. `view` is what the server draws, at hydration too; what the
    /// engine knows is shown once the page is hydrated.
    pub fn provide(settings: PageSettings, view: View) -> Self {
        let session = Self {
            view: RwSignal::new(view),
            connection: RwSignal::new(Connection::Fine),
            journal: RwSignal::new(VecDeque::new()),
            patterns: RwSignal::new(Patterns::default()),
            owes_sign_out: RwSignal::new(false),
            cookie_refused: RwSignal::new(false),
            hydrated: RwSignal::new(false),
            settings,
        };
        provide_context(session);
        #[cfg(feature = "hydrate")]
        {
            crate::browser::prepare(session);
            // Effects run only in the browser, and only after the page has been taken over.
            Effect::new(move || {
                session.hydrated.set(true);
                crate::browser::boot();
            });
        }
        session
    }

    /// The session, from context.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Signs in; sent again with the same idempotency key, it is the same session. On success the view becomes [`View::SignedIn`] before this returns.
    ///
    /// # Errors
    /// What the server answered; [`crate::api::ErrorCode::Unavailable`] when it did not.
    pub async fn sign_in(
        self,
        email: String,
        password: Password,
        key: Option<String>,
    ) -> Result<(), ApiError> {
        #[cfg(feature = "hydrate")]
        return crate::browser::sign_in(&email, &password, key.as_deref()).await;
        #[cfg(not(feature = "hydrate"))]
        in_the_browser_only((email, password, key))
    }

    /// Makes an account and signs in. Sent again with the same idempotency key, it is the same account.
    ///
    /// # Errors
    /// As [`Session::sign_in`].
    pub async fn register(
        self,
        name: String,
        email: String,
        password: Password,
        key: Option<String>,
    ) -> Result<(), ApiError> {
        #[cfg(feature = "hydrate")]
        return crate::browser::register(&name, &email, &password, key.as_deref()).await;
        #[cfg(not(feature = "hydrate"))]
        in_the_browser_only((name, email, password, key))
    }

    /// Calls a door with the badge, by way of the interceptor. `made_for` is the session that the page shows to
    /// whoever makes the call: it goes out as nobody else. `body` is JSON.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer; an error status is an answer.
    pub async fn call(
        self,
        made_for: Option<Uuid>,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Answer, CallError> {
        let json = "application/json".to_owned();
        let body = body.map(|body| (json.clone(), body.into()));
        let request = Request { method, path: path.to_owned(), accept: json, body };
        let answer = client::send(request, made_for).await?;
        Ok(Answer {
            status: answer.status,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            replayed: answer.replayed,
        })
    }

    /// Signs out, here and in every tab; offline too.
    pub fn sign_out(self) {
        #[cfg(feature = "hydrate")]
        crate::browser::sign_out();
    }

    /// Whether the server answers, and takes the session up all the same not, several times in a row.
    pub fn is_stuck(self) -> bool {
        matches!(self.connection.get(), Connection::Retrying { stuck: true, .. })
    }

    /// Renews the badge now.
    pub fn renew(self) {
        #[cfg(feature = "hydrate")]
        crate::browser::renew();
    }

    /// Switches the patterns: here at once, in every other tab from its next start.
    pub fn set_patterns(self, patterns: Patterns) {
        self.patterns.set(patterns);
        #[cfg(feature = "hydrate")]
        crate::browser::set_patterns(patterns);
    }

    /// The page's monotonic clock, in milliseconds; 0 on the server.
    pub fn now(self) -> f64 {
        #[cfg(feature = "hydrate")]
        return crate::browser::clock::monotonic();
        #[cfg(not(feature = "hydrate"))]
        0.0
    }

    /// What the driver knows after a step. Only what differs is set, so that nothing is drawn in vain.
    #[cfg(feature = "hydrate")]
    pub(crate) fn show(self, shows: Shows) {
        set_if_new(self.view, shows.view);
        set_if_new(self.connection, shows.connection);
        set_if_new(self.patterns, shows.patterns);
        set_if_new(self.owes_sign_out, shows.owes_sign_out);
        for event in shows.events {
            match &event {
                Event::CookieRefused => self.cookie_refused.set(true),
                Event::Issued { cause: Cause::SignIn, .. } => set_if_new(self.cookie_refused, false),
                _ => {}
            }
            self.journal.update(|journal| {
                let id = journal.front().map_or(0, |newest| newest.id + 1);
                if event.begins_anew() {
                    journal.clear();
                }
                journal.push_front(Entry { id, at: crate::browser::clock::wall(), event });
                journal.truncate(JOURNAL);
            });
        }
    }
}

/// What is to be shown after a step of the engine.
#[cfg(feature = "hydrate")]
pub(crate) struct Shows {
    pub view: View,
    pub connection: Connection,
    pub patterns: Patterns,
    pub owes_sign_out: bool,
    pub events: Vec<Event>,
}

#[cfg(feature = "hydrate")]
fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

/// Actions belong to a page that runs; on the server there is nobody to act.
#[cfg(not(feature = "hydrate"))]
fn in_the_browser_only<Unused>(_asked: Unused) -> Result<(), ApiError> {
    Err(ApiError::new(crate::api::ErrorCode::Internal))
}
