//! How sessions begin, and how they are read.

use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, NewSession, User, UserId};
use uuid::Uuid;

use super::{
    ABSOLUTE, Harness, MILLISECOND, START, new_session, new_user, rotation, row, seen, session, sid, user,
};

pub async fn the_time_is_the_databases(db: impl Harness) {
    assert_eq!(db.store().now().await.unwrap(), START);
    db.pass(MILLISECOND).await;
    assert_eq!(db.store().now().await.unwrap(), START.after(MILLISECOND));
}

pub async fn a_session_begins_confirmed_at_generation_0(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    db.pass(MILLISECOND).await;
    let now = db.now();
    let new = new_session(&ada, 5);
    assert_eq!(store.create_session(&new, &[]).await.unwrap(), Some(now));

    let made = row(&*store, new.sid).await;
    assert_eq!((made.sid, &made.user, made.user_version), (new.sid, &ada, ada.version));
    assert_eq!((made.generation, made.confirmed, made.recoveries), (0, true, 0));
    assert_eq!((made.current, made.kid), (new.secret_hash, new.kid));
    assert!(made.previous.is_none() && made.salt.is_none() && made.ended.is_none());
    assert_eq!((made.created_at, made.rotated_at, made.expires_at), (now, now, now.after(ABSOLUTE)));
}

pub async fn a_session_comes_with_the_time(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    db.pass(Duration::from_millis(4321)).await;
    let read = store.session(sid).await.unwrap().unwrap();
    assert_eq!((read.row.sid, read.now.since(read.row.rotated_at)), (sid, 4321));
    assert!(store.session(super::sid(99)).await.unwrap().is_none());
}

pub async fn a_session_shows_its_user_as_the_user_is_now(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = session(&*store, &ada, 5).await;
    db.pass(MILLISECOND).await;
    store.disable_user(ada.id, &By::default()).await.unwrap();

    let read = row(&*store, sid).await;
    assert_eq!((read.user_version, read.user.version), (ada.version, ada.version + 1));
    assert_eq!(read.user.disabled_at, Some(db.now()));
}

pub async fn a_changed_user_gets_no_session_and_nothing_is_written(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let old = session(&*store, &ada, 5).await;
    store.disable_user(grace.id, &By::default()).await.unwrap();

    let before = db.dump().await;
    let grace_now = User { version: grace.version + 1, ..grace.clone() };
    for new in [
        new_session(&grace, 6),
        new_session(&grace_now, 6),
        NewSession { user_version: ada.version + 1, ..new_session(&ada, 6) },
        NewSession { user_id: UserId(Uuid::nil()), ..new_session(&ada, 6) },
    ] {
        assert_eq!(store.create_session(&new, &[old]).await.unwrap(), None);
        assert_eq!(db.dump().await, before);
    }

    db.raise_version(ada.id).await;
    let before = db.dump().await;
    assert_eq!(store.create_session(&new_session(&ada, 6), &[old]).await.unwrap(), None);
    assert_eq!(db.dump().await, before);
}

pub async fn a_new_session_ends_the_live_ones_it_displaces(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let own = session(&*store, &ada, 5).await;
    let others = session(&*store, &grace, 6).await;
    let bystander = session(&*store, &ada, 7).await;
    let signed_out = session(&*store, &ada, 8).await;
    store.end_sessions(&[signed_out], EndReason::SignedOut, &By::default()).await.unwrap();

    db.pass(MILLISECOND).await;
    let now = db.now();
    let new = new_session(&ada, 9);
    let displaced = [own, others, signed_out, sid(99)];
    assert_eq!(store.create_session(&new, &displaced).await.unwrap(), Some(now));

    for sid in [own, others] {
        let ended = row(&*store, sid).await.ended.unwrap();
        assert_eq!((ended.at, ended.reason), (now, EndReason::Replaced));
    }
    let ended = row(&*store, signed_out).await.ended.unwrap();
    assert_eq!((ended.at, ended.reason), (START, EndReason::SignedOut));
    assert!(row(&*store, bystander).await.ended.is_none());
    assert!(row(&*store, new.sid).await.ended.is_none());
    assert!(db.events().await.is_empty());
}

pub async fn everything_survives_reopening(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    store.end_if_seen(seen(sid, 1, false), EndReason::TokenReused, &Device::default()).await.unwrap();
    let live = session(&*store, &user(&*store, 2).await, 7).await;
    drop(store);

    let before = db.dump().await;
    let db = db.reopen().await;
    assert_eq!(db.dump().await, before);
    let store = db.store();
    assert!(store.credentials(&new_user(1).email).await.unwrap().is_some());
    assert_eq!(row(&*store, sid).await.ended.unwrap().reason, EndReason::TokenReused);
    assert!(store.rotate(&rotation(seen(live, 0, true), 8)).await.unwrap().is_some());
}
