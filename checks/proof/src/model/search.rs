//! Searching a model: every state that its actions lead to, or the shortest way to one that breaks a law.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lanyard_auth::random::{NoRandomness, Random};
use lanyard_auth::rotation::Decision;
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use super::action::{Action, Outcome};
use super::config::Config;
use super::law::Law;
use super::part::Part;
use super::world::World;

/// Something that a model is expected to reach.
pub type Goal = fn(&World) -> bool;

/// What to search for, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The model.
    pub config: Config,
    /// From one state in so many it is looked whether everybody gets an access token again; from none, if 0.
    pub converge: u64,
    /// What is to be reached, if it is not a breach of a law.
    pub goal: Option<Goal>,
    /// Threads. With one alone, what is found is found by a shortest way.
    pub threads: usize,
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
    /// The laws that were broken.
    pub broken: Vec<Law>,
    /// The way to the breach, or to the goal; empty if neither was found.
    pub trace: Vec<Action>,
    /// The parts that have acted after a rotation.
    pub acted: Vec<Part>,
    /// What servers decided to write.
    pub decided: Vec<Decision>,
}

const GOAL: &str = "goal";

/// A search at work. The checker goes on for a while after a discovery, so the first of each is noted here.
struct Searching {
    search: Search,
    found: AtomicU32,
    met: Arc<Met>,
}

/// What was met on the way, by bit.
#[derive(Default)]
struct Met {
    acted: AtomicU32,
    decided: AtomicU32,
}

/// What a server may decide to write.
pub const WRITES: [Decision; 4] =
    [Decision::Rotate, Decision::Recover, Decision::EndReused, Decision::EndUnconfirmed];

impl Search {
    /// All of a model, on one thread.
    pub const fn of(config: Config) -> Self {
        let time = Duration::from_secs(3600);
        Self { config, converge: 0, goal: None, threads: 1, steps: usize::MAX, time }
    }

    /// Searches breadth first.
    pub fn run(self) -> Found {
        let met = Arc::new(Met::default());
        let checker = Searching { search: self, found: AtomicU32::new(0), met: Arc::clone(&met) }
            .checker()
            .threads(self.threads)
            .finish_when(if self.goal.is_some() { HasDiscoveries::Any } else { HasDiscoveries::AnyFailures })
            .target_state_count(self.steps)
            .timeout(self.time)
            .spawn_bfs()
            .join();
        let steps = checker.state_count();
        let (states, depth) = (checker.unique_state_count(), checker.max_depth().saturating_sub(1));
        let exhausted = checker.is_done() && steps < self.steps;
        let discoveries = checker.discoveries().into_iter();
        let shortest = discoveries.map(|(name, path)| (path.last_state().clone(), name, path.into_actions()));
        let acted = bits(&Part::ALL, &met.acted);
        let decided = bits(&WRITES, &met.decided);
        let Some((last, name, trace)) = shortest.min_by_key(|(_, _, trace)| trace.len()) else {
            return Found { states, depth, exhausted, broken: Vec::new(), trace: Vec::new(), acted, decided };
        };
        let mut broken: Vec<_> = last.broken.iter().collect();
        if name == Law::Converges.name() {
            broken.push(Law::Converges);
        }
        Found { states, depth, exhausted: false, broken, trace, acted, decided }
    }
}

impl Met {
    fn note(&self, before: &World, action: Action, outcome: Outcome) {
        let rotated = before.rows.iter().any(|row| row.generation > 0);
        if let Some(part) = Part::of(before, action).filter(|_| rotated) {
            set(&self.acted, part as u32);
        }
        let decided = WRITES.iter().position(|decision| outcome == Outcome::Decided(*decision));
        if let Some(place) = decided.and_then(|place| u32::try_from(place).ok()) {
            set(&self.decided, place);
        }
    }
}

/// Threads that find it set leave it alone, as they nearly always do.
fn set(bits: &AtomicU32, place: u32) {
    let bit = 1 << place;
    if bits.load(Ordering::Relaxed) & bit == 0 {
        bits.fetch_or(bit, Ordering::Relaxed);
    }
}

/// Those of which the bit is set.
fn bits<T: Copy>(all: &[T], bits: &AtomicU32) -> Vec<T> {
    let bits = bits.load(Ordering::Relaxed);
    (0..).zip(all).filter(|(place, _)| bits & (1 << place) != 0).map(|(_, item)| *item).collect()
}

impl Searching {
    fn holds<const LAW: usize>(&self, world: &World) -> bool {
        let Some(&law) = Law::ALL.get(LAW) else { return true };
        let holds = match law {
            Law::Converges => self.converges(world),
            law => !world.broken.contains(law),
        };
        holds || self.is_known(LAW)
    }

    /// Whether this was found before; from now on it is.
    fn is_known(&self, what: usize) -> bool {
        let bit = 1 << what;
        self.found.fetch_or(bit, Ordering::Relaxed) & bit != 0
    }

    /// Looked at from some states only, chosen by their content.
    fn converges(&self, world: &World) -> bool {
        let Search { config, converge, .. } = &self.search;
        if *converge == 0 {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        !hasher.finish().is_multiple_of(*converge) || world.converges(config)
    }

    fn is_goal(&self, world: &World) -> bool {
        self.search.goal.is_some_and(|goal| goal(world)) && !self.is_known(Law::ALL.len())
    }
}

impl Model for Searching {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.search.config)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.actions(&self.search.config, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let (next, outcome) = world.after(&self.search.config, action)?;
        self.met.note(world, action, outcome);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always(Law::OneSuccessor.name(), Self::holds::<0>),
            Property::always(Law::SameSuccessor.name(), Self::holds::<1>),
            Property::always(Law::Rises.name(), Self::holds::<2>),
            Property::always(Law::NoFalseAlarm.name(), Self::holds::<3>),
            Property::always(Law::TheftIsFound.name(), Self::holds::<4>),
            Property::always(Law::RevokedForGood.name(), Self::holds::<5>),
            Property::always(Law::CommitFirst.name(), Self::holds::<6>),
            Property::always(Law::Mortal.name(), Self::holds::<7>),
            Property::always(Law::ForgedIsNothing.name(), Self::holds::<8>),
            Property::always(Law::JarRises.name(), Self::holds::<9>),
            Property::always(Law::Converges.name(), Self::holds::<10>),
        ];
        if self.search.goal.is_some() {
            all.push(Property::sometimes(GOAL, Self::is_goal));
        }
        all
    }
}

/// Does these actions one after the other; returns what the server did at each, and the last state.
///
/// # Errors
/// The number of the first action that is impossible where it comes.
pub fn replay(config: &Config, actions: &[Action]) -> Result<(Vec<Outcome>, World), usize> {
    let mut world = World::new(config);
    let mut outcomes = Vec::new();
    let mut possible = Vec::new();
    for (number, action) in actions.iter().enumerate() {
        possible.clear();
        world.actions(config, &mut possible);
        let taken = possible.contains(action).then(|| world.after(config, *action)).flatten();
        let (next, outcome) = taken.ok_or(number)?;
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
