//! A database file of its own for each test, and a second, plain connection to it.

use std::path::PathBuf;
use std::sync::Arc;

use lanyard_auth::records::Records;
use lanyard_auth::store::{Session, SessionId, Store, UserId};
use lanyard_auth::time::{Clock, ManualClock, Timestamp};
use lanyard_store::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Event, Harness, START, THEFTS_AND_RECOVERIES};

/// A file in a folder of its own.
pub struct SqliteFile {
    folder: TempDir,
    clock: ManualClock,
    store: Arc<SqliteStore>,
}

impl SqliteFile {
    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("lanyard.db")
    }

    /// The database's files, `-wal` and `-shm` included.
    pub fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// A connection that is not the store's.
    pub async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }

    /// Runs statements on it.
    pub async fn run(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.connect().await).await.unwrap();
    }

    async fn set(&self, sql: &'static str, user: UserId) {
        let done = sqlx::query(sql)
            .bind(user.0.as_bytes().as_slice())
            .execute(&mut self.connect().await)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
}

async fn open(folder: &TempDir, clock: &ManualClock) -> Arc<SqliteStore> {
    let url = format!("sqlite:{}", folder.path().join("lanyard.db").display());
    Arc::new(SqliteStore::open(&url, Clock::Manual(clock.clone())).await.unwrap())
}

impl Harness for SqliteFile {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(START);
        let store = open(&folder, &clock).await;
        Self { folder, clock, store }
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::<SqliteStore>::clone(&self.store)
    }

    fn records(&self) -> Arc<dyn Records> {
        Arc::<SqliteStore>::clone(&self.store)
    }

    async fn second_node(&self) -> Arc<dyn Store> {
        open(&self.folder, &self.clock).await
    }

    async fn reopen(self) -> Self {
        let Self { folder, clock, store } = self;
        drop(store);
        let store = open(&folder, &clock).await;
        Self { folder, clock, store }
    }

    fn clock(&self) -> Clock {
        Clock::Manual(self.clock.clone())
    }

    async fn set_time(&self, to: Timestamp) {
        self.clock.set(to);
    }

    async fn disable(&self, user: UserId) {
        self.set("UPDATE users SET disabled_at = created_at WHERE id = ?1", user).await;
    }

    async fn raise_version(&self, user: UserId) {
        self.set("UPDATE users SET version = version + 1 WHERE id = ?1", user).await;
    }

    async fn put_back(&self, row: &Session) {
        let put = sqlx::query(
            "UPDATE sessions
             SET generation = ?2, current_hash = ?3, previous_hash = ?4, salt = ?5, kid = ?6, rotated_at = ?7,
                 confirmed = ?8, recoveries = ?9, ended_at = ?10, end_reason = ?11
             WHERE sid = ?1",
        )
        .bind(row.sid.0.as_bytes().as_slice())
        .bind(row.generation)
        .bind(row.current.0.as_slice())
        .bind(row.previous.as_ref().map(|hash| hash.0.as_slice()))
        .bind(row.salt.as_ref().map(|salt| salt.0.as_slice()))
        .bind(row.kid.0)
        .bind(row.rotated_at.0)
        .bind(row.confirmed)
        .bind(row.recoveries)
        .bind(row.ended.map(|ended| ended.at.0))
        .bind(row.ended.map(|ended| ended.reason.name()));
        assert_eq!(put.execute(&mut self.connect().await).await.unwrap().rows_affected(), 1);
        let user = sqlx::query("UPDATE users SET version = ?2 WHERE id = ?1");
        let user = user.bind(row.user.id.0.as_bytes().as_slice()).bind(row.user.version);
        assert_eq!(user.execute(&mut self.connect().await).await.unwrap().rows_affected(), 1);
    }

    async fn lose(&self, sid: SessionId) {
        let lost = sqlx::query("DELETE FROM sessions WHERE sid = ?1").bind(sid.0.as_bytes().as_slice());
        assert_eq!(lost.execute(&mut self.connect().await).await.unwrap().rows_affected(), 1);
    }

    async fn events(&self) -> Vec<Event> {
        let id = |bytes: Vec<u8>| Uuid::from_slice(&bytes).unwrap();
        sqlx::query(THEFTS_AND_RECOVERIES)
            .fetch_all(&mut self.connect().await)
            .await
            .unwrap()
            .into_iter()
            .map(|row| Event {
                at: Timestamp(row.get("at")),
                kind: row.get("kind"),
                session: SessionId(id(row.get("session_id"))),
                user: UserId(id(row.get("user_id"))),
            })
            .collect()
    }

    async fn dump(&self) -> Vec<String> {
        let mut connection = self.connect().await;
        let queries: Vec<String> = sqlx::query_scalar(
            "SELECT 'SELECT ' || group_concat('quote(' || c.name || ')', '||'',''||') || ' FROM ' || t.name
             FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
             GROUP BY t.name ORDER BY t.name",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let mut rows = Vec::new();
        for query in queries {
            let found: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
            rows.extend(found);
        }
        rows
    }
}
