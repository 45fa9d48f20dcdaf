//! One action's consequences: time, the clients, the thief and the accidents. What a server does is in `server`.

use lanyard_auth::store::EndReason;

use super::action::{Action, Loot, Outcome};
use super::config::{Config, Native, spend};
use super::law::{Law, Side};
use super::world::{Access, Answer, Call, Client, Errand, Flight, Stage, Token, World};

impl World {
    /// The state after an action, and what the server did; none where the action is impossible.
    pub fn after(&self, config: &Config, action: Action) -> Option<(Self, Outcome)> {
        let mut next = self.clone();
        let outcome = next.step(config, action)?;
        Some((next, outcome))
    }

    fn step(&mut self, config: &Config, action: Action) -> Option<Outcome> {
        match action {
            Action::Read { flight, server } => self.read(config, flight, server),
            Action::Begin { flight } => self.begin(flight),
            Action::Write { flight, commit } => self.write(config, flight, commit),
            Action::RefreshStolen { token, server } => self.present(config, token, server),
            Action::Forge { session, generation } => {
                spend(&mut self.left.forgeries)?;
                self.present(config, Token { session, generation, secret: Token::FORGED }, 0)
            }
            Action::Use(client) => self.use_access(config, client),
            Action::Hear { server } => self.hear(config, server),
            Action::Confirm => self.confirm(config),
            unheard => {
                self.unheard(config, unheard)?;
                Some(Outcome::Silent)
            }
        }
    }

    /// What no server hears of at once.
    fn unheard(&mut self, config: &Config, action: Action) -> Option<()> {
        match action {
            Action::Tick => self.tick(config),
            Action::Refresh(client) => {
                let token = self.held_by(client);
                let expected = self.access_of(client).map(|access| access.session);
                self.send(client, Errand::Refresh { expected }, token)?;
            }
            Action::SignOut => {
                spend(&mut self.left.sign_outs)?;
                self.send(Client::Tab(0), Errand::SignOut, self.browser.jar)?;
                self.browser.signed_out = true;
                self.browser.tabs.fill(None);
            }
            Action::SignIn => {
                spend(&mut self.left.switches)?;
                self.send(Client::Tab(0), Errand::SignIn, self.browser.jar)?;
            }
            Action::Deliver { flight } => self.deliver(config, flight)?,
            Action::Lose { flight } => self.lose(flight)?,
            Action::Double { flight } => {
                spend(&mut self.left.doubles)?;
                let copy = Flight { orphan: true, ..(*self.flights.get(usize::from(flight))?)? };
                *self.flights.iter_mut().find(|place| place.is_none())? = Some(copy);
            }
            Action::Flush => self.browser.flush(),
            Action::Store => {
                let app = self.app.as_mut()?;
                app.stored = app.token;
            }
            Action::Steal(loot) => self.steal(loot)?,
            accident => self.accident(config, accident)?,
        }
        Some(())
    }

    /// The thief sends a token, and it is read at once.
    fn present(&mut self, config: &Config, token: Token, server: u8) -> Option<Outcome> {
        let place = self.send(Client::Thief, Errand::Refresh { expected: None }, Some(token))?;
        self.read(config, place, server)
    }

    fn lose(&mut self, flight: u8) -> Option<()> {
        let lost = self.take_flight(flight)?;
        // An answer is also lost when its server dies in the middle of it.
        let answered = matches!(lost.stage, Stage::Answered(_));
        let dies = || answered.then(|| spend(&mut self.left.server_crashes)).flatten();
        spend(&mut self.left.losses).or_else(dies)
    }

    fn accident(&mut self, config: &Config, accident: Action) -> Option<()> {
        match accident {
            Action::Kill => {
                spend(&mut self.left.kills)?;
                self.restart_jar();
                self.browser.tabs.fill(None);
                self.browser.signed_out = false;
            }
            Action::CrashJar => {
                spend(&mut self.left.jar_crashes)?;
                self.restart_jar();
            }
            Action::CrashApp => {
                spend(&mut self.left.native_crashes)?;
                let app = self.app.as_mut()?;
                app.token = app.stored;
                app.access = None;
                self.orphan_all(|client| client == Client::Native);
            }
            Action::CrashServer(server) => {
                spend(&mut self.left.server_crashes)?;
                self.crash_server(server);
            }
            Action::KickOut => {
                spend(&mut self.left.kick_outs)?;
                self.kick_out(config);
            }
            Action::FailOver => {
                spend(&mut self.left.failovers)?;
                self.fail_over()?;
            }
            Action::JumpClock => {
                spend(&mut self.left.jumps)?;
                for row in &mut self.rows {
                    row.age = row.age.saturating_add(config.jump).min(Self::oldest(config));
                }
                self.unreplicated = None;
                // By this clock, which is the one that counts, every window is over.
                for session in &mut self.ghost.sessions {
                    session.handed = None;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// The browser's network process starts anew from the disk. What was under way gets no answer.
    pub(super) fn restart_jar(&mut self) {
        self.browser.reload();
        self.orphan_all(|client| matches!(client, Client::Tab(_)));
    }

    /// Nobody waits any more for what these clients asked.
    pub(super) fn orphan_all(&mut self, of: impl Fn(Client) -> bool) {
        for place in &mut self.flights {
            if let Some(flight) = place.as_mut().filter(|flight| of(flight.from)) {
                flight.orphan = true;
                if matches!(flight.stage, Stage::Answered(_)) {
                    *place = None;
                }
            }
        }
    }

    /// Puts a request on its way; returns its place.
    pub(super) fn send(&mut self, from: Client, errand: Errand, token: Option<Token>) -> Option<u8> {
        let place = self.flights.iter().position(Option::is_none)?;
        let flight = Flight { from, errand, token, orphan: false, age: 0, stage: Stage::Sent };
        *self.flights.get_mut(place)? = Some(flight);
        u8::try_from(place).ok()
    }

    pub(super) fn take_flight(&mut self, flight: u8) -> Option<Flight> {
        self.flights.get_mut(usize::from(flight))?.take()
    }

    /// The refresh token that a client would send.
    pub(super) fn held_by(&self, client: Client) -> Option<Token> {
        match client {
            Client::Tab(_) => self.browser.jar,
            Client::Native => self.app.as_ref().and_then(|app| app.token),
            Client::Thief => None,
        }
    }

    pub(super) fn access_of(&self, client: Client) -> Option<Access> {
        match client {
            Client::Tab(tab) => *self.browser.tabs.get(usize::from(tab))?,
            Client::Native => self.app.as_ref()?.access,
            Client::Thief => self.thief.access,
        }
    }

    /// Where a client keeps its access token.
    pub(super) fn access_slot(&mut self, client: Client) -> Option<&mut Option<Access>> {
        match client {
            Client::Tab(tab) => self.browser.tabs.get_mut(usize::from(tab)),
            Client::Native => self.app.as_mut().map(|app| &mut app.access),
            Client::Thief => Some(&mut self.thief.access),
        }
    }

    pub(super) fn forget_access(&mut self, client: Client) {
        if let Some(held) = self.access_slot(client) {
            *held = None;
        }
    }

    pub(super) fn may_refresh(&self, config: &Config, client: Client) -> bool {
        let in_browser = matches!(client, Client::Tab(_));
        let may = self.flights.iter().any(Option::is_none)
            && self.held_by(client).is_some()
            && !(in_browser && self.browser.signed_out)
            && !(config.away && self.ghost.sessions.iter().any(|session| session.stolen.is_some()))
            && self.keeps_distance(config, client);
        may && !self.awaited().any(|flight| {
            flight.from == client || in_browser && config.lock && matches!(flight.from, Client::Tab(_))
        })
    }

    /// Whether the other side has renewed long enough ago, where that is asked for.
    pub(super) fn keeps_distance(&self, config: &Config, client: Client) -> bool {
        let [owner, thief] = self.ghost.since;
        let by_thief = client == Client::Thief;
        let other = if by_thief { owner } else { thief };
        let under_way =
            self.flights.iter().flatten().any(|flight| (flight.from == Client::Thief) != by_thief);
        !config.spaced || other >= config.shape.settle && !under_way
    }

    /// Uses are only looked at where they may confirm, when they get to a server.
    pub(super) fn may_use(&self, config: &Config, client: Client) -> bool {
        let Some(access) = self.access_of(client).filter(|_| self.call.is_none()) else { return false };
        let soon = config.skew + if config.delays { config.shape.reach } else { 0 };
        let hint = if client == Client::Thief { Self::forged_hint(access) } else { self.hint() };
        let shows = !access.jar || hint == Some((access.session, access.generation));
        let newest = |access: Access| self.row(access.session).is_some_and(|row| !row.confirmed);
        access.left != Some(0) && newest(access) && config.confirms(access.confirms_in, soon, shows)
    }

    /// Somebody who is no browser sends any hint he likes.
    fn forged_hint(access: Access) -> Option<(u8, u8)> {
        Some((access.session, access.generation))
    }

    fn use_access(&mut self, config: &Config, client: Client) -> Option<Outcome> {
        let access = self.access_of(client)?;
        let hint = if client == Client::Thief { Self::forged_hint(access) } else { self.hint() };
        self.call = Some(Call { access, hint, age: 0 });
        // Where requests take no time and all servers are alike, it arrives at once.
        let at_once = !config.delays && config.listeners().len() == 1;
        if at_once { self.hear(config, 0) } else { Some(Outcome::Silent) }
    }

    /// An answer reaches its client. Nobody waits for an orphan's, so it never comes this far.
    fn deliver(&mut self, config: &Config, flight: u8) -> Option<()> {
        let flight = self.take_flight(flight)?;
        let Stage::Answered(answer) = flight.stage else { return None };
        match answer {
            Answer::Granted { access, successor } => {
                if let Some(token) = successor {
                    self.keep(config, flight.from, token);
                }
                self.hold(config, flight.from, access);
            }
            Answer::SignedOut => self.browser.set_jar(None),
            Answer::Reused | Answer::Unknown | Answer::Expired | Answer::Ended(_) => {
                self.turned_away(config, &flight, answer);
            }
            Answer::Changed => self.forget_access(flight.from),
            Answer::Unavailable => {}
        }
        Some(())
    }

    /// A refresh token arrives.
    pub(super) fn keep(&mut self, config: &Config, client: Client, token: Token) {
        self.note_turn(config, client, token);
        if client == Client::Native {
            if let Some(app) = &mut self.app {
                app.token = Some(token);
                if config.native == Native::Durable {
                    app.stored = Some(token);
                }
            }
            return;
        }
        if let Some(held) = self.browser.jar {
            // A sign-in's cookie may be overtaken where there is no lock; that is a limit, not a law.
            let older = held.session == token.session && held.generation > token.generation
                || config.lock && held.session > token.session;
            self.broken.demand(Law::JarRises, !older || self.ghost.lost(held.session));
        }
        self.browser.set_jar(Some(token));
    }

    /// An access token arrives. Tabs with a lock share it.
    fn hold(&mut self, config: &Config, client: Client, access: Access) {
        match client {
            Client::Tab(_) if config.lock => self.browser.tabs.fill(Some(access)),
            _ => {
                if let Some(held) = self.access_slot(client) {
                    *held = Some(access);
                }
            }
        }
    }

    /// An honest client is told that its session is over: is it?
    pub(super) fn judge_refusal(&mut self, config: &Config, token: Token, answer: Answer) {
        let live = self.row(token.session).is_some_and(|row| row.ended.is_none() && !row.has_expired(config));
        let ghost = self.ghost.sessions.get(usize::from(token.session));
        let excused = ghost.is_some_and(|ghost| ghost.stolen.is_some() || ghost.lost);
        // His version may have risen after the row was read.
        let raised = self.row(token.session).is_some_and(|row| self.version_of(row) != row.user_version);
        let kicked = raised && answer == Answer::Ended(EndReason::KickedOut);
        self.broken.demand(Law::NoFalseAlarm, !live || excused || kicked);
    }

    /// Such a client forgets its tokens. A newcomer's cookie stays.
    fn turned_away(&mut self, config: &Config, flight: &Flight, answer: Answer) {
        let Some(token) = flight.token else { return };
        self.judge_refusal(config, token, answer);
        self.forget_access(flight.from);
        if flight.from == Client::Native {
            if let Some(app) = &mut self.app {
                (app.token, app.stored) = (None, None);
            }
        } else if self.browser.jar == Some(token) && answer != Answer::Ended(EndReason::Replaced) {
            self.browser.set_jar(None);
        }
    }

    /// The thief gets his answer at once.
    pub(super) fn deliver_to_thief(&mut self, config: &Config, answer: Answer) {
        if let Answer::Granted { access, successor } = answer {
            self.thief.access = Some(access);
            if let Some(token) = successor {
                self.thief_gets(token);
                self.note_turn(config, Client::Thief, token);
            }
        }
    }

    fn thief_gets(&mut self, token: Token) {
        if let Err(place) = self.thief.tokens.binary_search(&token) {
            self.thief.tokens.insert(place, token);
        }
    }

    fn steal(&mut self, loot: Loot) -> Option<()> {
        spend(&mut self.left.thefts)?;
        let at = |place: u8| self.flights.get(usize::from(place)).copied().flatten();
        let (token, access) = match loot {
            Loot::Held(client) => (self.held_by(client), None),
            Loot::Disk => (self.browser.disk, None),
            Loot::Request(place) => (at(place)?.token, None),
            Loot::Answer(place) => match at(place)?.stage {
                Stage::Answered(Answer::Granted { access, successor }) => (successor, Some(access)),
                _ => return None,
            },
            Loot::Access(client) => (None, self.access_of(client)),
        };
        let session = token.map(|token| token.session).or(access.map(|access| access.session))?;
        let ghost = self.ghost.sessions.get_mut(usize::from(session))?;
        ghost.stolen = Some(ghost.made);
        self.ghost.turns = None;
        if let Some(token) = token {
            self.thief_gets(token);
        }
        self.thief.access = access.or(self.thief.access);
        Some(())
    }

    /// A renewal was answered; who has something that the other has as well keeps away from him for S.
    pub(super) fn note_renewal(&mut self, config: &Config, client: Client) {
        let side = Side::of(client);
        if let Some(since) = self.ghost.since.get_mut(side as usize).filter(|_| config.spaced) {
            *since = 0;
        }
    }

    /// Somebody got a refresh token that was made after the theft: how many times has the session changed hands?
    fn note_turn(&mut self, config: &Config, client: Client, token: Token) {
        let stolen = self.ghost.sessions.get(usize::from(token.session)).and_then(|session| session.stolen);
        if config.spaced && stolen.is_some_and(|made| token.secret > made) {
            let turns = self.ghost.turn(Side::of(client));
            // One more where the owner's browser may forget what he got.
            let most = 3 + u8::from(config.has_disk());
            self.broken.demand(Law::TheftIsFound, turns <= most);
        }
    }
}
