//! Ending sessions: in the database, and on the revocation set.
//!
//! The two belong together, but a caller may go away between them: a client that hangs up takes its handler
//! along, while the database still commits. So each ending runs in a task of its own, and the caller only
//! waits for it. What escapes even that, a commit whose result is unknown, is read from the database afterwards.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::revocation::RevocationSet;
use crate::store::{
    EndReason, Ended, Guard, NewSession, PasswordChange, RaisedVersion, Revocation, SessionId, Store,
    StoreError, UserId,
};
use crate::time::{Clock, Timestamp};

/// So long after an ending failed the database is asked what came of it, and as long after each failure to ask.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A statement whose caller lost it may commit until then; the stores give up on one sooner.
const LATEST_COMMIT: Duration = Duration::from_secs(10);

/// Ends sessions. Clones share the set.
#[derive(Clone)]
pub(super) struct Ends {
    store: Arc<dyn Store>,
    clock: Clock,
    revoked: Arc<RevocationSet>,
    /// Told when an ending failed; holds one such word, which is enough for any number.
    unsure: mpsc::Sender<()>,
}

impl Ends {
    /// Fills the revocation set from the database; entries are kept for `keep`.
    pub async fn load(store: Arc<dyn Store>, clock: Clock, keep: Duration) -> Result<Self, StoreError> {
        let revoked = RevocationSet::new(keep);
        revoked.add(store.revocations(keep).await?, clock.now());
        let (unsure, told) = mpsc::channel(1);
        let ends = Self { store, clock, revoked: Arc::new(revoked), unsure };
        tokio::spawn(catch_up(Arc::clone(&ends.store), ends.clock.clone(), Arc::clone(&ends.revoked), told));
        Ok(ends)
    }

    /// Does the work whether or not the caller waits for it, and afterwards finds out what a failed one has done.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let unsure = self.unsure.clone();
        let done = tokio::spawn(async move {
            let done = work.await;
            if done.is_err() {
                // Full is as good: the word that waits there is for this ending too.
                let _ = unsure.try_send(());
            }
            done
        });
        let interrupted = |_| Err(StoreError::Unavailable("the runtime is stopping".to_owned()));
        done.await.unwrap_or_else(interrupted)
    }

    pub fn revoked(&self) -> &RevocationSet {
        &self.revoked
    }

    /// Ends sessions, live or not: one that an unknown commit ended before is put on the set now.
    pub async fn end(&self, sids: &[SessionId], reason: EndReason) -> Result<(), StoreError> {
        let (ends, sids) = (self.clone(), sids.to_vec());
        self.to_the_end(async move {
            ends.store.end_sessions(&sids, reason).await?;
            ends.revoke(&sids, reason);
            Ok(())
        })
        .await
    }

    /// Ends a session if it is still as seen; whether it did.
    pub async fn end_if_seen(&self, seen: Guard, reason: EndReason) -> Result<bool, StoreError> {
        let ends = self.clone();
        self.to_the_end(async move {
            let ended = ends.store.end_if_seen(seen, reason).await?;
            if ended {
                ends.revoke(&[seen.sid], reason);
            }
            Ok(ended)
        })
        .await
    }

    /// Makes a session in place of others; `None` when its user was disabled or changed.
    pub async fn replace(
        &self,
        session: NewSession,
        displaced: &[SessionId],
    ) -> Result<Option<Timestamp>, StoreError> {
        let (ends, displaced) = (self.clone(), displaced.to_vec());
        self.to_the_end(async move {
            let created = ends.store.create_session(&session, &displaced).await?;
            if created.is_some() {
                ends.revoke(&displaced, EndReason::Replaced);
            }
            Ok(created)
        })
        .await
    }

    /// Ends all of a user's sessions but one; returns what was live until now.
    pub async fn end_others(&self, user: UserId, keep: SessionId) -> Result<Vec<SessionId>, StoreError> {
        let (ends, reason) = (self.clone(), EndReason::EndedElsewhere);
        self.to_the_end(async move {
            let ended = ends.store.end_other_sessions(user, keep, reason).await?;
            ends.revoke(&ended, reason);
            Ok(ended)
        })
        .await
    }

    /// Signs a user out everywhere; returns what was live until now, `None` when there is no such user.
    pub async fn end_all(
        &self,
        user: UserId,
        reason: EndReason,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let ends = self.clone();
        self.to_the_end(async move {
            let raised = ends.store.end_all_sessions(user, reason).await?;
            Ok(raised.map(|raised| ends.revoke_all(user, raised, reason)))
        })
        .await
    }

    /// Closes an account; returns what was live until now, `None` when there is no such user.
    pub async fn disable(&self, user: UserId) -> Result<Option<Vec<SessionId>>, StoreError> {
        let (ends, reason) = (self.clone(), EndReason::AccountDisabled);
        self.to_the_end(async move {
            // One that was closed already, perhaps by a commit whose result we never learnt, is left once
            // more: only so is it sure to be on the set.
            let raised = match ends.store.disable_user(user).await? {
                Some(raised) => Some(raised),
                None => ends.store.end_all_sessions(user, reason).await?,
            };
            Ok(raised.map(|raised| ends.revoke_all(user, raised, reason)))
        })
        .await
    }

    /// Changes a password; returns the sessions that this ended, `None` when something is no longer as seen.
    pub async fn change_password(
        &self,
        change: PasswordChange,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let ends = self.clone();
        self.to_the_end(async move {
            let raised = ends.store.change_password(&change).await?;
            // One by one: the kept session's access tokens are of the old version too.
            if let Some(raised) = &raised {
                ends.revoke(&raised.ended, EndReason::PasswordChanged);
            }
            Ok(raised.map(|raised| raised.ended))
        })
        .await
    }

    /// A row shows that its session was ended.
    pub fn saw(&self, sid: SessionId, ended: Ended) {
        let Ended { at, reason } = ended;
        self.revoked.add([Revocation::Session { sid, at, reason }], self.clock.now());
    }

    /// By version, which covers what is being signed right now, and one by one, so that each knows why.
    fn revoke_all(&self, user: UserId, raised: RaisedVersion, reason: EndReason) -> Vec<SessionId> {
        let now = self.clock.now();
        self.revoked.add([Revocation::User { id: user, version: raised.version, at: now }], now);
        self.revoke(&raised.ended, reason);
        raised.ended
    }

    fn revoke(&self, sids: &[SessionId], reason: EndReason) {
        let now = self.clock.now();
        self.revoked.add(sids.iter().map(|&sid| Revocation::Session { sid, at: now, reason }), now);
    }
}

/// Puts on the set what endings that failed have ended all the same. Ends when nobody can end anything any more.
async fn catch_up(
    store: Arc<dyn Store>,
    clock: Clock,
    revoked: Arc<RevocationSet>,
    mut told: mpsc::Receiver<()>,
) {
    while told.recv().await.is_some() {
        // Once as soon as the database answers, and once when the last lost statement must be done.
        for wait in [ASK_AGAIN, LATEST_COMMIT] {
            sleep(wait).await;
            while !told.is_closed() {
                match store.revocations(revoked.keep()).await {
                    Ok(revocations) => {
                        revoked.add(revocations, clock.now());
                        break;
                    }
                    Err(error) => tracing::warn!(%error, "not known yet what a failed ending has ended"),
                }
                sleep(ASK_AGAIN).await;
            }
        }
    }
}
