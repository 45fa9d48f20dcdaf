//! The throttle: how often somebody may try to sign in or to register.
//!
//! Attempts are counted for an account and a network together, so that nobody can lock a person out from
//! somewhere else; and for a network alone, so that one password can't be tried on every account. Every
//! attempt counts, before its password is looked at: attempts sent at once get no more tries than others.
//!
//! Nothing bounds the guesses at one account from all networks together: whoever has thousands of networks could
//! otherwise lock its owner out. Against him stands that no password is easy to guess (`password`).

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::device::Network;
use crate::email::counted_as;

/// So many attempts at once, and from then on one in each period.
pub(crate) struct Allowance {
    pub at_once: NonZero<u32>,
    pub then_one_in: Duration,
}

/// For one account from one network: 2,900 guesses a day.
const ACCOUNT: Allowance = Allowance { at_once: count(20), then_one_in: Duration::from_secs(30) };

/// For one network, which may be a whole office behind one address.
const NETWORK: Allowance = Allowance { at_once: count(100), then_one_in: Duration::from_secs(2) };

/// For one network that makes accounts. Registering tells whether an address has one, so this slows whoever
/// wants to know it of many.
const REGISTRATIONS: Allowance = Allowance { at_once: count(20), then_one_in: Duration::from_secs(60) };

/// After so many attempts, whoever has all his tries again is forgotten.
pub(crate) const SWEEP_EVERY: u32 = 1024;

pub(crate) const fn count(n: u32) -> NonZero<u32> {
    match NonZero::new(n) {
        Some(n) => n,
        None => NonZero::<u32>::MIN,
    }
}

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next may come in {retry_after:?}")]
pub struct TooMany {
    /// When the next attempt will be looked at.
    pub retry_after: Duration,
}

pub(crate) type Limiter<K, C> =
    RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts attempts. Kept in memory: a restart gives everybody all his tries again.
pub struct Throttle<C: Clock = MonotonicClock> {
    clock: C,
    /// By a keyed hash of the address: what is kept of an attempt has one size, however long the address.
    accounts: Limiter<(u64, Network), C>,
    hash: RandomState,
    networks: Limiter<Network, C>,
    registrations: Limiter<Network, C>,
    attempts: AtomicU32,
}

impl<C: Clock> fmt::Debug for Throttle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").finish_non_exhaustive()
    }
}

impl Default for Throttle {
    /// By the system's monotonic clock: one that is set back would make people wait.
    fn default() -> Self {
        Self::new(MonotonicClock)
    }
}

impl<C: Clock + Clone> Throttle<C> {
    /// Everybody has all his tries.
    pub fn new(clock: C) -> Self {
        Self {
            accounts: limiter(&ACCOUNT, &clock),
            hash: RandomState::new(),
            networks: limiter(&NETWORK, &clock),
            registrations: limiter(&REGISTRATIONS, &clock),
            attempts: AtomicU32::new(0),
            clock,
        }
    }

    /// Counts an attempt to sign in with this address, as it was typed, whether or not it has an account.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn sign_in(&self, email: &str, from: Network) -> Result<(), TooMany> {
        self.sweep_now_and_then();
        // The account first: who is held up there takes nothing from others in his network.
        self.count(&self.accounts, &(self.hash.hash_one(counted_as(email)), from))?;
        self.count(&self.networks, &from)
    }

    /// Counts an attempt to register.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn register(&self, from: Network) -> Result<(), TooMany> {
        self.sweep_now_and_then();
        self.count(&self.registrations, &from)
    }

    fn count<K: Clone + Eq + Hash>(&self, limiter: &Limiter<K, C>, key: &K) -> Result<(), TooMany> {
        limiter
            .check_key(key)
            .map_err(|until| TooMany { retry_after: until.wait_time_from(self.clock.now()) })
    }

    fn sweep_now_and_then(&self) {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.accounts.retain_recent();
            self.networks.retain_recent();
            self.registrations.retain_recent();
        }
    }
}

pub(crate) fn limiter<K: Clone + Eq + Hash, C: Clock + Clone>(
    allowance: &Allowance,
    clock: &C,
) -> Limiter<K, C> {
    let Allowance { at_once, then_one_in } = allowance;
    // `with_period` refuses zero alone.
    let quota = Quota::with_period(*then_one_in).unwrap_or(Quota::per_minute(*at_once)).allow_burst(*at_once);
    RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
}

#[cfg(test)]
mod tests;
