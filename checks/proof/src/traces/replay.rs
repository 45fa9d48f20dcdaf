//! Doing what the model does on the real thing, step by step: two real servers over a real database.
//!
//! What the browser, the client without one and the thief do stays in the model; it says which token is shown to
//! which server, and when each real call may pass the gate. After every step that may reach a server, its answer
//! and all rows are compared. Requests are in `request`, calls and confirmations in `hearing` and `refusing`.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use lanyard_auth::audit::By;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::random::Random;
use lanyard_auth::scope::Role;
use lanyard_auth::service::Delivery;
use lanyard_auth::store::{EndReason, NewUser, Session, SessionId, User, UserId};
use lanyard_auth::time::Timestamp;
use lanyard_testbed::Harness;

use super::agree::{self, ticks};
use super::differs::same;
use super::exhibits::Seen;
use super::hearing::{Asked, Asking};
use super::known::Known;
use super::node::{Durations, Node, Site};
use super::refusing::Ends;
use super::request::{Request, Visit};
use super::tally::Tally;
use crate::model::action::Action;
use crate::model::config::Config;
use crate::model::search::Step;
use crate::model::world::{Token, World};

/// A trace being replayed.
pub struct Replay<'a, D> {
    pub(super) site: &'a Site<D>,
    pub(super) config: &'a Config,
    pub(super) durations: Durations,
    pub(super) nodes: [Node; 2],
    pub(super) known: Known,
    pub(super) tally: &'a mut Tally,
    /// How the thief shows a refresh token, and gets the next.
    pub(super) thief: Delivery,
    /// The first user has the model's first sessions, the second signs in over them.
    pub(super) users: [User; 2],
    /// Requests that wait at a gate, by their place in [`World::flights`].
    pub(super) requests: Vec<Option<Request>>,
    /// The confirmation that is to be written.
    pub(super) asking: Option<Asking>,
    /// What servers remember of confirmations, by server and session.
    pub(super) asked: HashMap<(u8, u8), Asked>,
    /// Which sessions were ever ended, and which servers know.
    pub(super) ends: Ends,
    /// Places in [`World::flights`] with the second one of a request that was doubled.
    pub(super) doubled: HashSet<usize>,
    /// The security events that there must be.
    pub(super) events: Vec<(SessionId, &'static str)>,
    /// The servers' time, but for the second one's being ahead.
    pub(super) time: Timestamp,
    /// The rows as they were last read.
    pub(super) rows: Vec<Session>,
    /// The rows before the last commit, while a failover may still lose that.
    unreplicated: Vec<Session>,
}

/// Replays a trace from the model's beginning.
///
/// # Errors
/// [`super::differs::Differs`] when the two do not agree. Anything else is no finding about them: the database did
/// not answer, or the trace is none of this model's.
pub async fn replay<D: Harness>(
    site: &Site<D>,
    seen: &Seen,
    durations: Durations,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut before = World::new(&seen.config);
    tally.traces += 1;
    let mut replay = Replay::begin(site, seen, durations, &before, tally).await?;
    for (number, step) in seen.steps.iter().enumerate() {
        let replayed = replay.step(&before, step).await;
        replayed.with_context(|| format!("at step {number}, {:?}", step.action))?;
        before = step.after.clone();
    }
    let all = replay.known.sessions.clone();
    for server in [0, 1] {
        replay.show_badges(server, &all).await?;
    }
    replay.compare_events().await
}

impl<'a, D: Harness> Replay<'a, D> {
    /// Two users, and the model's sessions of the first.
    async fn begin(
        site: &'a Site<D>,
        seen: &'a Seen,
        durations: Durations,
        world: &World,
        tally: &'a mut Tally,
    ) -> anyhow::Result<Self> {
        let Seen { config, thief, .. } = seen;
        let time = site.database.now();
        let ahead = time.after(ticks(config.skew));
        let mut replay = Self {
            site,
            config,
            durations,
            nodes: [
                Node::start(site, 0, durations, time).await?,
                Node::start(site, 1, durations, ahead).await?,
            ],
            known: Known::default(),
            tally,
            thief: *thief,
            users: [newcomer(site).await?, newcomer(site).await?],
            requests: world.flights.iter().map(|_| None).collect(),
            asking: None,
            asked: HashMap::new(),
            ends: Ends::default(),
            doubled: HashSet::new(),
            events: Vec::new(),
            time,
            rows: Vec::new(),
            unreplicated: Vec::new(),
        };
        let tab = world.browser.tabs.first().copied().flatten().map(|access| (access, Delivery::Cookie));
        let app = world.app.as_ref().and_then(|app| app.access).map(|access| (access, Delivery::Body));
        let [user, _] = replay.users.clone();
        for (access, delivery) in tab.into_iter().chain(app) {
            replay.sign_in(0, user.clone(), access, delivery, &[]).await?;
        }
        replay.rows = replay.compare(world).await?;
        Ok(replay)
    }

    /// Does a step, then looks whether everything is as it should be.
    async fn step(&mut self, before: &World, step: &Step) -> anyhow::Result<()> {
        self.tally.step(step.action);
        self.doubled.retain(|place| before.flights.get(*place).is_some_and(Option::is_some));
        if !self.act(before, step).await? {
            return Ok(());
        }
        let rows = self.compare(&step.after).await?;
        if step.after.unreplicated.is_some() && step.after.unreplicated != before.unreplicated {
            self.unreplicated = std::mem::take(&mut self.rows);
        }
        self.rows = rows;
        Ok(())
    }

    /// Does a step; whether there was anything to do.
    async fn act(&mut self, before: &World, step: &Step) -> anyhow::Result<bool> {
        match step.action {
            Action::Tick => self.tick().await,
            // The database's clock alone.
            Action::JumpClock => self.site.database.pass(ticks(self.config.jump)).await,
            Action::Read { flight, server } => self.read(Visit::new(before, step, flight, server)?).await?,
            Action::RefreshStolen { token, server } => {
                self.read(Visit::of_thief(before, step, token, server)?).await?;
            }
            Action::Forge { session, generation } => {
                let token = Token { session, generation, secret: Token::FORGED };
                self.read(Visit::of_thief(before, step, token, 0)?).await?;
            }
            Action::Write { flight, commit } => {
                self.write(Visit::of_writer(before, step, flight)?, commit).await?;
            }
            Action::Use(client) if step.after.call.is_none() => self.hear_at_once(before, client).await?,
            Action::Hear { server } => self.hear(before.call.context("a call")?, server).await?,
            Action::Confirm => self.confirm().await?,
            Action::CrashServer(server) => self.crash(before, server).await?,
            Action::KickOut => self.kick_out().await?,
            Action::FailOver => {
                self.tally.saw("a failover");
                let kept = std::mem::take(&mut self.unreplicated);
                for row in &kept {
                    self.site.database.put_back(row).await;
                }
                for row in self.rows.iter().skip(kept.len()) {
                    self.site.database.lose(row.sid).await;
                }
            }
            Action::Double { .. } => {
                self.doubled.extend(before.flights.iter().position(Option::is_none));
                return Ok(false);
            }
            // Nothing that a server sees. A real write is one statement, so it has no beginning of its own.
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn tick(&mut self) {
        self.known.ticks += 1;
        self.time = self.time.after(ticks(1));
        self.site.database.pass(ticks(1)).await;
        for (node, ahead) in self.nodes.iter().zip([0, self.config.skew]) {
            node.set_clock(self.time.after(ticks(ahead)));
        }
    }

    /// A server dies, with its requests and what waits in its queue, and is started again.
    async fn crash(&mut self, before: &World, server: u8) -> anyhow::Result<()> {
        for (request, flight) in self.requests.iter_mut().zip(&before.flights) {
            let its = flight.is_some_and(|flight| flight.server() == Some(server));
            if let Some(request) = request.take_if(|_| its) {
                self.tally.saw("a crash before a write");
                request.die().await;
            }
        }
        self.asking.take_if(|asking| asking.server == server);
        self.asked.retain(|(of, _), _| *of != server);
        let ahead = if server == 1 { self.config.skew } else { 0 };
        let now = self.time.after(ticks(ahead));
        *self.node(server)? = Node::start(self.site, server, self.durations, now).await?;
        self.learns_ends(server);
        Ok(())
    }

    /// By one server or by the other.
    async fn kick_out(&mut self) -> anyhow::Result<()> {
        let server = u8::from(!self.known.ticks.is_multiple_of(2));
        let [user, _] = self.users.clone();
        let ended = self
            .node(server)?
            .service
            .end_all_sessions(user.id, EndReason::KickedOut, &By::default())
            .await?;
        let his = self.rows.iter().filter(|row| row.user.id == user.id);
        let live = his.clone().filter(|row| row.ended.is_none()).count();
        same("how many sessions are kicked out", Some(live), ended.map(|ended| ended.len()))?;
        let his: Vec<_> = his.map(|row| row.sid).collect();
        for sid in &his {
            self.learns_end(server, *sid);
            self.ends.happened(*sid);
        }
        self.tally.saw("a kick-out");
        self.show_badges(server, &his).await
    }

    /// Reads all rows, which must be the model's.
    async fn compare(&mut self, world: &World) -> anyhow::Result<Vec<Session>> {
        let now = self.site.database.now();
        let mut rows = Vec::new();
        for lost in self.known.sessions.iter().skip(world.rows.len()) {
            same("a session that was lost", false, self.site.store().session(*lost).await?.is_some())?;
        }
        same("the number of sessions", world.ghost.sessions.len(), self.known.sessions.len())?;
        for (number, (row, sid)) in (0..).zip(world.rows.iter().zip(&self.known.sessions)) {
            let real = self.site.store().session(*sid).await?.context("a session's row")?.row;
            let agrees = agree::row(self.config, number, row, &real, &self.known, now);
            agrees.with_context(|| format!("session {number}"))?;
            let user = usize::from(row.user);
            let (raised, first) = (world.versions.get(user), self.users.get(user).map(|user| user.version));
            same(
                "the user's version",
                raised.zip(first).map(|(raised, first)| first + u32::from(*raised)),
                Some(real.user.version),
            )?;
            if real.ended.is_some() {
                self.ends.happened(*sid);
            }
            rows.push(real);
        }
        Ok(rows)
    }

    /// Every theft and every recovery was written down, and nothing else.
    async fn compare_events(&self) -> anyhow::Result<()> {
        let all = self.site.database.events().await;
        let ours = all.iter().filter(|event| self.known.sessions.contains(&event.session));
        let real: Vec<_> = ours.map(|event| (event.session, event.kind.as_str())).collect();
        same("the security events", self.events.as_slice(), real.as_slice())
    }

    /// Whether the database's clock is ahead of the servers'.
    pub(super) fn jumped(&self) -> bool {
        self.site.database.now() > self.time
    }

    pub(super) fn node(&mut self, server: u8) -> anyhow::Result<&mut Node> {
        self.nodes.get_mut(usize::from(server)).context("there are two servers")
    }
}

/// Somebody with an account.
async fn newcomer<D: Harness>(site: &Site<D>) -> anyhow::Result<User> {
    let id = Random::System.uuid()?;
    let user = NewUser {
        id: UserId(id),
        email: format!("{id}@example.com"),
        name: "Ada".to_owned(),
        password_hash: PasswordHash::from_stored(String::new()),
        role: Role::User,
        idempotency: None,
    };
    Ok(site.store().create_user(&user, &By::default()).await?)
}
