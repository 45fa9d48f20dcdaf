//! What is written into the audit log about what changes nothing else, and the rules that look for patterns in it.

use std::time::Duration;

use crate::audit::{By, Event, NewEntry};
use crate::device::Device;
use crate::store::{SessionId, StoreError, UserId};

use super::{Service, SignInError};

/// So many wrong passwords for one account are many, within [`WHILE`].
const MANY: u32 = 5;

/// How long failures are counted for, and how often their owner is told.
const WHILE: Duration = Duration::from_secs(15 * 60);

impl Service {
    /// Writes an entry into the audit log. Not to be had is no reason to refuse what it tells of: it changes nothing.
    pub async fn note(&self, entry: NewEntry) {
        let event = entry.event.name();
        if let Err(error) = self.store.record(&entry).await {
            tracing::warn!(%error, event, "an entry of the audit log was not written");
        }
    }

    /// Notes that a session is renewed far too often.
    pub async fn note_excess(&self, user: UserId, session: SessionId, device: Device) {
        let (event, by) = (Event::ExcessRateLimitExceeded, By::server(device));
        self.note(NewEntry { event, detail: None, user: Some(user), session: Some(session), by }).await;
    }

    /// Notes that a session's person has looked at the notices up to this one, which are not shown there again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices_seen(&self, session: SessionId, up_to: i64) -> Result<(), StoreError> {
        self.store.notices_seen(session, up_to).await
    }

    /// Notes a sign-in that failed, and whether that makes many. Both are done for addresses without an account too,
    /// so that no time tells which those are.
    pub(super) async fn refuse(&self, user: Option<UserId>, device: Device) -> SignInError {
        let by = By::owner(device.clone());
        self.note(NewEntry { event: Event::AuthnLoginFail, detail: None, user, session: None, by }).await;
        let count = async |event| self.store.count_entries(event, user, WHILE).await.unwrap_or_default();
        if count(Event::AuthnLoginFail).await >= MANY
            && user.is_some()
            && count(Event::AuthnLoginFailMax).await == 0
        {
            let (event, by) = (Event::AuthnLoginFailMax, By::server(device));
            self.note(NewEntry { event, detail: None, user, session: None, by }).await;
        }
        SignInError::InvalidCredentials
    }
}
