//! Searching the engine's world.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use stateright::{Checker as _, HasDiscoveries, Model, Property};

use super::*;

const KILLED: Config = Config {
    budget: Budget { losses: 1, kills: 1, ..EngineConfig::TWO_TABS.budget },
    ..EngineConfig::TWO_TABS
};

/// Worlds with the real engine, by what they are about.
pub const ENGINES: &[(&str, EngineConfig)] = &[
    (
        "real engines with a lock, lost and late answers, a browser that is killed",
        EngineConfig { config: KILLED, horizon: 14, wishes: 0 },
    ),
    (
        "real engines with a lock, lost and late answers, sign-out",
        EngineConfig {
            config: Config { budget: Budget { kills: 0, sign_outs: 1, ..KILLED.budget }, ..KILLED },
            horizon: 14,
            wishes: 0,
        },
    ),
    (
        "real engines without a lock, lost and late answers, a jar that crashes",
        EngineConfig {
            config: Config {
                lock: false,
                budget: Budget { kills: 0, jar_crashes: 1, ..KILLED.budget },
                ..KILLED
            },
            horizon: 14,
            wishes: 0,
        },
    ),
    (
        "real engines with a lock, a kick-out, a server that crashes, unknown commits",
        EngineConfig {
            config: Config {
                budget: Budget {
                    kills: 0,
                    losses: 0,
                    kick_outs: 1,
                    server_crashes: 1,
                    unknown_commits: 1,
                    ..KILLED.budget
                },
                ..KILLED
            },
            horizon: 14,
            wishes: 0,
        },
    ),
];

/// What to search, and how far.
#[derive(Clone, Copy, Debug)]
pub struct EngineSearch {
    /// The world.
    pub setting: EngineConfig,
    /// From one state in so many it is looked whether it comes to rest; from none, if 0.
    pub rest: u64,
    /// Stop after so many steps.
    pub steps: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct EngineFound {
    /// Different states.
    pub states: usize,
    /// The longest way to one.
    pub depth: usize,
    /// Whether there are no others.
    pub exhausted: bool,
    /// What does not hold, and a way there.
    pub broken: Option<(String, Vec<Event>)>,
}

impl EngineSearch {
    /// Searches breadth first.
    pub fn run(self) -> EngineFound {
        let checker = self
            .checker()
            .threads(2)
            .finish_when(HasDiscoveries::AnyFailures)
            .target_state_count(self.steps)
            .spawn_bfs()
            .join();
        let discoveries = checker.discoveries().into_iter();
        let broken =
            discoveries.min_by_key(|(_, path)| path.clone().into_actions().len()).map(|(name, path)| {
                let laws: Vec<_> = path.last_state().world.broken.iter().map(|law| law.name()).collect();
                (format!("{name} {}", laws.join(", ")), path.into_actions())
            });
        let (states, depth) = (checker.unique_state_count(), checker.max_depth().saturating_sub(1));
        let exhausted = checker.is_done() && checker.state_count() < self.steps && broken.is_none();
        EngineFound { states, depth, exhausted, broken }
    }

    fn comes_to_rest(&self, state: &EngineWorld) -> bool {
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        hasher.finish().checked_rem(self.rest) != Some(0) || state.comes_to_rest(&self.setting)
    }
}

impl EngineWorld {
    /// Once everything that is sent arrives at once, every tab soon has a badge, or none after a sign-out.
    pub fn comes_to_rest(&self, setting: &EngineConfig) -> bool {
        let mut state = self.clone();
        if !state.run_well(setting, 4 * tick()) {
            return false;
        }
        let live = state.world.row(BROWSER).is_some_and(|row| row.ended.is_none());
        let shown = state.world.hint().is_some();
        let signed_in = |tab: &Tab| tab.engine.badge().is_some();
        // A badge whose session was ended elsewhere is good until it expires: there is no revocation set here.
        if !shown { !state.tabs.iter().any(signed_in) } else { !live || state.tabs.iter().all(signed_in) }
    }
}

impl Model for EngineSearch {
    type State = EngineWorld;
    type Action = Event;

    fn init_states(&self) -> Vec<EngineWorld> {
        vec![EngineWorld::new(&self.setting)]
    }

    fn actions(&self, state: &EngineWorld, events: &mut Vec<Event>) {
        state.events(&self.setting, events);
    }

    fn next_state(&self, state: &EngineWorld, event: Event) -> Option<EngineWorld> {
        state.after(&self.setting, event)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the laws", |_, state: &EngineWorld| state.world.broken.is_empty()),
            Property::always("comes to rest", Self::comes_to_rest),
        ]
    }
}
