//! Whether this server can do its work: for `/health/ready`.
//!
//! Ready means that a write would succeed, which only a write shows, and that every background task is at work. Anybody
//! may ask, so the database is asked at most once in a while, whoever waits for the answer and for how long.

use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::Service;
use lanyard_auth::tasks::Tasks;
use lanyard_auth::time::{Clock, Timestamp, millis};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long an answer holds.
const FRESH: Duration = Duration::from_secs(3);

/// A database that takes longer takes no writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks, and remembers for a while.
#[derive(Debug)]
pub struct Readiness {
    service: Arc<Service>,
    tasks: Tasks,
    clock: Clock,
    last: Arc<Mutex<Option<Seen>>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Timestamp,
    writable: bool,
}

impl Readiness {
    /// Of this server.
    pub fn new(service: Arc<Service>, tasks: Tasks, clock: Clock) -> Self {
        Self { service, tasks, clock, last: Arc::default() }
    }

    /// Whether it is.
    pub async fn is_ready(&self) -> bool {
        self.tasks.down().is_empty() && self.is_writable().await
    }

    async fn is_writable(&self) -> bool {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some(seen) = *last
            && (0..millis(FRESH)).contains(&self.clock.now().since(seen.at))
        {
            return seen.writable;
        }
        let (service, clock) = (Arc::clone(&self.service), self.clock.clone());
        // To the end, even if whoever asked goes away: the next one would else ask anew.
        let asked = tokio::spawn(async move {
            let writable = ask(&service, last.is_none_or(|seen| seen.writable)).await;
            *last = Some(Seen { at: clock.now(), writable });
            writable
        });
        asked.await.unwrap_or(false)
    }
}

/// Asks the database; a change is told.
async fn ask(service: &Service, before: bool) -> bool {
    let why = match timeout(PATIENCE, service.ready()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it takes too long".to_owned()),
    };
    match &why {
        Some(why) if before => tracing::warn!(why, "not ready: the database can't be written"),
        None if !before => tracing::info!("ready: the database can be written again"),
        _ => {}
    }
    why.is_none()
}

#[cfg(test)]
mod tests;
