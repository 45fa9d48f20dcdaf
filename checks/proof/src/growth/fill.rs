//! Many sessions, fast: the database makes them itself. For `growth`, and the command `lanyard-proof fill`.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use lanyard_auth::random::Random;
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::store::SessionId;
use lanyard_auth::time::{Clock, Timestamp, millis};
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::database::Database;
use crate::races::nodes::{LIMITS, master_keys};

/// At once: enough to be fast, few enough to tell how far it is.
const CHUNK: u64 = 100_000;

/// Each user has so many.
const PER_USER: u64 = 3;

/// When sessions began: evenly spread between two times before now.
#[derive(Clone, Copy, Debug)]
pub struct Began {
    /// The oldest one.
    pub from: Duration,
    /// The youngest one.
    pub to: Duration,
}

impl Began {
    /// As a server has them that removes what expired a day ago: a few have expired, most have not.
    pub const UNTIL_NOW: Self = Self { from: days(31), to: Duration::ZERO };

    /// All of them are due to be removed.
    pub const LONG_AGO: Self = Self { from: days(60), to: days(32) };
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 3600)
}

/// A token for a session that was made here, which is of generation 0 in a row as wide as a rotated one. It is good
/// once the session was made [`renewable`].
///
/// # Errors
/// None, with a seed.
pub fn token(sid: SessionId) -> Result<RefreshToken> {
    let (seed, _) = sid.0.as_u64_pair();
    Ok(master_keys().first(sid, &Random::seeded(seed))?)
}

/// Puts the hash of each one's [`token`] into its row, in place of a random one.
///
/// # Errors
/// What the database said.
pub async fn renewable<D: Database>(db: &D, sids: &[SessionId]) -> Result<()> {
    let mut sql = "BEGIN;".to_owned();
    for sid in sids {
        let hash = D::bytes(&token(*sid)?.hash().0);
        write!(sql, "UPDATE sessions SET current_hash = {hash} WHERE sid = {};", D::id(sid.0))?;
    }
    db.execute(sql + "COMMIT;").await?;
    db.execute(D::TIDY.to_owned()).await
}

/// Puts sessions into a database of the testbed.
///
/// # Errors
/// What the database said.
pub async fn fill<D: Database>(db: &D, sessions: u64, began: Began) -> Result<()> {
    for (_, sql) in chunks::<D>(sessions, db.now(), began)? {
        db.execute(sql).await?;
    }
    db.execute(D::TIDY.to_owned()).await
}

/// Puts sessions into the database that `url` names, whose tables are made if they are missing. `tell` hears
/// how many are in.
///
/// # Errors
/// What the database said.
pub async fn fill_url(url: &str, sessions: u64, tell: impl Fn(u64)) -> Result<()> {
    let now = lanyard_store::open(url, Clock::System).await?.store.now().await?;
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
            for (done, sql) in chunks::<SqliteFile>(sessions, now, Began::UNTIL_NOW)? {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                tell(done);
            }
        }
        Some(("postgres" | "postgresql", _)) => {
            let mut connection = url.parse::<PgConnectOptions>()?.connect().await?;
            for (done, sql) in chunks::<PostgresDatabase>(sessions, now, Began::UNTIL_NOW)? {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                tell(done);
            }
        }
        _ => bail!("not a database URL"),
    }
    Ok(())
}

/// The statements for one chunk after the other, each with how many sessions there are after it.
fn chunks<D: Database>(sessions: u64, now: Timestamp, began: Began) -> Result<Vec<(u64, String)>> {
    let starts = (0..sessions).step_by(usize::try_from(CHUNK)?);
    Ok(starts
        .map(|start| {
            let chunk = CHUNK.min(sessions - start);
            let values = [
                ("{sessions}", chunk.to_string()),
                ("{users}", chunk.div_ceil(PER_USER).to_string()),
                ("{per_user}", PER_USER.to_string()),
                ("{youngest}", now.before(began.to).0.to_string()),
                ("{spread}", millis(began.from.saturating_sub(began.to)).to_string()),
                ("{now}", now.0.to_string()),
                ("{absolute}", millis(LIMITS.absolute).to_string()),
                ("{kid}", master_keys().current().0.to_string()),
            ];
            let sql = values.iter().fold(D::FILL.to_owned(), |sql, (name, value)| sql.replace(name, value));
            (start + chunk, sql)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use lanyard_auth::device::Device;
    use lanyard_testbed::Harness as _;

    use super::*;

    async fn is_filled<D: Database>(db: &D, url: &str) {
        let (told, tell) = std::sync::mpsc::channel();
        fill_url(url, 1_000, |done| told.send(done).unwrap()).await.unwrap();
        assert_eq!(tell.try_iter().collect::<Vec<_>>(), [1_000]);
        let count =
            async |sql: &str| db.number(format!("SELECT count(*) FROM {sql}")).await.unwrap().unwrap();
        assert_eq!(count("sessions").await, 1_000);
        assert_eq!(count("users").await, 334);
        assert_eq!(count("sessions WHERE ended_at IS NOT NULL").await, 200);
        assert_eq!(count("sessions WHERE rotated_at < created_at OR rotated_at > expires_at").await, 0);
        assert_eq!(count("(SELECT DISTINCT current_hash FROM sessions) AS hashes").await, 1_000);
        let sids = db.ids("SELECT sid FROM sessions LIMIT 2".to_owned()).await.unwrap();
        let [sid, other] = [SessionId(sids[0]), SessionId(sids[1])];
        renewable(db, &[sid]).await.unwrap();
        let row = async |sid| db.store().session(sid).await.unwrap().unwrap().row;
        assert_eq!(row(sid).await.current, token(sid).unwrap().hash());
        let other = row(other).await;
        assert_ne!(other.current, token(other.sid).unwrap().hash());
        let Device { browser, system, network } = other.device;
        assert!(browser.is_some() && system.is_some() && network.is_some_and(|it| it.starts_with("198.51.")));
    }

    #[tokio::test]
    async fn a_url_names_what_is_filled() {
        let file = SqliteFile::fresh().await;
        is_filled(&file, &format!("sqlite:{}", file.path().display())).await;
        let database = PostgresDatabase::fresh().await;
        is_filled(&database, &database.url()).await;
        assert!(fill_url("mysql://somewhere", 1, drop).await.is_err());
    }
}
