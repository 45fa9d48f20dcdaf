//! Who waits for whom, and for how long.

use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::store::{EndReason, StoreError};
use sqlx::{Connection as _, PgConnection};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::Database;
use crate::conformance::{
    Harness as _, MILLISECOND, close, new_session, new_user, password_change, read, rotation, row, seen,
    session, user,
};

/// Returns once so many of the store's statements wait for a lock.
async fn until_waiting(connection: &mut PgConnection, statements: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let come = async {
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *connection).await.unwrap() < statements {
            yield_now().await;
        }
    };
    // Only a failure waits for so long: a lock is given up after 2 s.
    timeout(Duration::from_secs(10), come).await.expect("nobody waited");
}

/// Entries get their ids before they are committed, not always in the same order.
#[tokio::test]
async fn a_notice_that_is_committed_late_is_not_put_away_unseen() {
    let db = Database::fresh().await;
    let (store, records) = (db.store(), db.records());
    let ada = user(&*store, 1).await;
    let sid = session(&*store, &ada, 5).await;
    let mut connection = db.connect().await;
    let mut late = connection.begin().await.unwrap();
    let notice = "INSERT INTO audit (at, event, actor, user_id, notice)
                  VALUES (lanyard_now(), 'authz_change', 'server', $1, TRUE)";
    sqlx::query(notice).bind(ada.id.0).execute(&mut *late).await.unwrap();
    sqlx::query(notice).bind(ada.id.0).execute(&mut db.connect().await).await.unwrap();

    let notices = async || records.notices(ada.id, sid, Duration::MAX, 20).await.unwrap();
    for notice in notices().await {
        store.notices_seen(sid, notice.place.id).await.unwrap();
    }
    late.commit().await.unwrap();
    db.pass(Duration::from_secs(1)).await;
    let shown = notices().await;
    assert_eq!(shown.len(), 2, "{shown:?}");
    store.notices_seen(sid, shown[1].place.id).await.unwrap();
    assert_eq!(notices().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_is_unavailable_to_its_writers_only() {
    let db = Database::fresh().await;
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = session(&*store, &ada, 5).await;
    let other = session(&*store, &ada, 6).await;
    let mut connection = db.connect().await;
    let mut lock = connection.begin().await.unwrap();
    sqlx::raw_sql("SELECT 1 FROM users FOR UPDATE").execute(&mut *lock).await.unwrap();
    sqlx::query("SELECT 1 FROM sessions WHERE sid = $1 FOR UPDATE")
        .bind(sid.0)
        .execute(&mut *lock)
        .await
        .unwrap();

    let rotate = rotation(seen(sid, 0, true), 6);
    let (sids, new) = ([sid], new_session(&ada, 7));
    let (rotated, made) = tokio::join!(store.rotate(&rotate), store.create_session(&new, &[]));
    // Not beside the rotation: of two that wait for one row the second waits for the first and then anew, until
    // the statement's own limit.
    let ended = store.end_sessions(&sids, EndReason::SignedOut, &By::default()).await;
    for error in [rotated.unwrap_err(), ended.unwrap_err(), made.unwrap_err()] {
        assert!(matches!(&error, StoreError::Unavailable(text) if text.contains("lock timeout")), "{error}");
    }
    assert!(read(&*store, sid).await.unwrap().ended.is_none());
    assert!(store.rotate(&rotation(seen(other, 0, true), 6)).await.unwrap().is_some());

    lock.rollback().await.unwrap();
    assert!(store.rotate(&rotate).await.unwrap().is_some());
    assert!(store.create_session(&new, &[]).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waited_bears_the_time_at_which_it_wrote() {
    let db = Database::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    let mut connection = db.connect().await;
    let mut other = connection.begin().await.unwrap();
    sqlx::raw_sql("UPDATE sessions SET recoveries = 1").execute(&mut *other).await.unwrap();

    let waiting = Arc::clone(&store);
    let rotated =
        tokio::spawn(async move { waiting.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap() });
    until_waiting(&mut db.connect().await, 1).await;
    db.pass(MILLISECOND).await;
    other.commit().await.unwrap();
    assert_eq!(rotated.await.unwrap(), Some(db.now()));
    assert_eq!(row(&*store, sid).await.rotated_at, db.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_waits_for_whoever_changes_the_user_and_then_sees_it() {
    let db = Database::fresh().await;
    let store = db.store();
    let ada = user(&*store, 1).await;
    let mut connection = db.connect().await;
    let mut change = connection.begin().await.unwrap();
    sqlx::raw_sql("UPDATE users SET version = version + 1").execute(&mut *change).await.unwrap();

    let (waiting, new) = (Arc::clone(&store), new_session(&ada, 5));
    let made = tokio::spawn(async move { waiting.create_session(&new, &[]).await.unwrap() });
    until_waiting(&mut db.connect().await, 1).await;
    change.commit().await.unwrap();
    assert_eq!(made.await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_a_user_waits_for_sign_ins_and_then_ends_them() {
    for change in 0..3 {
        let db = Database::fresh().await;
        let store = db.store();
        let ada = user(&*store, 1).await;
        let kept = session(&*store, &ada, 5).await;
        // A sign-in that displaces a session which somebody holds: it has the user's row and waits.
        let held = session(&*store, &user(&*store, 2).await, 6).await;
        let mut connection = db.connect().await;
        let mut holder = connection.begin().await.unwrap();
        let hold = sqlx::query("SELECT 1 FROM sessions WHERE sid = $1 FOR UPDATE").bind(held.0);
        hold.execute(&mut *holder).await.unwrap();
        let (waiting, new) = (Arc::clone(&store), new_session(&ada, 7));
        let sid = new.sid;
        let made = tokio::spawn(async move { waiting.create_session(&new, &[held]).await.unwrap() });
        let mut watcher = db.connect().await;
        until_waiting(&mut watcher, 1).await;

        let (waiting, user) = (Arc::clone(&store), ada.id);
        let password = password_change(&ada, kept, 9);
        let changed = tokio::spawn(async move {
            match change {
                0 => waiting
                    .end_all_sessions(user, EndReason::KickedOut, &By::default())
                    .await
                    .unwrap()
                    .unwrap(),
                1 => waiting.change_password(&password).await.unwrap().unwrap(),
                _ => close(&*waiting, user).await,
            }
        });
        until_waiting(&mut watcher, 2).await;
        holder.rollback().await.unwrap();
        assert!(made.await.unwrap().is_some());
        let raised = changed.await.unwrap();
        assert!(raised.ended.contains(&sid), "change {change}");
        assert!(row(&*store, sid).await.ended.is_some());
    }
}

/// What a snapshot alone would get wrong: the rotation saw the user as he was before.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_waited_for_a_kick_out_writes_nothing() {
    let db = Database::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    let mut connection = db.connect().await;
    let mut kick_out = connection.begin().await.unwrap();
    sqlx::raw_sql(
        "UPDATE users SET version = version + 1;
         UPDATE sessions SET ended_at = 1, end_reason = 'kicked_out'",
    )
    .execute(&mut *kick_out)
    .await
    .unwrap();
    let waiting = Arc::clone(&store);
    let rotated =
        tokio::spawn(async move { waiting.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap() });
    until_waiting(&mut db.connect().await, 1).await;
    kick_out.commit().await.unwrap();
    assert_eq!(rotated.await.unwrap(), None);
    assert_eq!(row(&*store, sid).await.generation, 0);
}

#[tokio::test]
async fn a_password_change_that_is_refused_holds_nothing() {
    let db = Database::fresh().await;
    let store = db.store();
    let ada = user(&*store, 1).await;
    let ended = session(&*store, &ada, 5).await;
    store.end_sessions(&[ended], EndReason::SignedOut, &By::default()).await.unwrap();
    for _ in 0..20 {
        assert!(store.change_password(&password_change(&ada, ended, 9)).await.unwrap().is_none());
        assert!(store.create_session(&new_session(&ada, 0), &[]).await.is_ok_and(|made| made.is_some()));
        sqlx::raw_sql("DELETE FROM sessions WHERE ended_at IS NULL")
            .execute(&mut db.connect().await)
            .await
            .unwrap();
    }
    assert_eq!(store.credentials(&new_user(1).email).await.unwrap().unwrap().user, ada);
}

/// Two that take the same rows in different orders would wait for each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_change_takes_sessions_in_the_order_of_their_ids() {
    let db = Database::fresh().await;
    let store = db.store();
    let ada = user(&*store, 1).await;
    let (first, kept) = (session(&*store, &ada, 5).await, session(&*store, &ada, 6).await);
    let mut connection = db.connect().await;
    let mut holder = connection.begin().await.unwrap();
    let hold = sqlx::query("SELECT 1 FROM sessions WHERE sid = $1 FOR UPDATE").bind(first.0);
    hold.execute(&mut *holder).await.unwrap();

    let (waiting, change) = (Arc::clone(&store), password_change(&ada, kept, 9));
    let changed = tokio::spawn(async move { waiting.change_password(&change).await.unwrap() });
    let mut watcher = db.connect().await;
    until_waiting(&mut watcher, 1).await;
    let free = sqlx::query("SELECT 1 FROM sessions WHERE sid = $1 FOR UPDATE NOWAIT").bind(kept.0);
    free.execute(&mut watcher).await.expect("the later one is not taken yet");
    holder.rollback().await.unwrap();
    assert_eq!(changed.await.unwrap().unwrap().ended, [first]);
}
