//! Where users and sessions are kept: the implementations of [`lanyard_auth::store::Store`].
//!
//! [`open`] picks one by the database URL. A store keeps and compares and decides nothing; the rotation rule
//! is `lanyard-auth`'s. Every store passes the same suite, `tests/conformance`.
//!
//! Called by `server`, once, at start.

mod sqlite;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use lanyard_auth::store::{Store, StoreError};
use lanyard_auth::time::Clock;

pub use sqlite::SqliteStore;

/// Why a database could not be opened. The text is shown to the person who starts the server; it never
/// holds the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No database of ours is spelt that way.
    #[error("the database URL must begin with `sqlite:`")]
    UnknownScheme,
    /// Postgres is on its way.
    #[error("Postgres is not supported yet: use a database URL such as sqlite:data/lanyard.db")]
    PostgresNotYet,
    /// A SQLite URL without a path, with parameters, or in memory.
    #[error("a SQLite URL names a file and nothing else, as sqlite:data/lanyard.db does")]
    NotAFile,
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
    /// It holds tables that this program doesn't know of.
    #[error("the database was written by a newer Lanyard")]
    Newer,
    /// Its tables could not be brought up to date.
    #[error("the database's tables can't be brought up to date: {0}")]
    Migration(String),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the database that `url` names, makes it if it is missing, and brings its tables up to date.
/// `sqlite:<path>` and `sqlite://<path>` are known; the path is taken as it stands.
///
/// # Errors
/// [`OpenError`], in one sentence.
pub async fn open(url: &str, clock: Clock) -> Result<Arc<dyn Store>, OpenError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => Ok(Arc::new(SqliteStore::open(url, clock).await?)),
        Some(("postgres" | "postgresql", _)) => Err(OpenError::PostgresNotYet),
        _ => Err(OpenError::UnknownScheme),
    }
}
