//! Arithmetic of a badge's life and of waiting: when to renew, when a badge counts as expired, how long to
//! rest after a failure.

use crate::message::{Grant, Serial};
use crate::now::{Moment, Now};

/// `expires_in` counts whole seconds from an `iat` that was rounded down, so up to a second of it may be
/// over when the token arrives.
const ROUNDING: u64 = 1_000;
/// A renewal starts at least this long before the badge may be over.
const LEAD: u64 = 250;
/// Automatic renewals keep this distance.
const GAP: u64 = 500;
/// Back-off starts here, doubles, and ends there.
const FIRST_REST: u64 = 1_000;
const LONGEST_REST: u64 = 30_000;
/// A `Retry-After` beyond this is a mistake.
const LONGEST_ORDER: u64 = 3_600_000;

/// What the engine knows of an access token. Its text is the driver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Badge {
    /// Which one of this tab.
    pub serial: Serial,
    /// When it was asked for: never later than it was issued.
    pub since: Moment,
    /// How long it lives from then, as the server says.
    pub lifetime: u64,
    /// The random point of its life at which the silent timer renews it.
    pub renew_after: u64,
    /// How long after this one the next may be asked for automatically.
    gap: u64,
}

impl Badge {
    /// `short_lived` counts the badges in a row that were over before they could be used; they are asked for
    /// ever more slowly.
    pub(crate) fn new(grant: &Grant, serial: Serial, since: Moment, random: u64, short_lived: u32) -> Self {
        let lifetime = grant.lifetime;
        let latest = (lifetime / 10 * 9).min(usable(lifetime).saturating_sub(LEAD));
        let earliest = (lifetime / 10 * 6).min(latest);
        let renew_after = earliest + random % (latest - earliest + 1);
        let gap = doubled(GAP, short_lived).min(LONGEST_REST);
        Self { serial, since, lifetime, renew_after, gap }
    }

    /// How long until the server may refuse it for its age.
    pub(crate) fn good_for(&self, now: &Now) -> u64 {
        self.since.left(now, usable(self.lifetime))
    }

    /// How long until the silent timer renews it.
    pub(crate) fn renews_in(&self, now: &Now) -> u64 {
        self.since.left(now, self.renew_after)
    }

    /// How long until another one may be asked for automatically.
    pub(crate) fn gap_left(&self, now: &Now) -> u64 {
        self.since.left(now, self.gap)
    }

    /// Whether it was asked for after that moment.
    pub(crate) fn is_younger(&self, since: Moment, now: &Now) -> bool {
        self.since.age(now) < since.age(now)
    }

    /// Whether it was asked for before that moment.
    pub(crate) fn is_older(&self, since: Moment, now: &Now) -> bool {
        self.since.age(now) > since.age(now)
    }
}

/// Whether such a badge is of any use.
pub(crate) const fn is_short_lived(lifetime: u64) -> bool {
    lifetime < ROUNDING
}

const fn usable(lifetime: u64) -> u64 {
    let half = lifetime / 2;
    let rounded = lifetime.saturating_sub(ROUNDING);
    if rounded > half { rounded } else { half }
}

const fn doubled(first: u64, times: u32) -> u64 {
    first.saturating_mul(1 << if times < 16 { times } else { 16 })
}

/// A pause after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rest {
    /// How many failures in a row.
    failures: u32,
    since: Moment,
    length: u64,
    /// Whether the server asked for it. Waking up ends our own pauses, but not those.
    ordered: bool,
}

impl Rest {
    /// Exponential back-off with full jitter; `Retry-After` counts when it is longer.
    pub fn after(before: Option<Self>, retry_after: Option<u64>, now: &Now) -> Self {
        let failures = before.map_or(0, |rest| rest.failures).saturating_add(1);
        let ceiling = doubled(FIRST_REST, failures.saturating_sub(1)).min(LONGEST_REST);
        let own = (now.random % (ceiling + 1)).max(GAP);
        let ordered = retry_after.map(|wait| wait.min(LONGEST_ORDER) + now.random % FIRST_REST);
        Self {
            failures,
            since: Moment::of(now),
            length: own.max(ordered.unwrap_or(0)),
            ordered: ordered.is_some_and(|wait| wait > own),
        }
    }

    /// Ends it early, unless the server asked for it. The failures stay counted.
    pub fn wake(&mut self) {
        if !self.ordered {
            self.length = 0;
        }
    }

    /// How many failures in a row led to it.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// How much of it is left.
    pub fn left(&self, now: &Now) -> u64 {
        self.since.left(now, self.length)
    }
}
