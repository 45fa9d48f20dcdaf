//! What administrators read. For `sqlite` alone.

use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::audit::{Entry, Filter};
use lanyard_auth::records::{Page, Records, SessionPlace, UserPlace};
use lanyard_auth::store::{Seen, Session, SessionId, StoreError, User, UserId};
use lanyard_auth::time::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{SqliteStore, audit, failed, rows, select_session, users};
use crate::search::Search;
use crate::sql::{select_user, user_columns};

/// All people, the newest first.
const NEWEST: &str =
    select_user!("WHERE (created_at, id) < (?1, ?2) ORDER BY created_at DESC, id DESC LIMIT ?3");

/// Those whose address is kept in a form of before.
const OLD_ADDRESSES: &str =
    select_user!("JOIN old_addresses ON user_id = users.id ORDER BY created_at, id LIMIT ?1");

/// One range of a search. The words come first: no statistics may have it begin with all people.
const FOUND: &str = concat!(
    "SELECT word, ",
    user_columns!(),
    " FROM user_words CROSS JOIN users ON users.id = user_words.user_id
    WHERE shared = ?1 AND (word, user_words.user_id) > (?2, ?3) AND word < ?4
    ORDER BY word, user_words.user_id
    LIMIT ?5"
);

/// Everybody's sessions, the newest first.
const LIVE: &str = select_session!(
    "WHERE ended_at IS NULL AND expires_at > ?1 AND rotated_at > ?6 AND (sessions.created_at, sid) < (?2, ?3)
     ORDER BY sessions.created_at DESC, sid DESC
     LIMIT ?4"
);

/// One person's.
const LIVE_OF: &str = select_session!(
    "WHERE user_id = ?5 AND ended_at IS NULL AND expires_at > ?1 AND rotated_at > ?6
       AND (sessions.created_at, sid) < (?2, ?3)
     ORDER BY sessions.created_at DESC, sid DESC
     LIMIT ?4"
);

#[async_trait]
impl Records for SqliteStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(failed)?;
        users::find(&mut reader, id).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let query = sqlx::query(select_user!("WHERE email = ?1")).bind(email);
        let row = query.fetch_optional(&self.readers).await.map_err(failed)?;
        row.as_ref().map(rows::user).transpose()
    }

    async fn old_addresses(&self, most: u32) -> Result<Vec<User>, StoreError> {
        let people = sqlx::query(OLD_ADDRESSES).bind(most).fetch_all(&self.readers).await.map_err(failed)?;
        people.iter().map(rows::user).collect()
    }

    async fn users(
        &self,
        search: Option<&str>,
        after: Option<&UserPlace>,
        most: u32,
    ) -> Result<Page<User, UserPlace>, StoreError> {
        let mut reader = self.readers.begin().await.map_err(failed)?;
        match search {
            None => newest(&mut reader, after, most).await,
            Some(prefix) => found(&mut reader, &Search::new(prefix, after), most).await,
        }
    }

    async fn live_sessions(
        &self,
        user: Option<UserId>,
        idle: Duration,
        after: Option<SessionPlace>,
        most: u32,
    ) -> Result<Seen<Page<Session, SessionPlace>>, StoreError> {
        let now = self.clock.now();
        // Before every sign-in.
        let after = after.unwrap_or(SessionPlace { at: Timestamp(i64::MAX), sid: SessionId(Uuid::max()) });
        let found = sqlx::query(if user.is_some() { LIVE_OF } else { LIVE })
            .bind(now.0)
            .bind(after.at.0)
            .bind(after.sid.0.as_bytes().as_slice())
            .bind(most.saturating_add(1))
            .bind(user.as_ref().map(|user| user.0.as_bytes().as_slice()))
            .bind(now.before(idle).0)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        let found = found.iter().map(rows::session).collect::<Result<_, _>>()?;
        Ok(Seen { row: Page::cut(found, most, SessionPlace::of), now })
    }

    async fn entries(&self, filter: &Filter, most: u32) -> Result<Vec<Entry>, StoreError> {
        let mut reader = self.readers.begin().await.map_err(failed)?;
        audit::entries(&mut reader, filter, most, self.clock.now()).await
    }

    async fn notices(
        &self,
        user: UserId,
        sid: SessionId,
        window: Duration,
        most: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let now = self.clock.now();
        let mut reader = self.readers.begin().await.map_err(failed)?;
        audit::notices(&mut reader, user, sid, now.before(window), most, now).await
    }
}

/// All people, the newest first.
async fn newest(
    reader: &mut SqliteConnection,
    after: Option<&UserPlace>,
    most: u32,
) -> Result<Page<User, UserPlace>, StoreError> {
    let (at, id) = match after {
        Some(UserPlace::Made { at, id }) => (*at, *id),
        // Before every account.
        Some(UserPlace::Found { .. }) | None => (Timestamp(i64::MAX), UserId(Uuid::max())),
    };
    let people = sqlx::query(NEWEST)
        .bind(at.0)
        .bind(id.0.as_bytes().as_slice())
        .bind(most.saturating_add(1))
        .fetch_all(reader)
        .await
        .map_err(failed)?;
    let people = people.iter().map(rows::user).collect::<Result<_, _>>()?;
    Ok(Page::cut(people, most, |user: &User| UserPlace::Made { at: user.created_at, id: user.id }))
}

/// Those whom a search finds: a few of each range, put in order.
async fn found(
    reader: &mut SqliteConnection,
    search: &Search,
    most: u32,
) -> Result<Page<User, UserPlace>, StoreError> {
    let mut found = Vec::new();
    for shared in 0..search.letters {
        let range = sqlx::query(FOUND)
            .bind(shared)
            .bind(&search.after.0)
            .bind(search.after.1.0.as_bytes().as_slice())
            .bind(&search.end)
            .bind(most.saturating_add(1))
            .fetch_all(&mut *reader)
            .await
            .map_err(failed)?;
        for row in &range {
            found.push(word_and_user(row)?);
        }
    }
    found.sort_by(|(a, one), (b, other)| (a, one.id).cmp(&(b, other.id)));
    let page = Page::cut(found, most, |(word, user)| UserPlace::Found { word: word.clone(), id: user.id });
    Ok(Page { rows: page.rows.into_iter().map(|(_, user)| user).collect(), next: page.next })
}

fn word_and_user(row: &SqliteRow) -> Result<(String, User), StoreError> {
    Ok((rows::get(row, "word")?, rows::user(row)?))
}

#[cfg(test)]
mod tests {
    use lanyard_auth::time::Clock;
    use sqlx::{AssertSqlSafe, Row as _};

    use super::*;

    /// At a million people too: nothing is read but what the page holds, and nothing sorted.
    #[tokio::test]
    async fn every_page_is_a_range_of_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lanyard.db").display());
        let store = SqliteStore::open(&url, Clock::System).await.unwrap();
        for sql in [NEWEST, FOUND, LIVE, LIVE_OF] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
            let plan = plan.fetch_all(&store.readers).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
            assert!(plan.iter().all(|step| step.starts_with("SEARCH ")), "{sql}: {plan:#?}");
        }
    }
}
