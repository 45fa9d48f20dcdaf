//! One victim, killed so many times; after each kill, everything is looked at. For the chapter.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lanyard_auth::random::Random;
use lanyard_auth::time::Clock;
use lanyard_testbed::cluster::Cluster;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::sleep;

use super::client::Client;
use super::plan::{Dice, Kill, PLACES};
use super::server::Server;
use super::world::{Door, News, World};
use crate::report::{Chapter, now};

const CLIENTS: usize = 16;

/// Within so long after a kill every client has to be let in: a few times S, and what a slow machine needs.
const BACK_AGAIN: Duration = Duration::from_secs(20);

/// A named place that nobody comes to for so long is given up, and the server killed where it is.
const REACHED: Duration = Duration::from_secs(2);

/// Who is killed.
pub enum Victim {
    /// The server.
    Server,
    /// Postgres, under a server that goes on.
    Postgres(Cluster),
}

/// Claims, each with its figure.
pub type Findings = Vec<(&'static str, String)>;

/// So many kills of one victim.
pub struct Campaign {
    /// What it is called in the report.
    pub name: &'static str,
    /// The database's URL; a SQLite file without one.
    pub database: Option<String>,
    pub victim: Victim,
    pub points: u32,
}

impl Campaign {
    /// Runs it; what it showed, as claims and figures.
    pub async fn run(self, binary: &Path, report: &Chapter<'_>) -> (&'static str, anyhow::Result<Findings>) {
        let name = self.name;
        let shown = self.attempt(binary, report).await;
        // The others go on for a while.
        if let Err(error) = &shown {
            report.progress(format!("{name}: {error:#}"));
        }
        (name, shown)
    }

    async fn attempt(self, binary: &Path, report: &Chapter<'_>) -> anyhow::Result<Findings> {
        let Self { name, database, victim, points } = self;
        let (news, heard) = mpsc::unbounded_channel();
        let mut field = Field {
            world: Arc::new(World::new(news)?),
            heard,
            dice: Dice(Random::System),
            server: Server::new(binary, database)?,
            victim,
            address: None,
            kills: BTreeMap::new(),
        };
        let mut clients = JoinSet::new();
        let address = field.rounds(name, points, &mut clients, report).await?;
        let mut leaving = JoinSet::new();
        for client in clients.join_all().await {
            leaving.spawn(client.take_leave(address));
        }
        field.nothing_wrong()?;
        while let Some(left) = leaving.join_next().await {
            left?.context("taking leave")?;
        }
        field.compare(true).await.context("at the very end")?;
        report.progress(format!("{name}: killed {}", field.places()));
        field.covered(points)?;
        Ok(field.findings())
    }
}

/// A campaign under way.
struct Field {
    world: Arc<World>,
    heard: mpsc::UnboundedReceiver<News>,
    dice: Dice,
    server: Server,
    victim: Victim,
    /// Where the server is, while it runs.
    address: Option<SocketAddr>,
    /// How many times what was killed where.
    kills: BTreeMap<&'static str, u32>,
}

impl Field {
    /// Kills again and again; leaves the server running, and says where.
    async fn rounds(
        &mut self,
        name: &str,
        points: u32,
        clients: &mut JoinSet<Client>,
        report: &Chapter<'_>,
    ) -> anyhow::Result<SocketAddr> {
        let world = Arc::clone(&self.world);
        let mut door = world.door.write().await;
        for number in 0..CLIENTS {
            clients.spawn(Client::new(Arc::clone(&world), self.dice.clone(), number).live());
        }
        for point in 1..=points {
            let kill = self.draw();
            let during = || format!("after kill {}, before the next: {kill:?}", point - 1);
            if let Kill::Starting(after) = kill {
                block_in_place(|| self.server.start_and_kill(after))?;
                self.count("starting");
            } else {
                let (address, epoch) = (self.start()?, u64::from(point));
                self.compare(false).await.with_context(during)?;
                *door = Door::Open { address, epoch, mood: kill.mood() };
                drop(door);
                if !matches!(kill, Kill::Renewing(_)) {
                    self.everybody_in(epoch).await.with_context(during)?;
                }
                self.strike(kill).await?;
                // Whoever was under way has noticed by now.
                door = world.door.write().await;
            }
            if point.is_multiple_of(points.div_ceil(10)) {
                report.progress(format!("{name}: {point} of {points} kills"));
            }
        }
        let address = self.start()?;
        self.compare(true).await.context("after the last kill")?;
        *door = Door::Shut;
        Ok(address)
    }

    fn draw(&self) -> Kill {
        match self.victim {
            Victim::Server => Kill::draw(&self.dice),
            Victim::Postgres(_) if self.dice.below(10) == 0 => Kill::Renewing(self.dice.millis(150)),
            Victim::Postgres(_) => Kill::Running(self.dice.millis(400)),
        }
    }

    /// Where the server listens; starts it if it doesn't.
    fn start(&mut self) -> anyhow::Result<SocketAddr> {
        let address = match self.address {
            Some(address) => address,
            None => block_in_place(|| self.server.start())?,
        };
        self.address = Some(address);
        Ok(address)
    }

    /// Compares the rows of the sessions that go on, or of all, with what was answered. Nobody may be under way.
    async fn compare(&self, all: bool) -> anyhow::Result<()> {
        // Opened each time: it must not keep a file alive for the server that is killed.
        let store = lanyard_store::open(self.server.database(), Clock::System).await?.store;
        let sids = self.world.ledger().sessions(all);
        for sid in sids {
            let row = store.session(sid).await?.map(|seen| seen.row);
            self.world.ledger().check(sid, row.as_ref()).with_context(|| format!("session {sid}"))?;
        }
        Ok(())
    }

    /// Waits until every client has used an access token that it got since the kill.
    async fn everybody_in(&mut self, epoch: u64) -> anyhow::Result<()> {
        let mut missing: HashSet<_> = (0..CLIENTS).collect();
        let deadline = sleep(BACK_AGAIN);
        tokio::pin!(deadline);
        while !missing.is_empty() {
            tokio::select! {
                () = &mut deadline => bail!("not let in again: clients {missing:?}; {}", self.server.log()),
                news = self.heard.recv() => match news {
                    Some(News::LetIn { client, epoch: since }) if since == epoch => { missing.remove(&client); }
                    Some(News::Wrong(error)) => return Err(error),
                    Some(News::LetIn { .. }) | None => {}
                },
            }
        }
        Ok(())
    }

    async fn strike(&mut self, kill: Kill) -> anyhow::Result<()> {
        let mut place = "running";
        match kill {
            Kill::At { place: named, nth, .. } => {
                self.server.arm(named, nth)?;
                if self.dies_within(REACHED).await? {
                    place = named;
                }
            }
            Kill::Renewing(after) => {
                place = "renewing";
                sleep(after).await;
            }
            Kill::Running(after) | Kill::Starting(after) => sleep(after).await,
        }
        match &mut self.victim {
            Victim::Server => {
                self.server.kill()?;
                self.address = None;
            }
            Victim::Postgres(cluster) => {
                block_in_place(|| cluster.crash());
                sleep(self.dice.millis(50)).await;
                block_in_place(|| cluster.restart());
            }
        }
        self.count(place);
        Ok(())
    }

    async fn dies_within(&mut self, time: Duration) -> anyhow::Result<bool> {
        let deadline = now() + time;
        while now() < deadline {
            if self.server.is_dead()? {
                return Ok(true);
            }
            sleep(Duration::from_millis(2)).await;
        }
        Ok(false)
    }

    fn count(&mut self, place: &'static str) {
        *self.kills.entry(place).or_default() += 1;
    }

    fn nothing_wrong(&mut self) -> anyhow::Result<()> {
        while let Ok(news) = self.heard.try_recv() {
            if let News::Wrong(error) = news {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Where what was killed how many times.
    fn places(&self) -> String {
        let places: Vec<_> = self.kills.iter().map(|(place, count)| format!("{place} {count}")).collect();
        places.join(", ")
    }

    /// Whether enough has happened for the findings to mean something: a server was killed at named places, at each
    /// of them if there were many kills, a retry was answered with the same successor, and a server alone never
    /// has a reason for 503.
    fn covered(&self, points: u32) -> anyhow::Result<()> {
        if matches!(self.victim, Victim::Postgres(_)) {
            return Ok(());
        }
        let missed = PLACES.iter().filter(|(place, _)| !self.kills.contains_key(place)).count();
        let many = points >= 1000;
        ensure!(missed <= if many { 0 } else { PLACES.len() / 2 }, "not enough places: {}", self.places());
        let tally = &self.world.tally;
        ensure!(!many || self.world.ledger().repeated > 0, "no answer was lost after its commit");
        ensure!(!many || tally.half_kept.get() > 0, "no jar kept the cookies of an answer that was lost");
        ensure!(!many || tally.pairs.get() > 0, "no pair of renewals at once met a kill");
        let unavailable = tally.unavailable.get();
        ensure!(unavailable == 0, "{unavailable} answers of 503 although the database was there");
        Ok(())
    }

    fn findings(&self) -> Findings {
        let tally = &self.world.tally;
        let ledger = self.world.ledger();
        let (sessions, tokens) = ledger.size();
        let kills: u32 = self.kills.values().sum();
        let named = PLACES.iter().filter_map(|(place, _)| self.kills.get(place));
        let (at_places, places) = (named.clone().sum::<u32>(), named.count());
        vec![
            (
                "after each kill every client is let in again with the token it holds",
                format!(
                    "{kills} kills, {at_places} of them at {places} named places; {CLIENTS} clients, {} renewals, \
                     {} answers lost, {} of them after their head, {} of those with cookies, {} of 503",
                    tally.renewals.get(),
                    tally.lost.get(),
                    tally.torn.get(),
                    tally.half_kept.get(),
                    tally.unavailable.get()
                ),
            ),
            (
                "a token has one successor, committed before it is answered, and every older one is known as old",
                format!(
                    "{tokens} tokens of {sessions} sessions; {} were handed out again, {} recovered; {} pairs of \
                     renewals at once met a kill",
                    ledger.repeated,
                    ledger.recovered,
                    tally.pairs.get()
                ),
            ),
            (
                "what was ended stays ended; of sessions that end together, all do or none",
                format!(
                    "{} old tokens used, {} sign-outs, {} of all devices or by a new password, {} sign-ins",
                    tally.thefts.get(),
                    tally.sign_outs.get(),
                    tally.sweeps.get(),
                    tally.sign_ins.get()
                ),
            ),
        ]
    }
}
