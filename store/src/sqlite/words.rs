//! The words by which people are found, as they are written. For `sqlite` alone.

use lanyard_auth::store::{StoreError, UserId};
use sqlx::SqliteConnection;

use super::{failed, rows};
use crate::PEOPLE_AT_ONCE;
use crate::search::{self, Word};

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
    add(transaction, user, email, name).await
}

/// Keeps those of everybody, if there are none: a migration has removed them, in this transaction.
pub async fn write_all_if_none(transaction: &mut SqliteConnection) -> Result<(), StoreError> {
    let any = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM user_words)");
    if any.fetch_one(&mut *transaction).await.map_err(failed)? {
        return Ok(());
    }
    let mut last = Vec::new();
    loop {
        let people =
            sqlx::query("SELECT id AS user_id, email, name FROM users WHERE id > ?1 ORDER BY id LIMIT ?2")
                .bind(&last)
                .bind(PEOPLE_AT_ONCE)
                .fetch_all(&mut *transaction)
                .await
                .map_err(failed)?;
        for row in &people {
            add(transaction, rows::user_id(row)?, rows::get(row, "email")?, rows::get(row, "name")?).await?;
        }
        let Some(row) = people.last() else { return Ok(()) };
        last = rows::get(row, "user_id")?;
    }
}

async fn add(
    transaction: &mut SqliteConnection,
    user: UserId,
    email: &str,
    name: &str,
) -> Result<(), StoreError> {
    for Word { word, shared } in search::words(email, name) {
        sqlx::query("INSERT INTO user_words (word, user_id, shared) VALUES (?1, ?2, ?3)")
            .bind(word)
            .bind(user.0.as_bytes().as_slice())
            .bind(shared)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    Ok(())
}
