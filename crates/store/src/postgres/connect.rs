//! Connecting: how long anything may take, to whom, and the tables. For `postgres` alone.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _};
use tokio::time::{sleep, timeout};

use super::{addresses, failed, words};
use crate::OpenError;

/// Each is a process of the server's. A statement takes a fraction of a millisecond, so a few serve many
/// requests, and several nodes fit into Postgres's own default of 100.
const CONNECTIONS: u32 = 10;

/// So long a caller waits for a connection, a new one included: a thousand renewals at once queue for a few. With
/// the limits below one operation stays under a client's 10 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection is made anew after so long: a name may mean another server by then.
const LIFETIME: Duration = Duration::from_secs(120);

/// A connection that does not answer for so long is given up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where only a server is found that can't be written.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// As Postgres shows it again.
const LOCK_TIMEOUT: &str = "2s";

/// The server's own limits, for every statement of ours. The last one frees the rows that a node holds
/// which stopped in the middle of a transaction.
const LIMITS: [(&str, &str); 4] = [
    ("lock_timeout", LOCK_TIMEOUT),
    ("statement_timeout", "4s"),
    ("idle_in_transaction_session_timeout", "10s"),
    // What the store is written for, whatever the server's default.
    ("default_transaction_isolation", "read committed"),
];

/// Names the lock under which one node at a time brings the tables up to date: "lanyard" in ASCII.
const MIGRATION_LOCK: i64 = 0x006c_616e_7961_7264;

/// What makes the tables, step by step.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How to connect, as `url` says.
pub fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    Ok(super::url::options(url)?.application_name("lanyard").options(LIMITS))
}

/// The connections that requests share. None is made yet.
///
/// Only those that can write: after a switchover the old primary goes on answering, with yesterday's rows. So each is
/// asked when it is made and whenever it is used again, in place of the driver's ping; whatever made a statement fail
/// as read-only or as shutting down (25006, 57P01), the next one has another connection.
pub fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(may_write(connection).await.unwrap_or(false)) })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                if may_write(connection).await? {
                    return Ok(());
                }
                // The pool tries again at once, and says so each time.
                sleep(BETWEEN_TRIES).await;
                Err(sqlx::Error::Configuration(Box::new(OpenError::ReadOnly)))
            })
        })
        .connect_lazy_with(options)
}

/// Whether it is connected to a server that takes writes; one that does not say so in time is away.
async fn may_write(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    Ok(shown(connection, "SHOW transaction_read_only").await? == "off")
}

async fn shown(connection: &mut PgConnection, show: &'static str) -> Result<String, sqlx::Error> {
    let asked = sqlx::raw_sql(show).fetch_one(connection);
    timeout(PATIENCE, asked).await.map_err(|_| sqlx::Error::PoolTimedOut)??.try_get(0)
}

/// A connection at start, not of the pool, which tries again and again and then no longer knows what was wrong.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let mut connection = options.connect().await.map_err(|error| {
        let refusal = error.as_database_error().map(|error| error.message().to_owned());
        if refusal.is_some_and(|text| text.starts_with("unsupported startup parameter")) {
            OpenError::Pooler
        } else {
            failed(error).into()
        }
    })?;
    // A pooler that was told to ignore them drops them without a word.
    if shown(&mut connection, "SHOW lock_timeout").await.map_err(failed)? != LOCK_TIMEOUT {
        return Err(OpenError::Pooler);
    }
    Ok(connection)
}

/// Brings the tables up to date, in one transaction and under a lock: of nodes that start together one does
/// it, and the others find nothing left to do.
pub async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = connect(options).await?;
    if !may_write(&mut connection).await.map_err(failed)? {
        return Err(OpenError::ReadOnly);
    }
    let mut transaction = connection.begin().await.map_err(failed)?;
    // A large table takes its time, and the other nodes wait for it.
    sqlx::raw_sql("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    // Not `run`: its bounds make a future that can't be spawned.
    let migrated = MIGRATIONS.run_direct(None, &mut *transaction, false).await;
    migrated.map_err(|error| OpenError::migrating(error, failed))?;
    if words::are_missing(&mut transaction).await? {
        addresses::bring_up_to_date(&mut transaction).await?;
        words::write_all(&mut transaction).await?;
    }
    transaction.commit().await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(())
}

/// Whether the tables are up to date.
pub async fn check(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = connect(options).await?;
    let any = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !any.fetch_one(&mut connection).await.map_err(failed)? {
        return Err(OpenError::Older);
    }
    let applied = sqlx::query_scalar("SELECT version FROM _sqlx_migrations");
    let applied: Vec<i64> = applied.fetch_all(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    OpenError::unless_up_to_date(&MIGRATIONS, &applied)
}
