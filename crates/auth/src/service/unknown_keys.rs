//! Tokens made with a key that this node doesn't have: another node's, one that was lost or replaced, or somebody's
//! invention. An access token is renewed, as any that is not valid.
//!
//! Of a refresh token nothing can be said by its tag, so the database decides. The session that such a token names is there: the
//! key may be another node's, and trying again is right. It isn't: nobody can honour the token any more. And whoever
//! shows the very secret that the database keeps a hash of holds the session, whatever the tag says.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::records::Records;
use crate::refresh::{KeyId, RefreshToken, UnknownKey};
use crate::store::{Session, SessionId, StoreError};

use super::renew::still_live;
use super::{RefreshError, Service, Unavailable};

/// So many key ids are told of, one by one. Anybody can send any.
const MOST_TOLD: usize = 16;

/// So many sessions are looked up for one request at most. Browsers hold one, or a few with planted ones.
const MOST_LOOKED_UP: usize = 4;

/// So many of the newest sessions are looked at when a server starts: pages, and sessions on each.
const PAGES: usize = 5;
const PAGE: u32 = 200;

const COUNTER: &str = "lanyard_unknown_key_tokens_total";

/// Which unknown keys the log has been told of.
#[derive(Debug)]
pub(super) struct UnknownKeys {
    master: Mutex<BTreeSet<KeyId>>,
    signing: Mutex<BTreeSet<String>>,
}

impl UnknownKeys {
    pub fn new() -> Self {
        metrics::describe_counter!(COUNTER, "refresh tokens of a master key that is not here");
        metrics::counter!(COUNTER).increment(0);
        Self { master: Mutex::default(), signing: Mutex::default() }
    }

    /// Counts a refresh token, and tells the log of its key, once.
    fn note(&self, kid: KeyId, ours: KeyId) {
        metrics::counter!(COUNTER).increment(1);
        if is_news(&self.master, kid) {
            tracing::warn!(
                %kid, %ours,
                "a refresh token was made with a master key that is not here: was master.keys lost or replaced, or does \
                 another server on this database have its own? Copy it from there, or these people sign in again"
            );
        }
    }

    /// Tells the log of an access token's key, once.
    pub fn note_signing(&self, kid: String) {
        if is_news(&self.signing, kid.clone()) {
            tracing::warn!(
                %kid,
                "an access token names a signing key that is not here. Browsers renew; but if the key was not replaced of \
                 late, another server on this database has its own: give all of them the same signing-*.pem"
            );
        }
    }
}

/// Whether the log is to be told of this key.
fn is_news<K: Ord>(told: &Mutex<BTreeSet<K>>, key: K) -> bool {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let is_news = told.len() < MOST_TOLD && told.insert(key);
    if is_news && told.len() == MOST_TOLD {
        tracing::warn!("so many unknown keys were shown that the log is not told of any more");
    }
    is_news
}

/// What a look at the newest live sessions has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeySample {
    /// So many were looked at.
    pub sessions: usize,
    /// So many of them were made with a master key that is not here.
    pub unreadable: usize,
}

impl Service {
    /// Whether a refresh token is one of ours, of any generation.
    ///
    /// # Errors
    /// [`UnknownKey`] when its key isn't here, so that nothing can be said.
    pub fn is_genuine(&self, token: &RefreshToken) -> Result<bool, UnknownKey> {
        let keys = &self.settings.keys;
        keys.is_genuine(token).inspect_err(|_| self.unknown_keys.note(token.kid, keys.current()))
    }

    /// The sessions that whoever shows these tokens holds, for ending them: of the genuine ones of any generation,
    /// and, where a token's key isn't here, of those whose secret is the session's current or previous one.
    ///
    /// # Errors
    /// [`StoreError`], when it takes a look at the database.
    pub async fn held(&self, tokens: &[RefreshToken]) -> Result<Vec<SessionId>, StoreError> {
        let (mut sids, mut unknown) = (Vec::new(), Vec::new());
        for token in tokens {
            match self.is_genuine(token) {
                Ok(true) if !sids.contains(&token.sid) => sids.push(token.sid),
                Ok(_) => {}
                Err(UnknownKey) => unknown.push(token),
            }
        }
        for sid in few(unknown.iter().map(|token| token.sid).filter(|sid| !sids.contains(sid))) {
            let Some(seen) = self.store.session(sid).await? else { continue };
            if unknown.iter().any(|token| token.sid == sid && has_secret_of(token, &seen.row)) {
                sids.push(sid);
            }
        }
        Ok(sids)
    }

    /// Whether the session of one of these tokens lives, whose keys are not here: then another node may have the key.
    ///
    /// # Errors
    /// [`Unavailable`] when the database can't be asked.
    pub async fn may_be_read_elsewhere(&self, tokens: &[&RefreshToken]) -> Result<bool, Unavailable> {
        for sid in few(tokens.iter().map(|token| token.sid)) {
            match self.live(sid).await {
                Ok(_) => return Ok(true),
                Err(RefreshError::Unavailable(error)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// Looks at the newest live sessions for those that were made with a master key that is not here, as they are
    /// when the key was lost, or when another node has its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sample_keys(&self, records: &dyn Records) -> Result<KeySample, StoreError> {
        let (mut sample, mut after) = (KeySample::default(), None);
        for _ in 0..PAGES {
            let seen = records.live_sessions(None, self.settings.limits.idle, after, PAGE).await?;
            let live = |session: &&Session| still_live(session, seen.now, &self.settings.limits).is_ok();
            for session in seen.row.rows.iter().filter(live) {
                sample.sessions += 1;
                sample.unreadable += usize::from(!self.settings.keys.has(session.kid));
            }
            after = seen.row.next;
            if after.is_none() {
                break;
            }
        }
        Ok(sample)
    }
}

/// Whether this token's secret is one that the session's owner holds now. Its number may be anybody's guess.
fn has_secret_of(token: &RefreshToken, session: &Session) -> bool {
    let hash = token.hash();
    hash == session.current || session.previous == Some(hash)
}

/// Each session once, and not too many of them.
fn few(sids: impl Iterator<Item = SessionId>) -> Vec<SessionId> {
    let mut few = Vec::new();
    for sid in sids {
        if few.len() < MOST_LOOKED_UP && !few.contains(&sid) {
            few.push(sid);
        }
    }
    few
}
