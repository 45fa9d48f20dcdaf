//! What an owner sees and changes of his sessions and of himself, each one statement. For `postgres` alone.

use lanyard_auth::audit::{By, Event, RENAMED};
use lanyard_auth::store::{SessionId, StoreError, User, UserId};
use sqlx::{PgConnection, PgPool};

use super::{audit, failed, rows, users, words};
use crate::sql::user_columns;

/// Names a session of this user's, or takes its name away; whether there is one.
pub async fn label(
    pool: &PgPool,
    user: UserId,
    sid: SessionId,
    label: Option<&str>,
) -> Result<bool, StoreError> {
    let labelled = sqlx::query("UPDATE sessions SET label = $3 WHERE sid = $2 AND user_id = $1")
        .bind(user.0)
        .bind(sid.0)
        .bind(label)
        .execute(pool)
        .await
        .map_err(failed)?;
    Ok(labelled.rows_affected() == 1)
}

/// Gives a user another name. Nothing is written, nor told, about the one that he has.
pub async fn rename(
    transaction: &mut PgConnection,
    user: UserId,
    name: &str,
    by: &By,
) -> Result<Option<User>, StoreError> {
    if let Some(same) = users::find(transaction, user).await?.filter(|user| user.name == name) {
        return Ok(Some(same));
    }
    let renamed =
        sqlx::query(concat!("UPDATE users SET name = $2 WHERE id = $1 RETURNING ", user_columns!()))
            .bind(user.0)
            .bind(name)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
    let renamed = renamed.as_ref().map(rows::user).transpose()?;
    if let Some(renamed) = &renamed {
        words::write(transaction, user, &renamed.email, name).await?;
        audit::of_user(transaction, Event::UserUpdated, Some(RENAMED), user, by).await?;
    }
    Ok(renamed)
}
