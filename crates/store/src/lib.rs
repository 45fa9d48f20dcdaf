//! Where users and sessions are kept: the implementations of [`lanyard_auth::store::Store`] and of
//! [`lanyard_auth::records::Records`].
//!
//! [`open`] picks one by the database URL. A store keeps and compares and decides nothing; the rotation rule
//! is `lanyard-auth`'s. Every store passes the same suite, `tests/conformance`.
//!
//! Called by `server`, once, at start.

#[macro_use]
mod failpoint;

mod columns;
mod place;
mod postgres;
mod search;
mod sql;
mod sqlite;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::records::Records;
use lanyard_auth::store::{Store, StoreError};
use lanyard_auth::time::Clock;
use sqlx::migrate::{MigrateError, Migrator};

pub use place::Place;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

/// The version of a new user, whose sessions carry it.
const FIRST_VERSION: u32 = 1;

/// Whose account is younger has nowhere that he usually signs in from.
const NEWCOMER: Duration = Duration::from_secs(24 * 3600);

/// Entries of the audit log are counted up to here; nobody asks whether there are more.
const MOST_COUNTED: u32 = 100;

/// So many people's words are written anew at once.
const PEOPLE_AT_ONCE: u32 = 1_000;

/// Why a database could not be opened. The text is shown to the person who starts the server; it never
/// holds the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No database of ours is spelt that way.
    #[error("the database URL must begin with `sqlite:` or `postgres:`")]
    UnknownScheme,
    /// A Postgres URL that can't be read. What is wrong with it is not quoted: it may be a part of a password.
    #[error(
        "a Postgres URL is spelt as postgres://user:password@host/database?sslmode=verify-full is, and in a password \
         `?`, `#`, `/`, `@` and `%` are spelt %3F, %23, %2F, %40 and %25"
    )]
    NotPostgres,
    /// A Postgres URL sets what we don't know.
    #[error("the database URL sets `{name}`, which isn't known here; what is: {known}")]
    UnknownParameter {
        /// Its name.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// The value of a Postgres URL's parameter can't be read.
    #[error("the database URL's `{0}` has a value that can't be read")]
    BadParameter(String),
    /// A Postgres URL asks for a server that does not take writes.
    #[error(
        "the database URL's `target_session_attrs` must be read-write or primary: everything here writes"
    )]
    Standby,
    /// A Postgres URL with a list of hosts.
    #[error(
        "the database URL names several servers; name one, or one name that always means the primary (of a name that \
         moves, each new connection finds the server that can be written)"
    )]
    SeveralServers,
    /// The server takes no writes.
    #[error("the database can't be written: it is a standby, an old primary, or was made read-only")]
    ReadOnly,
    /// Something between us and Postgres drops what belongs to a connection.
    #[error(
        "the database is behind a pooler such as PgBouncer that does not pass a connection's settings on; poolers, above \
         all those in transaction mode, aren't supported: connect to Postgres itself (a server keeps a pool of 10)"
    )]
    Pooler,
    /// A SQLite URL without a path, with parameters, or in memory.
    #[error(
        "a SQLite URL names a file and nothing else, as sqlite:data/lanyard.db does; what follows a `?` is none of it"
    )]
    NotAFile,
    /// SQLite's driver takes no such path.
    #[error("SQLite can't open {0}: the name of the file or of a folder above it is not UTF-8")]
    NotUtf8(PathBuf),
    /// A folder stands where the file should be.
    #[error("the database can't be at {0}, which is a folder: it is a file")]
    IsFolder(PathBuf),
    /// The folder that the database should be in is missing.
    #[error("the database's folder does not exist: {0}")]
    NoFolder(PathBuf),
    /// The database's file could not be made.
    #[error("the database file {path} can't be made: {reason}")]
    NotMade {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// It can't be told whether there is a file.
    #[error("the database file {path} can't be looked for: {reason}")]
    NotSeen {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// There is no file, and none is to be made.
    #[error("there is no database at {0}: `lanyard serve` makes it")]
    NoFile(PathBuf),
    /// It holds tables that this program doesn't know of.
    #[error("the database was written by a newer Lanyard")]
    Newer,
    /// It lacks tables that this program needs, and none are to be made.
    #[error(
        "the database is empty or of an older Lanyard: `lanyard migrate` brings it up to date, and so does `serve`"
    )]
    Older,
    /// Its tables could not be brought up to date.
    #[error("the database's tables can't be brought up to date: {0}")]
    Migration(String),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// What a failure while the tables were brought up to date means; `failed` knows the database's own.
    fn migrating(error: MigrateError, failed: fn(sqlx::Error) -> StoreError) -> Self {
        match error {
            MigrateError::VersionMissing(_) => Self::Newer,
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::Store(failed(error))
            }
            error => Self::Migration(error.to_string()),
        }
    }

    /// What is wrong with a database to which these versions have been applied, if they are not all of ours.
    fn unless_up_to_date(ours: &Migrator, applied: &[i64]) -> Result<(), Self> {
        if applied.iter().any(|version| !ours.version_exists(*version)) {
            Err(Self::Newer)
        } else if ours.iter().any(|migration| !applied.contains(&migration.version)) {
            Err(Self::Older)
        } else {
            Ok(())
        }
    }
}

/// An open database. Both are the same one.
#[derive(Clone)]
pub struct Database {
    /// What the token engine keeps there.
    pub store: Arc<dyn Store>,
    /// What administrators read there.
    pub records: Arc<dyn Records>,
}

impl<T: Store + Records> From<T> for Database {
    fn from(database: T) -> Self {
        let database = Arc::new(database);
        Self { store: Arc::clone(&database) as Arc<dyn Store>, records: database }
    }
}

/// Opens the database at this place, or that a URL names, and brings its tables up to date.
///
/// A URL is `sqlite:<path>` or `sqlite://<path>` for a file, which is made if it is missing; the path is taken as it
/// stands, and `clock` is the database's time. Or it is `postgres://` or `postgresql://` for a database that is there
/// already, with libpq's parameters; it has its own time.
///
/// # Errors
/// [`OpenError`], in one sentence.
pub async fn open(place: impl Into<Place> + Send, clock: Clock) -> Result<Database, OpenError> {
    match place.into() {
        Place::Url(url) if is_postgres(&url) => Ok(PostgresStore::open(&url).await?.into()),
        place => Ok(SqliteStore::open(place, clock).await?.into()),
    }
}

/// Opens the database at this place if its tables are up to date, and changes nothing.
///
/// For whoever uses a database beside the servers that keep it: on other tables, an older one of them could not go on.
///
/// # Errors
/// [`OpenError`], in one sentence; [`OpenError::Older`], [`OpenError::Newer`] or [`OpenError::NoFile`] when a server has
/// to come first.
pub async fn open_up_to_date(place: impl Into<Place> + Send, clock: Clock) -> Result<Database, OpenError> {
    match place.into() {
        Place::Url(url) if is_postgres(&url) => Ok(PostgresStore::open_up_to_date(&url).await?.into()),
        place => Ok(SqliteStore::open_up_to_date(place, clock).await?.into()),
    }
}

fn is_postgres(url: &str) -> bool {
    matches!(url.split_once(':'), Some(("postgres" | "postgresql", _)))
}
