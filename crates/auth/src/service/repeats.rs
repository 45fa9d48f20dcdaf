//! Requests that come again because an answer was lost: an equal one has the effect and the answer of one.

use crate::access::Grant;
use crate::audit::By;
use crate::idempotency::{IdempotencyKey, IdempotencyRecord, KeyedRequest, Operation};
use crate::refresh::RefreshToken;
use crate::store::{EndReason, SessionId, User, UserId};

use super::account::MadeAccount;
use super::renew::still_live;
use super::{Client, Delivery, Issued, NewRefreshToken, Registration, Service, SignUpError, Unavailable};

/// Why nothing can be said of a request with a key.
pub(super) enum RecallError {
    /// Its key was used for another one.
    KeyReused,
    /// Not now.
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for RecallError {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<RecallError> for SignUpError {
    fn from(error: RecallError) -> Self {
        match error {
            RecallError::KeyReused => Self::KeyReused,
            RecallError::Unavailable(error) => error.into(),
        }
    }
}

impl Service {
    /// Makes an account and starts a session; `None` when the account is made and nobody could be signed in.
    ///
    /// With an idempotency key, an equal repeat gets the same account, and the same session for as long as nobody has
    /// renewed or ended it: whoever lost the answer holds no token of it.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn register(
        &self,
        registration: Registration,
        client: Client,
        displaced: &[SessionId],
    ) -> Result<Option<Issued>, SignUpError> {
        let by = By::owner(client.device.clone());
        let request = registration.keyed(Operation::Register, client.delivery);
        let password = registration.password.clone();
        let MadeAccount { user, record, before } =
            self.make_account(registration, request.as_ref(), &by).await?;
        // It may be another one by now, and the old one signs nobody in.
        if let Some(stored) = before
            && !self.is_password(&password, &stored).await?
        {
            return Ok(None);
        }
        let issued = match request.zip(record) {
            Some((request, IdempotencyRecord { kid, session: Some(sid), .. })) => {
                let first = request.first_token(&self.settings.keys, kid, sid).map_err(Unavailable::from)?;
                self.first_session(user, client, displaced, &first).await
            }
            _ => self.start_session(user, client, displaced).await,
        };
        Ok(issued.unwrap_or_else(|error| {
            tracing::warn!(%error, "an account was made, and nobody signed in");
            None
        }))
    }

    /// The session that a sign-in begins.
    pub(super) async fn session_of(
        &self,
        request: Option<&KeyedRequest>,
        user: User,
        client: Client,
        displaced: &[SessionId],
    ) -> Result<Option<Issued>, Unavailable> {
        let Some(request) = request else { return self.start_session(user, client, displaced).await };
        let (keys, kid) = (&self.settings.keys, self.settings.keys.current());
        let first = request.first_token(keys, kid, request.session(keys, kid)?)?;
        self.first_session(user, client, displaced, &first).await
    }

    /// The session that begins with this token; begun already, it is handed out once more.
    async fn first_session(
        &self,
        user: User,
        client: Client,
        displaced: &[SessionId],
        first: &RefreshToken,
    ) -> Result<Option<Issued>, Unavailable> {
        let sid = first.sid;
        // A browser that shows its token did get the first answer.
        let displaced: Vec<_> = displaced.iter().copied().filter(|displaced| *displaced != sid).collect();
        if let Some(issued) = self.begin_session(user.clone(), client.clone(), &displaced, first).await? {
            return Ok(Some(issued));
        }
        let asked = self.now();
        let Some(seen) = self.store.session(sid).await? else { return Ok(None) };
        let ahead = self.ahead(asked, seen.now);
        let session = seen.row;
        let untouched = session.generation == 0 && still_live(&session, seen.now, self.limits()).is_ok();
        if !untouched {
            // It is somebody's, or over: who knows the password may sign in.
            return self.start_session(user, client, &displaced).await;
        }
        // A node with the wrong key must never hand out a wrong token.
        if first.hash() != session.current {
            return Err(Unavailable::WrongKey);
        }
        if !displaced.is_empty() {
            self.ends.end(&displaced, EndReason::Replaced, &By::server(client.device.clone())).await?;
        }
        let grant = Grant {
            user: session.user.id,
            sid,
            generation: 0,
            user_version: session.user_version,
            authz_version: session.user.authz_version,
            role: session.user.role,
            confirm_from: None,
            jar: client.delivery == Delivery::Cookie,
            not_after: session.expires_at,
        };
        let (access_token, expires_in) = self.grant(grant, ahead)?;
        Ok(Some(Issued {
            access_token,
            expires_in,
            sid,
            session_expires_at: session.expires_at,
            user: session.user,
            refresh_token: Some(NewRefreshToken::from(first)),
        }))
    }

    /// What was done by an equal request; `None` when nothing was done under its key.
    pub(super) async fn recall(
        &self,
        request: &KeyedRequest,
    ) -> Result<Option<IdempotencyRecord>, RecallError> {
        let Some(record) = self.store.idempotency_record(&request.id).await? else { return Ok(None) };
        if request.fingerprint(&self.settings.keys, record.kid)? == record.fingerprint {
            Ok(Some(record))
        } else {
            Err(RecallError::KeyReused)
        }
    }

    /// What an equal request is to find.
    pub(super) fn record(
        &self,
        request: &KeyedRequest,
        user: UserId,
        session: Option<SessionId>,
    ) -> Result<IdempotencyRecord, Unavailable> {
        let kid = self.settings.keys.current();
        let fingerprint = request.fingerprint(&self.settings.keys, kid)?;
        Ok(IdempotencyRecord { id: request.id, fingerprint, kid, user, session, ended: 0 })
    }
}

impl Registration {
    /// The same under an idempotency key.
    #[must_use]
    pub fn with_key(self, key: Option<IdempotencyKey>) -> Self {
        Self { key, ..self }
    }

    /// The request that it is, if it has a key.
    pub(super) fn keyed(&self, operation: Operation, delivery: Delivery) -> Option<KeyedRequest> {
        let (name, email) = (self.name.as_bytes(), self.email.as_bytes());
        let (role, delivery) = (self.role.name().as_bytes(), delivery.name().as_bytes());
        let fields = [name, email, self.password.bytes(), role, delivery];
        self.key.as_ref().map(|key| KeyedRequest::new(operation, key, &fields))
    }
}
