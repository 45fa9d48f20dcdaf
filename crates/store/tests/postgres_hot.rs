//! A rotation is a HOT update on Postgres: it touches no index, and the table does not grow.
//!
//! A crate of its own, with a server to itself: a transaction that stays open anywhere on a server keeps
//! Postgres from using the room of dead rows again.

// For clippy, which otherwise takes only the #[test] functions themselves for tests.
#![cfg(test)]

use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::{KeyId, Salt, SecretHash};
use lanyard_auth::scope::Role;
use lanyard_auth::store::{Guard, NewSession, NewUser, Rotation, SessionId, Store, User, UserId};
use lanyard_auth::time::Timestamp;
use lanyard_store::PostgresStore;
use lanyard_testbed::cluster::Fresh;
use sqlx::{PgConnection, Row as _};
use tokio::task::yield_now;
use uuid::Uuid;

async fn user(store: &PostgresStore) -> User {
    let user = NewUser {
        id: UserId(Uuid::from_u128(1)),
        email: "ada@example.com".into(),
        name: "Ada".into(),
        password_hash: PasswordHash::from_stored(String::new()),
        role: Role::User,
        idempotency: None,
    };
    store.create_user(&user, &By::default()).await.unwrap()
}

async fn session(store: &PostgresStore, user: &User, n: u128) -> SessionId {
    let session = NewSession {
        sid: SessionId(Uuid::from_u128(n)),
        user_id: user.id,
        user_version: user.version,
        secret_hash: SecretHash([1; 32]),
        kid: KeyId(1),
        absolute: Duration::from_secs(3600),
        device: Device::default(),
    };
    store.create_session(&session, &[]).await.unwrap().unwrap();
    session.sid
}

async fn rotate(store: &PostgresStore, sid: SessionId, generation: u32) {
    let rotation = Rotation {
        seen: Guard { sid, generation, confirmed: generation == 0 },
        presented: SecretHash([1; 32]),
        next: SecretHash([2; 32]),
        salt: Salt([3; 16]),
        kid: KeyId(1),
        recoveries: 0,
        not_after: Timestamp(i64::MAX),
        moved: None,
        device: Device::default(),
    };
    store.rotate(&rotation).await.unwrap().unwrap();
}

/// Bytes of the sessions' table and its indexes.
async fn size(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT pg_total_relation_size('sessions')").fetch_one(connection).await.unwrap()
}

/// Updates of the sessions' table, and those of them that were HOT. Called when the store is closed: only
/// then has the server counted them all.
async fn updates(connection: &mut PgConnection) -> (i64, i64) {
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut *connection).await.unwrap() > 0 {
        yield_now().await;
    }
    let counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'sessions'";
    let row = sqlx::query(counts).fetch_one(connection).await.unwrap();
    (row.get("n_tup_upd"), row.get("n_tup_hot_upd"))
}

#[tokio::test]
async fn rotations_and_confirmations_are_hot_updates_and_do_not_make_it_grow() {
    let fresh = Fresh::make().await;
    let mut connection = fresh.connect().await;
    let store = PostgresStore::open(&fresh.url()).await.unwrap();
    let ada = user(&store).await;
    let one = session(&store, &ada, 1).await;
    let mut after_10 = 0;
    for generation in 0..2_000 {
        rotate(&store, one, generation).await;
        if generation == 9 {
            after_10 = size(&mut connection).await;
        }
    }
    assert!(after_10 > 0);
    assert_eq!(size(&mut connection).await, after_10);

    // And where they share their pages.
    let mut many = Vec::new();
    for n in 2..402 {
        many.push(session(&store, &ada, n).await);
    }
    for generation in 0..3 {
        for sid in &many {
            rotate(&store, *sid, generation).await;
        }
    }
    for sid in &many {
        assert!(store.confirm(*sid, 3, Duration::ZERO).await.unwrap());
    }
    drop(store);
    assert_eq!(updates(&mut connection).await, (3_600, 3_600));
}
