//! The token engine over a real store, rule by rule. Time is moved, never slept.
//!
//! A database's own test crate names its harness `Database` and includes this.

mod accounts;
mod audit;
mod clocks;
mod confirmation;
mod elsewhere;
mod endings;
mod idempotency;
mod in_step;
mod lost;
mod removal;
mod roles;
mod rules;
mod tasks;
mod theft;
mod unknown_keys;

use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::access::{AccessError, AccessTokens, Claims, SigningAlgorithm, SigningKey};
use lanyard_auth::audit::By;
use lanyard_auth::hint::Hint;
use lanyard_auth::password::{Password, Passwords};
use lanyard_auth::random::Random;
use lanyard_auth::refresh::{MasterKeys, RefreshToken};
use lanyard_auth::rotation::Limits;
use lanyard_auth::service::{Delivery, Immediate, Issued, RefreshError, Registration};
use lanyard_auth::store::{Session, SessionId, Store};
use lanyard_auth::time::{Clock, Timestamp};
use lanyard_auth::{Service, Settings};
use zeroize::Zeroizing;

use crate::Database;
use crate::conformance::Harness as _;

const ACCESS_TTL: Duration = Duration::from_secs(15 * 60);
const DAY: Duration = Duration::from_secs(24 * 3600);
const LIMITS: Limits = Limits {
    retry_window: Duration::from_secs(30),
    settle: Duration::from_secs(120),
    idle: Duration::from_secs(7 * 24 * 3600),
    absolute: Duration::from_secs(30 * 24 * 3600),
};
const MASTER: [u8; 32] = [7; 32];
/// What others end is not looked for.
const ALONE: Immediate = Immediate { capacity: 1_000, poll: DAY };
/// Longer than it takes a server to hear of an end.
const SOON: Duration = Duration::from_secs(8);
const PASSWORD: &str = "correct horse";

/// One server over one database, and the hands that move its clock.
struct World {
    db: Database,
    service: Arc<Service>,
    pem: Zeroizing<String>,
}

impl World {
    async fn new() -> Self {
        let db = Database::fresh().await;
        let pem = SigningKey::generate_pem(SigningAlgorithm::EdDsa).unwrap();
        let service = start(db.store(), db.clock(), &pem, &MasterKeys::new(&MASTER, &[])).await;
        Self { db, service, pem }
    }

    /// A second server on the same database, or this one started again, with these master keys.
    async fn node(&self, keys: &MasterKeys) -> Arc<Service> {
        start(self.db.second_node().await, self.db.clock(), &self.pem, keys).await
    }

    fn store(&self) -> Arc<dyn Store> {
        self.db.store()
    }

    async fn pass(&self, time: Duration) {
        self.db.pass(time).await;
    }

    /// Somebody with an account, signed in.
    async fn signed_in(&self) -> Issued {
        self.sign_up("ada@example.com").await;
        self.sign_in("ada@example.com", &[]).await
    }

    async fn sign_up(&self, email: &str) {
        let registration = Registration::new("Ada", email, Password::new(PASSWORD.to_owned())).unwrap();
        self.service.sign_up(registration, &By::default()).await.unwrap();
    }

    async fn sign_in(&self, email: &str, displaced: &[SessionId]) -> Issued {
        let password = Password::new(PASSWORD.to_owned());
        self.service.sign_in(email, password, Delivery::Cookie, displaced).await.unwrap()
    }

    async fn refresh(&self, token: &RefreshToken) -> Result<Issued, RefreshError> {
        self.service.refresh(token, None, Delivery::Cookie).await
    }

    /// Renews once the last rotation has settled: always a rotation.
    async fn rotated(&self, token: &RefreshToken) -> Issued {
        self.pass(LIMITS.settle).await;
        let issued = self.refresh(token).await.unwrap();
        assert!(issued.refresh_token.is_some(), "a settled token rotates");
        issued
    }

    /// Rotates, then shows the new access token once that confirms: all earlier tokens are theft from now on.
    async fn rotated_and_confirmed(&self, token: &RefreshToken) -> Issued {
        let issued = self.rotated(token).await;
        self.pass(LIMITS.settle).await;
        self.use_badge(&issued).await;
        assert!(self.row(issued.sid).await.confirmed);
        issued
    }

    /// Calls the API with an access token and the hint of a jar that holds what was handed out with it.
    async fn use_badge(&self, issued: &Issued) {
        let hint = Hint::new(issued.sid, token(issued).generation);
        self.service.authenticate(issued.access_token.reveal(), Some(&hint)).await.unwrap();
        self.service.flush().await;
    }

    async fn row(&self, sid: SessionId) -> Session {
        self.store().session(sid).await.unwrap().unwrap().row
    }

    async fn claims(&self, issued: &Issued) -> Claims {
        self.service.authenticate(issued.access_token.reveal(), None).await.unwrap()
    }
}

async fn start(store: Arc<dyn Store>, clock: Clock, pem: &str, keys: &MasterKeys) -> Arc<Service> {
    start_with(store, clock, pem, keys, Some(ALONE)).await
}

async fn start_with(
    store: Arc<dyn Store>,
    clock: Clock,
    pem: &str,
    keys: &MasterKeys,
    immediate: Option<Immediate>,
) -> Arc<Service> {
    Arc::new(Service::start(store, settings(clock, pem, keys, immediate)).await.unwrap())
}

fn settings(clock: Clock, pem: &str, keys: &MasterKeys, immediate: Option<Immediate>) -> Settings {
    let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, pem).unwrap();
    Settings {
        limits: LIMITS,
        access: AccessTokens::new(key, "https://lanyard.example", ACCESS_TTL),
        keys: keys.clone(),
        passwords: Passwords::new(Random::System, 2).unwrap(),
        clock,
        random: Random::System,
        immediate,
    }
}

/// Why an access token is refused, if it is.
async fn verdict(service: &Service, badge: &Issued) -> Option<AccessError> {
    service.authenticate(badge.access_token.reveal(), None).await.err()
}

/// The same of one that is to be refused before long: a server asks every second what was ended, at the latest.
async fn refused_soon(service: &Service, badge: &Issued) -> AccessError {
    let refused = async {
        loop {
            match verdict(service, badge).await {
                None => tokio::time::sleep(ms(10)).await,
                Some(why) => break why,
            }
        }
    };
    tokio::time::timeout(SOON, refused).await.expect("its access token goes on and on")
}

/// The refresh token that was handed out.
fn token(issued: &Issued) -> RefreshToken {
    let text = &issued.refresh_token.as_ref().expect("a refresh token was handed out").text;
    RefreshToken::parse(text.reveal()).unwrap()
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
