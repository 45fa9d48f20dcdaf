//! Sessions that expired long ago are removed; whoever still needs a row finds it.

use super::*;
use lanyard_auth::device::Device;
use lanyard_auth::store::EndReason;

#[tokio::test]
async fn whoever_returns_late_is_told_that_it_expired_for_a_day_longer() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.pass(LIMITS.absolute + DAY).await;
    assert_eq!(world.service.remove_expired().await.unwrap(), 0);
    assert!(matches!(world.refresh(&token(&first)).await, Err(RefreshError::Expired)));
    world.pass(ms(1)).await;
    assert_eq!(world.service.remove_expired().await.unwrap(), 1);
    assert!(matches!(world.refresh(&token(&first)).await, Err(RefreshError::Unknown)));
}

#[tokio::test]
async fn no_live_session_is_removed_however_long_it_was_used() {
    let world = World::new().await;
    let mut current = world.signed_in().await;
    for _ in 0..29 {
        world.pass(DAY).await;
        current = world.refresh(&token(&current)).await.unwrap();
        assert_eq!(world.service.remove_expired().await.unwrap(), 0);
    }
    assert!(world.refresh(&token(&current)).await.is_ok());
}

/// Ended in its last second, and the server started again while an access token of it might be about.
#[tokio::test]
async fn an_ended_session_stays_for_as_long_as_the_revocation_set_needs_it() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let mut current = first.clone();
    for _ in 0..29 {
        world.pass(DAY).await;
        current = world.refresh(&token(&current)).await.unwrap();
    }
    world.db.set_time(Timestamp(first.session_expires_at.millis() - 2_000)).await;
    let last = world.refresh(&token(&current)).await.unwrap();
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    assert_eq!(world.service.remove_expired().await.unwrap(), 0);
    let restarted = world.node(&MasterKeys::new(&MASTER, &[])).await;
    let badge = restarted.authenticate(last.access_token.reveal(), None).await;
    assert_eq!(badge.unwrap_err(), AccessError::Revoked(EndReason::SignedOut));
}

#[tokio::test]
async fn all_are_removed_a_few_at_a_time_while_others_are_renewed() {
    let world = World::new().await;
    let user = world.signed_in().await.user;
    for _ in 0..250 {
        world.service.start_session(user.clone(), Delivery::Cookie, &[]).await.unwrap().unwrap();
    }
    world.pass(LIMITS.absolute + DAY + ms(1)).await;
    let live = world.sign_in("ada@example.com", &[]).await;
    world.pass(LIMITS.settle).await;
    let service = Arc::clone(&world.service);
    let removal = tokio::spawn(async move { service.remove_expired().await.unwrap() });
    assert!(world.refresh(&token(&live)).await.is_ok());
    assert_eq!(removal.await.unwrap(), 251);
    assert!(world.refresh(&token(&live)).await.is_ok());
}
