//! Removing what is too old to be of use, while the server serves: sessions that expired, entries of the audit log, and
//! what was remembered for a repeat.
//!
//! A session's row stays until its absolute limit, however and whenever it ended: for as long as a token of it
//! might come back, its holder is told why it is over. That also bounds the table by the sign-ins of one
//! absolute lifetime, and the limit, which never moves, is all that has to be indexed.

use std::time::Duration;

use crate::store::StoreError;

use super::Service;

/// A row stays so much longer than its session, so that whoever returns a little late is told that it expired.
/// The revocation set needs none of them any more: no access token outlives its session.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// So few at a time that a renewal that waits behind them does not notice.
const BATCH: u32 = 100;

/// Between two batches, for everybody else.
const PAUSE: Duration = Duration::from_millis(50);

impl Service {
    /// Removes the sessions that expired more than a day ago, a few at a time and with pauses, so that nobody
    /// waits for it; returns how many. Meant to run in the background, on any number of nodes.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed until then stays removed.
    pub async fn remove_expired(&self) -> Result<u64, StoreError> {
        in_batches(|| self.store.remove_expired(REMEMBERED, BATCH)).await
    }

    /// Removes the entries of the audit log that are older than `keep`, in the same way; returns how many.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed until then stays removed.
    pub async fn remove_entries(&self, keep: Duration) -> Result<u64, StoreError> {
        in_batches(|| self.store.remove_entries(keep, BATCH)).await
    }

    /// Removes what nobody repeats any more, in the same way; returns how many.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed until then stays removed.
    pub async fn remove_idempotency_records(&self) -> Result<u64, StoreError> {
        in_batches(|| self.store.remove_idempotency_records(BATCH)).await
    }
}

/// Until a batch is not full.
async fn in_batches<F: Future<Output = Result<u32, StoreError>>>(
    batch: impl Fn() -> F,
) -> Result<u64, StoreError> {
    let mut total = 0;
    loop {
        let removed = batch().await?;
        total += u64::from(removed);
        if removed < BATCH {
            return Ok(total);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
