//! What can happen in the model, as plain data: a list of actions is a trace, which tests keep and the `traces`
//! chapter replays on the real service.

use lanyard_auth::rotation::Decision;

use super::config::{Config, Native};
use super::world::{Answer, Client, Errand, Flight, Stage, Token, World};

/// One thing that happens. Requests are named by their place in [`World::flights`], which a request keeps while
/// it is under way; a new one takes the first free place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant's comment tells of its fields")]
pub enum Action {
    /// One tick passes, for everybody.
    Tick,
    /// An honest client sends a renewal with the refresh token it holds.
    Refresh(Client),
    /// The thief sends a renewal with a token of his, and it reaches this server at once.
    RefreshStolen { token: Token, server: u8 },
    /// The thief sends a token that he made up, with the number of this session.
    Forge { session: u8, generation: u8 },
    /// The owner signs out in the browser.
    SignOut,
    /// Somebody else signs in, in the browser; its cookie goes along.
    SignIn,
    /// The request reaches this server (again, if it was raced there), which reads the row and decides. A sign-out
    /// or sign-in is done with that.
    Read { flight: u8, server: u8 },
    /// The write begins, and looks at the user's version as it is now.
    Begin { flight: u8 },
    /// The write compares the session's row and commits.
    Write { flight: u8, commit: Commit },
    /// The answer reaches its client.
    Deliver { flight: u8 },
    /// The network loses the request or its answer, or the server dies in the middle of the answer.
    Lose { flight: u8 },
    /// The network delivers the request twice; nobody hears the answer to the second.
    Double { flight: u8 },
    /// A client uses its access token, together with the hint if it is a browser. Only where that may confirm.
    Use(Client),
    /// The call reaches this server.
    Hear { server: u8 },
    /// The server writes the confirmation that waits in its queue.
    Confirm,
    /// The browser writes its cookies to disk.
    Flush,
    /// The browser is killed and starts again, with the cookies on its disk.
    Kill,
    /// The browser's network process crashes alone and reads the cookies on disk; the tabs live on.
    CrashJar,
    /// The client without a browser stores its token. Only for a careless one; others do as they receive it.
    Store,
    /// The client without a browser dies, and starts again with what it had stored.
    CrashApp,
    /// The thief takes something.
    Steal(Loot),
    /// A server dies, with all that it was doing and what waited in its queue, and is back at once.
    CrashServer(u8),
    /// An administrator signs the first user out everywhere.
    KickOut,
    /// The database fails over to a node that has not seen the last commit.
    FailOver,
    /// The database's clock jumps forward by S.
    JumpClock,
}

/// What the database says of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Commit {
    /// Done, or not, as the row's comparison says.
    Known,
    /// The connection broke after it was done: the server does not know.
    UnknownDone,
    /// The connection broke before it was done: the server does not know.
    UnknownUndone,
}

/// Where the thief takes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loot {
    /// The refresh token in the cookie jar, or in the client without a browser.
    Held(Client),
    /// The refresh token on the browser's disk.
    Disk,
    /// The refresh token of a request.
    Request(u8),
    /// Both tokens of an answer.
    Answer(u8),
    /// An access token alone.
    Access(Client),
}

/// What the server did at one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing: it was not asked.
    Silent,
    /// It answered, or would have, were anybody still there.
    Answered(Answer),
    /// It has read the row and is to write.
    Decided(Decision),
    /// It has begun to write.
    Begun,
    /// The row had changed: it is to read again.
    Raced,
    /// It heard a call that may confirm, and did; or has put it off, or was refused by the database.
    Confirmed(bool),
}

impl World {
    /// Everything that can happen here.
    pub fn actions(&self, config: &Config, all: &mut Vec<Action>) {
        if !self.broken.is_empty() {
            return;
        }
        if self.may_tick(config) {
            all.push(Action::Tick);
        }
        self.client_actions(config, all);
        for (place, flight) in (0..).zip(&self.flights) {
            if let Some(flight) = flight {
                self.flight_actions(config, place, flight, all);
            }
        }
        self.confirmation_actions(config, all);
        self.accidents(config, all);
        self.thief_actions(config, all);
    }

    fn client_actions(&self, config: &Config, all: &mut Vec<Action>) {
        let tabs = (0..config.tabs).map(Client::Tab);
        for client in tabs.chain(self.app.is_some().then_some(Client::Native)) {
            if self.may_refresh(config, client) {
                all.push(Action::Refresh(client));
            }
            if self.may_use(config, client) {
                all.push(Action::Use(client));
            }
        }
        let free = self.flights.iter().any(Option::is_none);
        let locked = config.lock && self.awaited().any(|flight| matches!(flight.from, Client::Tab(_)));
        let idle = !self.awaited().any(|flight| flight.from == Client::Tab(0));
        if free && !locked && idle && self.browser.jar.is_some() && !self.browser.signed_out {
            if self.left.sign_outs > 0 {
                all.push(Action::SignOut);
            }
            if self.left.switches > 0 {
                all.push(Action::SignIn);
            }
        }
        if config.native == Native::Careless && self.app.as_ref().is_some_and(|app| app.token != app.stored) {
            all.push(Action::Store);
        }
    }

    fn flight_actions(&self, config: &Config, place: u8, flight: &Flight, all: &mut Vec<Action>) {
        match flight.stage {
            Stage::Sent => {
                all.extend(config.servers().map(|server| Action::Read { flight: place, server }));
                if self.left.doubles > 0 && self.flights.iter().any(Option::is_none) {
                    all.push(Action::Double { flight: place });
                }
            }
            Stage::Raced { server, .. } => all.push(Action::Read { flight: place, server }),
            Stage::Decided(_) if config.budget.kick_outs > 0 => all.push(Action::Begin { flight: place }),
            Stage::Decided(_) | Stage::Begun { .. } => self.writes(place, all),
            Stage::Answered(_) => all.push(Action::Deliver { flight: place }),
        }
        let may_be_lost = match flight.stage {
            Stage::Sent => self.left.losses > 0,
            Stage::Answered(_) => self.left.losses + self.left.server_crashes > 0,
            Stage::Decided(_) | Stage::Begun { .. } | Stage::Raced { .. } => false,
        };
        if may_be_lost && !flight.orphan {
            all.push(Action::Lose { flight: place });
        }
    }

    fn writes(&self, flight: u8, all: &mut Vec<Action>) {
        all.push(Action::Write { flight, commit: Commit::Known });
        if self.left.unknown_commits > 0 {
            all.push(Action::Write { flight, commit: Commit::UnknownDone });
            all.push(Action::Write { flight, commit: Commit::UnknownUndone });
        }
    }

    fn confirmation_actions(&self, config: &Config, all: &mut Vec<Action>) {
        if self.call.is_some() && self.order.is_none() {
            all.extend(config.listeners().map(|server| Action::Hear { server }));
        }
        if self.order.is_some() {
            all.push(Action::Confirm);
        }
    }

    fn accidents(&self, config: &Config, all: &mut Vec<Action>) {
        let left = &self.left;
        if config.has_disk() && self.browser.jar != self.browser.disk {
            all.push(Action::Flush);
        }
        let native = self.app.is_some();
        let possible = [
            (left.kills > 0, Action::Kill),
            (left.jar_crashes > 0, Action::CrashJar),
            (left.native_crashes > 0 && native, Action::CrashApp),
            (left.kick_outs > 0, Action::KickOut),
            (left.failovers > 0 && self.may_fail_over(), Action::FailOver),
            (left.jumps > 0, Action::JumpClock),
        ];
        all.extend(possible.into_iter().filter_map(|(may, action)| may.then_some(action)));
        if left.server_crashes > 0 {
            let works = |server| {
                let flies = self.flights.iter().flatten().any(|flight| flight.server() == Some(server));
                flies || self.order.is_some_and(|order| order.server == server)
            };
            all.extend(config.servers().filter(|&server| works(server)).map(Action::CrashServer));
        }
    }

    fn thief_actions(&self, config: &Config, all: &mut Vec<Action>) {
        if self.left.thefts > 0 {
            self.loot(config, all);
        }
        let free = self.flights.iter().any(Option::is_none);
        if self.left.forgeries > 0 && free {
            for (session, row) in (0..).zip(&self.rows) {
                all.extend((0..=row.generation).map(|generation| Action::Forge { session, generation }));
            }
        }
        let busy = self.awaited().any(|flight| flight.from == Client::Thief);
        if free && !busy && self.keeps_distance(config, Client::Thief) {
            for &token in &self.thief.tokens {
                all.extend(config.servers().map(|server| Action::RefreshStolen { token, server }));
            }
        }
        if self.may_use(config, Client::Thief) {
            all.push(Action::Use(Client::Thief));
        }
    }

    /// Everything worth stealing that the thief does not have.
    fn loot(&self, config: &Config, all: &mut Vec<Action>) {
        let fresh = |token: Option<Token>| token.is_some_and(|token| !self.thief.tokens.contains(&token));
        let take = |loot| Action::Steal(loot);
        let in_app = self.app.as_ref().and_then(|app| app.token);
        let places = [
            (self.browser.jar, Loot::Held(Client::Tab(0))),
            (in_app, Loot::Held(Client::Native)),
            (self.browser.disk, Loot::Disk),
        ];
        all.extend(places.into_iter().filter(|(token, _)| fresh(*token)).map(|(_, loot)| take(loot)));
        for (place, flight) in (0..).zip(&self.flights) {
            match flight {
                Some(Flight { from: Client::Thief, .. }) | None => {}
                Some(Flight { stage: Stage::Answered(Answer::Granted { successor, .. }), .. }) => {
                    all.extend(fresh(*successor).then_some(take(Loot::Answer(place))));
                }
                Some(Flight { errand: Errand::Refresh { .. }, token, .. }) => {
                    all.extend(fresh(*token).then_some(take(Loot::Request(place))));
                }
                Some(_) => {}
            }
        }
        let tabs = (0..config.tabs).map(Client::Tab).chain([Client::Native]);
        let has_access = |client: &Client| self.access_of(*client).is_some();
        all.extend(tabs.filter(has_access).map(|client| take(Loot::Access(client))));
    }
}
