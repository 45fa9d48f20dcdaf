//! A real store whose answers get lost: what it was asked to end is ended, and the caller is told that nobody
//! knows. That is what a connection that breaks during a commit looks like.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::audit::{By, Event, NewEntry};
use lanyard_auth::device::Device;
use lanyard_auth::idempotency::{IdempotencyRecord, KeyHash};
use lanyard_auth::password::PasswordHash;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, CreateUserError, Credentials, EndReason, Guard, NewSession, NewUser, PasswordChange,
    RaisedVersion, Revocation, RoleChange, Rotation, Seen, Session, SessionId, Store, StoreError, User,
    UserId,
};
use lanyard_auth::time::Timestamp;

/// Loses the answers of endings while it is told to, or answers no question at all.
pub struct LostAnswers {
    real: Arc<dyn Store>,
    losing: AtomicBool,
    away: AtomicBool,
    broken: AtomicBool,
}

impl LostAnswers {
    /// Before `real`, losing nothing yet.
    pub fn new(real: Arc<dyn Store>) -> Self {
        let no = || AtomicBool::new(false);
        Self { real, losing: no(), away: no(), broken: no() }
    }

    /// Whether answers get lost from now on.
    pub fn lose(&self, losing: bool) {
        self.losing.store(losing, Ordering::SeqCst);
    }

    /// Whether it answers no question about the time, a session, or what was ended.
    pub fn away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Whether it panics instead, and when it is to confirm something.
    pub fn broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    fn is_whole(&self) {
        assert!(!self.broken.load(Ordering::SeqCst), "a store that is broken");
    }

    fn is_there(&self) -> Result<(), StoreError> {
        self.is_whole();
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("away".to_owned()));
        }
        Ok(())
    }

    fn on_the_way<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if self.losing.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the answer was lost".to_owned()));
        }
        answer
    }
}

#[async_trait]
impl Store for LostAnswers {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.is_there()?;
        self.real.now().await
    }

    async fn writable(&self) -> Result<(), StoreError> {
        self.is_there()?;
        self.real.writable().await
    }

    async fn create_user(&self, user: &NewUser, by: &By) -> Result<User, CreateUserError> {
        self.real.create_user(user, by).await
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        self.real.credentials(email).await
    }

    async fn rehash_password(
        &self,
        user: UserId,
        seen: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.real.rehash_password(user, seen, new).await
    }

    async fn create_session(
        &self,
        session: &NewSession,
        displaced: &[SessionId],
    ) -> Result<Option<Timestamp>, StoreError> {
        self.on_the_way(self.real.create_session(session, displaced).await)
    }

    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError> {
        self.is_there()?;
        self.real.session(sid).await
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        self.real.rotate(rotation).await
    }

    async fn confirm(&self, sid: SessionId, generation: u32, settle: Duration) -> Result<bool, StoreError> {
        self.is_whole();
        self.real.confirm(sid, generation, settle).await
    }

    async fn end_if_seen(&self, seen: Guard, reason: EndReason, device: &Device) -> Result<bool, StoreError> {
        self.on_the_way(self.real.end_if_seen(seen, reason, device).await)
    }

    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.on_the_way(self.real.end_sessions(sids, reason, by).await)
    }

    async fn label_session(
        &self,
        user: UserId,
        sid: SessionId,
        label: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.real.label_session(user, sid, label).await
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.on_the_way(self.real.end_other_sessions(user, keep, reason, by).await)
    }

    async fn rename_user(&self, user: UserId, name: &str, by: &By) -> Result<Option<User>, StoreError> {
        self.real.rename_user(user, name, by).await
    }

    async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
        by: &By,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        self.on_the_way(self.real.end_all_sessions(user, reason, by).await)
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError> {
        self.on_the_way(self.real.change_password(change).await)
    }

    async fn idempotency_record(&self, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.real.idempotency_record(id).await
    }

    async fn remove_idempotency_records(&self, batch: u32) -> Result<u32, StoreError> {
        self.real.remove_idempotency_records(batch).await
    }

    async fn disable_user(&self, user: UserId, by: &By) -> Result<Closing, StoreError> {
        self.on_the_way(self.real.disable_user(user, by).await)
    }

    async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        self.real.set_role(user, role, by).await
    }

    async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError> {
        self.real.enable_user(user, by).await
    }

    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        self.real.remove_expired(keep, batch).await
    }

    async fn record(&self, entry: &NewEntry) -> Result<(), StoreError> {
        self.real.record(entry).await
    }

    async fn count_entries(
        &self,
        event: Event,
        user: Option<UserId>,
        window: Duration,
    ) -> Result<u32, StoreError> {
        self.real.count_entries(event, user, window).await
    }

    async fn remove_entries(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        self.real.remove_entries(keep, batch).await
    }

    async fn notices_seen(&self, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
        self.real.notices_seen(sid, up_to).await
    }

    async fn revocations(&self, window: Duration, most: u32) -> Result<Vec<Revocation>, StoreError> {
        self.is_there()?;
        self.real.revocations(window, most).await
    }
}
