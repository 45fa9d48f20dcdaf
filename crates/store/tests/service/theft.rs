//! Theft is found; what is none is let be.

use super::*;
use lanyard_auth::store::EndReason;

async fn assert_caught(world: &World, stolen: &RefreshToken, victim: &Issued) {
    assert!(matches!(world.refresh(stolen).await, Err(RefreshError::Reused)));
    let told = world.refresh(&token(victim)).await;
    assert!(matches!(told, Err(RefreshError::Revoked(EndReason::TokenReused))));
    let badge = victim.access_token.reveal();
    let refused = world.service.authenticate(badge, None).await.unwrap_err();
    assert_eq!(refused, AccessError::Revoked(EndReason::TokenReused));
}

#[tokio::test]
async fn an_older_generation_is_theft_at_any_time() {
    for wait in [ms(0), LIMITS.retry_window, LIMITS.settle] {
        let world = World::new().await;
        let first = world.signed_in().await;
        let second = world.rotated(&token(&first)).await;
        let third = world.rotated(&token(&second)).await;
        world.pass(wait).await;
        assert_caught(&world, &token(&first), &third).await;
    }
}

#[tokio::test]
async fn the_previous_token_is_theft_once_its_successor_is_confirmed() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated_and_confirmed(&token(&first)).await;
    assert_caught(&world, &token(&first), &second).await;
}

#[tokio::test]
async fn a_killed_browser_that_comes_back_with_its_old_cookie_is_no_thief() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    // It used its badge, and died before its jar was on disk.
    world.pass(Duration::from_secs(5)).await;
    world.use_badge(&second).await;
    assert!(!world.row(first.sid).await.confirmed);
    for wait in [ms(0), LIMITS.retry_window, LIMITS.settle] {
        world.pass(wait).await;
        assert!(world.refresh(&token(&first)).await.is_ok());
    }
    assert!(world.row(first.sid).await.ended.is_none());
}

#[tokio::test]
async fn owner_and_thief_who_take_turns_are_found_at_the_third_renewal() {
    for thief_first in [false, true] {
        let world = World::new().await;
        let first = world.signed_in().await;
        let mut owner = token(&first);
        let mut thief = owner.clone();
        let mut succeeded = 0;
        for turn in 0.. {
            world.pass(LIMITS.settle + ms(1)).await;
            let holder = if (turn % 2 == 0) == thief_first { &mut thief } else { &mut owner };
            match world.refresh(holder).await {
                Ok(issued) => {
                    succeeded += 1;
                    if issued.refresh_token.is_some() {
                        *holder = token(&issued);
                    }
                }
                Err(_) => break,
            }
        }
        assert!(succeeded <= 3, "{succeeded} renewals went through");
        assert!(world.row(first.sid).await.ended.is_some());
    }
}

#[tokio::test]
async fn a_thief_alone_on_an_old_token_lasts_three_recoveries() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let stolen = token(&first);
    world.rotated(&stolen).await;
    for _ in 0..100 {
        world.pass(Duration::from_secs(60)).await;
        if let Err(error) = world.refresh(&stolen).await {
            assert!(matches!(error, RefreshError::Revoked(EndReason::Unconfirmed)));
            assert_eq!(world.row(first.sid).await.generation, 4);
            return;
        }
    }
    panic!("the thief was never stopped");
}
