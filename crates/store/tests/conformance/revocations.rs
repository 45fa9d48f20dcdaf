//! What fills the revocation set at start.

use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::store::{EndReason, Revocation, User};

use super::{Harness, MILLISECOND, START, password_change, session, user};

const WINDOW: Duration = Duration::from_secs(900);
const MOST: u32 = 100;

pub async fn ended_sessions_are_revoked_for_the_window(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    session(&*store, &ada, 4).await;
    let first = session(&*store, &ada, 5).await;
    let second = session(&*store, &ada, 6).await;
    assert!(store.revocations(WINDOW, MOST).await.unwrap().is_empty());

    store.end_sessions(&[first], EndReason::SignedOut, &By::default()).await.unwrap();
    db.pass(MILLISECOND).await;
    store.end_sessions(&[second], EndReason::Replaced, &By::default()).await.unwrap();
    let first = Revocation::Session { sid: first, at: START, reason: EndReason::SignedOut };
    let second =
        Revocation::Session { sid: second, at: START.after(MILLISECOND), reason: EndReason::Replaced };

    db.set_time(START.after(WINDOW)).await;
    let both = store.revocations(WINDOW, MOST).await.unwrap();
    assert_eq!(both, [second, first], "the latest first");
    assert_eq!(store.revocations(WINDOW, 1).await.unwrap(), [second]);
    db.pass(MILLISECOND).await;
    assert_eq!(store.revocations(WINDOW, MOST).await.unwrap(), [second]);
    db.pass(MILLISECOND).await;
    assert!(store.revocations(WINDOW, MOST).await.unwrap().is_empty());
}

pub async fn a_user_is_revoked_below_the_new_version(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    user(&*store, 3).await;
    let kicked_out =
        store.end_all_sessions(ada.id, EndReason::KickedOut, &By::default()).await.unwrap().unwrap();
    db.pass(MILLISECOND).await;
    let disabled = super::close(&*store, grace.id).await;
    let of_ada = Revocation::User { id: ada.id, version: kicked_out.version, at: START };
    let of_grace = Revocation::User { id: grace.id, version: disabled.version, at: START.after(MILLISECOND) };

    db.set_time(START.after(WINDOW)).await;
    let both = store.revocations(WINDOW, MOST).await.unwrap();
    assert_eq!(both, [of_grace, of_ada], "the latest first");
    assert_eq!(store.revocations(WINDOW, 1).await.unwrap(), [of_grace]);
    store.enable_user(grace.id, &By::default()).await.unwrap();
    db.pass(MILLISECOND).await;
    assert_eq!(store.revocations(WINDOW, MOST).await.unwrap(), [of_grace], "opened again, and still revoked");
    db.pass(MILLISECOND).await;
    assert!(store.revocations(WINDOW, MOST).await.unwrap().is_empty());
}

pub async fn a_password_change_revokes_no_version(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let kicked_out =
        store.end_all_sessions(ada.id, EndReason::KickedOut, &By::default()).await.unwrap().unwrap();
    let ada = User { version: kicked_out.version, ..ada };
    let kept = session(&*store, &ada, 5).await;
    let other = session(&*store, &ada, 6).await;
    db.pass(MILLISECOND).await;
    store.change_password(&password_change(&ada, kept, 7)).await.unwrap().unwrap();

    let expected = [
        Revocation::Session { sid: other, at: START.after(MILLISECOND), reason: EndReason::PasswordChanged },
        Revocation::User { id: ada.id, version: kicked_out.version, at: START },
    ];
    assert_eq!(store.revocations(WINDOW, MOST).await.unwrap(), expected);
}

pub async fn a_window_of_any_length_is_answered(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap();
    let revoked = Revocation::Session { sid, at: START, reason: EndReason::SignedOut };
    assert_eq!(store.revocations(Duration::MAX, MOST).await.unwrap(), [revoked]);
    assert_eq!(store.revocations(Duration::ZERO, MOST).await.unwrap(), [revoked]);
}
