//! What this server has done of late, in memory, for charts; and the same counts for Prometheus.

use std::sync::{Mutex, PoisonError};

use lanyard_app::api::admin;
use lanyard_auth::time::{Clock, Timestamp};

/// How long a stretch is, in seconds.
const STEP: u32 = 10;

/// So many stretches are kept: ten minutes.
const STRETCHES: usize = 60;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A sign-in that went well.
    SignIn,
    /// A renewal that went well.
    Renewal,
    /// An answer with the status 401.
    Unauthorized,
    /// A replaced refresh token that was used again.
    Reuse,
}

impl Deed {
    /// The counter's name and what it counts.
    const fn counter(self) -> (&'static str, &'static str) {
        match self {
            Self::SignIn => ("lanyard_sign_ins_total", "sign-ins that went well"),
            Self::Renewal => ("lanyard_renewals_total", "renewals that went well"),
            Self::Unauthorized => ("lanyard_unauthorized_total", "answers with the status 401"),
            Self::Reuse => ("lanyard_reuse_total", "replaced refresh tokens that were used again"),
        }
    }
}

/// Counts deeds. Of this server alone, and from zero at each start.
#[derive(Debug)]
pub struct Activity {
    clock: Clock,
    stretches: Mutex<Stretches>,
}

/// A ring. The stretch of a moment lies at its number modulo [`STRETCHES`].
#[derive(Debug)]
struct Stretches {
    /// The number of the last one, counted from the Unix epoch.
    last: i64,
    counts: [Counts; STRETCHES],
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    sign_ins: u32,
    renewals: u32,
    unauthorized: u32,
    reuse: u32,
}

impl Counts {
    fn of(&mut self, deed: Deed) -> &mut u32 {
        match deed {
            Deed::SignIn => &mut self.sign_ins,
            Deed::Renewal => &mut self.renewals,
            Deed::Unauthorized => &mut self.unauthorized,
            Deed::Reuse => &mut self.reuse,
        }
    }
}

impl Activity {
    /// Nothing was done yet.
    pub fn new(clock: Clock) -> Self {
        for deed in [Deed::SignIn, Deed::Renewal, Deed::Unauthorized, Deed::Reuse] {
            let (name, help) = deed.counter();
            metrics::describe_counter!(name, help);
            // So that it is there before it is needed.
            metrics::counter!(name).increment(0);
        }
        let last = number(clock.now());
        Self { clock, stretches: Mutex::new(Stretches { last, counts: [Counts::default(); STRETCHES] }) }
    }

    /// Counts one now.
    pub fn count(&self, deed: Deed) {
        metrics::counter!(deed.counter().0).increment(1);
        self.with_now(|stretches| {
            if let Some(counts) = stretches.counts.get_mut(place(stretches.last)) {
                let count = counts.of(deed);
                *count = count.saturating_add(1);
            }
        });
    }

    /// Everything that is kept.
    pub fn read(&self) -> admin::Activity {
        self.with_now(|stretches| {
            let (newer, older) = stretches.counts.split_at(place(stretches.last + 1));
            let each = || older.iter().chain(newer);
            admin::Activity {
                step: STEP,
                until: stretches.last * i64::from(STEP),
                sign_ins: each().map(|counts| counts.sign_ins).collect(),
                renewals: each().map(|counts| counts.renewals).collect(),
                unauthorized: each().map(|counts| counts.unauthorized).collect(),
                reuse: each().map(|counts| counts.reuse).collect(),
            }
        })
    }

    /// What `f` says once the last stretch is that of now.
    fn with_now<T>(&self, f: impl FnOnce(&mut Stretches) -> T) -> T {
        let now = number(self.clock.now());
        let mut stretches = self.stretches.lock().unwrap_or_else(PoisonError::into_inner);
        stretches.go_on_to(now);
        f(&mut stretches)
    }
}

impl Stretches {
    /// Begins those that have come since. A clock that was set back waits in the last one, unless that is longer than
    /// a chart: then it begins anew.
    fn go_on_to(&mut self, now: i64) {
        let passed = now.saturating_sub(self.last);
        let kept = i64::try_from(STRETCHES).unwrap_or(i64::MAX);
        if passed.saturating_abs() >= kept {
            *self = Self { last: now, counts: [Counts::default(); STRETCHES] };
        }
        while self.last < now {
            self.last += 1;
            if let Some(counts) = self.counts.get_mut(place(self.last)) {
                *counts = Counts::default();
            }
        }
    }
}

fn number(at: Timestamp) -> i64 {
    at.seconds().div_euclid(STEP.into())
}

fn place(number: i64) -> usize {
    let stretches = i64::try_from(STRETCHES).unwrap_or(i64::MAX);
    usize::try_from(number.rem_euclid(stretches)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lanyard_auth::time::ManualClock;

    use super::*;

    fn activity() -> (ManualClock, Activity) {
        let clock = ManualClock::new(Timestamp::from_seconds(1_000_005));
        (clock.clone(), Activity::new(Clock::Manual(clock)))
    }

    fn tail(series: &[u32]) -> &[u32] {
        assert_eq!(series.len(), STRETCHES);
        &series[STRETCHES - 3..]
    }

    #[test]
    fn deeds_are_counted_in_their_stretch() {
        let (clock, activity) = activity();
        activity.count(Deed::SignIn);
        activity.count(Deed::Unauthorized);
        clock.advance(Duration::from_millis(4_999));
        activity.count(Deed::Unauthorized);
        clock.advance(Duration::from_millis(1));
        activity.count(Deed::Unauthorized);
        activity.count(Deed::Renewal);
        clock.advance(Duration::from_secs(10));
        activity.count(Deed::Reuse);

        let read = activity.read();
        assert_eq!((read.step, read.until), (10, 1_000_020));
        assert_eq!((tail(&read.sign_ins), tail(&read.renewals)), (&[1, 0, 0][..], &[0, 1, 0][..]));
        assert_eq!((tail(&read.unauthorized), tail(&read.reuse)), (&[2, 1, 0][..], &[0, 0, 1][..]));
    }

    #[test]
    fn stretches_go_when_they_are_ten_minutes_old() {
        let (clock, activity) = activity();
        activity.count(Deed::SignIn);
        clock.advance(Duration::from_secs(590));
        let read = activity.read();
        assert_eq!((read.sign_ins[0], read.sign_ins.iter().sum::<u32>()), (1, 1));
        clock.advance(Duration::from_secs(10));
        assert_eq!(activity.read().sign_ins, [0; STRETCHES]);
    }

    #[test]
    fn a_clock_that_was_set_loses_nothing_for_a_little_and_begins_anew_for_more() {
        let (clock, activity) = activity();
        activity.count(Deed::SignIn);
        clock.set(Timestamp::from_seconds(999_980));
        activity.count(Deed::SignIn);
        assert_eq!((activity.read().until, tail(&activity.read().sign_ins)), (1_000_000, &[0, 0, 2][..]));
        for seconds in [10, -10_000, i64::MAX / 1000, i64::MIN / 1000, 1_000_005] {
            clock.set(Timestamp::from_seconds(seconds));
            assert_eq!(activity.read().sign_ins, [0; STRETCHES]);
            activity.count(Deed::SignIn);
            assert_eq!(activity.read().sign_ins.iter().sum::<u32>(), 1);
        }
    }
}
