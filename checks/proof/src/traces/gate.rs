//! A gate before a real store: the calls that the rotation is made of wait there until the replay lets them
//! through, so that whatever the model does between a look and a write happens between the real ones too.
//!
//! It is no mock: every call goes to the store behind it, but one whose connection is cut before.
//! Only `node` makes one.

use std::sync::Arc;
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
use tokio::sync::{mpsc, oneshot};

/// A call that waits at the gate.
#[derive(Clone, Debug)]
pub enum Call {
    /// A look at a session.
    Read,
    /// A rotation is to be written.
    Rotate(Box<Rotation>),
    /// A session is to be ended, as rules 5 and 6 do.
    End(Guard, EndReason),
    /// A confirmation is to be written.
    Confirm(SessionId, u32),
}

/// How a call goes on.
#[derive(Clone, Copy, Debug)]
pub enum Pass {
    /// As if there were no gate.
    Through,
    /// It is done, but the connection is cut before the store can say so.
    CutAfter,
    /// The connection is cut before it is done.
    CutBefore,
}

/// Somebody at the gate. Dropped, it is as if his server had died: nothing is done.
#[derive(Debug)]
pub struct Waiting {
    /// What he wants.
    pub call: Call,
    pass: oneshot::Sender<Pass>,
}

impl Waiting {
    /// Lets him go on.
    pub fn go(self, pass: Pass) {
        // He may have died since; then nobody goes on.
        let _ = self.pass.send(pass);
    }
}

/// The gate. Whoever comes is announced to the other end of the channel.
pub struct GatedStore {
    behind: Arc<dyn Store>,
    arrivals: mpsc::UnboundedSender<Waiting>,
}

impl GatedStore {
    /// A gate before this store, and where its arrivals are announced.
    pub fn new(behind: Arc<dyn Store>) -> (Self, mpsc::UnboundedReceiver<Waiting>) {
        let (arrivals, announced) = mpsc::unbounded_channel();
        (Self { behind, arrivals }, announced)
    }

    /// Waits at the gate, then does the work, or half of it.
    async fn at_gate<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let cut = || StoreError::Unavailable("the connection was cut".to_owned());
        let (pass, told) = oneshot::channel();
        self.arrivals.send(Waiting { call, pass }).map_err(|_| cut())?;
        match told.await.map_err(|_| cut())? {
            Pass::Through => work.await,
            Pass::CutAfter => work.await.and(Err(cut())),
            Pass::CutBefore => Err(cut()),
        }
    }
}

#[async_trait]
impl Store for GatedStore {
    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError> {
        self.at_gate(Call::Read, self.behind.session(sid)).await
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        self.at_gate(Call::Rotate(Box::new(rotation.clone())), self.behind.rotate(rotation)).await
    }

    async fn end_if_seen(&self, seen: Guard, reason: EndReason, device: &Device) -> Result<bool, StoreError> {
        self.at_gate(Call::End(seen, reason), self.behind.end_if_seen(seen, reason, device)).await
    }

    async fn confirm(&self, sid: SessionId, generation: u32, settle: Duration) -> Result<bool, StoreError> {
        self.at_gate(Call::Confirm(sid, generation), self.behind.confirm(sid, generation, settle)).await
    }

    // What the model does in one step passes freely.

    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.behind.now().await
    }

    async fn writable(&self) -> Result<(), StoreError> {
        self.behind.writable().await
    }

    async fn create_user(&self, user: &NewUser, by: &By) -> Result<User, CreateUserError> {
        self.behind.create_user(user, by).await
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        self.behind.credentials(email).await
    }

    async fn rehash_password(
        &self,
        user: UserId,
        seen: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.behind.rehash_password(user, seen, new).await
    }

    async fn create_session(
        &self,
        session: &NewSession,
        displaced: &[SessionId],
    ) -> Result<Option<Timestamp>, StoreError> {
        self.behind.create_session(session, displaced).await
    }

    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.behind.end_sessions(sids, reason, by).await
    }

    async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
        by: &By,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        self.behind.end_all_sessions(user, reason, by).await
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError> {
        self.behind.change_password(change).await
    }

    async fn idempotency_record(&self, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.behind.idempotency_record(id).await
    }

    async fn remove_idempotency_records(&self, batch: u32) -> Result<u32, StoreError> {
        self.behind.remove_idempotency_records(batch).await
    }

    async fn disable_user(&self, user: UserId, by: &By) -> Result<Closing, StoreError> {
        self.behind.disable_user(user, by).await
    }

    async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        self.behind.set_role(user, role, by).await
    }

    async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError> {
        self.behind.enable_user(user, by).await
    }

    async fn label_session(
        &self,
        user: UserId,
        sid: SessionId,
        label: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.behind.label_session(user, sid, label).await
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.behind.end_other_sessions(user, keep, reason, by).await
    }

    async fn rename_user(&self, user: UserId, name: &str, by: &By) -> Result<Option<User>, StoreError> {
        self.behind.rename_user(user, name, by).await
    }

    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        self.behind.remove_expired(keep, batch).await
    }

    async fn record(&self, entry: &NewEntry) -> Result<(), StoreError> {
        self.behind.record(entry).await
    }

    async fn count_entries(
        &self,
        event: Event,
        user: Option<UserId>,
        window: Duration,
    ) -> Result<u32, StoreError> {
        self.behind.count_entries(event, user, window).await
    }

    async fn remove_entries(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        self.behind.remove_entries(keep, batch).await
    }

    async fn notices_seen(&self, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
        self.behind.notices_seen(sid, up_to).await
    }

    async fn revocations(&self, window: Duration, most: u32) -> Result<Vec<Revocation>, StoreError> {
        self.behind.revocations(window, most).await
    }
}
