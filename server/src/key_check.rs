//! Whether the sessions in the database were made with keys that are here. They weren't when the data folder was lost and
//! the database was not, or when another server on the same database has keys of its own.

use std::sync::Arc;

use lanyard_auth::Service;
use lanyard_auth::records::Records;

/// Looks at the newest sessions and tells the log. For the background: a start never waits for it.
pub async fn run(service: Arc<Service>, records: Arc<dyn Records>) {
    match service.sample_keys(&*records).await {
        Ok(sample) if sample.unreadable > 0 => tracing::warn!(
            "{} of the newest {} live sessions were made with a master key that is not here. If another server has it, \
             copy its master.keys into the data folder; without it, these people sign in again",
            sample.unreadable,
            sample.sessions,
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "not known whether the keys of all sessions are here"),
    }
}
