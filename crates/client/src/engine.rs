//! Who is signed in, and what each input does to that. Pages never see this; the driver in `app::browser`
//! and the tests step it.

use std::collections::BTreeMap;

use crate::EndReason;
use crate::badge::{Badge, Rest, is_short_lived};
use crate::calls::Call;
use crate::desk::{Desk, Owed, Wants};
use crate::jar::Jar;
use crate::message::{
    Announcement, Attempt, CallId, Cause, Effect, Effects, Grant, Input, Mark, Patterns, Rejection, Serial,
    SessionId, Turn, Wake, Who,
};
use crate::now::{Moment, Now};

/// Timers are armed for at most this long: browsers count them in signed 32 bits, and a timer of 2^31 ms
/// fires at once.
const LONGEST_TIMER: u32 = i32::MAX as u32;

/// Who is signed in, as far as this tab knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nobody.
    Nobody {
        /// Why, when somebody was.
        ended: Option<EndReason>,
        /// The session that is over: a hint that still names it brings nobody back.
        over: Option<Mark>,
    },
    /// Somebody.
    Somebody {
        /// In which session.
        who: Who,
        /// The access token; none while the session is being restored.
        badge: Option<Badge>,
        /// Whether the hint cookie agrees.
        jar: Jar,
    },
}

/// Whether the page can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    Shown,
    /// In the back-forward cache: nothing runs, so nothing is begun.
    Hidden,
    /// Out of it, but blank until the session is checked.
    Veiled,
}

/// One tab's engine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Engine {
    /// T: how long one refresh may take.
    pub(crate) timeout: u64,
    pub(crate) patterns: Patterns,
    pub(crate) standing: Standing,
    pub(crate) wants: Wants,
    pub(crate) desk: Desk,
    /// After a renewal that failed.
    pub(crate) rest: Option<Rest>,
    /// After a sign-out that failed.
    pub(crate) sign_out_rest: Option<Rest>,
    /// A 400 of ours: no renewal until something changes.
    pub(crate) refused: bool,
    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) page: Page,
    /// When another tab spoke of a session that the hint did not name: the hint is worth another look.
    pub(crate) puzzled: Option<Moment>,
    last_serial: Serial,
    pub(crate) last_turn: Turn,
    pub(crate) last_attempt: Attempt,
    /// How many badges in a row were over before they could be used.
    short_lived: u32,
}

impl Engine {
    /// An engine that has not booted. `timeout` is T, in milliseconds: how long one refresh may take.
    pub fn new(timeout: u64, patterns: Patterns) -> Self {
        Self {
            timeout: timeout.max(1),
            patterns,
            standing: Standing::Nobody { ended: None, over: None },
            wants: Wants::default(),
            desk: Desk::default(),
            rest: None,
            sign_out_rest: None,
            refused: false,
            calls: BTreeMap::new(),
            page: Page::Shown,
            puzzled: None,
            last_serial: Serial::default(),
            last_turn: Turn::default(),
            last_attempt: Attempt::default(),
            short_lived: 0,
        }
    }

    /// One step: takes what happened, answers with what is to be done.
    pub fn step(&mut self, now: &Now, input: Input) -> Effects {
        let mut fx = Effects::new();
        let before = self.mark();
        self.abort_overdue(now, &mut fx);
        self.look_at_note(now);
        if input != Input::Boot {
            self.look_at_jar(now, &mut fx);
        }
        // What the person did was meant for the account that the page showed.
        let is_shown = |shown| self.mark() == shown;
        match input {
            Input::Call { call, made_for } if !is_shown(made_for.or(before)) => {
                fx.push(Effect::Reject { call, why: self.rejection() });
            }
            Input::SignOut | Input::Renew if !is_shown(before) => {}
            input => self.take(now, input, &mut fx),
        }
        self.want_timely_renewal(now);
        self.run_desk(now, &mut fx);
        self.give_up_waiting(now, &mut fx);
        self.lift_veil_if_nothing_to_wait_for(&mut fx);
        if let Some(wait) = self.next_look(now) {
            fx.push(Effect::ArmTimer(u32::try_from(wait.max(1)).unwrap_or(LONGEST_TIMER).min(LONGEST_TIMER)));
        }
        fx
    }

    fn take(&mut self, now: &Now, input: Input, fx: &mut Effects) {
        match input {
            Input::Boot => self.boot(now, fx),
            Input::SignIn(form) => self.want_sign_in(form, fx),
            Input::SignInAnswered { attempt, grant } => self.sign_in_answered(now, attempt, grant, fx),
            Input::SignOut => self.sign_out(now, fx),
            Input::Renew => self.want_renewal(Cause::Asked),
            Input::SetPatterns(patterns) => self.patterns = patterns,
            Input::Call { call, .. } => self.call(now, call, fx),
            Input::Answered { call, answer } => self.call_answered(now, call, answer, fx),
            Input::LockWon { turn, waited } => self.lock_won(now, turn, waited, fx),
            Input::RefreshAnswered { attempt, answer } => self.refresh_answered(now, attempt, answer, fx),
            Input::LogoutAnswered { attempt, answer } => self.logout_answered(now, attempt, answer, fx),
            Input::Deadline => {}
            Input::Woke(wake) => self.woke(now, wake),
            Input::Hidden => self.hidden(now, fx),
            Input::Peer(announcement) => self.peer(now, announcement, fx),
        }
    }

    /// No hint means no renewal: nobody is signed in, or somebody signed out offline.
    fn boot(&mut self, now: &Now, fx: &mut Effects) {
        if let Some(mark) = now.hint() {
            self.start_as(mark);
        } else if now.hint.is_some() {
            // A browser that was killed may have kept the hint that a sign-out had deleted.
            fx.push(Effect::DropHint);
            self.standing = Standing::Nobody { ended: Some(EndReason::SignedOut), over: now.hint };
        }
    }

    pub(crate) fn start_as(&mut self, mark: Mark) {
        self.standing = Standing::Somebody { who: Who { mark, id: None }, badge: None, jar: Jar::Seen };
        self.refused = false;
        self.wants.renewal = Some(Cause::Restored);
        self.wake_rest();
    }

    /// A new badge, from the desk or from another tab.
    pub(crate) fn adopt(&mut self, now: &Now, grant: Grant, since: Moment, cause: Cause, fx: &mut Effects) {
        let jar = match &self.standing {
            Standing::Somebody { who, jar, .. } if who.mark == grant.mark => *jar,
            _ => {
                self.reject_all(Rejection::AccountChanged, fx);
                if self.mark().is_some() && cause != Cause::SignIn {
                    fx.push(Effect::AccountChanged);
                }
                if now.hint == Some(grant.mark) { Jar::Seen } else { Jar::Unseen { since: Moment::of(now) } }
            }
        };
        self.short_lived =
            if is_short_lived(grant.lifetime) { self.short_lived.saturating_add(1) } else { 0 };
        self.last_serial.0 += 1;
        let badge = Badge::new(&grant, self.last_serial, since, now.random, self.short_lived);
        self.standing = Standing::Somebody {
            who: Who { mark: grant.mark, id: Some(grant.session) },
            badge: Some(badge),
            jar,
        };
        self.wants.renewal = None;
        self.rest = None;
        self.refused = false;
        fx.push(Effect::Adopt { serial: badge.serial, cause });
        if cause != Cause::Peer {
            fx.push(Effect::Announce(Announcement::Issued { grant, since: since.wall() }));
        }
        self.send_waiting(fx);
        self.lift_veil(fx);
    }

    /// The session is over, and this tab draws the consequences. Cookies and peers are the caller's.
    pub(crate) fn end(&mut self, now: &Now, reason: EndReason, fx: &mut Effects) {
        self.reject_all(Rejection::SignedOut, fx);
        fx.extend([Effect::Clear, Effect::Ended(reason)]);
        self.standing = Standing::Nobody { ended: Some(reason), over: self.mark() };
        self.wants.renewal = None;
        self.refused = false;
        self.short_lived = 0;
        self.abort_refresh(now, fx);
        self.lift_veil(fx);
    }

    /// The server says that the session is over.
    pub(crate) fn ended_by_server(&mut self, now: &Now, reason: EndReason, fx: &mut Effects) {
        match reason {
            EndReason::Replaced => self.outdated(now, fx),
            _ => self.end_for_good(now, reason, fx),
        }
    }

    /// Clear the cookies, under the lock, and tell the others.
    pub(crate) fn end_for_good(&mut self, now: &Now, reason: EndReason, fx: &mut Effects) {
        if let Standing::Somebody { who, .. } = self.standing {
            self.wants.clearing = Some(who);
            fx.push(Effect::Announce(Announcement::Ended { mark: who.mark, reason }));
            self.end(now, reason, fx);
        }
    }

    /// The hint goes first: without it no tab, and no later start, renews, even if the server can't be reached.
    pub(crate) fn sign_out(&mut self, now: &Now, fx: &mut Effects) {
        self.cancel_sign_in(fx);
        if let Standing::Somebody { who, .. } = self.standing {
            if now.hint == Some(who.mark) {
                fx.push(Effect::DropHint);
            }
            self.owe(who, fx);
            self.wake_rest();
            self.end(now, EndReason::SignedOut, fx);
        }
    }

    /// The person signed out while signing in, and no answer said as whom: whoever is new in the jar it is.
    pub(crate) fn turn_away_newcomer(&mut self, now: &Now, fx: &mut Effects) {
        if let (Standing::Nobody { over, .. }, Some(mark)) = (self.standing, now.hint())
            && over != Some(mark)
        {
            fx.push(Effect::DropHint);
            self.owe(Who { mark, id: None }, fx);
            self.standing = Standing::Nobody { ended: Some(EndReason::SignedOut), over: Some(mark) };
        }
    }

    /// Notes a sign-out before anything is sent, and tells the others.
    pub(crate) fn owe(&mut self, who: Who, fx: &mut Effects) {
        self.wants.sign_out = Some(Owed { who, noted: false });
        let news = Announcement::Ended { mark: who.mark, reason: EndReason::SignedOut };
        fx.extend([Effect::Owe(who), Effect::Announce(news)]);
    }

    fn woke(&mut self, now: &Now, wake: Wake) {
        self.wake_rest();
        if wake == Wake::Shown {
            self.page = Page::Veiled;
            if self.mark().is_some() {
                self.want_renewal(Cause::Woke);
            }
        } else if self.patterns.timer && self.badge().is_some_and(|badge| badge.renews_in(now) == 0) {
            self.want_renewal(Cause::Woke);
        }
    }

    fn hidden(&mut self, now: &Now, fx: &mut Effects) {
        self.page = Page::Hidden;
        self.abort_refresh(now, fx);
        self.leave_queue(fx);
    }

    fn lift_veil(&mut self, fx: &mut Effects) {
        if self.page == Page::Veiled {
            self.page = Page::Shown;
            fx.push(Effect::Unveil);
        }
    }

    /// Nobody to check, or no way to check now: the hint cookie's word is all there is.
    fn lift_veil_if_nothing_to_wait_for(&mut self, fx: &mut Effects) {
        let can_not_check = self.rest.is_some() || self.wants.renewal.is_none();
        if self.mark().is_none() || (self.desk.is_free() && can_not_check) {
            self.lift_veil(fx);
        }
    }

    fn peer(&mut self, now: &Now, announcement: Announcement, fx: &mut Effects) {
        match (announcement, self.mark()) {
            (Announcement::Ended { mark, reason }, Some(ours)) if mark == ours => self.end(now, reason, fx),
            (Announcement::Ended { .. }, _) => {}
            (Announcement::Issued { grant, since }, Some(ours)) if grant.mark == ours => {
                let since = Moment::by_wall(now, since);
                let alive = since.left(now, grant.lifetime) > 0;
                if alive && self.badge().is_none_or(|badge| badge.is_older(since, now)) {
                    self.adopt(now, grant, since, Cause::Peer, fx);
                }
            }
            (Announcement::Issued { .. }, _) => self.puzzled = Some(Moment::of(now)),
        }
    }

    fn want_timely_renewal(&mut self, now: &Now) {
        if self.patterns.timer && self.badge().is_some_and(|badge| badge.renews_in(now) == 0) {
            self.want_renewal(Cause::Timer);
        }
    }

    /// How long until something is due, if anything is.
    fn next_look(&self, now: &Now) -> Option<u64> {
        if self.page == Page::Hidden {
            return None;
        }
        [
            self.renews_in(now).filter(|_| self.wants.renewal.is_none()),
            self.jar_wait(now),
            self.desk_wait(now),
            self.shortest_patience(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Who is signed in.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Which patterns are on.
    pub fn patterns(&self) -> Patterns {
        self.patterns
    }

    /// Whether the server refused to renew (a 400 of ours): nothing is tried until the person does something.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// In how many milliseconds the silent timer will renew; none with the timer off or without a badge.
    pub fn renews_in(&self, now: &Now) -> Option<u64> {
        let timed = self.patterns.timer && !self.refused && self.can_renew();
        self.badge().filter(|_| timed).map(|badge| badge.renews_in(now))
    }

    /// In how many milliseconds a failed request is tried again; none when nothing failed.
    pub fn retry_in(&self, now: &Now) -> Option<u64> {
        let rest = match self.standing {
            Standing::Somebody { .. } => self.rest.filter(|_| self.wants.renewal.is_some()),
            Standing::Nobody { .. } => self.sign_out_rest.filter(|_| self.owes_sign_out()),
        };
        rest.map(|rest| rest.left(now))
    }

    /// How many renewals in a row have failed; none when none is wanted. However many it are, nobody is signed out by it:
    /// that is for the person to decide.
    pub fn failed_renewals(&self) -> u32 {
        self.rest.filter(|_| self.wants.renewal.is_some()).map_or(0, |rest| rest.failures())
    }

    /// Whether the server has still to hear of a sign-out.
    pub fn owes_sign_out(&self) -> bool {
        self.wants.sign_out.is_some()
    }

    pub(crate) fn mark(&self) -> Option<Mark> {
        match self.standing {
            Standing::Somebody { who, .. } => Some(who.mark),
            Standing::Nobody { .. } => None,
        }
    }

    /// The access token, if there is one.
    pub fn badge(&self) -> Option<&Badge> {
        match &self.standing {
            Standing::Somebody { badge, .. } => badge.as_ref(),
            Standing::Nobody { .. } => None,
        }
    }

    /// Why a call of the account that was here until now is given up.
    fn rejection(&self) -> Rejection {
        if self.mark().is_some() { Rejection::AccountChanged } else { Rejection::SignedOut }
    }

    /// The session that a refresh is meant for; an answer about another one would be for somebody else.
    pub(crate) fn believed_session(&self) -> Option<SessionId> {
        match self.standing {
            Standing::Somebody { who, .. } => who.id,
            Standing::Nobody { .. } => None,
        }
    }
}
