//! Errands to `/auth/*`: refresh, sign-out and sign-in take the lock that all tabs share, one request at a
//! time, and look again at what is needed once it is theirs. Only the engine calls this.

use crate::EndReason;
use crate::badge::Rest;
use crate::engine::{Engine, Page, Standing};
use crate::message::{
    Announcement, Attempt, Cause, Effect, Effects, FormId, Grant, LogoutAnswer, RefreshAnswer, Rejection,
    Turn, Who,
};
use crate::now::{Moment, Now};

/// A tab waits for the lock this much longer than T: then whoever holds it is frozen.
const QUEUE_SLACK: u64 = 1_000;

/// A tab that had to wait for the lock pauses so long when it gets it: the news of the renewal it waited for
/// travels on another channel and may come a little later.
const YIELD: u64 = 150;

/// Passwords are hashed slowly and queue up, so a sign-in may take longer than T.
const SIGN_IN_TIMEOUT: u64 = 30_000;

/// What is to be done, when there is a chance to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wants {
    pub sign_in: Option<FormId>,
    pub renewal: Option<Cause>,
    pub sign_out: Option<Owed>,
    /// The server ended this session: its cookies are to be cleared, which is `/auth/logout`'s to do as well.
    pub clearing: Option<Who>,
}

/// A sign-out that a person asked for and that has not been answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owed {
    pub who: Who,
    /// Seen in the note that all tabs share. A browser without storage keeps none.
    pub noted: bool,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Errand {
    SignIn {
        form: FormId,
        /// The person signed out meanwhile: whoever it signs in is signed out again.
        cancelled: bool,
    },
    Logout(Who),
    Refresh(Cause),
}

/// Where the tab is with its errands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Desk {
    /// Nothing under way.
    #[default]
    Free,
    /// The lock has been asked for.
    Queueing { turn: Turn, since: Moment },
    /// The lock is ours, but a peer's news may be on its way.
    Yielding { turn: Turn, since: Moment },
    /// A request is under way; without a turn it goes unlocked.
    Busy { turn: Option<Turn>, attempt: Attempt, since: Moment, errand: Errand },
}

impl Desk {
    pub(crate) const fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }

    pub(crate) const fn signs_in(&self) -> bool {
        matches!(self, Self::Busy { errand: Errand::SignIn { .. }, .. })
    }
}

impl Engine {
    /// Asks for a renewal; a person's own wish goes before what was automatic, and tries what was given up.
    pub(crate) fn want_renewal(&mut self, cause: Cause) {
        if !self.can_renew() || (self.refused && cause != Cause::Asked) {
            return;
        }
        if cause == Cause::Asked {
            self.refused = false;
            self.wake_rest();
            self.wants.renewal = Some(cause);
        }
        self.wants.renewal.get_or_insert(cause);
    }

    pub(crate) fn want_sign_in(&mut self, form: FormId, fx: &mut Effects) {
        if self.desk.signs_in() {
            fx.push(Effect::DropForm(form));
        } else if let Some(other) = self.wants.sign_in.replace(form) {
            fx.push(Effect::DropForm(other));
        }
    }

    pub(crate) fn cancel_sign_in(&mut self, fx: &mut Effects) {
        if let Some(form) = self.wants.sign_in.take() {
            fx.push(Effect::DropForm(form));
        }
        if let Desk::Busy { errand: Errand::SignIn { cancelled, .. }, .. } = &mut self.desk {
            *cancelled = true;
        }
    }

    /// What may be begun at this moment. Never anything while the page is in the back-forward cache.
    fn due(&self, now: &Now) -> Option<Errand> {
        if self.page == Page::Hidden {
            return None;
        }
        if let Some(form) = self.wants.sign_in {
            return Some(Errand::SignIn { form, cancelled: false });
        }
        // Whoever is signed in goes before what is left of somebody else.
        let renewal = self.wants.renewal.filter(|_| self.renewal_wait(now) == Some(0)).map(Errand::Refresh);
        renewal.or_else(|| self.logout().filter(|_| self.logout_wait(now) == Some(0)).map(Errand::Logout))
    }

    fn logout(&self) -> Option<Who> {
        self.wants.sign_out.map(|owed| owed.who).or(self.wants.clearing)
    }

    /// How long until a wanted renewal may begin.
    fn renewal_wait(&self, now: &Now) -> Option<u64> {
        let rest = self.rest.map_or(0, |rest| rest.left(now));
        let gap = self.badge().map_or(0, |badge| badge.gap_left(now));
        self.wants.renewal.map(|cause| if cause == Cause::Asked { rest } else { rest.max(gap) })
    }

    /// How long until a wanted sign-out may begin.
    fn logout_wait(&self, now: &Now) -> Option<u64> {
        self.logout().map(|_| self.sign_out_rest.map_or(0, |rest| rest.left(now)))
    }

    /// Whether all that could begin now would clear cookies that nobody asked to have cleared. Without the
    /// lock they might be a newcomer's.
    fn needs_lock(&self, now: &Now) -> bool {
        matches!(self.due(now), Some(Errand::Logout(_))) && self.wants.sign_out.is_none()
    }

    /// How long until the desk has something to do by itself.
    pub(crate) fn desk_wait(&self, now: &Now) -> Option<u64> {
        match self.desk {
            Desk::Free if self.wants.sign_in.is_some() => Some(0),
            Desk::Free => [self.renewal_wait(now), self.logout_wait(now)].into_iter().flatten().min(),
            Desk::Queueing { .. } if self.needs_lock(now) => self.renewal_wait(now),
            Desk::Queueing { since, .. } => Some(since.left(now, self.timeout.saturating_add(QUEUE_SLACK))),
            Desk::Yielding { since, .. } => Some(since.left(now, YIELD)),
            Desk::Busy { since, errand, .. } => Some(since.left(now, self.patience_for(&errand))),
        }
    }

    fn patience_for(&self, errand: &Errand) -> u64 {
        match errand {
            Errand::SignIn { .. } => SIGN_IN_TIMEOUT,
            Errand::Logout(_) | Errand::Refresh(_) => self.timeout,
        }
    }

    /// Goes on with the errands as far as this moment allows.
    pub(crate) fn run_desk(&mut self, now: &Now, fx: &mut Effects) {
        self.forget_moot_sign_outs(now, fx);
        let wanted = self.due(now).is_some();
        let over = self.desk_wait(now) == Some(0);
        match self.desk {
            Desk::Free if wanted => {
                self.last_turn.0 += 1;
                let turn = self.last_turn;
                self.desk = Desk::Queueing { turn, since: Moment::of(now) };
                fx.push(Effect::TakeLock { turn });
            }
            Desk::Queueing { .. } | Desk::Yielding { .. } if !wanted => self.leave_queue(fx),
            Desk::Queueing { turn, .. } if over => {
                fx.push(Effect::ReleaseLock { turn });
                self.begin(now, None, fx);
            }
            Desk::Yielding { turn, .. } if over => self.begin(now, Some(turn), fx),
            _ => {}
        }
    }

    /// Aborts a request that takes too long, before anything else is looked at: after a sleep its answer may
    /// be from another age.
    pub(crate) fn abort_overdue(&mut self, now: &Now, fx: &mut Effects) {
        let Desk::Busy { turn, attempt, errand, .. } = self.desk else { return };
        if self.desk_wait(now) != Some(0) {
            return;
        }
        fx.push(Effect::Abort { attempt });
        match errand {
            Errand::SignIn { cancelled, .. } => {
                if cancelled {
                    self.turn_away_newcomer(now, fx);
                }
            }
            Errand::Logout(_) => self.logout_failed(now, None),
            Errand::Refresh(_) => self.refresh_failed(now, None, None, fx),
        }
        self.move_on(now, turn, fx);
    }

    /// Once the cookies are somebody else's, there is nothing to clear, and a sign-out of a session whose id
    /// is unknown would hit the wrong one.
    fn forget_moot_sign_outs(&mut self, now: &Now, fx: &mut Effects) {
        let Some(hint) = now.hint else { return };
        self.wants.clearing = self.wants.clearing.filter(|who| who.mark == hint);
        if let Some(Owed { who, .. }) = self.wants.sign_out
            && who.id.is_none()
            && who.mark != hint
        {
            self.wants.sign_out = None;
            fx.push(Effect::Settle(who));
        }
    }

    pub(crate) fn leave_queue(&mut self, fx: &mut Effects) {
        if let Desk::Queueing { turn, .. } | Desk::Yielding { turn, .. } = self.desk {
            self.desk = Desk::Free;
            fx.push(Effect::ReleaseLock { turn });
        }
    }

    pub(crate) fn lock_won(&mut self, now: &Now, won: Turn, waited: bool, fx: &mut Effects) {
        match self.desk {
            Desk::Queueing { turn, .. } if turn == won => {
                if waited {
                    self.desk = Desk::Yielding { turn, since: Moment::of(now) };
                } else {
                    self.begin(now, Some(turn), fx);
                }
            }
            _ => fx.push(Effect::ReleaseLock { turn: won }),
        }
    }

    /// Sends what is wanted most; nothing may be, any more.
    fn begin(&mut self, now: &Now, turn: Option<Turn>, fx: &mut Effects) {
        let Some(errand) = self.due(now) else {
            return self.release(turn, fx);
        };
        self.last_attempt.0 += 1;
        let attempt = self.last_attempt;
        self.desk = Desk::Busy { turn, attempt, since: Moment::of(now), errand };
        fx.push(match errand {
            Errand::SignIn { form, .. } => {
                self.wants.sign_in = None;
                Effect::SendSignIn { attempt, form }
            }
            Errand::Logout(who) => Effect::SendLogout { attempt, session: who.id },
            Errand::Refresh(_) => Effect::SendRefresh { attempt, session: self.believed_session() },
        });
    }

    fn release(&mut self, turn: Option<Turn>, fx: &mut Effects) {
        self.desk = Desk::Free;
        fx.extend(turn.map(|turn| Effect::ReleaseLock { turn }));
    }

    /// After a request: a session's end is sent under the same lock, so that no tab comes in between. Anything
    /// else queues anew, and so does what went without the lock.
    fn move_on(&mut self, now: &Now, turn: Option<Turn>, fx: &mut Effects) {
        match self.due(now) {
            Some(Errand::Logout(_)) if turn.is_some() => self.begin(now, turn, fx),
            _ => self.release(turn, fx),
        }
    }

    /// The request with this number is answered; late answers of others count for nothing.
    fn back_from(&mut self, answered: Attempt) -> Option<(Option<Turn>, Moment, Errand)> {
        match self.desk {
            Desk::Busy { turn, attempt, since, errand } if attempt == answered => {
                self.desk = Desk::Free;
                Some((turn, since, errand))
            }
            _ => None,
        }
    }

    pub(crate) fn abort_refresh(&mut self, now: &Now, fx: &mut Effects) {
        if let Desk::Busy { turn, attempt, errand: Errand::Refresh(_), .. } = self.desk {
            fx.push(Effect::Abort { attempt });
            self.move_on(now, turn, fx);
        }
    }

    pub(crate) fn refresh_answered(
        &mut self,
        now: &Now,
        attempt: Attempt,
        answer: RefreshAnswer,
        fx: &mut Effects,
    ) {
        let Some((turn, since, Errand::Refresh(cause))) = self.back_from(attempt) else { return };
        match answer {
            RefreshAnswer::Granted(grant) => self.refreshed(now, grant, since, cause, fx),
            RefreshAnswer::Ended(reason) => self.ended_by_server(now, reason, fx),
            // The hint would have told, were it so: it lags, and asking again will show.
            RefreshAnswer::Changed => self.refresh_failed(now, Some(409), None, fx),
            RefreshAnswer::Refused => {
                self.refused = true;
                self.wants.renewal = None;
                self.reject_waiting(Rejection::Refused, fx);
                fx.push(Effect::RenewalRefused);
            }
            RefreshAnswer::Failed { status, retry_after } => {
                self.refresh_failed(now, status, retry_after, fx);
            }
        }
        self.move_on(now, turn, fx);
    }

    /// Another tab's badge may have overtaken this one.
    fn refreshed(&mut self, now: &Now, grant: Grant, since: Moment, cause: Cause, fx: &mut Effects) {
        let ours = self.mark() == Some(grant.mark);
        match self.badge() {
            Some(badge) if ours && badge.is_younger(since, now) => {
                self.wants.renewal = None;
                self.rest = None;
            }
            _ => self.adopt(now, grant, since, cause, fx),
        }
    }

    fn refresh_failed(&mut self, now: &Now, status: Option<u16>, retry_after: Option<u64>, fx: &mut Effects) {
        self.rest = Some(Rest::after(self.rest, retry_after, now));
        fx.push(Effect::RenewalFailed { status });
    }

    pub(crate) fn logout_answered(
        &mut self,
        now: &Now,
        attempt: Attempt,
        answer: LogoutAnswer,
        fx: &mut Effects,
    ) {
        let Some((turn, _, Errand::Logout(who))) = self.back_from(attempt) else { return };
        match answer {
            LogoutAnswer::Done => {
                self.sign_out_rest = None;
                // Another account may have signed in, and out, meanwhile: then its sign-out is owed now.
                self.wants.sign_out = self.wants.sign_out.filter(|owed| owed.who != who);
                self.wants.clearing = self.wants.clearing.filter(|&other| other != who);
                fx.push(Effect::Settle(who));
                // Once more, for a tab that was opened in the meantime.
                let reason = self.why_ended(who);
                fx.push(Effect::Announce(Announcement::Ended { mark: who.mark, reason }));
            }
            LogoutAnswer::Failed { retry_after } => self.logout_failed(now, retry_after),
        }
        self.move_on(now, turn, fx);
    }

    pub(crate) fn sign_in_answered(
        &mut self,
        now: &Now,
        attempt: Attempt,
        grant: Option<Grant>,
        fx: &mut Effects,
    ) {
        let Some((turn, since, Errand::SignIn { cancelled, .. })) = self.back_from(attempt) else { return };
        if let Some(grant) = grant {
            // The sign-in ended the session whose cookie came along.
            let owed = self.wants.sign_out.take().map(|owed| owed.who);
            // Another tab may have seen the newcomer's cookies first, and signed him out.
            let gone = owed.is_some_and(|who| who.mark == grant.mark);
            fx.extend(owed.filter(|_| !gone).map(Effect::Settle));
            self.wants.clearing = None;
            self.adopt(now, grant, since, Cause::SignIn, fx);
            if cancelled || gone {
                self.sign_out(now, fx);
            }
        } else if cancelled {
            self.turn_away_newcomer(now, fx);
        }
        self.move_on(now, turn, fx);
        self.look_at_jar(now, fx);
    }

    fn logout_failed(&mut self, now: &Now, retry_after: Option<u64>) {
        self.sign_out_rest = Some(Rest::after(self.sign_out_rest, retry_after, now));
    }

    pub(crate) fn wake_rest(&mut self) {
        [&mut self.rest, &mut self.sign_out_rest].into_iter().flatten().for_each(Rest::wake);
    }

    fn why_ended(&self, who: Who) -> EndReason {
        match self.standing {
            Standing::Nobody { ended: Some(reason), over } if over == Some(who.mark) => reason,
            _ => EndReason::SignedOut,
        }
    }
}
