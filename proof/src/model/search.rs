//! Searching a model: every state that its actions lead to, or the shortest way to one that breaks a law.

use std::time::Duration;

use lanyard_auth::random::{NoRandomness, Random};
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use super::action::{Action, Outcome};
use super::config::Config;
use super::law::Law;
use super::world::World;

/// How far to search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Stop after so many steps were tried.
    pub steps: usize,
    /// Stop after so long.
    pub time: Duration,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Different states.
    pub states: usize,
    /// The longest way to one, in actions.
    pub depth: usize,
    /// Whether there are no others.
    pub exhausted: bool,
    /// The broken law and the way there, if one was broken.
    pub broken: Option<(Law, Vec<Action>)>,
}

impl Model for Config {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.actions(self, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        world.after(self, action).map(|(next, _)| next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn holds<const LAW: usize>(_: &Config, world: &World) -> bool {
            Law::ALL.get(LAW).is_some_and(|law| !world.broken.contains(*law))
        }
        vec![
            Property::always(Law::OneSuccessor.name(), holds::<0>),
            Property::always(Law::SameSuccessor.name(), holds::<1>),
            Property::always(Law::Rises.name(), holds::<2>),
            Property::always(Law::NoFalseAlarm.name(), holds::<3>),
            Property::always(Law::TheftIsFound.name(), holds::<4>),
            Property::always(Law::RevokedForGood.name(), holds::<5>),
            Property::always(Law::CommitFirst.name(), holds::<6>),
            Property::always(Law::Mortal.name(), holds::<7>),
            Property::always(Law::ForgedIsNothing.name(), holds::<8>),
            Property::always(Law::JarRises.name(), holds::<9>),
            Property::always(Law::Converges.name(), holds::<10>),
        ]
    }
}

/// Searches breadth first, so that what is found is found by a shortest way.
pub fn search(config: Config, bounds: Bounds) -> Found {
    let checker = config
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .target_state_count(bounds.steps)
        .timeout(bounds.time)
        .spawn_bfs()
        .join();
    let discoveries = checker.discoveries();
    let broken = Law::ALL.into_iter().find_map(|law| {
        let path = discoveries.get(law.name())?.clone();
        Some((law, path.into_actions()))
    });
    let exhausted = checker.is_done() && broken.is_none() && checker.state_count() < bounds.steps;
    Found {
        states: checker.unique_state_count(),
        depth: checker.max_depth().saturating_sub(1),
        exhausted,
        broken,
    }
}

/// Does these actions one after the other; returns what the server did at each, and the last state.
///
/// # Errors
/// The number of the first action that is impossible where it comes.
pub fn replay(config: &Config, actions: &[Action]) -> Result<(Vec<Outcome>, World), usize> {
    let mut world = World::new(config);
    let mut outcomes = Vec::new();
    for (number, action) in actions.iter().enumerate() {
        let (next, outcome) = world.after(config, *action).ok_or(number)?;
        world = next;
        outcomes.push(outcome);
    }
    Ok((outcomes, world))
}

/// One step of a walk.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened.
    pub action: Action,
    /// What the server did.
    pub outcome: Outcome,
    /// The state after it.
    pub after: World,
}

/// Wanders about: at each step one of the things that can happen, the same ones for the same seed.
///
/// # Errors
/// None but of the source of randomness, which has none when it is seeded.
pub fn walk(config: &Config, seed: u64, steps: usize) -> Result<Vec<Step>, NoRandomness> {
    let random = Random::seeded(seed);
    let mut world = World::new(config);
    let mut walked = Vec::new();
    let mut possible = Vec::new();
    while walked.len() < steps {
        possible.clear();
        world.actions(config, &mut possible);
        possible.retain(|action| world.after(config, *action).is_some());
        let number = u64::from_be_bytes(random.bytes()?);
        let count = u64::try_from(possible.len()).unwrap_or(u64::MAX);
        let chosen = number.checked_rem(count).and_then(|chosen| possible.get(usize::try_from(chosen).ok()?));
        let Some((action, (after, outcome))) =
            chosen.and_then(|&action| Some((action, world.after(config, action)?)))
        else {
            break;
        };
        world = after.clone();
        walked.push(Step { action, outcome, after });
    }
    Ok(walked)
}
