//! What a server knows of ends that it did not make, and what it does when there were more of them than it can hold.

use super::*;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::EndReason;
use lanyard_testbed::lost::LostAnswers;

const POLLED: Option<Immediate> = Some(Immediate { capacity: 1_000, poll: ms(50) });

/// A server beside the world's.
async fn node(world: &World, immediate: Option<Immediate>) -> Arc<Service> {
    start_with(world.store(), world.db.clock(), &world.pem, &MasterKeys::new(&MASTER, &[]), immediate).await
}

#[tokio::test]
async fn what_another_server_ends_is_soon_over_here() {
    let world = World::new().await;
    let here = node(&world, POLLED).await;
    let [one, kept] = [world.signed_in().await, world.sign_in("ada@example.com", &[]).await];
    assert_eq!(verdict(&here, &one).await, None);
    world.service.sign_out(&[one.sid], &Device::default()).await.unwrap();
    assert_eq!(refused_soon(&here, &one).await, AccessError::Revoked(EndReason::SignedOut));
    assert_eq!(verdict(&here, &kept).await, None);
    world
        .service
        .end_all_sessions(kept.user.id, EndReason::KickedOut, &By::default())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(refused_soon(&here, &kept).await, AccessError::Revoked(EndReason::KickedOut));
}

/// The database is away while others end something, and for longer than a look reaches back.
#[tokio::test]
async fn what_was_ended_while_the_database_did_not_answer_is_found_afterwards() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let away = Arc::new(LostAnswers::new(world.store()));
    let keys = MasterKeys::new(&MASTER, &[]);
    let here = start_with(away.clone(), world.db.clock(), &world.pem, &keys, POLLED).await;
    away.away(true);
    tokio::time::sleep(ms(200)).await;
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(verdict(&here, &first).await, None, "it can't know");
    away.away(false);
    assert_eq!(refused_soon(&here, &first).await, AccessError::Revoked(EndReason::SignedOut));
}

#[tokio::test]
async fn a_set_that_is_full_asks_the_database() {
    let world = World::new().await;
    let store = Arc::new(LostAnswers::new(world.store()));
    let keys = MasterKeys::new(&MASTER, &[]);
    let small = Some(Immediate { capacity: 1, poll: DAY });
    let here = start_with(store.clone(), world.db.clock(), &world.pem, &keys, small).await;
    let kept = world.signed_in().await;
    let mut over = Vec::new();
    for _ in 0..3 {
        let session = world.sign_in("ada@example.com", &[]).await;
        here.sign_out(&[session.sid], &Device::default()).await.unwrap();
        over.push(session);
    }
    for session in &over {
        assert_eq!(verdict(&here, session).await, Some(AccessError::Revoked(EndReason::SignedOut)));
    }
    assert_eq!(verdict(&here, &kept).await, None);
    store.away(true);
    assert_eq!(verdict(&here, &kept).await, Some(AccessError::Unavailable), "nobody is let in unseen");
    store.away(false);

    // Until what was left out has expired.
    world.pass(ACCESS_TTL + 2 * LIMITS.client_timeout() + LIMITS.settle).await;
    let fresh = world.refresh(&token(&kept)).await.unwrap();
    store.away(true);
    assert_eq!(verdict(&here, &fresh).await, None);
}

#[tokio::test]
async fn without_a_set_an_ended_session_goes_on_until_its_access_token_expires() {
    let world = World::new().await;
    let here = node(&world, None).await;
    let first = world.signed_in().await;
    here.sign_out(&[first.sid], &Device::default()).await.unwrap();
    assert_eq!(verdict(&here, &first).await, None);
    assert!(here.refresh(&token(&first), None, Delivery::Cookie).await.is_err());
    world.pass(ACCESS_TTL).await;
    assert_eq!(verdict(&here, &first).await, Some(AccessError::Expired));
}

/// An end bears the time of its statement, and its commit may come much later than that.
#[tokio::test]
async fn what_is_committed_long_after_its_moment_is_found() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let before = world.row(first.sid).await;
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    let ended = world.row(first.sid).await;
    world.db.put_back(&before).await;
    let here = node(&world, POLLED).await;
    assert_eq!(verdict(&here, &first).await, None, "not committed yet");
    world.pass(Duration::from_secs(15)).await;
    tokio::time::sleep(ms(300)).await;
    world.db.put_back(&ended).await;
    assert_eq!(refused_soon(&here, &first).await, AccessError::Revoked(EndReason::SignedOut));
}

/// What was forgotten while the clock was ahead is looked up again.
#[tokio::test]
async fn a_clock_that_goes_ahead_and_back_forgets_nobody() {
    let world = World::new().await;
    let here = node(&world, POLLED).await;
    let first = world.signed_in().await;
    here.sign_out(&[first.sid], &Device::default()).await.unwrap();
    let now = world.db.now();
    world.pass(DAY).await;
    // Others' ends make the set sweep itself.
    let others: Vec<_> = (0..200).map(|n| SessionId(uuid::Uuid::from_u128(n))).collect();
    here.sign_out(&others, &Device::default()).await.unwrap();
    assert_eq!(verdict(&here, &first).await, Some(AccessError::Expired));
    tokio::time::sleep(ms(300)).await;
    world.db.set_time(now.after(ms(1_000))).await;
    assert_eq!(refused_soon(&here, &first).await, AccessError::Revoked(EndReason::SignedOut));
}
