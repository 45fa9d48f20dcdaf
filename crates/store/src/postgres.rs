//! The store on Postgres: a pool of connections, READ COMMITTED, and the database's own time.
//!
//! Only [`crate::open`] and the tests need it by name. The connections are made in `connect` as a URL says, which `url` reads; rows are read
//! in `rows`; what writes sessions and users is in `sessions` and `users`, what an owner sees and changes in `owner`, what
//! administrators read in `records`, the words by which they find people in `words`,
//! addresses of before in `addresses`, what is remembered of a request in `idempotency`, the log of all that in `audit`; the
//! rest is one statement each, and so one transaction.
//!
//! What keeps READ COMMITTED right: every write names all that it relies on in its WHERE, which Postgres
//! judges again on the newest row after waiting for another writer. What keeps it free of deadlocks: the
//! user's row is locked before sessions, and sessions in the order of their ids.

mod addresses;
mod audit;
mod connect;
mod idempotency;
mod owner;
mod records;
mod revocations;
mod rows;
mod sessions;
mod url;
mod users;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::audit::{Actor, By, Event, NewEntry};
use lanyard_auth::device::Device;
use lanyard_auth::idempotency::{IdempotencyRecord, KeyHash};
use lanyard_auth::password::PasswordHash;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, CreateUserError, Credentials, EndReason, Guard, NewSession, NewUser, PasswordChange,
    RaisedVersion, Revocation, RoleChange, Rotation, Seen, Session, SessionId, Store, StoreError, User,
    UserId,
};
use lanyard_auth::time::{Timestamp, millis};
use sqlx::{PgPool, Postgres, Transaction};

use crate::sql::user_columns;
use crate::{FIRST_VERSION, OpenError};

/// Sessions with their users and the time, as [`rows::session`] reads them.
macro_rules! select_session {
    ($rest:literal) => {
        concat!(
            "SELECT sid, user_version, generation, current_hash, previous_hash, salt, kid, rotated_at,
                    confirmed, recoveries, sessions.created_at, expires_at, ended_at, end_reason,
                    browser, system, network, label, ",
            user_columns!(),
            ", lanyard_now() AS now
             FROM sessions JOIN users ON users.id = user_id ",
            $rest
        )
    };
}
use select_session;

/// [`Store`] on Postgres.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects to the database that `url` (`postgres://` or `postgresql://`) names, and brings its tables up
    /// to date; several nodes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`], in one sentence.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let options = connect::options(url)?;
        connect::migrate(&options).await?;
        Ok(Self { pool: connect::pool(options) })
    }

    /// Connects to the database if its tables are up to date. See [`crate::open_up_to_date`].
    ///
    /// # Errors
    /// [`OpenError`], in one sentence.
    pub async fn open_up_to_date(url: &str) -> Result<Self, OpenError> {
        let options = connect::options(url)?;
        connect::check(&options).await?;
        Ok(Self { pool: connect::pool(options) })
    }

    /// A transaction for who may do what he asks for.
    async fn begin_for(&self, by: &By) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        users::authorise(&mut transaction, by).await?;
        Ok(transaction)
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let row = sqlx::query("SELECT lanyard_now() AS now").fetch_one(&self.pool).await.map_err(failed)?;
        rows::time(&row, "now")
    }

    async fn writable(&self) -> Result<(), StoreError> {
        // A new version of a row is written even if it is the same as the old one.
        let write = "UPDATE _sqlx_migrations SET success = success
                     WHERE version = (SELECT min(version) FROM _sqlx_migrations)";
        sqlx::query(write).execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    async fn create_user(&self, user: &NewUser, by: &By) -> Result<User, CreateUserError> {
        let mut transaction = self.begin_for(by).await?;
        if let Some(record) = &user.idempotency
            && !idempotency::write(&mut transaction, record).await?
        {
            return Err(CreateUserError::KeyUsed);
        }
        let made = sqlx::query(
            "INSERT INTO users (id, email, name, password_hash, version, created_at, role)
             VALUES ($1, $2, $3, $4, $5, lanyard_now(), $6)
             ON CONFLICT (email) DO NOTHING
             RETURNING created_at",
        )
        .bind(user.id.0)
        .bind(&user.email)
        .bind(&user.name)
        .bind(user.password_hash.stored())
        .bind(i64::from(FIRST_VERSION))
        .bind(user.role.name())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
        let made = made.ok_or(CreateUserError::EmailTaken)?;
        words::write(&mut transaction, user.id, &user.email, &user.name).await?;
        audit::of_user(&mut transaction, Event::UserCreated, Some(user.role.name()), user.id, by).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(User {
            id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            version: FIRST_VERSION,
            role: user.role,
            authz_version: 0,
            created_at: rows::time(&made, "created_at")?,
            disabled_at: None,
        })
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        // No text of Postgres's holds a NUL, so nobody has this address; asking would be an error.
        if email.contains('\0') {
            return Ok(None);
        }
        let row =
            sqlx::query(concat!("SELECT password_hash, ", user_columns!(), " FROM users WHERE email = $1"))
                .bind(email)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)?;
        row.as_ref().map(rows::credentials).transpose()
    }

    async fn rehash_password(
        &self,
        user: UserId,
        seen: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let changed = sqlx::query("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
            .bind(user.0)
            .bind(seen.stored())
            .bind(new.stored())
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(changed.rows_affected() == 1)
    }

    async fn create_session(
        &self,
        session: &NewSession,
        displaced: &[SessionId],
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let Some(created_at) = sessions::create(&mut transaction, session).await? else {
            return Ok(None);
        };
        if !displaced.is_empty() {
            let by = By::server(session.device.clone());
            sessions::end(&mut transaction, displaced, EndReason::Replaced, &by).await?;
        }
        audit::signed_in(&mut transaction, session).await?;
        failpoint!("sign-in-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("sign-in-after-commit");
        Ok(Some(created_at))
    }

    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError> {
        let row = sqlx::query(select_session!("WHERE sid = $1"))
            .bind(sid.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.map(|row| Ok(Seen { row: rows::session(&row)?, now: rows::time(&row, "now")? })).transpose()
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        failpoint!("rotate-before-commit");
        let rotated_at = sessions::rotate(&self.pool, rotation).await?;
        failpoint!("rotate-after-commit");
        Ok(rotated_at)
    }

    async fn confirm(&self, sid: SessionId, generation: u32, settle: Duration) -> Result<bool, StoreError> {
        failpoint!("confirm-before-commit");
        // The age on the left: the difference of two moments fits, a moment less any duration may not.
        let confirmed = sqlx::query(
            "UPDATE sessions SET confirmed = TRUE
             WHERE sid = $1 AND generation = $2 AND NOT confirmed AND lanyard_now() - rotated_at >= $3",
        )
        .bind(sid.0)
        .bind(i64::from(generation))
        .bind(millis(settle))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        failpoint!("confirm-after-commit");
        Ok(confirmed.rows_affected() == 1)
    }

    async fn end_if_seen(&self, seen: Guard, reason: EndReason, device: &Device) -> Result<bool, StoreError> {
        failpoint!("theft-before-commit");
        let (event, detail) = Event::of_end(reason);
        let ended = sqlx::query(
            "WITH ended AS (
                 UPDATE sessions SET ended_at = lanyard_now(), end_reason = $4
                 WHERE sid = $1 AND generation = $2 AND confirmed = $3 AND ended_at IS NULL
                 RETURNING sid, user_id, ended_at
             )
             INSERT INTO audit (at, event, detail, actor, user_id, session_id, browser, system, network, notice)
             SELECT ended_at, $5, $6, $7, user_id, sid, $8, $9, $10, $11 FROM ended",
        )
        .bind(seen.sid.0)
        .bind(i64::from(seen.generation))
        .bind(seen.confirmed)
        .bind(reason.name())
        .bind(event.name())
        .bind(detail)
        .bind(Actor::Server.name())
        .bind(&device.browser)
        .bind(&device.system)
        .bind(&device.network)
        .bind(event.is_notice(detail))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        failpoint!("theft-after-commit");
        Ok(ended.rows_affected() == 1)
    }

    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let ended = sessions::end(&mut transaction, sids, reason, by).await?;
        failpoint!("sign-out-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("sign-out-after-commit");
        Ok(ended)
    }

    async fn label_session(
        &self,
        user: UserId,
        sid: SessionId,
        label: Option<&str>,
    ) -> Result<bool, StoreError> {
        owner::label(&self.pool, user, sid, label).await
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let mut others = sessions::lock_live(&mut transaction, user).await?;
        others.retain(|sid| *sid != keep);
        let ended = sessions::end(&mut transaction, &others, reason, by).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(ended)
    }

    async fn rename_user(&self, user: UserId, name: &str, by: &By) -> Result<Option<User>, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let renamed = owner::rename(&mut transaction, user, name, by).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(renamed)
    }

    async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
        by: &By,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let raised = users::end_all_sessions(&mut transaction, user, reason, by).await?;
        failpoint!("end-all-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("end-all-after-commit");
        Ok(raised)
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let Some(raised) = users::change_password(&mut transaction, change).await? else {
            return Ok(None);
        };
        failpoint!("password-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("password-after-commit");
        Ok(Some(raised))
    }

    async fn idempotency_record(&self, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        idempotency::find(&self.pool, id).await
    }

    async fn remove_idempotency_records(&self, batch: u32) -> Result<u32, StoreError> {
        idempotency::remove(&self.pool, self.now().await?, batch).await
    }

    async fn disable_user(&self, user: UserId, by: &By) -> Result<Closing, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let closing = users::disable(&mut transaction, user, by).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(closing)
    }

    async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let change = users::set_role(&mut transaction, user, role, by).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(change)
    }

    async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError> {
        let mut transaction = self.begin_for(by).await?;
        let enabled = users::enable(&mut transaction, user, by).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(enabled)
    }

    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        // As a value of its own: compared with a volatile function, an index is not used. Two nodes that do
        // this at once take different sessions.
        let before = self.now().await?.before(keep).0;
        let removed = sqlx::query(
            "DELETE FROM sessions
             WHERE sid = ANY (ARRAY (SELECT sid FROM sessions WHERE expires_at < $1
                                     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        )
        .bind(before)
        .bind(i64::from(batch))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(u32::try_from(removed.rows_affected()).unwrap_or(batch))
    }

    async fn record(&self, entry: &NewEntry) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        audit::write(&mut connection, entry).await
    }

    async fn count_entries(
        &self,
        event: Event,
        user: Option<UserId>,
        window: Duration,
    ) -> Result<u32, StoreError> {
        audit::count(&self.pool, event, user, self.now().await?.before(window)).await
    }

    async fn remove_entries(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        audit::remove(&self.pool, self.now().await?.before(keep), batch).await
    }

    async fn notices_seen(&self, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
        audit::seen(&self.pool, sid, up_to).await
    }

    async fn revocations(&self, window: Duration, most: u32) -> Result<Vec<Revocation>, StoreError> {
        // As a value of its own: compared with a volatile function, an index is not used.
        revocations::since(&self.pool, self.now().await?.before(window), most).await
    }
}

/// What a failure of Postgres or of its driver means to the caller. The text is the server's message alone:
/// its detail may hold values.
fn failed(error: sqlx::Error) -> StoreError {
    let state = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
    // Bad data and broken constraints by class, a damaged table or index by code:
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    let corrupt = state.starts_with("22") || state.starts_with("23") || state == "XX001" || state == "XX002";
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt(error.to_string()),
        _ if corrupt => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}
