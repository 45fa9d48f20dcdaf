//! A server whose master key is not the one that a session was made with.

use super::*;
use lanyard_auth::service::KeySample;
use lanyard_auth::store::EndReason;

const OTHER: [u8; 32] = [8; 32];

/// A second server on the same database, with a key of its own.
async fn stranger(world: &World) -> Arc<Service> {
    world.node(&MasterKeys::new(&OTHER, &[])).await
}

#[tokio::test]
async fn a_session_that_lives_may_be_another_servers() {
    let world = World::new().await;
    let issued = world.signed_in().await;
    let shown = token(&issued);
    let node = stranger(&world).await;
    let elsewhere = async || node.may_be_read_elsewhere(&[&shown]).await.unwrap();
    assert!(elsewhere().await);
    world.pass(LIMITS.idle).await;
    assert!(!elsewhere().await, "it has expired");

    let issued = world.sign_in("ada@example.com", &[]).await;
    let shown = token(&issued);
    assert!(node.may_be_read_elsewhere(&[&shown]).await.unwrap());
    world.service.sign_out(&[issued.sid], &Default::default()).await.unwrap();
    assert!(!node.may_be_read_elsewhere(&[&shown]).await.unwrap(), "it was ended");
    let nowhere =
        MasterKeys::new(&MASTER, &[]).first(SessionId(uuid::Uuid::from_u128(9)), &Random::seeded(1));
    assert!(!node.may_be_read_elsewhere(&[&nowhere.unwrap()]).await.unwrap(), "it never was");
    assert!(!node.may_be_read_elsewhere(&[]).await.unwrap());
}

#[tokio::test]
async fn whoever_shows_the_secret_holds_the_session_and_nobody_else_does() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = world.rotated(&token(&first)).await;
    let third = world.rotated(&token(&second)).await;
    let forged = MasterKeys::new(&[9; 32], &[]).first(first.sid, &Random::seeded(1)).unwrap();
    let node = stranger(&world).await;
    let held = async |tokens: &[RefreshToken]| node.held(tokens).await.unwrap();
    assert_eq!(held(&[token(&third)]).await, [first.sid]);
    assert_eq!(held(&[token(&second)]).await, [first.sid], "the one before, whose answer may be lost");
    assert_eq!(held(&[token(&first)]).await, []);
    assert_eq!(held(std::slice::from_ref(&forged)).await, []);
    assert_eq!(held(&[forged, token(&first), token(&third), token(&third)]).await, [first.sid]);

    // Beside a genuine one.
    let own =
        node.sign_in("ada@example.com", Password::new(PASSWORD.to_owned()), Delivery::Cookie, &[]).await;
    let own = own.unwrap();
    assert_eq!(held(&[token(&third), token(&own)]).await, [own.sid, first.sid]);
    assert_eq!(
        world.service.held(&[token(&first)]).await.unwrap(),
        [first.sid],
        "its tag tells of any generation"
    );
}

#[tokio::test]
async fn no_number_of_tokens_makes_more_than_a_few_looks() {
    let world = World::new().await;
    let issued = world.signed_in().await;
    let node = stranger(&world).await;
    let keys = MasterKeys::new(&[9; 32], &[]);
    let mut tokens: Vec<_> = (1..100)
        .map(|n| keys.first(SessionId(uuid::Uuid::from_u128(n)), &Random::seeded(1)).unwrap())
        .collect();
    tokens.push(token(&issued));
    assert_eq!(node.held(&tokens).await.unwrap(), [], "it was not looked for so far behind");
    tokens.rotate_right(1);
    assert_eq!(node.held(&tokens).await.unwrap(), [issued.sid]);
}

#[tokio::test]
async fn a_start_finds_the_sessions_of_other_keys() {
    let world = World::new().await;
    let records = world.db.records();
    let sample = async |node: &Service| {
        let KeySample { sessions, unreadable } = node.sample_keys(&*records).await.unwrap();
        (sessions, unreadable)
    };
    let node = stranger(&world).await;
    assert_eq!(sample(&node).await, (0, 0));
    let ada = world.signed_in().await;
    for _ in 0..2 {
        world.sign_in("ada@example.com", &[]).await;
    }
    assert_eq!((sample(&world.service).await, sample(&node).await), ((3, 0), (3, 3)));
    node.sign_in("ada@example.com", Password::new(PASSWORD.to_owned()), Delivery::Cookie, &[]).await.unwrap();
    assert_eq!((sample(&world.service).await, sample(&node).await), ((4, 1), (4, 3)));
    // A key that was replaced as it should be is known still.
    let both = world.node(&MasterKeys::new(&OTHER, &[MASTER])).await;
    assert_eq!(sample(&both).await, (4, 0));
    // What has ended or expired is nobody's loss.
    world.service.end_all_sessions(ada.user.id, EndReason::KickedOut, &By::command_line()).await.unwrap();
    assert_eq!(sample(&node).await, (0, 0));
    world.sign_in("ada@example.com", &[]).await;
    assert_eq!(sample(&node).await, (1, 1));
    world.pass(LIMITS.idle).await;
    assert_eq!(sample(&node).await, (0, 0));
}
