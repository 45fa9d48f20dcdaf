//! A page of fifty people out of a million, and out of a thousand, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark stops where it can't measure"
)]

mod ratio;

use criterion::Criterion;
use lanyard_auth::records::UserPlace;
use lanyard_auth::store::UserId;
use lanyard_auth::time::Timestamp;
use lanyard_testbed::Harness;
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;
use sqlx::AssertSqlSafe;
use tokio::runtime::Runtime;
use uuid::Uuid;

const PAGE: u32 = 50;
const FEW: i64 = 1_000;
const MANY: i64 = 1_000_000;

/// When the first account was made; one more each millisecond.
const FIRST: i64 = 1_700_000_000_000;

/// What is asked for, of all people or in a search.
const LOOKS: [(&str, Option<&str>); 5] = [
    ("newest", None),
    ("oldest", None),
    ("a name", Some("hopper7")),
    ("a first name", Some("grace7")),
    ("a domain", Some("exam")),
];

/// The words of everybody. None shares its first letter with another of the same person.
const WORDS: &str = "
    INSERT INTO user_words (word, user_id, shared)
    SELECT email, id, 0 FROM users
    UNION ALL SELECT 'example.com', id, 0 FROM users
    UNION ALL SELECT lower(name), id, 0 FROM users
    UNION ALL SELECT 'hopper' || (created_at - 1700000000000), id, 0 FROM users;
    ANALYZE;";

/// A database that can be filled.
trait Fill: Harness {
    const NAME: &str;
    async fn fill(&self, people: i64);
}

impl Fill for SqliteFile {
    const NAME: &str = "SQLite";

    async fn fill(&self, people: i64) {
        let users = format!(
            "INSERT INTO users (id, email, name, password_hash, version, created_at)
             WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {people})
             SELECT randomblob(16), 'user' || n || '@example.com', 'Grace' || (n % 1000) || ' Hopper' || n, '', 1,
                    {FIRST} + n
             FROM numbers;"
        );
        sqlx::raw_sql(AssertSqlSafe(users + WORDS)).execute(&mut self.connect().await).await.unwrap();
    }
}

impl Fill for PostgresDatabase {
    const NAME: &str = "Postgres";

    async fn fill(&self, people: i64) {
        let users = format!(
            "INSERT INTO users (id, email, name, password_hash, version, created_at)
             SELECT gen_random_uuid(), 'user' || n || '@example.com', 'Grace' || (n % 1000) || ' Hopper' || n, '', 1,
                    {FIRST} + n
             FROM generate_series(0, {people} - 1) AS n;"
        );
        sqlx::raw_sql(AssertSqlSafe(users + WORDS)).execute(&mut self.connect().await).await.unwrap();
    }
}

fn group<D: Fill>() -> String {
    format!("a page of people, {}", D::NAME)
}

fn label(look: &str, people: i64) -> String {
    format!("{look} of {people}")
}

fn measure<D: Fill>(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group(group::<D>());
    for people in [FEW, MANY] {
        let db = runtime.block_on(D::fresh());
        runtime.block_on(db.fill(people));
        let records = db.records();
        // Just before the last page.
        let oldest = UserPlace::Made { at: Timestamp(FIRST + i64::from(PAGE)), id: UserId(Uuid::max()) };
        for (look, search) in LOOKS {
            let after = (look == "oldest").then_some(&oldest);
            group.bench_function(label(look, people), |bencher| {
                bencher
                    .to_async(runtime)
                    .iter(|| async { records.users(search, after, PAGE).await.unwrap() });
            });
        }
    }
    group.finish();
}

fn tell<D: Fill>() -> anyhow::Result<()> {
    for (look, _) in LOOKS {
        ratio::print(&group::<D>(), &label(look, FEW), &[&label(look, MANY)])?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let mut criterion = Criterion::default().configure_from_args();
    measure::<SqliteFile>(&mut criterion, &runtime);
    measure::<PostgresDatabase>(&mut criterion, &runtime);
    criterion.final_summary();
    tell::<SqliteFile>()?;
    tell::<PostgresDatabase>()
}
