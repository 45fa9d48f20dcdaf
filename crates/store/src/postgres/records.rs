//! What administrators read, each one statement or two. For `postgres` alone.

use std::time::Duration;

use async_trait::async_trait;
use lanyard_auth::audit::{Entry, Filter};
use lanyard_auth::records::{Page, Records, SessionPlace, UserPlace};
use lanyard_auth::store::{Seen, Session, SessionId, Store as _, StoreError, User, UserId};
use lanyard_auth::time::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::{PostgresStore, audit, failed, rows, select_session, users};
use crate::search::Search;
use crate::sql::{select_user, user_columns};

#[async_trait]
impl Records for PostgresStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        users::find(&mut connection, id).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        if is_no_text(email) {
            return Ok(None);
        }
        let query = sqlx::query(select_user!("WHERE email = $1")).bind(email);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.as_ref().map(rows::user).transpose()
    }

    async fn old_addresses(&self, most: u32) -> Result<Vec<User>, StoreError> {
        let query = select_user!("JOIN old_addresses ON user_id = users.id ORDER BY created_at, id LIMIT $1");
        let people = sqlx::query(query).bind(i64::from(most)).fetch_all(&self.pool).await.map_err(failed)?;
        people.iter().map(rows::user).collect()
    }

    async fn users(
        &self,
        search: Option<&str>,
        after: Option<&UserPlace>,
        most: u32,
    ) -> Result<Page<User, UserPlace>, StoreError> {
        match search {
            None => newest(&self.pool, after, most).await,
            Some(prefix) => found(&self.pool, &Search::new(prefix, after), most).await,
        }
    }

    async fn live_sessions(
        &self,
        user: Option<UserId>,
        idle: Duration,
        after: Option<SessionPlace>,
        most: u32,
    ) -> Result<Seen<Page<Session, SessionPlace>>, StoreError> {
        let now = self.now().await?;
        // Before every sign-in.
        let after = after.unwrap_or(SessionPlace { at: Timestamp(i64::MAX), sid: SessionId(Uuid::max()) });
        let query = match user {
            None => sqlx::query(select_session!(
                "WHERE ended_at IS NULL AND expires_at > $1 AND rotated_at > $5
                   AND (sessions.created_at, sid) < ($2, $3)
                 ORDER BY sessions.created_at DESC, sid DESC
                 LIMIT $4"
            )),
            Some(_) => sqlx::query(select_session!(
                "WHERE user_id = $6 AND ended_at IS NULL AND expires_at > $1 AND rotated_at > $5
                   AND (sessions.created_at, sid) < ($2, $3)
                 ORDER BY sessions.created_at DESC, sid DESC
                 LIMIT $4"
            )),
        };
        let query = query.bind(now.0).bind(after.at.0).bind(after.sid.0).bind(i64::from(most) + 1);
        let query = query.bind(now.before(idle).0);
        let query = match user {
            None => query,
            Some(user) => query.bind(user.0),
        };
        let found = query.fetch_all(&self.pool).await.map_err(failed)?;
        let found = found.iter().map(rows::session).collect::<Result<_, _>>()?;
        Ok(Seen { row: Page::cut(found, most, SessionPlace::of), now })
    }

    async fn entries(&self, filter: &Filter, most: u32) -> Result<Vec<Entry>, StoreError> {
        audit::entries(&self.pool, filter, most, self.now().await?).await
    }

    async fn notices(
        &self,
        user: UserId,
        sid: SessionId,
        window: Duration,
        most: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let now = self.now().await?;
        audit::notices(&self.pool, user, sid, now.before(window), most, now).await
    }
}

/// All people, the newest first.
async fn newest(
    pool: &PgPool,
    after: Option<&UserPlace>,
    most: u32,
) -> Result<Page<User, UserPlace>, StoreError> {
    let (at, id) = match after {
        Some(UserPlace::Made { at, id }) => (*at, *id),
        // Before every account.
        Some(UserPlace::Found { .. }) | None => (Timestamp(i64::MAX), UserId(Uuid::max())),
    };
    let people = sqlx::query(select_user!(
        "WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3"
    ))
    .bind(at.0)
    .bind(id.0)
    .bind(i64::from(most) + 1)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let people = people.iter().map(rows::user).collect::<Result<_, _>>()?;
    Ok(Page::cut(people, most, |user: &User| UserPlace::Made { at: user.created_at, id: user.id }))
}

/// Those whom a search finds: a few of each range, put in order.
async fn found(pool: &PgPool, search: &Search, most: u32) -> Result<Page<User, UserPlace>, StoreError> {
    if is_no_text(&search.end) || is_no_text(&search.after.0) {
        return Ok(Page { rows: Vec::new(), next: None });
    }
    let found = sqlx::query(concat!(
        "SELECT word, ",
        user_columns!(),
        " FROM (SELECT word, user_id
               FROM generate_series(0, $1 - 1) AS letters
               CROSS JOIN LATERAL (SELECT word, user_id FROM user_words
                                   WHERE shared = letters AND (word, user_id) > ($2, $3) AND word < $4
                                   ORDER BY word, user_id LIMIT $5) AS range
               ORDER BY word, user_id LIMIT $5) AS found
         JOIN users ON users.id = user_id
         ORDER BY word, user_id"
    ))
    .bind(search.letters)
    .bind(&search.after.0)
    .bind(search.after.1.0)
    .bind(&search.end)
    .bind(i64::from(most) + 1)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let found = found.iter().map(word_and_user).collect::<Result<_, _>>()?;
    let place = |(word, user): &(String, User)| UserPlace::Found { word: word.clone(), id: user.id };
    let page = Page::cut(found, most, place);
    Ok(Page { rows: page.rows.into_iter().map(|(_, user)| user).collect(), next: page.next })
}

fn word_and_user(row: &PgRow) -> Result<(String, User), StoreError> {
    Ok((rows::get(row, "word")?, rows::user(row)?))
}

/// No text of Postgres's holds a NUL, so nobody has such a word; asking would be an error.
fn is_no_text(text: &str) -> bool {
    text.contains('\0')
}
