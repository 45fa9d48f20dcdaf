//! The tables, and the time as it is shipped.

use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, Store as _};
use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, PostgresStore};
use sqlx::Row as _;

use crate::Database;
use crate::conformance::{Harness as _, seen, session, user};
use lanyard_testbed::cluster::Fresh;

async fn refused(db: &Database) -> OpenError {
    PostgresStore::open(&db.url()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_may_bring_it_up_to_date_at_once() {
    for _ in 0..5 {
        let fresh = Fresh::make().await;
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let url = fresh.url();
                tokio::spawn(async move { lanyard_store::open(&url, Clock::System).await.map(drop) })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let db = Database::fresh().await;
    db.run("INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), TRUE, '', 0)").await;
    assert!(matches!(refused(&db).await, OpenError::Newer));
}

#[tokio::test]
async fn what_is_not_up_to_date_is_left_as_it_is() {
    let as_it_is = async |url: &str| PostgresStore::open_up_to_date(url).await.map(drop);
    let empty = Fresh::make().await;
    assert!(matches!(as_it_is(&empty.url()).await, Err(OpenError::Older)));
    let tables = sqlx::query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'");
    assert!(tables.fetch_optional(&mut empty.connect().await).await.unwrap().is_none());

    let db = Database::fresh().await;
    user(&*db.store(), 1).await;
    as_it_is(&db.url()).await.unwrap();
    db.run("DELETE FROM _sqlx_migrations WHERE version = 7").await;
    let before = db.dump().await;
    assert!(matches!(as_it_is(&db.url()).await, Err(OpenError::Older)));
    assert_eq!(db.dump().await, before);
    // Newer above all: what is missing here is no use then.
    db.run("INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), TRUE, '', 0)").await;
    assert!(matches!(as_it_is(&db.url()).await, Err(OpenError::Newer)));
}

#[tokio::test]
async fn a_tampered_migration_is_refused() {
    let db = Database::fresh().await;
    db.run("UPDATE _sqlx_migrations SET checksum = ''").await;
    assert!(matches!(refused(&db).await, OpenError::Migration(_)));
}

#[tokio::test]
async fn an_event_is_never_rewritten() {
    let db = Database::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    assert!(store.end_if_seen(seen(sid, 0, true), EndReason::TokenReused, &Device::default()).await.unwrap());
    let rewrite = sqlx::raw_sql("UPDATE audit SET at = 0").execute(&mut db.connect().await).await;
    assert!(rewrite.is_err());
}

/// The one thing that the other tests put aside.
#[tokio::test]
async fn the_shipped_time_is_the_servers_in_milliseconds_and_costs_no_call() {
    let fresh = Fresh::make().await;
    let store = PostgresStore::open(&fresh.url()).await.unwrap();
    let mut connection = fresh.connect().await;
    let servers = async |connection: &mut _| -> f64 {
        sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8")
            .fetch_one(connection)
            .await
            .unwrap()
    };
    let mut finer_than_seconds = false;
    for _ in 0..10 {
        let before = servers(&mut connection).await;
        let now = store.now().await.unwrap().millis();
        let after = servers(&mut connection).await;
        #[allow(clippy::cast_precision_loss)]
        let within = before.floor() <= now as f64 && now as f64 <= after;
        assert!(within, "{before} {now} {after}");
        finer_than_seconds |= now % 1000 != 0;
    }
    assert!(finer_than_seconds);

    let plan = sqlx::query("EXPLAIN (VERBOSE) UPDATE sessions SET rotated_at = lanyard_now()")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let plan: String = plan.iter().map(|row| row.get::<String, _>(0)).collect();
    assert!(plan.contains("clock_timestamp()") && !plan.contains("lanyard_now"), "{plan}");
}
