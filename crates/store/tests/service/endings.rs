//! A session that was ended is over at once, on every path.

use super::*;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::EndReason;

#[tokio::test]
async fn signing_out_ends_badges_and_renewals_at_once() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let other = world.sign_in("ada@example.com", &[]).await;
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    assert_eq!(verdict(&world.service, &first).await, Some(AccessError::Revoked(EndReason::SignedOut)));
    let told = world.refresh(&token(&first)).await;
    assert!(matches!(told, Err(RefreshError::Revoked(EndReason::SignedOut))));
    assert_eq!(verdict(&world.service, &other).await, None);
    world.service.sign_out(&[first.sid, SessionId(uuid::Uuid::nil())], &Device::default()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_starts_again_still_refuses_ended_sessions() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    let restarted = world.node(&MasterKeys::new(&MASTER, &[])).await;
    assert_eq!(verdict(&restarted, &first).await, Some(AccessError::Revoked(EndReason::SignedOut)));
}

#[tokio::test]
async fn a_badge_signed_just_before_the_end_is_refused_for_as_long_as_it_lives() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    world.pass(ACCESS_TTL - Duration::from_secs(2)).await;
    // Others' ends make the set sweep itself.
    for n in 0..200 {
        world.service.sign_out(&[SessionId(uuid::Uuid::from_u128(n))], &Device::default()).await.unwrap();
    }
    assert_eq!(verdict(&world.service, &first).await, Some(AccessError::Revoked(EndReason::SignedOut)));
    let restarted = world.node(&MasterKeys::new(&MASTER, &[])).await;
    assert_eq!(verdict(&restarted, &first).await, Some(AccessError::Revoked(EndReason::SignedOut)));
}

#[tokio::test]
async fn signing_in_over_a_session_ends_it_as_replaced() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.sign_up("grace@example.com").await;
    let second = world.sign_in("grace@example.com", &[first.sid]).await;
    assert_eq!(verdict(&world.service, &first).await, Some(AccessError::Revoked(EndReason::Replaced)));
    let told = world.refresh(&token(&first)).await;
    assert!(matches!(told, Err(RefreshError::Revoked(EndReason::Replaced))));
    assert_eq!(verdict(&world.service, &second).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_survives_a_sign_out_that_races_with_renewals() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    for _ in 0..20 {
        let first = world.sign_in("ada@example.com", &[]).await;
        world.pass(LIMITS.settle).await;
        let renewals: Vec<_> = (0..8)
            .map(|_| {
                let (service, parent) = (Arc::clone(&world.service), token(&first));
                tokio::spawn(async move { service.refresh(&parent, None, Delivery::Cookie).await })
            })
            .collect();
        world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
        for renewal in renewals {
            if let Ok(issued) = renewal.await.unwrap() {
                assert_eq!(
                    verdict(&world.service, &issued).await,
                    Some(AccessError::Revoked(EndReason::SignedOut))
                );
                assert!(world.refresh(&token(&issued)).await.is_err());
            }
        }
    }
}

/// A client that hangs up takes its handler along, at any point; the ending goes on without it.
#[tokio::test]
async fn a_caller_who_goes_away_leaves_no_ended_session_with_good_badges() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let mut yields = 0;
    // At every moment that there is: until one gets his answer before he goes.
    loop {
        let first = world.sign_in("ada@example.com", &[]).await;
        let (service, sid) = (Arc::clone(&world.service), first.sid);
        let caller = tokio::spawn(async move { service.sign_out(&[sid], &Device::default()).await });
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        let is_answered = caller.is_finished();
        caller.abort();
        let _ = caller.await;
        let is_ended = world.row(sid).await.ended.is_some();
        assert!(is_ended || !is_answered);
        if is_ended {
            let noted = async {
                while verdict(&world.service, &first).await.is_none() {
                    tokio::task::yield_now().await;
                }
            };
            let in_time = tokio::time::timeout(Duration::from_secs(10), noted).await;
            assert!(in_time.is_ok(), "an ended session's badge is still good");
        }
        world.service.sign_out(&[sid], &Device::default()).await.unwrap();
        assert_eq!(verdict(&world.service, &first).await, Some(AccessError::Revoked(EndReason::SignedOut)));
        if is_answered {
            break;
        }
        yields += 1 + yields / 8;
    }
}

/// The result of a commit can be unknown: what ended the row then is noted when the row is next seen.
#[tokio::test]
async fn an_ending_that_only_the_database_knows_of_is_noted_when_it_is_seen() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.store().end_sessions(&[first.sid], EndReason::TokenReused, &By::default()).await.unwrap();
    assert_eq!(verdict(&world.service, &first).await, None);
    assert!(world.refresh(&token(&first)).await.is_err());
    assert_eq!(verdict(&world.service, &first).await, Some(AccessError::Revoked(EndReason::TokenReused)));
}

#[tokio::test]
async fn a_badge_from_the_future_counts_as_expired() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let here = world.db.now();
    world.db.set_time(here.before(LIMITS.settle)).await;
    assert_eq!(verdict(&world.service, &first).await, None);
    world.db.set_time(here.before(LIMITS.settle + Duration::from_secs(1))).await;
    assert_eq!(verdict(&world.service, &first).await, Some(AccessError::Expired));
}
