//! What is written into the audit log about what changes nothing else, and the rules that look for patterns in it.

use std::time::Duration;

use crate::audit::{By, Event, NewEntry};
use crate::device::Device;
use crate::store::{SessionId, StoreError, UserId};

use super::Service;

/// So many wrong passwords for one account are many, within [`WHILE`].
const MANY: u32 = 5;

/// How long failures are counted for, and how often their owner is told.
const WHILE: Duration = Duration::from_secs(15 * 60);

impl Service {
    /// Writes an entry into the audit log, whether or not the caller waits for it. Not to be had is no reason to refuse
    /// what it tells of: it changes nothing.
    pub async fn note(&self, entry: NewEntry) {
        let (store, event) = (self.store.clone(), entry.event.name());
        let written = tokio::spawn(async move { store.record(&entry).await });
        let error = match written.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(interrupted) => interrupted.to_string(),
        };
        tracing::warn!(error, event, "an entry of the audit log was not written");
    }

    /// Notes that a session's person has looked at the notices up to this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices_seen(&self, sid: SessionId, up_to: i64) -> Result<(), StoreError> {
        self.store.notices_seen(sid, up_to).await
    }

    /// Notes that a session is renewed far too often.
    pub async fn note_excess(&self, user: UserId, session: SessionId, device: Device) {
        let (event, by) = (Event::ExcessRateLimitExceeded, By::server(device));
        self.note(NewEntry { event, detail: None, user: Some(user), session: Some(session), by }).await;
    }

    /// Notes a password that was wrong, or for a closed account, and whether that makes many. An address without an
    /// account costs as many questions, so that no time tells which those are (but for the entry on many, once in
    /// fifteen minutes).
    pub(super) async fn note_wrong_password(
        &self,
        event: Event,
        detail: Option<&'static str>,
        user: Option<UserId>,
        session: Option<SessionId>,
        device: &Device,
    ) {
        let by = By::server(device.clone());
        self.note(NewEntry { event, detail, user, session, by: by.clone() }).await;
        let count = async |event| self.store.count_entries(event, user, WHILE).await.unwrap_or_default();
        let (failed, told) = (count(event).await, count(Event::AuthnLoginFailMax).await);
        if let Some(user) = user
            && failed >= MANY
            && told == 0
        {
            let event = Event::AuthnLoginFailMax;
            self.note(NewEntry { event, detail: None, user: Some(user), session: None, by }).await;
        }
    }
}
