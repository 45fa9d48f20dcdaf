//! The store on SQLite: one file, one writer, a few readers.
//!
//! Only [`crate::open`] and the tests need it by name. The connections are made in `connect`, rows are read in `rows`; what
//! writes sessions is in `sessions`, what changes a user as a whole in `users`, what an owner sees and changes of his sessions
//! in `owner`, what administrators read in `records`, the words by which they find people in `words`,
//! addresses of before in `addresses`, what is remembered of a request in `idempotency`, the log of all that in
//! `audit`. Each method is one transaction. Every writing one is `BEGIN IMMEDIATE`, so that it never has to be given up
//! half-way, and reads the clock once it holds the lock.

mod addresses;
mod audit;
pub(crate) mod connect;
mod idempotency;
mod owner;
mod records;
mod revocations;
mod rows;
mod sessions;
#[cfg(test)]
mod tests;
mod users;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::audit::{By, Event, NewEntry};
use lanyard_auth::device::Device;
use lanyard_auth::idempotency::{IdempotencyRecord, KeyHash};
use lanyard_auth::password::PasswordHash;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, CreateUserError, Credentials, EndReason, Guard, NewSession, NewUser, PasswordChange,
    RaisedVersion, Revocation, RoleChange, Rotation, Seen, Session, SessionId, Store, StoreError, User,
    UserId,
};
use lanyard_auth::time::{Clock, Timestamp};
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::sql::user_columns;
use crate::{FIRST_VERSION, OpenError, Place};

/// Sessions with their users, as [`rows::session`] reads them.
macro_rules! select_session {
    ($rest:literal) => {
        concat!(
            "SELECT sid, user_version, generation, current_hash, previous_hash, salt, kid, rotated_at,
                    confirmed, recoveries, sessions.created_at, expires_at, ended_at, end_reason,
                    browser, system, network, label, ",
            user_columns!(),
            " FROM sessions JOIN users ON users.id = user_id ",
            $rest
        )
    };
}
use select_session;

/// [`Store`] on SQLite.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    clock: Clock,
}

impl SqliteStore {
    /// Opens the file at this place, or that a URL (`sqlite:<path>` or `sqlite://<path>`) names, makes it with mode 0600
    /// if it is missing, and brings its tables up to date. `clock` is the database's time.
    ///
    /// # Errors
    /// [`OpenError`], in one sentence.
    pub async fn open(place: impl Into<Place> + Send, clock: Clock) -> Result<Self, OpenError> {
        let path = connect::path(place.into())?;
        connect::make_private(&path)?;
        connect::migrate(&path).await?;
        let (writer, readers) = (connect::writer(&path).await?, connect::readers(&path).await?);
        Ok(Self { writer, readers, clock })
    }

    /// Opens the file if its tables are up to date. See [`crate::open_up_to_date`].
    ///
    /// # Errors
    /// [`OpenError`], in one sentence.
    pub async fn open_up_to_date(place: impl Into<Place> + Send, clock: Clock) -> Result<Self, OpenError> {
        let path = connect::path(place.into())?;
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(OpenError::NoFile(path)),
            Err(reason) => return Err(OpenError::NotSeen { path, reason }),
        }
        let readers = connect::readers(&path).await?;
        connect::check(&readers).await?;
        Ok(Self { writer: connect::writer(&path).await?, readers, clock })
    }

    /// A writing transaction, and the time at which it holds the database's only write lock.
    async fn write(&self) -> Result<(Transaction<'static, Sqlite>, Timestamp), StoreError> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        Ok((transaction, self.clock.now()))
    }

    /// The same for who may do what he asks for.
    async fn write_for(&self, by: &By) -> Result<(Transaction<'static, Sqlite>, Timestamp), StoreError> {
        let (mut transaction, now) = self.write().await?;
        users::authorise(&mut transaction, by).await?;
        Ok((transaction, now))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        // A read of the file: a connection alone would answer without it.
        sqlx::query("SELECT EXISTS (SELECT 1 FROM users)").fetch_one(&self.readers).await.map_err(failed)?;
        Ok(self.clock.now())
    }

    async fn writable(&self) -> Result<(), StoreError> {
        let (mut transaction, _) = self.write().await?;
        // Longer than a page, so that the file has to have room; and gone again with the commit.
        let put = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                   VALUES (-1, '', TRUE, zeroblob(8192), 0)";
        for sql in [put, "DELETE FROM _sqlx_migrations WHERE version = -1"] {
            sqlx::query(sql).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn create_user(&self, user: &NewUser, by: &By) -> Result<User, CreateUserError> {
        let (mut transaction, now) = self.write_for(by).await?;
        if let Some(record) = &user.idempotency
            && !idempotency::write(&mut transaction, record, now).await?
        {
            return Err(CreateUserError::KeyUsed);
        }
        let made = sqlx::query(
            "INSERT INTO users (id, email, name, password_hash, version, created_at, role)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (email) DO NOTHING",
        )
        .bind(user.id.0.as_bytes().as_slice())
        .bind(&user.email)
        .bind(&user.name)
        .bind(user.password_hash.stored())
        .bind(FIRST_VERSION)
        .bind(now.0)
        .bind(user.role.name())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if made.rows_affected() == 0 {
            return Err(CreateUserError::EmailTaken);
        }
        words::write(&mut transaction, user.id, &user.email, &user.name).await?;
        audit::of_user(&mut transaction, Event::UserCreated, Some(user.role.name()), user.id, by, now)
            .await?;
        transaction.commit().await.map_err(failed)?;
        Ok(User {
            id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            version: FIRST_VERSION,
            role: user.role,
            authz_version: 0,
            created_at: now,
            disabled_at: None,
        })
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        let row =
            sqlx::query(concat!("SELECT password_hash, ", user_columns!(), " FROM users WHERE email = ?1"))
                .bind(email)
                .fetch_optional(&self.readers)
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
        let (mut transaction, _) = self.write().await?;
        let changed = sqlx::query("UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2")
            .bind(user.0.as_bytes().as_slice())
            .bind(seen.stored())
            .bind(new.stored())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed.rows_affected() == 1)
    }

    async fn create_session(
        &self,
        session: &NewSession,
        displaced: &[SessionId],
    ) -> Result<Option<Timestamp>, StoreError> {
        let (mut transaction, now) = self.write().await?;
        if !sessions::create(&mut transaction, session, displaced, now).await? {
            return Ok(None);
        }
        failpoint!("sign-in-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("sign-in-after-commit");
        Ok(Some(now))
    }

    async fn session(&self, sid: SessionId) -> Result<Option<Seen<Session>>, StoreError> {
        let row = sqlx::query(select_session!("WHERE sid = ?1"))
            .bind(sid.0.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        let now = self.clock.now();
        row.map(|row| Ok(Seen { row: rows::session(&row)?, now })).transpose()
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<Option<Timestamp>, StoreError> {
        let (mut transaction, now) = self.write().await?;
        if !sessions::rotate(&mut transaction, rotation, now).await? {
            return Ok(None);
        }
        failpoint!("rotate-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("rotate-after-commit");
        Ok(Some(now))
    }

    async fn confirm(&self, sid: SessionId, generation: u32, settle: Duration) -> Result<bool, StoreError> {
        let (mut transaction, now) = self.write().await?;
        let confirmed = sqlx::query(
            "UPDATE sessions SET confirmed = TRUE
             WHERE sid = ?1 AND generation = ?2 AND NOT confirmed AND rotated_at <= ?3",
        )
        .bind(sid.0.as_bytes().as_slice())
        .bind(generation)
        .bind(now.before(settle).0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        failpoint!("confirm-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("confirm-after-commit");
        Ok(confirmed.rows_affected() == 1)
    }

    async fn end_if_seen(&self, seen: Guard, reason: EndReason, device: &Device) -> Result<bool, StoreError> {
        let (mut transaction, now) = self.write().await?;
        let ended = sessions::end_if_seen(&mut transaction, seen, reason, device, now).await?;
        if ended {
            failpoint!("theft-before-commit");
            transaction.commit().await.map_err(failed)?;
            failpoint!("theft-after-commit");
        }
        Ok(ended)
    }

    async fn end_sessions(
        &self,
        sids: &[SessionId],
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let mut ended = Vec::new();
        for sid in sids {
            if sessions::end(&mut transaction, *sid, reason, by, now).await? {
                ended.push(*sid);
            }
        }
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
        let (mut transaction, _) = self.write().await?;
        let labelled = owner::label(&mut transaction, user, sid, label).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(labelled)
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        reason: EndReason,
        by: &By,
    ) -> Result<Vec<SessionId>, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let ended = users::end_sessions_of(&mut transaction, user, Some(keep), reason, by, now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(ended)
    }

    async fn rename_user(&self, user: UserId, name: &str, by: &By) -> Result<Option<User>, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let renamed = owner::rename(&mut transaction, user, name, by, now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(renamed)
    }

    async fn end_all_sessions(
        &self,
        user: UserId,
        reason: EndReason,
        by: &By,
    ) -> Result<Option<RaisedVersion>, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let raised = users::end_all_sessions(&mut transaction, user, reason, by, now).await?;
        failpoint!("end-all-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("end-all-after-commit");
        Ok(raised)
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<Option<RaisedVersion>, StoreError> {
        let (mut transaction, now) = self.write().await?;
        let Some(raised) = users::change_password(&mut transaction, change, now).await? else {
            return Ok(None);
        };
        failpoint!("password-before-commit");
        transaction.commit().await.map_err(failed)?;
        failpoint!("password-after-commit");
        Ok(Some(raised))
    }

    async fn idempotency_record(&self, id: &KeyHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        let now = self.clock.now();
        let mut reader = self.readers.acquire().await.map_err(failed)?;
        idempotency::find(&mut reader, id, now).await
    }

    async fn remove_idempotency_records(&self, batch: u32) -> Result<u32, StoreError> {
        let (mut transaction, now) = self.write().await?;
        let removed = idempotency::remove(&mut transaction, now, batch).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(removed)
    }

    async fn disable_user(&self, user: UserId, by: &By) -> Result<Closing, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let closing = users::disable(&mut transaction, user, by, now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(closing)
    }

    async fn set_role(&self, user: UserId, role: Role, by: &By) -> Result<RoleChange, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let change = users::set_role(&mut transaction, user, role, by, now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(change)
    }

    async fn enable_user(&self, user: UserId, by: &By) -> Result<bool, StoreError> {
        let (mut transaction, now) = self.write_for(by).await?;
        let enabled = users::enable(&mut transaction, user, by, now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(enabled)
    }

    async fn remove_expired(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        let (mut transaction, now) = self.write().await?;
        let removed = sessions::remove_expired(&mut transaction, now.before(keep), batch).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(removed)
    }

    async fn record(&self, entry: &NewEntry) -> Result<(), StoreError> {
        let (mut transaction, now) = self.write().await?;
        audit::write(&mut transaction, entry, now).await?;
        transaction.commit().await.map_err(failed)
    }

    async fn count_entries(
        &self,
        event: Event,
        user: Option<UserId>,
        window: Duration,
    ) -> Result<u32, StoreError> {
        let since = self.clock.now().before(window);
        let mut reader = self.readers.acquire().await.map_err(failed)?;
        audit::count(&mut reader, event, user, since).await
    }

    async fn remove_entries(&self, keep: Duration, batch: u32) -> Result<u32, StoreError> {
        let (mut transaction, now) = self.write().await?;
        let removed = audit::remove(&mut transaction, now.before(keep), batch).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(removed)
    }

    async fn notices_seen(&self, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
        let (mut transaction, _) = self.write().await?;
        audit::seen(&mut transaction, sid, up_to).await?;
        transaction.commit().await.map_err(failed)
    }

    async fn revocations(&self, window: Duration, most: u32) -> Result<Vec<Revocation>, StoreError> {
        let mut reader = self.readers.begin().await.map_err(failed)?;
        revocations::since(&mut reader, self.clock.now().before(window), most).await
    }
}

/// What a failure of SQLite or of its driver means to the caller. Neither puts a bound value into its text.
fn failed(error: sqlx::Error) -> StoreError {
    // The low byte of an extended result code is the primary one: https://www.sqlite.org/rescode.html
    const CONSTRAINT: i32 = 19;
    const CORRUPT: i32 = 11;
    const MISMATCH: i32 = 20;
    const NOT_A_DATABASE: i32 = 26;

    let primary = match &error {
        sqlx::Error::Database(error) => {
            error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0) & 0xff
        }
        _ => 0,
    };
    match (&error, primary) {
        (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_), _)
        | (_, CONSTRAINT | CORRUPT | MISMATCH | NOT_A_DATABASE) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}
