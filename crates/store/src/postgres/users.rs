//! What changes a user as a whole, sessions included, inside a transaction. For `postgres` alone.
//!
//! The user's row comes first: from then on nobody signs in, so that the statements after it see every
//! session there is.

use lanyard_auth::audit::{By, DISABLED, ENABLED, Event, NewEntry};
use lanyard_auth::idempotency::IdempotencyRecord;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, EndReason, PasswordChange, RaisedVersion, RoleChange, StoreError, User, UserId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{audit, failed, idempotency, rows, sessions};
use crate::sql::{another_admin, select_user, user_columns};

/// Raises the version, revokes those below it and ends every live session.
pub async fn end_all_sessions(
    transaction: &mut PgConnection,
    user: UserId,
    reason: EndReason,
    by: &By,
) -> Result<Option<RaisedVersion>, StoreError> {
    let raised = sqlx::query(
        "UPDATE users SET version = version + 1, revoked_below = version + 1, revoked_at = lanyard_now()
         WHERE id = $1
         RETURNING version",
    )
    .bind(user.0)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(raised) = raised else { return Ok(None) };
    let live = sessions::lock_live(transaction, user).await?;
    let ended = sessions::end(transaction, &live, reason, by).await?;
    Ok(Some(RaisedVersion { version: rows::version(&raised)?, ended }))
}

/// The compare-and-swap of a password; all sessions but one end. To be rolled back when it returns `None`.
pub async fn change_password(
    transaction: &mut PgConnection,
    change: &PasswordChange,
) -> Result<Option<RaisedVersion>, StoreError> {
    let raised = sqlx::query(
        "UPDATE users SET password_hash = $3, version = version + 1
         WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL
         RETURNING version",
    )
    .bind(change.user.0)
    .bind(change.seen.stored())
    .bind(change.new.stored())
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(raised) = raised else { return Ok(None) };
    let version = rows::version(&raised)?;
    // All of them are locked before the kept one is changed, in the one order that everybody keeps to.
    let mut others = sessions::lock_live(transaction, change.user).await?;
    others.retain(|sid| *sid != change.keep);
    let kept = sqlx::query(
        "UPDATE sessions SET user_version = $3
         WHERE sid = $1 AND user_id = $2 AND user_version = $3 - 1 AND ended_at IS NULL",
    )
    .bind(change.keep.0)
    .bind(change.user.0)
    .bind(i64::from(version))
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    if kept.rows_affected() == 0 {
        return Ok(None);
    }
    let by = By::owner(change.device.clone());
    let ended = sessions::end(transaction, &others, EndReason::PasswordChanged, &by).await?;
    let (user, session) = (Some(change.user), Some(change.keep));
    let entry = NewEntry { event: Event::AuthnPasswordChange, detail: None, user, session, by };
    audit::write(transaction, &entry).await?;
    if let Some(record) = &change.idempotency {
        let number = u32::try_from(ended.len()).unwrap_or(u32::MAX);
        let record = IdempotencyRecord { ended: number, ..record.clone() };
        if !idempotency::write(transaction, &record).await? {
            return Ok(None);
        }
    }
    Ok(Some(RaisedVersion { version, ended }))
}

/// Closes an account that is open, and ends its sessions; unless that leaves no administrator.
pub async fn disable(transaction: &mut PgConnection, user: UserId, by: &By) -> Result<Closing, StoreError> {
    lock_admins(transaction).await?;
    let disabled = sqlx::query(concat!(
        "UPDATE users SET disabled_at = lanyard_now()
         WHERE id = $1 AND disabled_at IS NULL
           AND (role <> 'admin' OR ",
        another_admin!(),
        ")"
    ))
    .bind(user.0)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    if disabled.rows_affected() == 0 {
        let open = find(transaction, user).await?.is_some_and(|user| user.disabled_at.is_none());
        return Ok(if open { Closing::LastAdmin } else { Closing::NotOpen });
    }
    audit::of_user(transaction, Event::UserUpdated, Some(DISABLED), user, by).await?;
    let raised = end_all_sessions(transaction, user, EndReason::AccountDisabled, by).await?;
    Ok(raised.map_or(Closing::NotOpen, Closing::Closed))
}

/// Opens an account that is closed; whether it was.
pub async fn enable(transaction: &mut PgConnection, user: UserId, by: &By) -> Result<bool, StoreError> {
    let enabled =
        sqlx::query("UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL")
            .bind(user.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    if enabled.rows_affected() == 0 {
        return Ok(false);
    }
    audit::of_user(transaction, Event::UserUpdated, Some(ENABLED), user, by).await?;
    Ok(true)
}

/// Gives a user another role, unless that leaves no administrator.
pub async fn set_role(
    transaction: &mut PgConnection,
    user: UserId,
    role: Role,
    by: &By,
) -> Result<RoleChange, StoreError> {
    lock_admins(transaction).await?;
    let changed = sqlx::query(concat!(
        "UPDATE users SET role = $2, authz_version = authz_version + 1, authz_changed_at = lanyard_now()
         WHERE id = $1 AND role <> $2
           AND ($2 = 'admin' OR role <> 'admin' OR disabled_at IS NOT NULL OR ",
        another_admin!(),
        ") RETURNING ",
        user_columns!()
    ))
    .bind(user.0)
    .bind(role.name())
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    if let Some(changed) = changed {
        audit::of_user(transaction, Event::AuthzChange, Some(role.name()), user, by).await?;
        return Ok(RoleChange::Changed(rows::user(&changed)?));
    }
    Ok(match find(transaction, user).await? {
        None => RoleChange::NoUser,
        Some(user) if user.role == role => RoleChange::Same(user),
        Some(_) => RoleChange::LastAdmin,
    })
}

/// Refuses whoever asks as an administrator and is none now, nor before this transaction is over.
pub async fn authorise(transaction: &mut PgConnection, by: &By) -> Result<(), StoreError> {
    let Some(admin) = by.actor.admin() else { return Ok(()) };
    if lock_admins(transaction).await?.contains(&admin) { Ok(()) } else { Err(StoreError::NotAdmin) }
}

/// The administrators whose accounts are open. Two who take each other's role or account away at once: one of them looks
/// after the other. They are locked before all other users, in the order of their ids.
async fn lock_admins(transaction: &mut PgConnection) -> Result<Vec<UserId>, StoreError> {
    let query =
        "SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE";
    let admins: Vec<Uuid> = sqlx::query_scalar(query).fetch_all(transaction).await.map_err(failed)?;
    Ok(admins.into_iter().map(UserId).collect())
}

/// A user.
pub async fn find(connection: &mut PgConnection, user: UserId) -> Result<Option<User>, StoreError> {
    let found = sqlx::query(select_user!("WHERE id = $1"))
        .bind(user.0)
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    found.as_ref().map(rows::user).transpose()
}
