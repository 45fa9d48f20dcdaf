//! Pattern A, the interceptor: calls that are under way, and calls that wait for a badge. Only the engine
//! calls this. Every call here belongs to the account that the tab believes in: when that changes, all go.

use crate::engine::{Engine, Standing};
use crate::message::{CallAnswer, CallId, Cause, Effect, Effects, Rejection, Serial};
use crate::now::{Moment, Now};

/// A call waits for a badge as long as a renewal may take with a frozen tab in front of it, and some more.
const PATIENCE_SLACK: u64 = 5_000;

/// A call that a page waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    /// Whether it has been refused once, so that the next sending is the second and last.
    refused: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Sent { serial: Serial },
    Waiting { since: Moment },
}

impl Engine {
    pub(crate) fn call(&mut self, now: &Now, id: CallId, fx: &mut Effects) {
        if matches!(self.standing, Standing::Nobody { .. }) {
            return fx.push(Effect::Reject { call: id, why: Rejection::SignedOut });
        }
        let call = Call { refused: false, state: State::Waiting { since: Moment::of(now) } };
        self.send_or_wait(now, id, call, Cause::Timer, fx);
    }

    /// Sends a call with the badge of the moment, or lets it wait for a better one. Without the timer nothing
    /// looks at a badge's age: the 401 is the pattern.
    fn send_or_wait(&mut self, now: &Now, id: CallId, call: Call, cause: Cause, fx: &mut Effects) {
        let good = |badge: &&crate::Badge| !(self.patterns.timer && badge.good_for(now) == 0);
        if let Some(serial) = self.badge().filter(good).map(|badge| badge.serial) {
            self.calls.insert(id, Call { state: State::Sent { serial }, ..call });
            fx.push(Effect::Send { call: id, replay: call.refused });
        } else if self.refused {
            fx.push(Effect::Reject { call: id, why: Rejection::Refused });
        } else {
            self.wait(now, id, call, cause);
        }
    }

    fn wait(&mut self, now: &Now, id: CallId, call: Call, cause: Cause) {
        self.want_renewal(cause);
        self.calls.insert(id, Call { state: State::Waiting { since: Moment::of(now) }, ..call });
    }

    pub(crate) fn call_answered(&mut self, now: &Now, id: CallId, answer: CallAnswer, fx: &mut Effects) {
        // One that was given up is no longer there: its answer is dropped.
        let Some(call) = self.calls.remove(&id) else { return };
        match (answer, call.state) {
            (CallAnswer::Stale, State::Sent { serial }) if self.may_replay(&call) => {
                let call = Call { refused: true, ..call };
                if self.badge().is_some_and(|badge| badge.serial > serial) {
                    self.send_or_wait(now, id, call, Cause::Unauthorized, fx);
                } else {
                    self.wait(now, id, call, Cause::Unauthorized);
                }
            }
            (CallAnswer::Revoked(reason), _) => {
                fx.push(Effect::Deliver(id));
                self.ended_by_server(now, reason, fx);
            }
            _ => fx.push(Effect::Deliver(id)),
        }
    }

    fn may_replay(&self, call: &Call) -> bool {
        self.patterns.interceptor && !call.refused && !self.refused && self.can_renew()
    }

    /// A badge has arrived. Even a short-lived one is tried: waiting for a better one could take for ever.
    pub(crate) fn send_waiting(&mut self, fx: &mut Effects) {
        let Some(serial) = self.badge().map(|badge| badge.serial) else { return };
        for (&id, call) in &mut self.calls {
            if matches!(call.state, State::Waiting { .. }) {
                call.state = State::Sent { serial };
                fx.push(Effect::Send { call: id, replay: call.refused });
            }
        }
    }

    pub(crate) fn reject_waiting(&mut self, why: Rejection, fx: &mut Effects) {
        self.reject_where(why, fx, |call| matches!(call.state, State::Waiting { .. }));
    }

    pub(crate) fn reject_all(&mut self, why: Rejection, fx: &mut Effects) {
        self.reject_where(why, fx, |_| true);
    }

    /// No call waits for ever.
    pub(crate) fn give_up_waiting(&mut self, now: &Now, fx: &mut Effects) {
        let patience = self.patience();
        self.reject_where(Rejection::Unavailable, fx, |call| match call.state {
            State::Waiting { since } => since.left(now, patience) == 0,
            State::Sent { .. } => false,
        });
    }

    fn reject_where(&mut self, why: Rejection, fx: &mut Effects, given_up: impl Fn(&Call) -> bool) {
        self.calls.retain(|&id, call| {
            let gone = given_up(call);
            if gone {
                fx.push(Effect::Reject { call: id, why });
            }
            !gone
        });
    }

    fn patience(&self) -> u64 {
        self.timeout.saturating_mul(2).saturating_add(PATIENCE_SLACK)
    }

    /// How long until the first of the waiting calls is given up.
    pub(crate) fn shortest_patience(&self, now: &Now) -> Option<u64> {
        let waiting = self.calls.values().filter_map(|call| match call.state {
            State::Waiting { since } => Some(since.left(now, self.patience())),
            State::Sent { .. } => None,
        });
        waiting.min()
    }
}
