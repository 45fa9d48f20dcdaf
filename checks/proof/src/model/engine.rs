//! The model with the client's real engine as its tabs: `lanyard_client` decides when to renew, whom to believe and
//! when to give up; the jar, the network and the server are those of [`super::world`].
//!
//! The engine counts in milliseconds and remembers moments, so time is bounded here by a horizon.

use std::collections::VecDeque;

use lanyard_client as client;
use lanyard_client::{Announcement, Attempt, Effect, Engine, Input, Mark, Now, Patterns, Turn, Who};

use super::action::Action;
use super::config::{Budget, Config, Lifetimes, TICK, Ticks, spend};
use super::world::{Access, Answer, BROWSER, Client, Errand, Flight, Stage, World};

mod answers;
mod search;

pub use search::{ENGINES, EngineFound, EngineSearch};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Time passes until a tab's timer runs out, or a tick is over.
    Pass,
    /// Something happens at the server, in the network or in the jar.
    World(Action),
    /// The answer reaches its tab.
    Deliver(u8),
    /// A tab hears what another said.
    Hear(u8),
    /// The person signs out in this tab.
    SignOut(u8),
    /// The person asks for a new access token in this tab.
    Renew(u8),
    /// The browser is killed, and starts again with as many tabs.
    Kill,
}

/// A tab: the engine, and what its driver keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tab {
    engine: Engine,
    /// When its timer runs out.
    timer: Option<u64>,
    inbox: VecDeque<(Announcement, Option<Access>)>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EngineWorld {
    /// Jar, network and server. Its tabs' access tokens are those that the engines' badges stand for.
    pub world: World,
    tabs: Vec<Tab>,
    /// Milliseconds since the beginning.
    time: u64,
    /// Who holds the lock.
    holder: Option<(u8, Turn)>,
    /// Who waits for it, and whether it was taken when he asked.
    queue: VecDeque<(u8, Turn, bool)>,
    /// The engine's number of each request, by the request's place.
    asked: Vec<Option<Attempt>>,
    /// The sign-out that is noted where all tabs see it.
    owed: Option<Who>,
    /// How often a person may still ask for a new access token.
    wishes: u8,
}

/// The engine's world's parts and bounds.
#[derive(Clone, Copy, Debug)]
pub struct EngineConfig {
    /// The parts; its budget counts for this world as well.
    pub config: Config,
    /// No tick begins after so many.
    pub horizon: Ticks,
    /// How often a person asks for a new access token.
    pub wishes: u8,
}

/// One tick, as the engine counts.
fn tick() -> u64 {
    u64::try_from(TICK.as_millis()).unwrap_or(u64::MAX)
}

const fn mark(session: u8) -> Mark {
    Mark(session as u64)
}

impl EngineConfig {
    /// Two tabs with a lock, whose badges live long enough to be renewed when S is over.
    pub const TWO_TABS: Config = Config {
        tabs: 2,
        lock: true,
        delays: true,
        lifetimes: Some(Lifetimes { idle: 100, absolute: 200, access: 10 }),
        budget: Budget { rotations: 2, ..Budget::NONE },
        ..Config::QUIET
    };
}

impl EngineWorld {
    /// A signed-in browser that has just been started.
    pub fn new(setting: &EngineConfig) -> Self {
        let config = &setting.config;
        let mut start = Self {
            world: World::new(config),
            tabs: Vec::new(),
            time: 0,
            holder: None,
            queue: VecDeque::new(),
            asked: vec![None; usize::from(config.flights)],
            owed: None,
            wishes: setting.wishes,
        };
        start.open_tabs(config);
        start.grant_lock(config);
        start.run_well(setting, tick());
        start
    }

    /// Everything that is sent arrives at once, for so long; whether that was possible.
    fn run_well(&mut self, setting: &EngineConfig, long: u64) -> bool {
        let calm = Config { budget: Budget { rotations: u8::MAX, ..Budget::NONE }, ..setting.config };
        let well = EngineConfig { config: calm, horizon: Ticks::MAX, wishes: 0 };
        let (left, wishes) = (self.world.left, self.wishes);
        (self.world.left, self.wishes) = (calm.budget, 0);
        let until = self.time + long;
        let mut events = Vec::new();
        while self.time < until {
            events.clear();
            self.events(&well, &mut events);
            // Time passes last. The jar need not be written, and nobody uses anything.
            let idle = |event: &Event| matches!(event, Event::World(Action::Flush | Action::Use(_)));
            let next = events.iter().rev().find(|event| !idle(event));
            let Some(after) = next.and_then(|event| self.after(&well, *event)) else { return false };
            *self = after;
        }
        (self.world.left, self.wishes) = (left, wishes);
        true
    }

    fn open_tabs(&mut self, config: &Config) {
        let timeout = tick() * u64::from(config.shape.timeout);
        let engine = Engine::new(timeout, Patterns::default());
        let tab = Tab { engine, timer: None, inbox: VecDeque::new() };
        self.tabs = vec![tab; usize::from(config.tabs)];
        self.world.browser.tabs.fill(None);
        for tab in 0..config.tabs {
            self.step(tab, Input::Boot, None);
        }
    }

    fn now(&self) -> Now {
        let hint = self.world.hint().map(|(session, _)| mark(session));
        Now { monotonic: self.time, wall: self.time, hint, owed: self.owed, random: 0 }
    }

    /// The engine takes an input, and its wishes are fulfilled. `access` came with the input.
    fn step(&mut self, tab: u8, input: Input, access: Option<Access>) {
        let now = self.now();
        let Some(held) = self.tabs.get_mut(usize::from(tab)) else { return };
        let effects = held.engine.step(&now, input);
        held.timer = None;
        for effect in effects {
            self.perform(tab, effect, access);
        }
    }

    fn perform(&mut self, tab: u8, effect: Effect, access: Option<Access>) {
        match effect {
            Effect::TakeLock { turn } => {
                let taken = self.holder.is_some() || !self.queue.is_empty();
                self.queue.push_back((tab, turn, taken));
            }
            Effect::ReleaseLock { turn } => {
                self.queue.retain(|&(who, asked, _)| (who, asked) != (tab, turn));
                self.holder = self.holder.filter(|&holder| holder != (tab, turn));
            }
            Effect::SendRefresh { attempt, session } => {
                let expected = session.and_then(|session| u8::try_from(session.0).ok());
                self.send(tab, attempt, Errand::Refresh { expected });
            }
            Effect::SendLogout { attempt, .. } => self.send(tab, attempt, Errand::SignOut),
            Effect::Abort { attempt } => self.abort(tab, attempt),
            Effect::Adopt { .. } => self.hold(tab, access),
            Effect::Clear => self.hold(tab, None),
            Effect::Announce(news) => self.announce(tab, news),
            Effect::DropHint => self.world.browser.signed_out = true,
            Effect::Owe(who) => self.owed = Some(who),
            Effect::Settle(who) => self.owed = self.owed.filter(|owed| *owed != who),
            Effect::ArmTimer(wait) => {
                if let Some(held) = self.tabs.get_mut(usize::from(tab)) {
                    held.timer = Some(self.time + u64::from(wait));
                }
            }
            // Nobody calls a door or signs in here, and what the page shows changes nothing.
            Effect::SendSignIn { .. } | Effect::DropForm(_) => {}
            Effect::Send { .. } | Effect::Deliver(_) | Effect::Reject { .. } => {}
            Effect::RenewalFailed { .. } | Effect::RenewalRefused | Effect::AccountChanged => {}
            Effect::Ended(_) | Effect::CookieRefused | Effect::Unveil => {}
        }
    }

    /// A request leaves with the cookie; without the hint beside it the cookie counts for nothing in a renewal.
    fn send(&mut self, tab: u8, attempt: Attempt, errand: Errand) {
        let jar = self.world.browser.jar;
        let hidden = self.world.browser.signed_out && matches!(errand, Errand::Refresh { .. });
        let place = self.world.send(Client::Tab(tab), errand, jar.filter(|_| !hidden));
        if let Some(asked) = place.and_then(|place| self.asked.get_mut(usize::from(place))) {
            *asked = Some(attempt);
        }
    }

    fn abort(&mut self, tab: u8, attempt: Attempt) {
        for (flight, asked) in self.world.flights.iter_mut().zip(&mut self.asked) {
            if asked.is_some_and(|asked| asked == attempt)
                && let Some(held) = flight.as_mut().filter(|held| held.from == Client::Tab(tab))
            {
                held.orphan = true;
                *asked = None;
                if matches!(held.stage, Stage::Answered(_)) {
                    *flight = None;
                }
            }
        }
    }

    fn hold(&mut self, tab: u8, access: Option<Access>) {
        if let Some(held) = self.world.browser.tabs.get_mut(usize::from(tab)) {
            *held = access;
        }
    }

    fn announce(&mut self, from: u8, news: Announcement) {
        let access = self.world.browser.tabs.get(usize::from(from)).copied().flatten();
        let along = access.filter(|_| matches!(news, Announcement::Issued { .. }));
        for (tab, held) in (0..).zip(&mut self.tabs) {
            if tab != from {
                held.inbox.push_back((news, along));
            }
        }
    }

    /// Everything that can happen here.
    pub fn events(&self, setting: &EngineConfig, all: &mut Vec<Event>) {
        let config = &setting.config;
        if !self.world.broken.is_empty() {
            return;
        }
        if self.next_moment(setting).is_some() {
            all.push(Event::Pass);
        }
        let mut actions = Vec::new();
        self.world.actions(config, &mut actions);
        for action in actions {
            match action {
                Action::Deliver { flight } => all.push(Event::Deliver(flight)),
                Action::Kill => all.push(Event::Kill),
                // These are the engine's to do.
                Action::Tick | Action::Refresh(_) | Action::SignOut | Action::SignIn => {}
                action => all.push(Event::World(action)),
            }
        }
        for (tab, held) in (0..).zip(&self.tabs) {
            if !held.inbox.is_empty() {
                all.push(Event::Hear(tab));
            }
            let signed_in = matches!(held.engine.standing(), client::Standing::Somebody { .. });
            if self.world.left.sign_outs > 0 && signed_in {
                all.push(Event::SignOut(tab));
            }
            if self.wishes > 0 && signed_in {
                all.push(Event::Renew(tab));
            }
        }
    }

    /// When a timer runs out, or else when the tick is over; none if time has to wait or the end has come. While a
    /// request is under way timers run late, to the end of the tick; what tabs tell each other is never late.
    fn next_moment(&self, setting: &EngineConfig) -> Option<u64> {
        let boundary = (self.time / tick() + 1) * tick();
        let timer = self.tabs.iter().filter_map(|tab| tab.timer).min();
        let still = self.world.flights.iter().all(Option::is_none);
        let next = timer.filter(|_| still).unwrap_or(boundary).clamp(self.time, boundary);
        let heard = self.tabs.iter().all(|tab| tab.inbox.is_empty());
        let may = heard && (next < boundary || self.world.may_tick(&setting.config));
        Some(next).filter(|next| may && *next <= u64::from(setting.horizon) * tick())
    }

    /// The state after an event; none where it is impossible.
    pub fn after(&self, setting: &EngineConfig, event: Event) -> Option<Self> {
        let mut next = self.clone();
        let config = &setting.config;
        match event {
            Event::Pass => next.pass(setting)?,
            Event::World(action) => {
                next.world = next.world.after(config, action)?.0;
                next.forget_lost_numbers();
            }
            Event::Deliver(flight) => next.deliver(config, flight)?,
            Event::Hear(tab) => {
                let (news, access) = next.tabs.get_mut(usize::from(tab))?.inbox.pop_front()?;
                next.step(tab, Input::Peer(news), access);
            }
            Event::SignOut(tab) => {
                spend(&mut next.world.left.sign_outs)?;
                next.step(tab, Input::SignOut, None);
            }
            Event::Renew(tab) => {
                spend(&mut next.wishes)?;
                next.step(tab, Input::Renew, None);
            }
            Event::Kill => {
                spend(&mut next.world.left.kills)?;
                next.world.restart_jar();
                next.world.browser.signed_out = false;
                (next.holder, next.queue) = (None, VecDeque::new());
                next.asked.fill(None);
                next.open_tabs(config);
            }
        }
        next.grant_lock(config);
        Some(next)
    }

    /// Whoever is next in line gets the lock as soon as it is free; without a lock, at once.
    fn grant_lock(&mut self, config: &Config) {
        while self.holder.is_none()
            && let Some((tab, turn, waited)) = self.queue.pop_front()
        {
            self.holder = config.lock.then_some((tab, turn));
            self.step(tab, Input::LockWon { turn, waited: waited && config.lock }, None);
        }
    }

    fn pass(&mut self, setting: &EngineConfig) -> Option<()> {
        let moment = self.next_moment(setting)?;
        let crosses = moment / tick() > self.time / tick();
        self.time = moment;
        if crosses {
            self.world.tick(&setting.config);
            self.forget_lost_numbers();
        }
        for tab in 0..setting.config.tabs {
            let due = self.tabs.get(usize::from(tab))?.timer.is_some_and(|timer| timer <= moment);
            if due {
                self.step(tab, Input::Deadline, None);
            }
        }
        Some(())
    }

    /// A request that is gone has no number any more.
    fn forget_lost_numbers(&mut self) {
        for (flight, asked) in self.world.flights.iter().zip(&mut self.asked) {
            *asked = asked.filter(|_| flight.is_some_and(|flight| !flight.orphan));
        }
    }
}
