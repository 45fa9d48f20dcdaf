//! Many at once, and callers that go away.

use std::sync::Arc;

use lanyard_auth::refresh::SecretHash;
use lanyard_auth::store::{EndReason, Rotation};
use tokio::task::yield_now;

use super::{Harness, rotation, row, seen, session, user};

pub async fn of_64_rotations_at_once_one_wins(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let sid = session(&*nodes[0], &user(&*nodes[0], 1).await, 255).await;
    for (generation, confirmed) in [(0, true), (1, false), (2, false)] {
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let store = Arc::clone(&nodes[usize::from(n) % 2]);
                let rotation = rotation(seen(sid, generation, confirmed), n);
                tokio::spawn(async move { store.rotate(&rotation).await })
            })
            .collect();
        let mut winners = Vec::new();
        for (n, task) in (0..).zip(tasks) {
            if task.await.unwrap().unwrap().is_some() {
                winners.push(n);
            }
        }
        let row = row(&*nodes[0], sid).await;
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!((row.generation, row.current), (generation + 1, SecretHash([winners[0]; 32])));
    }
}

pub async fn a_rotation_never_outlives_an_end(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    let ada = user(&*nodes[0], 1).await;
    for n in 0..100 {
        let sid = session(&*nodes[0], &ada, n).await;
        let rotation = rotation(seen(sid, 0, true), n);
        let (rotating, ending) = (Arc::clone(&nodes[0]), Arc::clone(&nodes[1]));
        let rotated = tokio::spawn(async move { rotating.rotate(&rotation).await });
        let ended = tokio::spawn(async move { ending.end_sessions(&[sid], EndReason::KickedOut).await });
        let rotated = rotated.await.unwrap().unwrap();
        assert_eq!(ended.await.unwrap().unwrap(), [sid]);

        let row = row(&*nodes[0], sid).await;
        assert!(row.ended.is_some());
        assert_eq!(row.generation, u32::from(rotated.is_some()));
    }
}

/// A web server drops the work of a client that hangs up, at any await.
pub async fn a_caller_that_goes_away_leaves_all_or_nothing(db: impl Harness) {
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    for round in 0..200 {
        let now = row(&*store, sid).await;
        let rotation = Rotation { recoveries: 1, ..rotation(seen(sid, now.generation, now.confirmed), 6) };
        let caller = Arc::clone(&store);
        let task = tokio::spawn(async move { caller.rotate(&rotation).await });
        for _ in 0..round {
            yield_now().await;
        }
        task.abort();
        let _ = task.await;
    }
    // The commit of a caller that is gone may still land, so this looks again, as the service does.
    let mut written = None;
    for _ in 0..3 {
        let now = row(&*store, sid).await;
        let rotation = Rotation { recoveries: 1, ..rotation(seen(sid, now.generation, now.confirmed), 6) };
        written = written.or(store.rotate(&rotation).await.unwrap());
    }
    assert!(written.is_some(), "the store still writes");
    let generation = usize::try_from(row(&*store, sid).await.generation).unwrap();
    assert_eq!(db.events().await.len(), generation, "each recovery with its event, or neither");
}
