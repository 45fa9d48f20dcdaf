//! Removing sessions that expired long ago.

use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, NewSession, SessionId, Store};

use super::{ABSOLUTE, Harness, MILLISECOND, new_session, rotation, seen, session, user};

const KEEP: Duration = Duration::from_secs(24 * 3600);

async fn is_there(store: &dyn Store, sid: SessionId) -> bool {
    store.session(sid).await.unwrap().is_some()
}

pub async fn what_expired_long_ago_is_removed_and_nothing_else(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let old = [
        session(&*store, &ada, 5).await,
        session(&*store, &ada, 6).await,
        session(&*store, &grace, 7).await,
        session(&*store, &grace, 8).await,
    ];
    db.pass(MILLISECOND).await;
    let younger = [session(&*store, &ada, 9).await, session(&*store, &grace, 10).await];
    for ended in [old[1], younger[1]] {
        store.end_sessions(&[ended], EndReason::SignedOut, &By::default()).await.unwrap();
    }
    // The idle limit moves with a rotation; the absolute one does not.
    db.pass(ABSOLUTE - 2 * MILLISECOND).await;
    store.rotate(&rotation(seen(old[2], 0, true), 11)).await.unwrap().unwrap();
    assert!(
        store.end_if_seen(seen(old[3], 0, true), EndReason::TokenReused, &Device::default()).await.unwrap()
    );
    let events = db.events().await;

    db.pass(KEEP + MILLISECOND).await;
    let before = db.dump().await;
    assert_eq!(store.remove_expired(KEEP, 100).await.unwrap(), 0, "not before its time");
    assert_eq!(db.dump().await, before);

    db.pass(MILLISECOND).await;
    assert_eq!(store.remove_expired(KEEP, 100).await.unwrap(), 4);
    for gone in old {
        assert!(!is_there(&*store, gone).await);
    }
    for stays in younger {
        assert!(is_there(&*store, stays).await);
    }
    assert_eq!(db.dump().await.len(), before.len() - 4, "users and events stay");
    assert_eq!(db.events().await, events);
    assert_eq!(store.remove_expired(KEEP, 100).await.unwrap(), 0);
}

pub async fn a_batch_is_the_oldest_and_no_more(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let mut sids = Vec::new();
    for (n, later) in [(7, 2), (6, 4), (9, 0), (5, 1), (8, 3)] {
        let new = NewSession { absolute: ABSOLUTE + later * MILLISECOND, ..new_session(&ada, n) };
        store.create_session(&new, &[]).await.unwrap().unwrap();
        sids.push((later, new.sid));
    }
    sids.sort();
    let sids: Vec<_> = sids.into_iter().map(|(_, sid)| sid).collect();
    db.pass(ABSOLUTE + KEEP + 5 * MILLISECOND).await;
    assert_eq!(store.remove_expired(KEEP, 0).await.unwrap(), 0);
    for (removed, left) in [(2, &sids[2..]), (2, &sids[4..]), (1, &[]), (0, &[])] {
        assert_eq!(store.remove_expired(KEEP, 2).await.unwrap(), removed);
        for sid in &sids {
            assert_eq!(is_there(&*store, *sid).await, left.contains(sid));
        }
    }
}

pub async fn nothing_is_removed_by_two_at_once_twice(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let ada = user(&*nodes[0], 1).await;
    for n in 0..100 {
        session(&*nodes[0], &ada, n).await;
    }
    db.pass(ABSOLUTE + KEEP + MILLISECOND).await;
    let live = session(&*nodes[0], &ada, 100).await;
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&nodes[n % 2]);
            tokio::spawn(async move { store.remove_expired(KEEP, 7).await.unwrap() })
        })
        .collect();
    let mut removed = 0;
    for task in tasks {
        removed += task.await.unwrap();
    }
    assert_eq!(removed, 100);
    assert!(is_there(&*nodes[0], live).await);
}

pub async fn any_time_to_keep_is_answered(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    db.pass(ABSOLUTE).await;
    assert_eq!(store.remove_expired(Duration::MAX, 1).await.unwrap(), 0);
    assert_eq!(store.remove_expired(Duration::ZERO, 1).await.unwrap(), 0);
    assert!(is_there(&*store, sid).await);
    db.pass(MILLISECOND).await;
    assert_eq!(store.remove_expired(Duration::ZERO, u32::MAX).await.unwrap(), 1);
}
