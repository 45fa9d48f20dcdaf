//! What the background tasks kept in order is in order again after one of them panicked.

use super::*;
use lanyard_auth::device::Device;
use lanyard_auth::store::EndReason;
use lanyard_auth::tasks::Tasks;
use lanyard_testbed::lost::LostAnswers;

/// A server beside the world's, before a store that can break, and its tasks.
async fn fragile(world: &World) -> (Arc<LostAnswers>, Tasks, Arc<Service>) {
    let (store, tasks) = (Arc::new(LostAnswers::new(world.store())), Tasks::default());
    let immediate = Some(Immediate { capacity: 1_000, poll: ms(50) });
    let settings = settings(world.db.clock(), &world.pem, &MasterKeys::new(&MASTER, &[]), immediate);
    let service = Service::start_among(store.clone(), settings, &tasks).await.unwrap();
    (store, tasks, Arc::new(service))
}

async fn until(what: impl Fn() -> bool) {
    let found = async {
        while !what() {
            tokio::time::sleep(ms(10)).await;
        }
    };
    tokio::time::timeout(SOON, found).await.unwrap();
}

#[tokio::test]
async fn what_was_ended_while_nobody_looked_is_found_afterwards() {
    let world = World::new().await;
    let (store, tasks, here) = fragile(&world).await;
    let first = world.signed_in().await;
    store.broken(true);
    until(|| tasks.down() == ["revocations"]).await;
    world.service.sign_out(&[first.sid], &Device::default()).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(verdict(&here, &first).await, None, "it can't know");
    store.broken(false);
    assert_eq!(refused_soon(&here, &first).await, AccessError::Revoked(EndReason::SignedOut));
    until(|| tasks.down().is_empty()).await;
}

#[tokio::test]
async fn a_confirmation_that_panics_is_written_at_a_later_use() {
    let world = World::new().await;
    let (store, tasks, here) = fragile(&world).await;
    let first = world.signed_in().await;
    let issued = world.rotated(&token(&first)).await;
    world.pass(LIMITS.settle).await;
    let hint = Hint::new(issued.sid, token(&issued).generation);
    let used = async || {
        here.authenticate(issued.access_token.reveal(), Some(&hint)).await.unwrap();
        here.flush().await;
        world.row(issued.sid).await.confirmed
    };
    store.broken(true);
    assert!(!used().await);
    store.broken(false);
    until(|| tasks.down().is_empty()).await;
    world.pass(LIMITS.settle).await;
    assert!(used().await);
}
