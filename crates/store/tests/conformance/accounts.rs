//! Signing out everywhere, changing a password, closing an account.

use std::sync::Arc;

use lanyard_auth::audit::By;
use lanyard_auth::store::{Closing, EndReason, PasswordChange, SessionId, Store, User, UserId};
use uuid::Uuid;

use super::{
    Harness, MILLISECOND, START, new_session, new_user, password_change, password_hash, rotation, row, seen,
    session, sid, user,
};

/// The user with his present version.
async fn again(store: &dyn Store, user: &User) -> User {
    store.credentials(&user.email).await.unwrap().unwrap().user
}

fn sorted(mut sids: Vec<SessionId>) -> Vec<SessionId> {
    sids.sort();
    sids
}

pub async fn signing_out_everywhere_ends_every_session_and_version(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let live = [session(&*store, &ada, 5).await, session(&*store, &ada, 6).await];
    let before = session(&*store, &ada, 7).await;
    store.end_sessions(&[before], EndReason::SignedOut, &By::default()).await.unwrap();
    let bystander = session(&*store, &grace, 8).await;
    store.rotate(&rotation(seen(live[1], 0, true), 9)).await.unwrap().unwrap();

    db.pass(MILLISECOND).await;
    let raised = store.end_all_sessions(ada.id, EndReason::KickedOut, &By::default()).await.unwrap().unwrap();
    assert_eq!((raised.version, sorted(raised.ended)), (ada.version + 1, live.to_vec()));
    assert_eq!(again(&*store, &ada).await, User { version: raised.version, ..ada.clone() });
    for sid in live {
        let ended = row(&*store, sid).await.ended.unwrap();
        assert_eq!((ended.at, ended.reason), (START.after(MILLISECOND), EndReason::KickedOut));
    }
    assert_eq!(row(&*store, before).await.ended.unwrap().reason, EndReason::SignedOut);
    assert!(row(&*store, bystander).await.ended.is_none());
    assert!(store.create_session(&new_session(&ada, 10), &[]).await.unwrap().is_none(), "of the old version");

    let raised = store.end_all_sessions(ada.id, EndReason::SignedOut, &By::default()).await.unwrap().unwrap();
    assert_eq!((raised.version, raised.ended), (ada.version + 2, Vec::new()));
    let unchanged = db.dump().await;
    assert!(
        store
            .end_all_sessions(UserId(Uuid::nil()), EndReason::KickedOut, &By::default())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(db.dump().await, unchanged);
}

pub async fn a_password_change_ends_all_sessions_but_one(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let kept = session(&*store, &ada, 6).await;
    let others = [session(&*store, &ada, 5).await, session(&*store, &ada, 7).await];
    let bystander = session(&*store, &grace, 8).await;

    db.pass(MILLISECOND).await;
    let raised = store.change_password(&password_change(&ada, kept, 9)).await.unwrap().unwrap();
    assert_eq!((raised.version, sorted(raised.ended)), (ada.version + 1, others.to_vec()));
    let credentials = store.credentials(&ada.email).await.unwrap().unwrap();
    assert_eq!(credentials.password_hash, password_hash(9));
    assert_eq!(credentials.user.version, raised.version);
    for sid in others {
        let ended = row(&*store, sid).await.ended.unwrap();
        assert_eq!((ended.at, ended.reason), (START.after(MILLISECOND), EndReason::PasswordChanged));
    }
    for (sid, version) in [(kept, raised.version), (bystander, grace.version)] {
        let live = row(&*store, sid).await;
        assert!(live.ended.is_none() && live.user_version == version && live.user.version == version);
    }
    assert_eq!(store.credentials(&grace.email).await.unwrap().unwrap().password_hash, password_hash(2));
    assert!(db.events().await.is_empty());
}

pub async fn a_password_change_needs_all_as_it_was_seen(db: impl Harness) {
    let store = db.store();
    let (ada, grace, eve) = (user(&*store, 1).await, user(&*store, 2).await, user(&*store, 3).await);
    let kept = session(&*store, &ada, 5).await;
    let of_grace = session(&*store, &grace, 6).await;
    let ended = session(&*store, &ada, 7).await;
    store.end_sessions(&[ended], EndReason::SignedOut, &By::default()).await.unwrap();
    let of_eve = session(&*store, &eve, 8).await;
    db.disable(eve.id).await;
    let old = session(&*store, &grace, 9).await;
    db.raise_version(grace.id).await;

    let good = password_change(&ada, kept, 10);
    let before = db.dump().await;
    for refused in [
        PasswordChange { seen: password_hash(11), ..good.clone() },
        PasswordChange { user: UserId(Uuid::nil()), ..good.clone() },
        PasswordChange { keep: of_grace, ..good.clone() },
        PasswordChange { keep: ended, ..good.clone() },
        PasswordChange { keep: sid(99), ..good.clone() },
        password_change(&eve, of_eve, 10),
        password_change(&grace, old, 10),
    ] {
        assert!(store.change_password(&refused).await.unwrap().is_none(), "{refused:?}");
        assert_eq!(db.dump().await, before);
    }
    assert!(store.change_password(&good).await.unwrap().is_some());
}

pub async fn of_many_password_changes_at_once_one_wins(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let ada = user(&*nodes[0], 1).await;
    let mut tasks = Vec::new();
    for n in 10..26 {
        let kept = session(&*nodes[0], &ada, n).await;
        tasks.push((n, kept));
    }
    let tasks = tasks.into_iter().map(|(n, kept)| {
        let (store, change) = (Arc::clone(&nodes[usize::from(n) % 2]), password_change(&ada, kept, n));
        tokio::spawn(
            async move { store.change_password(&change).await.unwrap().map(|raised| (change, raised)) },
        )
    });
    let mut winners = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        winners.extend(task.await.unwrap());
    }
    let [(change, raised)] = winners.as_slice() else { panic!("{winners:?}") };
    assert_eq!((raised.version, raised.ended.len()), (ada.version + 1, 15));
    assert_eq!(db.store().credentials(&ada.email).await.unwrap().unwrap().password_hash, change.new);
    for n in 10..26 {
        assert_eq!(row(&*nodes[0], sid(n)).await.ended.is_none(), sid(n) == change.keep);
    }
}

pub async fn a_kept_session_goes_on(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let kept = session(&*store, &ada, 5).await;
    let before = row(&*store, kept).await;
    store.change_password(&password_change(&ada, kept, 6)).await.unwrap().unwrap();
    let after = row(&*store, kept).await;
    assert_eq!((after.generation, after.current), (before.generation, before.current));
    assert_eq!((after.rotated_at, after.expires_at), (before.rotated_at, before.expires_at));
    assert!(store.rotate(&rotation(seen(kept, 0, true), 6)).await.unwrap().is_some());

    // Whoever checked the old password is too late.
    assert!(store.create_session(&new_session(&ada, 7), &[]).await.unwrap().is_none());
    assert!(store.create_session(&new_session(&again(&*store, &ada).await, 7), &[]).await.unwrap().is_some());
}

pub async fn a_closed_account_is_left_at_once(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let sid = session(&*store, &ada, 5).await;
    let bystander = session(&*store, &grace, 6).await;
    db.pass(MILLISECOND).await;
    let raised = super::close(&*store, ada.id).await;
    assert_eq!((raised.version, raised.ended), (ada.version + 1, vec![sid]));

    let closed = again(&*store, &ada).await;
    assert_eq!(closed.disabled_at, Some(START.after(MILLISECOND)));
    let ended = row(&*store, sid).await.ended.unwrap();
    assert_eq!((ended.at, ended.reason), (START.after(MILLISECOND), EndReason::AccountDisabled));
    assert!(store.create_session(&new_session(&closed, 7), &[]).await.unwrap().is_none());
    assert!(row(&*store, bystander).await.ended.is_none());

    db.pass(MILLISECOND).await;
    let before = db.dump().await;
    for nobody in [ada.id, UserId(Uuid::nil())] {
        assert_eq!(store.disable_user(nobody, &By::default()).await.unwrap(), Closing::NotOpen);
    }
    assert_eq!(db.dump().await, before);
}

pub async fn an_opened_account_begins_anew(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let old = session(&*store, &ada, 5).await;
    assert!(!store.enable_user(ada.id, &By::default()).await.unwrap(), "it is open");
    super::close(&*store, ada.id).await;
    assert!(store.enable_user(ada.id, &By::default()).await.unwrap());
    assert!(!store.enable_user(UserId(Uuid::nil()), &By::default()).await.unwrap());

    let opened = again(&*store, &ada).await;
    assert_eq!((opened.disabled_at, opened.version), (None, ada.version + 1));
    assert_eq!(row(&*store, old).await.ended.unwrap().reason, EndReason::AccountDisabled);
    assert!(store.rotate(&rotation(seen(old, 0, true), 6)).await.unwrap().is_none());
    assert!(store.create_session(&new_session(&opened, 7), &[]).await.unwrap().is_some());
    assert_eq!(store.credentials(&new_user(1).email).await.unwrap().unwrap().password_hash, password_hash(1));
}
