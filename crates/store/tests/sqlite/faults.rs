//! A database that is away, locked, foreign or broken.

use std::path::Path;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, StoreError};
use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, SqliteStore};

use crate::conformance::{Harness as _, new_user, read, session, user};
use lanyard_testbed::sqlite::SqliteFile;

async fn open(db: &SqliteFile) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&format!("sqlite:{}", db.path().display()), Clock::System).await
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not here");
    let url = format!("sqlite:{}", missing.join("lanyard.db").display());
    let error = SqliteStore::open(&url, Clock::System).await.unwrap_err();
    assert!(matches!(&error, OpenError::NoFolder(named) if *named == missing), "{error}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_folder_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        SqliteStore::open(&format!("sqlite:{}", folder.path().display()), Clock::System).await.unwrap_err();
    assert!(matches!(&error, OpenError::IsFolder(named) if *named == folder.path()), "{error}");
}

#[tokio::test]
async fn a_locked_database_is_unavailable_to_writers_only() {
    let db = SqliteFile::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    let mut other = db.connect().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let error = store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    store.now().await.unwrap();
    assert!(read(&*store, sid).await.unwrap().ended.is_none());

    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap(), [sid]);
}

#[tokio::test]
async fn a_file_of_something_else_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lanyard.db");
    std::fs::write(&path, "this is no database".repeat(1000)).unwrap();
    let error = SqliteStore::open(&format!("sqlite:{}", path.display()), Clock::System).await.unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Corrupt(_))), "{error}");
    assert!(std::fs::read(&path).unwrap().starts_with(b"this is no database"), "it was left as it is");
}

#[tokio::test]
async fn a_broken_page_is_corrupt() {
    let db = SqliteFile::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    db.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let page: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'")
        .fetch_one(&mut db.connect().await)
        .await
        .unwrap();
    drop(store);
    let mut bytes = std::fs::read(db.path()).unwrap();
    let start = (usize::try_from(page).unwrap() - 1) * 4096;
    bytes[start..start + 4096].fill(0xAA);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("lanyard.db");
    std::fs::write(&copy, bytes).unwrap();

    let store = SqliteStore::open(&format!("sqlite:{}", copy.display()), Clock::System).await.unwrap();
    let error = read(&store, sid).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_row_that_can_not_be_is_corrupt() {
    for (column, damage) in [
        ("recoveries", "UPDATE sessions SET recoveries = 256"),
        ("generation", "UPDATE sessions SET generation = -1"),
        ("current_hash", "UPDATE sessions SET current_hash = x'00'"),
        ("salt", "UPDATE sessions SET salt = x'00'"),
        ("ended_at", "UPDATE sessions SET ended_at = 1"),
        ("version", "UPDATE users SET version = 4294967296"),
    ] {
        let db = SqliteFile::fresh().await;
        let store = db.store();
        let sid = session(&*store, &user(&*store, 1).await, 5).await;
        let mut connection = db.connect().await;
        sqlx::raw_sql("PRAGMA ignore_check_constraints = ON").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(damage).execute(&mut connection).await.unwrap();
        let error = read(&*store, sid).await.unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt(text) if text.contains(column)), "{error}");
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let db = SqliteFile::fresh().await;
    db.run("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, TRUE, x'00', 0)").await;
    assert!(matches!(open(&db).await.unwrap_err(), OpenError::Newer));
}

#[tokio::test]
async fn what_is_not_up_to_date_is_left_as_it_is() {
    let as_it_is = async |path: &Path| {
        SqliteStore::open_up_to_date(&format!("sqlite:{}", path.display()), Clock::System).await.map(drop)
    };
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("lanyard.db");
    assert!(matches!(as_it_is(&empty).await, Err(OpenError::NoFile(path)) if path == empty));
    std::fs::write(&empty, "").unwrap();
    assert!(matches!(as_it_is(&empty).await, Err(OpenError::Older)));
    assert_eq!(empty.metadata().unwrap().len(), 0);

    let db = SqliteFile::fresh().await;
    user(&*db.store(), 1).await;
    as_it_is(&db.path()).await.unwrap();
    db.run("DELETE FROM _sqlx_migrations WHERE version = 7").await;
    let before = db.dump().await;
    assert!(matches!(as_it_is(&db.path()).await, Err(OpenError::Older)));
    assert_eq!(db.dump().await, before);
    // Newer above all: what is missing here is no use then.
    db.run("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, TRUE, x'', 0)").await;
    assert!(matches!(as_it_is(&db.path()).await, Err(OpenError::Newer)));
}

#[tokio::test]
async fn a_tampered_migration_is_refused() {
    let db = SqliteFile::fresh().await;
    db.run("UPDATE _sqlx_migrations SET checksum = x'00'").await;
    assert!(matches!(open(&db).await.unwrap_err(), OpenError::Migration(_)));
}

#[tokio::test]
async fn an_event_is_never_rewritten() {
    let db = SqliteFile::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    let seen = crate::conformance::seen(sid, 0, true);
    assert!(store.end_if_seen(seen, EndReason::TokenReused, &Device::default()).await.unwrap());
    let rewrite = sqlx::raw_sql("UPDATE audit SET at = 0").execute(&mut db.connect().await).await;
    assert!(rewrite.is_err());
}

#[tokio::test]
async fn an_error_tells_nothing_of_what_was_to_be_written() {
    let db = SqliteFile::fresh().await;
    let store = db.store();
    let user = user(&*store, 1).await;
    let same_id = lanyard_auth::store::NewUser { id: user.id, ..new_user(2) };
    let error = store.create_user(&same_id, &By::default()).await.unwrap_err().to_string();
    for value in [&same_id.email, &same_id.name, same_id.password_hash.stored(), &user.id.to_string()] {
        assert!(!error.contains(value), "{error}");
    }
}
