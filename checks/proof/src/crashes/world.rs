//! What the clients and the campaign share.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Client as Http, Method, RequestBuilder};
use tokio::sync::{RwLock, mpsc};

use super::ledger::Ledger;
use super::plan::Mood;

/// The public URL. It stays the same, though the port does not.
pub const ORIGIN: &str = "http://localhost:3000";

/// W. Short, so that somebody rotates all the time; long enough to start again in, so that every rule has its turn.
pub const RETRY_WINDOW: Duration = Duration::from_millis(900);
/// S.
pub const SETTLE: Duration = Duration::from_millis(1500);
/// How long an access token lives: longer than it takes to see that one of an ended session is refused.
pub const ACCESS_TTL: Duration = Duration::from_secs(60);

/// A client hangs up after so long. Not T, a third of W: that is not longer than the database may take here, as the
/// real T is, and a client that is more patient has only one request under way at a time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the clients and the campaign share.
pub struct World {
    http: Http,
    /// A client holds it open from sending a request until it has put the answer away. Whoever holds it shut
    /// knows that nobody is under way.
    pub door: RwLock<Door>,
    ledger: Mutex<Ledger>,
    /// What became of whom.
    pub news: mpsc::UnboundedSender<News>,
    /// Counted by the clients.
    pub tally: Tally,
}

/// Whether and where the server is.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// There.
    Open {
        /// Where it listens.
        address: SocketAddr,
        /// How many times something was killed and started again.
        epoch: u64,
        /// What to do.
        mood: Mood,
    },
    /// It is over.
    Shut,
}

/// What a client tells the campaign.
pub enum News {
    /// It was let in, for the first time in this epoch.
    LetIn { client: usize, epoch: u64 },
    /// Something happened that never should.
    Wrong(anyhow::Error),
}

/// How often what happened.
#[derive(Default)]
pub struct Tally {
    pub renewals: Count,
    pub lost: Count,
    /// Of those, answers whose head came.
    pub torn: Count,
    /// Of those again, answers whose head had cookies for the jar.
    pub half_kept: Count,
    /// Renewals in two tabs at once that did not both get through.
    pub pairs: Count,
    pub unavailable: Count,
    pub sign_ins: Count,
    pub sign_outs: Count,
    pub thefts: Count,
    /// Times several sessions were ended at once.
    pub sweeps: Count,
}

/// Goes up.
#[derive(Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl World {
    /// A world before anything was started.
    pub fn new(news: mpsc::UnboundedSender<News>) -> anyhow::Result<Self> {
        let http = Http::builder().timeout(PATIENCE).build()?;
        let (door, ledger, tally) = (RwLock::new(Door::Shut), Mutex::default(), Tally::default());
        Ok(Self { http, door, ledger, news, tally })
    }

    /// A request to the server.
    pub fn request(&self, method: Method, address: SocketAddr, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{address}{path}"))
    }

    /// The ledger.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
