//! The compare-and-swap, and confirming.

use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::refresh::SecretHash;
use lanyard_auth::store::{EndReason, Rotation, SessionId, Store};

use super::{ABSOLUTE, Event, Harness, MILLISECOND, SETTLE, START, rotation, row, seen, session, user};

async fn signed_in(store: &dyn Store) -> SessionId {
    session(store, &user(store, 1).await, 5).await
}

pub async fn a_rotation_writes_all_of_itself(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    let bystander = session(&*store, &user(&*store, 2).await, 50).await;
    for (generation, confirmed, n) in [(0, true, 6), (1, false, 7)] {
        db.pass(MILLISECOND).await;
        let written = rotation(seen(sid, generation, confirmed), n);
        assert_eq!(store.rotate(&written).await.unwrap(), Some(db.now()));

        let row = row(&*store, sid).await;
        assert_eq!((row.generation, row.confirmed, row.recoveries), (generation + 1, false, 0));
        assert_eq!((row.previous, row.current), (Some(written.presented), written.next));
        assert_eq!((row.salt, row.kid), (Some(written.salt), written.kid));
        assert_eq!(row.rotated_at, db.now());
    }
    let bystander = row(&*store, bystander).await;
    assert_eq!((bystander.generation, bystander.current), (0, SecretHash([50; 32])));
    assert!(db.events().await.is_empty());
}

pub async fn a_rotation_leaves_the_limits_alone(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    db.pass(Duration::from_secs(3600)).await;
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    let row = row(&*store, sid).await;
    assert_eq!((row.created_at, row.expires_at), (START, START.after(ABSOLUTE)));
}

pub async fn a_rotation_needs_the_row_as_it_was_seen(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    let before = db.dump().await;
    for stale in [
        seen(sid, 0, true),
        seen(sid, 0, false),
        seen(sid, 1, true),
        seen(sid, 2, false),
        seen(super::sid(99), 1, false),
    ] {
        for recoveries in [0, 1] {
            let rotation = Rotation { recoveries, ..rotation(stale, 7) };
            assert_eq!(store.rotate(&rotation).await.unwrap(), None, "{stale:?}");
        }
    }
    assert_eq!(db.dump().await, before);

    // Confirmed meanwhile: whoever judged it unconfirmed has to look again.
    db.pass(SETTLE).await;
    assert!(store.confirm(sid, 1, SETTLE).await.unwrap());
    assert_eq!(store.rotate(&rotation(seen(sid, 1, false), 7)).await.unwrap(), None);
    assert!(store.rotate(&rotation(seen(sid, 1, true), 7)).await.unwrap().is_some());
}

pub async fn a_rotation_needs_a_live_session(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap();
    let before = db.dump().await;
    assert_eq!(store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap(), None);
    assert_eq!(db.dump().await, before);
}

pub async fn nothing_is_rotated_once_the_session_has_expired(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    let not_after = START.after(super::ABSOLUTE);
    db.pass(super::ABSOLUTE - MILLISECOND).await;
    store.rotate(&Rotation { not_after, ..rotation(seen(sid, 0, true), 6) }).await.unwrap().unwrap();
    db.pass(MILLISECOND).await;
    let before = db.dump().await;
    let late = Rotation { not_after, ..rotation(seen(sid, 1, false), 7) };
    assert_eq!(store.rotate(&late).await.unwrap(), None);
    assert_eq!(db.dump().await, before);
}

pub async fn a_rotation_needs_an_unchanged_user(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let of_ada = session(&*store, &ada, 5).await;
    let of_grace = session(&*store, &grace, 50).await;
    db.disable(ada.id).await;
    db.raise_version(grace.id).await;
    let before = db.dump().await;
    for sid in [of_ada, of_grace] {
        assert_eq!(store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap(), None);
    }
    assert_eq!(db.dump().await, before);
}

pub async fn a_recovery_is_counted_and_recorded(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = session(&*store, &ada, 5).await;
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();

    let mut events = Vec::new();
    for n in 1..=3 {
        db.pass(SETTLE).await;
        let rotation = Rotation { recoveries: n, ..rotation(seen(sid, n.into(), false), 6 + n) };
        let at = store.rotate(&rotation).await.unwrap().unwrap();
        assert_eq!(row(&*store, sid).await.recoveries, n);
        events.push(Event { at, kind: "recovered".into(), session: sid, user: ada.id });
    }
    assert_eq!(db.events().await, events);

    store.rotate(&rotation(seen(sid, 4, false), 10)).await.unwrap().unwrap();
    assert_eq!(row(&*store, sid).await.recoveries, 0);
    assert_eq!(db.events().await, events);
}

pub async fn a_generation_is_confirmed_once_settled(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = session(&*store, &ada, 5).await;
    let other = session(&*store, &ada, 50).await;
    for sid in [sid, other] {
        store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    }

    db.pass(SETTLE - MILLISECOND).await;
    assert!(!store.confirm(sid, 1, SETTLE).await.unwrap());
    assert!(!row(&*store, sid).await.confirmed);
    db.pass(MILLISECOND).await;
    assert!(store.confirm(sid, 1, SETTLE).await.unwrap());
    let confirmed = row(&*store, sid).await;
    assert_eq!((confirmed.confirmed, confirmed.generation, confirmed.rotated_at), (true, 1, START));
    assert!(!row(&*store, other).await.confirmed);
    assert!(!store.confirm(sid, 1, SETTLE).await.unwrap(), "it is confirmed already");

    store.rotate(&rotation(seen(sid, 1, true), 7)).await.unwrap().unwrap();
    assert!(!row(&*store, sid).await.confirmed, "the next generation has to show itself");
}

pub async fn only_the_newest_generation_is_confirmed(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    assert!(!store.confirm(sid, 0, Duration::ZERO).await.unwrap(), "the first counts as confirmed");
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    store.rotate(&rotation(seen(sid, 1, false), 7)).await.unwrap().unwrap();
    db.pass(SETTLE).await;
    let before = db.dump().await;
    for generation in [0, 1, 3, u32::MAX] {
        assert!(!store.confirm(sid, generation, SETTLE).await.unwrap(), "{generation}");
    }
    assert!(!store.confirm(super::sid(99), 2, SETTLE).await.unwrap());
    assert_eq!(db.dump().await, before);
    assert!(store.confirm(sid, 2, SETTLE).await.unwrap());
}

pub async fn a_clock_that_went_back_confirms_nothing(db: impl Harness) {
    let store = db.store();
    let sid = signed_in(&*store).await;
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    db.set_time(START.before(SETTLE)).await;
    assert!(!store.confirm(sid, 1, SETTLE).await.unwrap());
    assert!(!store.confirm(sid, 1, Duration::MAX).await.unwrap());
    assert_eq!(store.session(sid).await.unwrap().unwrap().now, START.before(SETTLE));
}
