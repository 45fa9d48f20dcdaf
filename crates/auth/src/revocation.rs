//! The revocation set: whose access tokens are refused although they have not expired.
//!
//! It is consulted on every call and lives in memory, so that a call costs no look at the database. An entry
//! is needed only until the last access token that it concerns has expired. `service` fills it from the database at
//! start, by what this node ends itself, and by what it finds ended by others.
//!
//! It is bounded. A set that had to leave something out says of whoever is not on it that it does not know, until what
//! it left out has expired; the caller then asks the database.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::access::Claims;
use crate::store::{EndReason, Revocation, SessionId, UserId};
use crate::time::Timestamp;

/// Sweeping a full set is not worth its while more often than so many times in the life of an entry.
const SWEEPS: u32 = 64;

/// The set. Shared by every request.
#[derive(Debug)]
pub struct RevocationSet {
    keep: Duration,
    capacity: usize,
    entries: RwLock<Entries>,
}

#[derive(Debug)]
struct Entries {
    /// Why each ended session was ended, and until when it is remembered.
    sessions: HashMap<SessionId, (EndReason, Timestamp)>,
    /// The oldest good versions of a user, and until when they are remembered.
    users: HashMap<UserId, (Floor, Timestamp)>,
    /// Entries are swept out when the set has grown to this size.
    sweep_at: usize,
    /// When they were swept out last.
    swept_at: Timestamp,
    /// Until then something may be missing.
    complete_from: Timestamp,
}

/// The oldest good versions of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Floor {
    version: u32,
    authz: u32,
}

/// What the set says of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that it concerns was revoked.
    Good,
    /// Its session was ended, or its user's version rose.
    Revoked(EndReason),
    /// What its user may do has changed: it is to be renewed.
    Outdated,
    /// The set was full, so that only the database can tell.
    Unknown,
}

impl RevocationSet {
    /// A set that remembers up to `capacity` entries for `keep`: one access-token lifetime and the time for which a
    /// renewal may still sign after it has read its row.
    pub fn new(keep: Duration, capacity: usize) -> Self {
        let never = Timestamp(i64::MIN);
        let entries = Entries {
            sessions: HashMap::new(),
            users: HashMap::new(),
            sweep_at: 0,
            swept_at: never,
            complete_from: never,
        };
        Self { keep, capacity, entries: RwLock::new(entries) }
    }

    /// For how long an entry is needed.
    pub fn keep(&self) -> Duration {
        self.keep
    }

    /// Adds entries; what is too old to matter is left out.
    pub fn add(&self, revocations: impl IntoIterator<Item = Revocation>, now: Timestamp) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for revocation in revocations {
            let until = revocation.at().after(self.keep);
            if until <= now {
                continue;
            }
            if entries.len() >= entries.sweep_at.min(self.capacity) {
                entries.sweep(self.keep / SWEEPS, now);
            }
            if entries.len() < self.capacity || entries.has(&revocation) {
                entries.put(revocation, until);
            } else {
                entries.complete_from = until.max(entries.complete_from);
            }
        }
        metrics::gauge!("lanyard_revocations").set(gauge(entries.len()));
    }

    /// More was revoked than anybody could tell: until `now` is as long ago as an entry is needed, the set does not know.
    pub fn overflow(&self, now: Timestamp) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.complete_from = now.after(self.keep).max(entries.complete_from);
    }

    /// What is known of a token with these claims.
    pub fn judge(&self, claims: &Claims, now: Timestamp) -> Verdict {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((reason, _)) = entries.sessions.get(&claims.sid) {
            return Verdict::Revoked(*reason);
        }
        if let Some((floor, _)) = entries.users.get(&claims.sub) {
            if claims.ver < floor.version {
                return Verdict::Revoked(EndReason::KickedOut);
            }
            if claims.azv < floor.authz {
                return Verdict::Outdated;
            }
        }
        if now < entries.complete_from { Verdict::Unknown } else { Verdict::Good }
    }
}

impl Entries {
    fn len(&self) -> usize {
        self.sessions.len() + self.users.len()
    }

    fn has(&self, revocation: &Revocation) -> bool {
        match revocation {
            Revocation::Session { sid, .. } => self.sessions.contains_key(sid),
            Revocation::User { id, .. } | Revocation::Authz { id, .. } => self.users.contains_key(id),
        }
    }

    fn put(&mut self, revocation: Revocation, until: Timestamp) {
        match revocation {
            Revocation::Session { sid, reason, .. } => {
                let entry = self.sessions.entry(sid).or_insert((reason, until));
                entry.1 = until.max(entry.1);
            }
            Revocation::User { id, version, .. } => {
                self.raise(id, Floor { version, ..Floor::default() }, until);
            }
            Revocation::Authz { id, version, .. } => {
                self.raise(id, Floor { authz: version, ..Floor::default() }, until);
            }
        }
    }

    fn raise(&mut self, user: UserId, floor: Floor, until: Timestamp) {
        let (held, held_until) = self.users.entry(user).or_insert((floor, until));
        held.version = held.version.max(floor.version);
        held.authz = held.authz.max(floor.authz);
        *held_until = until.max(*held_until);
    }

    /// Drops what is not needed any more, unless that was done a short while ago.
    fn sweep(&mut self, pause: Duration, now: Timestamp) {
        // Before it: the clock was set back.
        if self.swept_at <= now && now < self.swept_at.after(pause) {
            return;
        }
        self.sessions.retain(|_, (_, until)| *until > now);
        self.users.retain(|_, (_, until)| *until > now);
        self.swept_at = now;
        // Twice what is left, so that sweeping costs a constant share of adding.
        self.sweep_at = 2 * self.len() + 64;
    }
}

#[allow(clippy::cast_precision_loss, reason = "a figure for a chart")]
fn gauge(entries: usize) -> f64 {
    entries as f64
}

#[cfg(test)]
mod tests;
