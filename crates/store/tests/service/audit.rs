//! What the audit log is told, and what it is there for: nothing happens without it.

use super::*;
use lanyard_auth::audit::{Actor, Entry, Event, Filter};
use lanyard_auth::device::Device;
use lanyard_auth::scope::Role;
use lanyard_auth::service::{Client, SignInError};
use lanyard_auth::store::EndReason;

async fn log(world: &World) -> Vec<Entry> {
    world.db.records().entries(&Filter::default(), 100).await.unwrap()
}

async fn told(world: &World) -> Vec<Event> {
    log(world).await.iter().rev().map(|entry| entry.event).collect()
}

fn there() -> Device {
    let said = |text: &str| Some(text.to_owned());
    Device { browser: said("Firefox"), system: said("Linux"), network: said("192.0.2.*") }
}

async fn guess(world: &World, email: &str) {
    let client = Client { delivery: Delivery::Cookie, device: there() };
    let guessed = world.service.sign_in(email, Password::new("wrong horse".to_owned()), client, &[]).await;
    assert!(matches!(guessed, Err(SignInError::InvalidCredentials)), "{guessed:?}");
}

#[tokio::test]
async fn many_wrong_passwords_are_told_once_in_a_while() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let many =
        async || told(&world).await.into_iter().filter(|event| *event == Event::AuthnLoginFailMax).count();
    for _ in 0..4 {
        guess(&world, "ada@example.com").await;
    }
    assert_eq!(many().await, 0);
    for _ in 0..4 {
        guess(&world, "ada@example.com").await;
    }
    assert_eq!(many().await, 1);
    let found = log(&world).await;
    let notice = found.iter().find(|entry| entry.event == Event::AuthnLoginFailMax).unwrap();
    assert_eq!((notice.actor, &notice.device), (Actor::Server, &there()));
    assert_eq!(notice.user.as_ref().unwrap().email, "ada@example.com");

    world.pass(Duration::from_secs(15 * 60) + ms(1)).await;
    guess(&world, "ada@example.com").await;
    assert_eq!(many().await, 1, "one is not many");
}

#[tokio::test]
async fn an_address_without_an_account_is_not_written_down_and_nobody_is_told() {
    let world = World::new().await;
    for _ in 0..10 {
        guess(&world, "hunter2@example.com").await;
    }
    let entries = log(&world).await;
    assert_eq!(entries.len(), 10);
    assert!(entries.iter().all(|entry| entry.event == Event::AuthnLoginFail && entry.user.is_none()));
    assert!(!world.db.dump().await.join("\n").contains("hunter2"));
}

#[tokio::test]
async fn whoever_signs_in_to_a_closed_account_with_the_right_password_is_written_down() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.service.disable_user(first.user.id, &By::command_line()).await.unwrap();
    let password = Password::new(PASSWORD.to_owned());
    world.service.sign_in("ada@example.com", password, Delivery::Cookie, &[]).await.unwrap_err();
    let newest = log(&world).await.remove(0);
    assert_eq!((newest.event, newest.user.unwrap().id), (Event::AuthnLoginFail, first.user.id));
    assert_eq!(newest.detail.as_deref(), Some("disabled"));
}

#[tokio::test]
async fn a_renewal_from_elsewhere_is_noticed() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let client = |browser: &str| {
        let device = Device { browser: Some(browser.to_owned()), ..there() };
        Client { delivery: Delivery::Cookie, device }
    };
    let password = Password::new(PASSWORD.to_owned());
    let first = world.service.sign_in("ada@example.com", password, client("Firefox"), &[]).await.unwrap();
    world.pass(LIMITS.settle).await;
    let renewed = world.service.refresh(&token(&first), None, client("Firefox")).await.unwrap();
    world.pass(LIMITS.settle).await;
    world.use_badge(&renewed).await;
    assert_eq!(told(&world).await, [Event::UserCreated, Event::AuthnLoginSuccess]);
    world.service.refresh(&token(&renewed), None, client("Chrome")).await.unwrap();
    let newest = log(&world).await.remove(0);
    assert_eq!((newest.event, newest.detail.as_deref()), (Event::SessionRenewed, Some("new_browser")));
    assert_eq!(newest.device.browser.as_deref(), Some("Chrome"));
}

/// A log that can't be written stops what it would tell of, and leaves nothing of it.
#[tokio::test]
async fn nothing_is_changed_that_can_not_be_told() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let rotated = world.rotated_and_confirmed(&token(&first)).await;
    world.pass(LIMITS.settle).await;
    world.db.run("ALTER TABLE audit RENAME TO elsewhere").await;
    let before = world.db.dump().await;
    let (service, user, by) = (&world.service, first.user.id, By::default());
    let registration =
        Registration::new("Eve", "eve@example.com", Password::new(PASSWORD.to_owned())).unwrap();
    assert!(service.sign_up(registration, &by).await.is_err());
    let password = Password::new(PASSWORD.to_owned());
    assert!(service.sign_in("ada@example.com", password.clone(), Delivery::Cookie, &[]).await.is_err());
    assert!(service.refresh(&token(&first), None, Delivery::Cookie).await.is_err(), "theft");
    assert!(service.sign_out(&[first.sid], &by.device).await.is_err());
    assert!(service.end_session(user, first.sid, EndReason::KickedOut, &by).await.is_err());
    assert!(service.end_all_sessions(user, EndReason::KickedOut, &by).await.is_err());
    assert!(service.set_role(user, Role::Admin, &by).await.is_err());
    assert!(service.disable_user(user, &by).await.is_err());
    assert!(service.rename_user(user, "Eve", &by).await.is_err());
    let new = Password::new("another horse entirely".to_owned());
    assert!(service.change_password(first.sid, password, new, &by.device, None).await.is_err());
    assert_eq!(world.db.dump().await, before);

    world.db.run("ALTER TABLE elsewhere RENAME TO audit").await;
    assert!(world.refresh(&token(&rotated)).await.is_ok());
}
