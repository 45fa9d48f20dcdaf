//! What was done under an idempotency key. For `postgres` alone.

use lanyard_auth::idempotency::{Fingerprint, IdempotencyRecord, KEPT, KeyHash};
use lanyard_auth::refresh::KeyId;
use lanyard_auth::store::{SessionId, StoreError, UserId};
use lanyard_auth::time::{Timestamp, millis};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{failed, rows};
use crate::columns::exact;

/// What was done under this key, unless that is too long ago.
pub async fn find(pool: &PgPool, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError> {
    // The age on the left: the difference of two moments fits.
    let found = sqlx::query(
        "SELECT id, fingerprint, kid, user_id, session_id, ended FROM idempotency_records
         WHERE id = $1 AND lanyard_now() - at < $2",
    )
    .bind(id.0.as_slice())
    .bind(millis(KEPT))
    .fetch_optional(pool)
    .await
    .map_err(failed)?;
    found.as_ref().map(record).transpose()
}

/// Writes it down; whether nothing was done under its key before. To be rolled back when it was. Of two at once, one
/// waits for the other here.
pub async fn write(transaction: &mut PgConnection, record: &IdempotencyRecord) -> Result<bool, StoreError> {
    let written = sqlx::query(
        "INSERT INTO idempotency_records (id, fingerprint, kid, user_id, session_id, ended, at)
         VALUES ($1, $2, $3, $4, $5, $6, lanyard_now())
         ON CONFLICT (id) DO UPDATE
         SET fingerprint = excluded.fingerprint, kid = excluded.kid, user_id = excluded.user_id,
             session_id = excluded.session_id, ended = excluded.ended, at = excluded.at
         WHERE lanyard_now() - idempotency_records.at >= $7",
    )
    .bind(record.id.0.as_slice())
    .bind(record.fingerprint.0.as_slice())
    .bind(i64::from(record.kid.0))
    .bind(record.user.0)
    .bind(record.session.map(|sid| sid.0))
    .bind(i64::from(record.ended))
    .bind(millis(KEPT))
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(written.rows_affected() == 1)
}

/// Removes those that nobody asks for any more, the oldest first; how many.
pub async fn remove(pool: &PgPool, now: Timestamp, batch: u32) -> Result<u32, StoreError> {
    let removed = sqlx::query(
        "DELETE FROM idempotency_records
         WHERE id = ANY (ARRAY (SELECT id FROM idempotency_records WHERE at <= $1
                                ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind(now.before(KEPT).0)
    .bind(i64::from(batch))
    .execute(pool)
    .await
    .map_err(failed)?;
    Ok(u32::try_from(removed.rows_affected()).unwrap_or(batch))
}

fn record(row: &PgRow) -> Result<IdempotencyRecord, StoreError> {
    Ok(IdempotencyRecord {
        id: KeyHash(exact(rows::get(row, "id")?, "id")?),
        fingerprint: Fingerprint(exact(rows::get(row, "fingerprint")?, "fingerprint")?),
        kid: KeyId(rows::number::<i64, _>(row, "kid")?),
        user: UserId(rows::get(row, "user_id")?),
        session: rows::get::<Option<Uuid>>(row, "session_id")?.map(SessionId),
        ended: rows::number::<i64, _>(row, "ended")?,
    })
}
