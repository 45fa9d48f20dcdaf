//! The limits that `docs/rotation.md` states, shown to be the real ones: just outside each a trace is found in which
//! somebody is signed out without cause, or a thief is not found. Just inside, the combinations hold.

use lanyard_auth::rotation::Relation;
use lanyard_auth::store::EndReason;

use super::config::{Budget, Config, Native, Shape};
use super::law::Law;
use super::search::{Found, Goal, Search};
use super::world::{BROWSER, World};

/// A limit, and a model just outside it.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is beyond the limit.
    pub name: &'static str,
    /// The model.
    pub config: Config,
    /// What is to be found there.
    pub expected: Expected,
    /// The same just inside, where nothing is to be found; none where other models show it.
    pub inside: Option<Config>,
}

/// What is found beyond a limit.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// A law is broken.
    Broken(Law),
    /// Something comes about.
    Reached(Goal),
}

const TWO: Budget = Budget { rotations: 2, ..Budget::NONE };
const TAB: Config = Config { budget: TWO, ..Config::QUIET };
const KILLED: Config = Config { delays: true, budget: Budget { kills: 1, ..TWO }, ..TAB };
const JAR_CRASHED: Config = Config { delays: true, budget: Budget { jar_crashes: 1, ..TWO }, ..TAB };
const SHORT: Shape = Shape { settle: Shape::SMALLEST.settle - 1, ..Shape::SMALLEST };
const SKEWED: Config = Config { skew: 1, queue: true, ..KILLED };
const JUMPS: Config = Config { jump: 1, budget: Budget { jumps: 1, kills: 1, ..TWO }, ..KILLED };
const LOSING: Config = Config { budget: Budget { rotations: 5, losses: 3, ..Budget::NONE }, ..Config::QUIET };
const APP: Config = Config {
    tabs: 0,
    native: Native::Durable,
    budget: Budget { native_crashes: 1, losses: 1, ..TWO },
    ..TAB
};
const THIEF: Config = Config { budget: Budget { rotations: 4, thefts: 1, ..Budget::NONE }, ..Config::QUIET };
const SWITCHED: Config =
    Config { tabs: 2, delays: true, budget: Budget { switches: 1, ..TWO }, ..Config::QUIET };

/// Every limit.
pub const LIMITS: &[Limit] = &[
    Limit {
        name: "S one tick below W + 2T + the jar's delay, a jar that crashes",
        config: Config { shape: SHORT, ..JAR_CRASHED },
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(JAR_CRASHED),
    },
    Limit {
        name: "S one tick below W + 2T + the jar's delay, a browser that is killed",
        config: Config { shape: SHORT, ..KILLED },
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(KILLED),
    },
    Limit {
        name: "a request that arrives one tick later than S - W - T - the jar's delay",
        config: Config { shape: Shape { reach: 2, ..Shape::SMALLEST }, ..KILLED },
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(Config { shape: Shape { reach: 2, ..Shape::ROOMY }, ..KILLED }),
    },
    Limit {
        name: "a browser that sleeps, and dies before it has written its cookies, one tick too late",
        config: Config { shape: Shape { jar_delay: 2, ..Shape::SMALLEST }, ..KILLED },
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(Config { shape: Shape { jar_delay: 2, ..Shape::ROOMY }, ..KILLED }),
    },
    Limit {
        name: "a server's clock one tick ahead, a confirmation that waits in its queue, and no tick to spare",
        config: SKEWED,
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(Config { shape: Shape::ROOMY, ..SKEWED }),
    },
    Limit {
        name: "four answers in a row that are lost",
        config: Config { budget: Budget { losses: 4, ..LOSING.budget }, ..LOSING },
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(LOSING),
    },
    Limit {
        name: "a client without a browser that uses what it has not stored",
        config: Config { native: Native::Careless, ..APP },
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(APP),
    },
    Limit {
        name: "a database's clock that jumps one tick forward, and no tick to spare",
        config: JUMPS,
        expected: Expected::Broken(Law::NoFalseAlarm),
        inside: Some(Config { shape: Shape::ROOMY, ..JUMPS }),
    },
    Limit {
        name: "a thief who renews within W of the owner, and is not found",
        config: THIEF,
        expected: Expected::Reached(both_hold_the_newest),
        inside: Some(Config { spaced: true, ..THIEF }),
    },
    Limit {
        name: "an owner who left within S of a rotation, and does not find the thief before he returns",
        config: Config { away: true, ..THIEF },
        expected: Expected::Reached(thief_goes_on_alone),
        inside: None,
    },
    Limit {
        name: "tabs without a lock: a renewal that crosses a sign-in costs another",
        config: SWITCHED,
        expected: Expected::Reached(newcomer_lost_his_cookie),
        inside: Some(Config { lock: true, ..SWITCHED }),
    },
    Limit {
        name: "a failover that loses a commit signs out whoever got its answer",
        config: Config { budget: Budget { failovers: 1, ..TWO }, ..TAB },
        expected: Expected::Reached(signed_out_by_failover),
        inside: None,
    },
    Limit {
        name: "a failover, or a backup, that loses a revocation brings the session back",
        config: Config { budget: Budget { failovers: 1, thefts: 1, ..TWO }, ..TAB },
        expected: Expected::Reached(stolen_session_lives_again),
        inside: None,
    },
];

impl Limit {
    /// Searches a model for what is expected here.
    pub fn search(&self, config: Config) -> Found {
        let goal = match self.expected {
            Expected::Reached(goal) => Some(goal),
            Expected::Broken(_) => None,
        };
        Search { goal, ..Search::of(config) }.run()
    }
}

/// After four rotations since the theft nobody is the wiser.
fn both_hold_the_newest(world: &World) -> bool {
    let first = world.ghost.sessions.first().is_some_and(|session| session.stolen == Some(0));
    let jar = world.browser.jar;
    let newest = jar.filter(|token| world.thief.tokens.contains(token));
    newest.zip(world.row(BROWSER)).is_some_and(|(token, row)| {
        first
            && row.generation == 4
            && row.recoveries == 0
            && row.confirmed
            && row.ended.is_none()
            && row.relate(token) == Relation::Current
    })
}

/// The owner got a token after the one that was stolen, and never used it; the thief has gone on from the old one.
fn thief_goes_on_alone(world: &World) -> bool {
    let thief = world.thief.tokens.last();
    let held = world.browser.jar.zip(thief).zip(world.row(BROWSER));
    held.is_some_and(|((owners, &thiefs), row)| {
        row.generation == 4
            && row.ended.is_none()
            && owners.generation > 0
            && row.relate(owners) == Relation::Older
            && row.relate(thiefs) == Relation::Current
    })
}

/// He has got his cookie and his access token, but the old session's cookie lies there now.
fn newcomer_lost_his_cookie(world: &World) -> bool {
    let over = world.row(BROWSER).is_some_and(|row| row.ended == Some(EndReason::Replaced));
    let got_in = world.browser.tabs.iter().flatten().any(|access| access.session != BROWSER);
    over && got_in && world.browser.jar.is_some_and(|token| token.session == BROWSER)
}

fn signed_out_by_failover(world: &World) -> bool {
    let live = world.row(BROWSER).is_some_and(|row| row.ended.is_none());
    world.ghost.lost(BROWSER) && live && world.browser.jar.is_none()
}

fn stolen_session_lives_again(world: &World) -> bool {
    world.ghost.revived && world.row(BROWSER).is_some_and(|row| row.ended.is_none())
}
