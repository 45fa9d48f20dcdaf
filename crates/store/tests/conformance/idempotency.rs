//! What was done under an idempotency key, and what an equal request finds.

use std::sync::Arc;

use lanyard_auth::audit::By;
use lanyard_auth::idempotency::{Fingerprint, IdempotencyRecord, KEPT, KeyHash};
use lanyard_auth::refresh::{KeyId, SecretHash};
use lanyard_auth::store::{CreateUserError, NewSession, NewUser, PasswordChange, Store, UserId};
use uuid::Uuid;

use super::{
    Harness, MILLISECOND, new_session, new_user, password_change, password_hash, row, session, sid, user,
};

/// Under a different key for each `n`.
fn record(n: u8, user: UserId) -> IdempotencyRecord {
    IdempotencyRecord {
        id: KeyHash([n; 32]),
        fingerprint: Fingerprint([n + 1; 32]),
        kid: KeyId(0xFFFF_FFF0),
        user,
        session: Some(sid(n)),
        ended: 0,
    }
}

/// A user to be made under the `key`th key.
fn keyed(n: u8, key: u8) -> NewUser {
    let new = new_user(n);
    NewUser { idempotency: Some(record(key, new.id)), ..new }
}

async fn found(store: &dyn Store, key: u8) -> Option<IdempotencyRecord> {
    store.idempotency_record(&KeyHash([key; 32])).await.unwrap()
}

pub async fn what_was_done_is_found_under_its_key_for_minutes(db: impl Harness) {
    let store = db.store();
    let ada = keyed(1, 7);
    assert_eq!(found(&*store, 7).await, None);
    store.create_user(&ada, &By::default()).await.unwrap();
    assert_eq!(found(&*store, 7).await, ada.idempotency);
    assert_eq!(found(&*store, 8).await, None);
    let no_session = IdempotencyRecord { session: None, ..record(8, new_user(2).id) };
    let grace = NewUser { idempotency: Some(no_session.clone()), ..new_user(2) };
    store.create_user(&grace, &By::default()).await.unwrap();
    assert_eq!(db.second_node().await.idempotency_record(&KeyHash([8; 32])).await.unwrap(), Some(no_session));

    db.pass(KEPT - MILLISECOND).await;
    assert_eq!(found(&*store, 7).await, ada.idempotency);
    db.pass(MILLISECOND).await;
    assert_eq!(found(&*store, 7).await, None);
    // It is free again, though nobody has removed it yet.
    let joan = keyed(3, 7);
    store.create_user(&joan, &By::default()).await.unwrap();
    assert_eq!(found(&*store, 7).await, joan.idempotency);
}

pub async fn a_key_is_used_once_and_nothing_is_written(db: impl Harness) {
    let store = db.store();
    store.create_user(&keyed(1, 7), &By::default()).await.unwrap();
    let before = db.dump().await;
    for again in [keyed(1, 7), keyed(2, 7)] {
        let refused = store.create_user(&again, &By::default()).await.unwrap_err();
        assert!(matches!(refused, CreateUserError::KeyUsed), "{refused:?}");
        assert_eq!(db.dump().await, before);
    }
}

pub async fn a_password_change_is_remembered_with_what_it_ended(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let kept = session(&*store, &ada, 5).await;
    for n in [6, 7] {
        session(&*store, &ada, n).await;
    }
    let asked = IdempotencyRecord { session: Some(kept), ..record(9, ada.id) };
    let change = PasswordChange { idempotency: Some(asked.clone()), ..password_change(&ada, kept, 20) };
    store.change_password(&change).await.unwrap().unwrap();
    assert_eq!(found(&*store, 9).await, Some(IdempotencyRecord { ended: 2, ..asked.clone() }));
    // Another one under the same key.
    let before = db.dump().await;
    let next = PasswordChange { seen: password_hash(20), new: password_hash(21), ..change.clone() };
    assert!(store.change_password(&next).await.unwrap().is_none());
    assert_eq!(db.dump().await, before);
    let other_key = PasswordChange { idempotency: Some(record(10, ada.id)), ..next };
    assert!(store.change_password(&other_key).await.unwrap().is_some());
}

pub async fn what_fails_is_not_remembered(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let kept = session(&*store, &ada, 5).await;
    let before = db.dump().await;
    let taken = NewUser { email: ada.email.clone(), ..keyed(2, 7) };
    let refused = store.create_user(&taken, &By::default()).await.unwrap_err();
    assert!(matches!(refused, CreateUserError::EmailTaken), "{refused:?}");
    let change = PasswordChange {
        seen: password_hash(99),
        idempotency: Some(record(7, ada.id)),
        ..password_change(&ada, kept, 20)
    };
    assert!(store.change_password(&change).await.unwrap().is_none());
    assert_eq!(db.dump().await, before);
    assert_eq!(found(&*store, 7).await, None);
}

pub async fn of_many_equal_registrations_at_once_one_is_made(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let tasks: Vec<_> = (0..16_u8)
        .map(|n| {
            let store = Arc::clone(&nodes[usize::from(n) % 2]);
            let id = UserId(Uuid::from_u128(0x2000 + u128::from(n)));
            let new = NewUser { id, idempotency: Some(record(7, id)), ..new_user(1) };
            tokio::spawn(async move { store.create_user(&new, &By::default()).await })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(user) => made.push(user.id),
            Err(CreateUserError::KeyUsed) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    let [one] = made[..] else { panic!("{made:?}") };
    assert_eq!(found(&*nodes[0], 7).await.unwrap().user, one);
}

pub async fn a_session_that_is_there_is_not_made_again(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let (first, other) = (session(&*store, &ada, 5).await, session(&*store, &ada, 6).await);
    let before = db.dump().await;
    let again = NewSession { secret_hash: SecretHash([99; 32]), ..new_session(&ada, 5) };
    assert!(store.create_session(&again, &[other]).await.unwrap().is_none());
    assert_eq!(db.dump().await, before);
    assert!(row(&*store, first).await.ended.is_none());
}

pub async fn old_records_are_removed_a_few_at_a_time(db: impl Harness) {
    let store = db.store();
    for n in 1..=3 {
        store.create_user(&keyed(n, n), &By::default()).await.unwrap();
        db.pass(MILLISECOND).await;
    }
    assert_eq!(store.remove_idempotency_records(10).await.unwrap(), 0);
    db.pass(KEPT - 2 * MILLISECOND).await;
    assert_eq!(store.remove_idempotency_records(1).await.unwrap(), 1);
    assert_eq!(store.remove_idempotency_records(10).await.unwrap(), 1);
    assert_eq!(store.remove_idempotency_records(10).await.unwrap(), 0);
    let left: Vec<_> =
        db.dump().await.into_iter().filter(|row| row.contains("idempotency_records")).collect();
    assert!(found(&*store, 3).await.is_some(), "{left:?}");
}
