//! The audit log: written inside the transaction of what it tells of, and read. For `sqlite` alone.

use lanyard_auth::audit::{Actor, By, Entry, Event, Filter, NEW_NETWORK, NewEntry, RECOVERED};
use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, NewSession, Rotation, SessionId, StoreError, UserId};
use lanyard_auth::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::users::find as find_user;
use super::{failed, rows};
use crate::sql::not_disowned;
use crate::{MOST_COUNTED, NEWCOMER};

/// Writes an entry.
pub async fn write(
    transaction: &mut SqliteConnection,
    entry: &NewEntry,
    now: Timestamp,
) -> Result<(), StoreError> {
    let NewEntry { event, detail, user, session, by } = entry;
    sqlx::query(
        "INSERT INTO audit (at, event, detail, actor, admin_id, user_id, session_id, browser, system, network, notice)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(now.0)
    .bind(event.name())
    .bind(detail)
    .bind(by.actor.name())
    .bind(by.actor.admin().as_ref().map(|admin| admin.0.as_bytes().as_slice()))
    .bind(user.as_ref().map(|user| user.0.as_bytes().as_slice()))
    .bind(session.as_ref().map(|sid| sid.0.as_bytes().as_slice()))
    .bind(&by.device.browser)
    .bind(&by.device.system)
    .bind(&by.device.network)
    .bind(event.is_notice(*detail))
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Tells of a user.
pub async fn of_user(
    transaction: &mut SqliteConnection,
    event: Event,
    detail: Option<&'static str>,
    user: UserId,
    by: &By,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entry = NewEntry { event, detail, user: Some(user), session: None, by: by.clone() };
    write(transaction, &entry, now).await
}

/// Tells of a session that was ended just now.
pub async fn ended(
    transaction: &mut SqliteConnection,
    user: UserId,
    sid: SessionId,
    reason: EndReason,
    by: &By,
    now: Timestamp,
) -> Result<(), StoreError> {
    write(transaction, &NewEntry::ended(user, sid, reason, by.clone()), now).await
}

/// Tells of a sign-in, and whether the person ever came from there before. A first sign-in comes from nowhere new.
pub async fn signed_in(
    transaction: &mut SqliteConnection,
    session: &NewSession,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Device { browser, system, network } = &session.device;
    let seen = sqlx::query(concat!(
        "SELECT EXISTS (SELECT 1 FROM audit WHERE user_id = ?1 AND event = ?2)
                OR EXISTS (SELECT 1 FROM users WHERE id = ?1 AND created_at < ?6) AS ever,
                EXISTS (SELECT 1 FROM audit WHERE user_id = ?1 AND event = ?2
                                              AND browser IS ?3 AND system IS ?4 AND ",
        not_disowned!(),
        ") AS browser,
                EXISTS (SELECT 1 FROM audit WHERE user_id = ?1 AND event = ?2 AND network IS ?5 AND ",
        not_disowned!(),
        ") AS network"
    ))
    .bind(session.user_id.0.as_bytes().as_slice())
    .bind(Event::AuthnLoginSuccess.name())
    .bind(browser)
    .bind(system)
    .bind(network)
    .bind(now.before(NEWCOMER).0)
    .fetch_one(&mut *transaction)
    .await
    .map_err(failed)?;
    let before = |column| seen.try_get::<bool, _>(column).map_err(failed);
    let entry = NewEntry::signed_in(session, before("ever")?, before("browser")?, before("network")?);
    write(transaction, &entry, now).await
}

/// Tells of what is worth noting of a rotation.
pub async fn rotated(
    transaction: &mut SqliteConnection,
    rotation: &Rotation,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut details = Vec::new();
    if rotation.recoveries > 0 {
        details.push(RECOVERED);
    }
    match rotation.moved {
        // Who comes and goes between two networks is told of each once.
        Some(NEW_NETWORK) if knows_network(transaction, user, &rotation.device).await? => {}
        moved => details.extend(moved),
    }
    for detail in details {
        write(transaction, &NewEntry::renewed(rotation, user, detail), now).await?;
    }
    Ok(())
}

async fn knows_network(
    transaction: &mut SqliteConnection,
    user: UserId,
    device: &Device,
) -> Result<bool, StoreError> {
    // What somebody did who was in: anybody can fail to get in.
    let query =
        "SELECT EXISTS (SELECT 1 FROM audit WHERE user_id = ?1 AND event IN (?2, ?3) AND network = ?4)";
    sqlx::query_scalar(query)
        .bind(user.0.as_bytes().as_slice())
        .bind(Event::AuthnLoginSuccess.name())
        .bind(Event::SessionRenewed.name())
        .bind(&device.network)
        .fetch_one(transaction)
        .await
        .map_err(failed)
}

/// How many there are of a kind about somebody, or about nobody, since then.
pub async fn count(
    reader: &mut SqliteConnection,
    event: Event,
    user: Option<UserId>,
    since: Timestamp,
) -> Result<u32, StoreError> {
    sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM audit WHERE user_id IS ?1 AND at >= ?3 AND event = ?2 LIMIT ?4)",
    )
    .bind(user.as_ref().map(|user| user.0.as_bytes().as_slice()))
    .bind(event.name())
    .bind(since.0)
    .bind(MOST_COUNTED)
    .fetch_one(reader)
    .await
    .map_err(failed)
}

/// Removes the oldest, if they are older than that; how many.
pub async fn remove(
    transaction: &mut SqliteConnection,
    before: Timestamp,
    batch: u32,
) -> Result<u32, StoreError> {
    let removed = sqlx::query(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY at, id LIMIT ?2)",
    )
    .bind(before.0)
    .bind(batch)
    .execute(transaction)
    .await
    .map_err(failed)?;
    Ok(u32::try_from(removed.rows_affected()).unwrap_or(batch))
}

/// What is read here: everything but what only a newer server has a word for. Before any limit, and with a plus that keeps it
/// from choosing the index.
macro_rules! known {
    () => {
        "+event IN (SELECT value FROM json_each(?9)) AND +actor IN (SELECT value FROM json_each(?10)) "
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
                    coalesce(ended_at IS NULL AND expires_at > ?1, FALSE) AS is_live
             FROM audit LEFT JOIN sessions ON sid = session_id
             WHERE ",
            known!(),
            $rest
        )
    };
}

/// See `Records::entries`. Each filter has an index that gives its entries in order.
pub async fn entries(
    reader: &mut SqliteConnection,
    filter: &Filter,
    most: u32,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let Filter { user, event, from, until, after } = filter;
    let query = match (user, event) {
        (Some(_), _) => select_entries!(
            "AND audit.user_id = ?2 AND (?3 IS NULL OR event = ?3) AND at >= ?4 AND at < ?5 AND (at, id) < (?6, ?7)
             ORDER BY at DESC, id DESC LIMIT ?8"
        ),
        (None, Some(_)) => select_entries!(
            "AND ?2 IS NULL AND event = ?3 AND at >= ?4 AND at < ?5 AND (at, id) < (?6, ?7)
             ORDER BY at DESC, id DESC LIMIT ?8"
        ),
        (None, None) => select_entries!(
            "AND ?2 IS NULL AND ?3 IS NULL AND at >= ?4 AND at < ?5 AND (at, id) < (?6, ?7)
             ORDER BY at DESC, id DESC LIMIT ?8"
        ),
    };
    let found = sqlx::query(query)
        .bind(now.0)
        .bind(user.as_ref().map(|user| user.0.as_bytes().as_slice()))
        .bind(event.map(Event::name))
        .bind(from.map_or(i64::MIN, |from| from.0))
        .bind(until.map_or(i64::MAX, |until| until.0))
        .bind(after.map_or(i64::MAX, |after| after.at.0))
        .bind(after.map_or(i64::MAX, |after| after.id))
        .bind(most)
        .bind(json(Event::ALL.map(Event::name)))
        .bind(json(Actor::NAMES))
        .fetch_all(&mut *reader)
        .await
        .map_err(failed)?;
    read(reader, &found).await
}

/// See `Records::notices`.
pub async fn notices(
    reader: &mut SqliteConnection,
    user: UserId,
    sid: SessionId,
    since: Timestamp,
    most: u32,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let found = sqlx::query(select_entries!(
        "AND notice AND audit.user_id = ?2 AND at >= ?4 AND session_id IS NOT ?3
           AND id > (SELECT notices_seen FROM sessions WHERE sid = ?3)
         ORDER BY id LIMIT ?8"
    ))
    .bind(now.0)
    .bind(user.0.as_bytes().as_slice())
    .bind(sid.0.as_bytes().as_slice())
    .bind(since.0)
    .bind(None::<i64>)
    .bind(None::<i64>)
    .bind(None::<i64>)
    .bind(most)
    .bind(json(Event::ALL.map(Event::name)))
    .bind(json(Actor::NAMES))
    .fetch_all(&mut *reader)
    .await
    .map_err(failed)?;
    read(reader, &found).await
}

/// Notes how far a session's person has looked.
pub async fn seen(transaction: &mut SqliteConnection, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions
         SET notices_seen = max(notices_seen,
                                min(?2, (SELECT coalesce(max(id), 0) FROM audit WHERE user_id = sessions.user_id)))
         WHERE sid = ?1",
    )
        .bind(sid.0.as_bytes().as_slice())
        .bind(up_to)
        .execute(transaction)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Names as a list that SQL reads.
fn json<const N: usize>(names: [&str; N]) -> String {
    format!("[{}]", names.map(|name| format!("\"{name}\"")).join(","))
}

async fn read(reader: &mut SqliteConnection, found: &[SqliteRow]) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::with_capacity(found.len());
    for row in found {
        let mut entry = rows::entry(row)?;
        if let Some(user) = rows::entry_user(row)? {
            entry.user = find_user(&mut *reader, user).await?;
        }
        if let Some(admin) = entry.actor.admin() {
            entry.admin = find_user(&mut *reader, admin).await?;
        }
        entries.push(entry);
    }
    Ok(entries)
}
