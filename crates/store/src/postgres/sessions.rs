//! Beginning, rotating and ending sessions. For `postgres` alone.

use lanyard_auth::audit::{Actor, By, Event, NEW_NETWORK, RECOVERED};
use lanyard_auth::store::{EndReason, NewSession, Rotation, SessionId, StoreError, UserId};
use lanyard_auth::time::{Timestamp, millis};
use sqlx::{PgConnection, PgPool};

use super::{failed, rows};

/// Makes a session unless there is such a one, or the user was disabled or changed.
///
/// The user's row is locked FOR SHARE: whoever changes the user either has committed, and is seen here, or
/// waits, and then finds the new session.
pub async fn create(
    transaction: &mut PgConnection,
    session: &NewSession,
) -> Result<Option<Timestamp>, StoreError> {
    let made = sqlx::query(
        "WITH signed_in AS (
             SELECT id, version, lanyard_now() AS now FROM users
             WHERE id = $2 AND version = $3 AND disabled_at IS NULL
             FOR SHARE
         )
         INSERT INTO sessions (sid, user_id, user_version, generation, current_hash, kid,
                               rotated_at, confirmed, recoveries, created_at, expires_at,
                               browser, system, network)
         SELECT $1, id, version, 0, $4, $5, now, TRUE, 0, now, now + $6, $7, $8, $9 FROM signed_in
         ON CONFLICT (sid) DO NOTHING
         RETURNING created_at",
    )
    .bind(session.sid.0)
    .bind(session.user_id.0)
    .bind(i64::from(session.user_version))
    .bind(session.secret_hash.0.as_slice())
    .bind(i64::from(session.kid.0))
    .bind(millis(session.absolute))
    .bind(&session.device.browser)
    .bind(&session.device.system)
    .bind(&session.device.network)
    .fetch_optional(transaction)
    .await
    .map_err(failed)?;
    made.map(|row| rows::time(&row, "created_at")).transpose()
}

/// Writes a rotation, if the row is as seen and its user as well; returns when. One statement.
pub async fn rotate(pool: &PgPool, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
    let rotated = sqlx::query(
        "WITH rotated AS (
             UPDATE sessions
             SET generation = generation + 1, previous_hash = $4, current_hash = $5, salt = $6, kid = $7,
                 recoveries = $8, rotated_at = lanyard_now(), confirmed = FALSE,
                 browser = $9, system = $10, network = $11
             WHERE sid = $1 AND generation = $2 AND confirmed = $3 AND ended_at IS NULL
               AND $12 > lanyard_now()
               AND EXISTS (SELECT 1 FROM users
                           WHERE id = sessions.user_id AND version = sessions.user_version
                             AND disabled_at IS NULL)
             RETURNING sid, user_id, rotated_at
         ), recorded AS (
             INSERT INTO audit (at, event, detail, actor, user_id, session_id, browser, system, network, notice)
             SELECT rotated_at, $13, detail, $14, user_id, sid, $9, $10, $11, told
             FROM rotated, (VALUES ($15, FALSE), ($16, TRUE)) AS noted (detail, told)
             WHERE detail IS NOT NULL
               -- Who comes and goes between two networks is told of each once.
               AND NOT (detail = $17 AND EXISTS (SELECT 1 FROM audit AS before
                                                 WHERE before.user_id = rotated.user_id
                                                   AND before.event IN ($13, $18)
                                                   AND before.network = $11))
         )
         SELECT rotated_at FROM rotated",
    )
    .bind(rotation.seen.sid.0)
    .bind(i64::from(rotation.seen.generation))
    .bind(rotation.seen.confirmed)
    .bind(rotation.presented.0.as_slice())
    .bind(rotation.next.0.as_slice())
    .bind(rotation.salt.0.as_slice())
    .bind(i64::from(rotation.kid.0))
    .bind(i16::from(rotation.recoveries))
    .bind(&rotation.device.browser)
    .bind(&rotation.device.system)
    .bind(&rotation.device.network)
    .bind(rotation.not_after.0)
    .bind(Event::SessionRenewed.name())
    .bind(Actor::Server.name())
    .bind((rotation.recoveries > 0).then_some(RECOVERED))
    .bind(rotation.moved)
    .bind(NEW_NETWORK)
    .bind(Event::AuthnLoginSuccess.name())
    .fetch_optional(pool)
    .await
    .map_err(failed)?;
    rotated.map(|row| rows::time(&row, "rotated_at")).transpose()
}

/// Locks a user's live sessions. None can be added meanwhile if the user's row is locked already.
pub async fn lock_live(transaction: &mut PgConnection, user: UserId) -> Result<Vec<SessionId>, StoreError> {
    let live = sqlx::query(
        "SELECT sid FROM sessions WHERE user_id = $1 AND ended_at IS NULL ORDER BY sid FOR NO KEY UPDATE",
    )
    .bind(user.0)
    .fetch_all(transaction)
    .await
    .map_err(failed)?;
    live.iter().map(rows::sid).collect()
}

/// Ends those that are live, tells of it, and returns them. One statement.
pub async fn end(
    connection: &mut PgConnection,
    sids: &[SessionId],
    reason: EndReason,
    by: &By,
) -> Result<Vec<SessionId>, StoreError> {
    let (event, detail) = Event::of_end(reason);
    let sids: Vec<_> = sids.iter().map(|sid| sid.0).collect();
    let ended = sqlx::query(
        "WITH live AS (
             SELECT sid FROM sessions WHERE sid = ANY ($1) AND ended_at IS NULL ORDER BY sid FOR NO KEY UPDATE
         ), ended AS (
             UPDATE sessions SET ended_at = lanyard_now(), end_reason = $2
             FROM live
             WHERE sessions.sid = live.sid
             RETURNING sessions.sid, user_id, ended_at
         ), told AS (
             INSERT INTO audit (at, event, detail, actor, admin_id, user_id, session_id, browser, system, network, notice)
             SELECT ended_at, $3, $4, $5, $6, user_id, sid, $7, $8, $9, $10 FROM ended
         )
         SELECT sid FROM ended",
    )
    .bind(sids)
    .bind(reason.name())
    .bind(event.name())
    .bind(detail)
    .bind(by.actor.name())
    .bind(by.actor.admin().map(|admin| admin.0))
    .bind(&by.device.browser)
    .bind(&by.device.system)
    .bind(&by.device.network)
    .bind(event.is_notice(detail))
    .fetch_all(connection)
    .await
    .map_err(failed)?;
    ended.iter().map(rows::sid).collect()
}
