//! Users and their passwords.

use std::sync::Arc;

use lanyard_auth::audit::By;
use lanyard_auth::store::{CreateUserError, NewUser, User, UserId};
use uuid::Uuid;

use super::{Harness, MILLISECOND, START, new_user, password_hash, user};

pub async fn a_write_that_only_tries_changes_nothing(db: impl Harness) {
    let store = db.store();
    user(&*store, 1).await;
    let before = db.dump().await;
    for _ in 0..3 {
        store.writable().await.unwrap();
    }
    assert_eq!(db.dump().await, before);
}

pub async fn a_user_comes_back_as_made(db: impl Harness) {
    let store = db.store();
    let new = new_user(1);
    let made = store.create_user(&new, &By::default()).await.unwrap();
    assert_eq!((made.id, &made.email, &made.name), (new.id, &new.email, &new.name));
    assert_eq!((made.created_at, made.disabled_at), (START, None));

    db.pass(MILLISECOND).await;
    let read = store.credentials(&new.email).await.unwrap().unwrap();
    assert_eq!(read.user, made);
    assert_eq!(read.password_hash, new.password_hash);
    assert!(store.credentials("nobody@example.com").await.unwrap().is_none());

    store.disable_user(made.id, &By::default()).await.unwrap();
    let disabled_at = Some(db.now());
    assert_eq!(
        store.credentials(&new.email).await.unwrap().unwrap().user,
        User { disabled_at, version: made.version + 1, ..made.clone() },
    );
}

pub async fn unusual_text_comes_back_unchanged(db: impl Harness) {
    let store = db.store();
    let name = "Zoë O'Hara'); DROP TABLE users; -- \u{1F3AB} \u{202E}\n%s ?1 $1";
    let new = NewUser { name: name.into(), email: "zoë'\"@exämple.com".into(), ..new_user(1) };
    store.create_user(&new, &By::default()).await.unwrap();
    let read = store.credentials(&new.email).await.unwrap().unwrap().user;
    assert_eq!((read.name, read.email), (new.name, new.email));
}

pub async fn nobody_has_an_address_that_can_not_be(db: impl Harness) {
    let store = db.store();
    user(&*store, 1).await;
    for email in ["\0", "user1@example.com\0", "", "\u{FFFF}\u{10FFFF}", &"@".repeat(1_000_000)] {
        assert!(store.credentials(email).await.unwrap().is_none());
    }
}

pub async fn an_address_has_one_account(db: impl Harness) {
    let store = db.store();
    user(&*store, 1).await;
    let before = db.dump().await;
    let again = NewUser { email: new_user(1).email, ..new_user(2) };
    let refused = store.create_user(&again, &By::default()).await.unwrap_err();
    assert!(matches!(refused, CreateUserError::EmailTaken), "{refused:?}");
    assert_eq!(db.dump().await, before);
}

pub async fn one_of_many_at_once_gets_the_address(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let tasks: Vec<_> = (0..32)
        .map(|n| {
            let store = Arc::clone(&nodes[n % 2]);
            let new = NewUser { id: UserId(Uuid::from_u128(n as u128)), ..new_user(1) };
            tokio::spawn(async move { store.create_user(&new, &By::default()).await })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(user) => made.push(user),
            Err(CreateUserError::EmailTaken) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(db.store().credentials(&new_user(1).email).await.unwrap().unwrap().user, made[0]);
}

pub async fn a_password_is_rehashed_only_if_as_seen(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let grace = user(&*store, 2).await;
    let (old, new, other) = (password_hash(1), password_hash(7), password_hash(8));

    assert!(store.rehash_password(ada.id, &old, &new).await.unwrap());
    assert_eq!(store.credentials(&ada.email).await.unwrap().unwrap().password_hash, new);
    assert_eq!(store.credentials(&grace.email).await.unwrap().unwrap().password_hash, password_hash(2));

    let before = db.dump().await;
    assert!(!store.rehash_password(ada.id, &old, &other).await.unwrap());
    assert!(!store.rehash_password(UserId(Uuid::nil()), &new, &other).await.unwrap());
    assert_eq!(db.dump().await, before);
}
