//! What the engine sees of the world at one step: two clocks, the hint cookie and a random number.
//! Durations and times are milliseconds, here and everywhere in this crate.

use crate::message::{Mark, Who};

/// The world at one step. The driver fills it in anew each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    /// A clock that nobody can set, but that may stop while the machine sleeps.
    pub monotonic: u64,
    /// The device's wall clock, since the Unix epoch: goes on in sleep, but can be set.
    pub wall: u64,
    /// Which session the hint cookie names at this moment.
    pub hint: Option<Mark>,
    /// The sign-out that [`crate::Effect::Owe`] noted, in any tab, and that no answer has settled yet.
    pub owed: Option<Who>,
    /// A fresh random number, for the timer's random point and for jitter. Nothing secret hangs on it.
    pub random: u64,
}

impl Now {
    /// Whom the hint cookie names. Not somebody who has signed out: a late answer may have put it back.
    pub(crate) fn hint(&self) -> Option<Mark> {
        self.hint.filter(|&mark| self.owed.is_none_or(|owed| owed.mark != mark))
    }
}

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    monotonic: u64,
    wall: u64,
}

impl Moment {
    /// The moment of this step.
    pub(crate) const fn of(now: &Now) -> Self {
        Self { monotonic: now.monotonic, wall: now.wall }
    }

    /// A moment that another tab read on the wall clock; the monotonic clocks of two tabs don't compare.
    pub(crate) const fn by_wall(now: &Now, wall: u64) -> Self {
        Self { monotonic: now.monotonic, wall }
    }

    /// On the wall clock, for other tabs.
    pub(crate) const fn wall(self) -> u64 {
        self.wall
    }

    /// How long ago it was: the larger of what the two clocks say, so that neither sleep nor a clock that is
    /// set back makes a badge look younger than it is. A clock that went back counts as none.
    pub fn age(self, now: &Now) -> u64 {
        now.monotonic.saturating_sub(self.monotonic).max(now.wall.saturating_sub(self.wall))
    }

    /// How much of `duration` is left since then; 0 when it has passed.
    pub(crate) fn left(self, now: &Now, duration: u64) -> u64 {
        duration.saturating_sub(self.age(now))
    }
}
