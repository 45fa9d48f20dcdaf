//! What was done under an idempotency key. For `sqlite` alone.

use lanyard_auth::idempotency::{Fingerprint, IdempotencyRecord, KEPT, KeyHash};
use lanyard_auth::refresh::KeyId;
use lanyard_auth::store::{SessionId, StoreError, UserId};
use lanyard_auth::time::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{failed, rows};
use crate::columns::exact;

/// What was done under this key, unless that is too long ago.
pub async fn find(
    reader: &mut SqliteConnection,
    id: &KeyHash,
    now: Timestamp,
) -> Result<Option<IdempotencyRecord>, StoreError> {
    let found = sqlx::query(
        "SELECT id, fingerprint, kid, user_id, session_id, ended FROM idempotency_records
         WHERE id = ?1 AND at > ?2",
    )
    .bind(id.0.as_slice())
    .bind(now.before(KEPT).0)
    .fetch_optional(reader)
    .await
    .map_err(failed)?;
    found.as_ref().map(record).transpose()
}

/// Writes it down; whether nothing was done under its key before. To be rolled back when it was.
pub async fn write(
    transaction: &mut SqliteConnection,
    record: &IdempotencyRecord,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = sqlx::query(
        "INSERT INTO idempotency_records (id, fingerprint, kid, user_id, session_id, ended, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE
         SET fingerprint = excluded.fingerprint, kid = excluded.kid, user_id = excluded.user_id,
             session_id = excluded.session_id, ended = excluded.ended, at = excluded.at
         WHERE idempotency_records.at <= ?8",
    )
    .bind(record.id.0.as_slice())
    .bind(record.fingerprint.0.as_slice())
    .bind(record.kid.0)
    .bind(record.user.0.as_bytes().as_slice())
    .bind(record.session.map(|sid| sid.0.as_bytes().to_vec()))
    .bind(record.ended)
    .bind(now.0)
    .bind(now.before(KEPT).0)
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(written.rows_affected() == 1)
}

/// Removes those that nobody asks for any more, the oldest first; how many.
pub async fn remove(
    transaction: &mut SqliteConnection,
    now: Timestamp,
    batch: u32,
) -> Result<u32, StoreError> {
    let removed = sqlx::query(
        "DELETE FROM idempotency_records
         WHERE id IN (SELECT id FROM idempotency_records WHERE at <= ?1 ORDER BY at LIMIT ?2)",
    )
    .bind(now.before(KEPT).0)
    .bind(batch)
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(u32::try_from(removed.rows_affected()).unwrap_or(batch))
}

fn record(row: &SqliteRow) -> Result<IdempotencyRecord, StoreError> {
    let session: Option<&[u8]> = rows::get(row, "session_id")?;
    let session = session.map(|sid| exact(sid, "session_id")).transpose()?;
    Ok(IdempotencyRecord {
        id: KeyHash(exact(rows::get(row, "id")?, "id")?),
        fingerprint: Fingerprint(exact(rows::get(row, "fingerprint")?, "fingerprint")?),
        kid: KeyId(rows::get(row, "kid")?),
        user: UserId(Uuid::from_bytes(exact(rows::get(row, "user_id")?, "user_id")?)),
        session: session.map(Uuid::from_bytes).map(SessionId),
        ended: rows::get(row, "ended")?,
    })
}
