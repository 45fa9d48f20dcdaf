//! Sessions that are ended from outside them: one, all, by a password change, with the account.

use super::*;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::password::BadPassword;
use lanyard_auth::service::{ChangePasswordError, Disabled, SignInError};
use lanyard_auth::store::{EndReason, UserId};

const NEW_PASSWORD: &str = "battery staple";

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// Its access token is refused, and its renewal, both for this reason.
async fn assert_over(world: &World, issued: &Issued, reason: EndReason) {
    let badge = world.service.authenticate(issued.access_token.reveal(), None).await;
    assert_eq!(badge.unwrap_err(), AccessError::Revoked(reason));
    let told = world.refresh(&token(issued)).await;
    assert!(matches!(told, Err(RefreshError::Revoked(it)) if it == reason), "{told:?}");
}

/// Its access token is good, and it is renewed.
async fn assert_good(world: &World, issued: &Issued) {
    world.service.authenticate(issued.access_token.reveal(), None).await.unwrap();
    let renewed = world.refresh(&token(issued)).await.unwrap();
    world.service.authenticate(renewed.access_token.reveal(), None).await.unwrap();
}

/// Two sessions of one person, and one of another.
async fn three(world: &World) -> [Issued; 3] {
    let first = world.signed_in().await;
    let second = world.sign_in("ada@example.com", &[]).await;
    world.sign_up("grace@example.com").await;
    [first, second, world.sign_in("grace@example.com", &[]).await]
}

#[tokio::test]
async fn one_session_of_ones_own_is_ended_from_another() {
    let world = World::new().await;
    let [first, second, bystander] = three(&world).await;
    assert!(
        world
            .service
            .end_session(first.user.id, second.sid, EndReason::KickedOut, &By::default())
            .await
            .unwrap()
    );
    assert_over(&world, &second, EndReason::KickedOut).await;
    assert_good(&world, &first).await;

    for nobodys in [bystander.sid, SessionId(uuid::Uuid::nil())] {
        assert!(
            !world
                .service
                .end_session(first.user.id, nobodys, EndReason::KickedOut, &By::default())
                .await
                .unwrap()
        );
    }
    assert_good(&world, &bystander).await;
    assert!(
        world
            .service
            .end_session(first.user.id, second.sid, EndReason::KickedOut, &By::default())
            .await
            .unwrap(),
        "it is his, and over"
    );
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_at_once() {
    let world = World::new().await;
    let [first, second, bystander] = three(&world).await;
    let mut ended = world
        .service
        .end_all_sessions(first.user.id, EndReason::KickedOut, &By::default())
        .await
        .unwrap()
        .unwrap();
    ended.sort();
    let mut his = [first.sid, second.sid];
    his.sort();
    assert_eq!(ended, his);
    for over in [&first, &second] {
        assert_over(&world, over, EndReason::KickedOut).await;
    }
    assert_good(&world, &bystander).await;
    assert_good(&world, &world.sign_in("ada@example.com", &[]).await).await;

    let restarted = world.node(&MasterKeys::new(&MASTER, &[])).await;
    let badge = restarted.authenticate(first.access_token.reveal(), None).await;
    assert_eq!(badge.unwrap_err(), AccessError::Revoked(EndReason::KickedOut));
    assert!(
        world
            .service
            .end_all_sessions(UserId(uuid::Uuid::nil()), EndReason::KickedOut, &By::default())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_password_change_ends_all_other_sessions_and_keeps_its_own() {
    let world = World::new().await;
    let [kept, other, bystander] = three(&world).await;
    let changed = world
        .service
        .change_password(kept.sid, password(PASSWORD), password(NEW_PASSWORD), &Device::default(), None)
        .await;
    assert_eq!(changed.unwrap(), 1);
    assert_over(&world, &other, EndReason::PasswordChanged).await;
    assert_good(&world, &kept).await;
    assert_good(&world, &bystander).await;

    world.pass(LIMITS.settle).await;
    let renewed = world.refresh(&token(&kept)).await.unwrap();
    assert_eq!(token(&renewed).generation, 1);
    let restarted = world.node(&MasterKeys::new(&MASTER, &[])).await;
    let badge = restarted.authenticate(other.access_token.reveal(), None).await;
    assert_eq!(badge.unwrap_err(), AccessError::Revoked(EndReason::PasswordChanged));
    assert!(restarted.authenticate(kept.access_token.reveal(), None).await.is_ok());

    let sign_in = async |text| {
        world.service.sign_in("ada@example.com", password(text), Delivery::Cookie, &[]).await.map(drop)
    };
    assert!(matches!(sign_in(PASSWORD).await, Err(SignInError::InvalidCredentials)));
    assert!(sign_in(NEW_PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it_from_a_live_session() {
    let world = World::new().await;
    let [first, second, _] = three(&world).await;
    world.service.sign_out(&[second.sid], &Device::default()).await.unwrap();
    let change = async |sid, current, new| {
        world
            .service
            .change_password(sid, password(current), password(new), &Device::default(), None)
            .await
            .unwrap_err()
    };
    let told = change(first.sid, "wrong horse", NEW_PASSWORD).await;
    assert!(matches!(told, ChangePasswordError::WrongPassword), "{told}");
    let before = world.db.dump().await;
    let told = change(first.sid, PASSWORD, "short").await;
    assert!(matches!(told, ChangePasswordError::BadPassword(BadPassword::TooShort)), "{told}");
    let told = change(second.sid, PASSWORD, NEW_PASSWORD).await;
    let ended = RefreshError::Revoked(EndReason::SignedOut);
    assert!(
        matches!(&told, ChangePasswordError::Session(it) if it.to_string() == ended.to_string()),
        "{told}"
    );
    let told = change(SessionId(uuid::Uuid::nil()), PASSWORD, NEW_PASSWORD).await;
    assert!(matches!(told, ChangePasswordError::Session(RefreshError::Unknown)), "{told}");
    assert_eq!(world.db.dump().await, before);
}

#[tokio::test]
async fn a_closed_account_is_over_until_it_is_opened() {
    let world = World::new().await;
    let [first, second, bystander] = three(&world).await;
    let Disabled::Closed(ended) = world.service.disable_user(first.user.id, &By::default()).await.unwrap()
    else {
        panic!("it was open")
    };
    assert_eq!(ended.len(), 2);
    for over in [&first, &second] {
        assert_over(&world, over, EndReason::AccountDisabled).await;
    }
    assert_good(&world, &bystander).await;
    let sign_in =
        async || world.service.sign_in("ada@example.com", password(PASSWORD), Delivery::Cookie, &[]).await;
    assert!(matches!(sign_in().await, Err(SignInError::Closed)));
    assert_eq!(
        world.service.disable_user(first.user.id, &By::default()).await.unwrap(),
        Disabled::Closed(Vec::new())
    );

    assert!(world.service.enable_user(first.user.id, &By::default()).await.unwrap());
    assert!(!world.service.enable_user(first.user.id, &By::default()).await.unwrap());
    assert_over(&world, &first, EndReason::AccountDisabled).await;
    assert_good(&world, &sign_in().await.unwrap()).await;
    let nobody = UserId(uuid::Uuid::nil());
    assert_eq!(world.service.disable_user(nobody, &By::default()).await.unwrap(), Disabled::NoUser);
}

/// The result of a commit can be unknown. Closing the account once more puts it on the set.
#[tokio::test]
async fn an_account_that_only_the_database_knows_to_be_closed_is_closed_once_more() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.store().disable_user(first.user.id, &By::default()).await.unwrap();
    assert!(world.service.authenticate(first.access_token.reveal(), None).await.is_ok());
    let closed = world.service.disable_user(first.user.id, &By::default()).await.unwrap();
    assert!(matches!(closed, Disabled::Closed(_)), "{closed:?}");
    assert!(world.service.authenticate(first.access_token.reveal(), None).await.is_err());
}

/// A client that hangs up takes its handler along, at any point; the ending goes on without it.
#[tokio::test]
async fn a_caller_who_goes_away_leaves_no_user_half_signed_out() {
    let world = World::new().await;
    // After one yield the caller has begun.
    for yields in 1..40 {
        // Another one each time: what goes on alone may yet keep him from signing in again.
        let email = format!("ada{yields}@example.com");
        world.sign_up(&email).await;
        let first = world.sign_in(&email, &[]).await;
        let (service, user) = (Arc::clone(&world.service), first.user.id);
        let caller = tokio::spawn(async move {
            service.end_all_sessions(user, EndReason::KickedOut, &By::default()).await
        });
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        caller.abort();
        let refused = async {
            while world.service.authenticate(first.access_token.reveal(), None).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(10), refused).await;
        assert!(in_time.is_ok(), "a badge is still good after {yields} yields");
        assert!(world.row(first.sid).await.ended.is_some());
    }
}
