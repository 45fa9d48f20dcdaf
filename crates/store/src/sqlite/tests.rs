//! What only the store's own connections can show.

use std::path::Path;
use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{CreateUserError, NewUser, Store as _, StoreError, UserId};
use lanyard_auth::time::{Clock, ManualClock, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlitePool};
use tempfile::TempDir;
use tokio::task::yield_now;
use uuid::Uuid;

use super::{SqliteStore, connect};
use crate::Place;

async fn open(folder: &TempDir) -> SqliteStore {
    let url = format!("sqlite:{}", folder.path().join("lanyard.db").display());
    SqliteStore::open(&url, Clock::System).await.unwrap()
}

async fn pragma(pool: &SqlitePool, name: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("PRAGMA {name}"))).fetch_one(pool).await.unwrap()
}

fn big_user(n: u128) -> NewUser {
    NewUser {
        id: UserId(Uuid::from_u128(n)),
        email: format!("{n}@example.com"),
        name: "x".repeat(10_000),
        password_hash: PasswordHash::from_stored(String::new()),
        role: Role::User,
        idempotency: None,
    }
}

#[tokio::test]
async fn commits_are_synced_and_references_checked() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    assert_eq!(pragma(&store.writer, "synchronous").await, 2);
    assert_eq!(pragma(&store.writer, "foreign_keys").await, 1);
    assert_eq!(pragma(&store.writer, "busy_timeout").await, 2_000);
    assert_eq!(store.writer.options().get_max_connections(), 1);
}

#[tokio::test]
async fn readers_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let error = sqlx::query("DELETE FROM users").execute(&store.readers).await.unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_unavailable_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let pages = pragma(&store.writer, "page_count").await;
    pragma(&store.writer, &format!("max_page_count = {}", pages + 1)).await;
    let error = store.create_user(&big_user(1), &By::default()).await.unwrap_err();
    assert!(matches!(error, CreateUserError::Store(StoreError::Unavailable(_))), "{error}");
    assert!(store.credentials(&big_user(1).email).await.unwrap().is_none());

    pragma(&store.writer, "max_page_count = 100000").await;
    store.create_user(&big_user(1), &By::default()).await.unwrap();
    assert!(store.credentials(&big_user(1).email).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waited_bears_the_time_at_which_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::new(Timestamp(1_000));
    let url = format!("sqlite:{}", folder.path().join("lanyard.db").display());
    let store = SqliteStore::open(&url, Clock::Manual(clock.clone())).await.unwrap();
    let other = SqliteStore::open(&url, Clock::System).await.unwrap();

    let lock = other.writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let waiting = store.clone();
    let made = tokio::spawn(async move { waiting.create_user(&big_user(1), &By::default()).await });
    while store.writer.num_idle() > 0 {
        yield_now().await;
    }
    clock.set(Timestamp(2_000));
    lock.rollback().await.unwrap();
    assert_eq!(made.await.unwrap().unwrap().created_at, Timestamp(2_000));
}

#[tokio::test]
async fn a_write_holds_the_lock_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let path = folder.path().join("lanyard.db");
    let impatient = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::ZERO);
    let mut other = impatient.connect().await.unwrap();

    let (write, _) = store.write().await.unwrap();
    let error = other.begin_with("BEGIN IMMEDIATE").await.err().unwrap();
    assert!(error.to_string().contains("locked"), "{error}");
    write.rollback().await.unwrap();
    other.begin_with("BEGIN IMMEDIATE").await.unwrap();
}

#[test]
fn a_name_is_never_taken_for_a_uri() {
    for place in [Place::from("sqlite:file:lanyard.db"), Place::from(Path::new("file:lanyard.db"))] {
        let path = connect::path(place).unwrap();
        assert!(path.is_absolute() && path.ends_with("file:lanyard.db"), "{}", path.display());
    }
}

#[tokio::test]
async fn a_closed_database_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    store.writer.close().await;
    store.readers.close().await;
    assert!(matches!(store.now().await, Err(StoreError::Unavailable(_))));
    let error = store.create_user(&big_user(1), &By::default()).await.unwrap_err();
    assert!(matches!(error, CreateUserError::Store(StoreError::Unavailable(_))), "{error}");
}
