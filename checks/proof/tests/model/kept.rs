//! Short traces that the search found beyond the limits, kept so that a change of the rule, or of the model, that
//! loses one is seen. Each is the shortest of its kind.

use lanyard_proof::model::action::Action::{self, *};
use lanyard_proof::model::action::{Commit, Loot, Outcome};
use lanyard_proof::model::config::{Config, Lifetimes};
use lanyard_proof::model::limits::{Expected, LIMITS};
use lanyard_proof::model::search::replay;
use lanyard_proof::model::world::{Answer, Client, Token};

const TAB: Client = Client::Tab(0);
const OTHER_TAB: Client = Client::Tab(1);

fn wait(ticks: usize) -> Vec<Action> {
    vec![Tick; ticks]
}

fn read(flight: u8) -> Action {
    Read { flight, server: 0 }
}

fn write(flight: u8) -> Action {
    Write { flight, commit: Commit::Known }
}

/// A renewal whose answer stays on its way.
fn rotates(client: Client) -> Vec<Action> {
    vec![Refresh(client), read(0), write(0)]
}

/// A rotation, S after the one before, and a retry just within W whose answer comes a tick later.
fn retried_late(settle: usize) -> Vec<Action> {
    [wait(settle), rotates(TAB), wait(2), vec![Refresh(TAB), read(0)], wait(1), vec![Deliver { flight: 0 }]]
        .concat()
}

/// The browser has the old token on its disk and starts again from it.
fn presents_the_old_one(accident: Action) -> Vec<Action> {
    [vec![Use(TAB), accident], wait(1), vec![Refresh(TAB), Hear { server: 0 }, read(0), write(0)]].concat()
}

fn steals(generation: u8, secret: u8) -> Vec<Action> {
    vec![RefreshStolen { token: Token { session: 0, generation, secret }, server: 0 }, write(0)]
}

/// The traces, in the limits' order.
fn traces() -> Vec<Vec<Action>> {
    let lost = [wait(6), rotates(TAB), vec![Lose { flight: 0 }]].concat();
    let rotated = [wait(6), rotates(TAB), vec![Deliver { flight: 0 }]].concat();
    vec![
        [retried_late(5), wait(1), presents_the_old_one(CrashJar)].concat(),
        [retried_late(5), wait(1), presents_the_old_one(Kill)].concat(),
        [
            retried_late(6),
            wait(1),
            vec![Use(TAB), Kill],
            wait(2),
            vec![Refresh(TAB), Hear { server: 0 }, read(0), write(0)],
        ]
        .concat(),
        [retried_late(6), wait(2), presents_the_old_one(Kill)].concat(),
        [
            retried_late(6),
            wait(1),
            vec![Use(TAB), Kill],
            wait(1),
            vec![Refresh(TAB), Hear { server: 1 }],
            wait(1),
            vec![Confirm, read(0), write(0)],
        ]
        .concat(),
        [lost.clone(), lost.clone(), lost.clone(), lost, wait(6), rotates(TAB)].concat(),
        [
            wait(6),
            rotates(Client::Native),
            vec![Deliver { flight: 0 }],
            wait(6),
            vec![Use(Client::Native), CrashApp],
            rotates(Client::Native),
        ]
        .concat(),
        [
            retried_late(6),
            wait(1),
            vec![Refresh(TAB), Kill],
            wait(1),
            vec![Refresh(TAB), JumpClock, read(0), write(0), read(1), write(1)],
        ]
        .concat(),
        [
            wait(6),
            vec![Steal(Loot::Held(TAB))],
            steals(0, 0),
            wait(6),
            steals(0, 0),
            rotated.clone(),
            wait(2),
            steals(0, 0)[..1].to_vec(),
            wait(4),
            rotates(TAB),
            vec![Deliver { flight: 0 }],
            wait(2),
            steals(3, 3)[..1].to_vec(),
            wait(4),
            vec![Use(TAB)],
        ]
        .concat(),
        [
            rotated.clone(),
            wait(6),
            vec![Steal(Loot::Held(TAB))],
            steals(1, 1),
            wait(6),
            steals(1, 1),
            wait(6),
            steals(3, 3),
        ]
        .concat(),
        [
            wait(6),
            vec![Refresh(OTHER_TAB), SignIn, read(0), write(0), read(1)],
            vec![Deliver { flight: 1 }, Deliver { flight: 0 }],
        ]
        .concat(),
        [rotated, vec![Refresh(TAB), FailOver, read(0), Deliver { flight: 0 }]].concat(),
        [
            wait(6),
            vec![Steal(Loot::Held(TAB))],
            steals(0, 0),
            wait(6),
            vec![Use(Client::Thief)],
            steals(0, 0),
            vec![FailOver],
        ]
        .concat(),
    ]
}

#[test]
fn the_traces_beyond_the_limits_are_still_the_shortest_ones() {
    let traces = traces();
    assert_eq!(traces.len(), LIMITS.len());
    for (limit, trace) in LIMITS.iter().zip(traces) {
        assert!(gets_there(&limit.config, limit.expected, &trace), "{}: {trace:?}", limit.name);
        let shortest = limit.search(limit.config).trace;
        assert_eq!(trace.len(), shortest.len(), "{}: {shortest:?}", limit.name);
        if let Some(inside) = limit.inside {
            assert!(!gets_there(&inside, limit.expected, &trace), "inside {}", limit.name);
        }
    }
}

/// Whether a trace can be done and leads to what is expected.
fn gets_there(config: &Config, expected: Expected, trace: &[Action]) -> bool {
    let Ok((_, last)) = replay(config, trace) else { return false };
    match expected {
        Expected::Broken(law) => last.broken.contains(law),
        Expected::Reached(goal) => goal(&last),
    }
}

/// Found by the search while a rotation asked only for the absolute limit: one request was told that the session had
/// expired, and the other, read before, was written after, so the session went on.
#[test]
fn a_renewal_that_crosses_the_idle_limit_is_not_written() {
    let lifetimes = Some(Lifetimes { idle: 8, absolute: 14, access: 4 });
    let config = Config { delays: true, lifetimes, ..Config::QUIET };
    let trace = [
        wait(6),
        vec![Refresh(TAB)],
        wait(1),
        vec![read(0)],
        wait(1),
        vec![Refresh(TAB), read(1), write(0), Deliver { flight: 1 }],
    ]
    .concat();
    let (outcomes, last) = replay(&config, &trace).expect("it can be done");
    let [.., told, written, _] = outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!((told, written), (Outcome::Answered(Answer::Expired), Outcome::Raced));
    assert!(last.broken.is_empty());
}
