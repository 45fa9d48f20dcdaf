//! What changes a user as a whole, sessions included, inside a writing transaction. For `sqlite` alone.

use lanyard_auth::audit::{By, DISABLED, ENABLED, Event, NewEntry};
use lanyard_auth::idempotency::IdempotencyRecord;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, EndReason, PasswordChange, RaisedVersion, RoleChange, SessionId, StoreError, User, UserId,
};
use lanyard_auth::time::Timestamp;
use sqlx::{Row as _, SqliteConnection};

use super::{audit, failed, idempotency, rows};
use crate::sql::{another_admin, select_user, user_columns};

/// Raises the version, revokes those below it and ends every live session.
pub async fn end_all_sessions(
    transaction: &mut SqliteConnection,
    user: UserId,
    reason: EndReason,
    by: &By,
    now: Timestamp,
) -> Result<Option<RaisedVersion>, StoreError> {
    let raised = sqlx::query(
        "UPDATE users SET version = version + 1, revoked_below = version + 1, revoked_at = ?2 WHERE id = ?1
         RETURNING version",
    )
    .bind(user.0.as_bytes().as_slice())
    .bind(now.0)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(raised) = raised else { return Ok(None) };
    let version = raised.try_get("version").map_err(failed)?;
    let ended = end_sessions_of(transaction, user, None, reason, by, now).await?;
    Ok(Some(RaisedVersion { version, ended }))
}

/// The compare-and-swap of a password; all sessions but one end. To be rolled back when it returns `None`.
pub async fn change_password(
    transaction: &mut SqliteConnection,
    change: &PasswordChange,
    now: Timestamp,
) -> Result<Option<RaisedVersion>, StoreError> {
    let raised = sqlx::query(
        "UPDATE users SET password_hash = ?3, version = version + 1
         WHERE id = ?1 AND password_hash = ?2 AND disabled_at IS NULL
           AND EXISTS (SELECT 1 FROM sessions
                       WHERE sid = ?4 AND user_id = users.id AND user_version = users.version
                         AND ended_at IS NULL)
         RETURNING version",
    )
    .bind(change.user.0.as_bytes().as_slice())
    .bind(change.seen.stored())
    .bind(change.new.stored())
    .bind(change.keep.0.as_bytes().as_slice())
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    let Some(raised) = raised else { return Ok(None) };
    let version: u32 = raised.try_get("version").map_err(failed)?;
    sqlx::query("UPDATE sessions SET user_version = ?2 WHERE sid = ?1")
        .bind(change.keep.0.as_bytes().as_slice())
        .bind(version)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let reason = EndReason::PasswordChanged;
    let by = By::owner(change.device.clone());
    let ended = end_sessions_of(transaction, change.user, Some(change.keep), reason, &by, now).await?;
    let (user, session) = (Some(change.user), Some(change.keep));
    let entry = NewEntry { event: Event::AuthnPasswordChange, detail: None, user, session, by };
    audit::write(transaction, &entry, now).await?;
    if let Some(record) = &change.idempotency {
        let number = u32::try_from(ended.len()).unwrap_or(u32::MAX);
        let record = IdempotencyRecord { ended: number, ..record.clone() };
        if !idempotency::write(transaction, &record, now).await? {
            return Ok(None);
        }
    }
    Ok(Some(RaisedVersion { version, ended }))
}

/// Closes an account that is open, and ends its sessions; unless that leaves no administrator.
pub async fn disable(
    transaction: &mut SqliteConnection,
    user: UserId,
    by: &By,
    now: Timestamp,
) -> Result<Closing, StoreError> {
    let disabled = sqlx::query(concat!(
        "UPDATE users SET disabled_at = ?2
         WHERE id = ?1 AND disabled_at IS NULL
           AND (role <> 'admin' OR ",
        another_admin!(),
        ")"
    ))
    .bind(user.0.as_bytes().as_slice())
    .bind(now.0)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    if disabled.rows_affected() == 0 {
        let open = find(transaction, user).await?.is_some_and(|user| user.disabled_at.is_none());
        return Ok(if open { Closing::LastAdmin } else { Closing::NotOpen });
    }
    audit::of_user(transaction, Event::UserUpdated, Some(DISABLED), user, by, now).await?;
    let raised = end_all_sessions(transaction, user, EndReason::AccountDisabled, by, now).await?;
    Ok(raised.map_or(Closing::NotOpen, Closing::Closed))
}

/// Opens an account that is closed; whether it was.
pub async fn enable(
    transaction: &mut SqliteConnection,
    user: UserId,
    by: &By,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let enabled =
        sqlx::query("UPDATE users SET disabled_at = NULL WHERE id = ?1 AND disabled_at IS NOT NULL")
            .bind(user.0.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    if enabled.rows_affected() == 0 {
        return Ok(false);
    }
    audit::of_user(transaction, Event::UserUpdated, Some(ENABLED), user, by, now).await?;
    Ok(true)
}

/// Ends a user's live sessions, but for the one that is kept; returns those that were live.
pub async fn end_sessions_of(
    transaction: &mut SqliteConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    by: &By,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let ended = sqlx::query(
        "UPDATE sessions SET ended_at = ?3, end_reason = ?4
         WHERE user_id = ?1 AND sid IS NOT ?2 AND ended_at IS NULL
         RETURNING sid",
    )
    .bind(user.0.as_bytes().as_slice())
    .bind(keep.as_ref().map(|keep| keep.0.as_bytes().as_slice()))
    .bind(now.0)
    .bind(reason.name())
    .fetch_all(&mut *transaction)
    .await
    .map_err(failed)?;
    let ended: Vec<_> = ended.iter().map(rows::sid).collect::<Result<_, _>>()?;
    for &sid in &ended {
        audit::ended(transaction, user, sid, reason, by, now).await?;
    }
    Ok(ended)
}

/// Gives a user another role, unless that leaves no administrator.
pub async fn set_role(
    transaction: &mut SqliteConnection,
    user: UserId,
    role: Role,
    by: &By,
    now: Timestamp,
) -> Result<RoleChange, StoreError> {
    let changed = sqlx::query(concat!(
        "UPDATE users SET role = ?2, authz_version = authz_version + 1, authz_changed_at = ?3
         WHERE id = ?1 AND role <> ?2
           AND (?2 = 'admin' OR role <> 'admin' OR disabled_at IS NOT NULL OR ",
        another_admin!(),
        ") RETURNING ",
        user_columns!()
    ))
    .bind(user.0.as_bytes().as_slice())
    .bind(role.name())
    .bind(now.0)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed)?;
    if let Some(changed) = changed {
        audit::of_user(transaction, Event::AuthzChange, Some(role.name()), user, by, now).await?;
        return Ok(RoleChange::Changed(rows::user(&changed)?));
    }
    Ok(match find(transaction, user).await? {
        None => RoleChange::NoUser,
        Some(user) if user.role == role => RoleChange::Same(user),
        Some(_) => RoleChange::LastAdmin,
    })
}

/// Refuses whoever asks as an administrator and is none now.
pub async fn authorise(transaction: &mut SqliteConnection, by: &By) -> Result<(), StoreError> {
    let Some(admin) = by.actor.admin() else { return Ok(()) };
    match find(transaction, admin).await? {
        Some(user) if user.role == Role::Admin && user.disabled_at.is_none() => Ok(()),
        _ => Err(StoreError::NotAdmin),
    }
}

/// A user.
pub async fn find(connection: &mut SqliteConnection, user: UserId) -> Result<Option<User>, StoreError> {
    let found = sqlx::query(select_user!("WHERE id = ?1"))
        .bind(user.0.as_bytes().as_slice())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    found.as_ref().map(rows::user).transpose()
}
