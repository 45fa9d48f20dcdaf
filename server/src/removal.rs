//! Removes what is too old to be of use, now and then, for as long as the server runs: sessions that expired long ago,
//! old entries of the audit log, and what was remembered for a repeat. Any number of servers may do so on one database.

use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::Service;
use lanyard_auth::store::StoreError;
use lanyard_auth::tasks::Heartbeat;
use lanyard_auth::time::{Timestamp, millis};

/// Between two looks. The first is at start.
const PAUSE: Duration = Duration::from_secs(3600);

/// After the start the first removal comes sooner, but not before the clock has been seen to go on.
const FIRST: Duration = Duration::from_secs(60);

/// A round that takes longer hangs, however much there was to remove.
pub const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Never returns. Entries of the audit log are kept for `audit_ttl`.
///
/// Nothing is removed when the database's time has leapt since the last look: a clock that was set wrongly and is
/// corrected costs nobody his session, unless its row is gone.
pub async fn run(service: Arc<Service>, audit_ttl: Duration, heart: Heartbeat) {
    let mut last = None;
    loop {
        let now = service.database_time().await;
        let leapt = |last: Timestamp, now: Timestamp| now.since(last) > 2 * millis(PAUSE);
        match (last, &now) {
            (Some(last), Ok(now)) if leapt(last, *now) => {
                tracing::warn!("the database's time has leapt: nothing is removed for now");
            }
            (Some(_), Ok(_)) => {
                tell("sessions that expired long ago", service.remove_expired().await);
                tell("old entries of the audit log", service.remove_entries(audit_ttl).await);
                tell("what nobody repeats any more", service.remove_idempotency_records().await);
            }
            // The first look only notes the time.
            (None, Ok(_)) => {}
            (_, Err(error)) => tracing::warn!(%error, "nothing old was removed"),
        }
        heart.beat();
        let wait = if last.is_none() { FIRST } else { PAUSE };
        last = now.ok().or(last);
        tokio::time::sleep(wait).await;
    }
}

fn tell(what: &'static str, removed: Result<u64, StoreError>) {
    match removed {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, what, "removed"),
        Err(error) => tracing::warn!(%error, what, "not removed"),
    }
}
