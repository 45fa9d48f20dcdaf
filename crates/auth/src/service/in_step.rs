//! Keeping the revocation set in step with the database: what other nodes and the command line end, and what was
//! ended by a commit whose result never reached us. Used by `ends`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::revocation::RevocationSet;
use crate::store::{Revocation, Store, StoreError};
use crate::tasks::{Heartbeat, Task, Tasks};
use crate::time::{Clock, Timestamp};

use super::WAS_SET;

/// An end may be committed so long after the moment that it bears. On Postgres that is a statement's 4 s and the 10 s
/// for which its transaction may idle; a process that is stopped for longer is found by a look at the whole.
const LATEST_COMMIT: Duration = Duration::from_secs(30);

/// A look that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A look that is over so long after its time hangs.
const OVERDUE: Duration = Duration::from_secs(30);

/// One look in so many reaches back as far as anything matters.
const WHOLE: u32 = 60;

/// So much is read at one look. What is more is not worth its memory: the database is asked at each call.
const MOST: u32 = 100_000;

/// Added at a time, so that calls are not held up for longer.
const CHUNK: usize = 1_000;

/// Both clocks, read together.
#[derive(Clone, Copy)]
struct Clocks {
    database: Timestamp,
    ours: Timestamp,
}

/// Fills the set, and goes on to do so every `poll` until the task is dropped.
pub(super) async fn start(
    store: &Arc<dyn Store>,
    clock: &Clock,
    revoked: &Arc<RevocationSet>,
    poll: Duration,
    tasks: &Tasks,
) -> Result<Task, StoreError> {
    metrics::describe_gauge!("lanyard_revocations_in_step", "1 while others' ends are known, else 0");
    let mut last = Some(look(&**store, clock, revoked, None).await?);
    let (store, clock, revoked) = (Arc::clone(store), clock.clone(), Arc::clone(revoked));
    Ok(tasks.spawn("revocations", poll + OVERDUE, move |heart| {
        // Started again, it does not know what it has missed.
        follow(Arc::clone(&store), clock.clone(), Arc::clone(&revoked), poll, last.take(), heart)
    }))
}

/// Nobody says that others' ends are known once nobody asks.
struct OutOfStep;

impl Drop for OutOfStep {
    fn drop(&mut self) {
        metrics::gauge!("lanyard_revocations_in_step").set(0);
    }
}

async fn follow(
    store: Arc<dyn Store>,
    clock: Clock,
    revoked: Arc<RevocationSet>,
    poll: Duration,
    mut last: Option<Clocks>,
    heart: Heartbeat,
) {
    let _in_step = OutOfStep;
    let (mut away, mut looks) = (false, 0_u32);
    loop {
        sleep(poll).await;
        looks = looks.wrapping_add(1);
        let since = last.filter(|_| !looks.is_multiple_of(WHOLE));
        let seen = timeout(PATIENCE, look(&*store, &clock, &revoked, since)).await;
        match seen.unwrap_or_else(|_| Err(StoreError::Unavailable("it takes too long".to_owned()))) {
            Ok(clocks) => {
                if away {
                    tracing::info!("what others have ended is known again");
                }
                (last, away) = (Some(clocks), false);
            }
            Err(error) => {
                // Said once, not at every look.
                if !away {
                    tracing::warn!(%error, "not known what others end, until the database answers");
                }
                metrics::gauge!("lanyard_revocations_in_step").set(0);
                away = true;
            }
        }
        heart.beat();
    }
}

/// Puts on the set what was ended since the last look, or all that matters.
async fn look(
    store: &dyn Store,
    clock: &Clock,
    revoked: &RevocationSet,
    last: Option<Clocks>,
) -> Result<Clocks, StoreError> {
    let clocks = Clocks { database: store.now().await?, ours: clock.now() };
    let window = last.map_or(revoked.keep(), |last| clocks.reach(last, revoked.keep()));
    let revocations = store.revocations(window, MOST).await?;
    for chunk in revocations.chunks(CHUNK) {
        revoked.add(chunk.iter().map(|revocation| clocks.translate(*revocation)), clocks.ours);
    }
    if revocations.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) {
        revoked.overflow(clocks.ours);
    }
    metrics::gauge!("lanyard_revocations_in_step").set(1);
    Ok(clocks)
}

impl Clocks {
    /// How far to look back; all the way if one of the clocks was set, since the set may have forgotten by it.
    fn reach(self, last: Self, keep: Duration) -> Duration {
        let passed = self.database.since(last.database);
        let apart = self.ours.since(last.ours).saturating_sub(passed);
        match u64::try_from(passed) {
            Ok(passed) if apart.abs() < WAS_SET => keep.min(Duration::from_millis(passed) + LATEST_COMMIT),
            _ => keep,
        }
    }

    /// The same by our clock, by which access tokens are signed and checked.
    fn translate(self, revocation: Revocation) -> Revocation {
        let ours = |at: Timestamp| Timestamp(at.0.saturating_add(self.ours.since(self.database)));
        match revocation {
            Revocation::Session { sid, at, reason } => Revocation::Session { sid, at: ours(at), reason },
            Revocation::User { id, version, at } => Revocation::User { id, version, at: ours(at) },
            Revocation::Authz { id, version, at } => Revocation::Authz { id, version, at: ours(at) },
        }
    }
}
