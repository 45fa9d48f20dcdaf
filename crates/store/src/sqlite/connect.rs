//! Opening the file: who may read it, how it is written, and its tables. For `sqlite` alone.

use std::fs::OpenOptions;
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lanyard_auth::store::StoreError;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};

use super::{addresses, failed, words};
use crate::{OpenError, Place};

/// So long a write waits for another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// So long a server waits for another that brings a large database's tables up to date.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// So long a caller waits for a connection: a thousand renewals at once queue for the one writer. With
/// [`BUSY_TIMEOUT`] one operation stays below a client's 10 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Each is a thread. A read takes microseconds, so a few serve many requests.
const READERS: u32 = 4;

/// What makes the tables, step by step.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The file at a place, as an absolute path: SQLite takes a name that begins with `file:` for a URI.
pub fn path(place: Place) -> Result<PathBuf, OpenError> {
    let given = match place {
        Place::File(path) => path,
        Place::Url(url) => named(&url)?.into(),
    };
    let path = match std::path::absolute(&given) {
        Ok(path) => path,
        Err(reason) => return Err(OpenError::NotMade { path: given, reason }),
    };
    match (path.to_str(), path.is_dir()) {
        (None, _) => Err(OpenError::NotUtf8(path)),
        (_, true) => Err(OpenError::IsFolder(path)),
        (Some(_), false) => Ok(path),
    }
}

/// The path that a URL names.
fn named(url: &str) -> Result<&str, OpenError> {
    let rest = url.strip_prefix("sqlite:").ok_or(OpenError::UnknownScheme)?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path == ":memory:" || path.contains('?') {
        return Err(OpenError::NotAFile);
    }
    Ok(path)
}

/// Makes the file, if it is missing, for its owner alone. SQLite gives its `-wal` and `-shm` the same mode.
pub fn make_private(path: &Path) -> Result<(), OpenError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        return Err(OpenError::NoFolder(folder.into()));
    }
    let mut options = OpenOptions::new();
    // Never opens a file that is there: closing it would take from SQLite the locks that this process holds.
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    match options.open(path) {
        Err(reason) if reason.kind() != ErrorKind::AlreadyExists => {
            Err(OpenError::NotMade { path: path.into(), reason })
        }
        _ => Ok(()),
    }
}

/// The one connection that writes.
pub async fn writer(path: &Path) -> Result<SqlitePool, StoreError> {
    pool(1).connect_with(writing(path)).await.map_err(failed)
}

/// The connections that only read.
pub async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    pool(READERS).connect_with(options(path).read_only(true)).await.map_err(failed)
}

/// Brings the tables up to date, in one transaction: two servers that start together do it one after the
/// other, and the second finds nothing left to do.
pub async fn migrate(path: &Path) -> Result<(), OpenError> {
    let options = writing(path).busy_timeout(MIGRATION_TIMEOUT);
    let mut connection = options.connect().await.map_err(failed)?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
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
pub async fn check(readers: &SqlitePool) -> Result<(), OpenError> {
    let any =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')");
    if !any.fetch_one(readers).await.map_err(failed)? {
        return Err(OpenError::Older);
    }
    let applied = sqlx::query_scalar("SELECT version FROM _sqlx_migrations");
    OpenError::unless_up_to_date(&MIGRATIONS, &applied.fetch_all(readers).await.map_err(failed)?)
}

fn writing(path: &Path) -> SqliteConnectOptions {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL can lose acknowledged commits in a power cut: rotations that a client holds already.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT)
}

/// Connections to a file don't go stale, so none is ever replaced for its age.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        // SQLite itself rolls back when the disk is full, and the driver then believes for ever that it is
        // inside a transaction. The pool's ping, just before this, has flushed any rollback still queued.
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
}
