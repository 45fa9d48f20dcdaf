//! What fills the revocation set at start.

use std::time::Duration;

use lanyard_auth::store::{EndReason, Revocation};

use super::{Harness, MILLISECOND, START, session, user};

const WINDOW: Duration = Duration::from_secs(900);

pub async fn ended_sessions_are_revoked_for_the_window(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    session(&*store, &ada, 4).await;
    let first = session(&*store, &ada, 5).await;
    let second = session(&*store, &ada, 6).await;
    assert!(store.revocations(WINDOW).await.unwrap().is_empty());

    store.end_sessions(&[first], EndReason::SignedOut).await.unwrap();
    db.clock().advance(MILLISECOND);
    store.end_sessions(&[second], EndReason::Replaced).await.unwrap();
    let first = Revocation::Session { sid: first, at: START, reason: EndReason::SignedOut };
    let second =
        Revocation::Session { sid: second, at: START.after(MILLISECOND), reason: EndReason::Replaced };

    db.clock().set(START.after(WINDOW));
    let both = store.revocations(WINDOW).await.unwrap();
    assert!(both.len() == 2 && both.contains(&first) && both.contains(&second), "{both:?}");
    db.clock().advance(MILLISECOND);
    assert_eq!(store.revocations(WINDOW).await.unwrap(), [second]);
    db.clock().advance(MILLISECOND);
    assert!(store.revocations(WINDOW).await.unwrap().is_empty());
}

pub async fn a_raised_version_is_good_itself(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    user(&*store, 2).await;
    db.raise_version(ada.id).await;
    let revoked = Revocation::User { id: ada.id, version: ada.version + 1, at: START };
    db.clock().advance(WINDOW);
    assert_eq!(store.revocations(WINDOW).await.unwrap(), [revoked]);
    db.clock().advance(MILLISECOND);
    assert!(store.revocations(WINDOW).await.unwrap().is_empty());
}

pub async fn a_disabled_user_has_no_good_version(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    db.disable(ada.id).await;
    db.raise_version(grace.id).await;
    db.clock().advance(MILLISECOND);
    db.disable(grace.id).await;

    let of_ada = Revocation::User { id: ada.id, version: ada.version + 1, at: START };
    let of_grace =
        Revocation::User { id: grace.id, version: grace.version + 2, at: START.after(MILLISECOND) };
    let both = store.revocations(WINDOW).await.unwrap();
    assert!(both.len() == 2 && both.contains(&of_ada) && both.contains(&of_grace), "{both:?}");
    db.clock().advance(WINDOW);
    assert_eq!(store.revocations(WINDOW).await.unwrap(), [of_grace]);
    db.clock().advance(MILLISECOND);
    assert!(store.revocations(WINDOW).await.unwrap().is_empty());
}

pub async fn a_window_of_any_length_is_answered(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    store.end_sessions(&[sid], EndReason::SignedOut).await.unwrap();
    let revoked = Revocation::Session { sid, at: START, reason: EndReason::SignedOut };
    assert_eq!(store.revocations(Duration::MAX).await.unwrap(), [revoked]);
    assert_eq!(store.revocations(Duration::ZERO).await.unwrap(), [revoked]);
}
