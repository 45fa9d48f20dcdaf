//! Beginning, rotating, ending and removing sessions, inside a writing transaction. For `sqlite` alone.

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, Guard, NewSession, Rotation, SessionId, StoreError};
use lanyard_auth::time::Timestamp;
use sqlx::SqliteConnection;

use super::{audit, failed, rows};

/// Makes a session in place of others, unless there is such a one or its user was disabled or changed; whether it did.
pub async fn create(
    transaction: &mut SqliteConnection,
    session: &NewSession,
    displaced: &[SessionId],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let made = sqlx::query(
        "INSERT INTO sessions (sid, user_id, user_version, generation, current_hash, kid,
                               rotated_at, confirmed, recoveries, created_at, expires_at,
                               browser, system, network)
         SELECT ?1, id, version, 0, ?4, ?5, ?6, TRUE, 0, ?6, ?7, ?8, ?9, ?10
         FROM users
         WHERE id = ?2 AND version = ?3 AND disabled_at IS NULL
         ON CONFLICT (sid) DO NOTHING",
    )
    .bind(session.sid.0.as_bytes().as_slice())
    .bind(session.user_id.0.as_bytes().as_slice())
    .bind(session.user_version)
    .bind(session.secret_hash.0.as_slice())
    .bind(session.kid.0)
    .bind(now.0)
    .bind(now.after(session.absolute).0)
    .bind(&session.device.browser)
    .bind(&session.device.system)
    .bind(&session.device.network)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    let by = By::server(session.device.clone());
    for sid in displaced {
        end(transaction, *sid, EndReason::Replaced, &by, now).await?;
    }
    audit::signed_in(transaction, session, now).await?;
    Ok(true)
}

/// Writes a rotation, if the row is as seen and its user as well; whether it did.
pub async fn rotate(
    transaction: &mut SqliteConnection,
    rotation: &Rotation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let rotated = sqlx::query(
        "UPDATE sessions
         SET generation = generation + 1, previous_hash = ?4, current_hash = ?5, salt = ?6, kid = ?7,
             recoveries = ?8, rotated_at = ?9, confirmed = FALSE, browser = ?10, system = ?11, network = ?12
         WHERE sid = ?1 AND generation = ?2 AND confirmed = ?3 AND ended_at IS NULL AND ?13 > ?9
           AND EXISTS (SELECT 1 FROM users
                       WHERE id = sessions.user_id AND version = sessions.user_version
                         AND disabled_at IS NULL)
         RETURNING user_id",
    )
    .bind(rotation.seen.sid.0.as_bytes().as_slice())
    .bind(rotation.seen.generation)
    .bind(rotation.seen.confirmed)
    .bind(rotation.presented.0.as_slice())
    .bind(rotation.next.0.as_slice())
    .bind(rotation.salt.0.as_slice())
    .bind(rotation.kid.0)
    .bind(rotation.recoveries)
    .bind(now.0)
    .bind(&rotation.device.browser)
    .bind(&rotation.device.system)
    .bind(&rotation.device.network)
    .bind(rotation.not_after.0)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(rotated) = rotated else { return Ok(false) };
    audit::rotated(transaction, rotation, rows::user_id(&rotated)?, now).await?;
    Ok(true)
}

/// Ends a session if the row is as seen; whether it did.
pub async fn end_if_seen(
    transaction: &mut SqliteConnection,
    seen: Guard,
    reason: EndReason,
    device: &Device,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(
        "UPDATE sessions SET ended_at = ?4, end_reason = ?5
         WHERE sid = ?1 AND generation = ?2 AND confirmed = ?3 AND ended_at IS NULL
         RETURNING user_id",
    )
    .bind(seen.sid.0.as_bytes().as_slice())
    .bind(seen.generation)
    .bind(seen.confirmed)
    .bind(now.0)
    .bind(reason.name())
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(ended) = ended else { return Ok(false) };
    let by = By::server(device.clone());
    audit::ended(transaction, rows::user_id(&ended)?, seen.sid, reason, &by, now).await?;
    Ok(true)
}

/// Ends a session that is live; whether it was.
pub async fn end(
    transaction: &mut SqliteConnection,
    sid: SessionId,
    reason: EndReason,
    by: &By,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(
        "UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE sid = ?1 AND ended_at IS NULL
         RETURNING user_id",
    )
    .bind(sid.0.as_bytes().as_slice())
    .bind(now.0)
    .bind(reason.name())
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(ended) = ended else { return Ok(false) };
    audit::ended(transaction, rows::user_id(&ended)?, sid, reason, by, now).await?;
    Ok(true)
}

/// Removes those whose absolute limit was before that, the longest over first; how many.
pub async fn remove_expired(
    transaction: &mut SqliteConnection,
    before: Timestamp,
    batch: u32,
) -> Result<u32, StoreError> {
    let removed = sqlx::query(
        "DELETE FROM sessions
         WHERE sid IN (SELECT sid FROM sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
    )
    .bind(before.0)
    .bind(batch)
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(u32::try_from(removed.rows_affected()).unwrap_or(batch))
}
