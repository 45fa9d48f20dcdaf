//! A database of its own for each test, with a time that the test moves, and a plain connection to it.
//!
//! The store asks `lanyard_now()` for the time, which its migration made. Here that function is put aside for
//! one that reads a table, so that the store under test is the one that is shipped, to the letter.

use std::sync::Arc;

use lanyard_auth::records::Records;
use lanyard_auth::store::{Session, SessionId, Store, UserId};
use lanyard_auth::time::{Clock, ManualClock, Timestamp};
use lanyard_store::PostgresStore;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};

use crate::cluster::Fresh;
use crate::{Event, Harness, START, THEFTS_AND_RECOVERIES};

/// In a schema of its own: the tables in `public` are the store's.
const MOVABLE_TIME: &str = "
    CREATE SCHEMA time_of_tests;
    CREATE TABLE time_of_tests.clock AS SELECT 0::bigint AS now;
    CREATE OR REPLACE FUNCTION lanyard_now() RETURNS BIGINT LANGUAGE SQL VOLATILE AS
        'SELECT now FROM time_of_tests.clock';
";

/// A database on the throw-away server.
pub struct PostgresDatabase {
    // Dropped before the database is.
    store: Arc<PostgresStore>,
    /// One connection that is not the store's, made anew if it breaks.
    hands: PgPool,
    clock: ManualClock,
    fresh: Fresh,
}

impl PostgresDatabase {
    /// Its name on the server.
    pub fn name(&self) -> &str {
        self.fresh.name()
    }

    /// What `lanyard_store::open` takes.
    pub fn url(&self) -> String {
        self.fresh.url()
    }

    /// A connection that is not the store's.
    pub async fn connect(&self) -> PgConnection {
        self.fresh.connect().await
    }

    /// Runs statements on it.
    pub async fn run(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.hands).await.unwrap();
    }

    async fn set(&self, sql: &'static str, user: UserId) {
        let done = sqlx::query(sql).bind(user.0).execute(&self.hands).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
}

async fn open(fresh: &Fresh) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open(&fresh.url()).await.unwrap())
}

impl Harness for PostgresDatabase {
    async fn fresh() -> Self {
        let fresh = Fresh::make().await;
        let store = open(&fresh).await;
        let hands = PgPoolOptions::new().max_connections(1).connect_lazy(&fresh.url()).unwrap();
        let database = Self { store, hands, clock: ManualClock::new(START), fresh };
        database.run(MOVABLE_TIME).await;
        database.set_time(START).await;
        database
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::<PostgresStore>::clone(&self.store)
    }

    fn records(&self) -> Arc<dyn Records> {
        Arc::<PostgresStore>::clone(&self.store)
    }

    async fn second_node(&self) -> Arc<dyn Store> {
        open(&self.fresh).await
    }

    async fn reopen(self) -> Self {
        let Self { store, hands, clock, fresh } = self;
        drop(store);
        let store = open(&fresh).await;
        Self { store, hands, clock, fresh }
    }

    fn clock(&self) -> Clock {
        Clock::Manual(self.clock.clone())
    }

    async fn set_time(&self, to: Timestamp) {
        self.clock.set(to);
        let moved = sqlx::query("UPDATE time_of_tests.clock SET now = $1").bind(to.0);
        moved.execute(&self.hands).await.unwrap();
    }

    async fn disable(&self, user: UserId) {
        self.set("UPDATE users SET disabled_at = created_at WHERE id = $1", user).await;
    }

    async fn raise_version(&self, user: UserId) {
        self.set("UPDATE users SET version = version + 1 WHERE id = $1", user).await;
    }

    async fn put_back(&self, row: &Session) {
        let put = sqlx::query(
            "UPDATE sessions
             SET generation = $2, current_hash = $3, previous_hash = $4, salt = $5, kid = $6, rotated_at = $7,
                 confirmed = $8, recoveries = $9, ended_at = $10, end_reason = $11
             WHERE sid = $1",
        )
        .bind(row.sid.0)
        .bind(i64::from(row.generation))
        .bind(row.current.0.as_slice())
        .bind(row.previous.as_ref().map(|hash| hash.0.as_slice()))
        .bind(row.salt.as_ref().map(|salt| salt.0.as_slice()))
        .bind(i64::from(row.kid.0))
        .bind(row.rotated_at.0)
        .bind(row.confirmed)
        .bind(i16::from(row.recoveries))
        .bind(row.ended.map(|ended| ended.at.0))
        .bind(row.ended.map(|ended| ended.reason.name()));
        assert_eq!(put.execute(&self.hands).await.unwrap().rows_affected(), 1);
        let user = sqlx::query("UPDATE users SET version = $2 WHERE id = $1");
        let user = user.bind(row.user.id.0).bind(i64::from(row.user.version));
        assert_eq!(user.execute(&self.hands).await.unwrap().rows_affected(), 1);
    }

    async fn lose(&self, sid: SessionId) {
        let lost = sqlx::query("DELETE FROM sessions WHERE sid = $1").bind(sid.0);
        assert_eq!(lost.execute(&self.hands).await.unwrap().rows_affected(), 1);
    }

    async fn events(&self) -> Vec<Event> {
        sqlx::query(THEFTS_AND_RECOVERIES)
            .fetch_all(&self.hands)
            .await
            .unwrap()
            .into_iter()
            .map(|row| Event {
                at: Timestamp(row.get("at")),
                kind: row.get("kind"),
                session: SessionId(row.get("session_id")),
                user: UserId(row.get("user_id")),
            })
            .collect()
    }

    async fn dump(&self) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        )
        .fetch_all(&self.hands)
        .await
        .unwrap();
        assert!(tables.len() >= 4, "{tables:?}");
        let mut rows = Vec::new();
        for table in tables {
            let text = AssertSqlSafe(format!("SELECT '{table}' || t::text FROM {table} AS t ORDER BY 1"));
            let found: Vec<String> = sqlx::query_scalar(text).fetch_all(&self.hands).await.unwrap();
            rows.extend(found);
        }
        rows
    }
}
