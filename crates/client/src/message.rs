//! The engine's vocabulary: what can happen to it, and what it wants done.

use serde::{Deserialize, Serialize};

use crate::EndReason;

/// A session's id, a UUID as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

/// What the hint cookie says of a session: the first 8 bytes of SHA-256 over its id, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub u64);

/// The session a tab believes in. Before the first badge only its mark is known, from the hint cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// What the hint cookie calls it.
    pub mark: Mark,
    /// Its id, once a badge said it.
    pub id: Option<SessionId>,
}

/// Numbers the calls of a tab; chosen by the driver, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// Numbers the access tokens of a tab, later ones higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u64);

/// Numbers the requests to `/auth/*` of a tab, so that late answers are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u64);

/// Numbers a tab's turns at the lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn(pub u64);

/// Numbers the forms (sign-in, registration) that the driver keeps until they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormId(pub u64);

/// Which of the two refresh patterns are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// What made a badge be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// An access token has arrived. Its text stays with the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The session it belongs to.
    pub session: SessionId,
    /// What the hint cookie calls that session.
    pub mark: Mark,
    /// `expires_in`, in milliseconds.
    pub lifetime: u64,
}

/// What came back from `/auth/refresh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshAnswer {
    /// 200.
    Granted(Grant),
    /// Our JSON says that the session is over.
    Ended(EndReason),
    /// 409 `session_changed`: the cookie belongs to another session.
    Changed,
    /// A 400 of ours: asking again would change nothing.
    Refused,
    /// Anything else: no network, 5xx, 429, a proxy's own 401 or 403. It says nothing about the session.
    Failed {
        /// The HTTP status; none when nothing came back.
        status: Option<u16>,
        /// What `Retry-After` said.
        retry_after: Option<u64>,
    },
}

/// What came back from `/auth/logout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogoutAnswer {
    /// 204, or an answer of ours that more asking would not change (409: somebody else is signed in).
    Done,
    /// Anything else; it is sent again.
    Failed {
        /// What `Retry-After` said.
        retry_after: Option<u64>,
    },
}

/// What came back from a call to a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallAnswer {
    /// 401 `token_expired` or `token_invalid`: another badge may help.
    Stale,
    /// 401 `session_revoked`.
    Revoked(EndReason),
    /// Anything else, good or bad, a lost network included: the page's own business.
    Other,
}

/// Why a call was given up without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Nobody is signed in any more.
    SignedOut,
    /// Somebody else is signed in now; what was meant for one account never goes out as another.
    AccountChanged,
    /// No badge could be had in time.
    Unavailable,
    /// The server refused the renewal itself (a 400 of ours).
    Refused,
}

/// Why the page runs again after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wake {
    /// The tab became visible, or got the focus.
    Visible,
    /// The browser is online again.
    Online,
    /// The page came out of the back-forward cache.
    Shown,
}

/// What tabs tell each other. It names its session, and other sessions' tabs ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Announcement {
    /// A badge was issued; the driver sends its text along.
    Issued {
        /// For this session, for so long.
        grant: Grant,
        /// When the request for it was sent, on the device's wall clock.
        since: u64,
    },
    /// The session is over.
    Ended {
        /// Which.
        mark: Mark,
        /// Why.
        reason: EndReason,
    },
}

/// What happens to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The page has started. Always the first input, and only once.
    Boot,
    /// The person submitted a sign-in or registration form.
    SignIn(FormId),
    /// It was answered: with a badge, or not.
    SignInAnswered {
        /// From [`Effect::SendSignIn`].
        attempt: Attempt,
        /// The badge, if there is one.
        grant: Option<Grant>,
    },
    /// The person signs out.
    SignOut,
    /// The person wants a new badge now.
    Renew,
    /// The patterns were switched.
    SetPatterns(Patterns),
    /// A page calls a door.
    Call {
        /// The call's number.
        call: CallId,
        /// The session that the page showed to whoever made it; without one, whoever is signed in.
        made_for: Option<Mark>,
    },
    /// The call was answered.
    Answered {
        /// Which.
        call: CallId,
        /// How.
        answer: CallAnswer,
    },
    /// The lock is ours.
    LockWon {
        /// From [`Effect::TakeLock`].
        turn: Turn,
        /// Whether another tab had it when it was asked for.
        waited: bool,
    },
    /// The refresh was answered.
    RefreshAnswered {
        /// From [`Effect::SendRefresh`].
        attempt: Attempt,
        /// How.
        answer: RefreshAnswer,
    },
    /// The sign-out was answered.
    LogoutAnswered {
        /// From [`Effect::SendLogout`].
        attempt: Attempt,
        /// How.
        answer: LogoutAnswer,
    },
    /// The timer of [`Effect::ArmTimer`] ran out, or something made a look around worth while.
    Deadline,
    /// The page runs again after a pause.
    Woke(Wake),
    /// The page is being put into the back-forward cache. The driver has blanked it already.
    Hidden,
    /// Another tab said something.
    Peer(Announcement),
}

/// What the engine wants done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Ask for the lock that all tabs share; answer with [`Input::LockWon`].
    TakeLock {
        /// Names it.
        turn: Turn,
    },
    /// Give the lock back, or stop asking for it.
    ReleaseLock {
        /// Which.
        turn: Turn,
    },
    /// POST `/auth/refresh`.
    SendRefresh {
        /// Comes back with the answer.
        attempt: Attempt,
        /// The session the tab believes in, if it knows its id.
        session: Option<SessionId>,
    },
    /// POST `/auth/logout`.
    SendLogout {
        /// Comes back with the answer.
        attempt: Attempt,
        /// The session to end; without it whichever the cookie holds.
        session: Option<SessionId>,
    },
    /// POST the form.
    SendSignIn {
        /// Comes back with the answer.
        attempt: Attempt,
        /// Which form.
        form: FormId,
    },
    /// Abort a request; its answer no longer counts.
    Abort {
        /// Which.
        attempt: Attempt,
    },
    /// Give up a form that was not sent.
    DropForm(FormId),
    /// The token that came with this input is the badge from now on.
    Adopt {
        /// Its serial.
        serial: Serial,
        /// Why it was issued.
        cause: Cause,
    },
    /// Forget the badge.
    Clear,
    /// Send a call with the badge of this moment.
    Send {
        /// Which.
        call: CallId,
        /// Whether it has been sent before.
        replay: bool,
    },
    /// Hand the answer that came with this input to the page.
    Deliver(CallId),
    /// Tell the page that its call is given up. An answer that is still to come is dropped.
    Reject {
        /// Which.
        call: CallId,
        /// Why.
        why: Rejection,
    },
    /// Tell the other tabs.
    Announce(Announcement),
    /// Delete the hint cookie.
    DropHint,
    /// Note durably that this session's sign-out has still to be sent.
    Owe(Who),
    /// Delete that note, if it is still this session's: tabs share it, and another may have signed out since.
    Settle(Who),
    /// Tell: a renewal failed. [`crate::Engine::retry_in`] says when it is tried again.
    RenewalFailed {
        /// The HTTP status; none when nothing came back.
        status: Option<u16>,
    },
    /// Tell: the server refused the renewal itself (a 400 of ours). Nothing is tried until a person does.
    RenewalRefused,
    /// Tell: the account in the cookie jar is another one.
    AccountChanged,
    /// Tell: the session is over.
    Ended(EndReason),
    /// Tell: the browser did not keep the cookies.
    CookieRefused,
    /// The page that was blanked for the back-forward cache may be seen again.
    Unveil,
    /// Replace the timer: [`Input::Deadline`] so many milliseconds from now. Always below 2^31.
    ArmTimer(u32),
}

/// What the engine wants done after one step, in order.
pub type Effects = Vec<Effect>;
