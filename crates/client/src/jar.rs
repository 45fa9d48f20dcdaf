//! What the cookie jar and the note of owed sign-outs say: the tabs of a browser share both, and another tab
//! may have changed them since the last step. Only the engine calls this.

use crate::EndReason;
use crate::desk::Owed;
use crate::engine::{Engine, Standing};
use crate::message::{Effect, Effects, Mark, Rejection};
use crate::now::{Moment, Now};

/// So long after a new session's first badge a missing hint still counts as "on its way": a tab's view of the
/// cookies may lag behind the answer that set them.
const LAG: u64 = 1_000;

/// What the hint cookie says of the session that the tab believes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jar {
    /// It has named it.
    Seen,
    /// It has not named it yet.
    Unseen {
        /// When the session's badge arrived.
        since: Moment,
    },
    /// It names it still, but the server says that a sign-in has replaced it: the newcomer's is on its way.
    Outdated {
        /// When the server said so.
        since: Moment,
    },
    /// The browser keeps no cookies for us.
    Refused,
}

impl Engine {
    /// Compares the session that the tab believes in with what the hint cookie says.
    pub(crate) fn look_at_jar(&mut self, now: &Now, fx: &mut Effects) {
        // Our own sign-in changes the jar before its answer gets here.
        if self.desk.signs_in() {
            return;
        }
        if self.puzzled.is_some_and(|since| since.left(now, LAG) == 0) {
            self.puzzled = None;
        }
        let (who, jar) = match self.standing {
            Standing::Nobody { over, .. } => {
                return match now.hint() {
                    Some(mark) if over != Some(mark) => self.start_as(mark),
                    _ => {}
                };
            }
            Standing::Somebody { who, jar, .. } => (who, jar),
        };
        match (jar, now.hint()) {
            (Jar::Outdated { since }, hint) if hint.is_none_or(|mark| mark == who.mark) => {
                if since.left(now, LAG) == 0 {
                    self.end_for_good(now, EndReason::Replaced, fx);
                }
            }
            (_, Some(mark)) if mark == who.mark => self.set_jar(Jar::Seen),
            (Jar::Unseen { since }, _) if since.left(now, LAG) > 0 => {}
            (_, Some(mark)) => self.account_changed(now, mark, fx),
            (Jar::Unseen { .. }, None) => {
                self.set_jar(Jar::Refused);
                fx.push(Effect::CookieRefused);
            }
            // There is nothing that a renewal could be made with, and no cookie to be cleared.
            (Jar::Refused, None) => {
                if self.badge().is_none_or(|badge| badge.good_for(now) == 0) {
                    self.end(now, EndReason::CookieRefused, fx);
                }
            }
            (Jar::Seen | Jar::Outdated { .. }, None) => self.end(now, EndReason::SignedOut, fx),
        }
    }

    /// The server says that a sign-in in this browser has replaced the session. The page follows it as soon as
    /// its cookies are here; it would be wrong to clear those.
    pub(crate) fn outdated(&mut self, now: &Now, fx: &mut Effects) {
        if self.jar().is_some_and(|jar| !matches!(jar, Jar::Outdated { .. })) {
            self.set_jar(Jar::Outdated { since: Moment::of(now) });
            self.wants.renewal = None;
        }
        self.abort_refresh(now, fx);
    }

    fn account_changed(&mut self, now: &Now, mark: Mark, fx: &mut Effects) {
        self.reject_all(Rejection::AccountChanged, fx);
        fx.extend([Effect::Clear, Effect::AccountChanged]);
        self.start_as(mark);
        self.abort_refresh(now, fx);
    }

    /// A sign-out that a tab noted is every tab's to send, since that tab may be gone; what another has
    /// settled is nobody's any more.
    pub(crate) fn look_at_note(&mut self, now: &Now) {
        let ours = self.wants.sign_out;
        match now.owed {
            Some(who) if ours.is_none_or(|ours| ours.noted || ours.who == who) => {
                self.wants.sign_out = Some(Owed { who, noted: true });
            }
            None if ours.is_some_and(|ours| ours.noted) => self.wants.sign_out = None,
            _ => {}
        }
    }

    /// How long until another look at the jar may show something.
    pub(crate) fn jar_wait(&self, now: &Now) -> Option<u64> {
        match self.jar() {
            _ if self.desk.signs_in() => None,
            Some(Jar::Unseen { since } | Jar::Outdated { since }) => Some(since.left(now, LAG)),
            Some(Jar::Refused) => self.badge().map(|badge| badge.good_for(now)),
            Some(Jar::Seen) | None => self.puzzled.map(|since| since.left(now, LAG)),
        }
    }

    /// Whether a renewal could bring anything: somebody is signed in, and his cookies are there.
    pub(crate) fn can_renew(&self) -> bool {
        matches!(self.jar(), Some(Jar::Seen | Jar::Unseen { .. }))
    }

    fn jar(&self) -> Option<Jar> {
        match self.standing {
            Standing::Somebody { jar, .. } => Some(jar),
            Standing::Nobody { .. } => None,
        }
    }

    fn set_jar(&mut self, new: Jar) {
        if let Standing::Somebody { jar, .. } = &mut self.standing {
            *jar = new;
        }
    }
}
