//! What callers use: sign up, sign in, refresh, authenticate, sign out, here and elsewhere.
//!
//! Each method is one step of the protocol: it reads, asks [`decide`] or the verifier, writes by one
//! transaction of the [`Store`], and answers only after that has committed.

mod account;
mod audit;
mod ends;
mod in_step;
mod removal;
mod renew;
mod repeats;
mod revoke;
mod sessions;
mod unknown_keys;

use std::fmt;
use std::sync::Arc;

use crate::access::{AccessError, AccessTokenText, AccessTokens, Claims, Grant, KeyError};
use crate::audit::By;
use crate::confirm::Confirmations;
use crate::device::Device;
use crate::hint::Hint;
use crate::password::{BadPassword, PasswordError, Passwords};
use crate::random::{NoRandomness, Random};
use crate::refresh::{MasterKeys, RefreshToken, RefreshTokenText, UnknownKey};
use crate::rotation::Limits;
use crate::store::{EndReason, SessionId, Store, StoreError, User};
use crate::tasks::Tasks;
use crate::time::{Clock, Timestamp};

use ends::Ends;
use unknown_keys::UnknownKeys;

pub use account::{Registration, SignInError, SignUpError};
pub use ends::{Disabled, Immediate};
pub use renew::RefreshError;
pub use revoke::ChangePasswordError;
pub use sessions::LabelError;
pub use unknown_keys::KeySample;

/// What the service is made from.
#[derive(Debug)]
pub struct Settings {
    /// The rotation rule's durations; already checked.
    pub limits: Limits,
    /// Signs and checks access tokens.
    pub access: AccessTokens,
    /// Makes and checks refresh tokens.
    pub keys: MasterKeys,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Tells the time for signing and checking access tokens.
    pub clock: Clock,
    /// Gives random bytes.
    pub random: Random,
    /// Access tokens of an ended session are refused at once; without, they run to their expiry.
    pub immediate: Option<Immediate>,
}

/// How a client keeps its refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// In a browser's cookie jar, beside a hint.
    Cookie,
    /// By itself, out of a response's body.
    Body,
}

impl Delivery {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// Who asks for tokens.
#[derive(Clone, Debug)]
pub struct Client {
    /// How it keeps its refresh token.
    pub delivery: Delivery,
    /// Where it is.
    pub device: Device,
}

/// Somewhere.
impl From<Delivery> for Client {
    fn from(delivery: Delivery) -> Self {
        Self { delivery, device: Device::default() }
    }
}

/// What a sign-in or a renewal hands out.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The access token.
    pub access_token: AccessTokenText,
    /// Seconds until it expires.
    pub expires_in: u32,
    /// The session.
    pub sid: SessionId,
    /// The session's absolute limit.
    pub session_expires_at: Timestamp,
    /// Whose it is.
    pub user: User,
    /// The refresh token to keep from now on, where the rule hands one out.
    pub refresh_token: Option<NewRefreshToken>,
}

/// A refresh token that a client is to keep.
#[derive(Clone, Debug)]
pub struct NewRefreshToken {
    /// The token.
    pub text: RefreshTokenText,
    /// What is to lie beside it in a cookie jar.
    pub hint: Hint,
}

impl From<&RefreshToken> for NewRefreshToken {
    fn from(token: &RefreshToken) -> Self {
        Self { text: token.text(), hint: Hint::new(token.sid, token.generation) }
    }
}

/// If two clocks are apart by more, one of them was set, in milliseconds.
const WAS_SET: i64 = 1_000;

/// The token engine.
pub struct Service {
    store: Arc<dyn Store>,
    settings: Settings,
    ends: Ends,
    confirmations: Confirmations,
    unknown_keys: UnknownKeys,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

/// Nothing is wrong with the request; the server can't answer it now. 503, and trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A master key is missing here.
    #[error(transparent)]
    Key(#[from] UnknownKey),
    /// The derived successor is not the one that was stored: this node's key is wrong.
    #[error("a derived refresh token does not match the stored hash: wrong master key?")]
    WrongKey,
    /// The session's row changed under every attempt.
    #[error("a session was changed by others at every attempt")]
    Contended,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The system has no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// An access token could not be signed.
    #[error(transparent)]
    Signing(#[from] KeyError),
}

impl Service {
    /// Starts the service: fills the revocation set from the database and starts the confirmation queue.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn start(store: Arc<dyn Store>, settings: Settings) -> Result<Self, StoreError> {
        Self::start_among(store, settings, &Tasks::default()).await
    }

    /// The same, with its background tasks among these, so that somebody can look after them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn start_among(
        store: Arc<dyn Store>,
        settings: Settings,
        tasks: &Tasks,
    ) -> Result<Self, StoreError> {
        let limits = &settings.limits;
        // S more, since so far ahead of our clock a token may have been signed.
        let keep = settings.access.ttl() + 2 * limits.client_timeout() + limits.settle;
        let (clock, immediate) = (settings.clock.clone(), settings.immediate);
        let ends = Ends::load(Arc::clone(&store), clock, keep, immediate, tasks).await?;
        let confirmations = Confirmations::start(Arc::clone(&store), limits.settle, tasks);
        Ok(Self { store, settings, ends, confirmations, unknown_keys: UnknownKeys::new() })
    }

    /// The rotation rule's durations.
    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// The access tokens' side: lifetime and public keys.
    pub fn access(&self) -> &AccessTokens {
        &self.settings.access
    }

    /// The time by which access tokens are signed and checked.
    pub fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    /// The user of a live session, as the database has it now.
    ///
    /// # Errors
    /// [`RefreshError`], as for a renewal.
    pub async fn user_of(&self, sid: SessionId) -> Result<User, RefreshError> {
        Ok(self.live(sid).await?.row.user)
    }

    /// Whether the database takes writes.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.store.writable().await
    }

    /// The time by which the database judges ages.
    ///
    /// # Errors
    /// [`StoreError`] when it does not answer.
    pub async fn database_time(&self) -> Result<Timestamp, StoreError> {
        self.store.now().await
    }

    /// Checks an access token and notes its use. Looks nothing up in the database, unless the revocation set is full.
    ///
    /// `hint` is the hint cookie that came with the call, if one did.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn authenticate(&self, token: &str, hint: Option<&Hint>) -> Result<Claims, AccessError> {
        let now = self.settings.clock.now();
        let access = &self.settings.access;
        let claims = access.verify(token, now).inspect_err(|error| {
            if let Some(kid) = access.unknown_kid(token).filter(|_| *error == AccessError::Invalid) {
                self.unknown_keys.note_signing(kid);
            }
        })?;
        // Our clock was set back: what was revoked since then may be forgotten before this token expires.
        if Timestamp::from_seconds(claims.iat) > now.after(self.settings.limits.settle) {
            return Err(AccessError::Expired);
        }
        self.ends.check(&claims, now).await?;
        self.confirmations.note(&claims, hint, now);
        Ok(claims)
    }

    /// Waits until the confirmations noted so far have been tried. Call it before the server stops.
    pub async fn flush(&self) {
        self.confirmations.flush().await;
    }

    /// Ends the sessions of these genuine tokens, whatever their generation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_out(&self, sids: &[SessionId], device: &Device) -> Result<(), StoreError> {
        self.ends.end(sids, EndReason::SignedOut, &By::owner(device.clone())).await
    }

    /// How far our clock is ahead of the database's, in milliseconds. `database` is its time, told in answer to what was
    /// asked at `asked` by ours: somewhere between then and now. What the answer took is no difference.
    fn ahead(&self, asked: Timestamp, database: Timestamp) -> i64 {
        let (least, most) = (asked.since(database), self.now().since(database));
        // The database tells the time once it has its locks, so that most of the wait lies before.
        if least < WAS_SET && most > -WAS_SET { 0 } else { most }
    }

    /// Signs an access token. The grant's moments are by the database's clock, and `ahead` of it is ours, by which the
    /// token is checked.
    fn grant(&self, grant: Grant, ahead: i64) -> Result<(AccessTokenText, u32), Unavailable> {
        let jti = self.settings.random.uuid()?;
        let now = self.settings.clock.now();
        let ours = |at: Timestamp| Timestamp(at.0.saturating_add(ahead));
        let confirm_from = grant.confirm_from.map(ours);
        let grant = Grant { confirm_from, not_after: ours(grant.not_after), ..grant };
        Ok(self.settings.access.sign(grant, jti, now)?)
    }
}
