//! Keeping the revocation set in step with the database: what other nodes and the command line end, and what was
//! ended by a commit whose result never reached us. Used by `ends`.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::revocation::RevocationSet;
use crate::store::{Store, StoreError};
use crate::time::{Clock, Timestamp};

/// An end may be committed so long after the moment that it bears; the stores give up on a statement sooner.
const LATEST_COMMIT: Duration = Duration::from_secs(10);

/// A task that reads the database now and then. It ends when this is dropped.
pub(super) struct InStep(JoinHandle<()>);

impl InStep {
    /// Fills the set, and goes on to do so every `poll`.
    pub async fn start(
        store: &Arc<dyn Store>,
        clock: &Clock,
        revoked: &Arc<RevocationSet>,
        poll: Duration,
    ) -> Result<Self, StoreError> {
        let last = store.now().await?;
        revoked.add(store.revocations(revoked.keep()).await?, clock.now());
        let task = follow(Arc::clone(store), clock.clone(), Arc::clone(revoked), poll, last);
        Ok(Self(tokio::spawn(task)))
    }
}

impl Drop for InStep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn follow(
    store: Arc<dyn Store>,
    clock: Clock,
    revoked: Arc<RevocationSet>,
    poll: Duration,
    mut last: Timestamp,
) {
    let mut away = false;
    loop {
        sleep(poll).await;
        match look(&*store, &clock, &revoked, last).await {
            Ok(now) => (last, away) = (now, false),
            // Said once, not at every look.
            Err(_) if away => {}
            Err(error) => {
                away = true;
                tracing::warn!(%error, "not known what others end, until the database answers");
            }
        }
    }
}

/// Puts on the set what was ended since `last`; returns the database's time.
async fn look(
    store: &dyn Store,
    clock: &Clock,
    revoked: &RevocationSet,
    last: Timestamp,
) -> Result<Timestamp, StoreError> {
    let now = store.now().await?;
    let since = Duration::from_millis(now.since(last).try_into().unwrap_or(0));
    let window = revoked.keep().min(since + LATEST_COMMIT);
    revoked.add(store.revocations(window).await?, clock.now());
    Ok(now)
}
