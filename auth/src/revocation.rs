//! The revocation set: whose access tokens are refused although they have not expired.
//!
//! It is consulted on every call and lives in memory, so that a call costs no look at the database. An entry
//! is needed only until the last access token that it concerns has expired. This is the one-node form: it is
//! filled from the database at start and by what this node ends itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::access::Claims;
use crate::store::{EndReason, Revocation, SessionId, UserId};
use crate::time::Timestamp;

/// The set. Shared by every request.
#[derive(Debug)]
pub struct RevocationSet {
    keep: Duration,
    entries: RwLock<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Why each ended session was ended, and until when it is remembered.
    sessions: HashMap<SessionId, (EndReason, Timestamp)>,
    /// The oldest good version of a user, and until when it is remembered.
    users: HashMap<UserId, (u32, Timestamp)>,
    /// Entries are swept out when the set has grown to this size.
    sweep_at: usize,
}

impl RevocationSet {
    /// A set that remembers for `keep`: one access-token lifetime and the time for which a renewal may still
    /// sign after it has read its row.
    pub fn new(keep: Duration) -> Self {
        Self { keep, entries: RwLock::default() }
    }

    /// For how long an entry is needed.
    pub fn keep(&self) -> Duration {
        self.keep
    }

    /// Adds entries; what is too old to matter is left out.
    pub fn add(&self, revocations: impl IntoIterator<Item = Revocation>, now: Timestamp) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for revocation in revocations {
            match revocation {
                Revocation::Session { sid, at, reason } => {
                    let entry = entries.sessions.entry(sid).or_insert((reason, at));
                    entry.1 = at.after(self.keep).max(entry.1);
                }
                Revocation::User { id, version, at } => {
                    let entry = entries.users.entry(id).or_insert((version, at));
                    *entry = (version.max(entry.0), at.after(self.keep).max(entry.1));
                }
            }
        }
        if entries.sessions.len() + entries.users.len() >= entries.sweep_at {
            sweep(&mut entries.sessions, |(_, until)| *until > now);
            sweep(&mut entries.users, |(_, until)| *until > now);
            // Twice what is left, so that sweeping costs a constant share of adding.
            entries.sweep_at = 2 * (entries.sessions.len() + entries.users.len()) + 64;
        }
    }

    /// Why a token with these claims is refused, if it is.
    pub fn why_refused(&self, claims: &Claims) -> Option<EndReason> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let ended = entries.sessions.get(&claims.sid).map(|(reason, _)| *reason);
        let outdated = || entries.users.get(&claims.sub).is_some_and(|(version, _)| claims.ver < *version);
        ended.or_else(|| outdated().then_some(EndReason::KickedOut))
    }
}

fn sweep<K: Eq + Hash, V>(map: &mut HashMap<K, V>, keep: impl Fn(&V) -> bool) {
    map.retain(|_, value| keep(value));
}

#[cfg(test)]
mod tests;
