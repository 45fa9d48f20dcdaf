//! Ending sessions: in the database, and on the revocation set.
//!
//! The two belong together, but a caller may go away between them: a client that hangs up takes its handler
//! along, while the database still commits. So each ending runs in a task of its own, and the caller only
//! waits for it. What escapes even that, a commit whose result is unknown, is found by `in_step`, like what other
//! nodes end.

use std::sync::Arc;
use std::time::Duration;

use super::in_step;
use crate::access::{AccessError, Claims};
use crate::audit::By;
use crate::device::Device;
use crate::revocation::{RevocationSet, Verdict};
use crate::scope::Role;
use crate::store::{
    Closing, EndReason, Ended, Guard, NewSession, PasswordChange, RaisedVersion, Revocation, RoleChange,
    SessionId, Store, StoreError, UserId,
};
use crate::tasks::{Task, Tasks};
use crate::time::{Clock, Timestamp};

/// How ended sessions' access tokens are refused before they expire.
#[derive(Clone, Copy, Debug)]
pub struct Immediate {
    /// How many ends are kept in memory; beyond these the database is asked at each call.
    pub capacity: usize,
    /// How often the database is asked what others have ended.
    pub poll: Duration,
}

impl Default for Immediate {
    /// A million ends, and a second.
    fn default() -> Self {
        Self { capacity: 1_000_000, poll: Duration::from_secs(1) }
    }
}

/// What became of the closing of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disabled {
    /// It is closed; these sessions were live until now.
    Closed(Vec<SessionId>),
    /// It is the last administrator's, and stays open.
    LastAdmin,
    /// There is no such user.
    NoUser,
}

/// Ends sessions. Clones share the set.
#[derive(Clone)]
pub(super) struct Ends {
    store: Arc<dyn Store>,
    clock: Clock,
    /// None where access tokens run to their expiry.
    set: Option<Shared>,
}

/// The set, and what keeps it in step with the database for as long as somebody uses it.
#[derive(Clone)]
struct Shared {
    revoked: Arc<RevocationSet>,
    _in_step: Arc<Task>,
}

impl Ends {
    /// Fills the revocation set from the database, if there is to be one; entries are kept for `keep`.
    pub async fn load(
        store: Arc<dyn Store>,
        clock: Clock,
        keep: Duration,
        immediate: Option<Immediate>,
        tasks: &Tasks,
    ) -> Result<Self, StoreError> {
        metrics::describe_gauge!("lanyard_revocations", "ends that are kept in memory");
        metrics::describe_counter!(
            "lanyard_revocation_lookups_total",
            "calls for which the database was asked"
        );
        // So that it is there before it is needed.
        metrics::counter!("lanyard_revocation_lookups_total").increment(0);
        let mut set = None;
        if let Some(Immediate { capacity, poll }) = immediate {
            let revoked = Arc::new(RevocationSet::new(keep, capacity));
            let in_step = in_step::start(&store, &clock, &revoked, poll, tasks).await?;
            set = Some(Shared { revoked, _in_step: Arc::new(in_step) });
        }
        Ok(Self { store, clock, set })
    }

    /// Refuses an access token with these claims if something that it concerns was revoked.
    pub async fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), AccessError> {
        let Some(set) = &self.set else { return Ok(()) };
        match set.revoked.judge(claims, now) {
            Verdict::Good => Ok(()),
            Verdict::Revoked(reason) => Err(AccessError::Revoked(reason)),
            // A renewal helps.
            Verdict::Outdated => Err(AccessError::Expired),
            Verdict::Unknown => self.ask_database(claims).await,
        }
    }

    async fn ask_database(&self, claims: &Claims) -> Result<(), AccessError> {
        metrics::counter!("lanyard_revocation_lookups_total").increment(1);
        match self.store.session(claims.sid).await {
            Ok(Some(seen)) => match seen.row.why_over() {
                Some(reason) => Err(AccessError::Revoked(reason)),
                None if claims.azv < seen.row.user.authz_version => Err(AccessError::Expired),
                None => Ok(()),
            },
            // A row outlives every access token of its session.
            Ok(None) => Err(AccessError::Invalid),
            Err(_) => Err(AccessError::Unavailable),
        }
    }

    /// Does the work whether or not the caller waits for it.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let interrupted = |_| Err(StoreError::Unavailable("it was interrupted".to_owned()));
        tokio::spawn(work).await.unwrap_or_else(interrupted)
    }

    /// Ends sessions, live or not: one that an unknown commit ended before is put on the set now.
    pub async fn end(&self, sids: &[SessionId], reason: EndReason, by: &By) -> Result<(), StoreError> {
        let (ends, sids, by) = (self.clone(), sids.to_vec(), by.clone());
        self.to_the_end(async move {
            ends.store.end_sessions(&sids, reason, &by).await?;
            ends.revoke(&sids, reason);
            Ok(())
        })
        .await
    }

    /// Ends a session if it is still as seen; whether it did.
    pub async fn end_if_seen(
        &self,
        seen: Guard,
        reason: EndReason,
        device: &Device,
    ) -> Result<bool, StoreError> {
        let (ends, device) = (self.clone(), device.clone());
        self.to_the_end(async move {
            let ended = ends.store.end_if_seen(seen, reason, &device).await?;
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
    pub async fn end_others(
        &self,
        user: UserId,
        keep: SessionId,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        let (ends, reason, by) = (self.clone(), EndReason::EndedElsewhere, by.clone());
        self.to_the_end(async move {
            let ended = ends.store.end_other_sessions(user, keep, reason, &by).await?;
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
        by: &By,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let (ends, by) = (self.clone(), by.clone());
        self.to_the_end(async move {
            let raised = ends.store.end_all_sessions(user, reason, &by).await?;
            Ok(raised.map(|raised| ends.revoke_all(user, raised, reason)))
        })
        .await
    }

    /// Gives a user another role. Nobody is signed out: his access tokens are to be renewed, and then say it.
    pub async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        let (ends, by) = (self.clone(), by.clone());
        self.to_the_end(async move {
            let change = ends.store.set_role(user, role, &by).await?;
            if let RoleChange::Changed(user) | RoleChange::Same(user) = &change {
                let at = ends.clock.now();
                ends.add([Revocation::Authz { id: user.id, version: user.authz_version, at }]);
            }
            Ok(change)
        })
        .await
    }

    /// Closes an account.
    pub async fn disable(&self, user: UserId, by: &By) -> Result<Disabled, StoreError> {
        let (ends, reason, by) = (self.clone(), EndReason::AccountDisabled, by.clone());
        self.to_the_end(async move {
            // One that was closed already, perhaps by a commit whose result we never learnt, is left once
            // more: only so is it sure to be on the set.
            let raised = match ends.store.disable_user(user, &by).await? {
                Closing::Closed(raised) => Some(raised),
                Closing::NotOpen => ends.store.end_all_sessions(user, reason, &by).await?,
                Closing::LastAdmin => return Ok(Disabled::LastAdmin),
            };
            Ok(raised
                .map_or(Disabled::NoUser, |raised| Disabled::Closed(ends.revoke_all(user, raised, reason))))
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
        // Not when it was ended, which is by the database's clock; and later does no harm.
        self.revoke(&[sid], ended.reason);
    }

    /// One by one, so that each knows why, and by version, which covers what is being signed right now.
    fn revoke_all(&self, user: UserId, raised: RaisedVersion, reason: EndReason) -> Vec<SessionId> {
        let at = self.clock.now();
        let sessions = raised.ended.iter().map(|&sid| Revocation::Session { sid, at, reason });
        self.add(sessions.chain([Revocation::User { id: user, version: raised.version, at }]));
        raised.ended
    }

    fn revoke(&self, sids: &[SessionId], reason: EndReason) {
        let at = self.clock.now();
        self.add(sids.iter().map(|&sid| Revocation::Session { sid, at, reason }));
    }

    fn add(&self, revocations: impl IntoIterator<Item = Revocation>) {
        if let Some(set) = &self.set {
            set.revoked.add(revocations, self.clock.now());
        }
    }
}
