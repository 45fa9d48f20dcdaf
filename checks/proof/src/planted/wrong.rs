//! What somebody might have written instead of a store's own statements. For `planted::store` alone.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::store::{
    EndReason, Guard, NewSession, PasswordChange, RaisedVersion, Rotation, Seen, Session, SessionId,
    StoreError, User, UserId,
};
use lanyard_auth::time::Timestamp;
use tokio::task::yield_now;

use super::store::Planted;
use crate::database::Database;

impl<D: Database> Planted<D> {
    /// The row, if it is still as seen.
    pub(super) async fn as_seen(&self, seen: Guard) -> Result<Option<Seen<Session>>, StoreError> {
        Ok(self.real.session(seen.sid).await?.filter(|now| guard(&now.row) == seen))
    }

    pub(super) async fn read_then_write(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
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

    pub(super) async fn answer_before_commit(
        &self,
        rotation: &Rotation,
    ) -> Result<Option<Timestamp>, StoreError> {
        let seen = self.as_seen(rotation.seen).await?;
        let (real, rotation) = (Arc::clone(&self.real), rotation.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            // Nobody is left to be told.
            let _ = real.rotate(&rotation).await;
        });
        Ok(seen.map(|seen| seen.now))
    }

    pub(super) async fn rotate_what_was_ended(
        &self,
        rotation: &Rotation,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Rotation { seen, presented, next, salt, kid, recoveries, .. } = rotation;
        let now = self.real.now().await?;
        let written = self.run(format!(
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
        Ok(written.await?.map(Timestamp))
    }

    pub(super) async fn kick_out_of_users_alone(
        &self,
        user: UserId,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        let raised = self.run(format!(
            "UPDATE users SET version = version + 1, revoked_below = version + 1, revoked_at = {}
             WHERE id = {}
             RETURNING version",
            self.real.now().await?.0,
            D::id(user.0),
        ));
        let version = raised.await?.and_then(|version| u32::try_from(version).ok());
        Ok(version.map(|version| RaisedVersion { version, ended: Vec::new() }))
    }

    pub(super) async fn change_password_crossed(
        &self,
        change: &PasswordChange,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        let PasswordChange { user, seen, new, keep, device, .. } = change;
        let sids = self
            .db
            .ids(format!("SELECT sid FROM sessions WHERE user_id = {} AND ended_at IS NULL", D::id(user.0),));
        let mut sessions = Vec::new();
        for sid in sids.await.map_err(unavailable)? {
            sessions.extend(self.real.session(SessionId(sid)).await?.map(|seen| seen.row));
        }
        let changed = self.real.rehash_password(*user, seen, new).await?;
        // Long enough for a renewal, short enough that nobody would have noticed.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let mut raised = RaisedVersion { version: 0, ended: Vec::new() };
        for other in sessions.iter().filter(|session| changed && session.sid != *keep) {
            if self.as_seen(guard(other)).await?.is_some() {
                let (reason, by) = (EndReason::PasswordChanged, By::owner(device.clone()));
                raised.ended.extend(self.real.end_sessions(&[other.sid], reason, &by).await?);
            }
        }
        Ok(changed.then_some(raised))
    }

    pub(super) async fn sign_in_unasked(
        &self,
        session: &NewSession,
    ) -> Result<Option<Timestamp>, StoreError> {
        let now = self.real.now().await?;
        let made = self.run(format!(
            "INSERT INTO sessions (sid, user_id, user_version, generation, current_hash, kid, rotated_at, confirmed,
                                   recoveries, created_at, expires_at)
             SELECT {}, id, version, 0, {}, {}, {now}, TRUE, 0, {now}, {} FROM users WHERE id = {}
             RETURNING created_at",
            D::id(session.sid.0),
            D::bytes(&session.secret_hash.0),
            session.kid.0,
            now.after(session.absolute).0,
            D::id(session.user_id.0),
            now = now.0,
        ));
        Ok(made.await?.map(Timestamp))
    }

    pub(super) async fn remove_unused(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        let removed = self.db.ids(format!(
            "DELETE FROM sessions
             WHERE sid IN (SELECT sid FROM sessions WHERE rotated_at < {} LIMIT {batch})
             RETURNING sid",
            self.real.now().await?.before(keep).0,
        ));
        let removed = removed.await.map_err(unavailable)?;
        Ok(u32::try_from(removed.len()).unwrap_or(batch))
    }

    pub(super) async fn remove_and_keep_lock(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        let removed = self.real.remove_expired(keep, batch).await?;
        self.db.hold_up(Duration::from_secs(3)).await.map_err(unavailable)?;
        Ok(removed)
    }

    async fn run(&self, sql: String) -> Result<Option<i64>, StoreError> {
        self.db.number(sql).await.map_err(unavailable)
    }

    /// As this node remembers it.
    pub(super) fn remembered(&self, session: Session) -> Session {
        let salts = self.salts.lock().unwrap_or_else(PoisonError::into_inner);
        Session { salt: salts.get(&session.sid).copied(), ..session }
    }

    pub(super) fn remember(&self, rotation: &Rotation) {
        let mut salts = self.salts.lock().unwrap_or_else(PoisonError::into_inner);
        salts.insert(rotation.seen.sid, rotation.salt);
    }
}

fn guard(row: &Session) -> Guard {
    Guard { sid: row.sid, generation: row.generation, confirmed: row.confirmed }
}

/// Whatever became of it and of its user.
pub(super) fn never_ended(session: Session) -> Session {
    let user = User { disabled_at: None, ..session.user };
    Session { ended: None, user_version: user.version, user, ..session }
}

fn unavailable(error: anyhow::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds())
}
