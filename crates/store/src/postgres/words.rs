//! The words by which people are found, as they are written. For `postgres` alone.

use lanyard_auth::store::{StoreError, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{failed, rows};
use crate::PEOPLE_AT_ONCE;
use crate::search;

/// Keeps the words of a person who was made or renamed, in the transaction that did, which has locked his row.
pub async fn write(
    transaction: &mut PgConnection,
    user: UserId,
    email: &str,
    name: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM user_words WHERE user_id = $1")
        .bind(user.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    add(transaction, &[(user.0, email, name)]).await
}

/// Whether there are none: a migration has removed them, in this transaction.
pub async fn are_missing(transaction: &mut PgConnection) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM user_words)");
    any.fetch_one(transaction).await.map_err(failed)
}

/// Keeps those of everybody.
pub async fn write_all(transaction: &mut PgConnection) -> Result<(), StoreError> {
    // Nobody has this id, which is before every other.
    let mut last = Uuid::nil();
    loop {
        // Somebody who is made meanwhile, by a node that runs already, brings his own.
        let people = sqlx::query(
            "SELECT id, email, name FROM users
             WHERE id > $1 AND NOT EXISTS (SELECT 1 FROM user_words WHERE user_id = users.id)
             ORDER BY id LIMIT $2",
        )
        .bind(last)
        .bind(i64::from(PEOPLE_AT_ONCE))
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed)?;
        let people: Vec<(Uuid, &str, &str)> = people
            .iter()
            .map(|row| Ok((rows::get(row, "id")?, rows::get(row, "email")?, rows::get(row, "name")?)))
            .collect::<Result<_, StoreError>>()?;
        let Some((id, ..)) = people.last() else { break };
        last = *id;
        add(transaction, &people).await?;
    }
    sqlx::query("ANALYZE user_words").execute(transaction).await.map_err(failed)?;
    Ok(())
}

/// Adds those of several people: their ids, addresses and names.
async fn add(transaction: &mut PgConnection, people: &[(Uuid, &str, &str)]) -> Result<(), StoreError> {
    let (mut ids, mut words, mut shared) = (Vec::new(), Vec::new(), Vec::new());
    for (id, email, name) in people {
        for word in search::words(email, name) {
            ids.push(*id);
            words.push(word.word);
            shared.push(word.shared);
        }
    }
    sqlx::query(
        "INSERT INTO user_words (user_id, word, shared) SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[])",
    )
    .bind(ids)
    .bind(words)
    .bind(shared)
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(())
}
