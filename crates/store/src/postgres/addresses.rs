//! Addresses that were kept before there was one form for each. For `postgres` alone.

use lanyard_auth::email::repaired;
use lanyard_auth::store::{StoreError, User};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{failed, rows};
use crate::PEOPLE_AT_ONCE;
use crate::sql::select_user;

/// Brings them into that form, the oldest accounts first: of several that come to the same, the first has it. Those of
/// the others, and those that can't be addresses, stay as they are and are noted.
pub async fn bring_up_to_date(transaction: &mut PgConnection) -> Result<(), StoreError> {
    run(transaction, sqlx::query("DELETE FROM old_addresses")).await?;
    let mut last = (i64::MIN, Uuid::nil());
    loop {
        let people =
            sqlx::query(select_user!("WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3"))
                .bind(last.0)
                .bind(last.1)
                .bind(i64::from(PEOPLE_AT_ONCE))
                .fetch_all(&mut *transaction)
                .await
                .map_err(failed)?;
        let people: Vec<User> = people.iter().map(rows::user).collect::<Result<_, _>>()?;
        let Some(end) = people.last() else { return Ok(()) };
        last = (end.created_at.0, end.id.0);
        for user in &people {
            bring_one(transaction, user).await?;
        }
    }
}

async fn bring_one(transaction: &mut PgConnection, user: &User) -> Result<(), StoreError> {
    let email = repaired(&user.email);
    if email.as_ref() == Some(&user.email) {
        return Ok(());
    }
    if let Some(email) = email {
        let change = sqlx::query(
            "UPDATE users SET email = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE email = $2)",
        );
        if run(transaction, change.bind(user.id.0).bind(email)).await? == 1 {
            return Ok(());
        }
    }
    run(transaction, sqlx::query("INSERT INTO old_addresses (user_id) VALUES ($1)").bind(user.id.0)).await?;
    Ok(())
}

/// How many rows a statement has changed.
async fn run(
    transaction: &mut PgConnection,
    statement: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
) -> Result<u64, StoreError> {
    Ok(statement.execute(transaction).await.map_err(failed)?.rows_affected())
}
