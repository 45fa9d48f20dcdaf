//! A real store, and in front of it what somebody might have written instead, or only a gate. For `planted`,
//! and the bursts of `races`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::Salt;
use lanyard_auth::store::{
    CreateUserError, Credentials, EndReason, Guard, NewSession, NewUser, PasswordChange, RaisedVersion,
    Revocation, Rotation, Seen, Session, SessionId, Store, StoreError, User, UserId,
};
use lanyard_auth::time::Timestamp;
use tokio::task::yield_now;

use super::checks::Check;
use super::gate::Gate;
use crate::database::Database;

/// What somebody might have got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The rotation reads the row, compares, and then writes without comparing.
    ReadThenWrite,
    /// The rotation's answer goes out, and the commit follows.
    AnswerBeforeCommit,
    /// The rotation asks only for the generation, not whether the session was ended.
    RotatesWhatWasEnded,
    /// The end of a session for theft is rolled back, because the answer is an error.
    ReuseRolledBack,
    /// Signing out everywhere raises the user's version and leaves the sessions alone.
    KickOutOfUsersAlone,
    /// A confirmation is written whatever generation it was for.
    LateConfirmation,
    /// A confirmation is written however young the generation is.
    EarlyConfirmation,
    /// Times are kept in whole seconds.
    WholeSeconds,
    /// What the retry window needs is kept in the memory of the node that rotated.
    WindowInMemory,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ReadThenWrite,
        Self::AnswerBeforeCommit,
        Self::RotatesWhatWasEnded,
        Self::ReuseRolledBack,
        Self::KickOutOfUsersAlone,
        Self::LateConfirmation,
        Self::EarlyConfirmation,
        Self::WholeSeconds,
        Self::WindowInMemory,
    ];

    /// For the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadThenWrite => "read, then write without the compare",
            Self::AnswerBeforeCommit => "answer before the commit",
            Self::RotatesWhatWasEnded => "a rotation that does not ask for the end",
            Self::ReuseRolledBack => "rollback because the reuse handler returned an error",
            Self::KickOutOfUsersAlone => "a kick-out that touches only users",
            Self::LateConfirmation => "a late confirmation of the wrong generation",
            Self::EarlyConfirmation => "confirmation before the settling time",
            Self::WholeSeconds => "whole-second times",
            Self::WindowInMemory => "the window kept in memory",
        }
    }

    /// What the check that is made for it says then.
    pub fn shows_as(self) -> &'static str {
        match self {
            Self::ReadThenWrite => "different successors",
            Self::AnswerBeforeCommit => "the refresh token is not known",
            Self::RotatesWhatWasEnded => "rotations were written after the end",
            Self::ReuseRolledBack | Self::KickOutOfUsersAlone => "the row says None",
            Self::LateConfirmation => "confirmed: true",
            Self::EarlyConfirmation => "confirmed before it had settled",
            Self::WholeSeconds => "no refresh token was handed out",
            Self::WindowInMemory => "does not match the stored hash",
        }
    }

    /// The check that is made for it.
    pub fn seen_by(self) -> Check {
        match self {
            Self::ReadThenWrite => Check::Burst,
            Self::AnswerBeforeCommit => Check::Committed,
            Self::RotatesWhatWasEnded => Check::SignOut,
            Self::ReuseRolledBack => Check::Theft,
            Self::KickOutOfUsersAlone => Check::KickOut,
            Self::LateConfirmation | Self::EarlyConfirmation => Check::Confirmation,
            Self::WholeSeconds => Check::Retry,
            Self::WindowInMemory => Check::Elsewhere,
        }
    }
}

/// The real store, perhaps with one bug.
pub struct Planted<D> {
    real: Arc<dyn Store>,
    db: Arc<D>,
    bug: Option<Bug>,
    gate: Gate,
    /// The salts of the rotations that this node wrote, for [`Bug::WindowInMemory`].
    salts: Mutex<HashMap<SessionId, Salt>>,
}

impl<D: Database> Planted<D> {
    /// Plants `bug`, if any, before `real`, which is a store on `db`; its reads pass the gate.
    pub fn new(real: Arc<dyn Store>, db: Arc<D>, bug: Option<Bug>, gate: Gate) -> Self {
        Self { real, db, bug, gate, salts: Mutex::default() }
    }

    /// The row, if it is still as seen.
    async fn as_seen(&self, seen: Guard) -> Result<Option<Seen<Session>>, StoreError> {
        Ok(self.real.session(seen.sid).await?.filter(|now| guard(&now.row) == seen))
    }

    async fn read_then_write(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        if self.as_seen(rotation.seen).await?.is_none_or(|seen| seen.row.ended.is_some()) {
            return Ok(None);
        }
        yield_now().await;
        // Whatever the row is by now.
        while let Some(now) = self.real.session(rotation.seen.sid).await? {
            let blind = Rotation { seen: guard(&now.row), ..rotation.clone() };
            if now.row.ended.is_some() {
                break;
            }
            if let Some(written) = self.real.rotate(&blind).await? {
                return Ok(Some(written));
            }
        }
        Ok(None)
    }

    async fn answer_before_commit(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        let seen = self.as_seen(rotation.seen).await?;
        let (real, rotation) = (Arc::clone(&self.real), rotation.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            // Nobody is left to be told.
            let _ = real.rotate(&rotation).await;
        });
        Ok(seen.map(|seen| seen.now))
    }

    async fn rotate_what_was_ended(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        let Rotation { seen, presented, next, salt, kid, recoveries, .. } = rotation;
        let now = self.real.now().await?;
        let written = self.db.number(format!(
            "UPDATE sessions
             SET generation = generation + 1, previous_hash = {}, current_hash = {}, salt = {}, kid = {},
                 recoveries = {recoveries}, rotated_at = {now}, confirmed = FALSE
             WHERE sid = {} AND generation = {}
             RETURNING rotated_at",
            D::bytes(&presented.0),
            D::bytes(&next.0),
            D::bytes(&salt.0),
            kid.0,
            D::id(seen.sid.0),
            seen.generation,
            now = now.0,
        ));
        let written = written.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(written.map(Timestamp))
    }

    async fn kick_out_of_users_alone(&self, user: UserId) -> Result<Option<RaisedVersion>, StoreError> {
        let raised = self.db.number(format!(
            "UPDATE users SET version = version + 1, revoked_below = version + 1, revoked_at = {}
             WHERE id = {}
             RETURNING version",
            self.real.now().await?.0,
            D::id(user.0),
        ));
        let raised = raised.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let version = raised.and_then(|version| u32::try_from(version).ok());
        Ok(version.map(|version| RaisedVersion { version, ended: Vec::new() }))
    }

    /// As this node remembers it.
    fn remembered(&self, session: Session) -> Session {
        let salts = self.salts.lock().unwrap_or_else(PoisonError::into_inner);
        Session { salt: salts.get(&session.sid).copied(), ..session }
    }

    fn remember(&self, rotation: &Rotation) {
        let mut salts = self.salts.lock().unwrap_or_else(PoisonError::into_inner);
        salts.insert(rotation.seen.sid, rotation.salt);
    }
}

fn guard(row: &Session) -> Guard {
    Guard { sid: row.sid, generation: row.generation, confirmed: row.confirmed }
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds())
}

#[async_trait]
impl<D: Database> Store for Planted<D> {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.real.now().await
    }

    async fn create_user(&self, user: &NewUser) -> Result<User, CreateUserError> {
        self.real.create_user(user).await
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
        self.real.create_session(session, displaced).await
    }

    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError> {
        let seen = self.real.session(sid).await;
        // After a failed read too: the others wait for all.
        self.gate.pass().await;
        Ok(seen?.map(|Seen { row, now }| match self.bug {
            Some(Bug::WholeSeconds) => Seen {
                row: Session { rotated_at: whole_seconds(row.rotated_at), ..row },
                now: whole_seconds(now),
            },
            Some(Bug::WindowInMemory) => Seen { row: self.remembered(row), now },
            _ => Seen { row, now },
        }))
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        match self.bug {
            Some(Bug::ReadThenWrite) => self.read_then_write(rotation).await,
            Some(Bug::AnswerBeforeCommit) => self.answer_before_commit(rotation).await,
            Some(Bug::RotatesWhatWasEnded) => self.rotate_what_was_ended(rotation).await,
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

    async fn end_if_seen(&self, seen: Guard, reason: EndReason) -> Result<bool, StoreError> {
        match self.bug {
            Some(Bug::ReuseRolledBack) => Ok(self.as_seen(seen).await?.is_some()),
            _ => self.real.end_if_seen(seen, reason).await,
        }
    }

    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.real.end_sessions(sids, reason).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Seen<Vec<Session>>, StoreError> {
        self.real.sessions_of(user).await
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
    ) -> Result<Vec<SessionId>, StoreError> {
        self.real.end_other_sessions(user, keep, reason).await
    }

    async fn rename_user(&self, user: UserId, name: &str) -> Result<Option<User>, StoreError> {
        self.real.rename_user(user, name).await
    }

    async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        match self.bug {
            Some(Bug::KickOutOfUsersAlone) => self.kick_out_of_users_alone(user).await,
            _ => self.real.end_all_sessions(user, reason).await,
        }
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError> {
        self.real.change_password(change).await
    }

    async fn disable_user(&self, user: UserId) -> Result<Option<RaisedVersion>, StoreError> {
        self.real.disable_user(user).await
    }

    async fn enable_user(&self, user: UserId) -> Result<bool, StoreError> {
        self.real.enable_user(user).await
    }

    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        self.real.remove_expired(keep, batch).await
    }

    async fn revocations(&self, window: Duration) -> Result<Vec<Revocation>, StoreError> {
        self.real.revocations(window).await
    }
}
