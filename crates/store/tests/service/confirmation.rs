//! When the use of an access token shows that a client holds its generation.

use super::*;

/// Uses a badge with this hint and says whether the generation counts as confirmed afterwards.
async fn confirms(world: &World, badge: &Issued, hint: Option<Hint>) -> bool {
    world.service.authenticate(badge.access_token.reveal(), hint.as_ref()).await.unwrap();
    world.service.flush().await;
    world.row(badge.sid).await.confirmed
}

#[tokio::test]
async fn a_new_session_counts_as_confirmed() {
    let world = World::new().await;
    let first = world.signed_in().await;
    assert!(world.row(first.sid).await.confirmed);
    assert_eq!(world.claims(&first).await.cfm, None);
}

#[tokio::test]
async fn only_a_settled_use_with_the_hint_of_the_same_session_and_generation_confirms() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    let right = Hint::new(second.sid, 1);
    world.pass(LIMITS.settle - ms(1)).await;
    assert!(!confirms(&world, &second, Some(right)).await, "too early");
    world.pass(ms(1)).await;
    assert!(!confirms(&world, &second, None).await, "no hint");
    assert!(!confirms(&world, &second, Some(Hint::new(second.sid, 0))).await, "an older jar");
    let other = SessionId(uuid::Uuid::nil());
    assert!(!confirms(&world, &second, Some(Hint::new(other, 1))).await, "another session's jar");
    assert!(confirms(&world, &second, Some(right)).await);
}

#[tokio::test]
async fn a_client_without_a_jar_confirms_by_use_alone() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.pass(LIMITS.settle).await;
    let second = world.service.refresh(&token(&first), None, Delivery::Body).await.unwrap();
    assert!(!world.claims(&second).await.jar);
    world.pass(LIMITS.settle).await;
    assert!(confirms(&world, &second, None).await);
}

#[tokio::test]
async fn a_late_confirmation_of_an_older_generation_confirms_nothing() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    world.rotated(&token(&second)).await;
    world.pass(LIMITS.settle).await;
    assert!(!confirms(&world, &second, Some(Hint::new(second.sid, 1))).await);
}

#[tokio::test]
async fn a_badge_of_the_old_generation_confirms_nothing() {
    let world = World::new().await;
    let first = world.signed_in().await;
    world.rotated(&token(&first)).await;
    world.pass(LIMITS.settle - ms(1)).await;
    let bridged = world.refresh(&token(&first)).await.unwrap();
    world.pass(ms(1)).await;
    for generation in [0, 1] {
        assert!(!confirms(&world, &bridged, Some(Hint::new(first.sid, generation))).await);
    }
}
