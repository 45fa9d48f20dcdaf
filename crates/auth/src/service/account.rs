//! Signing up and signing in.

use crate::access::Grant;
use crate::audit::{Actor, By, DISABLED, Event};
use crate::email::{self, BadEmail};
use crate::idempotency::{IdempotencyKey, IdempotencyRecord, KeyedRequest, Operation};
use crate::password::{NewPasswordError, Password, PasswordHash, Verdict};
use crate::refresh::RefreshToken;
use crate::scope::Role;
use crate::store::{CreateUserError, Credentials, NewSession, NewUser, SessionId, StoreError, User, UserId};
use crate::text::{self, BadText};

use super::{BadPassword, Client, Delivery, Issued, NewRefreshToken, Service, Settings, Unavailable};

/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// A person who wants an account. Checked when it is made.
#[derive(Clone, Debug)]
pub struct Registration {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) password: Password,
    pub(super) role: Role,
    pub(super) key: Option<IdempotencyKey>,
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// The address can't be one.
    #[error(transparent)]
    BadEmail(#[from] BadEmail),
    /// There is no name, or it is too long, or nobody could read it.
    #[error("a name has 1 to {MAX_NAME} characters, and this one won't do: {0}")]
    BadName(#[from] BadText),
    /// The password won't do.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// The address has an account already.
    #[error("the address has an account already")]
    EmailTaken,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NewPasswordError> for SignUpError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Bad(bad) => bad.into(),
            NewPasswordError::Failed(error) => Unavailable::from(error).into(),
        }
    }
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong address or password; which of them is not said.
    #[error("wrong email address or password")]
    InvalidCredentials,
    /// The password is right, and the account is closed. Nobody else learns it.
    #[error("the account is closed")]
    Closed,
    /// The address holds what can't be seen, so whoever typed it can't know why nobody has it.
    #[error(transparent)]
    BadEmail(BadEmail),
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Registration {
    /// Checks what a person typed.
    ///
    /// # Errors
    /// [`SignUpError`], each with a sentence for the person.
    pub fn new(name: &str, email: &str, password: Password) -> Result<Self, SignUpError> {
        let (name, email) = (checked_name(name)?, email::canonical(email)?);
        password.check_length()?;
        Ok(Self { name, email, password, role: Role::User, key: None })
    }

    /// The same, for somebody who may do more.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

/// An account that a registration has made.
pub(super) struct MadeAccount {
    pub user: User,
    /// What is remembered of the request, if it had a key.
    pub record: Option<IdempotencyRecord>,
    /// The password's hash as it is now, if an equal request made the account before.
    pub before: Option<PasswordHash>,
}

/// A person's name as it is kept.
pub(super) fn checked_name(name: &str) -> Result<String, BadText> {
    text::name(name, MAX_NAME)
}

impl Service {
    /// Makes an account; for an equal repeat under its idempotency key it is the same one.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up(&self, registration: Registration, by: &By) -> Result<User, SignUpError> {
        let operation = match by.actor {
            Actor::Admin(admin) => Operation::CreateUser(admin),
            Actor::Owner | Actor::CommandLine | Actor::Server => Operation::Register,
        };
        let request = registration.keyed(operation, Delivery::Cookie);
        Ok(self.make_account(registration, request.as_ref(), by).await?.user)
    }

    /// Makes an account, or finds the one that an equal request has made.
    pub(super) async fn make_account(
        &self,
        registration: Registration,
        request: Option<&KeyedRequest>,
        by: &By,
    ) -> Result<MadeAccount, SignUpError> {
        let Registration { name, email, password, role, .. } = registration;
        if let Some(found) = self.made_before(request, &email).await? {
            return Ok(found);
        }
        let Settings { passwords, random, .. } = &self.settings;
        let password_hash = passwords.hash_new(password, vec![name.clone(), email.clone()]).await?;
        let id = UserId(random.uuid().map_err(Unavailable::from)?);
        let session = SessionId(random.uuid().map_err(Unavailable::from)?);
        let idempotency = request.map(|request| self.record(request, id, Some(session))).transpose()?;
        let user = NewUser { id, email, name, password_hash, role, idempotency };
        match self.store.create_user(&user, by).await {
            Ok(made) => Ok(MadeAccount { user: made, record: user.idempotency, before: None }),
            Err(CreateUserError::EmailTaken) => Err(SignUpError::EmailTaken),
            Err(CreateUserError::Store(error)) => Err(Unavailable::from(error).into()),
            // Two came at once.
            Err(CreateUserError::KeyUsed) => {
                let found = self.made_before(request, &user.email).await?;
                found.ok_or_else(|| Unavailable::Contended.into())
            }
        }
    }

    async fn made_before(
        &self,
        request: Option<&KeyedRequest>,
        email: &str,
    ) -> Result<Option<MadeAccount>, SignUpError> {
        let Some(request) = request else { return Ok(None) };
        let Some(record) = self.recall(request).await? else { return Ok(None) };
        let known = self.store.credentials(email).await.map_err(Unavailable::from)?;
        let made = known.filter(|known| known.user.id == record.user);
        Ok(made.map(|Credentials { user, password_hash }| MadeAccount {
            user,
            record: Some(record),
            before: Some(password_hash),
        }))
    }

    /// Checks a password and starts a session. An unknown address costs as long as a wrong password.
    ///
    /// The sessions of `displaced` (those of genuine tokens that came along) end as replaced.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: Password,
        client: impl Into<Client> + Send,
        displaced: &[SessionId],
    ) -> Result<Issued, SignInError> {
        self.sign_in_once(email, password, client.into(), displaced, None).await
    }

    /// The same under an idempotency key: for an equal repeat it is the same session, as in [`Service::register`].
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_once(
        &self,
        email: &str,
        password: Password,
        client: Client,
        displaced: &[SessionId],
        key: Option<&IdempotencyKey>,
    ) -> Result<Issued, SignInError> {
        let device = client.device.clone();
        let request = key.map(|key| {
            let fields = [email.as_bytes(), password.bytes(), client.delivery.name().as_bytes()];
            KeyedRequest::new(Operation::SignIn, key, &fields)
        });
        let known = self.known(email).await.map_err(Unavailable::from)?;
        let id = known.as_ref().map(|known| known.user.id);
        let stored = known.as_ref().map(|known| known.password_hash.clone());
        let verdict = self.settings.passwords.verify(password, stored).await.map_err(Unavailable::from)?;
        let owner = known.filter(|_| verdict != Verdict::Wrong);
        if let (Some(owner), Verdict::RightButStale(new)) = (&owner, &verdict)
            // Only an improvement: a failure here is no reason to send anybody away.
            && let Err(error) = self.store.rehash_password(owner.user.id, &owner.password_hash, new).await
        {
            tracing::warn!(%error, "a password's hash was not renewed");
        }
        let closed = owner.as_ref().and_then(|owner| owner.user.disabled_at).map(|_| DISABLED);
        let issued = match owner {
            Some(owner) if closed.is_none() => {
                self.session_of(request.as_ref(), owner.user, client, displaced).await?
            }
            _ => None,
        };
        let Some(issued) = issued else {
            self.note_wrong_password(Event::AuthnLoginFail, closed, id, None, &device).await;
            return Err(closed.map_or_else(|| refusal(email), |_| SignInError::Closed));
        };
        Ok(issued)
    }

    /// Whoever has this address, in whichever form it is kept.
    async fn known(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        for form in email::kept_forms(email) {
            if let Some(known) = self.store.credentials(&form).await? {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// Starts a session for a user whose password was just checked or set. `None` when the user was disabled
    /// or changed in the meantime.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn start_session(
        &self,
        user: User,
        client: impl Into<Client> + Send,
        displaced: &[SessionId],
    ) -> Result<Option<Issued>, Unavailable> {
        let Settings { random, keys, .. } = &self.settings;
        let token = keys.first(SessionId(random.uuid()?), random)?;
        self.begin_session(user, client.into(), displaced, &token).await
    }

    /// Starts the session of this first token, unless there is one.
    pub(super) async fn begin_session(
        &self,
        user: User,
        client: Client,
        displaced: &[SessionId],
        token: &RefreshToken,
    ) -> Result<Option<Issued>, Unavailable> {
        let Client { delivery, device } = client;
        let (sid, limits) = (token.sid, &self.settings.limits);
        let session = NewSession {
            sid,
            user_id: user.id,
            user_version: user.version,
            secret_hash: token.hash(),
            kid: token.kid,
            absolute: limits.absolute,
            device,
        };
        let asked = self.now();
        let Some(created_at) = self.ends.replace(session, displaced).await? else {
            return Ok(None);
        };
        let session_expires_at = created_at.after(limits.absolute);
        let grant = Grant {
            user: user.id,
            sid,
            generation: 0,
            user_version: user.version,
            authz_version: user.authz_version,
            role: user.role,
            confirm_from: None,
            jar: delivery == Delivery::Cookie,
            not_after: session_expires_at,
        };
        let (access_token, expires_in) = self.grant(grant, self.ahead(asked, created_at))?;
        Ok(Some(Issued {
            access_token,
            expires_in,
            sid,
            session_expires_at,
            user,
            refresh_token: Some(NewRefreshToken::from(token)),
        }))
    }
}

/// Why somebody with this address is not signed in. By the address alone, so that it tells nothing of whether there is
/// an account.
fn refusal(email: &str) -> SignInError {
    match email::canonical(email) {
        Err(hidden @ BadEmail::Hidden) => SignInError::BadEmail(hidden),
        Err(BadEmail::NoAddress) | Ok(_) => SignInError::InvalidCredentials,
    }
}
