//! From SQLite's rows to the trait's. A row that can't be is [`StoreError::Corrupt`]. For `sqlite` alone.

use lanyard_auth::audit::{Entry, Event, Place};
use lanyard_auth::device::Device;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::{KeyId, Salt, SecretHash};
use lanyard_auth::store::{Credentials, Ended, Revocation, Session, SessionId, StoreError, User, UserId};
use lanyard_auth::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};
use uuid::Uuid;

use super::failed;
use crate::columns::{self, DEVICE, SESSION_DEVICE, corrupt, exact};

pub fn credentials(row: &SqliteRow) -> Result<Credentials, StoreError> {
    Ok(Credentials { user: user(row)?, password_hash: PasswordHash::from_stored(get(row, "password_hash")?) })
}

pub fn session(row: &SqliteRow) -> Result<Session, StoreError> {
    Ok(Session {
        sid: sid(row)?,
        user: user(row)?,
        user_version: get(row, "user_version")?,
        generation: get(row, "generation")?,
        current: SecretHash(exact(get(row, "current_hash")?, "current_hash")?),
        previous: optional(row, "previous_hash")?.map(SecretHash),
        salt: optional(row, "salt")?.map(Salt),
        kid: KeyId(get(row, "kid")?),
        rotated_at: Timestamp(get(row, "rotated_at")?),
        confirmed: get(row, "confirmed")?,
        recoveries: get(row, "recoveries")?,
        created_at: Timestamp(get(row, "created_at")?),
        expires_at: Timestamp(get(row, "expires_at")?),
        ended: ended(row)?,
        device: device(row, DEVICE)?,
        label: get(row, "label")?,
    })
}

pub fn ended_session(row: &SqliteRow) -> Result<Revocation, StoreError> {
    let Ended { at, reason } = ended(row)?.ok_or_else(|| corrupt("ended_at"))?;
    Ok(Revocation::Session { sid: sid(row)?, at, reason })
}

pub fn revoked_user(row: &SqliteRow) -> Result<Revocation, StoreError> {
    Ok(Revocation::User {
        id: UserId(id(row, "id")?),
        version: get(row, "revoked_below")?,
        at: Timestamp(get(row, "revoked_at")?),
    })
}

pub fn changed_role(row: &SqliteRow) -> Result<Revocation, StoreError> {
    Ok(Revocation::Authz {
        id: UserId(id(row, "id")?),
        version: get(row, "authz_version")?,
        at: Timestamp(get(row, "authz_changed_at")?),
    })
}

/// The id of a user, in a row that may hold nothing else of him.
pub fn user_id(row: &SqliteRow) -> Result<UserId, StoreError> {
    id(row, "user_id").map(UserId)
}

/// The id of a session, in a row that may hold nothing else.
pub fn sid(row: &SqliteRow) -> Result<SessionId, StoreError> {
    id(row, "sid").map(SessionId)
}

/// An entry of the audit log, without the people in it.
pub fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        place: Place { at: Timestamp(get(row, "at")?), id: get(row, "id")? },
        event: Event::from_name(get(row, "event")?).ok_or_else(|| corrupt("event"))?,
        detail: get(row, "detail")?,
        actor: columns::actor(
            get(row, "actor")?,
            optional(row, "admin_id")?.map(Uuid::from_bytes).map(UserId),
        )?,
        admin: None,
        user: None,
        session: optional(row, "session_id")?.map(Uuid::from_bytes).map(SessionId),
        is_live: get(row, "is_live")?,
        device: device(row, DEVICE)?,
        session_device: device(row, SESSION_DEVICE)?,
    })
}

/// Whom an entry of the audit log concerns.
pub fn entry_user(row: &SqliteRow) -> Result<Option<UserId>, StoreError> {
    Ok(optional(row, "user_id")?.map(Uuid::from_bytes).map(UserId))
}

pub fn user(row: &SqliteRow) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(id(row, "user_id")?),
        email: get(row, "email")?,
        name: get(row, "name")?,
        version: get(row, "version")?,
        role: columns::role(get(row, "role")?),
        authz_version: get(row, "authz_version")?,
        created_at: Timestamp(get(row, "user_created_at")?),
        disabled_at: get::<Option<i64>>(row, "disabled_at")?.map(Timestamp),
    })
}

fn device(row: &SqliteRow, columns: [&str; 3]) -> Result<Device, StoreError> {
    let [browser, system, network] = columns.map(|column| get(row, column));
    Ok(Device { browser: browser?, system: system?, network: network? })
}

fn ended(row: &SqliteRow) -> Result<Option<Ended>, StoreError> {
    columns::ended(get(row, "ended_at")?, get(row, "end_reason")?)
}

fn id(row: &SqliteRow, column: &str) -> Result<Uuid, StoreError> {
    Ok(Uuid::from_bytes(exact(get(row, column)?, column)?))
}

fn optional<const N: usize>(row: &SqliteRow, column: &str) -> Result<Option<[u8; N]>, StoreError> {
    get::<Option<&[u8]>>(row, column)?.map(|bytes| exact(bytes, column)).transpose()
}

pub fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T, StoreError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(column).map_err(failed)
}
