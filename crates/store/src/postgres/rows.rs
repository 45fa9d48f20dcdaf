//! From Postgres's rows to the trait's. A row that can't be is [`StoreError::Corrupt`]. For `postgres` alone.

use lanyard_auth::audit::{Entry, Event, Place};
use lanyard_auth::device::Device;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::{KeyId, Salt, SecretHash};
use lanyard_auth::store::{Credentials, Ended, Revocation, Session, SessionId, StoreError, User, UserId};
use lanyard_auth::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};
use uuid::Uuid;

use super::failed;
use crate::columns::{self, DEVICE, SESSION_DEVICE, corrupt, exact};

pub fn credentials(row: &PgRow) -> Result<Credentials, StoreError> {
    Ok(Credentials { user: user(row)?, password_hash: PasswordHash::from_stored(get(row, "password_hash")?) })
}

pub fn session(row: &PgRow) -> Result<Session, StoreError> {
    Ok(Session {
        sid: sid(row)?,
        user: user(row)?,
        user_version: number::<i64, _>(row, "user_version")?,
        generation: number::<i64, _>(row, "generation")?,
        current: SecretHash(exact(get(row, "current_hash")?, "current_hash")?),
        previous: optional(row, "previous_hash")?.map(SecretHash),
        salt: optional(row, "salt")?.map(Salt),
        kid: KeyId(number::<i64, _>(row, "kid")?),
        rotated_at: time(row, "rotated_at")?,
        confirmed: get(row, "confirmed")?,
        recoveries: number::<i16, _>(row, "recoveries")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        ended: ended(row)?,
        device: device(row, DEVICE)?,
        label: get(row, "label")?,
    })
}

pub fn ended_session(row: &PgRow) -> Result<Revocation, StoreError> {
    let Ended { at, reason } = ended(row)?.ok_or_else(|| corrupt("ended_at"))?;
    Ok(Revocation::Session { sid: sid(row)?, at, reason })
}

pub fn revoked_user(row: &PgRow) -> Result<Revocation, StoreError> {
    Ok(Revocation::User {
        id: UserId(get(row, "id")?),
        version: number::<i64, _>(row, "revoked_below")?,
        at: time(row, "revoked_at")?,
    })
}

pub fn changed_role(row: &PgRow) -> Result<Revocation, StoreError> {
    Ok(Revocation::Authz {
        id: UserId(get(row, "id")?),
        version: number::<i64, _>(row, "authz_version")?,
        at: time(row, "authz_changed_at")?,
    })
}

/// The id of a session, in a row that may hold nothing else.
pub fn sid(row: &PgRow) -> Result<SessionId, StoreError> {
    get(row, "sid").map(SessionId)
}

/// The version of a user, in a row that may hold nothing else.
pub fn version(row: &PgRow) -> Result<u32, StoreError> {
    number::<i64, _>(row, "version")
}

/// A moment.
pub fn time(row: &PgRow, column: &str) -> Result<Timestamp, StoreError> {
    get(row, column).map(Timestamp)
}

/// An entry of the audit log, without the people in it.
pub fn entry(row: &PgRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        place: Place { at: time(row, "at")?, id: get(row, "id")? },
        event: Event::from_name(get(row, "event")?).ok_or_else(|| corrupt("event"))?,
        detail: get(row, "detail")?,
        actor: columns::actor(get(row, "actor")?, get::<Option<Uuid>>(row, "admin_id")?.map(UserId))?,
        admin: None,
        user: None,
        session: get::<Option<Uuid>>(row, "session_id")?.map(SessionId),
        is_live: get(row, "is_live")?,
        device: device(row, DEVICE)?,
        session_device: device(row, SESSION_DEVICE)?,
    })
}

/// Whom an entry of the audit log concerns.
pub fn entry_user(row: &PgRow) -> Result<Option<UserId>, StoreError> {
    Ok(get::<Option<Uuid>>(row, "user_id")?.map(UserId))
}

pub fn user(row: &PgRow) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(get(row, "user_id")?),
        email: get(row, "email")?,
        name: get(row, "name")?,
        version: version(row)?,
        role: columns::role(get(row, "role")?),
        authz_version: number::<i64, _>(row, "authz_version")?,
        created_at: time(row, "user_created_at")?,
        disabled_at: get::<Option<i64>>(row, "disabled_at")?.map(Timestamp),
    })
}

fn device(row: &PgRow, columns: [&str; 3]) -> Result<Device, StoreError> {
    let [browser, system, network] = columns.map(|column| get(row, column));
    Ok(Device { browser: browser?, system: system?, network: network? })
}

fn ended(row: &PgRow) -> Result<Option<Ended>, StoreError> {
    columns::ended(get(row, "ended_at")?, get(row, "end_reason")?)
}

/// A number from the larger type that Postgres keeps it in.
pub fn number<'r, T, N>(row: &'r PgRow, column: &str) -> Result<N, StoreError>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
    N: TryFrom<T>,
{
    N::try_from(get(row, column)?).map_err(|_| corrupt(column))
}

fn optional<const N: usize>(row: &PgRow, column: &str) -> Result<Option<[u8; N]>, StoreError> {
    get::<Option<&[u8]>>(row, column)?.map(|bytes| exact(bytes, column)).transpose()
}

pub fn get<'r, T>(row: &'r PgRow, column: &str) -> Result<T, StoreError>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(column).map_err(failed)
}
