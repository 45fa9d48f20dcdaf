//! What is allowed, or refused anyway, but worth telling when it comes too often: who renews far too often, and who
//! keeps asking for what he may not. Nobody is held up here; that is [`crate::throttle`]'s.
//!
//! What is told goes into the audit log, which nobody must be able to flood: so it is told now and then.

use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};

use crate::store::SessionId;
use crate::throttle::{Allowance, Limiter, SWEEP_EVERY, count, limiter};

/// Renewals of one session. A client needs one in a quarter of an hour, and a few more for each tab.
const RENEWALS: Allowance = Allowance { at_once: count(60), then_one_in: Duration::from_secs(1) };

/// That a session is renewed far too often.
const TOLD_OF_RENEWALS: Allowance =
    Allowance { at_once: NonZero::<u32>::MIN, then_one_in: Duration::from_secs(3600) };

/// That a session asks for what its scopes do not allow.
const TOLD_OF_REFUSALS: Allowance =
    Allowance { at_once: NonZero::<u32>::MIN, then_one_in: Duration::from_secs(60) };

/// Counts what sessions do. Kept in memory, so of this node alone.
pub struct Watch<C: Clock = MonotonicClock> {
    renewals: Limiter<SessionId, C>,
    told_of_renewals: Limiter<SessionId, C>,
    told_of_refusals: Limiter<SessionId, C>,
    seen: AtomicU32,
}

impl<C: Clock> fmt::Debug for Watch<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Default for Watch {
    /// By the system's monotonic clock.
    fn default() -> Self {
        Self::new(MonotonicClock)
    }
}

impl<C: Clock + Clone> Watch<C> {
    /// Nothing has happened yet.
    pub fn new(clock: C) -> Self {
        Self {
            renewals: limiter(&RENEWALS, &clock),
            told_of_renewals: limiter(&TOLD_OF_RENEWALS, &clock),
            told_of_refusals: limiter(&TOLD_OF_REFUSALS, &clock),
            seen: AtomicU32::new(0),
        }
    }

    /// Counts a renewal of this session; whether it is one too many, and that was not told within the last hour.
    pub fn renewed(&self, sid: SessionId) -> bool {
        self.sweep_now_and_then();
        self.renewals.check_key(&sid).is_err() && self.told_of_renewals.check_key(&sid).is_ok()
    }

    /// Counts a call of this session that its scopes do not allow; whether that was not told within the last minute.
    pub fn refused(&self, sid: SessionId) -> bool {
        self.sweep_now_and_then();
        self.told_of_refusals.check_key(&sid).is_ok()
    }

    fn sweep_now_and_then(&self) {
        if self.seen.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.renewals.retain_recent();
            self.told_of_renewals.retain_recent();
            self.told_of_refusals.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use uuid::Uuid;

    use super::*;

    const ADAS: SessionId = SessionId(Uuid::from_u128(1));
    const GRACES: SessionId = SessionId(Uuid::from_u128(2));

    fn watch() -> (FakeRelativeClock, Watch<FakeRelativeClock>) {
        let clock = FakeRelativeClock::default();
        (clock.clone(), Watch::new(clock))
    }

    #[test]
    fn more_than_60_renewals_in_a_minute_are_told_once_an_hour() {
        let (clock, watch) = watch();
        assert!((0..60).all(|_| !watch.renewed(ADAS)));
        assert!(!watch.renewed(GRACES), "by itself");
        assert!(watch.renewed(ADAS));
        assert!((0..60).all(|_| !watch.renewed(ADAS)), "it is told already");
        clock.advance(Duration::from_secs(3599));
        assert!((0..100).all(|_| !watch.renewed(ADAS)));
        clock.advance(Duration::from_secs(1));
        assert_eq!((0..100).filter(|_| watch.renewed(ADAS)).count(), 1);
    }

    #[test]
    fn one_renewal_a_second_is_none_too_many() {
        let (clock, watch) = watch();
        for _ in 0..300 {
            assert!(!watch.renewed(ADAS));
            clock.advance(Duration::from_secs(1));
        }
    }

    #[test]
    fn a_refusal_is_told_once_a_minute() {
        let (clock, watch) = watch();
        assert!(watch.refused(ADAS) && watch.refused(GRACES));
        clock.advance(Duration::from_secs(59));
        assert!(!watch.refused(ADAS));
        clock.advance(Duration::from_secs(1));
        assert!(watch.refused(ADAS));
    }

    #[test]
    fn sessions_that_do_nothing_are_forgotten() {
        let (clock, watch) = watch();
        for n in 0..SWEEP_EVERY - 1 {
            watch.renewed(SessionId(Uuid::from_u128(n.into())));
        }
        assert_eq!(watch.renewals.len(), SWEEP_EVERY as usize - 1);
        clock.advance(Duration::from_secs(3600));
        watch.refused(ADAS);
        assert_eq!(watch.renewals.len(), 0);
    }
}
