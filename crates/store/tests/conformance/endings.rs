//! How sessions end.

use std::sync::Arc;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::EndReason;

use super::{Event, Harness, MILLISECOND, START, rotation, row, seen, session, sid, user};

pub async fn an_end_for_cause_has_its_event(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let mut events = Vec::new();
    for (n, reason) in [(5, EndReason::TokenReused), (6, EndReason::Unconfirmed)] {
        let sid = session(&*store, &ada, n).await;
        store.rotate(&rotation(seen(sid, 0, true), 60)).await.unwrap().unwrap();
        db.pass(MILLISECOND).await;
        let at = db.now();
        assert!(store.end_if_seen(seen(sid, 1, false), reason, &Device::default()).await.unwrap());

        let row = row(&*store, sid).await;
        assert_eq!(row.ended.map(|ended| (ended.at, ended.reason)), Some((at, reason)));
        assert_eq!((row.generation, row.confirmed), (1, false));
        events.push(Event { at, kind: reason.name().into(), session: sid, user: ada.id });
    }
    assert_eq!(db.events().await, events);
}

pub async fn an_end_for_cause_needs_the_row_as_it_was_seen(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let live = session(&*store, &ada, 5).await;
    store.rotate(&rotation(seen(live, 0, true), 6)).await.unwrap().unwrap();
    let ended = session(&*store, &ada, 7).await;
    store.end_sessions(&[ended], EndReason::SignedOut, &By::default()).await.unwrap();

    let before = db.dump().await;
    for stale in [
        seen(live, 0, true),
        seen(live, 0, false),
        seen(live, 1, true),
        seen(live, 2, false),
        seen(ended, 0, true),
        seen(sid(99), 0, true),
    ] {
        assert!(
            !store.end_if_seen(stale, EndReason::TokenReused, &Device::default()).await.unwrap(),
            "{stale:?}"
        );
    }
    assert_eq!(db.dump().await, before);
}

pub async fn of_many_ends_for_cause_one_counts(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let sid = session(&*nodes[0], &user(&*nodes[0], 1).await, 5).await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let store = Arc::clone(&nodes[n % 2]);
            tokio::spawn(async move {
                store.end_if_seen(seen(sid, 0, true), EndReason::TokenReused, &Device::default()).await
            })
        })
        .collect();
    let mut ended = 0;
    for task in tasks {
        ended += usize::from(task.await.unwrap().unwrap());
    }
    assert_eq!((ended, db.events().await.len()), (1, 1));
}

pub async fn ending_returns_those_that_were_live(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let of_ada = session(&*store, &ada, 5).await;
    let of_grace = session(&*store, &grace, 6).await;
    let bystander = session(&*store, &ada, 7).await;
    let before = session(&*store, &ada, 8).await;
    assert_eq!(store.end_sessions(&[before], EndReason::SignedOut, &By::default()).await.unwrap(), [before]);

    db.pass(MILLISECOND).await;
    let asked = [of_grace, before, sid(99), of_ada, of_ada];
    let mut ended = store.end_sessions(&asked, EndReason::KickedOut, &By::default()).await.unwrap();
    ended.sort();
    assert_eq!(ended, [of_ada, of_grace]);
    for sid in ended {
        let ended = row(&*store, sid).await.ended.unwrap();
        assert_eq!((ended.at, ended.reason), (START.after(MILLISECOND), EndReason::KickedOut));
    }
    let first_end = row(&*store, before).await.ended.unwrap();
    assert_eq!((first_end.at, first_end.reason), (START, EndReason::SignedOut));
    assert!(row(&*store, bystander).await.ended.is_none());

    assert!(store.end_sessions(&asked, EndReason::KickedOut, &By::default()).await.unwrap().is_empty());
    assert!(store.end_sessions(&[], EndReason::KickedOut, &By::default()).await.unwrap().is_empty());
    assert!(db.events().await.is_empty());
}

pub async fn ending_asks_for_no_generation(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    store.rotate(&rotation(seen(sid, 0, true), 6)).await.unwrap().unwrap();
    store.rotate(&rotation(seen(sid, 1, false), 7)).await.unwrap().unwrap();
    assert_eq!(store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap(), [sid]);
    assert_eq!(store.rotate(&rotation(seen(sid, 2, false), 8)).await.unwrap(), None);
}

pub async fn every_reason_is_kept(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    for (reason, n) in EndReason::ALL.into_iter().zip(5..) {
        let sid = session(&*store, &ada, n).await;
        store.end_sessions(&[sid], reason, &By::default()).await.unwrap();
        assert_eq!(row(&*store, sid).await.ended.unwrap().reason, reason);
    }
}
