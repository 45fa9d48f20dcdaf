//! A database that is away, cut off or broken.

use lanyard_auth::audit::By;
use lanyard_auth::store::{EndReason, NewUser, StoreError};

use crate::Database;
use crate::conformance::{Harness as _, new_user, read, rotation, seen, session, user};
use lanyard_testbed::cluster;

#[tokio::test]
async fn a_database_that_was_away_is_used_again() {
    let db = Database::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    let name = db.name();
    cluster::run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    cluster::run(end.clone()).await;
    for _ in 0..2 {
        let error = read(&*store, sid).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        let error = store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
    cluster::run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    assert!(read(&*store, sid).await.unwrap().ended.is_none());
    // A server that was restarted: every connection is dead, and nobody sees it.
    cluster::run(end).await;
    assert_eq!(store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap(), [sid]);
}

#[tokio::test]
async fn a_row_that_can_not_be_is_corrupt() {
    for (column, damage) in [
        ("recoveries", "UPDATE sessions SET recoveries = 256"),
        ("generation", "UPDATE sessions SET generation = -1"),
        ("kid", "UPDATE sessions SET kid = 4294967296"),
        ("current_hash", "UPDATE sessions SET current_hash = ''"),
        ("salt", "UPDATE sessions SET salt = ''"),
        ("ended_at", "UPDATE sessions SET ended_at = 1"),
        ("version", "UPDATE users SET version = 4294967296"),
    ] {
        let db = Database::fresh().await;
        let store = db.store();
        let sid = session(&*store, &user(&*store, 1).await, 5).await;
        db.run(
            "DO $$ DECLARE c record; BEGIN
                 FOR c IN SELECT conrelid::regclass AS t, conname AS n FROM pg_constraint
                          WHERE contype = 'c' AND connamespace = 'public'::regnamespace LOOP
                     EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.n);
                 END LOOP;
             END $$",
        )
        .await;
        db.run(damage).await;
        let error = read(&*store, sid).await.unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt(text) if text.contains(column)), "{error}");
    }
}

#[tokio::test]
async fn an_error_tells_nothing_of_what_was_to_be_written() {
    let db = Database::fresh().await;
    let store = db.store();
    let user = user(&*store, 1).await;
    let same_id = NewUser { id: user.id, ..new_user(2) };
    let nul = NewUser { name: "a\0b".into(), ..new_user(3) };
    for new in [same_id, nul] {
        let error = store.create_user(&new, &By::default()).await.unwrap_err().to_string();
        assert!(error.contains("impossible"), "{error}");
        for value in [&new.email, &new.name, new.password_hash.stored(), &user.id.to_string()] {
            assert!(!error.contains(value), "{error}");
        }
    }
}
