//! Requests that come again because their answer was lost.

use super::*;
use lanyard_auth::device::Device;
use lanyard_auth::idempotency::{IdempotencyKey, KEPT};
use lanyard_auth::scope::Role;
use lanyard_auth::service::{ChangePasswordError, Client, SignInError, SignUpError};
use lanyard_auth::store::EndReason;

const EMAIL: &str = "ada@example.com";
const NEW: &str = "staple battery horse";

fn key(text: &str) -> Option<IdempotencyKey> {
    Some(IdempotencyKey::new(text).unwrap())
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn ada(text: &str) -> Registration {
    Registration::new("Ada", EMAIL, password(text)).unwrap().with_key(key("k"))
}

async fn register(service: &Service, registration: Registration) -> Result<Issued, SignUpError> {
    let client = Client { delivery: Delivery::Cookie, device: Device::default() };
    service.register(registration, client, &[]).await.map(|issued| issued.expect("nobody was signed in"))
}

async fn change(world: &World, sid: SessionId, from: &str, to: &str) -> Result<usize, ChangePasswordError> {
    let key = key("c");
    world.service.change_password(sid, password(from), password(to), &Device::default(), key.as_ref()).await
}

/// The rows that tell what happened.
async fn told(world: &World) -> usize {
    world.db.dump().await.iter().filter(|row| row.contains("user_created") || row.contains("authn_")).count()
}

#[tokio::test]
async fn a_repeated_registration_is_the_same_account_and_session() {
    let world = World::new().await;
    let first = register(&world.service, ada(PASSWORD)).await.unwrap();
    let before = world.db.dump().await;
    world.pass(ms(1_000)).await;
    let other_node = world.node(&MasterKeys::new(&[8; 32], &[MASTER])).await;
    for service in [&world.service, &other_node] {
        let again = register(service, ada(PASSWORD)).await.unwrap();
        assert_eq!((again.user.id, again.sid), (first.user.id, first.sid));
        assert_eq!(token(&again).hash(), token(&first).hash());
        assert_eq!(verdict(&world.service, &again).await, None);
    }
    assert_eq!(world.db.dump().await, before, "nothing was written");
    world.rotated(&token(&first)).await;
}

#[tokio::test]
async fn equal_registrations_at_once_are_one() {
    let world = World::new().await;
    let nodes = [Arc::clone(&world.service), world.node(&MasterKeys::new(&MASTER, &[])).await];
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let service = Arc::clone(&nodes[n % 2]);
            tokio::spawn(async move { register(&service, ada(PASSWORD)).await.unwrap() })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let issued = task.await.unwrap();
        all.push((issued.user.id, issued.sid, token(&issued).hash()));
    }
    all.dedup();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(told(&world).await, 2, "one account, one sign-in");
}

#[tokio::test]
async fn another_registration_under_the_same_key_is_refused() {
    let world = World::new().await;
    register(&world.service, ada(PASSWORD)).await.unwrap();
    let before = world.db.dump().await;
    let others = [
        Registration::new("Eve", EMAIL, password(PASSWORD)),
        Registration::new("Ada", "eve@example.com", password(PASSWORD)),
        Registration::new("Ada", EMAIL, password(NEW)),
    ];
    for other in others {
        let told = register(&world.service, other.unwrap().with_key(key("k"))).await.unwrap_err();
        assert!(matches!(told, SignUpError::KeyReused), "{told}");
    }
    let client = Client { delivery: Delivery::Body, device: Device::default() };
    let told = world.service.register(ada(PASSWORD), client, &[]).await.unwrap_err();
    assert!(matches!(told, SignUpError::KeyReused), "{told}");
    let other_key = ada(PASSWORD).with_key(key("l"));
    let told = register(&world.service, other_key).await.unwrap_err();
    assert!(matches!(told, SignUpError::EmailTaken), "{told}");
    assert_eq!(world.db.dump().await, before);
    world.pass(KEPT).await;
    let told = register(&world.service, ada(PASSWORD)).await.unwrap_err();
    assert!(matches!(told, SignUpError::EmailTaken), "forgotten: {told}");
}

/// Somebody did get the first answer.
#[tokio::test]
async fn a_session_that_goes_on_or_is_over_is_left_alone() {
    let world = World::new().await;
    let first = register(&world.service, ada(PASSWORD)).await.unwrap();
    let renewed = world.rotated(&token(&first)).await;
    let again = register(&world.service, ada(PASSWORD)).await.unwrap();
    assert_ne!(again.sid, first.sid);
    assert_eq!(verdict(&world.service, &renewed).await, None);
    world.service.sign_out(&[first.sid, again.sid], &Device::default()).await.unwrap();
    let third = register(&world.service, ada(PASSWORD)).await.unwrap();
    assert_eq!(verdict(&world.service, &third).await, None);
    // The browser that shows its own token keeps it.
    let client = Client { delivery: Delivery::Cookie, device: Device::default() };
    let other = Registration::new("Joan", "joan@example.com", password(PASSWORD)).unwrap();
    let other = || other.clone().with_key(key("j"));
    let joan = world.service.register(other(), client.clone(), &[third.sid]).await.unwrap().unwrap();
    let same = world.service.register(other(), client, &[third.sid, joan.sid]).await.unwrap().unwrap();
    assert_eq!(same.sid, joan.sid);
    assert!(world.row(joan.sid).await.ended.is_none());
    assert_eq!(world.row(third.sid).await.ended.unwrap().reason, EndReason::Replaced);
}

#[tokio::test]
async fn the_password_from_before_signs_nobody_in() {
    let world = World::new().await;
    let first = register(&world.service, ada(PASSWORD)).await.unwrap();
    change(&world, first.sid, PASSWORD, NEW).await.unwrap();
    let before = world.db.dump().await;
    let client = Client { delivery: Delivery::Cookie, device: Device::default() };
    assert!(world.service.register(ada(PASSWORD), client, &[]).await.unwrap().is_none());
    assert_eq!(world.db.dump().await, before);
}

#[tokio::test]
async fn a_key_that_is_not_here_decides_nothing() {
    let world = World::new().await;
    register(&world.service, ada(PASSWORD)).await.unwrap();
    let stranger = world.node(&MasterKeys::new(&[9; 32], &[])).await;
    let told = register(&stranger, ada(PASSWORD)).await.unwrap_err();
    assert!(matches!(told, SignUpError::Unavailable(_)), "{told}");
}

#[tokio::test]
async fn an_administrators_new_account_is_made_once_under_keys_of_his_own() {
    let world = World::new().await;
    let mut admins = Vec::new();
    for email in ["grace@example.com", "joan@example.com"] {
        let admin = Registration::new("Grace", email, password(PASSWORD)).unwrap().with_role(Role::Admin);
        admins.push(world.service.sign_up(admin, &By::default()).await.unwrap().id);
    }
    let by = |n: usize| By::admin(admins[n], Device::default());
    let made = world.service.sign_up(ada(PASSWORD), &by(0)).await.unwrap();
    let before = world.db.dump().await;
    assert_eq!(world.service.sign_up(ada(PASSWORD), &by(0)).await.unwrap().id, made.id);
    let told = world.service.sign_up(ada(PASSWORD).with_role(Role::Admin), &by(0)).await.unwrap_err();
    assert!(matches!(told, SignUpError::KeyReused), "{told}");
    for told in [
        world.service.sign_up(ada(PASSWORD), &by(1)).await.unwrap_err(),
        register(&world.service, ada(PASSWORD)).await.unwrap_err(),
    ] {
        assert!(matches!(told, SignUpError::EmailTaken), "{told}");
    }
    assert_eq!(world.db.dump().await, before);
}

#[tokio::test]
async fn a_repeated_password_change_gets_the_first_answer() {
    let world = World::new().await;
    let kept = world.signed_in().await;
    for _ in 0..2 {
        world.sign_in(EMAIL, &[]).await;
    }
    assert_eq!(change(&world, kept.sid, PASSWORD, NEW).await.unwrap(), 2);
    let later = world.service.sign_in(EMAIL, password(NEW), Delivery::Cookie, &[]).await.unwrap();
    let before = world.db.dump().await;
    assert_eq!(change(&world, kept.sid, PASSWORD, NEW).await.unwrap(), 2);
    assert_eq!(verdict(&world.service, &later).await, None, "no repeat ends a session");
    for (from, to) in [("wrong horse", NEW), (PASSWORD, "another horse entirely")] {
        let told = change(&world, kept.sid, from, to).await.unwrap_err();
        assert!(matches!(told, ChangePasswordError::KeyReused), "{told}");
    }
    assert_eq!(world.db.dump().await, before, "no failure is noted");
    world.service.sign_out(&[kept.sid], &Device::default()).await.unwrap();
    let told = change(&world, kept.sid, PASSWORD, NEW).await.unwrap_err();
    assert!(matches!(told, ChangePasswordError::Session(_)), "{told}");
}

#[tokio::test]
async fn equal_password_changes_at_once_are_one() {
    let world = World::new().await;
    let kept = world.signed_in().await;
    let other = world.sign_in(EMAIL, &[]).await;
    let nodes = [Arc::clone(&world.service), world.node(&MasterKeys::new(&MASTER, &[])).await];
    let tasks: Vec<_> = (0..6)
        .map(|n| {
            let (service, sid) = (Arc::clone(&nodes[n % 2]), kept.sid);
            tokio::spawn(async move {
                let key = key("c");
                let (old, new) = (password(PASSWORD), password(NEW));
                service.change_password(sid, old, new, &Device::default(), key.as_ref()).await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), 1);
    }
    assert!(world.row(other.sid).await.ended.is_some() && world.row(kept.sid).await.ended.is_none());
    let failures =
        world.db.dump().await.iter().filter(|row| row.contains("authn_password_change_fail")).count();
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn a_new_password_is_another_one() {
    let world = World::new().await;
    let kept = world.signed_in().await;
    let before = world.db.dump().await;
    let told = change(&world, kept.sid, PASSWORD, PASSWORD).await.unwrap_err();
    assert!(matches!(told, ChangePasswordError::SamePassword), "{told}");
    assert_eq!(world.db.dump().await, before);
    let told = change(&world, kept.sid, "wrong horse", "wrong horse").await.unwrap_err();
    assert!(matches!(told, ChangePasswordError::WrongPassword), "who doesn't know it learns nothing: {told}");
}

#[tokio::test]
async fn a_closed_account_is_told_to_who_knows_the_password() {
    let world = World::new().await;
    let user = world.signed_in().await.user.id;
    world.service.disable_user(user, &By::command_line()).await.unwrap();
    let sign_in = async |email, text| {
        world.service.sign_in(email, password(text), Delivery::Cookie, &[]).await.map(drop).unwrap_err()
    };
    assert!(matches!(sign_in(EMAIL, PASSWORD).await, SignInError::Closed));
    for (email, text) in [(EMAIL, "wrong horse"), ("nobody@example.com", PASSWORD)] {
        assert!(matches!(sign_in(email, text).await, SignInError::InvalidCredentials));
    }
}

/// What is remembered holds neither the password nor a token, in any form that somebody could try words on.
#[tokio::test]
async fn nothing_secret_is_remembered() {
    let world = World::new().await;
    let first = register(&world.service, ada(PASSWORD)).await.unwrap();
    change(&world, first.sid, PASSWORD, NEW).await.unwrap();
    let rows = world.db.dump().await.join("\n");
    for secret in [PASSWORD, NEW, "\"k\"", "'k'"] {
        assert!(!rows.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_repeated_sign_in_is_the_same_session() {
    let world = World::new().await;
    world.sign_up(EMAIL).await;
    let nodes = [Arc::clone(&world.service), world.node(&MasterKeys::new(&MASTER, &[])).await];
    let sign_in = async |n: usize, text: &str, name: &str| {
        let client = Client { delivery: Delivery::Cookie, device: Device::default() };
        nodes[n].sign_in_once(EMAIL, password(text), client, &[], key(name).as_ref()).await
    };
    let first = sign_in(0, PASSWORD, "s").await.unwrap();
    let before = world.db.dump().await;
    let again = sign_in(1, PASSWORD, "s").await.unwrap();
    assert_eq!((again.sid, token(&again).hash()), (first.sid, token(&first).hash()));
    assert_eq!(world.db.dump().await, before, "nothing was written");
    assert_ne!(sign_in(0, PASSWORD, "t").await.unwrap().sid, first.sid);
    assert!(matches!(sign_in(0, "wrong horse", "s").await, Err(SignInError::InvalidCredentials)));
    // Somebody did get the first answer; and once more when that session is over.
    let renewed = world.rotated(&token(&first)).await;
    let other = sign_in(0, PASSWORD, "s").await.unwrap();
    assert_ne!(other.sid, first.sid);
    assert_eq!(verdict(&world.service, &renewed).await, None);
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    assert_eq!(verdict(&world.service, &sign_in(0, PASSWORD, "s").await.unwrap()).await, None);
}
