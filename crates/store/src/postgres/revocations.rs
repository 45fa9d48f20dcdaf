//! What the revocation set is filled from. For `postgres` alone.

use lanyard_auth::store::{Revocation, StoreError};
use lanyard_auth::time::Timestamp;
use sqlx::PgPool;

use super::{failed, rows};

/// What was revoked since then, the latest first, at most so many of each kind.
pub async fn since(pool: &PgPool, since: Timestamp, most: u32) -> Result<Vec<Revocation>, StoreError> {
    let sessions = sqlx::query(
        "SELECT sid, ended_at, end_reason FROM sessions WHERE ended_at >= $1
         ORDER BY ended_at DESC LIMIT $2",
    )
    .bind(since.0)
    .bind(i64::from(most))
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let users = sqlx::query(
        "SELECT id, revoked_below, revoked_at FROM users WHERE revoked_at >= $1
         ORDER BY revoked_at DESC LIMIT $2",
    )
    .bind(since.0)
    .bind(i64::from(most))
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let roles = sqlx::query(
        "SELECT id, authz_version, authz_changed_at FROM users WHERE authz_changed_at >= $1
         ORDER BY authz_changed_at DESC LIMIT $2",
    )
    .bind(since.0)
    .bind(i64::from(most))
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let sessions = sessions.iter().map(rows::ended_session);
    let users = users.iter().map(rows::revoked_user);
    sessions.chain(users).chain(roles.iter().map(rows::changed_role)).collect()
}
