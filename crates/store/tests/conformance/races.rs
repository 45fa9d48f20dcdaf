//! Many at once, and callers that go away.

use std::sync::Arc;

use lanyard_auth::audit::By;
use lanyard_auth::refresh::SecretHash;
use lanyard_auth::store::{EndReason, NewSession, Rotation, SessionId, Store, User};
use tokio::task::yield_now;
use uuid::Uuid;

use super::{Harness, new_session, password_change, rotation, row, seen, session, user};

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
        let ended =
            tokio::spawn(
                async move { ending.end_sessions(&[sid], EndReason::KickedOut, &By::default()).await },
            );
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

/// A hundred times: a user with two sessions, a renewal of each, a sign-in, and what `end` does to him, all at
/// once on two nodes. `survivors` are the sessions that he is left with.
async fn race<F, Ending>(db: impl Harness, end: F, survivors: &[usize])
where
    F: Fn(Arc<dyn Store>, User, SessionId) -> Ending,
    Ending: Future<Output = Vec<SessionId>> + Send + 'static,
{
    let nodes = [db.store(), db.second_node().await];
    for n in 0..100 {
        let ada = user(&*nodes[0], n).await;
        let sids = [unique(n, 0), unique(n, 1), unique(n, 2)];
        for sid in &sids[..2] {
            nodes[0].create_session(&NewSession { sid: *sid, ..new_session(&ada, n) }, &[]).await.unwrap();
        }
        let renewals = [0, 1].map(|which| {
            let (store, rotation) = (Arc::clone(&nodes[which]), rotation(seen(sids[which], 0, true), n));
            tokio::spawn(async move { store.rotate(&rotation).await.unwrap() })
        });
        let (store, new) = (Arc::clone(&nodes[0]), NewSession { sid: sids[2], ..new_session(&ada, n) });
        let sign_in = tokio::spawn(async move { store.create_session(&new, &[]).await.unwrap() });
        let ended = tokio::spawn(end(Arc::clone(&nodes[1]), ada.clone(), sids[0])).await.unwrap();
        for renewal in renewals {
            renewal.await.unwrap();
        }
        let signed_in = sign_in.await.unwrap().is_some();

        let mut live = Vec::new();
        for (which, sid) in sids.iter().enumerate().filter(|(which, _)| *which < 2 || signed_in) {
            let row = row(&*nodes[0], *sid).await;
            assert_eq!(row.ended.is_some(), ended.contains(sid), "it tells of all that it ended");
            let next = rotation(seen(*sid, row.generation, row.confirmed), n);
            let renewed = nodes[0].rotate(&next).await.unwrap().is_some();
            assert_eq!(renewed, row.ended.is_none());
            if renewed {
                live.push(which);
            }
        }
        assert_eq!(live, survivors, "in round {n}");
    }
}

fn unique(n: u8, which: u8) -> SessionId {
    SessionId(Uuid::from_bytes([n, which, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]))
}

pub async fn nothing_survives_signing_out_everywhere(db: impl Harness) {
    let end = async |store: Arc<dyn Store>, ada: User, _| {
        store.end_all_sessions(ada.id, EndReason::KickedOut, &By::default()).await.unwrap().unwrap().ended
    };
    race(db, end, &[]).await;
}

pub async fn nothing_survives_a_password_change_but_the_kept_session(db: impl Harness) {
    let end = async |store: Arc<dyn Store>, ada: User, kept| {
        store.change_password(&password_change(&ada, kept, 255)).await.unwrap().unwrap().ended
    };
    race(db, end, &[0]).await;
}

pub async fn nothing_survives_the_closing_of_an_account(db: impl Harness) {
    let end = async |store: Arc<dyn Store>, ada: User, _| super::close(&*store, ada.id).await.ended;
    race(db, end, &[]).await;
}

/// Sign-ins that displace, ends in every order, and ends of whole users: nobody gets an error.
pub async fn many_ends_at_once_never_lock_each_other_out(db: impl Harness) {
    let nodes = [db.store(), db.second_node().await];
    for round in 0..20 {
        let (ada, grace) = (user(&*nodes[0], 2 * round).await, user(&*nodes[0], 2 * round + 1).await);
        let mut sids = Vec::new();
        for which in 0..12 {
            let sid = unique(round, which);
            let owner = if which % 2 == 0 { &ada } else { &grace };
            nodes[0].create_session(&NewSession { sid, ..new_session(owner, 1) }, &[]).await.unwrap();
            sids.push(sid);
        }
        let mut tasks = Vec::new();
        for n in 0..12 {
            let (store, ada, grace) = (Arc::clone(&nodes[n % 2]), ada.clone(), grace.clone());
            let mut order = sids.clone();
            order.rotate_left(n);
            if n % 3 == 0 {
                order.reverse();
            }
            tasks.push(tokio::spawn(async move {
                match n % 4 {
                    0 => {
                        drop(store.end_sessions(&order, EndReason::SignedOut, &By::default()).await.unwrap())
                    }
                    1 => drop(
                        store.end_all_sessions(ada.id, EndReason::KickedOut, &By::default()).await.unwrap(),
                    ),
                    2 => {
                        let sid = unique(round, 100 + u8::try_from(n).unwrap());
                        let new = NewSession { sid, ..new_session(&grace, 1) };
                        store.create_session(&new, &order).await.unwrap();
                    }
                    _ => drop(store.change_password(&password_change(&grace, order[0], 9)).await.unwrap()),
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    }
}
