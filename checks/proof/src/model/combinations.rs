//! All parts at once are too many states, so here are combinations of a few: every two parts meet in one of them.

use super::config::{Budget, Config, Lifetimes, Native, Shape};
use super::part::Part;

/// One combination.
#[derive(Clone, Copy, Debug)]
pub struct Combination {
    /// What it is about.
    pub name: &'static str,
    /// The model.
    pub config: Config,
}

const ROTATIONS: Budget = Budget { rotations: 2, ..Budget::NONE };
const TAB: Config = Config { budget: ROTATIONS, ..Config::QUIET };
const TABS: Config = Config { tabs: 2, ..TAB };
const LOCKED: Config = Config { lock: true, ..TABS };
const CLOCKS: Config = Config { shape: Shape::ROOMY, skew: 1, queue: true, ..TAB };

/// A thief, and enough rotations for S5: owner and thief keep S apart, and whoever finds the other does it by then.
const TURNS: Budget = Budget { rotations: 4, thefts: 1, ..Budget::NONE };

const NATIVE: Config = Config { tabs: 0, native: Native::Durable, ..TAB };

/// The table.
pub const COMBINATIONS: &[Combination] = &[
    Combination {
        name: "two tabs with a lock on a bad network, a jar that crashes, sign-out, lost commits",
        config: Config {
            budget: Budget {
                jar_crashes: 1,
                losses: 1,
                doubles: 1,
                unknown_commits: 1,
                sign_outs: 1,
                failovers: 1,
                ..ROTATIONS
            },
            ..LOCKED
        },
    },
    Combination {
        name: "every way to end a session, in a browser that is killed, with clocks that differ",
        config: Config {
            tabs: 2,
            lock: true,
            budget: Budget { kills: 1, sign_outs: 1, kick_outs: 1, switches: 1, ..ROTATIONS },
            ..CLOCKS
        },
    },
    Combination {
        name: "a thief, a browser that is killed, servers that crash",
        config: Config {
            budget: Budget { kills: 1, thefts: 1, server_crashes: 1, losses: 1, ..ROTATIONS },
            ..LOCKED
        },
    },
    Combination {
        name: "a browser that is killed beside a client without one, sign-out",
        config: Config {
            native: Native::Durable,
            budget: Budget { kills: 1, native_crashes: 1, sign_outs: 1, ..ROTATIONS },
            ..LOCKED
        },
    },
    Combination {
        name: "a jar that crashes beside a client without one, an account switch",
        config: Config {
            native: Native::Durable,
            budget: Budget { jar_crashes: 1, switches: 1, ..ROTATIONS },
            ..TAB
        },
    },
    Combination {
        name: "two tabs with a lock, a slow network, a browser that is killed",
        config: Config { delays: true, budget: Budget { kills: 1, losses: 1, ..ROTATIONS }, ..LOCKED },
    },
    Combination {
        name: "two tabs without a lock, a slow network, a browser that is killed and a jar that crashes",
        config: Config { delays: true, budget: Budget { kills: 1, jar_crashes: 1, ..ROTATIONS }, ..TABS },
    },
    Combination {
        name: "three tabs at once, lost answers, servers that crash",
        config: Config {
            tabs: 3,
            flights: 3,
            budget: Budget { losses: 1, server_crashes: 1, ..ROTATIONS },
            ..TABS
        },
    },
    Combination {
        name: "a thief, a slow network, clocks that differ, a failover",
        config: Config { delays: true, budget: Budget { thefts: 1, failovers: 1, ..ROTATIONS }, ..CLOCKS },
    },
    Combination {
        name: "an account switch, a browser that is killed, doubled requests, a failover",
        config: Config {
            budget: Budget { kills: 1, doubles: 1, switches: 1, failovers: 1, ..ROTATIONS },
            ..TABS
        },
    },
    Combination {
        name: "servers that crash with clocks that differ, unknown commits, a jar that crashes",
        config: Config {
            budget: Budget { jar_crashes: 1, server_crashes: 1, unknown_commits: 1, ..ROTATIONS },
            ..CLOCKS
        },
    },
    Combination {
        name: "a slow network, a killed browser, a jar that crashes, unknown commits, a kick-out",
        config: Config {
            delays: true,
            budget: Budget { kills: 1, jar_crashes: 1, unknown_commits: 1, kick_outs: 1, ..ROTATIONS },
            ..TAB
        },
    },
    Combination {
        name: "a kick-out, servers that crash, doubled requests, a failover",
        config: Config {
            budget: Budget { server_crashes: 1, doubles: 1, kick_outs: 1, failovers: 1, ..ROTATIONS },
            ..TABS
        },
    },
    Combination {
        name: "a client without a browser, a thief, a bad network, a kick-out",
        config: Config {
            budget: Budget { thefts: 1, native_crashes: 1, losses: 1, doubles: 1, kick_outs: 1, ..ROTATIONS },
            ..NATIVE
        },
    },
    Combination {
        name: "a client without a browser, a slow network, servers that crash, unknown commits, a failover",
        config: Config {
            delays: true,
            shape: Shape::ROOMY,
            skew: 1,
            queue: true,
            budget: Budget {
                server_crashes: 1,
                unknown_commits: 1,
                failovers: 1,
                native_crashes: 1,
                ..ROTATIONS
            },
            ..NATIVE
        },
    },
    Combination {
        name: "sign-out and account switch across a slow network and servers that crash",
        config: Config {
            delays: true,
            budget: Budget { server_crashes: 1, losses: 1, sign_outs: 1, switches: 1, ..ROTATIONS },
            ..TAB
        },
    },
    Combination {
        name: "a slow network that loses and doubles, clocks that differ",
        config: Config { delays: true, budget: Budget { losses: 1, doubles: 1, ..ROTATIONS }, ..CLOCKS },
    },
    Combination {
        name: "a thief, a jar that crashes, unknown commits, sign-out and account switch",
        config: Config {
            budget: Budget {
                jar_crashes: 1,
                thefts: 1,
                unknown_commits: 1,
                sign_outs: 1,
                switches: 1,
                ..ROTATIONS
            },
            ..TAB
        },
    },
    Combination {
        name: "owner and thief by turns, each S after the other",
        config: Config {
            spaced: true,
            budget: Budget { rotations: 5, thefts: 2, losses: 1, ..Budget::NONE },
            ..TAB
        },
    },
    Combination {
        name: "owner and thief by turns, and the owner's browser is killed",
        config: Config {
            spaced: true,
            budget: Budget { rotations: 6, thefts: 1, kills: 1, ..Budget::NONE },
            ..TAB
        },
    },
    Combination {
        name: "by turns, among servers that crash, with clocks that differ and unknown commits",
        config: Config {
            spaced: true,
            budget: Budget { server_crashes: 1, unknown_commits: 1, ..TURNS },
            ..CLOCKS
        },
    },
    Combination {
        name: "by turns, with clocks that differ, on a network that loses and doubles",
        config: Config { spaced: true, budget: Budget { losses: 1, doubles: 1, ..TURNS }, ..CLOCKS },
    },
    Combination {
        name: "by turns, with a client without a browser that crashes, lost answers and a kick-out",
        config: Config {
            spaced: true,
            budget: Budget { native_crashes: 1, losses: 1, kick_outs: 1, ..TURNS },
            ..NATIVE
        },
    },
    Combination {
        name: "by turns, with two tabs under a lock, a sign-out and an account switch",
        config: Config { spaced: true, budget: Budget { sign_outs: 1, switches: 1, ..TURNS }, ..LOCKED },
    },
    Combination {
        name: "by turns, with a jar that crashes, and lost answers",
        config: Config { spaced: true, budget: Budget { jar_crashes: 1, losses: 1, ..TURNS }, ..TAB },
    },
    Combination {
        name: "by turns, on a slow network",
        // Robbed: four slow answers in a row may cost an honest owner his session.
        config: Config { delays: true, spaced: true, robbed: true, budget: TURNS, ..TAB },
    },
    Combination {
        name: "a thief while the owner is away, lost answers and forged tokens",
        config: Config {
            away: true,
            budget: Budget { rotations: 5, thefts: 2, losses: 1, forgeries: 1, ..Budget::NONE },
            ..TAB
        },
    },
    Combination {
        name: "a thief and two tabs, all at once",
        config: Config { flights: 3, budget: Budget { thefts: 1, ..ROTATIONS }, ..TABS },
    },
    Combination {
        name: "two tabs, requests that arrive after W or twice, a browser that is killed",
        config: Config {
            shape: Shape::LATE,
            delays: true,
            budget: Budget { doubles: 1, kills: 1, ..ROTATIONS },
            ..TABS
        },
    },
    Combination {
        name: "a thief, requests that arrive after W, a jar that crashes",
        config: Config {
            shape: Shape::LATE,
            delays: true,
            budget: Budget { jar_crashes: 1, thefts: 1, ..ROTATIONS },
            ..TAB
        },
    },
    Combination {
        name: "a client without a browser, requests that arrive after W or get lost, servers that crash",
        config: Config {
            shape: Shape::LATE,
            delays: true,
            budget: Budget { native_crashes: 1, losses: 1, server_crashes: 1, ..ROTATIONS },
            ..NATIVE
        },
    },
    Combination {
        name: "sessions that go idle and grow old, a thief, a slow network, forged tokens",
        config: Config {
            lifetimes: Some(Lifetimes { idle: 8, absolute: 14, access: 4 }),
            delays: true,
            budget: Budget { thefts: 1, forgeries: 1, ..ROTATIONS },
            ..TAB
        },
    },
    Combination {
        name: "sessions that go idle and grow old, without a browser, servers that crash, unknown commits",
        config: Config {
            lifetimes: Some(Lifetimes { idle: 8, absolute: 14, access: 4 }),
            delays: true,
            budget: Budget { native_crashes: 1, server_crashes: 1, unknown_commits: 1, ..ROTATIONS },
            ..NATIVE
        },
    },
    Combination {
        name: "a session that goes idle, and one that grows old",
        config: Config {
            lifetimes: Some(Lifetimes { idle: 8, absolute: 14, access: 4 }),
            budget: Budget { rotations: 3, losses: 1, ..Budget::NONE },
            ..TABS
        },
    },
    Combination {
        name: "many rotations with few accidents",
        config: Config {
            budget: Budget { rotations: 6, kills: 1, losses: 1, unknown_commits: 1, ..Budget::NONE },
            ..TABS
        },
    },
];

/// Pairs of parts that meet in no combination.
pub fn missing_pairs(combinations: &[Combination]) -> Vec<(Part, Part)> {
    let pairs = Part::ALL.into_iter().enumerate().flat_map(|(number, first)| {
        Part::ALL.into_iter().skip(number + 1).map(move |second| (first, second))
    });
    let meet = |first, second| {
        combinations.iter().any(|one| one.config.has_part(first) && one.config.has_part(second))
    };
    pairs.filter(|&(first, second)| !meet(first, second)).collect()
}
