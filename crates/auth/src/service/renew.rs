//! Renewal: the rotation rule put to work.

use crate::access::Grant;
use crate::audit::moved;
use crate::refresh::{RefreshToken, Salt, SecretHash};
use crate::rotation::{Decision, Limits, Row, decide, relate};
use crate::store::{EndReason, Guard, Rotation, Seen, Session, SessionId};
use crate::time::Timestamp;

use super::{Client, Delivery, Issued, NewRefreshToken, Service, Settings, Unavailable};

/// A thousand renewals at once need no more: once one has won, the others write nothing.
const ATTEMPTS: usize = 3;

/// Why a renewal got nothing.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token belongs to another session than the caller believes in. Nothing was changed.
    #[error("the token belongs to another session")]
    SessionChanged,
    /// Not one of ours, or its session is not known any more.
    #[error("the refresh token is not known")]
    Unknown,
    /// It had been replaced, and was used again. The session was ended.
    #[error("a replaced refresh token was used again")]
    Reused,
    /// Its session was ended.
    #[error("the session was ended")]
    Revoked(EndReason),
    /// Its session's idle or absolute limit has passed.
    #[error("the session has expired")]
    Expired,
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What one look at the row led to.
enum Outcome {
    Done(Box<Issued>),
    /// The row changed between the look and the write.
    Raced,
}

impl Service {
    /// Renews: hands out a new access token, and a new refresh token where the rule says so.
    ///
    /// `expected` is the session that the caller believes in, if it says so.
    ///
    /// # Errors
    /// [`RefreshError`], judged in this order: genuine, session, known, ended, expired, the rule.
    pub async fn refresh(
        &self,
        token: &RefreshToken,
        expected: Option<SessionId>,
        client: impl Into<Client> + Send,
    ) -> Result<Issued, RefreshError> {
        let client = client.into();
        if !self.is_genuine(token).map_err(Unavailable::from)? {
            return Err(RefreshError::Unknown);
        }
        if expected.is_some_and(|expected| expected != token.sid) {
            return Err(RefreshError::SessionChanged);
        }
        for _ in 0..ATTEMPTS {
            let asked = self.now();
            let seen = self.live(token.sid).await?;
            let ahead = self.ahead(asked, seen.now);
            match self.attempt(token, &seen, ahead, &client).await? {
                Outcome::Done(issued) => return Ok(*issued),
                Outcome::Raced => {}
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// A session that may be renewed, and the database's time.
    pub(super) async fn live(&self, sid: SessionId) -> Result<Seen<Session>, RefreshError> {
        let seen = self.store.session(sid).await.map_err(Unavailable::from)?;
        let seen = seen.ok_or(RefreshError::Unknown)?;
        if let Some(ended) = seen.row.ended {
            self.ends.saw(sid, ended);
        }
        still_live(&seen.row, seen.now, &self.settings.limits)?;
        Ok(seen)
    }

    async fn attempt(
        &self,
        token: &RefreshToken,
        seen: &Seen<Session>,
        ahead: i64,
        client: &Client,
    ) -> Result<Outcome, RefreshError> {
        let Seen { row: session, now } = seen;
        let limits = &self.settings.limits;
        let hash = token.hash();
        let row = Row {
            generation: session.generation,
            current: &session.current,
            previous: session.previous.as_ref(),
        };
        let relation = relate(row, token.generation, &hash);
        let age = now.since(session.rotated_at);
        let renewal = Renewal { service: self, session, ahead, client };
        match decide(relation, age, session.confirmed, session.recoveries, limits) {
            Decision::Keep => renewal.keep(),
            Decision::Repeat => renewal.repeat(token),
            Decision::Bridge => renewal.bridge(token),
            Decision::Rotate => renewal.rotate(token, hash, 0).await,
            Decision::Recover => renewal.rotate(token, hash, session.recoveries.saturating_add(1)).await,
            Decision::EndReused => renewal.end(EndReason::TokenReused, RefreshError::Reused).await,
            Decision::EndUnconfirmed => {
                let told = RefreshError::Revoked(EndReason::Unconfirmed);
                renewal.end(EndReason::Unconfirmed, told).await
            }
            Decision::Unknown => Err(RefreshError::Unknown),
        }
    }
}

/// Whether a session may be renewed at all, at the database's time.
pub(super) fn still_live(session: &Session, now: Timestamp, limits: &Limits) -> Result<(), RefreshError> {
    if let Some(reason) = session.why_over() {
        return Err(RefreshError::Revoked(reason));
    }
    if now >= session.not_after(limits.idle) {
        return Err(RefreshError::Expired);
    }
    Ok(())
}

/// One decided renewal of a session that was just looked at.
#[derive(Clone, Copy)]
struct Renewal<'a> {
    service: &'a Service,
    session: &'a Session,
    /// How far our clock is ahead of the database's, in milliseconds.
    ahead: i64,
    client: &'a Client,
}

impl Renewal<'_> {
    fn settings(&self) -> &Settings {
        &self.service.settings
    }

    /// Rule 1: an access token of the newest generation, nothing else.
    fn keep(&self) -> Result<Outcome, RefreshError> {
        self.issue(self.newest(), None)
    }

    /// Rule 3: the same successor, derived again.
    fn repeat(&self, token: &RefreshToken) -> Result<Outcome, RefreshError> {
        let Session { kid, generation, salt, .. } = self.session;
        let salt = salt.ok_or(Unavailable::WrongKey)?;
        let successor = self.settings().keys.successor(token, *kid, *generation, &salt);
        let successor = successor.map_err(Unavailable::from)?;
        // A node with the wrong key must never hand out a wrong successor.
        if successor.hash() != self.session.current {
            return Err(Unavailable::WrongKey.into());
        }
        self.issue(self.newest(), Some(&successor))
    }

    /// Rule 4: an access token of the old generation that ends soon and never confirms.
    fn bridge(&self, token: &RefreshToken) -> Result<Outcome, RefreshError> {
        let limits = &self.settings().limits;
        let until = self.session.rotated_at.after(limits.settle + limits.client_timeout());
        let not_after = until.min(self.session.expires_at);
        let grant = Grant { generation: token.generation, confirm_from: None, not_after, ..self.newest() };
        self.issue(grant, None)
    }

    /// Rules 2 and 5: one rotation, forward from the presented token.
    async fn rotate(
        &self,
        token: &RefreshToken,
        presented: SecretHash,
        recoveries: u8,
    ) -> Result<Outcome, RefreshError> {
        let Settings { keys, random, limits, .. } = self.settings();
        let Some(generation) = self.session.generation.checked_add(1) else {
            return Err(RefreshError::Expired);
        };
        let (kid, salt) = (keys.current(), Salt(random.bytes().map_err(Unavailable::from)?));
        let successor = keys.successor(token, kid, generation, &salt).map_err(Unavailable::from)?;
        let rotation = Rotation {
            seen: self.guard(),
            presented,
            next: successor.hash(),
            salt,
            kid,
            recoveries,
            not_after: self.session.not_after(limits.idle),
            moved: moved(&self.session.device, &self.client.device),
            device: self.client.device.clone(),
        };
        let store = &self.service.store;
        let asked = self.service.now();
        let Some(rotated_at) = store.rotate(&rotation).await.map_err(Unavailable::from)? else {
            return Ok(Outcome::Raced);
        };
        if recoveries > 0 {
            tracing::warn!(session = %self.session.sid, recoveries, "a session was recovered from its previous token");
        }
        let confirm_from = Some(rotated_at.after(limits.settle));
        let rotated = Renewal { ahead: self.service.ahead(asked, rotated_at), ..*self };
        rotated.issue(Grant { generation, confirm_from, ..self.newest() }, Some(&successor))
    }

    /// Rules 5 and 6: ends the session. The revocation commits although the answer is an error.
    async fn end(&self, reason: EndReason, told: RefreshError) -> Result<Outcome, RefreshError> {
        let ended = self.service.ends.end_if_seen(self.guard(), reason, &self.client.device).await;
        if !ended.map_err(Unavailable::from)? {
            return Ok(Outcome::Raced);
        }
        tracing::warn!(session = %self.session.sid, reason = reason.name(), "a session was ended");
        Err(told)
    }

    fn guard(&self) -> Guard {
        let Session { sid, generation, confirmed, .. } = *self.session;
        Guard { sid, generation, confirmed }
    }

    /// An access token of the row's newest generation.
    fn newest(&self) -> Grant {
        let session = self.session;
        let settled_at = session.rotated_at.after(self.settings().limits.settle);
        Grant {
            user: session.user.id,
            sid: session.sid,
            generation: session.generation,
            user_version: session.user_version,
            authz_version: session.user.authz_version,
            role: session.user.role,
            confirm_from: (!session.confirmed).then_some(settled_at),
            jar: self.client.delivery == Delivery::Cookie,
            not_after: session.expires_at,
        }
    }

    fn issue(&self, grant: Grant, successor: Option<&RefreshToken>) -> Result<Outcome, RefreshError> {
        let (access_token, expires_in) = self.service.grant(grant, self.ahead)?;
        Ok(Outcome::Done(Box::new(Issued {
            access_token,
            expires_in,
            sid: self.session.sid,
            session_expires_at: self.session.expires_at,
            user: self.session.user.clone(),
            refresh_token: successor.map(NewRefreshToken::from),
        })))
    }
}
