//! How long renewals take: among many sessions against few, and beside a removal against alone.
//!
//! Ratios of one run on one machine, with its noise: little is asked of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lanyard_auth::Service;
use lanyard_auth::access::{SigningAlgorithm, SigningKey};
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::store::SessionId;
use lanyard_auth::time::millis;

use super::fill::{self, Began, fill, renewable};
use crate::database::Database;
use crate::races::nodes::{LIMITS, renew, start};
use crate::report::now;

/// Between two renewals beside a removal: as a server has them, not as fast as they go.
const PACE: Duration = Duration::from_millis(5);

/// A row stays so much longer than its session.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// So long an entry of the audit log is kept: those of the sessions of [`Began::LONG_AGO`] are older, all others younger.
const KEPT: Duration = Duration::from_secs(63 * 12 * 3600);

/// Latencies of renewals, in ascending order.
#[derive(Debug)]
pub struct Latencies(Vec<Duration>);

/// The entry of every sign-in.
const SIGN_INS: &str = "
    INSERT INTO audit (at, event, actor, user_id, session_id, browser, system, network, notice)
    SELECT created_at, 'authn_login_success', 'owner', user_id, sid, browser, system, network, FALSE FROM sessions";

/// Those entries: a renewal may add one of its own.
const THOSE: &str = "audit WHERE event = 'authn_login_success'";

/// One set of latencies against another.
#[derive(Debug)]
pub struct Compared {
    /// What is looked at.
    pub these: Latencies,
    /// What it is compared with.
    pub with: Latencies,
}

/// A database that was filled, and a server over it.
pub struct Filled<D> {
    service: Arc<Service>,
    /// Sessions that can be renewed, in no order.
    live: Vec<SessionId>,
    db: D,
}

impl Latencies {
    fn of(mut measured: Vec<Duration>) -> Self {
        measured.sort_unstable();
        Self(measured)
    }

    fn quantile(&self, per_mille: usize) -> Duration {
        self.0.get(self.0.len() * per_mille / 1000).copied().unwrap_or_default()
    }

    /// The longest of them.
    pub fn slowest(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

impl Compared {
    /// How many times as long the median is.
    pub fn median(&self) -> f64 {
        self.times_as_long(500)
    }

    fn times_as_long(&self, per_mille: usize) -> f64 {
        let (these, with) = (self.these.quantile(per_mille), self.with.quantile(per_mille));
        these.as_secs_f64() / with.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, per_mille) in [("median", 500), (", p99", 990)] {
            let (these, with) = (self.these.quantile(per_mille), self.with.quantile(per_mille));
            write!(
                f,
                "{name} {:.2} times as long ({} against {} µs)",
                self.times_as_long(per_mille),
                these.as_micros(),
                with.as_micros()
            )?;
        }
        Ok(())
    }
}

impl<D: Database> Filled<D> {
    /// Makes a database with so many sessions, and picks some that can be renewed.
    ///
    /// # Errors
    /// What the database said; too few live ones.
    pub async fn new(sessions: u64, renewals: usize) -> Result<Self> {
        let db = D::fresh().await;
        fill(&db, sessions, Began::UNTIL_NOW).await?;
        let key = SigningKey::generate_pem(SigningAlgorithm::EdDsa)?;
        let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, &key)?;
        let service = start(db.store(), db.clock(), key, Passwords::new(Random::System, 1)?).await?;
        let (now, settled) = (db.now(), db.now().before(LIMITS.settle));
        let idle = millis(LIMITS.idle);
        let live = db.ids(format!(
            "SELECT sid FROM sessions
             WHERE ended_at IS NULL AND expires_at > {} AND rotated_at BETWEEN {} AND {}
             ORDER BY random() LIMIT {renewals}",
            now.0,
            now.0 - idle + 1,
            settled.0,
        ));
        let live: Vec<_> = live.await?.into_iter().map(SessionId).collect();
        ensure!(live.len() == renewals, "only {} sessions can be renewed", live.len());
        renewable(&db, &live).await?;
        Ok(Self { service, live, db })
    }

    /// Bytes of the database for each of its sessions, users and indexes included.
    ///
    /// # Errors
    /// What the database said.
    pub async fn bytes_a_session(&self) -> Result<u64> {
        let sessions = self.count("sessions").await?;
        Ok(self.db.size().await? / u64::try_from(sessions.max(1))?)
    }

    async fn count(&self, rows: &str) -> Result<i64> {
        self.db.number(format!("SELECT count(*) FROM {rows}")).await?.context("no count")
    }

    /// At a steady pace.
    async fn renew_all(&self, sids: impl Iterator<Item = &SessionId>) -> Result<Vec<Duration>> {
        let mut took = Vec::new();
        for sid in sids {
            took.push(self.renew(*sid).await?);
            tokio::time::sleep(PACE).await;
        }
        Ok(took)
    }

    async fn renew(&self, sid: SessionId) -> Result<Duration> {
        let token = fill::token(sid)?;
        let started = now();
        let renewed = renew(&self.service, &token).await?;
        let took = now().duration_since(started);
        ensure!(renewed.refresh_token.is_some(), "it was not rotated");
        Ok(took)
    }
}

/// Renews one session here, one there, in turns.
///
/// # Errors
/// A renewal that failed.
pub async fn in_turns<D: Database>(many: &Filled<D>, few: &Filled<D>) -> Result<Compared> {
    let (mut of_many, mut of_few) = (Vec::new(), Vec::new());
    for (one, other) in many.live.iter().zip(&few.live) {
        of_many.push(many.renew(*one).await?);
        of_few.push(few.renew(*other).await?);
    }
    Ok(Compared { these: Latencies::of(of_many), with: Latencies::of(of_few) })
}

/// What a removal did, and what renewals had of it.
#[derive(Debug)]
pub struct Removal {
    /// Sessions that were removed.
    pub sessions: u64,
    /// Entries of the audit log that were.
    pub entries: u64,
    /// How long that took.
    pub took: Duration,
    /// Renewals beside it against renewals alone.
    pub renewals: Compared,
}

/// Renews at a steady pace: alone, beside the removal of so many sessions and of the log's entries about them, and alone
/// again.
///
/// # Errors
/// A renewal that failed, or took longer than a client waits; a session or an entry that was removed too early, or not.
pub async fn beside_removal<D: Database>(filled: &Filled<D>, expired: u64, alone: usize) -> Result<Removal> {
    fill(&filled.db, expired, Began::LONG_AGO).await?;
    filled.db.execute(SIGN_INS.to_owned()).await?;
    filled.db.execute(D::TIDY.to_owned()).await?;
    let now_there = filled.db.now();
    let stay = [
        format!("sessions WHERE expires_at >= {}", now_there.before(DAY).0),
        format!("{THOSE} AND at >= {}", now_there.before(KEPT).0),
    ];
    let before = [filled.count(&stay[0]).await?, filled.count(&stay[1]).await?];
    let revoked = filled.db.store().revocations(DAY, u32::MAX).await?.len();
    let mut live = filled.live.iter();

    let mut by_itself = filled.renew_all(live.by_ref().take(alone / 2)).await?;
    let (service, started) = (Arc::clone(&filled.service), now());
    // At once, as by two servers.
    let removal = tokio::spawn(async move {
        let removed = tokio::join!(service.remove_expired(), service.remove_entries(KEPT));
        (removed, now())
    });
    let mut beside = Vec::new();
    while !removal.is_finished() {
        let next = live.next().context("too few sessions for so long a removal")?;
        beside.extend(filled.renew_all([next].into_iter()).await?);
    }
    let ((sessions, entries), ended) = removal.await?;
    by_itself.extend(filled.renew_all(live.take(alone / 2)).await?);
    let after = [filled.count(&stay[0]).await?, filled.count(&stay[1]).await?];
    ensure!(after == before, "a session or an entry was removed before its time: {after:?}, not {before:?}");
    let all = [filled.count("sessions").await?, filled.count(THOSE).await?];
    ensure!(all == before, "a session or an entry stays that nobody needs: {all:?}, not {before:?}");
    let still = filled.db.store().revocations(DAY, u32::MAX).await?.len();
    ensure!(still == revoked, "of {revoked} revocations {still} are left");
    let renewals = Compared { these: Latencies::of(beside), with: Latencies::of(by_itself) };
    let slowest = renewals.these.slowest();
    ensure!(slowest < LIMITS.client_timeout(), "a renewal beside it took {slowest:?}");
    Ok(Removal { sessions: sessions?, entries: entries?, took: ended.duration_since(started), renewals })
}
