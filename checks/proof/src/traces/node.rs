//! A server of the replay: the real service over a real store, with a gate between them and a clock of its own.
//!
//! One request of a node moves at a time, so whoever comes to its gate next is known. Only `replay` has nodes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lanyard_auth::access::{AccessTokens, SigningAlgorithm, SigningKey};
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::rotation::Limits;
use lanyard_auth::store::Store;
use lanyard_auth::time::{Clock, ManualClock, Timestamp};
use lanyard_auth::{Service, Settings};
use lanyard_testbed::Harness;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::agree::ticks;
use super::gate::{GatedStore, Waiting};
use crate::model::config::{Config, Lifetimes};

/// Longer than any answer takes: whoever needs more is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database and what all servers over it share.
pub struct Site<D> {
    /// The database.
    pub database: D,
    /// Each server's own connections.
    stores: [Arc<dyn Store>; 2],
    signing: SigningKey,
    /// The master keys.
    pub keys: MasterKeys,
    passwords: Passwords,
}

impl<D: Harness> Site<D> {
    /// A fresh database.
    ///
    /// # Errors
    /// No key could be made.
    pub async fn open() -> anyhow::Result<Self> {
        let database = D::fresh().await;
        let stores = [database.store(), database.second_node().await];
        let pem = SigningKey::generate_pem(SigningAlgorithm::EdDsa)?;
        Ok(Self {
            database,
            stores,
            signing: SigningKey::from_pem(SigningAlgorithm::EdDsa, &pem)?,
            keys: MasterKeys::new(&Random::System.bytes()?, &[]),
            passwords: Passwords::new(Random::System, 1)?,
        })
    }

    /// The database without a gate.
    pub fn store(&self) -> &dyn Store {
        let [first, _] = &self.stores;
        first.as_ref()
    }
}

/// What servers are started with.
#[derive(Clone, Copy, Debug)]
pub struct Durations {
    /// The rule's.
    pub limits: Limits,
    /// An access token's life.
    pub access: Duration,
}

impl Durations {
    /// Those of a model.
    pub fn of(config: &Config) -> Self {
        let limits = config.shape.limits();
        match config.lifetimes {
            None => Self { limits, access: limits.absolute },
            Some(Lifetimes { idle, absolute, access }) => Self {
                limits: Limits { idle: ticks(idle), absolute: ticks(absolute), ..limits },
                access: ticks(access),
            },
        }
    }
}

/// One server.
pub struct Node {
    /// The service that is shown to hold.
    pub service: Arc<Service>,
    clock: ManualClock,
    arrivals: mpsc::UnboundedReceiver<Waiting>,
}

/// How far a request has come.
pub enum Progress<T> {
    /// It waits at the gate.
    AtGate(Waiting),
    /// It is over.
    Done(T),
}

impl Node {
    /// Starts the first server or the second.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn start<D: Harness>(
        site: &Site<D>,
        number: u8,
        durations: Durations,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let behind = site.stores.get(usize::from(number)).context("there are two servers")?;
        let (store, arrivals) = GatedStore::new(Arc::clone(behind));
        let clock = ManualClock::new(now);
        let settings = Settings {
            limits: durations.limits,
            access: AccessTokens::new(site.signing.clone(), "https://lanyard.example", durations.access),
            keys: site.keys.clone(),
            passwords: site.passwords.clone(),
            clock: Clock::Manual(clock.clone()),
            random: Random::System,
            immediate: Some(crate::ALONE),
        };
        let service = Arc::new(Service::start(Arc::new(store), settings).await?);
        Ok(Self { service, clock, arrivals })
    }

    /// Sets its clock.
    pub fn set_clock(&self, to: Timestamp) {
        self.clock.set(to);
    }

    /// Waits until a request of this server gets to the gate, or is over.
    ///
    /// # Errors
    /// It does neither, or it panicked.
    pub async fn next<T>(&mut self, request: &mut JoinHandle<T>) -> anyhow::Result<Progress<T>> {
        let either = async {
            tokio::select! {
                biased;
                Some(waiting) = self.arrivals.recv() => Ok(Progress::AtGate(waiting)),
                done = request => Ok(Progress::Done(done?)),
            }
        };
        timeout(PATIENCE, either).await.context("a request is stuck")?
    }

    /// Waits until the confirmations that were asked for have been tried, or one of them waits at the gate.
    ///
    /// # Errors
    /// As [`Node::next`].
    pub async fn flush(&mut self) -> anyhow::Result<Option<Waiting>> {
        let service = Arc::clone(&self.service);
        let mut flushing = tokio::spawn(async move { service.flush().await });
        Ok(match self.next(&mut flushing).await? {
            Progress::AtGate(waiting) => Some(waiting),
            Progress::Done(()) => None,
        })
    }
}
