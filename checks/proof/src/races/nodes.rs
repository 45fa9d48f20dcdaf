//! Two servers over one database, and people who are signed in there. For `races`, `planted` and `growth`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lanyard_auth::access::{AccessTokens, SigningAlgorithm, SigningKey};
use lanyard_auth::audit::By;
use lanyard_auth::password::{Password, PasswordHash, Passwords};
use lanyard_auth::random::Random;
use lanyard_auth::refresh::{MasterKeys, RefreshToken};
use lanyard_auth::rotation::Limits;
use lanyard_auth::scope::Role;
use lanyard_auth::service::{Delivery, Issued, RefreshError};
use lanyard_auth::store::{NewUser, Session, SessionId, Store, User, UserId};
use lanyard_auth::time::Clock;
use lanyard_auth::{Service, Settings};

use super::line::Line;
use crate::database::Database;
use crate::planted::bug::Bug;
use crate::planted::gate::Gate;
use crate::planted::store::Planted;

/// Everybody's.
pub const PASSWORD: &str = "correct horse";

/// The one that it is changed to.
pub const NEW_PASSWORD: &str = "staple battery horse";

/// The defaults of the server.
pub const LIMITS: Limits = Limits {
    retry_window: Duration::from_secs(30),
    settle: Duration::from_secs(120),
    idle: Duration::from_secs(7 * 24 * 3600),
    absolute: Duration::from_secs(30 * 24 * 3600),
};

/// An access token's lifetime: the server's default.
pub const ACCESS: Duration = Duration::from_secs(900);

/// Two servers on a fresh database whose time stands still.
pub struct Nodes<D> {
    /// The servers. Dropped before the database is.
    pub services: [Arc<Service>; 2],
    stores: [Arc<dyn Store>; 2],
    /// Between the stores' reads and the servers.
    pub gate: Gate,
    /// Before what ends sessions in the stores.
    pub line: Line,
    /// The database.
    pub db: Arc<D>,
    key: SigningKey,
    passwords: Passwords,
    password_hash: PasswordHash,
}

impl<D: Database> Nodes<D> {
    /// Starts them over real stores.
    ///
    /// # Errors
    /// They could not be started.
    pub async fn start() -> Result<Self> {
        Self::with(None).await
    }

    /// Starts them over real stores that have a bug, or none.
    ///
    /// # Errors
    /// They could not be started.
    pub async fn with(bug: Option<Bug>) -> Result<Self> {
        let db = Arc::new(D::fresh().await);
        let pem = SigningKey::generate_pem(SigningAlgorithm::EdDsa)?;
        let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, &pem)?;
        let passwords = Passwords::new(Random::System, 2)?;
        let password_hash = passwords.hash(Password::new(PASSWORD.to_owned())).await?;
        let (gate, line) = (Gate::default(), Line::default());
        let stores = [db.store(), db.second_node().await].map(|real| -> Arc<dyn Store> {
            Arc::new(Planted::new(real, Arc::clone(&db), bug, gate.clone(), line.clone()))
        });
        let [one, other] = stores.clone();
        let services = [
            start(one, db.clock(), key.clone(), passwords.clone()).await?,
            start(other, db.clock(), key.clone(), passwords.clone()).await?,
        ];
        Ok(Self { services, stores, gate, line, db, key, passwords, password_hash })
    }

    /// The first node as it is when it was started again.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn restarted(&self) -> Result<Arc<Service>> {
        let [store, _] = self.stores.clone();
        start(store, self.db.clock(), self.key.clone(), self.passwords.clone()).await
    }

    /// Somebody with an account.
    ///
    /// # Errors
    /// What the database said.
    pub async fn user(&self) -> Result<User> {
        let id = Random::System.uuid()?;
        let user = NewUser {
            id: UserId(id),
            email: format!("{id}@example.com"),
            name: "Ada".to_owned(),
            password_hash: self.password_hash.clone(),
            role: Role::User,
            idempotency: None,
        };
        Ok(self.db.store().create_user(&user, &By::default()).await?)
    }

    /// Signs somebody in at the first node.
    ///
    /// # Errors
    /// What the service said; `user` has changed.
    pub async fn sign_in(&self, user: &User) -> Result<Issued> {
        let [here, _] = &self.services;
        here.start_session(user.clone(), Delivery::Cookie, &[]).await?.context("the user has changed")
    }

    /// The store of the first node.
    pub fn store(&self) -> &dyn Store {
        let [here, _] = &self.stores;
        here.as_ref()
    }

    /// Lets the settling time pass: the next renewal rotates.
    pub async fn settle(&self) {
        self.db.pass(LIMITS.settle).await;
    }

    /// A session's row, as the database has it.
    ///
    /// # Errors
    /// What the database said; there is no such session.
    pub async fn row(&self, sid: SessionId) -> Result<Session> {
        Ok(self.db.store().session(sid).await?.context("no such session")?.row)
    }
}

/// Every node's.
pub fn master_keys() -> MasterKeys {
    MasterKeys::new(&[7; 32], &[])
}

/// A server with the default durations.
///
/// # Errors
/// The database does not answer.
pub async fn start(
    store: Arc<dyn Store>,
    clock: Clock,
    key: SigningKey,
    passwords: Passwords,
) -> Result<Arc<Service>> {
    let settings = Settings {
        limits: LIMITS,
        access: AccessTokens::new(key, "https://lanyard.example", ACCESS),
        keys: master_keys(),
        passwords,
        clock,
        random: Random::System,
        immediate: Some(crate::ALONE),
    };
    Ok(Arc::new(Service::start(store, settings).await?))
}

/// The refresh token that was handed out.
///
/// # Errors
/// There was none.
pub fn token(issued: &Issued) -> Result<RefreshToken> {
    let handed_out = issued.refresh_token.as_ref().context("no refresh token was handed out")?;
    Ok(RefreshToken::parse(handed_out.text.reveal())?)
}

/// Renews as a browser does.
///
/// # Errors
/// [`RefreshError`].
pub async fn renew(service: &Service, token: &RefreshToken) -> Result<Issued, RefreshError> {
    service.refresh(token, None, Delivery::Cookie).await
}
