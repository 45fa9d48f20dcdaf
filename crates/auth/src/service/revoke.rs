//! What ends other sessions than the one that asks: one of them, all of a user's, a password change, the
//! closing of an account; and what changes what a user may do. Who may ask is for the caller to say.

use crate::audit::{By, Event};
use crate::device::Device;
use crate::idempotency::{IdempotencyKey, KeyedRequest, Operation};
use crate::password::{BadPassword, NewPasswordError, Password, PasswordHash, Verdict};
use crate::scope::Role;
use crate::store::{EndReason, PasswordChange, RoleChange, SessionId, StoreError, UserId};

use super::repeats::RecallError;
use super::{Disabled, RefreshError, Service, Unavailable};

/// A second look is for a password whose hash was renewed between look and write, by a sign-in.
const ATTEMPTS: usize = 2;

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is another one.
    #[error("this is not the current password")]
    WrongPassword,
    /// The new password won't do.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// The new password is the current one.
    #[error("this is the current password")]
    SamePassword,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The session that asks is over, or the server can't answer now: as for a renewal.
    #[error(transparent)]
    Session(#[from] RefreshError),
}

impl From<Unavailable> for ChangePasswordError {
    fn from(error: Unavailable) -> Self {
        Self::Session(error.into())
    }
}

impl From<RecallError> for ChangePasswordError {
    fn from(error: RecallError) -> Self {
        match error {
            RecallError::KeyReused => Self::KeyReused,
            RecallError::Unavailable(error) => error.into(),
        }
    }
}

impl From<NewPasswordError> for ChangePasswordError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Bad(bad) => bad.into(),
            NewPasswordError::Failed(error) => Unavailable::from(error).into(),
        }
    }
}

impl Service {
    /// Ends one session of a user, for a reason that tells who did; whether he has such a session, live or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(
        &self,
        user: UserId,
        sid: SessionId,
        reason: EndReason,
        by: &By,
    ) -> Result<bool, StoreError> {
        // A session never changes hands, so nothing can come between the look and the end.
        let his = self.store.session(sid).await?.is_some_and(|seen| seen.row.user.id == user);
        if his {
            self.ends.end(&[sid], reason, by).await?;
        }
        Ok(his)
    }

    /// Ends all of a user's sessions but one; returns those that were live until now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.ends.end_others(user, keep, by).await
    }

    /// Signs a user out everywhere, for a reason that tells who did. No renewal and no sign-in that was under way survives it.
    ///
    /// Returns the sessions that were live until now; `None` when there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
        by: &By,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.ends.end_all(user, reason, by).await
    }

    /// Gives a user another role. Nobody is signed out: his access tokens are refused as expired from now on, and the
    /// renewed ones say what he may do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        self.ends.set_role(user, role, by).await
    }

    /// Changes the password of the user whose session `keep` is, and ends all his other sessions. The kept one
    /// goes on, with the access tokens it has. An equal repeat under an idempotency key changes nothing.
    ///
    /// Returns how many sessions were live until then.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        keep: SessionId,
        current: Password,
        new: Password,
        device: &Device,
        key: Option<&IdempotencyKey>,
    ) -> Result<usize, ChangePasswordError> {
        new.check_length()?;
        for _ in 0..ATTEMPTS {
            let user = self.live(keep).await?.row.user;
            let operation = Operation::ChangePassword(user.id);
            let request = key.map(|key| KeyedRequest::new(operation, key, &[current.bytes(), new.bytes()]));
            if let Some(ended) = self.changed_before(request.as_ref()).await? {
                return Ok(ended);
            }
            let known = self.store.credentials(&user.email).await.map_err(Unavailable::from)?;
            let seen = known.ok_or(RefreshError::Unknown)?.password_hash;
            if !self.is_password(&current, &seen).await? {
                // It may be the one from before: an equal request was faster.
                if let Some(ended) = self.changed_before(request.as_ref()).await? {
                    return Ok(ended);
                }
                let event = Event::AuthnPasswordChangeFail;
                self.note_wrong_password(event, None, Some(user.id), Some(keep), device).await;
                return Err(ChangePasswordError::WrongPassword);
            }
            // However it is written.
            if self.is_password(&new, &seen).await? {
                return Err(ChangePasswordError::SamePassword);
            }
            let passwords = &self.settings.passwords;
            let hash = passwords.hash_new(new.clone(), vec![user.name, user.email]).await?;
            let idempotency =
                request.map(|request| self.record(&request, user.id, Some(keep))).transpose()?;
            let change =
                PasswordChange { user: user.id, seen, new: hash, keep, device: device.clone(), idempotency };
            if let Some(ended) = self.ends.change_password(change).await.map_err(Unavailable::from)? {
                return Ok(ended.len());
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// How many sessions an equal request has ended, if there was one.
    async fn changed_before(&self, request: Option<&KeyedRequest>) -> Result<Option<usize>, RecallError> {
        let Some(request) = request else { return Ok(None) };
        let done = self.recall(request).await?;
        Ok(done.map(|done| usize::try_from(done.ended).unwrap_or(usize::MAX)))
    }

    /// Whether this is what was hashed.
    pub(super) async fn is_password(
        &self,
        typed: &Password,
        stored: &PasswordHash,
    ) -> Result<bool, Unavailable> {
        let verdict = self.settings.passwords.verify(typed.clone(), Some(stored.clone())).await?;
        Ok(verdict != Verdict::Wrong)
    }

    /// Closes an account: ends all its sessions, and nobody signs in until it is opened again. Closing it once
    /// more does no harm. The last administrator's stays open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable_user(&self, user: UserId, by: &By) -> Result<Disabled, StoreError> {
        self.ends.disable(user, by).await
    }

    /// Opens a closed account; whether it was closed. Its sessions stay ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError> {
        self.store.enable_user(user, by).await
    }
}
