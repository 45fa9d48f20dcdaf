//! What the proofs do to a database behind the store's back, in its own dialect. For `races`, `planted` and
//! `growth`.

use std::time::Duration;

use anyhow::{Result, ensure};
use lanyard_testbed::Harness;
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;
use sqlx::{AssertSqlSafe, Connection as _};
use uuid::Uuid;

/// A database of the testbed, with plain SQL.
pub trait Database: Harness + Send + Sync + 'static {
    /// For the report.
    const NAME: &str;

    /// Makes a table `minted_after_an_end` and a trigger that puts every session into it that is rotated
    /// although it was ended, or its user closed or changed, by what has committed before: S6, seen from where
    /// nothing can be missed.
    const WITNESS: &str;

    /// Makes a chunk of users and sessions, see `growth::fill`.
    const FILL: &str;

    /// What a database does of itself, sooner or later, after it was filled.
    const TIDY: &str;

    /// An id as SQL writes it.
    fn id(id: Uuid) -> String;

    /// Bytes as SQL writes them.
    fn bytes(bytes: &[u8]) -> String;

    /// Runs statements. Fails, as those below do, with what the database said.
    fn execute(&self, sql: String) -> impl Future<Output = Result<()>> + Send;

    /// Runs a query, or a change with RETURNING, for at most one number.
    fn number(&self, sql: String) -> impl Future<Output = Result<Option<i64>>> + Send;

    /// Runs a query for ids.
    fn ids(&self, sql: String) -> impl Future<Output = Result<Vec<Uuid>>> + Send;

    /// Lets nobody else write a session for so long.
    fn hold_up(&self, time: Duration) -> impl Future<Output = Result<()>> + Send;

    /// Bytes of all tables and indexes, once what is written has its place.
    fn size(&self) -> impl Future<Output = Result<u64>> + Send;
}

impl Database for SqliteFile {
    const NAME: &str = "SQLite";

    const WITNESS: &str = "
        CREATE TABLE minted_after_an_end (sid BLOB);
        CREATE TRIGGER witness AFTER UPDATE OF generation ON sessions
        WHEN OLD.ended_at IS NOT NULL
          OR NOT EXISTS (SELECT 1 FROM users
                         WHERE id = NEW.user_id AND version = NEW.user_version AND disabled_at IS NULL)
        BEGIN
            INSERT INTO minted_after_an_end VALUES (NEW.sid);
        END;
    ";

    const FILL: &str = include_str!("growth/fill.sqlite.sql");

    const TIDY: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

    fn id(id: Uuid) -> String {
        Self::bytes(id.as_bytes())
    }

    fn bytes(bytes: &[u8]) -> String {
        format!("x'{}'", hex(bytes))
    }

    async fn execute(&self, sql: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connect().await).await?;
        Ok(())
    }

    async fn number(&self, sql: String) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&mut self.connect().await).await?)
    }

    async fn ids(&self, sql: String) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.connect().await).await?)
    }

    async fn hold_up(&self, time: Duration) -> Result<()> {
        let mut connection = self.connect().await;
        let locked = connection.begin_with("BEGIN IMMEDIATE").await?;
        tokio::time::sleep(time).await;
        Ok(locked.rollback().await?)
    }

    async fn size(&self) -> Result<u64> {
        let busy = self.number(Self::TIDY.to_owned()).await?;
        ensure!(busy == Some(0), "the log could not be written back");
        let sizes = self.files().into_iter().map(|file| Ok(file.metadata()?.len()));
        sizes.sum()
    }
}

impl Database for PostgresDatabase {
    const NAME: &str = "Postgres";

    const WITNESS: &str = "
        CREATE TABLE minted_after_an_end (sid UUID);
        CREATE FUNCTION witness() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.ended_at IS NOT NULL
               OR NOT EXISTS (SELECT 1 FROM users
                              WHERE id = NEW.user_id AND version = NEW.user_version AND disabled_at IS NULL)
            THEN
                INSERT INTO minted_after_an_end VALUES (NEW.sid);
            END IF;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER witness AFTER UPDATE ON sessions
        FOR EACH ROW WHEN (OLD.generation <> NEW.generation) EXECUTE FUNCTION witness();
    ";

    const FILL: &str = include_str!("growth/fill.postgres.sql");

    const TIDY: &str = "VACUUM ANALYZE";

    fn id(id: Uuid) -> String {
        format!("'{id}'::uuid")
    }

    fn bytes(bytes: &[u8]) -> String {
        format!(r"'\x{}'::bytea", hex(bytes))
    }

    async fn execute(&self, sql: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connect().await).await?;
        Ok(())
    }

    async fn number(&self, sql: String) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&mut self.connect().await).await?)
    }

    async fn ids(&self, sql: String) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.connect().await).await?)
    }

    async fn hold_up(&self, time: Duration) -> Result<()> {
        let mut connection = self.connect().await;
        let mut locked = connection.begin().await?;
        sqlx::raw_sql("LOCK TABLE sessions IN EXCLUSIVE MODE").execute(&mut *locked).await?;
        tokio::time::sleep(time).await;
        Ok(locked.rollback().await?)
    }

    async fn size(&self) -> Result<u64> {
        // Without the maps that the first vacuum makes of each table, whenever that comes.
        let relations = "SELECT sum(pg_relation_size(oid, 'main'))::bigint FROM pg_class
                         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')";
        Ok(self.number(relations.to_owned()).await?.unwrap_or(0).try_into()?)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
