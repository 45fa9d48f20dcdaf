//! The audit log: written inside the transaction of what it tells of, and read. For `postgres` alone.
//!
//! Sessions that end and rotations write their entries in their own statements; the rest is here.

use std::collections::HashMap;
use std::time::Duration;

use lanyard_auth::audit::{Actor, By, Entry, Event, Filter, NewEntry};
use lanyard_auth::device::Device;
use lanyard_auth::store::{NewSession, SessionId, StoreError, User, UserId};
use lanyard_auth::time::{Timestamp, millis};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};

use super::{failed, rows};
use crate::sql::{not_disowned, select_user};
use crate::{MOST_COUNTED, NEWCOMER};

/// After this time, an entry that is committed has a greater id than those which are there already, unless its commit was
/// held up for so long: a notice gets its id near the end of its transaction.
const IN_ORDER: Duration = Duration::from_secs(1);

/// Writes an entry.
pub async fn write(connection: &mut PgConnection, entry: &NewEntry) -> Result<(), StoreError> {
    let NewEntry { event, detail, user, session, by } = entry;
    sqlx::query(
        "INSERT INTO audit (at, event, detail, actor, admin_id, user_id, session_id, browser, system, network, notice)
         VALUES (lanyard_now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(event.name())
    .bind(detail)
    .bind(by.actor.name())
    .bind(by.actor.admin().map(|admin| admin.0))
    .bind(user.map(|user| user.0))
    .bind(session.map(|sid| sid.0))
    .bind(&by.device.browser)
    .bind(&by.device.system)
    .bind(&by.device.network)
    .bind(event.is_notice(*detail))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Tells of a user.
pub async fn of_user(
    transaction: &mut PgConnection,
    event: Event,
    detail: Option<&'static str>,
    user: UserId,
    by: &By,
) -> Result<(), StoreError> {
    write(transaction, &NewEntry { event, detail, user: Some(user), session: None, by: by.clone() }).await
}

/// Tells of a sign-in, and whether the person ever came from there before.
pub async fn signed_in(transaction: &mut PgConnection, session: &NewSession) -> Result<(), StoreError> {
    let Device { browser, system, network } = &session.device;
    let seen = sqlx::query(concat!(
        "SELECT EXISTS (SELECT 1 FROM audit WHERE user_id = $1 AND event = $2)
                OR EXISTS (SELECT 1 FROM users WHERE id = $1 AND created_at < lanyard_now() - $6) AS ever,
                EXISTS (SELECT 1 FROM audit
                        WHERE user_id = $1 AND event = $2 AND browser IS NOT DISTINCT FROM $3
                          AND system IS NOT DISTINCT FROM $4 AND ",
        not_disowned!(),
        ") AS browser,
                EXISTS (SELECT 1 FROM audit
                        WHERE user_id = $1 AND event = $2 AND network IS NOT DISTINCT FROM $5 AND ",
        not_disowned!(),
        ") AS network"
    ))
    .bind(session.user_id.0)
    .bind(Event::AuthnLoginSuccess.name())
    .bind(browser)
    .bind(system)
    .bind(network)
    .bind(millis(NEWCOMER))
    .fetch_one(&mut *transaction)
    .await
    .map_err(failed)?;
    let before = |column| seen.try_get::<bool, _>(column).map_err(failed);
    let entry = NewEntry::signed_in(session, before("ever")?, before("browser")?, before("network")?);
    write(transaction, &entry).await
}

/// How many there are of a kind about somebody, or about nobody, since then.
pub async fn count(
    pool: &PgPool,
    event: Event,
    user: Option<UserId>,
    since: Timestamp,
) -> Result<u32, StoreError> {
    // Two texts: `IS NOT DISTINCT FROM` uses no index.
    let query = match user {
        Some(_) => {
            "SELECT count(*) FROM (SELECT 1 FROM audit WHERE user_id = $1 AND at >= $3 AND event = $2 LIMIT $4) AS found"
        }
        None => {
            "SELECT count(*) FROM (SELECT 1 FROM audit
                                   WHERE user_id IS NULL AND $1::uuid IS NULL AND at >= $3 AND event = $2
                                   LIMIT $4) AS found"
        }
    };
    let count: i64 = sqlx::query_scalar(query)
        .bind(user.map(|user| user.0))
        .bind(event.name())
        .bind(since.0)
        .bind(i64::from(MOST_COUNTED))
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    Ok(u32::try_from(count).unwrap_or(MOST_COUNTED))
}

/// Removes the oldest, if they are older than that; how many. Two nodes that do this at once take different ones.
pub async fn remove(pool: &PgPool, before: Timestamp, batch: u32) -> Result<u32, StoreError> {
    let removed = sqlx::query(
        "DELETE FROM audit
         WHERE id = ANY (ARRAY (SELECT id FROM audit WHERE at < $1
                                ORDER BY at, id LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind(before.0)
    .bind(i64::from(batch))
    .execute(pool)
    .await
    .map_err(failed)?;
    Ok(u32::try_from(removed.rows_affected()).unwrap_or(batch))
}

/// What is read here: everything but what only a newer server has a word for. Before any limit.
macro_rules! known {
    () => {
        "event = ANY ($9) AND actor = ANY ($10) "
    };
}

/// Entries with what is kept of their sessions, as [`rows::entry`] reads them.
macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "SELECT id, at, event, detail, actor, admin_id, audit.user_id, session_id,
                    audit.browser, audit.system, audit.network,
                    sessions.browser AS session_browser, sessions.system AS session_system,
                    sessions.network AS session_network,
                    coalesce(ended_at IS NULL AND expires_at > $1, FALSE) AS is_live
             FROM audit LEFT JOIN sessions ON sid = session_id
             WHERE ",
            known!(),
            $rest
        )
    };
}

/// See `Records::entries`. Each filter has an index that gives its entries in order.
pub async fn entries(
    pool: &PgPool,
    filter: &Filter,
    most: u32,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let Filter { user, event, from, until, after } = filter;
    let query = match (user, event) {
        (Some(_), _) => select_entries!(
            "AND audit.user_id = $2 AND ($3::text IS NULL OR event = $3) AND at >= $4 AND at < $5 AND (at, id) < ($6, $7)
             ORDER BY at DESC, id DESC LIMIT $8"
        ),
        (None, Some(_)) => select_entries!(
            "AND $2::uuid IS NULL AND event = $3 AND at >= $4 AND at < $5 AND (at, id) < ($6, $7)
             ORDER BY at DESC, id DESC LIMIT $8"
        ),
        (None, None) => select_entries!(
            "AND $2::uuid IS NULL AND $3::text IS NULL AND at >= $4 AND at < $5 AND (at, id) < ($6, $7)
             ORDER BY at DESC, id DESC LIMIT $8"
        ),
    };
    let found = sqlx::query(query)
        .bind(now.0)
        .bind(user.map(|user| user.0))
        .bind(event.map(Event::name))
        .bind(from.map_or(i64::MIN, |from| from.0))
        .bind(until.map_or(i64::MAX, |until| until.0))
        .bind(after.map_or(i64::MAX, |after| after.at.0))
        .bind(after.map_or(i64::MAX, |after| after.id))
        .bind(i64::from(most))
        .bind(Event::ALL.map(Event::name))
        .bind(Actor::NAMES)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    read(pool, &found).await
}

/// See `Records::notices`. The youngest wait: one of a smaller id may still come, and would be put away with them.
pub async fn notices(
    pool: &PgPool,
    user: UserId,
    sid: SessionId,
    since: Timestamp,
    most: u32,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let found = sqlx::query(select_entries!(
        "AND notice AND audit.user_id = $2 AND at >= $4 AND at <= $5 AND session_id IS DISTINCT FROM $3
           AND id > (SELECT notices_seen FROM sessions WHERE sid = $3) AND $6::bigint IS NULL AND $7::bigint IS NULL
         ORDER BY id LIMIT $8"
    ))
    .bind(now.0)
    .bind(user.0)
    .bind(sid.0)
    .bind(since.0)
    .bind(now.before(IN_ORDER).0)
    .bind(None::<i64>)
    .bind(None::<i64>)
    .bind(i64::from(most))
    .bind(Event::ALL.map(Event::name))
    .bind(Actor::NAMES)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    read(pool, &found).await
}

/// Notes how far a session's person has looked.
pub async fn seen(pool: &PgPool, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions
         SET notices_seen = greatest(notices_seen,
                                     least($2, (SELECT max(id) FROM audit WHERE user_id = sessions.user_id)))
         WHERE sid = $1",
    )
    .bind(sid.0)
    .bind(up_to)
    .execute(pool)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn read(pool: &PgPool, found: &[PgRow]) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::with_capacity(found.len());
    let mut people = Vec::new();
    for row in found {
        let entry = rows::entry(row)?;
        let user = rows::entry_user(row)?;
        people.extend(user.into_iter().chain(entry.actor.admin()).map(|id| id.0));
        entries.push((entry, user));
    }
    let people: HashMap<UserId, User> = sqlx::query(select_user!("WHERE id = ANY ($1)"))
        .bind(people)
        .fetch_all(pool)
        .await
        .map_err(failed)?
        .iter()
        .map(|row| rows::user(row).map(|user| (user.id, user)))
        .collect::<Result<_, _>>()?;
    let person = |id: Option<UserId>| id.and_then(|id| people.get(&id)).cloned();
    let entries = entries.into_iter();
    Ok(entries
        .map(|(entry, user)| Entry { user: person(user), admin: person(entry.actor.admin()), ..entry })
        .collect())
}
