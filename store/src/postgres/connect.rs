//! Connecting: what a URL may say, how long anything may take, and the tables. For `postgres` alone.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

use super::{addresses, failed, words};
use crate::OpenError;

/// Each is a process of the server's. A statement takes a fraction of a millisecond, so a few serve many
/// requests, and several nodes fit into Postgres's own default of 100.
const CONNECTIONS: u32 = 10;

/// So long a caller waits for a connection, a new one included: a thousand renewals at once queue for a few. With
/// the limits below one operation stays under a client's 10 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The server's own limits, for every statement of ours. The last one frees the rows that a node holds
/// which stopped in the middle of a transaction.
const LIMITS: [(&str, &str); 4] = [
    ("lock_timeout", "2s"),
    ("statement_timeout", "4s"),
    ("idle_in_transaction_session_timeout", "10s"),
    // What the store is written for, whatever the server's default.
    ("default_transaction_isolation", "read committed"),
];

/// What a URL may set. The driver logs the value of any other, which may be a part of a mistyped password.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// Names the lock under which one node at a time brings the tables up to date: "lanyard" in ASCII.
const MIGRATION_LOCK: i64 = 0x006c_616e_7961_7264;

/// What makes the tables, step by step.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How to connect, as `url` says.
pub fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if !ours || !knows_parameters(url) {
        return Err(OpenError::NotPostgres);
    }
    // The driver's own words may quote the URL.
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::NotPostgres)?;
    Ok(options.application_name("lanyard").options(LIMITS))
}

/// The connections that requests share. None is made yet.
pub fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}

fn knows_parameters(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next());
    !url.contains('#') && names.flatten().all(|name| PARAMETERS.contains(&name))
}

/// Brings the tables up to date, in one transaction and under a lock: of nodes that start together one does
/// it, and the others find nothing left to do.
pub async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    // Not of the pool, which tries again and again and then no longer knows what was wrong.
    let mut connection = options.connect().await.map_err(failed)?;
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
    let mut connection = options.connect().await.map_err(failed)?;
    let any = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !any.fetch_one(&mut connection).await.map_err(failed)? {
        return Err(OpenError::Older);
    }
    let applied = sqlx::query_scalar("SELECT version FROM _sqlx_migrations");
    let applied: Vec<i64> = applied.fetch_all(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    OpenError::unless_up_to_date(&MIGRATIONS, &applied)
}
