//! The rotation rule's seven lines, and the order in which a renewal is judged.

use super::*;
use lanyard_auth::device::Device;
use lanyard_auth::service::Unavailable;
use lanyard_auth::store::EndReason;

#[tokio::test]
async fn rule_1_a_fresh_token_gets_a_badge_and_nothing_else() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let before = world.row(first.sid).await;
    world.pass(LIMITS.settle - ms(1)).await;
    let renewed = world.refresh(&token(&first)).await.unwrap();
    assert!(renewed.refresh_token.is_none());
    assert_eq!(world.claims(&renewed).await.generation, 0);
    let after = world.row(first.sid).await;
    assert_eq!((after.generation, after.rotated_at), (before.generation, before.rotated_at));
}

#[tokio::test]
async fn rule_2_a_settled_token_rotates() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    assert_eq!(token(&second).generation, 1);
    let claims = world.claims(&second).await;
    let row = world.row(first.sid).await;
    assert_eq!((claims.generation, row.generation, row.confirmed), (1, 1, false));
    assert_eq!(claims.cfm, Some(row.rotated_at.after(LIMITS.settle).millis()));
    assert_eq!(second.session_expires_at, first.session_expires_at);
}

#[tokio::test]
async fn rule_3_a_retry_gets_the_same_successor_and_no_fork() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    let row = world.row(first.sid).await;
    world.pass(LIMITS.retry_window - ms(1)).await;
    let retried = world.refresh(&token(&first)).await.unwrap();
    assert_eq!(token(&retried).text().reveal(), token(&second).text().reveal());
    assert_eq!(world.claims(&retried).await.generation, 1);
    assert_eq!(world.row(first.sid).await.rotated_at, row.rotated_at);
}

#[tokio::test]
async fn rule_4_between_window_and_settling_an_old_token_gets_a_short_badge_that_never_confirms() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.rotated(&token(&first)).await;
    for wait in [LIMITS.retry_window, LIMITS.settle - LIMITS.retry_window - ms(1)] {
        world.pass(wait).await;
        let bridged = world.refresh(&token(&first)).await.unwrap();
        assert!(bridged.refresh_token.is_none());
        let claims = world.claims(&bridged).await;
        assert_eq!((claims.generation, claims.cfm), (0, None));
        let end = world.row(first.sid).await.rotated_at.after(LIMITS.settle + LIMITS.client_timeout());
        assert_eq!(claims.exp, end.seconds());
    }
}

#[tokio::test]
async fn rule_5_a_lost_answer_is_recovered_forward_and_the_displaced_token_is_dead() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let lost = world.rotated(&token(&first)).await;
    let recovered = world.rotated(&token(&first)).await;
    assert_eq!(token(&recovered).generation, 2);
    assert_eq!(world.row(first.sid).await.recoveries, 1);
    assert!(matches!(world.refresh(&token(&lost)).await, Err(RefreshError::Reused)));
    let told = world.refresh(&token(&recovered)).await;
    assert!(matches!(told, Err(RefreshError::Revoked(EndReason::TokenReused))));
}

#[tokio::test]
async fn rule_5_ends_the_session_after_three_recoveries_in_a_row() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.rotated(&token(&first)).await;
    for recoveries in 1..=3 {
        world.rotated(&token(&first)).await;
        assert_eq!(world.row(first.sid).await.recoveries, recoveries);
    }
    world.pass(LIMITS.settle).await;
    let told = world.refresh(&token(&first)).await;
    assert!(matches!(told, Err(RefreshError::Revoked(EndReason::Unconfirmed))));
    assert_eq!(world.row(first.sid).await.ended.unwrap().reason, EndReason::Unconfirmed);
}

#[tokio::test]
async fn rule_5_counts_only_recoveries_in_a_row() {
    let world = World::new().await;
    let mut current = world.signed_in().await;
    for _ in 0..5 {
        let parent = token(&current);
        world.rotated(&parent).await;
        world.rotated(&parent).await;
        let recovered = world.rotated(&parent).await;
        assert_eq!(world.row(current.sid).await.recoveries, 2);
        current = world.rotated(&token(&recovered)).await;
        assert_eq!(world.row(current.sid).await.recoveries, 0);
    }
}

#[tokio::test]
async fn rule_7_a_token_that_the_row_does_not_know_yet_revokes_nothing() {
    let world = World::new().await;
    let first = world.signed_in().await;
    // What a failover loses: a rotation that another copy of the database has seen.
    let keys = MasterKeys::new(&MASTER, &[]);
    let salt = lanyard_auth::refresh::Salt([1; 16]);
    let ahead = keys.successor(&token(&first), keys.current(), 1, &salt).unwrap();
    assert!(matches!(world.refresh(&ahead).await, Err(RefreshError::Unknown)));
    world.rotated(&token(&first)).await;
    assert!(matches!(world.refresh(&ahead).await, Err(RefreshError::Unknown)));
    assert!(world.row(first.sid).await.ended.is_none());
}

#[tokio::test]
async fn a_forged_token_with_a_known_session_revokes_nothing() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let other = MasterKeys::new(&[8; 32], &[]).first(first.sid, &Random::seeded(1)).unwrap();
    assert!(matches!(world.refresh(&other).await, Err(RefreshError::Unavailable(Unavailable::Key(_)))));
    let text = token(&first).text().reveal().to_owned();
    for at in "lrt1_".len()..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let Ok(changed) = RefreshToken::parse(std::str::from_utf8(&changed).unwrap()) else { continue };
        assert!(world.refresh(&changed).await.is_err(), "changed at {at}");
    }
    assert!(world.refresh(&token(&first)).await.is_ok());
}

#[tokio::test]
async fn a_renewal_is_judged_in_the_documented_order() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let elsewhere = Some(SessionId(uuid::Uuid::nil()));
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    world.pass(LIMITS.absolute).await;
    // Ended and expired, but asked for as another session: that comes first.
    let told = world.service.refresh(&token(&first), elsewhere, Delivery::Cookie).await;
    assert!(matches!(told, Err(RefreshError::SessionChanged)));
    // Ended and expired: ended comes first.
    let told = world.service.refresh(&token(&first), Some(first.sid), Delivery::Cookie).await;
    assert!(matches!(told, Err(RefreshError::Revoked(EndReason::SignedOut))));
}

#[tokio::test]
async fn a_session_ends_by_idleness_and_by_age_whatever_happens() {
    let world = World::new().await;
    let idle = world.signed_in().await;
    world.pass(LIMITS.idle - ms(1)).await;
    let renewed = world.refresh(&token(&idle)).await.unwrap();
    world.pass(LIMITS.idle).await;
    assert!(matches!(world.refresh(&token(&renewed)).await, Err(RefreshError::Expired)));

    let mut current = world.sign_in("ada@example.com", &[]).await;
    let end = current.session_expires_at;
    for _ in 0..29 {
        world.pass(DAY).await;
        current = world.refresh(&token(&current)).await.unwrap();
        assert_eq!(current.session_expires_at, end);
    }
    // The last badge does not outlive the session, nor does anything renew at its limit.
    world.db.set_time(Timestamp(end.millis() - 5_000)).await;
    let last = world.refresh(&token(&current)).await.unwrap();
    assert_eq!(world.claims(&last).await.exp, end.seconds());
    world.db.set_time(end).await;
    assert!(matches!(world.refresh(&token(&last)).await, Err(RefreshError::Expired)));
}

#[tokio::test]
async fn a_clock_that_goes_back_is_never_taken_for_theft() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    let third = world.rotated_and_confirmed(&token(&second)).await;
    let here = world.db.now();
    world.db.set_time(here.before(DAY)).await;
    assert!(matches!(world.refresh(&token(&first)).await, Err(RefreshError::Unknown)));
    assert!(matches!(world.refresh(&token(&second)).await, Err(RefreshError::Unknown)));
    assert!(world.row(first.sid).await.ended.is_none());
    world.db.set_time(here).await;
    assert!(world.refresh(&token(&third)).await.is_ok());
}

#[tokio::test]
async fn a_new_master_key_takes_over_without_signing_anybody_out() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let both = world.node(&MasterKeys::new(&[9; 32], &[MASTER])).await;
    world.pass(LIMITS.settle).await;
    let second = both.refresh(&token(&first), None, Delivery::Cookie).await.unwrap();
    assert_ne!(token(&second).kid, token(&first).kid);
    // A node that does not have the new key can't say anything, and says so.
    let told = world.refresh(&token(&second)).await;
    assert!(matches!(told, Err(RefreshError::Unavailable(Unavailable::Key(_)))));
    let told = world.refresh(&token(&first)).await;
    assert!(matches!(told, Err(RefreshError::Unavailable(Unavailable::Key(_)))));
    let retried = both.refresh(&token(&first), None, Delivery::Cookie).await.unwrap();
    assert_eq!(token(&retried).text().reveal(), token(&second).text().reveal());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_renewals_make_one_rotation_and_one_successor() {
    let world = World::new().await;
    let mut current = world.signed_in().await;
    for round in 1..=5 {
        world.pass(LIMITS.settle).await;
        let parent = token(&current);
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let (service, parent) = (Arc::clone(&world.service), parent.clone());
                tokio::spawn(async move { service.refresh(&parent, None, Delivery::Cookie).await })
            })
            .collect();
        let mut successors = std::collections::HashSet::new();
        for task in tasks {
            let issued = task.await.unwrap().expect("nobody sees an error");
            successors.insert(token(&issued).text().reveal().to_owned());
            current = issued;
        }
        assert_eq!(successors.len(), 1);
        assert_eq!(world.row(current.sid).await.generation, round);
    }
}
