//! The words by which people are found, as they are written. For `sqlite` alone.

use lanyard_auth::store::{StoreError, UserId};
use sqlx::{QueryBuilder, SqliteConnection};

use super::{failed, rows};
use crate::PEOPLE_AT_ONCE;
use crate::search::{self, Word};

/// So many are added by one statement, which may have 32,766 parameters.
const WORDS_AT_ONCE: usize = 1_000;

/// Keeps the words of a person who was made or renamed, in the transaction that did.
pub async fn write(
    transaction: &mut SqliteConnection,
    user: UserId,
    email: &str,
    name: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM user_words WHERE user_id = ?1")
        .bind(user.0.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    add(transaction, &[(user, email, name)]).await
}

/// Whether there are none: a migration has removed them, in this transaction.
pub async fn are_missing(transaction: &mut SqliteConnection) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM user_words)");
    any.fetch_one(transaction).await.map_err(failed)
}

/// Keeps those of everybody.
pub async fn write_all(transaction: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut last = Vec::new();
    loop {
        let people =
            sqlx::query("SELECT id AS user_id, email, name FROM users WHERE id > ?1 ORDER BY id LIMIT ?2")
                .bind(&last)
                .bind(PEOPLE_AT_ONCE)
                .fetch_all(&mut *transaction)
                .await
                .map_err(failed)?;
        let people: Vec<(UserId, &str, &str)> = people
            .iter()
            .map(|row| Ok((rows::user_id(row)?, rows::get(row, "email")?, rows::get(row, "name")?)))
            .collect::<Result<_, StoreError>>()?;
        let Some((id, ..)) = people.last() else { return Ok(()) };
        last = id.0.as_bytes().to_vec();
        add(transaction, &people).await?;
    }
}

/// Adds those of several people: their ids, addresses and names.
async fn add(transaction: &mut SqliteConnection, people: &[(UserId, &str, &str)]) -> Result<(), StoreError> {
    let words: Vec<_> = people
        .iter()
        .flat_map(|(id, email, name)| search::words(email, name).into_iter().map(move |word| (id, word)))
        .collect();
    for some in words.chunks(WORDS_AT_ONCE) {
        let mut insert = QueryBuilder::new("INSERT INTO user_words (word, user_id, shared) ");
        insert.push_values(some, |mut row, (id, Word { word, shared })| {
            row.push_bind(word).push_bind(id.0.as_bytes().as_slice()).push_bind(*shared);
        });
        insert.build().execute(&mut *transaction).await.map_err(failed)?;
    }
    Ok(())
}
