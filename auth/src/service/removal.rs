//! Removing sessions that expired long ago, while the server serves.
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
        let mut total = 0;
        loop {
            let removed = self.store.remove_expired(REMEMBERED, BATCH).await?;
            total += u64::from(removed);
            if removed < BATCH {
                return Ok(total);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
