//! A real store, and in front of it a gate for reads, a line for what ends sessions, and perhaps one bug. For
//! `planted` and `races`; what is wrong with a bug's statements is in `wrong`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::audit::{By, Event, NewEntry};
use lanyard_auth::device::Device;
use lanyard_auth::idempotency::{IdempotencyRecord, KeyHash};
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::Salt;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, CreateUserError, Credentials, EndReason, Guard, NewSession, NewUser, PasswordChange,
    RaisedVersion, Revocation, RoleChange, Rotation, Seen, Session, SessionId, Store, StoreError, User,
    UserId,
};
use lanyard_auth::time::Timestamp;

use super::bug::Bug;
use super::gate::Gate;
use super::wrong;
use crate::database::Database;
use crate::races::line::Line;

/// The real store, perhaps with one bug.
pub struct Planted<D> {
    pub(super) real: Arc<dyn Store>,
    pub(super) db: Arc<D>,
    bug: Option<Bug>,
    gate: Gate,
    line: Line,
    /// The salts of the rotations that this node wrote, for [`Bug::WindowInMemory`].
    pub(super) salts: Mutex<HashMap<SessionId, Salt>>,
}

impl<D: Database> Planted<D> {
    /// Plants `bug`, if any, before `real`, which is a store on `db`; its reads pass the gate, and what ends
    /// sessions crosses the line.
    pub fn new(real: Arc<dyn Store>, db: Arc<D>, bug: Option<Bug>, gate: Gate, line: Line) -> Self {
        Self { real, db, bug, gate, line, salts: Mutex::default() }
    }
}

#[async_trait]
impl<D: Database> Store for Planted<D> {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.real.now().await
    }

    async fn writable(&self) -> Result<(), StoreError> {
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
        match self.bug {
            Some(Bug::SignInUnasked) => self.sign_in_unasked(session).await,
            _ => self.real.create_session(session, displaced).await,
        }
    }

    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError> {
        let seen = self.real.session(sid).await;
        // After a failed read too: the others wait for all.
        self.gate.pass().await;
        Ok(seen?.map(|Seen { row, now }| match self.bug {
            Some(Bug::WholeSeconds) => Seen {
                row: Session { rotated_at: wrong::whole_seconds(row.rotated_at), ..row },
                now: wrong::whole_seconds(now),
            },
            Some(Bug::WindowInMemory) => Seen { row: self.remembered(row), now },
            Some(Bug::EndOverlooked) => Seen { row: wrong::never_ended(row), now },
            _ => Seen { row, now },
        }))
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        match self.bug {
            Some(Bug::ReadThenWrite) => self.read_then_write(rotation).await,
            Some(Bug::AnswerBeforeCommit) => self.answer_before_commit(rotation).await,
            Some(Bug::RotatesWhatWasEnded | Bug::EndOverlooked) => self.rotate_what_was_ended(rotation).await,
            Some(Bug::WindowInMemory) => {
                let written = self.real.rotate(rotation).await?;
                written.inspect(|_| self.remember(rotation));
                Ok(written)
            }
            _ => self.real.rotate(rotation).await,
        }
    }

    async fn confirm(&self, sid: SessionId, generation: u32, settle: Duration) -> Result<bool, StoreError> {
        match self.bug {
            Some(Bug::LateConfirmation) => match self.real.session(sid).await? {
                Some(seen) => self.real.confirm(sid, seen.row.generation, settle).await,
                None => Ok(false),
            },
            Some(Bug::EarlyConfirmation) => self.real.confirm(sid, generation, Duration::ZERO).await,
            _ => self.real.confirm(sid, generation, settle).await,
        }
    }

    async fn end_if_seen(&self, seen: Guard, reason: EndReason, device: &Device) -> Result<bool, StoreError> {
        let end = async {
            match self.bug {
                Some(Bug::ReuseRolledBack) => Ok(self.as_seen(seen).await?.is_some()),
                _ => self.real.end_if_seen(seen, reason, device).await,
            }
        };
        self.line.end(end).await
    }

    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.line.end(self.real.end_sessions(sids, reason, by)).await
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
        let ended = self.line.end(self.real.end_other_sessions(user, keep, reason, by)).await?;
        Ok(if self.bug == Some(Bug::OthersUntold) { Vec::new() } else { ended })
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
        let end = async {
            match self.bug {
                Some(Bug::KickOutOfUsersAlone) => self.kick_out_of_users_alone(user).await,
                _ => self.real.end_all_sessions(user, reason, by).await,
            }
        };
        self.line.end(end).await
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError> {
        let end = async {
            match self.bug {
                Some(Bug::PasswordChangeCrossed) => self.change_password_crossed(change).await,
                _ => self.real.change_password(change).await,
            }
        };
        self.line.end(end).await
    }

    async fn idempotency_record(&self, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.real.idempotency_record(id).await
    }

    async fn remove_idempotency_records(&self, batch: u32) -> Result<u32, StoreError> {
        self.real.remove_idempotency_records(batch).await
    }

    async fn disable_user(&self, user: UserId, by: &By) -> Result<Closing, StoreError> {
        self.line.end(self.real.disable_user(user, by)).await
    }

    async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        self.real.set_role(user, role, by).await
    }

    async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError> {
        self.real.enable_user(user, by).await
    }

    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        match self.bug {
            Some(Bug::UnusedRemoved) => self.remove_unused(keep, batch).await,
            Some(Bug::RemovalKeepsLock) => self.remove_and_keep_lock(keep, batch).await,
            _ => self.real.remove_expired(keep, batch).await,
        }
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
        let mut revocations = self.real.revocations(window, most).await?;
        if self.bug == Some(Bug::EndedForgotten) {
            revocations.retain(|revocation| matches!(revocation, Revocation::User { .. }));
        }
        Ok(revocations)
    }
}
