//! The one storage trait; the rows that cross it are in `rows`.
//!
//! A store keeps and compares; it decides nothing. The rotation rule lives in [`crate::rotation`], and a
//! store's writes are plain compare-and-swaps that succeed only on the row that was looked at.

use std::time::Duration;

use async_trait::async_trait;

use crate::audit::{By, Event, NewEntry};
use crate::device::Device;
use crate::idempotency::{IdempotencyRecord, KeyHash};
use crate::password::PasswordHash;
use crate::scope::Role;
use crate::time::Timestamp;

mod rows;

pub use rows::*;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, too busy, or the result of a commit is unknown. Trying again is safe.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Who asks as an administrator is none, or none any more. Nothing was written.
    #[error("who asks is no administrator")]
    NotAdmin,
    /// A row holds what it never should.
    #[error("the database holds an impossible row: {0}")]
    Corrupt(String),
}

/// Why a user was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The address has an account already.
    #[error("the address has an account already")]
    EmailTaken,
    /// Something was done under the request's idempotency key already. Nothing was written.
    #[error("something was done under this idempotency key already")]
    KeyUsed,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where users and sessions are kept.
///
/// Every method is one transaction, and has committed when it returns `Ok`. An error leaves either
/// everything or nothing written, and calling again is always safe. What changes accounts and sessions writes what it did
/// into the audit log ([`crate::audit`]), in the same transaction; and does nothing for [`crate::audit::Actor::Admin`] unless
/// that person is an administrator at that moment, whose account is open ([`StoreError::NotAdmin`]).
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The database's time; fails when the database does not answer.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Writes what changes nothing, as durably as everything else; fails where any other write would.
    async fn writable(&self) -> Result<(), StoreError>;

    /// Makes a user, unless something was done under the request's idempotency key less than
    /// [`KEPT`](crate::idempotency::KEPT) ago.
    async fn create_user(&self, user: &NewUser, by: &By) -> Result<User, CreateUserError>;

    /// The user with this address, in the form in which it is kept, with the password's hash.
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError>;

    /// Replaces a password's hash by one with newer parameters, if it is still `seen`; whether it did.
    async fn rehash_password(
        &self,
        user: UserId,
        seen: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Makes a session and ends the live ones among `displaced` (reason `replaced`), in one transaction.
    /// `None`, and nothing written, when the user was disabled or is no longer of `user_version`, or when there is such a
    /// session.
    async fn create_session(
        &self,
        session: &NewSession,
        displaced: &[SessionId],
    ) -> Result<Option<Timestamp>, StoreError>;

    /// A session with its user and the time, or `None`.
    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError>;

    /// Writes a rotation if the row is as seen, neither ended nor expired, and its user is enabled and of the
    /// session's version. Returns the written `rotated_at`, or `None` when nothing was written.
    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError>;

    /// Marks a generation as confirmed if it is the newest, is not confirmed yet, and was made at least
    /// `settle` ago; whether it did.
    async fn confirm(&self, sid: SessionId, generation: u32, settle: Duration) -> Result<bool, StoreError>;

    /// Ends a session for reuse or as unconfirmed, if the row is as seen and not ended; whether it did. `device` is
    /// where the token came from that showed it.
    async fn end_if_seen(&self, seen: Guard, reason: EndReason, device: &Device) -> Result<bool, StoreError>;

    /// Ends sessions, whatever their generation; returns those that were live until now.
    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Names a user's session, or takes its name away; whether he has such a session.
    async fn label_session(
        &self,
        user: UserId,
        sid: SessionId,
        label: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Ends a user's live sessions but for one; returns those that were live until now. A sign-in that is under
    /// way is none of them.
    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Gives a user another name; `None` when there is no such user.
    async fn rename_user(&self, user: UserId, name: &str, by: &By) -> Result<Option<User>, StoreError>;

    /// Signs a user out everywhere: raises his version, revokes all versions below it, and ends his live
    /// sessions, in one transaction. No renewal and no sign-in that was under way survives it. `None` when
    /// there is no such user.
    async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
        by: &By,
    ) -> Result<Option<RaisedVersion>, StoreError>;

    /// Replaces a password, raises the user's version, ends all his other live sessions (reason
    /// `password_changed`) and moves the kept one to the new version, in one transaction. It revokes no
    /// version, so that the kept session's access tokens stay good: the ended sessions are to be put on the
    /// revocation set one by one.
    ///
    /// `None`, and nothing written, when the hash is no longer `seen`, the user is disabled, or the session
    /// to be kept is not a live one of his present version; or when something was done under the request's idempotency
    /// key less than [`KEPT`](crate::idempotency::KEPT) ago.
    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError>;

    /// What was done under an idempotency key, if that was less than [`KEPT`](crate::idempotency::KEPT) ago.
    async fn idempotency_record(&self, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError>;

    /// Removes up to `batch` records of what was done longer than [`KEPT`](crate::idempotency::KEPT) ago; returns how many.
    async fn remove_idempotency_records(&self, batch: u32) -> Result<u32, StoreError>;

    /// Closes an account: [`Store::end_all_sessions`] with the reason `account_disabled`, and nobody signs in
    /// until it is opened again. Not if that leaves no administrator whose account is open.
    async fn disable_user(&self, user: UserId, by: &By) -> Result<Closing, StoreError>;

    /// Gives a user another role, and raises his authorisation version; not if that leaves no administrator whose
    /// account is open.
    async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError>;

    /// Opens a closed account; whether it was closed. Its sessions stay ended.
    async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError>;

    /// Removes up to `batch` sessions, oldest first, whose absolute limit passed more than `keep` ago, whether
    /// or not they were ended; returns how many. Fewer than `batch`: no more is left, or another node is at it.
    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError>;

    /// Writes an entry about what changes nothing else.
    async fn record(&self, entry: &NewEntry) -> Result<(), StoreError>;

    /// How many entries there are of this kind about this person, none older than `window`. Nobody is a person too:
    /// those about addresses without an account.
    async fn count_entries(
        &self,
        event: Event,
        user: Option<UserId>,
        window: Duration,
    ) -> Result<u32, StoreError>;

    /// Removes up to `batch` entries of the audit log that are older than `keep`, the oldest first; returns how many.
    async fn remove_entries(&self, keep: Duration, batch: u32) -> Result<u32, StoreError>;

    /// Notes that this session's person has looked at the notices up to this one.
    async fn notices_seen(&self, sid: SessionId, up_to: i64) -> Result<(), StoreError>;

    /// What was revoked during the last `window`, for the revocation set: ended sessions, and users with revoked
    /// versions, the latest first, at most so many of each.
    async fn revocations(&self, window: Duration, most: u32) -> Result<Vec<Revocation>, StoreError>;
}
